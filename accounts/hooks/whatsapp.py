"""WhatsApp: X-Hub-Signature-256 over the body; statuses with our biz_opaque_callback_data; messages that say STOP.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint.md
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status/
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.gateways.whatsapp import TROUBLES
from accounts.hooks import NONSENSE, NotRead, NotSigned, Told, check_hmac, wish
from accounts.models import Message
from accounts.outbox import Stop
from accounts.reports import Report

EVENTS = {"sent", "delivered", "read", "failed"}


def challenge(request: HttpRequest) -> str:
    """What Meta wants to hear when the address is registered. Raises NotSigned."""
    asked = request.GET
    right = constant_time_compare(asked.get("hub.verify_token", ""), settings.WHATSAPP_VERIFY_TOKEN)
    words = asked.get("hub.challenge", "")
    if not (settings.WHATSAPP_VERIFY_TOKEN and right and asked.get("hub.mode") == "subscribe" and words.isalnum()):
        raise NotSigned
    return words[:200]


def read(request: HttpRequest, body: bytes) -> Told:
    """Raises NotSigned, NotRead."""
    check_hmac(body, settings.WHATSAPP_APP_SECRET, request.headers.get("X-Hub-Signature-256", ""))
    told = Told()
    try:
        for value in _values(json.loads(body)):
            for status in value.get("statuses", ()):
                if status.get("status") in EVENTS:
                    told.reports.append(_report(status))
            for message in value.get("messages", ()):
                if stop := _stop(message):
                    told.stops.append(stop)
    except NONSENSE as fault:
        raise NotRead from fault
    return told


def _values(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in found.get("entry", ()):
        for change in entry.get("changes", ()):
            if change.get("field") == "messages":
                yield change["value"]


def _at(seconds: str | None) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else timezone.now()


def _report(status: dict[str, Any]) -> Report:
    error: dict[str, Any] = next(iter(status.get("errors") or ()), {})
    code = error.get("code")
    trouble = TROUBLES.get(code, Message.Trouble.REFUSED) if isinstance(code, int) else Message.Trouble.NONE
    return Report(
        provider="whatsapp",
        event=status["status"],
        at=_at(status.get("timestamp")),
        reference=str(status.get("biz_opaque_callback_data", "")),
        provider_id=str(status["id"]),
        # A report of failure is the end of this message: nothing sends it again by itself.
        trouble=Message.Trouble.REFUSED if trouble == Message.Trouble.RETRY else trouble,
        error=f"{code or ''} {error.get('title', '')}".strip(),
    )


def _stop(message: dict[str, Any]) -> Stop | None:
    kind = message.get("type")
    words = {"text": "body", "button": "text"}.get(str(kind))
    wanted = wish(str(message[str(kind)][words])) if words else None
    if wanted is None:
        return None
    return Stop("whatsapp", f"+{message['from']}", "whatsapp", _at(message.get("timestamp")), is_stop=wanted)

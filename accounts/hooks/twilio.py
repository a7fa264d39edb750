"""Twilio: status callbacks and incoming SMS, signed by X-Twilio-Signature.

https://www.twilio.com/docs/usage/security#validating-requests
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.gateways.twilio import TROUBLES
from accounts.hooks import NotRead, NotSigned, Told, wish
from accounts.models import Message
from accounts.outbox import Stop
from accounts.reports import Report

LONGEST_CODE = 10
EVENTS = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed", "undelivered": "failed"}


def signature(token: str, url: str, fields: Mapping[str, str]) -> str:
    """Base64 of HMAC-SHA1 over the whole address and the fields in order of their names."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def read(request: HttpRequest, body: bytes) -> Told:
    """Raises NotSigned, NotRead."""
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body)))
    except ValueError as fault:
        raise NotRead from fault
    wanted = signature(settings.TWILIO_AUTH_TOKEN, settings.SITE_URL + request.get_full_path(), fields)
    sent = request.headers.get("X-Twilio-Signature", "")
    if not settings.TWILIO_AUTH_TOKEN or not constant_time_compare(sent, wanted):
        raise NotSigned
    told = Told()
    if event := EVENTS.get(fields.get("MessageStatus", "")):
        told.reports.append(_report(fields, event, request.GET.get("ref", "")))
    elif "Body" in fields and (said := wish(fields.get("OptOutType") or fields["Body"])) is not None:
        told.stops.append(Stop("sms", fields.get("From", ""), "twilio", timezone.now(), is_stop=said))
    return told


def _report(fields: Mapping[str, str], event: str, reference: str) -> Report:
    code = fields.get("ErrorCode", "")
    trouble = (
        TROUBLES.get(int(code), Message.Trouble.REFUSED)
        if code.isdecimal() and len(code) < LONGEST_CODE
        else Message.Trouble.NONE
    )
    return Report(
        provider="twilio",
        event=event,
        at=timezone.now(),
        reference=reference,
        provider_id=fields.get("MessageSid", ""),
        trouble=Message.Trouble.REFUSED if trouble == Message.Trouble.RETRY else trouble,
        error=f"{code} {fields.get('ErrorMessage', '')}".strip(),
    )

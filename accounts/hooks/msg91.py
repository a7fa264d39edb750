"""MSG91: version 2 of its webhook (a form with JSON in `data`), version 3 (JSON), and SMS that say STOP.

It signs nothing, so that the address it is given carries a key: `/hooks/sms/?key=<MSG91_HOOK_SECRET>`.
https://msg91.com/help/webhooks/how-can-i-get-the-delivery-reports-on-my-webhook-url
"""

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.hooks import NONSENSE, NotRead, NotSigned, Told, wish
from accounts.models import Message
from accounts.outbox import Stop
from accounts.reports import Report

INDIA = ZoneInfo("Asia/Kolkata")
FAILURES = {
    "2": Message.Trouble.REFUSED,
    "9": Message.Trouble.OPTED_OUT,  # the number is on the national do-not-call register
    "16": Message.Trouble.REFUSED,
    "25": Message.Trouble.REFUSED,
    "17": Message.Trouble.WRONG_NUMBER,
}


def read(request: HttpRequest, body: bytes) -> Told:
    """Raises NotSigned, NotRead."""
    key = request.headers.get("X-Hook-Key") or request.GET.get("key", "")
    if not settings.MSG91_HOOK_SECRET or not constant_time_compare(key, settings.MSG91_HOOK_SECRET):
        raise NotSigned
    told = Told()
    try:
        for one in _ones(body):
            if report := _report(one):
                told.reports.append(report)
            elif (wanted := wish(str(one.get("content", "")))) is not None:
                told.stops.append(
                    Stop("sms", f"+{str(one['mobile']).lstrip('+')}", "msg91", timezone.now(), is_stop=wanted)
                )
    except NONSENSE as fault:
        raise NotRead from fault
    return told


def _ones(body: bytes) -> list[dict[str, Any]]:
    """One mapping per number, with its request's id."""
    text = body.decode()
    if not text.lstrip().startswith(("{", "[")):
        form = {name: values[0] for name, values in parse_qs(text, strict_parsing=True).items()}
        if "data" not in form:
            return [form]
        text = form["data"]
    found = json.loads(text)
    groups = found if isinstance(found, list) else [found]
    return [{"requestId": group.get("requestId"), **one} for group in groups for one in group.get("report", [group])]


def _report(one: dict[str, Any]) -> Report | None:
    status = str(one.get("status", ""))
    if status != "1" and status not in FAILURES:
        return None
    failed = status != "1"
    return Report(
        provider="msg91",
        event=Message.Status.FAILED if failed else Message.Status.DELIVERED,
        at=_at(one.get("date")),
        reference=str(one.get("CRQID") or ""),
        provider_id=str(one.get("requestId") or ""),
        trouble=FAILURES[status] if failed else Message.Trouble.NONE,
        error=f"{one.get('desc', '')} {one.get('failedReason') or ''}".strip() if failed else "",
    )


def _at(text: str | None) -> datetime:
    """Its dates are India's."""
    return datetime.fromisoformat(text).replace(tzinfo=INDIA) if text else timezone.now()

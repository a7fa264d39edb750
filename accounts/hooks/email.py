"""E-mail: a form of our own that any mail server's or provider's bounces can be put into by a few lines of script.

POST /hooks/email/ with a JSON object, or a list of up to 500:

    {"event": "bounced", "message_id": "<4f0c...@ledger.example.in>", "permanent": true,
     "reason": "550 no such mailbox", "at": "2026-11-28T10:15:00+05:30"}

`event` is delivered, bounced or complained; `message_id` is our Message-ID, `reference` (its part before the @) does
as well; a complaint may name the `address` alone. The header `X-Signature: sha256=<hex>` holds the HMAC-SHA256 of the
body with MAIL_HOOK_SECRET. A bounce that is not permanent is passed over: the mail server tries again by itself.
"""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.hooks import NONSENSE, NotRead, Told, check_hmac
from accounts.models import Message
from accounts.outbox import Stop
from accounts.reports import Report

MOST = 500


def read(request: HttpRequest, body: bytes) -> Told:
    """Raises NotSigned, NotRead."""
    check_hmac(body, settings.MAIL_HOOK_SECRET, request.headers.get("X-Signature", ""))
    told = Told()
    try:
        found = json.loads(body)
        for one in (found if isinstance(found, list) else [found])[:MOST]:
            _read(one, told)
    except NONSENSE as fault:
        raise NotRead from fault
    return told


def _read(one: dict[str, Any], told: Told) -> None:
    reference = str(one.get("reference") or one.get("message_id", "").strip("<> ").partition("@")[0])
    at = datetime.fromisoformat(one["at"]) if one.get("at") else timezone.now()
    at = at if at.tzinfo else timezone.make_aware(at)
    if one["event"] == "complained" and "@" in str(one.get("address", "")):
        told.stops.append(Stop("email", str(one["address"]), "complaint", at))
    elif one["event"] == "bounced" and one.get("permanent", True):
        reason = " ".join(str(one.get("reason", "")).split())
        failed, trouble = Message.Status.FAILED, Message.Trouble.WRONG_NUMBER
        told.reports.append(Report("smtp", failed, at, reference, trouble=trouble, error=reason))
    elif one["event"] == "delivered":
        told.reports.append(Report("smtp", Message.Status.DELIVERED, at, reference))

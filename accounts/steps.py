"""What has become of a message, step by step, for people: queued, sent, delivered, read, or not."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Message

State = Message.Status
ENDED = {State.FAILED, State.DROPPED, State.CANCELLED}


@dataclass(frozen=True, slots=True)
class Step:
    word: str
    at: datetime


def about(message: Message) -> str:
    """What a message was about. Kinds of upper apps that have no words here show their own name."""
    words = {
        "invoice_share": _("Invoice link"),
        "portal_share": _("Link to the portal"),
        "receipt_share": _("Receipt link"),
        "statement_share": _("Statement link"),
        "fresh_link": _("Fresh link, asked for at an ended one"),
        "reminder": _("Payment reminder"),
        "query_answered": _("Answer to a question"),
        "request_answered": _("Answer about your details"),
        "balance_asked": _("Balance to be confirmed"),
        "statement_due": _("Statement of the month"),
        "notice": _("Notice to your team"),
    }
    return words.get(message.kind) or message.kind.replace("_", " ").capitalize()


def taken(message: Message) -> list[Step]:
    """The steps it has taken, in order; those whose time nobody told us are left out."""
    steps = [
        Step(_("Queued"), message.created_at),
        Step(_("Sent"), message.sent_at) if message.sent_at else None,
        Step(_("Delivered"), message.delivered_at) if message.delivered_at else None,
        Step(_("Read"), message.read_at) if message.read_at else None,
    ]
    return [step for step in steps if step]


def line(message: Message) -> str:
    """Such as "Queued 10:30 · Sent 10:31 · Read 10:40": clock times, with the date for another day than the first."""
    day = timezone.localtime(message.created_at).date()
    parts = []
    for step in taken(message):
        local = timezone.localtime(step.at)
        words = date_format(local, "TIME_FORMAT")
        parts.append(f"{step.word} {words if local.date() == day else f'{date_format(local, "j M")} {words}'}")
    return " · ".join(parts)


def trouble(message: Message) -> str:
    """Why it was not sent, or not yet, in words; "" for one that is on its way."""
    if message.status == State.UNCERTAIN:
        if message.resends:
            return _("Sent twice, and both times no answer came.")
        return _("It left, but no answer came.")
    if message.status in ENDED or (message.status == State.QUEUED and message.trouble):
        words = message.get_trouble_display() if message.trouble else ""
        return " · ".join(filter(None, (words[:1].upper() + words[1:], message.error)))
    return ""

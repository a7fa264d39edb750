"""What was sent to whom, and whether it arrived."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import paging, phones
from accounts.access import MerchantRequest, business_page
from accounts.models import Message

State = Message.Status
# What people look for -> the states of the outbox behind it.
FILTERS: dict[str, tuple[str, ...]] = {
    "waiting": (State.QUEUED, State.SENDING),
    "sent": (State.SENT, State.DELIVERED, State.READ),
    "failed": (State.FAILED, State.DROPPED, State.CANCELLED),
    "uncertain": (State.UNCERTAIN,),
}


@dataclass(frozen=True, slots=True)
class Row:
    about: str
    party: str
    href: str
    to: str
    channel: str
    state: str
    state_word: str
    error: str
    at: Any


def kind_words(kind: str) -> str:
    """What a message was about. Kinds of upper apps that have no words here show their own name."""
    words = {
        "invoice_share": _("Invoice link"),
        "portal_share": _("Link to the portal"),
        "receipt_share": _("Receipt link"),
        "statement_share": _("Statement link"),
        "reminder": _("Payment reminder"),
        "statement_due": _("Statement of the month"),
        "notice": _("Notice to your team"),
    }
    return words.get(kind) or kind.replace("_", " ").capitalize()


def state_words() -> dict[str, tuple[str, str]]:
    """Status -> (class of the badge, word)."""
    return {
        State.QUEUED: ("queued", _("Waiting to be sent")),
        State.SENDING: ("queued", _("Being sent")),
        State.SENT: ("sent", _("Sent")),
        State.DELIVERED: ("delivered", _("Delivered")),
        State.READ: ("opened", _("Read")),
        State.FAILED: ("failed", _("Not sent")),
        State.UNCERTAIN: ("uncertain", _("Not sure it arrived")),
        State.DROPPED: ("expired", _("No longer needed")),
        State.CANCELLED: ("expired", _("Cancelled")),
    }


def masked(to: str) -> str:
    """A number or an address for a screen that others may see: "+91 98•••• 1234", "r•••@gmail.com"."""
    if "@" in to:
        name, _at, host = to.partition("@")
        return f"{name[:1]}•••@{host}"
    return phones.mask(to)


def _rows(request: MerchantRequest, sent: list[Message]) -> list[Row]:
    parties = request.business.parties.in_bulk({message.party_id for message in sent if message.party_id})
    words = state_words()
    rows = []
    for message in sent:
        party = parties.get(message.party_id or 0)
        badge, word = words[message.status]
        rows.append(
            Row(
                about=kind_words(message.kind),
                party=party.name if party else "",
                href=reverse("ledger:party", args=[request.business.slug, party.public_id]) if party else "",
                to=masked(message.to),
                channel=message.get_channel_display(),
                state=badge,
                state_word=word,
                error=message.error if message.status == State.FAILED else "",
                at=message.sent_at or message.created_at,
            )
        )
    return rows


@require_safe
@business_page
def message_list(request: MerchantRequest) -> HttpResponse:
    chosen = request.GET.get("state", "")
    messages = request.business.messages.all()
    if chosen in FILTERS:
        messages = messages.filter(status__in=FILTERS[chosen])
    page = paging.page(messages, request.GET, ("-id",), key="reference")
    words = (
        ("", _("All")),
        ("waiting", _("Waiting")),
        ("sent", _("Sent")),
        ("failed", _("Not sent")),
        ("uncertain", _("Not sure")),
    )
    context = {
        "section": "messages",
        "rows": _rows(request, page.rows),
        "page": page,
        "chosen": chosen if chosen in FILTERS else "",
        "filters": [(f"?state={name}" if name else "?", word, name) for name, word in words],
    }
    return render(request, "accounts/messages.html", context)

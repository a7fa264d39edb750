"""What was sent to whom, and whether it arrived."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import activity, delivery, limits, paging, phones, steps
from accounts.access import MerchantRequest, business_page
from accounts.models import Message

State = Message.Status
DAY, MOST_AGAIN_A_DAY = 24 * 60 * 60, 100
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
    follows: bool
    steps: str
    trouble: str
    again: str
    at: Any


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


def again(message: Message, slug: str) -> str:
    """Where to post the wish to send it once more; "" where that makes no sense."""
    if message.status not in (State.UNCERTAIN, State.FAILED) or message.trouble == Message.Trouble.OPTED_OUT:
        return ""
    return reverse("accounts:message_again", args=[slug, message.reference])


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
                about=steps.about(message),
                party=party.name if party else "",
                href=reverse("ledger:party", args=[request.business.slug, party.public_id]) if party else "",
                to=masked(message.to),
                channel=message.get_channel_display(),
                state=badge,
                state_word=word,
                follows=message.follows_id is not None,
                steps=steps.line(message),
                trouble=steps.trouble(message),
                again=again(message, request.business.slug),
                at=message.sent_at or message.created_at,
            )
        )
    return rows


@require_safe
@business_page
def message_list(request: MerchantRequest) -> HttpResponse:
    chosen = request.GET.get("state", "")
    rows = request.business.messages.all()
    if chosen in FILTERS:
        rows = rows.filter(status__in=FILTERS[chosen])
    page = paging.page(rows, request.GET, ("-id",), key="reference")
    words = (
        ("", _("All")),
        ("waiting", _("Waiting")),
        ("sent", _("Sent")),
        ("failed", _("Not sent")),
        ("uncertain", _("Not sure")),
    )
    context = {
        "section": "messages",
        "uncertain": request.business.messages.filter(status=State.UNCERTAIN).count(),
        "rows": _rows(request, page.rows),
        "page": page,
        "chosen": chosen if chosen in FILTERS else "",
        "filters": [(f"?state={name}" if name else "?", word, name) for name, word in words],
    }
    return render(request, "accounts/messages.html", context)


@require_POST
@business_page
def message_again(request: MerchantRequest, sent: str) -> HttpResponse:
    """Send one that failed or may not have arrived once more, by the merchant's own hand."""
    found = _message(request, sent)
    limits.hit("message-again", str(request.business.pk), most=MOST_AGAIN_A_DAY, seconds=DAY)
    if delivery.send_again(found):
        activity.record(request.business, request.user, "sent_again", ("message", str(found.pk)))
        messages.success(request, _("It is sent once more."))
    else:
        messages.info(request, _("It is on its way already."))
    return redirect("accounts:messages", slug=request.business.slug)


def _message(request: MerchantRequest, reference: str) -> Message:
    try:
        return get_object_or_404(request.business.messages, reference=UUID(reference))
    except ValueError:
        raise Http404 from None

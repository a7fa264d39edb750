"""Asking the shop to put right what it has saved about the customer, and taking that back."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import asking, corrections
from accounts.asking import ChangedMeanwhile, RequestRefused
from accounts.idempotency import earlier, once, typed
from accounts.models import DataRequest
from portal.access import PortalRequest, page, party_page, sees_money
from portal.profile_forms import CorrectionForm

SHOWN = 5


def saved(request: PortalRequest) -> dict[str, str]:
    """What the shop has saved about the party, with the number that is signed in."""
    return corrections.current(request.party, str(request.person.phone))


@require_http_methods(["GET", "HEAD", "POST"])
@party_page(money=True)
def correct(request: PortalRequest) -> HttpResponse:
    """The record as it should read; with one that waits, as it was asked for."""
    now = saved(request)
    waits = _waiting(request)
    if request.method == "POST":
        form = CorrectionForm(request.POST, now=now)
        if _asked(request, form):
            messages.success(request, _("Sent. You read here what the shop has put right."))
            return redirect("portal:profile", party=request.party.public_id)
        return _page(request, form, waits, status=400)
    return _page(request, CorrectionForm(now=now, initial=waits.asked if waits else {}), waits)


def _waiting(request: PortalRequest) -> DataRequest | None:
    """This person's correction that waits for the shop."""
    found = asking.of_party(request.party).filter(kind=DataRequest.Kind.CORRECTION, asked_by=request.user)
    return found.filter(status=DataRequest.Status.OPEN).first()


def _page(request: PortalRequest, form: CorrectionForm, waits: DataRequest | None, status: int = 200) -> HttpResponse:
    return page(request, "portal/correct.html", "me", {"form": form, "waits": waits}, status=status)


def _asked(request: PortalRequest, form: CorrectionForm) -> bool:
    """Whether it is asked, now or since the first time; else the form says why not."""
    said = typed(request.POST) | {"party": request.party.pk}
    key = request.POST.get("form_key", "").replace("\x00", "")
    if earlier(request.business, request.user, "correction", key, said):
        return True
    if not form.is_valid():
        return False
    data = form.cleaned_data

    def act() -> str:
        wanted = form.wanted()
        asked = corrections.ask(request.person, request.user, wanted, shown=data["shown"], note=data["note"])
        return asked.public_id

    try:
        once(request.business, request.user, "correction", data["form_key"], said, act)
    except RequestRefused as refused:
        form.add_error(refused.field, str(refused))
        if isinstance(refused, ChangedMeanwhile):
            form.data = {**request.POST.dict(), "shown": corrections.fingerprint(form.now)}
        return False
    return True


@require_POST
@party_page()
def take_back(request: PortalRequest, asked: str) -> HttpResponse:
    """Take back what one has asked for oneself."""
    found = get_object_or_404(asking.of_party(request.party), asked_by=request.user, public_id=asked)
    try:
        asking.withdraw(found, request.user)
    except RequestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Taken back."))
    back = "portal:stored" if found.kind == DataRequest.Kind.ERASURE else "portal:profile"
    return redirect(back, party=request.party.public_id)


@dataclass(frozen=True, slots=True)
class Asked:
    """A correction as the profile shows it: its parts as (label, wanted, taken over), and the shop's answer.

    `take_back`: where to post, for one's own that waits.
    """

    status: str
    state: str
    badge: str
    at: Any
    parts: list[tuple[str, str, bool]]
    answer: str
    take_back: str


def asked_lately(request: PortalRequest) -> list[Asked]:
    """The newest corrections of the party, for those who may ask for them: one query."""
    if not sees_money(request.person):
        return []
    found = asking.of_party(request.party).filter(kind=DataRequest.Kind.CORRECTION)
    shown = found.exclude(status__in=(DataRequest.Status.REPLACED, DataRequest.Status.WITHDRAWN))[:SHOWN]
    return [_row(request, one) for one in shown]


def _row(request: PortalRequest, asked: DataRequest) -> Asked:
    own, is_open = asked.asked_by_id == request.user.pk, asked.status == DataRequest.Status.OPEN
    where = {"party": request.party.public_id, "asked": asked.public_id}
    return Asked(
        status=asked.status,
        state=asked.get_status_display(),
        badge={"open": "pending", "accepted": "good"}.get(asked.status, "bad"),
        at=asked.answered_at or asked.asked_at,
        parts=corrections.wishes(asked, own=own),
        answer=asked.answer,
        take_back=reverse("portal:take_back", kwargs=where) if own and is_open else "",
    )

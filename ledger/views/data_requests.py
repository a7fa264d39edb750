"""What customers ask about their data: the list, and one of them to take over, carry out or decline."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import corrections, paging
from accounts.access import MerchantRequest, business_page
from accounts.asking import RequestRefused
from accounts.forms import OnceForm
from accounts.idempotency import once
from accounts.india import india_date
from accounts.models import DataRequest
from ledger import answering, erasing
from ledger.forms import SearchForm
from ledger.listing import balance_words, chips, day, net_balance
from ledger.views.settings import is_owner

SHOW = [
    ("", gettext_lazy("Waiting")),
    ("accepted", gettext_lazy("Done")),
    ("declined", gettext_lazy("Not done")),
    ("all", gettext_lazy("All")),
]


class TakeForm(OnceForm):
    """Which parts are right; `shown` tells what stood in the record when the shop looked."""

    shown = forms.CharField(max_length=16, widget=forms.HiddenInput(attrs={"id": False}))
    answer = forms.CharField(
        label=gettext_lazy("Words for your customer"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Such as why something stays as it is."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class WhyNotForm(OnceForm):
    reason = forms.CharField(
        label=gettext_lazy("Why not?"),
        max_length=300,
        help_text=gettext_lazy("Your customer reads it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


# --- the list -----------------------------------------------------------------------------------------------


@require_safe
@business_page
def data_requests(request: MerchantRequest) -> HttpResponse:
    search = SearchForm(request.GET, label=_("Name of the party"), choices=SHOW)
    found = DataRequest.objects.filter(business=request.business).select_related("party")
    if search.chosen != "all":
        found = found.filter(status=search.chosen or DataRequest.Status.OPEN)
    if search.text:
        found = found.filter(party__name__icontains=search.text)
    page = paging.page(found, request.GET, ("-pk",))
    context = {
        "section": "parties",
        "search": search,
        "chips": chips(request.GET, "show", SHOW, search.chosen),
        "page": page,
        "rows": [row(asked, request.business.slug) for asked in page.rows],
        "is_filtered": bool(search.text or search.chosen),
    }
    return render(request, "ledger/data_requests.html", context)


def row(asked: DataRequest, slug: str) -> dict[str, str]:
    """A request read with its party, as a line of a list."""
    badge, state = words_of(asked)
    return {
        "href": reverse("ledger:data_request", kwargs={"slug": slug, "asked": asked.public_id}),
        "party": asked.party.name,
        "what": what(asked),
        "when": day(india_date(asked.asked_at)),
        "badge": badge,
        "state": state,
    }


def what(asked: DataRequest) -> str:
    if asked.kind == DataRequest.Kind.ERASURE:
        return _("Erase their data") if asked.asked["of"] == erasing.PARTY else _("Erase what is kept of one person")
    return ", ".join(str(corrections.LABELS[part]) for part in corrections.parts_of(asked))


def words_of(asked: DataRequest) -> tuple[str, str]:
    """(class of the badge, word)."""
    badge = {"open": "pending", "accepted": "good", "declined": "bad"}.get(asked.status, "")
    return badge, _("Waiting for you") if asked.status == DataRequest.Status.OPEN else asked.get_status_display()


# --- one of them --------------------------------------------------------------------------------------------


def _asked(request: MerchantRequest, public_id: str) -> DataRequest:
    scope = DataRequest.objects.filter(business=request.business).select_related("asked_by", "answered_by")
    found = get_object_or_404(scope, public_id=public_id)
    found.party = request.business.parties.annotate(net=net_balance()).get(pk=found.party_id)
    found.business = found.party.business = request.business
    return found


@require_safe
@business_page
def data_request(request: MerchantRequest, asked: str) -> HttpResponse:
    return _page(request, _asked(request, asked))


def _page(
    request: MerchantRequest,
    asked: DataRequest,
    take: TakeForm | None = None,
    decline: WhyNotForm | None = None,
    error: str = "",
) -> HttpResponse:
    badge, state = words_of(asked)
    is_open = asked.status == DataRequest.Status.OPEN
    context: dict[str, Any] = {
        "section": "parties",
        "asked": asked,
        "party": asked.party,
        "what": what(asked),
        "badge": badge,
        "state": state,
        "is_open": is_open,
        "is_correction": asked.kind == DataRequest.Kind.CORRECTION,
        "teller": asked.asked_by.name,
        "decline": decline or WhyNotForm(),
        "error": error,
    }
    if asked.kind == DataRequest.Kind.CORRECTION:
        context |= _correction(request, asked, take)
    else:
        context |= _erasure(asked, take) | {"is_owner": is_owner(request)}
    refused = bool(error or (take and take.errors) or (decline and decline.errors))
    return render(request, "ledger/data_request.html", context, status=400 if refused else 200)


def _correction(request: MerchantRequest, asked: DataRequest, take: TakeForm | None) -> dict[str, Any]:
    """What stands and what is wanted; boxes are ticked where nobody has changed the record since it was asked."""
    person = corrections.asker(asked.party, asked)
    now = corrections.current(asked.party, str(person.phone) if person else "")
    rows = corrections.differences(asked, now)
    ticked = {row.part for row in rows if not row.has_changed}
    if take and take.is_bound:
        ticked = set(request.POST.getlist("part"))
    # What stands now is what the next press is about, whatever was posted.
    fresh = TakeForm(initial={"shown": corrections.fingerprint(now), "answer": take["answer"].value() if take else ""})
    warnings = corrections.warnings(asked) if asked.status == DataRequest.Status.OPEN else []
    slug = request.business.slug
    return {
        "rows": [(row, row.part in ticked) for row in rows],
        "take": fresh,
        "changes_number": "phone" in corrections.parts_of(asked),
        "warnings": [
            (part, party.name, reverse("ledger:party", kwargs={"slug": slug, "party": party.public_id}))
            for part, party in warnings
        ],
    }


def _erasure(asked: DataRequest, take: TakeForm | None) -> dict[str, Any]:
    whole = asked.asked["of"] == erasing.PARTY
    balance = asked.party.net  # type: ignore[attr-defined]
    return {
        "take": take or TakeForm(initial={"shown": "-"}),
        "goes": erasing.GOES if whole else erasing.GOES_OF_PERSON,
        "stays": erasing.STAYS,
        "balance_words": balance_words(balance) if whole and balance else "",
    }


@require_POST
@business_page
def data_request_accept(request: MerchantRequest, asked: str) -> HttpResponse:
    """Take over the ticked parts of a correction; or erase, which cannot be undone: the owner of the shop alone."""
    found, form = _asked(request, asked), TakeForm(request.POST)
    if found.kind == DataRequest.Kind.ERASURE and not is_owner(request):
        raise PermissionDenied
    if not form.is_valid():
        return _page(request, found, take=form)
    data, parts = form.cleaned_data, sorted(request.POST.getlist("part"))
    said = {"asked": found.pk, "parts": parts, "shown": data["shown"], "answer": data["answer"]}
    if found.kind == DataRequest.Kind.CORRECTION:

        def act() -> str:
            taken = answering.accept(found, request.user, parts, shown=data["shown"], answer=data["answer"])
            return ",".join(taken.taken)
    else:

        def act() -> str:
            return erasing.erase(found, request.user).public_id

    refused = _once(request, "data-request", data["form_key"], said, act)
    if refused:
        return _page(request, _asked(request, asked), take=form, error=refused)
    return _done(request, _asked(request, asked))


def _once(request: MerchantRequest, purpose: str, key: str, said: Any, act: Callable[[], str]) -> str:
    """Why it was refused; "" when it is done, now or since the first time."""
    try:
        once(request.business, request.user, purpose, key, said, act)
    except RequestRefused as refused:
        return str(refused)
    return ""


def _done(request: MerchantRequest, asked: DataRequest) -> HttpResponse:
    if asked.kind == DataRequest.Kind.ERASURE:
        messages.success(request, _("Erased, but for what tax law asks you to keep."))
    elif "phone" in asked.taken:
        messages.success(
            request,
            _("Put right. The number is another now: all links and sessions of the party ended. Send a fresh link."),
        )
    else:
        messages.success(request, _("Put right. Bills that are issued keep what they were printed with."))
    return redirect("ledger:data_request", slug=request.business.slug, asked=asked.public_id)


@require_POST
@business_page
def data_request_decline(request: MerchantRequest, asked: str) -> HttpResponse:
    found, form = _asked(request, asked), WhyNotForm(request.POST)
    if not form.is_valid():
        return _page(request, found, decline=form)
    why = form.cleaned_data["reason"]
    refused = _once(
        request,
        "data-request-no",
        form.cleaned_data["form_key"],
        {"asked": found.pk, "reason": why},
        lambda: answering.decline(found, request.user, why).public_id,
    )
    if refused:
        return _page(request, _asked(request, asked), decline=form, error=refused)
    messages.success(request, _("Declined. Your customer reads why."))
    return redirect("ledger:data_request", slug=request.business.slug, asked=found.public_id)

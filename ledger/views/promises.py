"""Expected cash: what customers have promised, by day, and what was not kept."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import paging
from accounts.access import MerchantRequest, business_page
from accounts.india import india_date, today
from accounts.money import rupees
from ledger import promises
from ledger.forms import SearchForm
from ledger.listing import chips, day
from ledger.models import Promise
from ledger.promises import PromiseRefused

SHOW = [
    ("", gettext_lazy("Expected")),
    ("late", gettext_lazy("Not kept")),
    ("kept", gettext_lazy("Kept")),
    ("all", gettext_lazy("All")),
]


@dataclass(frozen=True, slots=True)
class Row:
    """A promise in the list; `end` is the address to wait for it no longer, "" when it has ended."""

    href: str
    party: str
    what: str
    by: str
    amount: str
    badge: str
    state: str
    end: str


@require_safe
@business_page
def promise_list(request: MerchantRequest) -> HttpResponse:
    search = SearchForm(request.GET, label=_("Party"), choices=SHOW)
    found = _chosen(request, search.chosen)
    if search.text:
        found = found.filter(party__name__icontains=search.text)
    order = ("promised_on", "pk") if search.chosen in ("", "late") else ("-promised_on", "-pk")
    page = paging.page(found.select_related("party", "invoice", "made_by"), request.GET, order)
    days = promises.by_day(request.business)
    context = {
        "section": "reports",
        "search": search,
        "chips": chips(request.GET, "show", SHOW, search.chosen),
        "page": page,
        "rows": [_row(promise, request.business.slug) for promise in page.rows],
        "is_filtered": bool(search.text or search.chosen),
        "days": [(day(on), rupees(paise), _times(times)) for on, paise, times in days],
        "total": rupees(sum(paise for _on, paise, _times in days)),
    }
    return render(request, "ledger/promise_list.html", context)


def _chosen(request: MerchantRequest, show: str) -> QuerySet[Promise]:
    """Those of one chip, read `with_paid`."""
    every = promises.with_paid(Promise.objects.filter(business=request.business))
    if show == "all":
        return every
    made = every.filter(status=Promise.Status.MADE)
    if show == "kept":
        return made.filter(paid_paise__gte=F("amount_paise"))
    waiting = made.filter(paid_paise__lt=F("amount_paise"))
    return waiting.filter(promised_on__lt=today()) if show == "late" else waiting.filter(promised_on__gte=today())


def _times(times: int) -> str:
    return ngettext("%(n)d promise", "%(n)d promises", times) % {"n": times}


def _row(promise: Promise, slug: str) -> Row:
    found = promises.standing(promise)
    badge, state = promises.words(found.state)
    what = promise.invoice.number if promise.invoice else _("the whole balance")
    who = promise.made_by.name if promise.made_by else _("through the invoice link")
    said = _("said on %(date)s") % {"date": day(india_date(promise.made_at))}
    came = (
        _("%(amount)s of it came") % {"amount": rupees(found.paid_paise)}
        if found.paid_paise > 0 and found.rest_paise
        else ""
    )
    where = {"slug": slug, "promise": promise.public_id}
    can_end = promise.status == Promise.Status.MADE and found.rest_paise
    return Row(
        href=reverse("ledger:party", kwargs={"slug": slug, "party": promise.party.public_id}),
        party=promise.party.name,
        what=" · ".join(filter(None, (what, said, who, came, promise.note))),
        by=day(promise.promised_on),
        amount=rupees(promise.amount_paise),
        badge=badge,
        state=state,
        end=reverse("ledger:promise_end", kwargs=where) if can_end else "",
    )


@require_POST
@business_page
def promise_end(request: MerchantRequest, promise: str) -> Any:
    """Wait for it no longer: reminders go out again. The customer sees that it ended."""
    found = get_object_or_404(Promise, business=request.business, public_id=promise)
    try:
        promises.withdraw(found, request.user)
    except PromiseRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("You do not wait for this day any more: reminders go out again."))
    return redirect("ledger:promises", slug=request.business.slug)

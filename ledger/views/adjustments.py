"""The merchant's pages about adjustments: opening balance, write-off, TDS, corrections."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import paging
from accounts.access import MerchantRequest, business_page
from accounts.idempotency import earlier, once, typed
from accounts.models import Party
from accounts.money import plain, rupees
from ledger import posting, talks
from ledger.adjustment_forms import SHOW, WHAT, AdjustmentForm, default_day
from ledger.forms import SearchForm
from ledger.listing import balance_words, chips, day, net_balance, settlement_row, talk_rows
from ledger.models import Adjustment, Allocation, Invoice, OpenItem
from ledger.numbering import SeriesFull
from ledger.posting import PostingRefused
from ledger.views import cancelling
from ledger.views.choosing import choose_party, chosen_party
from ledger.views.crediting import issued


@require_safe
@business_page
def adjustment_list(request: MerchantRequest) -> HttpResponse:
    """Of the business, or of ?party= alone."""
    search = SearchForm(request.GET, label=_("Number, party or reason"), choices=SHOW)
    party = chosen_party(request)
    found = request.business.adjustments.filter(party=party) if party else request.business.adjustments.all()
    if search.chosen == "cancelled":
        found = found.filter(status=Adjustment.Status.CANCELLED)
    elif search.chosen:
        found = found.filter(kind=search.chosen)
    if text := search.text:
        found = found.filter(Q(number__icontains=text) | Q(reason__icontains=text) | Q(party__name__icontains=text))
    page = paging.page(found.select_related("party"), request.GET, ("-dated_on", "-pk"))
    context = {
        "section": "adjustments",
        "search": search,
        "party": party,
        "chips": chips(request.GET, "show", SHOW, search.chosen),
        "page": page,
        "rows": [_row(adjustment, request.business.slug) for adjustment in page.rows],
        "is_filtered": bool(search.text or search.chosen),
    }
    return render(request, "ledger/adjustment_list.html", context)


def _row(adjustment: Adjustment, slug: str) -> dict[str, Any]:
    sign = 1 if adjustment.side == Adjustment.Side.DEBIT else -1
    return {
        "href": reverse("ledger:adjustment", kwargs={"slug": slug, "adjustment": adjustment.public_id}),
        "party": adjustment.party.name,
        "number": adjustment.number,
        "date": day(adjustment.dated_on),
        "reason": adjustment.reason,
        "amount": rupees(sign * adjustment.amount_paise),
        "kind": adjustment.get_kind_display(),
        "is_cancelled": adjustment.status == Adjustment.Status.CANCELLED,
    }


# --- entry --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def adjustment_new(request: MerchantRequest) -> HttpResponse:
    """An adjustment of ?party=, or a write-off of what is due on ?invoice=; ?what= chooses which."""
    first = issued(request, request.GET["invoice"]) if request.GET.get("invoice") else None
    party = first.party if first else chosen_party(request)
    if party is None:
        return choose_party(request, "ledger:adjustment_new", _("Whose balance?"), "adjustments")
    if public_id := _recorded(request, party):
        return redirect("ledger:adjustment", slug=request.business.slug, adjustment=public_id)
    bills = posting.open_debits(party)
    if request.method != "POST":
        initial = _initial(request, party, first, bills)
        return _form_page(request, party, AdjustmentForm(initial=initial, party=party, bills=bills, first=first))
    form = AdjustmentForm(request.POST, party=party, bills=bills, first=first)
    if form.is_valid() and (public_id := _record(request, party, form)):
        return redirect("ledger:adjustment", slug=request.business.slug, adjustment=public_id)
    return _form_page(request, party, form, 400)


def _initial(request: MerchantRequest, party: Party, first: Invoice | None, bills: list[OpenItem]) -> dict[str, Any]:
    """A write-off begins with what is open: on the invoice, or on all bills of the party."""
    what = request.GET.get("what", "write_off" if first else "")
    if what not in WHAT:
        return {}
    due = first.due_paise if first else sum(item.total_paise - item.settled_paise for item in bills)
    return {"what": what, "dated_on": default_day(party, what)} | (
        {"amount": plain(due)} if what == "write_off" and due else {}
    )


def _said(request: MerchantRequest, party: Party) -> dict[str, Any]:
    return typed(request.POST) | {"party": party.pk}


def _recorded(request: MerchantRequest, party: Party) -> Any:
    """The adjustment that this very form has made already: the bills it settled are not on the form any more."""
    key = request.POST.get("form_key", "").replace("\x00", "")
    return earlier(request.business, request.user, "adjustment", key, _said(request, party)) if key else None


def _record(request: MerchantRequest, party: Party, form: AdjustmentForm) -> str:
    """The public id of the adjustment; "" when it was refused, with the reason on the form."""
    data, (kind, side) = form.cleaned_data, form.kind_and_side()

    def act() -> str:
        return posting.record_adjustment(
            request.business,
            party,
            kind=kind,
            side=side,
            amount_paise=data["amount"],
            dated_on=data["dated_on"],
            by=request.user,
            reason=data["reason"],
            shares=form.shares(),
        ).public_id

    try:
        said = _said(request, party)
        public_id, first = once(request.business, request.user, "adjustment", data["form_key"], said, act)
    except (PostingRefused, SeriesFull) as error:
        form.add_error(None, str(error))
        return ""
    if first:
        messages.success(request, _("Recorded."))
    return str(public_id)


def _form_page(request: MerchantRequest, party: Party, form: AdjustmentForm, status: int = 200) -> HttpResponse:
    context = {
        "section": "adjustments",
        "party": party,
        "form": form,
        "due": rupees(form.due_paise) if form.due_paise else "",
        "bills": [
            {"title": str(item.document), "due": day(item.due_on), "rest": rupees(_rest(item)), "field": bound}
            for item, bound in form.bill_fields()
        ],
    }
    return render(request, "ledger/adjustment_form.html", context, status=status)


def _rest(item: OpenItem) -> int:
    return item.total_paise - item.settled_paise


# --- one adjustment -----------------------------------------------------------------------------------------


@require_safe
@business_page
def adjustment_page(request: MerchantRequest, adjustment: str) -> HttpResponse:
    found = _adjustment(request, adjustment)
    is_debit = found.side == Adjustment.Side.DEBIT
    rows = Allocation.objects.filter(business=request.business, **{"debit" if is_debit else "credit": found.open_item})
    other = "credit" if is_debit else "debit"
    rows = rows.select_related(*(f"{other}__{name}" for name in OpenItem.SOURCES)).order_by("pk")
    context = {
        "section": "adjustments",
        "adjustment": found,
        "party": found.party,
        "is_debit": is_debit,
        "is_cancelled": found.status == Adjustment.Status.CANCELLED,
        "settled": [settlement_row(row, getattr(row, other), request.business.slug) for row in rows],
        "free": rupees(free) if (free := _rest(found.open_item)) else "",
        "balance_words": balance_words(found.party.net),  # type: ignore[attr-defined]
        "talks": talk_rows(talks.of_document(found), request.business.slug, found.party.public_id),
    }
    return render(request, "ledger/adjustment.html", context)


def _adjustment(request: MerchantRequest, public_id: str) -> Adjustment:
    found = get_object_or_404(
        request.business.adjustments.select_related("open_item", "payment", "created_by"), public_id=public_id
    )
    found.party = request.business.parties.annotate(net=net_balance()).get(pk=found.party_id)
    found.business = found.party.business = request.business
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def adjustment_cancel(request: MerchantRequest, adjustment: str) -> HttpResponse:
    found = _adjustment(request, adjustment)
    said = _("Cancelled. What it had settled is due again.")
    return cancelling.answer(request, found, posting.cancel_adjustment, said, {"section": "adjustments"})

"""Payments received (and paid back): list, entry with a preview of what it closes, one payment, cancel."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import paging
from accounts.access import MerchantRequest, business_page
from accounts.idempotency import earlier, once, typed
from accounts.models import Business, Party
from accounts.money import plain, rupees
from ledger import advances, posting, talks, trail
from ledger.forms import SHOW_PAYMENTS, SearchForm
from ledger.listing import (
    Chip,
    address_of,
    balance_words,
    chips,
    day,
    net_balance,
    payment_rows,
    search_documents,
    settlement_row,
    talk_rows,
)
from ledger.models import Allocation, Invoice, OpenItem, Payment
from ledger.numbering import SeriesFull
from ledger.posting import PostingRefused
from ledger.settling_forms import PaymentWithTds
from ledger.views import cancelling, claims, settling
from ledger.views.choosing import choose_party, chosen_party

CLOSED_SHOWN = 12


@require_safe
@business_page
def payment_list(request: MerchantRequest) -> HttpResponse:
    business = request.business
    search = SearchForm(request.GET, label=_("Number, party or reference"), choices=SHOW_PAYMENTS)
    found = shown(business.payments, search.chosen)
    if search.text:
        found = found.filter(search_documents(search.text))
    page = paging.page(found.select_related("party", "open_item"), request.GET, ("-paid_on", "-pk"))
    context = {
        "section": "payments",
        "search": search,
        "chips": _chips(request, search.chosen),
        "page": page,
        "rows": payment_rows(page.rows, business.slug),
        "is_filtered": bool(search.text or search.chosen),
    }
    return render(request, "ledger/payment_list.html", context)


def _chips(request: MerchantRequest, chosen: str) -> list[Chip]:
    """The parts of the list and, while something waits, the way to what customers say they have paid."""
    parts = chips(request.GET, "show", SHOW_PAYMENTS, chosen)
    if count := claims.waiting(request.business).count():
        where = reverse("ledger:claims", kwargs={"slug": request.business.slug})
        parts.insert(1, Chip(_("Waiting (%(n)d)") % {"n": count}, where, is_current=False))
    return parts


def shown(payments: Any, which: str) -> Any:
    if which == "advance":
        return payments.filter(direction=Payment.Direction.RECEIVED, open_item__open_paise__gt=0)
    if which == "paid_back":
        return payments.filter(direction=Payment.Direction.PAID)
    return payments.filter(status=Payment.Status.CANCELLED) if which == "cancelled" else payments.all()


# --- entry --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def payment_new(request: MerchantRequest) -> HttpResponse:
    """Record a payment of ?party= (or of ?invoice=, which it closes first); `do` preview only shows what it closes."""
    first = _first_bill(request)
    party = first.party if first else chosen_party(request)
    if party is None:
        return choose_party(request, "ledger:payment_new", _("Who paid?"), "payments")
    bills = posting.open_debits(party)
    if request.method == "POST":
        return _answer(request, party, PaymentWithTds(request.POST, bills=bills, first=first))
    form = PaymentWithTds(initial=_initial(request, party, first), bills=bills, first=first)
    return _form_page(request, party, form)


def _answer(request: MerchantRequest, party: Party, form: PaymentWithTds) -> HttpResponse:
    """Show what it closes, ask once more, record, or say what is wrong."""
    if request.POST.get("do") == "preview":
        part = "ledger/payment_form.html#closes"
        return _form_page(request, party, form, template=part if "X-Preview" in request.headers else "")
    public_id = _recorded(request, party)
    if not public_id and form.is_valid():
        asked = "" if request.POST.get("sure") == sure(form) else question(request.business, party, form)
        if asked:
            return _form_page(request, party, form, status=400, asked=asked)
        public_id = _record(request, party, form)
    if public_id:
        return redirect("ledger:payment", slug=request.business.slug, payment=public_id)
    return _form_page(request, party, form, status=400)


def question(business: Business, party: Party, form: PaymentWithTds) -> str:
    """What to ask before the amount is recorded; "" when it is nothing out of the ordinary."""
    if not (amount := form.amount_so_far()):
        return ""
    settled = sum(part for _item, part in form.parts_so_far(amount))
    return advances.question(business, party, form["direction"].value(), amount, form.due_paise, settled)


def sure(form: PaymentWithTds) -> str:
    """What the second button says: yes to this amount and to no other."""
    return str(form.amount_so_far())


def _first_bill(request: MerchantRequest) -> Invoice | None:
    """The invoice of ?invoice=, 404 for a foreign one."""
    public_id = request.GET.get("invoice", "")
    if not public_id:
        return None
    found = get_object_or_404(
        request.business.invoices.select_related("party", "open_item"), public_id=public_id, kind=Invoice.Kind.INVOICE
    )
    found.party.business = request.business
    return found


def _initial(request: MerchantRequest, party: Party, first: Invoice | None) -> dict[str, Any]:
    if request.GET.get("direction") == Payment.Direction.PAID:
        free = settling.free_credit(party)
        return {"direction": Payment.Direction.PAID} | ({"amount": plain(free)} if free else {})
    return {"amount": plain(first.due_paise)} if first and first.due_paise else {}


def _recorded(request: MerchantRequest, party: Party) -> Any:
    """The payment that this very form has made already: the bills it closed are not on the form any more."""
    key = request.POST.get("form_key", "").replace("\x00", "")
    return earlier(request.business, request.user, "payment", key, _said(request, party))


def _said(request: MerchantRequest, party: Party) -> dict[str, Any]:
    """What was typed; which button recorded it does not matter."""
    said = {name: values for name, values in typed(request.POST).items() if name not in ("do", "sure")}
    return said | {"party": party.pk}


def _record(request: MerchantRequest, party: Party, form: PaymentWithTds) -> str:
    """The public id of the payment; "" when it was refused, with the reason on the form."""
    data = form.cleaned_data

    def act() -> str:
        return posting.record_payment(
            request.business,
            party,
            amount_paise=data["amount"],
            mode=data["mode"],
            paid_on=data["paid_on"],
            by=request.user,
            direction=data["direction"],
            reference=data["reference"],
            note=data["note"],
            tds_paise=form.tds_paise(),
            shares=form.shares(),
        ).public_id

    try:
        public_id, first = once(request.business, request.user, "payment", data["form_key"], _said(request, party), act)
    except (PostingRefused, SeriesFull) as error:
        form.add_error(None, _with_way(error, _twin(request.business, party, data), request.business.slug))
        return ""
    if first:
        messages.success(request, _("Recorded."))
    return str(public_id)


def _twin(business: Business, party: Party, data: dict[str, Any]) -> Payment | None:
    """The payment that has this reference already, for which posting refuses another one."""
    twins = business.payments.filter(party=party, mode=data["mode"], status=Payment.Status.RECORDED)
    return twins.filter(reference=data["reference"]).first() if data["reference"] else None


def _with_way(error: Exception, twin: Payment | None, slug: str) -> str:
    """What was refused, with the way to the payment that is in the way."""
    if twin is None:
        return str(error)
    return format_html('{} <a href="{}">{}</a>', str(error), address_of(twin, slug), _("Look at it"))


def _form_page(
    request: MerchantRequest,
    party: Party,
    form: PaymentWithTds,
    status: int = 200,
    template: str = "",
    asked: str = "",
) -> HttpResponse:
    is_refund = form["direction"].value() == Payment.Direction.PAID
    bills = form.bills
    context = {
        "section": "payments",
        "party": party,
        "form": form,
        "is_refund": is_refund,
        "bills": [] if is_refund else [_bill_row(item, bound) for item, bound in form.bill_fields()],
        "closes": None if is_refund else closes(form, asked or question(request.business, party, form)),
        "due": rupees(form.due_paise) if bills else "",
        "due_bills": len(bills),
        "asked": asked,
        "sure": sure(form) if asked else "",
        "amount": rupees(form.amount_so_far()) if asked else "",
    }
    return render(request, template or "ledger/payment_form.html", context, status=status)


def _bill_row(item: Any, bound: Any) -> dict[str, Any]:
    return {
        "title": str(item.document),
        "due": day(item.due_on),
        "rest": rupees(item.total_paise - item.settled_paise),
        "field": bound,
    }


def closes(form: PaymentWithTds, is_unusual: object = False) -> dict[str, Any] | None:
    """What the amount would settle as the form stands; None while there is no amount to speak of."""
    amount = form.amount_so_far()
    if not amount:
        return None
    parts = form.parts_so_far(amount)
    return {
        "rows": [
            {
                "title": str(item.document),
                "part": rupees(part),
                "rest": rupees(item.total_paise - item.settled_paise - part),
                "is_closed": part == item.total_paise - item.settled_paise,
            }
            for item, part in parts[:CLOSED_SHOWN]
        ],
        "more": max(0, len(parts) - CLOSED_SHOWN),
        "advance": rupees(rest) if (rest := amount - sum(part for _item, part in parts)) > 0 else "",
        "is_unusual": bool(is_unusual),
    }


# --- one payment --------------------------------------------------------------------------------------------


@require_safe
@business_page
def payment_page(request: MerchantRequest, payment: str) -> HttpResponse:
    found = _payment(request, payment)
    is_refund = found.direction == Payment.Direction.PAID
    rows = Allocation.objects.filter(business=request.business, **{"debit" if is_refund else "credit": found.open_item})
    rows = rows.select_related(
        *(f"{side}__{name}" for side in ("debit", "credit") for name in OpenItem.SOURCES)
    ).order_by("pk")
    slug = request.business.slug
    free = 0 if is_refund else found.unallocated_paise
    links = list(found.links.order_by("-id"))
    events = trail.of_payment(found, links)
    context = {
        "section": "payments",
        "trail": events,
        "ladder": trail.ladder(events, paid=False) if links else [],
        "payment": found,
        "party": found.party,
        "is_refund": is_refund,
        "is_cancelled": found.status == Payment.Status.CANCELLED,
        "settled": [settlement_row(row, row.credit if is_refund else row.debit, slug) for row in rows],
        "free": rupees(free) if free else "",
        "can_settle": bool(free) and bool(posting.oldest_debits(found.party, 1)),
        "balance_words": balance_words(found.party.net),  # type: ignore[attr-defined]
        "tds": settling.tds_rows(found, slug),
        "talks": talk_rows(talks.of_document(found), slug, found.party.public_id),
    }
    return render(request, "ledger/payment.html", context)


def _payment(request: MerchantRequest, public_id: str) -> Payment:
    found = get_object_or_404(
        request.business.payments.select_related("open_item", "created_by", "claim"), public_id=public_id
    )
    found.party = request.business.parties.annotate(net=net_balance()).get(pk=found.party_id)
    found.business = found.party.business = request.business
    return found


@require_POST
@business_page
def payment_settle(request: MerchantRequest, payment: str) -> HttpResponse:
    """Use what is left of a payment for the oldest open bills."""
    found = _payment(request, payment)
    shares = posting.oldest_first(posting.open_debits(found.party), found.unallocated_paise)
    if found.direction != Payment.Direction.RECEIVED or not shares:  # sent twice, or nothing is left or open
        return redirect("ledger:payment", slug=request.business.slug, payment=found.public_id)
    try:
        posting.allocate_payment(found, [(share.debit.pk, share.amount_paise) for share in shares], request.user)
    except PostingRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Used for the oldest open bills."))
    return redirect("ledger:payment", slug=request.business.slug, payment=found.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def payment_cancel(request: MerchantRequest, payment: str) -> HttpResponse:
    found = _payment(request, payment)
    is_refund = found.direction == Payment.Direction.PAID
    settled = found.open_item.settled_paise and not is_refund
    said = _("Cancelled. The bills it had settled are due again.") if settled else _("Cancelled.")
    context = {"section": "payments", "is_refund": is_refund}
    return cancelling.answer(request, found, posting.cancel_payment, said, context)

"""What stands between the customer and the shop: chooser, dashboard, invoices, ledger."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import paging
from accounts.models import Party
from accounts.money import MINUS, amount, rupees
from catalog.models import Order
from ledger import paper, statements
from ledger.models import Adjustment, Entry, Invoice, Payment
from portal import access
from portal.access import PortalRequest, page, party_page
from portal.forms import PERIODS, PeriodForm, SearchForm, preset
from portal.views.papers import pdf_response

ROWS = 20
STATUSES = {
    "": gettext_lazy("All"),
    "overdue": gettext_lazy("Overdue"),
    "unpaid": gettext_lazy("Unpaid"),
    "part_paid": gettext_lazy("Part paid"),
    "paid": gettext_lazy("Paid"),
    "credit": gettext_lazy("Credit notes"),
}


@require_safe
def chooser(request: PortalRequest) -> HttpResponse:
    """One number, many shops: all that this session may see; a single one opens at once."""
    people = access.people_of(request)
    if len(people) == 1:
        return redirect("portal:dashboard", party=people[0].party.public_id)
    rows = [(person.party, balance_of(person.party) if access.sees_money(person) else None) for person in people]
    return render(request, "portal/chooser.html", {"rows": rows})


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance from the customer's side: `tone` is bad when they owe."""

    paise: int
    sentence: str
    amount: str
    tone: str


def balance_of(party: Party) -> Balance:
    """Read with the scope (`party.balance`); no query."""
    row = getattr(party, "balance", None)
    paise = row.paise if row else 0
    if paise > 0:
        return Balance(paise, _("You owe %(shop)s") % {"shop": party.business.name}, rupees(paise), "bad")
    if paise < 0:
        return Balance(paise, _("%(shop)s owes you") % {"shop": party.business.name}, rupees(-paise), "good")
    return Balance(0, _("All settled with %(shop)s") % {"shop": party.business.name}, rupees(0), "")


@require_safe
@party_page()
def dashboard(request: PortalRequest) -> HttpResponse:
    if not access.sees_money(request.person):
        orders = Order.objects.filter(business=request.business, party=request.party).order_by("-pk")[:5]
        return page(request, "portal/dashboard_orders.html", "home", {"orders": orders})
    open_now = statements.outstanding(request.party)
    due = open_now.due_paise
    balance = balance_of(request.party)
    pay = paper.ways_to_pay(request.business, balance.paise, note=request.party.name)
    first = round(100 * open_now.overdue_paise / due) if due else 0
    second = round(100 * (open_now.overdue_paise + open_now.due_soon_paise) / due) if due else 0
    context = {"balance": balance, "open": open_now, "first": first, "second": second, "pay": pay}
    return page(request, "portal/dashboard.html", "home", context | _invoice_list(request))


@require_safe
@party_page(money=True)
def invoices(request: PortalRequest) -> HttpResponse:
    return page(request, "portal/invoices.html", "invoices", _invoice_list(request))


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    href: str
    number: str
    date: str
    due: str
    amount: str
    rest: str
    badge: str
    status: str
    is_cancelled: bool


def _invoice_list(request: PortalRequest) -> dict[str, Any]:
    """The list with its search, chips and pager: one query, two beyond the first page."""
    form = SearchForm(request.GET, placeholder=_("Invoice number"))
    status = request.GET.get("status", "")
    found = scoped_invoices(request).select_related("open_item")
    if form.text:
        found = found.filter(paper.search(form.text))
    listed = paging.page(_with_status(found, status), request.GET, ("-issued_on", "-pk"), size=ROWS)
    return {
        "invoices": [_invoice_row(request.party, invoice) for invoice in listed.rows],
        "listed": listed,
        "search": form,
        "status": status,
        "statuses": STATUSES.items(),
        "filtered": bool(form.text or status),
    }


def scoped_invoices(request: PortalRequest) -> QuerySet[Invoice]:
    return Invoice.objects.shown_to_customer().filter(business=request.business, party=request.party)


def _with_status(found: Any, status: str) -> Any:
    if status == "credit":
        return found.filter(kind=Invoice.Kind.CREDIT_NOTE)
    narrowed = {
        "overdue": found.overdue,
        "unpaid": lambda: found.open().filter(open_item__settled_paise=0),
        "part_paid": found.part_paid,
        "paid": found.paid,
    }.get(status)
    return narrowed() if narrowed else found


def _invoice_row(party: Party, invoice: Invoice) -> InvoiceRow:
    badge, status = paper.condition(invoice)
    due = invoice.due_paise
    is_note = invoice.kind == Invoice.Kind.CREDIT_NOTE
    return InvoiceRow(
        href=reverse("portal:invoice", kwargs={"party": party.public_id, "invoice": invoice.public_id}),
        number=_("Credit note %(number)s") % {"number": invoice.number} if is_note else invoice.number,
        date=_day(invoice.issued_on),
        due="" if is_note else _day(invoice.due_on),
        amount=rupees(-invoice.total_paise if is_note else invoice.total_paise),
        rest=rupees(due) if due and due != invoice.total_paise else "",
        badge=badge,
        status=status,
        is_cancelled=invoice.status == Invoice.Status.CANCELLED,
    )


def _day(day: Any) -> str:
    return date_format(day, "DATE_FORMAT")


def _one(request: PortalRequest, invoice: str) -> Invoice:
    found = get_object_or_404(scoped_invoices(request).select_related("open_item", "original"), public_id=invoice)
    found.business, found.party = request.business, request.party
    return found


@require_safe
@party_page(money=True)
def invoice(request: PortalRequest, invoice: str) -> HttpResponse:
    found = _one(request, invoice)
    standing = paper.standing_of(found)
    context = paper.context_of(found) | {
        "standing": standing,
        "settlements": paper.settlements(found),
        "pay": paper.ways_to_pay(request.business, standing.due_paise, number=found.number),
    }
    return page(request, "portal/invoice.html", "invoices", context)


@require_safe
@party_page(money=True)
def invoice_pdf(request: PortalRequest, invoice: str) -> HttpResponse:
    return pdf_response(request, _one(request, invoice))


# --- the ledger ---------------------------------------------------------------------------------------------


@require_safe
@party_page(money=True)
def ledger(request: PortalRequest) -> HttpResponse:
    """The statement of a period; own dates that make no sense are said so next to the field, with status 400."""
    name, period, form = _chosen_period(request)
    book = statements.page(request.party, period, request.GET.get("after", ""))
    context = {
        "form": form,
        "chosen": name,
        "periods": [(key, label) for key, label in PERIODS.items() if key != "custom"],
        "book": book,
        "rows": [_ledger_row(request.party, row) for row in book.rows],
        "opening": with_side(book.opening_paise),
        "before": with_side(book.before_paise),
        "closing": with_side(book.closing_paise),
        "balance": balance_of(request.party),
        "older": _next_page(request, book),
        "first": _next_page(request, None),
    }
    return page(request, "portal/ledger.html", "ledger", context, status=400 if form.errors else 200)


def _chosen_period(request: PortalRequest) -> tuple[str, statements.Period, PeriodForm]:
    """A named period, or own dates; this financial year when neither makes sense."""
    this_year = statements.this_financial_year()
    if "start" in request.GET or "end" in request.GET:
        form = PeriodForm(request.GET)
        return "custom", form.period if form.is_valid() else this_year, form
    name = request.GET.get("period", "")
    period = preset(name)
    if period is None:
        name, period = "this-year", this_year
    return name, period, PeriodForm(initial={"start": period.start, "end": period.end})


def _next_page(request: PortalRequest, book: statements.Page | None) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    if book is None:
        return f"?{query.urlencode()}"
    if not book.next_cursor:
        return ""
    query["after"] = book.next_cursor
    return f"?{query.urlencode()}"


def with_side(paise: int) -> str:
    """A running balance as books write it: Dr is what the customer owes, Cr what the shop owes them."""
    if not paise:
        return rupees(0)
    side = _("Dr") if paise > 0 else _("Cr")
    return f"{rupees(abs(paise))} {side}"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    date: str
    title: str
    href: str
    note: str
    badge: str
    status: str
    debit: str
    credit: str
    change: str
    balance: str
    is_cancelled: bool


def _ledger_row(party: Party, row: statements.Row) -> LedgerRow:
    entry = row.entry
    say = {Payment: _payment_words, Adjustment: _adjustment_words}
    words = _document_words(party, entry) if entry.invoice else say[type(entry.document)](entry)
    return LedgerRow(
        date=_day(entry.dated_on),
        debit=rupees(entry.debit_paise) if entry.debit_paise else "",
        credit=rupees(entry.credit_paise) if entry.credit_paise else "",
        change=f"+{amount(entry.debit_paise)}" if entry.debit_paise else f"{MINUS}{amount(entry.credit_paise)}",
        balance=with_side(row.balance_paise),
        **words,
    )


def _document_words(party: Party, entry: Entry) -> dict[str, Any]:
    invoice = entry.invoice
    assert invoice is not None, "asked for entries of invoices only"
    kind = invoice.get_kind_display()
    cancelled = invoice.status == Invoice.Status.CANCELLED
    is_reversal = entry.kind == Entry.Kind.REVERSAL
    badge, status = paper.condition(invoice)
    if is_reversal or badge in {"paid", "done"}:  # what is settled needs no word
        badge = status = ""
    due = invoice.due_paise
    note = ""
    if due and due != invoice.total_paise:
        text = _("%(amount)s not used yet") if invoice.kind == Invoice.Kind.CREDIT_NOTE else _("%(amount)s still due")
        note = text % {"amount": rupees(due)}
    title = f"{kind} {invoice.number}"
    return {
        "title": _("Cancelled: %(document)s") % {"document": title} if is_reversal else title,
        "href": reverse("portal:invoice", kwargs={"party": party.public_id, "invoice": invoice.public_id}),
        "note": note,
        "badge": badge,
        "status": status,
        "is_cancelled": cancelled,
    }


def _adjustment_words(entry: Entry) -> dict[str, Any]:
    adjustment = entry.adjustment
    assert adjustment is not None, "an entry has one source"
    title, is_reversal = adjustment.get_kind_display(), entry.kind == Entry.Kind.REVERSAL
    cancelled = adjustment.status == Adjustment.Status.CANCELLED
    return {
        "title": _("Cancelled: %(document)s") % {"document": title} if is_reversal else title,
        "href": "",
        "note": " · ".join(filter(None, (adjustment.number, adjustment.reason))),
        "badge": "cancelled" if cancelled and not is_reversal else "",
        "status": _("Cancelled") if cancelled and not is_reversal else "",
        "is_cancelled": cancelled,
    }


def _payment_words(entry: Entry) -> dict[str, Any]:
    payment = entry.payment
    assert payment is not None, "an entry has one source"
    paid_back = payment.direction == Payment.Direction.PAID
    title = _("Paid back to you") if paid_back else _("Payment")
    title = f"{title}, {payment.get_mode_display()}"
    is_reversal = entry.kind == Entry.Kind.REVERSAL
    parts = [payment.number, payment.reference]
    cancelled = payment.status == Payment.Status.CANCELLED
    if not cancelled and payment.unallocated_paise and not paid_back:
        parts.append(_("%(amount)s not used for a bill yet") % {"amount": rupees(payment.unallocated_paise)})
    return {
        "title": _("Cancelled: %(document)s") % {"document": title} if is_reversal else title,
        "href": "",
        "note": " · ".join(filter(None, parts)),
        "badge": "cancelled" if cancelled and not is_reversal else "",
        "status": _("Cancelled") if cancelled and not is_reversal else "",
        "is_cancelled": cancelled,
    }

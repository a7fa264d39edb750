"""The ledger: every bill and payment of a period with the balance after it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Party
from accounts.money import MINUS, amount, rupees
from ledger import paper, statements
from ledger.models import Adjustment, Entry, Invoice, Payment
from portal.access import PortalRequest, page, party_page
from portal.forms import PERIODS, PeriodForm, preset
from portal.views.account import balance_of


@require_safe
@party_page(money=True)
def ledger(request: PortalRequest) -> HttpResponse:
    """The statement of a period; own dates that make no sense are said so next to the field, with status 400."""
    name, period, form = _chosen_period(request)
    book = statements.page(request.party, period, request.GET.get("after", ""))
    opens_on = period.start if book.is_first and name != "all" else None
    first_year, *years, last_year = _year_heads(
        period, [opens_on, *(row.entry.dated_on for row in book.rows), period.end]
    )
    context = {
        "form": form,
        "chosen": name,
        "periods": [(key, label) for key, label in PERIODS.items() if key != "custom"],
        "book": book,
        "rows": [_ledger_row(request.party, row, year) for row, year in zip(book.rows, years, strict=True)],
        "opening": with_side(book.opening_paise),
        "before": with_side(book.before_paise),
        "closing": with_side(book.closing_paise),
        "first_year": first_year,
        "last_year": last_year,
        "balance": balance_of(request.party),
    }
    pager = {"older": _next_page(request, book), "first": _next_page(request, None)}
    return page(request, "portal/ledger.html", "ledger", context | pager, status=400 if form.errors else 200)


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
    shown = {} if name == "all" else {"start": period.start, "end": period.end}
    return name, period, PeriodForm(initial=shown)


def _next_page(request: PortalRequest, book: statements.Page | None) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    if book is None:
        return f"?{query.urlencode()}"
    if not book.next_cursor:
        return ""
    query["after"] = book.next_cursor
    return f"?{query.urlencode()}"


def _year_heads(period: statements.Period, days: list[dt.date | None]) -> list[str]:
    """The year to stand above each day: where it changes, and nowhere while the heading names the only one."""
    if period.start.year == period.end.year:
        return [""] * len(days)
    heads, year = [], 0
    for day in days:
        heads.append(str(day.year) if day and day.year != year else "")
        year = day.year if day else year
    return heads


def with_side(paise: int) -> str:
    """A running balance as books write it: Dr is what the customer owes, Cr what the shop owes them."""
    if not paise:
        return rupees(0)
    side = _("Dr") if paise > 0 else _("Cr")
    return f"{rupees(abs(paise))} {side}"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A row as it is shown; `year` stands above it, `is_settled`: nobody owes anything after it."""

    year: str
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
    is_settled: bool
    is_cancelled: bool


def _ledger_row(party: Party, row: statements.Row, year: str) -> LedgerRow:
    entry = row.entry
    say = {Payment: _payment_words, Adjustment: _adjustment_words}
    words = _document_words(party, entry) if entry.invoice else say[type(entry.document)](entry)
    return LedgerRow(
        year=year,
        date=date_format(entry.dated_on, "MONTH_DAY_FORMAT"),
        debit=rupees(entry.debit_paise) if entry.debit_paise else "",
        credit=rupees(entry.credit_paise) if entry.credit_paise else "",
        change=f"+{amount(entry.debit_paise)}" if entry.debit_paise else f"{MINUS}{amount(entry.credit_paise)}",
        balance=with_side(row.balance_paise),
        is_settled=not row.balance_paise,
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

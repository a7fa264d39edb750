"""The ledger: every bill and payment of a period with the balance after it."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.india import today
from accounts.models import Party
from accounts.money import MINUS, amount, rupees, with_side
from ledger import ageing, paper, statements
from ledger import talks as ledger_talks
from ledger.models import Adjustment, Entry, Invoice, OpenItem, Payment
from ledger.statements import BEGINNING
from portal import talks, told, vouchers
from portal.access import PortalRequest, page, party_page
from portal.forms import PERIODS, PeriodForm, preset
from portal.views import papers
from portal.views.account import balance_of

MOST_PENDING = 10


@require_safe
@party_page(money=True)
def ledger(request: PortalRequest) -> HttpResponse:
    """The statement of a period; own dates that make no sense are said so next to the field, with status 400."""
    name, period, form = _chosen_period(request)
    book = statements.page(request.party, period, request.GET.get("after", ""), with_charges=True)
    balance = balance_of(request.party)
    found = ledger_talks.of_party(request.party)
    asking = "ask" in request.GET
    inside = vouchers.of_entries(request.party, [row.entry for row in book.rows])
    asked = ledger_talks.asked_about(found)
    context = book_context(request, request.party, book, asked=asked, asking=asking, inside=inside) | {
        "ageing": _ageing(request.party),
        "talks": talks.rows(request.party, found),
        "asking": asking,
        "form": form,
        "chosen": name,
        "periods": [(key, label) for key, label in PERIODS.items() if key != "custom"],
        "balance": balance,
        "files": _files(request),
        "too_long": papers.too_long_words() if "long" in request.GET else "",
        "told": told.waiting(request.party, balance.paise),
    }
    return page(request, "portal/ledger.html", "ledger", context, status=400 if form.errors else 200)


def _ageing(party: Party) -> dict[str, Any]:
    """What is pending today: by how late it is, and the bills themselves, the longest due first; one query."""
    day = today()
    items = list(ageing.of_party(party, day)[: MOST_PENDING + 1])
    sums = {name: getattr(items[0], f"total_{name}") or 0 if items else 0 for name in (*ageing.NAMES, "advance")}
    pending = [_pending(party, item, day) for item in items if item.side == OpenItem.Side.DEBIT]
    return {
        "buckets": [
            (ageing.NAMES[name], rupees(sums[name]), name != ageing.NOT_DUE and sums[name]) for name in ageing.NAMES
        ],
        "advance": rupees(-sums["advance"]) if sums["advance"] else "",
        "pending": pending[:MOST_PENDING],
        "more": len(pending) > MOST_PENDING,
        "total": rupees(sum(sums[name] for name in ageing.NAMES)),
    }


def _pending(party: Party, item: OpenItem, day: dt.date) -> dict[str, Any]:
    return {
        "href": _document_url(party, item.document),
        "title": ledger_talks.document_words(item.document),
        "rest": rupees(item.open_paise),
        "total": rupees(item.total_paise) if item.open_paise != item.total_paise else "",
        "due": date_format(item.due_on, "DATE_FORMAT"),
        "days_late": max(0, (day - item.due_on).days),
    }


def _document_url(party: Party, document: Invoice | Payment | Adjustment) -> str:
    name = {Invoice: "invoice", Payment: "receipt", Adjustment: "adjustment"}[type(document)]
    key = "payment" if name == "receipt" else name
    return reverse(f"portal:{name}", kwargs={"party": party.public_id, key: document.public_id})


@require_safe
@party_page(money=True)
def adjustment(request: PortalRequest, adjustment: str) -> HttpResponse:
    """One adjustment as a voucher: what it is, why, and which bills it settles."""
    scope = Adjustment.objects.filter(business=request.business, party=request.party).select_related("open_item")
    found = get_object_or_404(scope, public_id=adjustment)
    context = {
        "one": found,
        "title": found.get_kind_display(),
        "amount": rupees(found.amount_paise),
        "raises": found.side == Adjustment.Side.DEBIT,
        "cancelled": found.status == Adjustment.Status.CANCELLED,
        "pairs": vouchers.settlements(request.party, [found.open_item]).get(found.open_item.pk, ()),
    }
    return page(request, "portal/adjustment.html", "ledger", context)


def _files(request: PortalRequest) -> list[tuple[str, str]]:
    """(kind, address) of the days in force as files."""
    where = {"party": request.party.public_id}
    return [
        (kind, reverse("portal:ledger_file", kwargs=where | {"form": kind}, query=_days(request)))
        for kind in papers.KINDS
    ]


def _days(request: PortalRequest) -> dict[str, str] | None:
    """The days in the query, for another address of the same days."""
    return {key: request.GET[key] for key in ("period", "start", "end") if request.GET.get(key)} or None


@require_safe
@party_page(money=True)
def ledger_file(request: PortalRequest, form: str) -> Any:
    """The days in force as PDF, CSV or XLSX; what is wrong, or too long for that kind, the page says."""
    if form not in papers.KINDS:
        raise Http404
    _name, period, period_form = _chosen_period(request)
    back = reverse("portal:ledger", kwargs={"party": request.party.public_id}, query=_days(request))
    if period_form.errors:
        return redirect(back)
    try:
        return papers.statement_response(request, request.party, period, form, back, asker=str(request.party.pk))
    except papers.TooLong:
        days = {**(_days(request) or {}), "long": form}
        return redirect(reverse("portal:ledger", kwargs={"party": request.party.public_id}, query=days))


def book_context(
    request: HttpRequest,
    party: Party,
    book: statements.Page,
    *,
    here: str = "",
    is_linked: bool = True,
    asked: dict[tuple[str, int], str] | None = None,
    asking: bool = False,
    inside: dict[int, vouchers.Pairs] | None = None,
) -> dict[str, Any]:
    """What `portal/_ledger.html` shows of one page of the book; without `is_linked` its rows lead nowhere.

    `here`: the page's own address, where a request for another one shows it. `asked`: the queries that live, by what
    they are about (ledger.talks.asked_about); `asking`: a row leads to the form of one. `inside`: what unfolds below a
    row, by entry (portal.vouchers).
    """
    period = book.period
    is_all = period.start == BEGINNING
    opens_on = period.start if book.is_first and not is_all else None
    days = [opens_on, *(row.entry.dated_on for row in book.rows), period.end]
    first_year, *years, last_year = _year_heads(period, days)
    rows = [_ledger_row(party, row, year) for row, year in zip(book.rows, years, strict=True)]
    if inside:
        rows = [replace(row, voucher=inside.get(one.entry.pk, ())) for row, one in zip(rows, book.rows, strict=True)]
    if asked or asking:
        rows = [
            _with_query(party, row, one.entry, asked or {}, asking) for row, one in zip(rows, book.rows, strict=True)
        ]
    return {
        "book": book,
        "is_all": is_all,
        "rows": rows if is_linked else [replace(row, href="") for row in rows],
        "opening": with_side(book.opening_paise),
        "before": with_side(book.before_paise),
        "closing": with_side(book.closing_paise),
        "first_year": first_year,
        "last_year": last_year,
        "older": here + older if (older := _next_page(request, book)) else "",
        "first": here + _next_page(request, None),
    }


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


def _next_page(request: HttpRequest, book: statements.Page | None) -> str:
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


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A row as it is shown; `year` stands above it, `is_settled`: nobody owes anything after it, `query`: the page of what is asked about it."""

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
    query: str = ""
    voucher: vouchers.Pairs = ()


def _ledger_row(party: Party, row: statements.Row, year: str) -> LedgerRow:
    entry = row.entry
    say = {Payment: _payment_words, Adjustment: _adjustment_words, Invoice: _document_words}
    words = say[type(entry.document)](party, entry)
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


def _with_query(party: Party, row: LedgerRow, entry: Entry, asked: dict[Any, str], asking: bool) -> LedgerRow:
    """A row with the query about its document, or (`asking`) with the way to ask about it."""
    name = next(name for name in entry.SOURCES if getattr(entry, f"{name}_id"))
    where = {"party": party.public_id}
    query = asked.get((name, getattr(entry, f"{name}_id")))
    if query:
        return replace(row, query=reverse("portal:query", kwargs=where | {"query": query}))
    if not asking:
        return row
    return replace(row, href=reverse("portal:query_new", kwargs=where, query={name: entry.document.public_id}))


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


def _adjustment_words(party: Party, entry: Entry) -> dict[str, Any]:
    adjustment = entry.adjustment
    assert adjustment is not None, "an entry has one source"
    title, is_reversal = adjustment.get_kind_display(), entry.kind == Entry.Kind.REVERSAL
    cancelled = adjustment.status == Adjustment.Status.CANCELLED
    return {
        "title": _("Cancelled: %(document)s") % {"document": title} if is_reversal else title,
        "href": reverse("portal:adjustment", kwargs={"party": party.public_id, "adjustment": adjustment.public_id}),
        "note": " · ".join(filter(None, (adjustment.number, adjustment.reason))),
        "badge": "cancelled" if cancelled and not is_reversal else "",
        "status": _("Cancelled") if cancelled and not is_reversal else "",
        "is_cancelled": cancelled,
    }


def _payment_words(party: Party, entry: Entry) -> dict[str, Any]:
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
        "href": reverse("portal:receipt", kwargs={"party": party.public_id, "payment": payment.public_id}),
        "note": " · ".join(filter(None, parts)),
        "badge": "cancelled" if cancelled and not is_reversal else "",
        "status": _("Cancelled") if cancelled and not is_reversal else "",
        "is_cancelled": cancelled,
    }

"""The lists of receipts and of statements."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.india import fy_end, fy_start, today
from accounts.models import Party
from accounts.money import rupees, with_side
from ledger import statements as book
from portal import lists
from portal.access import PortalRequest, page, party_page


@require_safe
@party_page(money=True)
def receipts(request: PortalRequest) -> HttpResponse:
    return page(request, "portal/receipts.html", "invoices", lists.receipts(request.party, request.GET))


@dataclass(frozen=True, slots=True)
class StatementRow:
    """The statement of a month, or of the whole year."""

    name: str
    href: str
    files: list[tuple[str, str]]
    billed: str
    paid: str
    closing: str


@require_safe
@party_page(money=True)
def statements(request: PortalRequest) -> HttpResponse:
    """A financial year (`?year=2026`: from April 2026), with a statement for it and for each of its months."""
    this_year = fy_start(today())
    year = _year(request.GET.get("year", ""), this_year)
    months, opening, has_older = book.months(request.party, year)
    context: dict[str, Any] = {
        "rows": [_month_row(request.party, month) for month in reversed(months)],
        "whole": _year_row(request.party, year, months, opening),
        "older": f"?year={year.year - 1}" if has_older else "",
        "newer": f"?year={year.year + 1}" if year < this_year else "",
    }
    return page(request, "portal/statements.html", "invoices", context)


def _year(text: str, this_year: dt.date) -> dt.date:
    """The first day of the year that was asked for; this one when that makes no sense."""
    if not re.fullmatch(r"20\d\d", text):
        return this_year
    return min(dt.date(int(text), 4, 1), this_year)


def _month_row(party: Party, month: book.Month) -> StatementRow:
    name = date_format(month.period.start, "YEAR_MONTH_FORMAT")
    return _row(party, name, month.period, (month.debit_paise, month.credit_paise, month.closing_paise))


def _year_row(party: Party, year: dt.date, months: list[book.Month], opening: int) -> StatementRow:
    name = _("Financial year %(year)s") % {"year": f"{year.year}-{(year.year + 1) % 100:02d}"}
    billed, paid = sum(month.debit_paise for month in months), sum(month.credit_paise for month in months)
    return _row(party, name, book.Period(year, fy_end(year)), (billed, paid, opening + billed - paid))


def _row(party: Party, name: str, period: book.Period, sums: tuple[int, int, int]) -> StatementRow:
    days = {"start": str(period.start), "end": str(period.end)}
    where = {"party": party.public_id}
    files = [
        (label, reverse("portal:ledger_file", kwargs=where | {"form": form}, query=days))
        for form, label in (("pdf", "PDF"), ("csv", "CSV"), ("xlsx", "Excel"))
    ]
    return StatementRow(
        name=name,
        href=reverse("portal:ledger", kwargs=where, query=days),
        files=files,
        billed=rupees(sums[0]),
        paid=rupees(sums[1]),
        closing=with_side(sums[2]),
    )

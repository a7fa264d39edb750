"""Reports: first rows on the page, all of them as CSV or XLSX."""

from itertools import islice
from typing import Any

from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MerchantRequest, business_page
from accounts.india import today
from accounts.models import Party
from accounts.money import amount, percent, quantity, rupees
from ledger import export, papers, statement_paper
from ledger.forms import PERIODS, REPORT_PERIODS, PeriodForm, ReportPeriodForm, SearchForm
from ledger.listing import Chip, chips, day, party_rows
from ledger.reports import REPORTS, Column, Figure, Kind, Leading, Report, Row, statement, with_total
from ledger.statements import BEGINNING, Period
from ledger.views.choosing import offered
from ledger.views.papers import preparing_page, waited

SHOWN = 25
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOW: dict[Kind, Any] = {
    Kind.TEXT: str,
    Kind.DATE: day,
    Kind.PAISE: amount,
    Kind.MILLI: quantity,
    Kind.RATE: percent,
    Kind.COUNT: str,
}


@require_safe
@business_page
def report_list(request: MerchantRequest) -> HttpResponse:
    return render(request, "ledger/reports.html", {"section": "reports", "reports": list(REPORTS.values())})


@require_safe
@business_page
def report_page(request: MerchantRequest, report: str) -> HttpResponse:
    return _page(request, _known(report), {"report": report})


@require_safe
@business_page
def report_file(request: MerchantRequest, report: str, form: str) -> Any:
    return _file(request, _known(report), {"report": report}, form)


@require_safe
@business_page
def statement_list(request: MerchantRequest) -> HttpResponse:
    """Whose statement, and of which days; a search with one answer goes straight on to it."""
    slug, form = request.business.slug, PeriodForm(request.GET)
    search = SearchForm(request.GET, label=_("Name, city, GSTIN or number"))
    found = offered(request.business, search.text)
    days = _days(form)
    if search.text and len(found) == 1 and form.is_valid():
        return redirect(_whole_address(slug, found[0], "", days))
    rows = [
        (row, *(_whole_address(slug, party, kind, days) for kind in ("", "csv", "xlsx")))
        for party, row in zip(found, party_rows(found, slug), strict=True)
    ]
    context = {
        "section": "reports",
        "search": search,
        "period_form": form,
        "dates": form.shown(),
        "chips": _chips(request, form, PERIODS),
        "rows": rows,
    }
    return render(request, "ledger/statements.html", context)


def _days(form: PeriodForm) -> dict[str, str]:
    """The period in force as a query."""
    if form.current:
        return {"period": form.current}
    period = form.chosen()
    return {"start": str(period.start), "end": str(period.end)} if form.current is None else {}


def _whole_address(slug: str, party: Party, kind: str, days: dict[str, str]) -> str:
    where = {"slug": slug, "party": party.public_id} | ({"form": kind} if kind else {})
    return reverse("ledger:statement_file" if kind else "ledger:statement", kwargs=where, query=days)


def _chips(request: MerchantRequest, form: PeriodForm, periods: list[tuple[str, Any]]) -> list[Chip]:
    """Named periods in place of dates of one's own."""
    query = request.GET.copy()
    for name in ("start", "end"):
        query.pop(name, None)
    return chips(query, "period", periods, "-" if form.current is None else form.current)


@require_safe
@business_page
def statement_page(request: MerchantRequest, party: str) -> HttpResponse:
    found = _party(request, party)
    return _page(request, statement.of(found), {"party": party}, found)


@require_safe
@business_page
def statement_file(request: MerchantRequest, party: str, form: str) -> Any:
    found = _party(request, party)
    return _file(request, statement.of(found), {"party": party}, form, found)


def _period_form(request: MerchantRequest, party: Party | None) -> PeriodForm:
    """A party's days are those of its page; a report's are those of the returns."""
    return PeriodForm(request.GET) if party else ReportPeriodForm(request.GET)


def _known(key: str) -> Report:
    if key not in REPORTS:
        raise Http404
    return REPORTS[key]


def _party(request: MerchantRequest, public_id: str) -> Party:
    return get_object_or_404(request.business.parties, public_id=public_id)


def _page(
    request: MerchantRequest,
    report: Report,
    names: dict[str, str],
    party: Party | None = None,
    *,
    too_long: bool = False,
) -> HttpResponse:
    form = _period_form(request, party)
    period = form.chosen()
    rows = list(islice(report.rows(request.business, period), SHOWN + 1))
    figures = report.figures(request.business, period)
    query = f"?{request.GET.urlencode()}" if report.has_period and request.GET else ""
    kinds = ("pdf", "csv", "xlsx") if party else ("csv", "xlsx")
    files = {kind: _address(request, names, kind) + query for kind in kinds}
    context = {
        "section": "reports",
        "report": report,
        "party": party,
        "period_form": form,
        "dates": form.shown(),
        "period": _words(period) if report.has_period else _("As on %(day)s") % {"day": day(today())},
        "chips": _chips(request, form, PERIODS if party else REPORT_PERIODS),
        "figures": [(figure.label, rupees(figure.paise), figure.strong) for figure in figures],
        "sums": _sums(report, figures),
        "is_all_summed": all(figure.column is not None for figure in figures),
        "titles": [(column.title, column.shown) for column in report.columns if column.shown],
        "rows": [_cells(report, row, request.business.slug) for row in rows[:SHOWN]],
        "has_more": len(rows) > SHOWN,
        "files": files,
        "share": _share_address(request, party, period) if party else "",
        "too_long": too_long,
    }
    return render(request, "ledger/report.html", context, status=422 if too_long else 200)


def _address(request: MerchantRequest, names: dict[str, str], form: str) -> str:
    view = "ledger:statement_file" if "party" in names else "ledger:report_file"
    return reverse(view, kwargs={"slug": request.business.slug, "form": form, **names})


def _share_address(request: MerchantRequest, party: Party, period: Period) -> str:
    """Where a link to these very days is made; "" while nothing is shared with the party."""
    days = {"start": str(period.start), "end": str(period.end)}
    where = {"slug": request.business.slug, "party": party.public_id}
    return reverse("ledger:statement_share", kwargs=where, query=days) if party.is_shared else ""


def _words(period: Period) -> str:
    if period.start == BEGINNING:
        return _("Everything up to %(day)s") % {"day": day(period.end)}
    return f"{day(period.start)} – {day(period.end)}"


def _sums(report: Report, figures: list[Figure]) -> list[tuple[str, str]]:
    """The row of totals: one cell for each column shown; [] where none of the figures is the sum of a column."""
    paise = {figure.column: figure.paise for figure in figures if figure.column is not None}
    shown = [place for place, column in enumerate(report.columns) if column.shown]
    if not paise:
        return []
    return [
        (
            _("Total") if "main" in report.columns[place].shown else amount(paise[place]) if place in paise else "",
            report.columns[place].shown,
        )
        for place in shown
    ]


def _cells(report: Report, row: Row, slug: str) -> dict[str, Any]:
    """The cells that the page shows, formatted, the second line of a phone, and where the row leads."""
    cells = [
        (_cell(column, value), column.shown) for column, value in zip(report.columns, row, strict=True) if column.shown
    ]
    href = ""
    if isinstance(row, Leading):
        kind, public_id = row.page
        href = reverse(f"ledger:{kind}", kwargs={"slug": slug, kind: public_id})
    return {"cells": cells, "under": report.under(row), "href": href}


def _cell(column: Column, value: Any) -> str:
    """Zeros beside the figure that matters are only noise."""
    if value is None:
        return ""
    if value == 0 and column.kind is Kind.PAISE and column.shown != "n":
        return "–"
    return SHOW[column.kind](value) or "—"


def _file(
    request: MerchantRequest, report: Report, names: dict[str, str], form: str, party: Party | None = None
) -> Any:
    """All rows of the report. A wrong period is explained on the page, and so is a file that would be too long."""
    if form not in (("csv", "xlsx", "pdf") if party else ("csv", "xlsx")):
        raise Http404
    period_form = _period_form(request, party)
    if not period_form.is_valid():
        return _page(request, report, names, party)
    period = period_form.chosen()
    name = _file_name(request, report, period, party, form)
    if form == "pdf" and party:
        return _statement_pdf(request, report, names, party, period, name)
    rows = with_total(report.columns, report.rows(request.business, period))
    if form == "csv":
        answer = StreamingHttpResponse(export.csv_chunks(report.columns, rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
    try:
        file = export.xlsx_file(str(report.title), report.columns, rows)
    except export.TooLong:
        return _page(request, report, names, party, too_long=True)
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


def _statement_pdf(
    request: MerchantRequest, report: Report, names: dict[str, str], party: Party, period: Period, name: str
) -> HttpResponse:
    party.business = request.business
    try:
        content = statement_paper.at_once(party, period, party.language, waited=waited(request), is_shop=True)
    except papers.Preparing as preparing:
        back = reverse("ledger:statement", kwargs={"slug": request.business.slug, "party": party.public_id})
        return preparing_page(request, request.business, preparing, back)
    except statement_paper.TooLong:
        return _page(request, report, names, party, too_long=True)
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _file_name(request: MerchantRequest, report: Report, period: Period, party: Party | None, form: str) -> str:
    """ASCII: shop, report, (party,) days."""
    days = f"{period.start}_{period.end}" if report.has_period else str(today())
    whose = (slugify(party.name) or party.public_id) if party else ""
    return "_".join(filter(None, (request.business.slug, report.key, whose, days))) + f".{form}"

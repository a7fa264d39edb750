"""Reports: first rows on the page, all of them as CSV or XLSX."""

from itertools import islice
from typing import Any

from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MerchantRequest, business_page
from accounts.india import today
from accounts.models import Party
from accounts.money import amount, percent, quantity, rupees
from ledger import export
from ledger.forms import PERIODS, REPORT_PERIODS, PeriodForm, ReportPeriodForm
from ledger.listing import chips, day
from ledger.reports import REPORTS, Column, Kind, Report, Row, statement, with_total
from ledger.statements import Period

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
    query = f"?{request.GET.urlencode()}" if report.has_period and request.GET else ""
    files = {kind: _address(request, names, kind) + query for kind in ("csv", "xlsx")}
    context = {
        "section": "reports",
        "report": report,
        "party": party,
        "period_form": form,
        "period": f"{day(period.start)} – {day(period.end)}"
        if report.has_period
        else _("As on %(day)s") % {"day": day(today())},
        "chips": chips(
            request.GET, "period", PERIODS if party else REPORT_PERIODS, "-" if form.current is None else form.current
        ),
        "figures": [
            (figure.label, rupees(figure.paise), figure.strong) for figure in report.figures(request.business, period)
        ],
        "titles": [(column.title, column.shown) for column in report.columns if column.shown],
        "rows": [_cells(report, row) for row in rows[:SHOWN]],
        "has_more": len(rows) > SHOWN,
        "files": files,
        "too_long": too_long,
    }
    return render(request, "ledger/report.html", context, status=422 if too_long else 200)


def _address(request: MerchantRequest, names: dict[str, str], form: str) -> str:
    view = "ledger:statement_file" if "party" in names else "ledger:report_file"
    return reverse(view, kwargs={"slug": request.business.slug, "form": form, **names})


def _cells(report: Report, row: Row) -> dict[str, Any]:
    """The cells that the page shows, formatted, and the second line of a phone."""
    cells = [
        (_cell(column, value), column.shown) for column, value in zip(report.columns, row, strict=True) if column.shown
    ]
    return {"cells": cells, "under": report.under(row)}


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
    if form not in ("csv", "xlsx"):
        raise Http404
    period_form = _period_form(request, party)
    if not period_form.is_valid():
        return _page(request, report, names, party)
    period = period_form.chosen()
    name = _file_name(request, report, period, party, form)
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


def _file_name(request: MerchantRequest, report: Report, period: Period, party: Party | None, form: str) -> str:
    """ASCII: shop, report, (party,) days."""
    days = f"{period.start}_{period.end}" if report.has_period else str(today())
    whose = (slugify(party.name) or party.public_id) if party else ""
    return "_".join(filter(None, (request.business.slug, report.key, whose, days))) + f".{form}"

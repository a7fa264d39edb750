"""The GST helper of a registered buyer: input tax credit by month, and bills that lack their GSTIN."""

import datetime as dt
from typing import Any

from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.india import today
from accounts.money import percent, rupees
from ledger import export, itc
from ledger.models import Invoice
from ledger.reports import with_total
from ledger.statements import Period
from portal.access import PortalRequest, page, party_page
from portal.views.papers import XLSX, count_file, in_language

MONTHS = 18
SHOWN = 100  # rows of a month on the page; the file has all
_WORDS = {
    "taxable_paise": "Taxable value",
    "cgst_paise": "CGST",
    "sgst_paise": "SGST/UTGST",
    "igst_paise": "IGST",
    "cess_paise": "Cess",
}


def _months() -> list[Period]:
    """This month and those before it, newest first."""
    found = [itc.month_of(today())]
    while len(found) < MONTHS:
        found.append(itc.month_of(found[-1].start - dt.timedelta(days=1)))
    return found


def _chosen(request: PortalRequest) -> Period:
    """The month that ?month=2026-11 names; the last whole one for anything else."""
    months = _months()
    return next((month for month in months if f"{month.start:%Y-%m}" == request.GET.get("month")), months[1])


@require_safe
@party_page(money=True)
def gst(request: PortalRequest) -> HttpResponse:
    """A month's credit with its totals, and what lacks the GSTIN; a kind word for those without one."""
    if not request.party.gstin:
        return page(request, "portal/gst.html", "ledger")
    month = _chosen(request)
    rows = itc.rows(request.party, month)
    sums = itc.totals(rows)
    where = {"party": request.party.public_id}
    query = {"month": f"{month.start:%Y-%m}"}
    lacking = list(itc.without_gstin(request.party)[: SHOWN + 1])
    context = {
        "month": _name(month),
        "months": [(f"{one.start:%Y-%m}", _name(one), one == month) for one in _months()],
        "rows": [_row(request, row) for row in rows[:SHOWN]],
        "more": max(0, len(rows) - SHOWN),
        "figures": [(_(_WORDS[name]), rupees(paise)) for name, paise in sums.items() if paise or name != "cess_paise"],
        "credit": rupees(sum(sums[name] for name in itc.TAXES)),
        "lacking": [_lacking(request, invoice) for invoice in lacking[:SHOWN]],
        "many_lacking": len(lacking) > SHOWN,
        "files": [(kind, reverse("portal:gst_file", kwargs=where | {"form": kind}, query=query)) for kind in FORMS],
    }
    return page(request, "portal/gst.html", "ledger", context)


FORMS = ("csv", "xlsx")


def _name(month: Period) -> str:
    return date_format(month.start, "F Y")


def _row(request: PortalRequest, row: tuple[Any, ...]) -> dict[str, Any]:
    sums = row[itc.FIRST_SUM : itc.FIRST_SUM + len(itc.SUMS)]
    return {
        "href": reverse("portal:invoice", kwargs={"party": request.party.public_id, "invoice": row[-1]}),
        "number": row[1],
        "date": date_format(row[0], "DATE_FORMAT"),
        "note": " · ".join(
            filter(None, (row[2], percent(row[10]), row[7], row[8] == _("Yes") and _("reverse charge")))
        ),
        "taxable": rupees(sums[0]),
        "tax": rupees(sum(sums[1:])),
    }


def _lacking(request: PortalRequest, invoice: Invoice) -> dict[str, str]:
    """A bill without the GSTIN, and the way to ask for a correction with the words filled in."""
    words = _("My GSTIN is missing on %(number)s of %(date)s. Please correct the bill: %(gstin)s.") % {
        "number": invoice.number,
        "date": date_format(invoice.issued_on, "DATE_FORMAT"),
        "gstin": request.party.gstin,
    }
    where = {"party": request.party.public_id}
    query = {"invoice": invoice.public_id, "about": "other", "text": words}
    there = invoice.buyer.get("gstin", "")
    tax = sum(getattr(invoice, name) for name in itc.TAXES)
    return {
        "href": reverse("portal:invoice", kwargs=where | {"invoice": invoice.public_id}),
        "ask": reverse("portal:query_new", kwargs=where, query=query),
        "number": invoice.number,
        "tax": rupees(tax),
        "note": " · ".join(
            (
                date_format(invoice.issued_on, "DATE_FORMAT"),
                _("with %(gstin)s") % {"gstin": there} if there else _("without any GSTIN"),
            )
        ),
    }


@require_safe
@party_page(money=True)
def gst_file(request: PortalRequest, form: str) -> Any:
    """The month in force as CSV or XLSX, all rows, with their sums below."""
    if form not in FORMS:
        raise Http404
    if not request.party.gstin:
        return redirect("portal:gst", party=request.party.public_id)
    count_file(str(request.party.pk))
    month = _chosen(request)
    rows = with_total(itc.COLUMNS, [row[:-1] for row in itc.rows(request.party, month)])
    name = f"{request.business.slug}_itc_{month.start:%Y-%m}.{form}"
    if form == "csv":
        pieces = in_language(get_language() or "en", export.csv_chunks(itc.COLUMNS, rows))
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)
    try:
        file = export.xlsx_file("itc", itc.COLUMNS, rows)
    except export.TooLong:  # a CSV file has no end, and Excel opens it
        where = {"party": request.party.public_id, "form": "csv"}
        return redirect(reverse("portal:gst_file", kwargs=where, query={"month": f"{month.start:%Y-%m}"}))
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)

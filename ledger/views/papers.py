"""An invoice as a file, and the answer while a long paper is being made, for every reader."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Business
from ledger import export, papers
from ledger.models import Invoice
from ledger.papers import MAX_WAITS, REFRESH_SECONDS, Preparing
from ledger.reports import lines, with_total

AS_CSV = "csv"


def invoice_answer(request: HttpRequest, invoice: Invoice, back: str, *, opens: bool = False) -> HttpResponse:
    """The PDF, named by the number; with `?lines=csv` its lines. `opens`: in the browser, rather than saved.

    A long one is made while a page asks again; one too long for a PDF is a page that leads to `back` and to the file.
    """
    name = (invoice.number or f"draft-{invoice.public_id}").replace("/", "-")
    if request.GET.get("lines") == AS_CSV:
        pieces = export.csv_chunks(lines.COLUMNS, with_total(lines.COLUMNS, lines.rows(invoice)))
        return _file("".join(pieces).encode(), "text/csv; charset=utf-8", f'attachment; filename="{name}.csv"')
    try:
        content = papers.at_once(invoice, waited=waited(request))
    except Preparing as preparing:
        return preparing_page(request, invoice.business, preparing, back)
    except papers.TooLong as error:
        context = {"business": invoice.business, "lines": error.lines, "back": back, "csv": f"?lines={AS_CSV}"}
        return render(request, "too_long.html", context, status=413)
    return _file(content, "application/pdf", f'{"inline" if opens else "attachment"}; filename="{name}.pdf"')


def _file(content: bytes, kind: str, disposition: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": disposition})


def waited(request: HttpRequest) -> int:
    """How often this reader has asked for this paper before."""
    said = request.GET.get("waited", "")
    return min(int(said), MAX_WAITS) if said.isascii() and said.isdecimal() and len(said) < 4 else 0


def preparing_page(request: HttpRequest, business: Business, preparing: Preparing, back: str) -> HttpResponse:
    """A page that asks again by itself; 202, as it is not there yet."""
    query = request.GET.copy()
    query["waited"] = str(preparing.waited)
    again = f"{request.path}?{query.urlencode()}"
    context = {"business": business, "again": again, "seconds": REFRESH_SECONDS, "back": back}
    return render(request, "preparing.html", context, status=202)

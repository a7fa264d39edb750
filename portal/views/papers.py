"""PDFs and other files as an answer."""

from collections.abc import Iterator
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Party
from ledger import export, papers, receipts, statement_paper
from ledger.models import Invoice, Payment
from ledger.reports import statement, with_total
from ledger.statements import Period
from ledger.views.papers import preparing_page, waited

KINDS = ("pdf", "csv", "xlsx")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TooLong(Exception):
    """More rows than a file of this kind holds; a CSV file has no end."""


def too_long_words() -> str:
    return _(
        "These days hold too much for one file of that kind. Choose fewer days, or take the CSV file: it has no end, "
        "and Excel opens it."
    )


def pdf_response(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """The invoice as a file named by its number; a page in plain words when it is too long for one."""
    try:
        content = papers.of_invoice(invoice)
    except papers.TooLong as error:
        return render(request, "portal/too_long.html", {"business": invoice.business, "error": error}, status=413)
    name = f"{invoice.number.replace('/', '-')}.pdf"
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def receipt_response(payment: Payment) -> HttpResponse:
    """The receipt in the reader's language, as a file named by its number."""
    content = receipts.pdf_of(payment, translation.get_language() or "en")
    return _attached(content, "application/pdf", f"{receipts.name_of(payment)}.pdf")


def statement_response(request: HttpRequest, party: Party, period: Period, form: str, back: str) -> Any:
    """The statement in the reader's language; `party` with its business, `form` one of KINDS. Raises TooLong.

    A long PDF is answered with a page that asks again; `back` leads away from it.
    """
    language, name = translation.get_language() or "en", f"{statement_paper.name_of(party, period)}.{form}"
    rows = with_total(statement.COLUMNS, statement.rows(party, period))
    if form == "csv":
        pieces = export.csv_chunks(statement.COLUMNS, rows)
        return _attached(in_language(language, pieces), "text/csv; charset=utf-8", name)
    try:
        if form == "pdf":
            content = statement_paper.at_once(party, period, language, waited=waited(request))
            return _attached(content, "application/pdf", name)
        file = export.xlsx_file("statement", statement.COLUMNS, rows)
    except (statement_paper.TooLong, export.TooLong) as error:
        raise TooLong from error
    except statement_paper.Preparing as preparing:
        return preparing_page(request, party.business, preparing, back)
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


def _attached(content: bytes | Iterator[str], kind: str, name: str) -> Any:
    answer = HttpResponse if isinstance(content, bytes) else StreamingHttpResponse
    return answer(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def in_language(language: str, pieces: Iterator[str]) -> Iterator[str]:
    """The pieces are made after the view has answered, when its language is no longer in force."""
    while True:
        with translation.override(language):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece

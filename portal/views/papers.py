"""PDFs and other files as an answer."""

from collections.abc import Iterator
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import limits
from accounts.models import Party
from ledger import export, papers, receipts, statement_paper
from ledger.models import Payment
from ledger.reports import statement, with_total
from ledger.statements import Period
from ledger.views.papers import preparing_page, waited

KINDS = ("pdf", "csv", "xlsx")
HOUR, MOST_FILES_AN_HOUR = 60 * 60, 120  # whoever waits for a long one asks thirty times
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TooLong(Exception):
    """More rows than a file of this kind holds; a CSV file has no end."""


def too_long_words() -> str:
    return _(
        "These days hold too much for one file of that kind. Choose fewer days, or take the CSV file: it has no end, "
        "and Excel opens it."
    )


def receipt_response(payment: Payment) -> HttpResponse:
    """The receipt in the reader's language, as a file named by its number."""
    content = receipts.pdf_of(payment, translation.get_language() or "en")
    return _attached(content, "application/pdf", f"{receipts.name_of(payment)}.pdf")


def count_file(asker: str) -> None:
    """One more file that is read out of the book anew; `asker` is a link, or a party with all its people. Raises
    limits.LimitReached."""
    limits.hit_by_looking("files", asker, most=MOST_FILES_AN_HOUR, seconds=HOUR)


def statement_response(request: HttpRequest, party: Party, period: Period, form: str, back: str, *, asker: str) -> Any:
    """The statement in the reader's language; `party` with its business, `form` one of KINDS. Raises TooLong.

    A long PDF is answered with a page that asks again; `back` leads away from it.
    """
    count_file(asker)
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
    except papers.Preparing as preparing:
        return preparing_page(request, party.business, preparing, back)
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


def _attached(content: bytes | Iterator[str], kind: str, name: str) -> Any:
    answer = HttpResponse if isinstance(content, bytes) else StreamingHttpResponse
    return answer(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def in_language[Piece: (str, bytes)](language: str, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces are made after the view has answered, when its language is no longer in force."""
    while True:
        with translation.override(language):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece

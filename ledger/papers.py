"""The papers there are: what goes into each PDF."""

from django.utils import translation

from ledger import paper, pdf
from ledger.models import Invoice

# A line costs about 12 ms: so many are the most that somebody waits for.
MAX_LINES = 1000


class TooLong(Exception):
    """More lines than fit a PDF made while somebody waits."""

    def __init__(self, lines: int) -> None:
        super().__init__(f"{lines} lines")
        self.lines = lines
        self.most = MAX_LINES


def of_invoice(invoice: Invoice, language: str = "en") -> bytes:
    """The PDF of an issued or cancelled invoice, read with business, party and open item. Raises TooLong."""
    with translation.override(language):
        context = paper.context_of(invoice)
        if len(context["lines"]) > MAX_LINES:
            raise TooLong(len(context["lines"]))
        standing = paper.standing_of(invoice)
        pay = paper.ways_to_pay(invoice.business, standing.due_paise, number=invoice.number)
    return pdf.write("invoice", context | {"standing": standing, "pay": pay}, language)

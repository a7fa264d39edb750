"""The statement of one party for any period: opening balance, every entry with the balance after it, closing."""

from collections.abc import Iterator
from itertools import chain

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import paging
from accounts.india import show_date
from accounts.models import Party
from accounts.money import MINUS, amount
from ledger import statements
from ledger.models import Entry, Payment
from ledger.reports.table import Column, Figure, Kind, Report, Row, leading
from ledger.statements import BEGINNING, Period

ENTRY = (
    "kind",
    "debit_paise",
    "credit_paise",
    "invoice__number",
    "invoice__reference",
    "payment__number",
    "payment__mode",
    "payment__reference",
    "adjustment__number",
    "adjustment__reason",
    "invoice__public_id",
    "payment__public_id",
    "adjustment__public_id",
)
PAGES = ("invoice", "payment", "adjustment")  # in the order of the ids at the end of ENTRY
COLUMNS = (
    Column(gettext_lazy("Date"), Kind.DATE, "wide"),
    Column(gettext_lazy("Entry"), shown="main"),
    Column(gettext_lazy("Number"), shown="wide"),
    Column(gettext_lazy("Details")),
    Column(gettext_lazy("Debit"), Kind.PAISE, "wide n"),
    Column(gettext_lazy("Credit"), Kind.PAISE, "wide n"),
    Column(gettext_lazy("Balance"), Kind.PAISE, "n"),
)


def rows(party: Party, period: Period) -> Iterator[Row]:
    """Balances are debit - credit: positive, the party owes. Two queries for the opening, one for each batch."""
    (running,) = statements.balances_before(party, period.start)
    entries = Entry.objects.filter(
        business_id=party.business_id, party=party, dated_on__gte=period.start, dated_on__lte=period.end
    )
    found = paging.stream(entries, ("dated_on", "id"), ENTRY)
    first = next(found, None)
    # Without a beginning the account opens on the day of its first entry.
    opened_on = first[0] if first and period.start == BEGINNING else period.start
    yield opened_on, _("Opening balance"), "", "", None, None, running
    for day, _pk, kind, debit, credit, *source in chain([first] if first else [], found):
        running += debit - credit
        number, details = _named(*source[:-3])
        row = (day, str(Entry.Kind(kind).label), number, details, debit or None, credit or None, running)
        page = next(filter(lambda page: page[1], zip(PAGES, source[-3:], strict=True)), None)
        yield leading(row, *page) if page else row
    yield period.end, _("Closing balance"), "", "", None, None, running


def _named(
    invoice: str | None,
    invoice_reference: str | None,
    payment: str | None,
    mode: str | None,
    payment_reference: str | None,
    adjustment: str | None,
    reason: str | None,
) -> tuple[str, str]:
    if invoice:
        return invoice, invoice_reference or ""
    if payment:
        words = str(Payment.Mode(mode).label) if mode else ""
        return payment, " ".join(filter(None, (words, payment_reference)))
    return adjustment or "", reason or ""


def _under(row: Row) -> str:
    change = f"+{amount(row[4])}" if row[4] else f"{MINUS}{amount(row[5])}" if row[5] else ""
    return " · ".join(filter(None, (row[2], show_date(row[0]), change)))


def of(party: Party) -> Report:
    """The statement of this party as a report like the others."""

    def figures(_business: object, period: Period) -> list[Figure]:
        opening, closing = statements.balances_before(party, period.start, period.day_after)
        return [Figure(_("Opening balance"), opening), Figure(_("Closing balance"), closing, strong=True)]

    return Report(
        key="statement",
        title=gettext_lazy("Party statement"),
        about=gettext_lazy("Everything billed and paid, with the balance after each entry."),
        empty="",
        columns=COLUMNS,
        rows=lambda _business, period: rows(party, period),
        figures=figures,
        under=_under,
    )

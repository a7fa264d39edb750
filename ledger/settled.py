"""What settled an invoice: money, credit notes, TDS, write-offs; said as it was, for "paid" is more than settled."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.money import rupees
from ledger.models import Adjustment, Allocation, Invoice, Payment

# What is told of a settling paper -> where it stands, seen from the allocation.
_COLUMNS = {
    "allocation": "pk",
    "paise": "amount_paise",
    "dated_on": "credit__dated_on",
    "mode": "credit__payment__mode",
    "reference": "credit__payment__reference",
    "payment_number": "credit__payment__number",
    "note_number": "credit__invoice__number",
    "adjustment": "credit__adjustment__kind",
    "adjustment_number": "credit__adjustment__number",
}
_FROM_LINK = "invoice__open_item__settled_by__"


@dataclass(frozen=True, slots=True)
class Part:
    """One paper that settled so much of an invoice. `kind`: "payment", "credit_note" or an Adjustment.Kind.

    `number` and `reference` name other papers of the party: a public page leaves them out.
    """

    kind: str
    paise: int
    dated_on: dt.date
    mode: str
    reference: str
    number: str

    @property
    def title(self) -> str:
        if self.kind == "payment":
            return str(Payment.Mode(self.mode).label)
        return str(Adjustment.Kind(self.kind).label if self.kind in Adjustment.Kind else Invoice.Kind(self.kind).label)

    @property
    def amount(self) -> str:
        return rupees(self.paise)

    @property
    def day(self) -> str:
        return date_format(self.dated_on, "DATE_FORMAT")


def parts_of(invoice: Invoice) -> list[Part]:
    """What has settled this invoice, oldest first: one query, none while nothing has."""
    if invoice.kind != Invoice.Kind.INVOICE or invoice.status != Invoice.Status.ISSUED:
        return []
    if not invoice.open_item.settled_paise:
        return []
    allocations = Allocation.objects.filter(business_id=invoice.business_id, debit=invoice.open_item)
    return _parts(allocations.values(**{f"settled_{name}": F(path) for name, path in _COLUMNS.items()}))


def of_read(allocations: Iterable[Allocation]) -> list[Part]:
    """The parts of one invoice in allocations that were read with the documents of their credits; no query."""
    documents = [(row, row.credit.document) for row in allocations]
    return [
        Part(
            kind="payment" if isinstance(document, Payment) else str(document.kind),
            paise=row.amount_paise,
            dated_on=row.credit.dated_on,
            mode=document.mode if isinstance(document, Payment) else "",
            reference=document.reference if isinstance(document, Payment) else "",
            number=document.number,
        )
        for row, document in documents
    ]


def joined(links: QuerySet[Any]) -> QuerySet[Any]:
    """Share links with what settled their invoice in the same read: one row for each paper that did (or one row)."""
    return links.annotate(**{f"settled_{name}": F(f"{_FROM_LINK}{path}") for name, path in _COLUMNS.items()})


def joined_parts(rows: Sequence[Any]) -> list[Part]:
    """The parts in the rows that `joined` gave for one link."""
    return _parts(vars(row) for row in rows if row.settled_allocation)


def newest(rows: Sequence[Any]) -> int:
    """The id of the newest allocation among the rows that `joined` gave; 0 when nothing has settled it."""
    return max(row.settled_allocation or 0 for row in rows)


def _parts(rows: Iterable[Any]) -> list[Part]:
    ordered = sorted(rows, key=lambda row: (row["settled_dated_on"], row["settled_allocation"]))
    return [_part(**{name: row[f"settled_{name}"] for name in _COLUMNS if name != "allocation"}) for row in ordered]


def _part(
    *,
    paise: int,
    dated_on: dt.date,
    mode: str | None,
    reference: str | None,
    payment_number: str | None,
    note_number: str | None,
    adjustment: str | None,
    adjustment_number: str | None,
) -> Part:
    kind = "payment" if mode else adjustment or Invoice.Kind.CREDIT_NOTE
    number = payment_number or note_number or adjustment_number or ""
    return Part(str(kind), paise, dated_on, mode or "", reference or "", number)


def marked(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Invoices that know whether anything but money settled them (`settled_otherwise`: an id, or None); no query more.

    The id of one such allocation and no EXISTS: of that PostgreSQL makes a hash of all allocations there are, of every
    shop, to show twenty rows.
    """
    otherwise = Allocation.objects.filter(debit=OuterRef("open_item"), credit__payment=None)
    return invoices.annotate(settled_otherwise=Subquery(otherwise.order_by().values("pk")[:1]))


def by_money_alone(invoice: Invoice, parts: Sequence[Part] | None = None) -> bool:
    """Whether "Paid" is true of an invoice on which nothing is due: asked of its parts, else of `marked`."""
    if not invoice.total_paise:
        return False
    if parts is not None:
        return all(part.kind == "payment" for part in parts)
    return not getattr(invoice, "settled_otherwise", True)


def in_words(parts: Sequence[Part]) -> str:
    """How much was settled how: "₹900.00 paid, ₹100.00 TDS"."""
    words = {
        "payment": _("%(amount)s paid"),
        "credit_note": _("%(amount)s credited"),
        "write_off": _("%(amount)s written off"),
        "tds": _("%(amount)s TDS"),
        "opening": _("%(amount)s from the opening balance"),
        "adjustment": _("%(amount)s corrected"),
    }
    sums = dict.fromkeys(words, 0)
    for part in parts:
        sums[part.kind] += part.paise
    return ", ".join(words[kind] % {"amount": rupees(paise)} for kind, paise in sums.items() if paise)

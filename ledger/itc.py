"""Input tax credit: what a registered buyer may claim of a shop's bills, by month, as GSTR-2B lists it.

A document carries it when it is a tax invoice (or a credit or debit note for one) of a registered supplier who is not
under composition, bears the buyer's GSTIN, and has tax or is under reverse charge (CGST Act sections 16(2)(aa), 9(3),
10(4); Rule 36). Rows are by document and rate; credit notes are negative. One that was cancelled on its own date counts
nothing; one cancelled later is taken back on that day, as in the sales register. Amounts are paise. An accountant should
check this before real use: whether credit is blocked (section 17(5)), or late (16(4)), no bill says.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import states
from accounts.india import fy_start, today
from accounts.models import Party
from ledger.gst import DocumentLabel
from ledger.models import Invoice, InvoiceLine
from ledger.reports import Column, Kind, Row
from ledger.reports.sales import counts
from ledger.statements import Period

TAXES = ("cgst_paise", "sgst_paise", "igst_paise", "cess_paise")
SUMS = ("taxable_paise", *TAXES)
_FACTS = ("number", "kind", "original__number", "place_of_supply", "reverse_charge", "total_paise", "public_id")

COLUMNS = (
    Column(gettext_lazy("Date"), Kind.DATE),
    Column(gettext_lazy("Number")),
    Column(gettext_lazy("Document")),
    Column(gettext_lazy("For invoice")),
    Column(gettext_lazy("GSTIN of supplier")),
    Column(gettext_lazy("Supplier")),
    Column(gettext_lazy("My GSTIN")),
    Column(gettext_lazy("Place of supply")),
    Column(gettext_lazy("Reverse charge")),
    Column(gettext_lazy("Document total"), Kind.PAISE),
    Column(gettext_lazy("GST rate"), Kind.RATE),
    Column(gettext_lazy("Taxable value"), Kind.PAISE, is_summed=True),
    Column(gettext_lazy("CGST"), Kind.PAISE, is_summed=True),
    Column(gettext_lazy("SGST/UTGST"), Kind.PAISE, is_summed=True),
    Column(gettext_lazy("IGST"), Kind.PAISE, is_summed=True),
    Column(gettext_lazy("Cess"), Kind.PAISE, is_summed=True),
)
FIRST_SUM = 11  # the place of the taxable value


def month_of(day: dt.date) -> Period:
    """The calendar month around a day."""
    first = day.replace(day=1)
    after = (first + dt.timedelta(days=31)).replace(day=1)
    return Period(first, after - dt.timedelta(days=1))


def _lines(party: Party) -> QuerySet[InvoiceLine]:
    """The lines that carry credit on documents with the party's GSTIN."""
    taxed = Q(cgst_paise__gt=0) | Q(sgst_paise__gt=0) | Q(igst_paise__gt=0) | Q(cess_paise__gt=0)
    found = InvoiceLine.objects.filter(
        taxed | Q(invoice__reverse_charge=True),
        business_id=party.business_id,
        invoice__business_id=party.business_id,
        invoice__party=party,
        invoice__buyer__gstin=party.gstin,
        in_taxable_value=True,
    )
    found = found.exclude(invoice__seller__gstin="").exclude(invoice__seller__scheme="composition")
    return found.exclude(invoice__label=DocumentLabel.BILL_OF_SUPPLY.value)


def rows(party: Party, period: Period) -> list[Row]:
    """By date and document, each rate a row; the last place of a row (beyond COLUMNS) is the document's public id.

    Two queries; for a party with a GSTIN.
    """
    issued = _lines(party).filter(
        counts("invoice__"), invoice__issued_on__gte=period.start, invoice__issued_on__lte=period.end
    )
    back = _lines(party).filter(
        invoice__cancelled_on__gte=period.start,
        invoice__cancelled_on__lte=period.end,
        invoice__cancelled_on__gt=F("invoice__issued_on"),
    )
    found = [*_summed(party, issued, "issued_on", 1), *_summed(party, back, "cancelled_on", -1)]
    return [row for _order, row in sorted(found, key=lambda one: one[0])]


def _summed(party: Party, lines: QuerySet[InvoiceLine], day: str, turn: int) -> Iterator[tuple[Any, Row]]:
    names = [f"invoice__{name}" for name in _FACTS]
    groups = (
        lines.order_by()
        .annotate(
            supplier=KeyTextTransform("gstin", "invoice__seller"),
            supplier_name=KeyTextTransform("name", "invoice__seller"),
        )
        .values_list(f"invoice__{day}", "invoice_id", "gst_rate_bp", "supplier", "supplier_name", *names)
        .annotate(**{f"sum_{name}": Sum(name) for name in SUMS})
    )
    for on, pk, rate, supplier, supplier_name, *rest in groups:
        number, kind, original, place, reverse, total, public_id = rest[: len(_FACTS)]
        sign = -turn if kind == Invoice.Kind.CREDIT_NOTE else turn
        amounts = [sign * paise for paise in rest[len(_FACTS) :]]
        words = str(Invoice.Kind(kind).label)
        yes = _("Yes") if reverse else _("No")
        yield (
            (on, turn < 0, pk, rate),
            (
                on,
                number,
                words if turn > 0 else f"{words}, {_('cancelled')}",
                original or "",
                supplier,
                supplier_name,
                party.gstin,
                states.coded(place),
                yes,
                sign * total,
                rate,
                *amounts,
                public_id,
            ),
        )


def totals(found: list[Row]) -> dict[str, int]:
    """The sums of rows, by field."""
    return {name: sum(row[FIRST_SUM + place] for row in found) for place, name in enumerate(SUMS)}


def without_gstin(party: Party) -> QuerySet[Invoice]:
    """Bills with tax, of this and the last financial year, that do not bear the party's GSTIN; newest first."""
    since = fy_start(fy_start(today()) - dt.timedelta(days=1))
    taxed = Q(cgst_paise__gt=0) | Q(sgst_paise__gt=0) | Q(igst_paise__gt=0) | Q(cess_paise__gt=0)
    found = Invoice.objects.filter(
        taxed,
        business_id=party.business_id,
        party=party,
        kind=Invoice.Kind.INVOICE,
        status=Invoice.Status.ISSUED,
        issued_on__gte=since,
    )
    return found.exclude(buyer__gstin=party.gstin).exclude(seller__gstin="").order_by("-issued_on", "-pk")

"""The HSN summary of a period: invoices less credit notes, by code, unit and rate; cancelled ones as in the register.

A credit note that makes goods cheaper lowers their value and takes back no quantity.
"""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Sum, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Business
from accounts.money import percent, quantity
from ledger.models import Invoice, InvoiceLine
from ledger.reports import sales
from ledger.reports.table import Column, Figure, Kind, Report, Row
from ledger.statements import Period

AMOUNTS = ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise", "cess_paise")
_CHEAPER = Q(is_charge=True, original_line__is_charge=False)


def _lines(business: Business) -> QuerySet[InvoiceLine]:
    return InvoiceLine.objects.filter(business=business, invoice__business=business, in_taxable_value=True)


def rows(business: Business, period: Period) -> Iterator[Row]:
    """Two queries for any period; as many rows as there are codes, units and rates."""
    issued = _lines(business).filter(
        sales.counts("invoice__"),
        invoice__status__in=sales.ISSUED,
        invoice__issued_on__gte=period.start,
        invoice__issued_on__lte=period.end,
    )
    back = _lines(business).filter(invoice__in=sales.taken_back(business, period).values("pk"))
    found: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0] * (1 + len(AMOUNTS)))
    for lines, sign in ((issued, 1), (back, -1)):
        for hsn, unit, rate, kind, milli, *amounts in _grouped(lines):
            turn = sign if kind == Invoice.Kind.INVOICE else -sign
            sums = found[hsn, unit, rate]
            for place, value in enumerate((milli, *amounts)):
                sums[place] += turn * value
    for (hsn, unit, rate), (milli, *amounts) in sorted(found.items()):
        if milli or any(amounts):
            yield hsn, unit, rate, milli, *amounts, sum(amounts)


def _grouped(lines: QuerySet[InvoiceLine]) -> QuerySet:
    return (
        lines.annotate(
            own_unit=Case(When(_CHEAPER, then=F("original_line__unit")), default=F("unit")),
            own_milli=Case(
                When(is_charge=True, then=Value(0)), default=F("quantity_milli"), output_field=BigIntegerField()
            ),
        )
        .order_by()
        .values_list("hsn", "own_unit", "gst_rate_bp", "invoice__kind")
        .annotate(Sum("own_milli"), *(Sum(name) for name in AMOUNTS))
    )


def figures(business: Business, period: Period) -> list[Figure]:
    sums = [sum(column) for column in zip(*((row[4:]) for row in rows(business, period)), strict=True)] or [0] * 6
    return [
        Figure(_("Taxable value"), sums[0], column=4),
        Figure(_("CGST"), sums[1], column=5),
        Figure(_("SGST/UTGST"), sums[2], column=6),
        Figure(_("IGST"), sums[3], column=7),
        *([Figure(_("Cess"), sums[4])] if sums[4] else []),
        Figure(_("Value with tax"), sums[5], strong=True, column=9),
    ]


def _under(row: Row) -> str:
    return f"{quantity(row[3])} {row[1]} · {percent(row[2])}"


REPORT = Report(
    key="hsn",
    title=gettext_lazy("HSN summary"),
    about=gettext_lazy("What was sold by HSN or SAC code, unit and rate, less what came back."),
    empty=gettext_lazy("Nothing was sold in these days."),
    columns=(
        Column(gettext_lazy("HSN/SAC"), shown="main"),
        Column(gettext_lazy("Unit"), shown="wide"),
        Column(gettext_lazy("Rate, %"), Kind.RATE, "wide n"),
        Column(gettext_lazy("Quantity"), Kind.MILLI, "wide n"),
        Column(gettext_lazy("Taxable value"), Kind.PAISE, "n", is_summed=True),
        Column(gettext_lazy("CGST"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("SGST/UTGST"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("IGST"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("Cess"), Kind.PAISE, is_summed=True),
        Column(gettext_lazy("Value with tax"), Kind.PAISE, "wide n", is_summed=True),
    ),
    rows=rows,
    figures=figures,
    under=_under,
)

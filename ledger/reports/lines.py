"""The lines of one invoice or credit note as a table, for a file: what a PDF is too short for."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from ledger.models import Invoice
from ledger.reports.table import Column, Kind, Row

COLUMNS = (
    Column("#", Kind.COUNT),
    Column(gettext_lazy("Description")),
    Column(gettext_lazy("HSN/SAC")),
    Column(gettext_lazy("Quantity"), Kind.MILLI),
    Column(gettext_lazy("Unit")),
    Column(gettext_lazy("Discount"), Kind.PAISE),
    Column(gettext_lazy("Taxable value"), Kind.PAISE, is_summed=True),
    Column(gettext_lazy("GST rate"), Kind.RATE),
    Column(gettext_lazy("CGST"), Kind.PAISE, is_summed=True),
    Column(gettext_lazy("SGST"), Kind.PAISE, is_summed=True),
    Column(gettext_lazy("IGST"), Kind.PAISE, is_summed=True),
    Column(gettext_lazy("Cess"), Kind.PAISE, is_summed=True),
    Column(gettext_lazy("Amount"), Kind.PAISE, is_summed=True),
)


def rows(invoice: Invoice) -> Iterator[Row]:
    """In the order of the paper; one query."""
    for line in invoice.lines.order_by("position").iterator():
        yield (
            line.position,
            line.description,
            line.hsn,
            None if line.is_charge else line.quantity_milli,
            "" if line.is_charge else line.unit,
            line.discount_paise,
            line.taxable_paise or line.untaxed_paise,
            line.gst_rate_bp,
            line.cgst_paise,
            line.sgst_paise,
            line.igst_paise,
            line.cess_paise,
            line.total_paise,
        )

"""Tables for the accountant: as a page, and as CSV or XLSX by `ledger.export`."""

from ledger.reports import hsn, promised, receivables, sales
from ledger.reports.table import Column, Figure, Kind, Leading, Report, Row, with_total

REPORTS: dict[str, Report] = {
    report.key: report
    for report in (
        sales.REPORT,
        hsn.REPORT,
        receivables.AGEING,
        receivables.OUTSTANDING,
        promised.PROMISED,
        promised.CONFIRMED,
    )
}

__all__ = ["REPORTS", "Column", "Figure", "Kind", "Leading", "Report", "Row", "with_total"]

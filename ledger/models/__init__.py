"""HOW MUCH: documents, the book, share links."""

from ledger.models.book import Allocation, DayTotal, Entry, MonthTotal, OpenItem, PartyBalance
from ledger.models.documents import Invoice, InvoiceLine, Payment, Series
from ledger.models.sharing import LinkOpen, ShareLink

__all__ = [
    "Allocation",
    "DayTotal",
    "Entry",
    "Invoice",
    "InvoiceLine",
    "LinkOpen",
    "MonthTotal",
    "OpenItem",
    "PartyBalance",
    "Payment",
    "Series",
    "ShareLink",
]

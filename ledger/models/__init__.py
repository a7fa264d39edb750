"""HOW MUCH: documents, the book, share links."""

from ledger.models.book import Allocation, DayTotal, Entry, MonthTotal, OpenItem, PartyBalance
from ledger.models.claims import PaymentClaim
from ledger.models.comparisons import Comparison
from ledger.models.confirmations import BalanceConfirmation, ConfirmationRequest
from ledger.models.invoices import Invoice, InvoiceLine
from ledger.models.papers import Paper
from ledger.models.payments import Adjustment, Payment
from ledger.models.promises import Promise
from ledger.models.queries import Query, QueryMessage
from ledger.models.reminders import Batch, PartyReminders, Reminder, ReminderRule, ReminderSettings
from ledger.models.series import Series
from ledger.models.sharing import LinkOpen, LinkPreview, ShareLink

__all__ = [
    "Adjustment",
    "Allocation",
    "BalanceConfirmation",
    "Batch",
    "Comparison",
    "ConfirmationRequest",
    "DayTotal",
    "Entry",
    "Invoice",
    "InvoiceLine",
    "LinkOpen",
    "LinkPreview",
    "MonthTotal",
    "OpenItem",
    "Paper",
    "PartyBalance",
    "PartyReminders",
    "Payment",
    "PaymentClaim",
    "Promise",
    "Query",
    "QueryMessage",
    "Reminder",
    "ReminderRule",
    "ReminderSettings",
    "Series",
    "ShareLink",
]

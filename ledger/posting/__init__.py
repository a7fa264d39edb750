"""The only writer of entries, open items, allocations and totals: no other package writes those tables.

Every public function: guard, atomic, lock the party, then invoices by id, then the series row, re-read, check, write.
Effects on the outside (messages) are the caller's, through the outbox. All amounts are paise.
"""

from ledger.posting.adjustments import cancel_adjustment, record_adjustment
from ledger.posting.batch import Prepared, post_batch
from ledger.posting.book import PostingRefused
from ledger.posting.documents import cancel_invoice, issue
from ledger.posting.payments import cancel_payment, record_payment
from ledger.posting.settling import (
    Share,
    allocate_payment,
    make_room,
    oldest_debits,
    oldest_first,
    open_debits,
    reallocate,
)

__all__ = [
    "PostingRefused",
    "Prepared",
    "Share",
    "allocate_payment",
    "cancel_adjustment",
    "cancel_invoice",
    "cancel_payment",
    "issue",
    "make_room",
    "oldest_debits",
    "oldest_first",
    "open_debits",
    "post_batch",
    "reallocate",
    "record_adjustment",
    "record_payment",
]

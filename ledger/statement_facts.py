"""What a statement says, in one canonical form, and its hash: the same on paper, behind a link and when it is checked.

Nothing of a statement is frozen. Its paper carries these facts itself, signed (ledger.verifying), and whoever checks it
is told whether the book still says the same. Language, names and look are no part of them. Amounts are paise.
"""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import Party
from ledger import statements
from ledger.models import Entry
from ledger.statements import Period

FORMAT = 1  # of the canonical form; a change of it is a new number
MAX_ROWS = 5_000  # more than that has no paper
_NAMES = ("dated_on", "invoice__number", "payment__number", "adjustment__number", "debit_paise", "credit_paise")

# A row: (date, number of its document, debit, credit).
Row = tuple[dt.date, str, int, int]


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """One statement as it was made: `hash` is SHA-256 (32 bytes) or what a paper keeps of it."""

    party_id: str
    period: Period
    made_on: dt.date
    closing_paise: int
    hash: bytes


def hash_of(party: Party, period: Period, opening_paise: int, rows: Iterable[Row], closing_paise: int) -> bytes:
    """SHA-256 of the canonical facts: JSON in UTF-8 without spaces."""
    facts = [
        FORMAT,
        party.public_id,
        f"{period.start:%Y-%m-%d}",
        f"{period.end:%Y-%m-%d}",
        opening_paise,
        [[f"{day:%Y-%m-%d}", number, debit, credit] for day, number, debit, credit in rows],
        closing_paise,
    ]
    return hashlib.sha256(json.dumps(facts, separators=(",", ":"), ensure_ascii=False).encode()).digest()


def still_says(party: Party, facts: StatementFacts) -> bool:
    """Whether the book says of these days today what the paper says: three queries, two when the balance tells already."""
    period = facts.period
    opening, closing = statements.balances_before(party, period.start, period.day_after)
    if closing != facts.closing_paise:
        return False
    entries = Entry.objects.filter(
        business_id=party.business_id, party=party, dated_on__gte=period.start, dated_on__lte=period.end
    )
    found = entries.order_by("dated_on", "id").values_list(*_NAMES)[: MAX_ROWS + 1]
    rows = [(day, bill or payment or other or "", debit, credit) for day, bill, payment, other, debit, credit in found]
    now = hash_of(party, period, opening, rows, closing)
    return hmac.compare_digest(now[: len(facts.hash)], facts.hash)

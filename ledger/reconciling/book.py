"""The shop's side of a comparison: the entries of a party for the days of the customer's file."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Party
from ledger import statements
from ledger.models import Entry
from ledger.reconciling.kinds import Ours
from ledger.reconciling.matching import NEAR_DAYS
from ledger.statements import Period

MOST_ENTRIES = 40_000
_FIELDS = (
    "id", "kind", "dated_on", "debit_paise", "credit_paise", "reverses_id",
    "invoice__public_id", "invoice__number", "invoice__reference",
    "invoice__cgst_paise", "invoice__sgst_paise", "invoice__igst_paise", "invoice__cess_paise",
    "payment__public_id", "payment__number", "payment__reference",
    "adjustment__public_id", "adjustment__number", "adjustment__payment__public_id",
)  # fmt: skip


class TooMany(Exception):
    """More entries in these days than are compared at once; the message is for people."""


@dataclass(frozen=True, slots=True)
class Side:
    """`opening_paise` before the first day; `rows` with those near the days; what was issued and taken back."""

    opening_paise: int
    closing_paise: int
    rows: list[Ours]
    cancelled: list[Ours]


def side_of(party: Party, period: Period) -> Side:
    """Three queries. An entry and its reversal are left out together, where both stand in these days. Raises TooMany."""
    opening, closing = statements.balances_before(party, period.start, period.day_after)
    margin = dt.timedelta(days=NEAR_DAYS)
    found = list(
        Entry.objects.filter(
            business_id=party.business_id,
            party=party,
            dated_on__gte=period.start - margin,
            dated_on__lte=period.end + margin,
        )
        .order_by("dated_on", "id")
        .values_list(*_FIELDS)[: MOST_ENTRIES + 1]
    )
    if len(found) > MOST_ENTRIES:
        raise TooMany(_("The shop's book has too many rows in these days. Upload fewer months."))
    inside = {row[0]: period.start <= row[2] <= period.end for row in found}
    taken_back = {row[5] for row in found if row[5] in inside and inside[row[5]] == inside[row[0]]}
    rows, cancelled = [], []
    for pk, kind, on, debit, credit, reverses, *source in found:
        one = _ours(kind, on, debit - credit, source, inside[pk], is_reversal=reverses is not None)
        if pk in taken_back:
            cancelled.append(one)
        elif reverses not in taken_back:
            rows.append(one)
    return Side(opening, closing, rows, cancelled)


def _ours(kind: str, on: dt.date, paise: int, source: list, in_period: bool, *, is_reversal: bool) -> Ours:
    bill, number, reference, cgst, sgst, igst, cess, payment, receipt, utr, other, other_number, tds_of = source
    key = f"invoice:{bill}" if bill else f"payment:{payment}" if payment else f"adjustment:{other}"
    return Ours(
        key=f"{key}:reversal" if is_reversal else key,
        what=kind,
        number=number or receipt or other_number or "",
        reference=reference or utr or "",
        on=on,
        paise=paise,
        taxes=(cgst, sgst, igst, cess) if bill else (),
        in_period=in_period,
        group=payment or tds_of or "",
    )

"""Document numbers: consecutive, without gaps, at most 16 characters (CGST Rule 46(b)).

A number is taken from the locked series row in the transaction that issues the document: if that rolls back, so
does the number. Pattern `<prefix>/<26-27>/<00001>`, prefix of one to four capital letters or digits.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.india import financial_year
from accounts.models import Business
from ledger.models import Series

MAX_LENGTH = 16
DIGITS = 5
ALLOWED = re.compile(r"[A-Za-z0-9/-]+")
DEFAULT_PREFIX = {
    Series.Kind.CREDIT_NOTE: "CN",
    Series.Kind.RECEIPT: "RCT",
    Series.Kind.PAYOUT: "PAY",
}


class SeriesFull(Exception):
    """The next number would not fit; nothing was taken. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One number of a series."""

    series: Series
    sequence: int
    number: str


def format_number(prefix: str, year: str, sequence: int) -> str:
    """`year` is the financial year "2026-27". Raises SeriesFull when the number would break the pattern."""
    number = f"{prefix}/{year[2:]}/{sequence:0{DIGITS}d}"
    if sequence >= 10**DIGITS or len(number) > MAX_LENGTH:
        raise SeriesFull(
            _("The series %(prefix)s of %(year)s is full. Choose another prefix in Settings to go on.")
            % {"prefix": prefix, "year": year}
        )
    if not ALLOWED.fullmatch(number):
        raise ValueError(f"number {number!r} has a character that Rule 46 does not allow")
    return number


def prefix_for(business: Business, kind: str) -> str:
    return business.invoice_prefix if kind == Series.Kind.INVOICE else DEFAULT_PREFIX[Series.Kind(kind)]


def take(business: Business, kind: str, on: dt.date, count: int = 1) -> list[Taken]:
    """The next `count` numbers of the series for the financial year of `on`; locks the series row until commit."""
    assert transaction.get_connection().in_atomic_block, "numbers belong to the transaction that issues"
    year, prefix = financial_year(on), prefix_for(business, kind)
    key: dict[str, Any] = {"business": business, "kind": kind, "financial_year": year, "prefix": prefix}
    Series.objects.get_or_create(**key)
    series = Series.objects.select_for_update().get(**key)
    first = series.next_number
    taken = [Taken(series, n, format_number(prefix, year, n)) for n in range(first, first + count)]
    series.next_number = first + count
    series.save(update_fields=["next_number"])
    return taken

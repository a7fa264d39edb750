"""Document numbers: consecutive, without gaps, at most 16 characters (CGST Rule 46(b)).

A number is taken from the locked series row in the transaction that issues the document: if that rolls back, so
does the number. A pattern is text with `#` for the digits of the counter (`####` fills up with zeros to four, and
grows when they are used up) and, if wanted, YYYY-YY, YY-YY or YYYY for the financial year: `INV/YY-YY/#####` gives
INV/26-27/00001.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.india import financial_year
from accounts.models import Business
from ledger.models import Series

MAX_LENGTH = 16
ALLOWED = re.compile(r"[A-Za-z0-9/-]+")
COUNTER = re.compile(r"#+")
DEFAULT_PATTERN = {
    Series.Kind.INVOICE: "INV/YY-YY/#####",
    Series.Kind.CREDIT_NOTE: "CN/YY-YY/#####",
    Series.Kind.RECEIPT: "RCT/YY-YY/#####",
    Series.Kind.PAYOUT: "PAY/YY-YY/#####",
    Series.Kind.ADJUSTMENT: "ADJ/YY-YY/#####",
}


class SeriesFull(Exception):
    """The next number would not fit; nothing was taken. The message says what to do."""


class PatternRefused(ValueError):
    """The pattern or first number of a series does not do; the message is for people."""


class SeriesUsed(Exception):
    """The series has given numbers, or a draft waits for one; it was not removed. The message is for people."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One number of a series."""

    series: Series
    sequence: int
    number: str


def format_number(pattern: str, year: str, sequence: int) -> str:
    """`year` is the financial year "2026-27". Raises SeriesFull when the number would have more than 16 characters."""
    number = _fill(pattern, year, sequence)
    if len(number) > MAX_LENGTH:
        words = _("The series %(pattern)s of %(year)s is full: %(number)s would have more than 16 characters.")
        advice = _("Begin a series with a shorter pattern in Settings, such as %(shorter)s.")
        raise SeriesFull(
            " ".join((words, advice))
            % {"pattern": pattern, "year": year, "number": number, "shorter": shorter(pattern)}
        )
    return number


def _with_year(pattern: str, year: str) -> str:
    return pattern.replace("YYYY-YY", year).replace("YY-YY", year[2:]).replace("YYYY", year[:4])


def _fill(pattern: str, year: str, sequence: int) -> str:
    return COUNTER.sub(lambda match: f"{sequence:0{len(match[0])}d}", _with_year(pattern, year))


def shorter(pattern: str) -> str:
    """The same pattern with a shorter year, or without its first part, so that there is room for more numbers."""
    brief = pattern.replace("YYYY-YY", "YY-YY")
    if brief != pattern and len(brief) <= MAX_LENGTH:
        return brief
    text = re.split(r"[/-]", pattern)[0][:2]
    return f"{text}YY-YY/######" if "#" not in text else "YY-YY/######"


def last_number(pattern: str, year: str) -> int:
    """The highest number the pattern has room for: 9,999 of `INV/YYYY-YY/####`."""
    room = MAX_LENGTH - len(COUNTER.sub("", _with_year(pattern, year)))
    fits = any(len(counter) <= room for counter in COUNTER.findall(pattern))
    return 10**room - 1 if fits else 0


def check_pattern(pattern: str, year: str, first_number: int = 1) -> None:
    """Raises PatternRefused in plain words when the pattern cannot give numbers that the law allows."""
    if len(COUNTER.findall(pattern)) != 1:
        raise PatternRefused(_("Write one run of # where the counter stands, such as INV/YY-YY/#####."))
    if first_number < 1:
        raise PatternRefused(_("The first number is 1 or more."))
    number = _fill(pattern, year, first_number)
    if not ALLOWED.fullmatch(number):
        raise PatternRefused(_("Only the letters A-Z, digits, - and / may stand in a number."))
    if len(number) > MAX_LENGTH:
        raise PatternRefused(
            _(
                "%(number)s has %(length)d characters; at most 16 are allowed. Choose a shorter pattern, such as %(shorter)s."
            )
            % {"number": number, "length": len(number), "shorter": shorter(pattern)}
        )


def take(business: Business, kind: str, on: dt.date, count: int = 1, series: Series | None = None) -> list[Taken]:
    """The next `count` numbers for the financial year of `on`; locks the series row until commit.

    They come from the chosen `series`, else from the default one. A series of another year stands for the one with
    its pattern in the year of `on`.
    """
    assert transaction.get_connection().in_atomic_block, "numbers belong to the transaction that issues"
    row = Series.objects.select_for_update().get(pk=_series(business, kind, financial_year(on), series).pk)
    first = row.next_number
    taken = [Taken(row, n, format_number(row.pattern, row.financial_year, n)) for n in range(first, first + count)]
    row.next_number = first + count
    row.save(update_fields=["next_number"])
    return taken


def _series(business: Business, kind: str, year: str, chosen: Series | None) -> Series:
    of_year = Series.objects.filter(business=business, kind=kind, financial_year=year)
    if chosen is not None:
        assert (chosen.business_id, chosen.kind) == (business.pk, kind)
        return of_year.filter(pattern=chosen.pattern).first() or _in_year(business, kind, year, chosen.pattern)
    return of_year.filter(is_default=True).first() or _first_default(business, kind, year)


def _in_year(business: Business, kind: str, year: str, pattern: str) -> Series:
    """A series of another year goes on in this one, unless one that stands there might give the same numbers."""
    of_year = Series.objects.filter(business=business, kind=kind, financial_year=year)
    if meeting := next((other for other in of_year if _can_meet(pattern, other.pattern, year)), None):
        raise SeriesFull(
            _("The series %(pattern)s would give numbers that %(other)s gives in %(year)s. Choose another series.")
            % {"pattern": pattern, "other": meeting.pattern, "year": year}
        )
    return Series.objects.get_or_create(**_new(business, kind, year), pattern=pattern)[0]


def _new(business: Business, kind: str, year: str) -> dict[str, Any]:
    return {"business": business, "kind": kind, "financial_year": year}


def _first_default(business: Business, kind: str, year: str) -> Series:
    """The default of a new year: the pattern of the year nearest to it, else the usual one."""
    pattern = _inherited(Series.objects.filter(business=business, kind=kind, is_default=True), kind, year)
    # It may stand there already, when a document chose it by its pattern before.
    series, _made = Series.objects.get_or_create(
        **_new(business, kind, year), pattern=pattern, defaults={"is_default": True}
    )
    if not series.is_default:
        Series.objects.filter(pk=series.pk).update(is_default=True)
    return series


def _inherited(defaults: Iterable[Series], kind: str, year: str) -> str:
    """The pattern that a year without a series takes over from the `defaults` of the other years."""
    known = sorted(defaults, key=lambda series: series.financial_year)
    before = [series for series in known if series.financial_year < year]
    nearest = before[-1:] or known[:1]
    return nearest[0].pattern if nearest else DEFAULT_PATTERN[Series.Kind(kind)]


def _can_meet(one: str, other: str, year: str) -> bool:
    """Whether two patterns may come to equal numbers: A# and A###, and A# and A1#, but not A# and B#."""
    runs = [re.findall(r"[0-9#]+|[^0-9#]+", _with_year(pattern, year)) for pattern in (one, other)]
    return len(runs[0]) == len(runs[1]) and all(map(_can_be_equal, *runs))


def _can_be_equal(one: str, other: str) -> bool:
    if "#" not in one + other:
        return one == other
    this, that = one.split("#"), other.split("#")
    return (this[0].startswith(that[0]) or that[0].startswith(this[0])) and (
        this[-1].endswith(that[-1]) or that[-1].endswith(this[-1])
    )


def preview(business: Business, kind: str, on: dt.date, pattern: str, first_number: int = 1) -> str:
    """The number that a series begun so would give next; nothing is written. Raises PatternRefused as `start` does."""
    year, pattern = financial_year(on), pattern.strip().upper()
    of_year = Series.objects.filter(business=business, kind=kind, financial_year=year)
    return next_of(_begun(of_year, _new(business, kind, year), pattern, first_number))[0]


def _begun(of_year: QuerySet[Series], new: dict[str, Any], pattern: str, first_number: int) -> Series:
    """The series of this pattern as it will stand, unsaved. Raises PatternRefused."""
    year = new["financial_year"]
    check_pattern(pattern, year, first_number)
    series = of_year.filter(pattern=pattern).first() or Series(**new, pattern=pattern)
    begun = series.pk and series.next_number > series.first_number
    if begun and first_number not in (1, series.first_number):
        raise PatternRefused(
            _("%(pattern)s has begun already: its next number is %(number)s.")
            % {"pattern": pattern, "number": format_number(pattern, year, series.next_number)}
        )
    if any(_can_meet(pattern, other.pattern, year) for other in of_year.exclude(pattern=pattern)):
        raise PatternRefused(_("Another series of this year gives the same numbers. Choose another pattern."))
    if not begun:
        series.first_number = series.next_number = first_number
    return series


@transaction.atomic
def start(
    business: Business, kind: str, on: dt.date, pattern: str, first_number: int = 1, *, default: bool = True
) -> Series:
    """Begin a series in the financial year of `on`, or change one that has given no number yet.

    `default`: new documents take their numbers from it. Raises PatternRefused: bad pattern, a first number on a
    series that has begun, or numbers that another series of the year already gives.
    """
    year, pattern = financial_year(on), pattern.strip().upper()
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    of_year = Series.objects.select_for_update().filter(business=business, kind=kind, financial_year=year)
    inherits = Series.objects.filter(business=business, kind=kind, is_default=True).exists()
    if not default and inherits and not of_year.filter(is_default=True).exists():
        _first_default(business, kind, year)  # what is the default already stays it
    series = _begun(of_year, _new(business, kind, year), pattern, first_number)
    if default or not of_year.filter(is_default=True).exists():
        of_year.exclude(pk=series.pk).update(is_default=False)
        series.is_default = True
    series.save()
    return series


@transaction.atomic
def make_default(series: Series) -> Series:
    """New documents of its kind and year take their numbers from this series."""
    Business.objects.select_for_update(no_key=True).get(pk=series.business_id)
    of_year = Series.objects.select_for_update().filter(
        business_id=series.business_id, kind=series.kind, financial_year=series.financial_year
    )
    of_year.exclude(pk=series.pk).update(is_default=False)
    of_year.filter(pk=series.pk).update(is_default=True)
    series.is_default = True
    return series


@transaction.atomic
def remove(series: Series) -> None:
    """Take away a series that has given no number. Raises SeriesUsed when it has given one, or a draft names it.

    When it was the default, the oldest of the others takes its place; where there is none, the year begins anew.
    """
    Business.objects.select_for_update(no_key=True).get(pk=series.business_id)
    of_year = Series.objects.select_for_update().filter(
        business_id=series.business_id, kind=series.kind, financial_year=series.financial_year
    )
    row = of_year.filter(pk=series.pk).first()
    if row is None:
        return
    if row.next_number > row.first_number:
        raise SeriesUsed(_("%(p)s has given numbers already: it stays.") % {"p": row.pattern})
    if row.invoices.exists():
        raise SeriesUsed(
            _("A draft is to take its number from %(p)s. Choose another series there first.") % {"p": row.pattern}
        )
    row.delete()
    others = of_year.order_by("pk")
    if row.is_default and (heir := others.first()):
        others.filter(pk=heir.pk).update(is_default=True)


def upcoming(business: Business, on: dt.date) -> list[Series]:
    """The series of the financial year of `on`, the default of each kind first; unsaved where a kind has none yet."""
    year = financial_year(on)
    found = Series.objects.filter(business=business, financial_year=year).order_by("-is_default", "pk")
    by_kind = {kind: [series for series in found if series.kind == kind] for kind in Series.Kind.values}
    bare = [kind for kind, rows in by_kind.items() if not any(row.is_default for row in rows)]
    others = list(Series.objects.filter(business=business, kind__in=bare, is_default=True)) if bare else []
    for kind in bare:
        pattern = _inherited((series for series in others if series.kind == kind), kind, year)
        rows = by_kind[kind]
        first = next((row for row in rows if row.pattern == pattern), None) or Series(
            **_new(business, kind, year), pattern=pattern
        )
        first.is_default = True
        by_kind[kind] = [first, *(row for row in rows if row is not first)]
    return [series for rows in by_kind.values() for series in rows]


def of_invoices(business: Business, on: dt.date) -> list[Series]:
    """The series that invoices of the financial year of `on` may take their number from, the default one first."""
    of_year = Series.objects.filter(business=business, kind=Series.Kind.INVOICE, financial_year=financial_year(on))
    return list(of_year.order_by("-is_default", "pk"))


def last_of(series: Series) -> str:
    """The number given last, "" before the first."""
    if series.next_number == series.first_number:
        return ""
    return format_number(series.pattern, series.financial_year, series.next_number - 1)


def next_of(series: Series) -> tuple[str, int]:
    """(the next number, "" when the series is full; how many are left)."""
    left = last_number(series.pattern, series.financial_year) - series.next_number + 1
    return (format_number(series.pattern, series.financial_year, series.next_number) if left > 0 else "", max(left, 0))

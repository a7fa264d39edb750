"""What every report is: typed columns, rows to stream, a few figures, and the address of each row's page."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Business
from ledger.statements import Period

Row = tuple[Any, ...]


class Leading(tuple[Any, ...]):
    """A row about something that has a page: `page` is its kind and public id, ("invoice", "x1y2...")."""

    page: tuple[str, str]


def leading(row: Row, kind: str, public_id: str) -> Leading:
    made = Leading(row)
    made.page = (kind, public_id)
    return made


class Kind(Enum):
    """What stands in a column: what a row carries for it."""

    TEXT = auto()  # str; also numbers of documents, GSTIN, HSN, phones: never a number to a spreadsheet
    DATE = auto()  # datetime.date
    PAISE = auto()  # int, written in rupees with two decimals
    MILLI = auto()  # int thousandths, written with three decimals
    RATE = auto()  # int basis points, written in percent
    COUNT = auto()  # int


@dataclass(frozen=True, slots=True)
class Column:
    """`shown` is the class of its cell on the page ("" stands in the file only): main, n, state, wide, `wide n`.

    None in a row leaves the cell empty.
    """

    title: str | Promise
    kind: Kind = Kind.TEXT
    shown: str = ""
    is_summed: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A total of the report for the head of the page. `strong` is the one that matters; `column` is the place of the
    column that it is the sum of, if it is that of one.
    """

    label: str
    paise: int
    strong: bool = False
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A table over one business (and a period, where `has_period`).

    `rows` streams all of it in batches by keyset; `figures` gives its totals without reading all rows;
    `under` is the second line of a row on a phone; `hint` says how to read one without a period.
    """

    key: str
    title: str | Promise
    about: str | Promise
    empty: str | Promise
    columns: Sequence[Column]
    rows: Callable[[Business, Period], Iterable[Row]]
    figures: Callable[[Business, Period], list[Figure]]
    under: Callable[[Row], str]
    has_period: bool = True
    hint: str | Promise = ""


def with_total(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, then one with the sums of the summed columns; nothing after no rows."""
    sums = [0] * len(columns)
    summed = [place for place, column in enumerate(columns) if column.is_summed]
    row: Row | None = None
    for row in rows:
        for place in summed:
            sums[place] += row[place] or 0
        yield row
    if row is not None and summed:
        words = next(place for place, column in enumerate(columns) if column.kind is Kind.TEXT)
        yield tuple(
            _("Total") if place == words else sums[place] if column.is_summed else None
            for place, column in enumerate(columns)
        )

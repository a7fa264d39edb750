"""What stands where in the customer's file (guessed in `guessing`, corrected by them), and the entries it makes. Pure."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from ledger.reconciling import cells
from ledger.reconciling.kinds import Theirs
from ledger.reconciling.reading import Table

ROLES = ("date", "number", "text", "debit", "credit", "amount", "side", "balance")
NOT_THERE = -1
_MOST_PROBLEMS = 8

_BALANCE_CELL = r"(?:to|by|dr|cr)?\W*(?:{0})\b\W*(?:(?:as\s+)?(?:on|at|of)\b.*)?"
_OPENING = re.compile(
    _BALANCE_CELL.format(
        r"op(?:ening|g|n)?\.?\s*(?:bal(?:ance)?)?|(?:balance\s*)?(?:brought forward|b/f|b/d)|प्रारंभिक शेष"
    ),
    re.IGNORECASE,
)
_CLOSING = re.compile(
    _BALANCE_CELL.format(r"cl(?:osing|g)?\.?\s*(?:bal(?:ance)?)?|balance\s*(?:c/d|c/f|carried forward)|अंतिम शेष"),
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"^\W*(?:(?:grand|sub|net|current)[\s-]*)?totals?\b|\b(?:carried forward|carried over|c/f|c/o)\b", re.IGNORECASE
)
_DEBIT_TYPE = re.compile(r"^(?:d|dr|debit)\.?$", re.IGNORECASE)
_CREDIT_TYPE = re.compile(r"^(?:c|cr|credit)\.?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Columns by their place from 0 (NOT_THERE: none). `head` is the place of the row of names, NOT_THERE without one.

    `mirrored`: their credit is the shop's debit, as in a buyer's own book; else the file is signed as the shop's.
    """

    head: int = NOT_THERE
    date: int = NOT_THERE
    number: int = NOT_THERE
    text: int = NOT_THERE
    debit: int = NOT_THERE
    credit: int = NOT_THERE
    amount: int = NOT_THERE
    side: int = NOT_THERE
    balance: int = NOT_THERE
    month_first: bool = False
    mirrored: bool = True

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def used(self) -> set[int]:
        return {getattr(self, role) for role in ROLES} - {NOT_THERE}


@dataclass(slots=True)
class Book:
    """What the file says; paise, signed as the shop signs. `opening`, `closing` None: it does not say.

    `problems`: (row of the file from 1, role of its column, words), the first of them. `skipped` rows have a day and no amount.
    """

    rows: list[Theirs] = field(default_factory=list)
    opening: int | None = None
    closing: int | None = None
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    more_problems: int = 0
    skipped: int = 0

    @property
    def days(self) -> tuple[dt.date, dt.date] | None:
        return (min(row.on for row in self.rows), max(row.on for row in self.rows)) if self.rows else None


class ColumnsRefused(Exception):
    """The columns cannot be so; `field` is the role it is about, the message is for people."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def type_of(cell: str) -> str:
    """D, C, or "" for a cell that says neither."""
    if _DEBIT_TYPE.match(cell):
        return "D"
    if _CREDIT_TYPE.match(cell):
        return "C"
    return ""


def check(mapping: Mapping) -> None:
    """Raises ColumnsRefused for columns that can make no ledger."""
    if mapping.date == NOT_THERE:
        raise ColumnsRefused("date", _("Say which column has the dates."))
    if mapping.debit == mapping.credit == mapping.amount == NOT_THERE:
        raise ColumnsRefused("amount", _("Say where the amounts stand: debit and credit, or one amount."))
    if mapping.amount == NOT_THERE and NOT_THERE in (mapping.debit, mapping.credit):
        missing = "debit" if mapping.debit == NOT_THERE else "credit"
        raise ColumnsRefused(missing, _("Debit and credit go together. Choose both, or one amount."))
    if mapping.amount != NOT_THERE and NOT_THERE not in (mapping.debit, mapping.credit):
        raise ColumnsRefused("amount", _("Choose debit and credit, or one amount, not both."))
    seen: dict[int, str] = {}
    for role in ROLES:
        place = getattr(mapping, role)
        if place != NOT_THERE and place in seen:
            raise ColumnsRefused(role, _("This column is chosen twice."))
        seen[place] = role


def entries(table: Table, mapping: Mapping) -> Book:
    """The entries of the file under this mapping. Raises ColumnsRefused; what is wrong in single rows is in the book."""
    check(mapping)
    return _Reader(table, mapping).book()


class _Reader:
    """Reads row by row; remembers the day of the last entry, as Tally leaves it out below the first of a day."""

    def __init__(self, table: Table, mapping: Mapping) -> None:
        self.table, self.mapping = table, mapping
        self.found = Book()
        self.day: dt.date | None = None
        self.stated: list[int] = []
        self.first_balance: int | None = None
        self.balances: list[int] = []

    def book(self) -> Book:
        for line, row in enumerate(self.table[self.mapping.head + 1 :], start=self.mapping.head + 2):
            if any(row):
                self._row(line, row)
        self._close()
        return self.found

    def _cell(self, row: list[str], role: str) -> str:
        place: int = getattr(self.mapping, role)
        return row[place] if 0 <= place < len(row) else ""

    def _problem(self, line: int, role: str, words: str) -> None:
        if len(self.found.problems) < _MOST_PROBLEMS:
            self.found.problems.append((line, role, words))
        else:
            self.found.more_problems += 1

    def _row(self, line: int, row: list[str]) -> None:
        words = " ".join(filter(None, self._words(row)))
        date_text = self._cell(row, "date")
        on = cells.date(date_text, month_first=self.mapping.month_first)
        said = [date_text, self._cell(row, "number"), *self._words(row)]
        is_opening = any(cell and _OPENING.fullmatch(cell) for cell in said)
        is_closing = any(cell and _CLOSING.fullmatch(cell) for cell in said)
        if on is None and not is_opening and not is_closing and any(_TOTAL.search(cell) for cell in said):
            return
        paise = self._paise(line, row, is_quiet=on is None and not is_opening and not is_closing)
        if paise is None:
            return
        if is_closing or is_opening:
            self._balance_row(paise or self._balance(row), is_opening)
            return
        if not paise:
            self._without_amount(line, row, on, words)
            return
        if on is None and date_text:
            self._problem(line, "date", _("“%(text)s” is not a date we can read.") % {"text": date_text[:40]})
            return
        if (on is None and self.day is None) or (on is None and not words and not self._cell(row, "number")):
            self.found.skipped += 1  # a total without its word
            return
        self.day = on or self.day
        assert self.day is not None
        if not self.found.rows and (balance := self._balance(row)) is not None:
            self.first_balance = balance - paise
        self.balances.append((cells.amount(self._cell(row, "balance")) or (0, ""))[0])
        self.found.rows.append(Theirs(line, self.day, self._cell(row, "number"), words, paise))

    def _words(self, row: list[str]) -> Iterator[str]:
        """The text, and what no role was given to: Tally puts To and By before it, and the type of voucher after."""
        yield self._cell(row, "text")
        used = self.mapping.used
        for at, cell in enumerate(row):
            if at not in used:
                yield cell

    def _without_amount(self, line: int, row: list[str], on: dt.date | None, words: str) -> None:
        if on is None and words and self.found.rows:  # a narration below its entry
            last = self.found.rows[-1]
            if len(last.text) < 500:
                self.found.rows[-1] = replace(last, text=f"{last.text} {words}"[:1000])
        elif on is not None:
            self.found.skipped += 1

    def _signed(self, debit: int, credit: int) -> int:
        """Debit and credit as their file says them, as the shop signs."""
        return credit - debit if self.mapping.mirrored else debit - credit

    def _paise(self, line: int, row: list[str], *, is_quiet: bool) -> int | None:
        if self.mapping.amount == NOT_THERE:
            sides = [self._amount(line, row, role, is_quiet) for role in ("debit", "credit")]
            if sides[0] is None or sides[1] is None:
                return None
            return self._signed(sides[0][0], sides[1][0])
        found = self._amount(line, row, "amount", is_quiet)
        if found is None:
            return None
        paise, side = found
        side = side or self._type(row)
        if not side:  # one signed amount: bills are plus, or (not mirrored) minus
            return paise if self.mapping.mirrored else -paise
        return self._signed(paise, 0) if side == "D" else self._signed(0, paise)

    def _type(self, row: list[str]) -> str:
        cell = self._cell(row, "side")
        return type_of(cell)

    def _amount(self, line: int, row: list[str], role: str, is_quiet: bool) -> tuple[int, str] | None:
        text = self._cell(row, role)
        found = cells.amount(text)
        if found is None:
            if not is_quiet:
                self._problem(line, role, _("“%(text)s” is not an amount we can read.") % {"text": text[:40]})
            return None
        return found

    def _balance(self, row: list[str]) -> int | None:
        found = cells.amount(self._cell(row, "balance"))
        if found is None or not self._cell(row, "balance"):
            return None
        paise, side = found
        if side:
            return self._signed(paise, 0) if side == "D" else self._signed(0, paise)
        return None  # without a side nobody knows which one it is on

    def _balance_row(self, paise: int | None, is_opening: bool) -> None:
        if is_opening and not self.found.rows:
            self.found.opening = paise or 0
        elif paise is not None and not is_opening:
            self.stated.append(paise)

    def _close(self) -> None:
        if self.found.opening is None:
            self.found.opening = self.first_balance if self.first_balance is not None else self._by_running_balance()
        if not self.stated:
            return
        stated = self.stated[-1]
        computed = (self.found.opening or 0) + sum(row.paise for row in self.found.rows)
        # Tally writes the closing balance on the other side, so that both columns come out equal.
        self.found.closing = min((stated, -stated), key=lambda paise: abs(computed - paise))

    def _by_running_balance(self) -> int | None:
        """The opening balance that a running balance without Dr and Cr tells, if its steps are those of the rows."""
        if self.mapping.balance == NOT_THERE or len(self.balances) < 2:
            return None
        steps = [after - before for before, after in zip(self.balances, self.balances[1:], strict=False)]
        for sign in (1, -1):
            good = sum(step == sign * row.paise for step, row in zip(steps, self.found.rows[1:], strict=True))
            if good * 10 >= len(steps) * 9:
                return sign * self.balances[0] - self.found.rows[0].paise
        return None

"""Which column of the customer's file is which, guessed from the names above and from what stands below them. Pure.

The head of the table is the row with most names of columns; rows above it are titles. Tally, Zoho, Busy and plain
sheets differ in names and in how they sign: Debit and Credit columns, one signed amount, or one amount and a type.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from ledger.reconciling import cells, keys
from ledger.reconciling.columns import NOT_THERE, ColumnsRefused, Mapping, entries, type_of
from ledger.reconciling.kinds import Ours
from ledger.reconciling.reading import Table

_HEAD_ROWS = 40

_NAMES: dict[str, tuple[str, ...]] = {
    "date": (
        "date",
        "dt",
        "voucher date",
        "vch date",
        "bill date",
        "txn date",
        "posting date",
        "transaction date",
        "invoice date",
        "दिनांक",
        "तारीख",
    ),
    "number": (
        "vch no",
        "vch/bill no",
        "voucher no",
        "bill no",
        "invoice no",
        "inv no",
        "ref no",
        "reference",
        "ref",
        "doc no",
        "document no",
        "number",
        "transaction#",
        "transaction no",
        "invoice number",
        "bill number",
        "supplier invoice no",
        "reference number",
        "no",
        "invoice",
        "voucher number",
        "vch no/ref",
    ),
    "text": (
        "particulars",
        "narration",
        "description",
        "details",
        "account",
        "remarks",
        "transaction details",
        "short narration",
        "memo",
        "विवरण",
    ),
    "debit": ("debit", "dr", "debit amount", "dr amount", "debit (inr)", "debit rs", "withdrawal", "paid", "नामे"),
    "credit": ("credit", "cr", "credit amount", "cr amount", "credit (inr)", "credit rs", "deposit", "billed", "जमा"),
    "amount": ("amount", "amt", "value", "amount (inr)", "net amount", "total", "amount rs", "राशि"),
    "side": ("dr/cr", "drcr", "dr / cr", "d/c", "cr/dr", "debit/credit"),
    "balance": ("balance", "running balance", "closing", "bal", "balance (inr)", "cumulative balance", "शेष"),
}
_BETTER_NUMBER = re.compile(r"supplier|invoice|bill|ref", re.IGNORECASE)


def guess(table: Table, ours: Iterable[Ours] = ()) -> Mapping:
    """The likeliest mapping. `ours` tells by its amounts which side is which."""
    head, found = _head(table)
    mapping = replace(Mapping(head=head), **found)  # type: ignore[arg-type]  # roles are places
    mapping = _by_contents(table, mapping)
    mapping = replace(mapping, month_first=_is_month_first(table, mapping))
    return replace(mapping, mirrored=_is_mirrored(table, mapping, ours))


def _head(table: Table) -> tuple[int, dict[str, int]]:
    best: tuple[int, dict[str, int]] = (NOT_THERE, {})
    for at, row in enumerate(table[:_HEAD_ROWS]):
        found = _roles(row)
        if len(found) > len(best[1]) and len(found) >= 2:
            best = at, found
    return best


def _roles(row: list[str]) -> dict[str, int]:
    names = [" ".join(re.sub(r"[.:*₹]|\brs\b|\((?:rs|inr|₹)\.?\)", " ", cell.casefold()).split()) for cell in row]
    found: dict[str, int] = {}
    for role, known in _NAMES.items():
        places = [at for at, name in enumerate(names) if name in known and at not in found.values()]
        if not places:
            continue
        if role == "number":  # the shop's number says more than the voucher's of their own
            places.sort(key=lambda at: not _BETTER_NUMBER.search(row[at]))
        found[role] = places[0]
    if "debit" in found and "credit" in found:
        found.pop("amount", None)
        found.pop("side", None)
    return found


def _by_contents(table: Table, mapping: Mapping) -> Mapping:
    """What the names did not tell, from what stands below them."""
    below = [row for row in table[mapping.head + 1 :][:200] if any(row)]
    width = max(map(len, below), default=0)
    columns = [[row[at] for row in below if at < len(row) and row[at]] for at in range(width)]
    if mapping.date == NOT_THERE:
        days = [sum(cells.date(cell) is not None for cell in column) for column in columns]
        most = max(days, default=0)
        if most:
            mapping = replace(mapping, date=days.index(most))
    if mapping.debit == NOT_THERE and mapping.amount == NOT_THERE and mapping.credit == NOT_THERE:
        free = [at for at in range(width) if at not in mapping.used]
        sums = [at for at in free if columns[at] and _is_money(columns[at])]
        if len(sums) >= 2:
            mapping = replace(mapping, debit=sums[0], credit=sums[1])
        elif sums:
            mapping = replace(mapping, amount=sums[0])
    if mapping.amount != NOT_THERE and mapping.side == NOT_THERE:
        for at in range(width):
            if at not in mapping.used and columns[at] and all(type_of(cell) for cell in columns[at]):
                mapping = replace(mapping, side=at)
                break
    if mapping.number == NOT_THERE:
        mapping = replace(mapping, number=_numbered(columns, mapping.used))
    if mapping.text == NOT_THERE:
        free = [at for at in range(width) if at not in mapping.used and columns[at]]
        if free:
            letters = {at: sum(len(cell) for cell in columns[at]) for at in free}
            longest = max(free, key=lambda at: (letters[at], -at))
            mapping = replace(mapping, text=longest)
    return mapping


def _numbered(columns: list[list[str]], used: set[int]) -> int:
    """The first free column that is mostly numbers of documents."""
    for at, column in enumerate(columns):
        if at not in used and column and sum(bool(keys.key_of(cell)) for cell in column) * 10 >= len(column) * 6:
            return at
    return NOT_THERE


def _is_money(column: list[str]) -> bool:
    good = sum(cells.amount(cell) is not None and cells.date(cell) is None for cell in column)
    return good * 10 >= len(column) * 9


def _is_month_first(table: Table, mapping: Mapping) -> bool:
    """By days that can be read in one way only; India's way when none says."""
    pairs = [
        pair
        for row in table[mapping.head + 1 :]
        if 0 <= mapping.date < len(row) and (pair := cells.second_of_date(row[mapping.date]))
    ]
    return any(second > 12 >= first for first, second in pairs) and not any(first > 12 for first, _second in pairs)


def _is_mirrored(table: Table, mapping: Mapping, ours: Iterable[Ours]) -> bool:
    """Whichever side finds more of the shop's rows, by amount and number or by amount and day."""
    known = {(row.paise, key) for row in ours for key in (row.on, *keys.keys_of_ours(row))}
    if not known:
        return True
    try:
        book = entries(table, replace(mapping, mirrored=True))
    except ColumnsRefused:
        return True
    score = 0
    for row in book.rows:
        names = (row.on, *keys.own_keys(row))
        score += any((row.paise, key) in known for key in names) - any((-row.paise, key) in known for key in names)
    return score >= 0

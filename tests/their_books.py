"""A customer's own ledger of a shop, made from the shop's: true, or with differences sown in. Pure.

A book in their hands is mirrored: the shop's debit is their credit. What is sown is chosen by a seed, and each
difference is remembered by its kind and its rows, so that a comparison can be held against it exactly.
"""

import csv
import datetime as dt
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from accounts.money import amount, plain
from ledger.reconciling.kinds import Finding, Kind, Ours, Result

SOWN = (
    Kind.MISSING_MINE,
    Kind.MISSING_SHOP,
    Kind.AMOUNT,
    Kind.TAX,
    Kind.DATE,
    Kind.REFERENCE,
    Kind.TWICE,
    Kind.SPLIT,
    Kind.SIDE,
    Kind.TDS,
)


@dataclass(slots=True)
class Row:
    """One row of their file, still signed as the shop signs."""

    on: dt.date
    number: str
    text: str
    paise: int


@dataclass(slots=True)
class Seeds:
    """What was sown: kind, keys of the shop's rows, numbers and amounts of theirs."""

    rows: list[Row]
    sown: list[tuple[Kind, tuple[str, ...], tuple[tuple[str, int], ...]]] = field(default_factory=list)


def true_rows(ours: Sequence[Ours], number: Callable[[Ours], str]) -> dict[str, Row]:
    words = {"invoice": "Purchase", "credit_note": "Debit note", "payment": "Payment by NEFT", "tds": "TDS u/s 194Q"}
    return {row.key: Row(row.on, number(row), words[row.what], row.paise) for row in ours}


def sow(ours: Sequence[Ours], number: Callable[[Ours], str], seed: int, each: int = 3) -> Seeds:
    """The true book with `each` differences of each of the ten kinds, no row having two."""
    rng = random.Random(seed)
    book = {key: [row] for key, row in true_rows(ours, number).items()}
    bills = [row for row in ours if row.what == "invoice" and row.paise > 100_00]
    money = [row for row in ours if row.what == "payment" and row.paise < -100_00]
    deducted = [row for row in ours if row.what == "tds"]
    rng.shuffle(bills)
    rng.shuffle(money)
    rng.shuffle(deducted)
    seeds = Seeds([])

    def remember(kind: Kind, row: Ours | None, theirs: Sequence[Row]) -> None:
        keys = (row.key,) if row and kind is not Kind.TWICE else ()
        seeds.sown.append((kind, keys, tuple((one.number, one.paise) for one in theirs)))

    for place in range(each):
        row = bills.pop() if place % 2 else money.pop()
        book[row.key] = []
        remember(Kind.MISSING_MINE, row, [])

        strange = Row(
            row.on, "" if place else "N887766554433", "Goods by hand" if place else "Payment by RTGS", 93_771_17 + place
        )
        strange.paise *= 1 if place else -1
        book[f"strange {place}"] = [strange]
        remember(Kind.MISSING_SHOP, None, [strange])

        row = bills.pop() if place % 2 else money.pop()
        (mine,) = book[row.key]
        mine.paise += (1 if row.paise > 0 else -1) * (row.paise // 7 // 100 * 100 or 100) * (1 if row.paise > 0 else -1)
        if mine.paise == row.paise:
            mine.paise += 1_00
        remember(Kind.AMOUNT, row, [mine])

        row = bills.pop()
        (mine,) = book[row.key]
        mine.paise -= row.taxes[0] * (place % 2 + 1)
        remember(Kind.TAX, row, [mine])

        row = bills.pop() if place % 2 else money.pop()
        (mine,) = book[row.key]
        mine.on += dt.timedelta(days=rng.randint(1, 9))
        remember(Kind.DATE, row, [mine])

        row = bills.pop() if place % 2 else money.pop()
        (mine,) = book[row.key]
        mine.number = _slip(rng, mine.number)
        remember(Kind.REFERENCE, row, [mine])

        row = bills.pop() if place % 2 else money.pop()
        again = replace(book[row.key][0])
        book[row.key].append(again)
        remember(Kind.TWICE, row, [again])

        row = money.pop()
        (mine,) = book[row.key]
        part = row.paise // 3
        book[row.key] = parts = [replace(mine, paise=part), replace(mine, paise=row.paise - part)]
        remember(Kind.SPLIT, row, parts)

        row = bills.pop() if place % 2 else money.pop()
        (mine,) = book[row.key]
        mine.paise = -mine.paise
        remember(Kind.SIDE, row, [mine])

        row = deducted.pop()
        book[row.key] = []
        remember(Kind.TDS, row, [])
    seeds.rows = sorted((row for rows in book.values() for row in rows), key=lambda row: row.on)
    return seeds


def _slip(rng: random.Random, number: str) -> str:
    """Two neighbours turned around, near the end of the number; another digit where they are the same."""
    places = [at for at in range(len(number) - 1) if number[at] != number[at + 1] and number[at : at + 2].isdigit()]
    if not places:
        return number[:-1] + str((int(number[-1]) + 5) % 10)
    at = rng.choice(places[-3:])
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


def found(finding: Finding) -> tuple[Kind, tuple[str, ...], tuple[tuple[str, int], ...]]:
    theirs = tuple(sorted((row.number, row.paise) for row in finding.theirs))
    return finding.kind, tuple(sorted(row.key for row in finding.ours)), theirs


def differences(result: Result) -> list[tuple[Kind, tuple[str, ...], tuple[tuple[str, int], ...]]]:
    return sorted(map(found, result.differences))


def expected(seeds: Seeds) -> list[tuple[Kind, tuple[str, ...], tuple[tuple[str, int], ...]]]:
    return sorted((kind, keys, tuple(sorted(theirs))) for kind, keys, theirs in seeds.sown)


# --- as files -----------------------------------------------------------------------------------------------


def tally(rows: Sequence[Row], opening: int = 0, shop: str = "Aardvark Traders") -> bytes:
    """As Tally exports it: titles above, To and By, Dr and Cr columns, opening, closing on the other side, totals."""
    out = io.StringIO()
    write = csv.writer(out).writerow
    write([shop, "", "", "", "", ""])
    write(["Ledger Account"])
    write(["1-Dec-2010 to 30-Jun-2011"])
    write([])
    write(["Date", "Particulars", "", "Vch Type", "Vch No.", "Debit", "Credit"])

    def sides(paise: int) -> list[str]:
        return ["", amount(paise)] if paise > 0 else [amount(-paise), ""]

    if opening:
        write(["1-Dec-2010", "By" if opening > 0 else "To", "Opening Balance", "", "", *sides(opening)])
    for row in rows:
        to, kind = ("By", "Purchase") if row.paise > 0 else ("To", "Payment")
        write([f"{row.on.day}-{row.on:%b-%y}", to, row.text, kind, row.number, *sides(row.paise)])
    closing = opening + sum(row.paise for row in rows)
    write(["", "To", "Closing Balance", "", "", *sides(-closing)])
    write(["", "", "", "", "", "9,99,999.00", "9,99,999.00"])
    return out.getvalue().encode()


def plain_sheet(rows: Sequence[Row], *, mark: str = ";", encoding: str = "utf-16") -> bytes:
    """One signed amount, dates of numbers, any delimiter and encoding."""
    lines = [mark.join(("Bill date", "Ref No", "Details", "Amount"))]
    lines += [mark.join((f"{row.on:%d/%m/%Y}", row.number, row.text, plain(row.paise))) for row in rows]
    return "\r\n".join(lines).encode(encoding)

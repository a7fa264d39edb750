"""Two ledgers of one account: what is sown is found, with the right word, and nothing else; files of every dress."""

import datetime as dt
import functools
import io
import itertools
import random
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from openpyxl import Workbook

from ledger.reconciling import cells, columns, guessing, reading
from ledger.reconciling.kinds import Kind, Ours, Result, Theirs
from ledger.reconciling.matching import compare
from tests import their_books
from tests.conftest import REAL_REGISTER
from tests.test_end_to_end import papers_of

DAY = dt.date(2026, 4, 1)


# --- Real customers -----------------------------------------------------------------------------------------


@functools.cache
def real_ledgers() -> list[list[Ours]]:
    """The customers with most papers in the wholesaler's register, each paper paid by NEFT a week later.

    The register knows no tax and no money: 18 % is taken to be in each bill, and every second payment keeps 0.1 % TDS.
    """
    by_customer = papers_of(REAL_REGISTER)
    by_customer.pop("", None)
    largest = sorted(by_customer.items(), key=lambda item: (-len(item[1]), item[0]))
    ledgers = (_ledger(customer, papers) for customer, papers in largest)
    return [rows for rows in ledgers if sum(row.what == "payment" for row in rows) >= 24]


def _ledger(customer: str, papers: list) -> list[Ours]:
    rows: list[Ours] = []
    for at, paper in enumerate(papers, start=1):
        paise, on = int(paper.total * 100), dt.date.fromisoformat(paper.on)
        if not paise:
            continue
        tax = abs(paise) * 9 // 118
        what = "invoice" if paise > 0 else "credit_note"
        number = f"{'INV' if paise > 0 else 'CN'}/10-11/{int(paper.number.lstrip('C')) - 536000:05}"
        rows.append(Ours(f"invoice:{at}", what, number, paper.number, on, paise, (tax, tax, 0, 0)))
        if paise < 200_00:
            continue
        utr, deducted = f"N{customer}{at * 7919 % 999_983:06}", paise // 1000 if at % 2 else 0
        day = on + dt.timedelta(days=7)
        rows.append(Ours(f"payment:{at}", "payment", f"R{at}", utr, day, deducted - paise, group=f"p{at}"))
        if deducted:
            rows.append(Ours(f"adjustment:{at}", "tds", f"J{at}", "", day, -deducted, group=f"p{at}"))
    return rows


def by_reference(row: Ours) -> str:
    return row.reference


def by_printed_number(row: Ours) -> str:
    return row.number if row.is_document else row.reference


def read_and_compare(data: bytes, ours: list[Ours], opening: int = 0) -> Result:
    """The road of the page, without the page: the file, the guessed columns, the comparison."""
    table = reading.read(data)
    mapping = guessing.guess(table, ours)
    book = columns.entries(table, mapping)
    assert book.problems == []
    return compare(ours, book.rows, our_opening=opening, their_opening=book.opening, stated_closing=book.closing)


@pytest.mark.real_data
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("customer", range(12))
def test_thirty_sown_differences_of_ten_kinds_are_found_in_a_real_ledger_and_no_other(customer: int, seed: int) -> None:
    ours = real_ledgers()[customer]
    number = by_reference if seed % 2 else by_printed_number
    seeds = their_books.sow(ours, number, seed)
    data = their_books.tally(seeds.rows, 5_000_00) if seed < 2 else their_books.plain_sheet(seeds.rows)
    result = read_and_compare(data, ours, 5_000_00)

    assert len(seeds.sown) == 30
    assert {kind for kind, _keys, _theirs in seeds.sown} == set(their_books.SOWN)
    assert their_books.differences(result) == their_books.expected(seeds)
    assert result.their_paise + sum(step.paise for step in result.steps) == result.our_paise


@pytest.mark.real_data
@pytest.mark.parametrize("number", [by_reference, by_printed_number, lambda row: ""])
def test_a_true_ledger_has_no_difference(number: Callable[[Ours], str]) -> None:
    for ours in real_ledgers():
        rows = sorted(their_books.true_rows(ours, number).values(), key=lambda row: row.on)
        result = read_and_compare(their_books.tally(rows), ours)
        assert their_books.differences(result) == []
        assert result.steps == []


# --- What a row can be --------------------------------------------------------------------------------------


def bill(at: int, paise: int, on: dt.date = DAY, number: str = "") -> Ours:
    return Ours(f"invoice:{at}", "invoice", number or f"INV/26-27/{at:05}", "", on, paise, (paise * 9 // 118,) * 2)


def money(at: int, paise: int, on: dt.date = DAY, utr: str = "", what: str = "payment", group: str = "") -> Ours:
    return Ours(f"{what}:{at}", what, f"R{at}", utr, on, -paise, group=group)


def row(line: int, paise: int, on: dt.date = DAY, number: str = "", text: str = "") -> Theirs:
    return Theirs(line, on, number, text, paise)


def after(days: int) -> dt.date:
    return DAY + dt.timedelta(days=days)


MANY = [bill(at, 1_000_00 + at, after(at)) for at in range(50, 58)]  # so that their numbers are known to be the shop's
TRUE = [row(at, 1_000_00 + at, after(at), f"INV/26-27/{at:05}") for at in range(50, 58)]


@pytest.mark.parametrize(
    ("ours", "theirs", "kinds"),
    [
        ([bill(1, 500)], [row(1, 500, number="INV-26-27-1")], []),
        ([bill(1, 500)], [row(1, 500, text="By Purchase inv/26-27/0001")], []),
        ([bill(1, 500)], [row(1, 500, number="INV/26-27/00010")], ["reference"]),
        ([bill(1, 500)], [row(1, 500, number="INV/26-27/70083")], ["reference"]),
        ([bill(1, 500)], [row(1, 600, number="INV/26-27/70083", on=after(3))], ["missing_mine", "others"]),
        # money for a bill names it, and is neither the bill nor a bill on the wrong side
        ([bill(1, 500)], [row(1, -500, number="", text="NEFT payment INV/26-27/00001")], ["missing_mine", "missing_shop"]),
        ([bill(1, 500), money(1, 500)], [row(1, -500, text="Paid INV/26-27/00001")], ["missing_mine"]),
        # money without a number: by day and amount, by amount, in parts, as one
        ([money(1, 500)], [row(1, -500, on=after(20))], ["date"]),
        ([money(1, 500)], [row(1, -500, on=after(60))], ["missing_mine", "missing_shop"]),
        ([money(1, 500)], [row(1, -200, on=after(1)), row(2, -300, on=after(2))], ["split"]),
        ([money(1, 200), money(2, 300, after(1))], [row(1, -500, on=after(1))], ["split"]),
        ([money(1, 98, group="p"), money(2, 2, what="tds", group="p")], [row(1, -100)], ["split"]),
        ([money(1, 98_00, utr="UTR100000001")], [row(1, -100_00, number="UTR100000001")], ["tds"]),
        ([money(1, 500)], [row(1, 500)], ["side"]),
        ([money(1, 12_345_00)], [row(1, -12_354_00)], ["amount"]),
        ([], [row(1, -500, text="TDS 194Q")], ["tds"]),
        ([money(1, 500)], [row(1, -500, text="Bank"), row(2, -500, text="Bank")], ["twice"]),
        ([money(1, 500), money(2, 500)], [row(1, -500, text="Bank"), row(2, -500, text="Bank")], []),
    ],
)  # fmt: skip
def test_each_kind_is_called_by_its_name(ours: list[Ours], theirs: list[Theirs], kinds: list[str]) -> None:
    forwards = compare([*MANY, *ours], [*TRUE, *theirs], our_opening=0, their_opening=0)
    backwards = compare([*MANY, *ours][::-1], [*TRUE, *theirs][::-1], our_opening=0, their_opening=0)
    assert sorted(finding.kind.value for finding in forwards.differences) == kinds
    assert forwards == backwards


def test_rows_just_outside_the_days_explain_and_are_missing_nowhere() -> None:
    late = Ours("invoice:1", "invoice", "INV/26-27/00001", "", after(3), 500, in_period=False)
    result = compare([*MANY, late], [*TRUE, row(1, 500, DAY, "INV/26-27/00001")], our_opening=0, their_opening=0)
    assert [(finding.kind, finding.paise) for finding in result.differences] == [(Kind.DATE, -500)]
    assert compare([*MANY, late], TRUE, our_opening=0, their_opening=0).differences == []


def test_openings_and_closings_are_steps_of_the_bridge() -> None:
    result = compare(MANY, TRUE, our_opening=70_00, their_opening=50_00, stated_closing=9_999_00)
    assert [(step.kind, step.paise) for step in result.steps] == [
        (Kind.STATED, 50_00 + 8_004_28 - 9_999_00),
        (Kind.OPENING, 20_00),
    ]
    assert (result.their_paise, result.our_paise) == (9_999_00, 8_074_28)
    assert compare(MANY, TRUE, our_opening=70_00, their_opening=None, stated_closing=8_004_28).steps == [
        (result.steps[1].__class__)(Kind.OPENING, 0, 70_00)
    ]


def test_a_bridge_always_reaches_the_other_bank_whatever_the_rows() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        amounts = [rng.choice((1, -1)) * rng.choice((100, 200, 300, 500, 1000)) for _ in range(60)]
        ours = [
            bill(at, paise, after(rng.randint(0, 30))) if paise > 0 else money(at, -paise, after(rng.randint(0, 30)))
            for at, paise in enumerate(amounts)
        ]
        theirs = [
            row(
                at,
                rng.choice(amounts),
                after(rng.randint(0, 30)),
                rng.choice(("", f"INV/26-27/{rng.randint(0, 70):05}")),
            )
            for at in range(60)
        ]
        result = compare(ours, theirs, our_opening=rng.randint(-500, 500), their_opening=rng.randint(-500, 500))
        used = [one.line for finding in result.findings for one in finding.theirs]
        assert sorted(used) == list(range(60))
        mine = [one.key for finding in result.findings for one in finding.ours]
        assert sorted(mine) == sorted(one.key for one in ours)


@contextmanager
def lines_run() -> Iterator[Iterator[int]]:
    """How many lines of Python run meanwhile: the same on every machine, however busy."""
    count = itertools.count()
    monitoring = sys.monitoring
    monitoring.use_tool_id(4, "steps")
    monitoring.register_callback(4, monitoring.events.LINE, lambda _code, _line: next(count))
    monitoring.set_events(4, monitoring.events.LINE)
    try:
        yield count
    finally:
        monitoring.set_events(4, monitoring.events.NO_EVENTS)
        monitoring.free_tool_id(4)


@pytest.mark.parametrize("fits", [True, False])
def test_four_times_as_many_rows_take_about_four_times_the_steps(fits: bool) -> None:
    def steps(count: int) -> int:
        ours = [bill(at, 100_00 + at * 7, after(at * 360 // count)) for at in range(count)]
        theirs = [
            row(at, one.paise + (0 if fits else 3), one.on, one.number if fits else f"Q{at}")
            for at, one in enumerate(ours)
        ]
        with lines_run() as run:
            compare(ours, theirs, our_opening=0, their_opening=0)
        return next(run)

    assert steps(2_000) < 5 * steps(500)  # n log n; a square would be 16


# --- Files of every dress -----------------------------------------------------------------------------------

TRUE_ROWS = [
    their_books.Row(dt.date(2026, 4, 5), "INV/26-27/00001", "Rice", 1_23_456_70),
    their_books.Row(dt.date(2026, 4, 25), "UTR998877", "Bank", -50_000_00),
]
WANTED = [(one.on, one.number, one.paise) for one in TRUE_ROWS]


def said(data: bytes, ours: list[Ours] | None = None) -> columns.Book:
    table = reading.read(data)
    return columns.entries(table, guessing.guess(table, ours or []))


TWO = "05-04-2026,INV/26-27/00001,Rice,{0}\n25-04-2026,UTR998877,Bank,{1}\n"
DRESSES: dict[str, bytes] = {
    "Tally": their_books.tally(TRUE_ROWS, 7_00),
    "UTF-16 with a mark, semicolons, one signed amount": their_books.plain_sheet(TRUE_ROWS),
    "tabs": their_books.plain_sheet(TRUE_ROWS, mark="\t", encoding="utf-8-sig"),
    "UTF-16 without a mark": their_books.plain_sheet(TRUE_ROWS, encoding="utf-16-le"),
    "amount and type": ("Date,Bill No,Narration,Amount,Dr/Cr\n" + TWO.format('"1,23,456.70",Cr', '"50,000.00",Dr')).encode(),
    "side behind the amount": ("Date,Ref,Details,Amount\n" + TWO.format('"₹ 1,23,456.70 Cr"', '"Rs. 50,000/- Dr"')).encode(),
    "brackets": ("Date,Ref,Details,Amount\n" + TWO.format('"1,23,456.70"', '"(50,000)"')).encode(),
    "no names of columns": TWO.format(',"1,23,456.70"', '"50000.00",').encode(),
    "Busy with titles and totals": (
        "RAM KIRANA\nAccount Ledger\nFrom 01-04-2026 To 30-04-2026\n\nDate,Vch/Bill No,Particulars,Debit(Rs.),Credit(Rs.),Balance(Rs.)\n"
        + TWO.format(',"1,23,456.70","1,23,456.70 Cr"', '"50,000.00",,"73,456.70 Cr"')
        + ",,Total,\"50,000.00\",\"1,23,456.70\",\n,,Grand Total,1,2,\n"
    ).encode(),
    "Zoho with a narration below": (
        b"Transaction Date,Transaction Details,Transaction#,Debit,Credit\n2026-04-05,Rice,INV/26-27/00001,,123456.70\n,for the wedding,,,\n"
        b"2026-04-25,Bank,UTR998877,50000,\n"
    ),
    "days left out below the first": (
        b"Date,Bill No,Details,Debit,Credit\n5/4/26,INV/26-27/00001,Rice,,123456.70\n25/4/26,UTR998877,Bank,20000,\n,UTR998877,Bank,30000,\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("dress", DRESSES)
def test_a_file_in_any_dress_says_the_same(dress: str) -> None:
    book = said(DRESSES[dress])
    rows = [(one.on, one.number, one.paise) for one in book.rows]
    if dress.startswith("days"):
        rows = [rows[0], (rows[1][0], rows[1][1], rows[1][2] + rows[2][2])]
    assert (rows, book.problems) == (WANTED, [])
    if dress == "Tally":
        assert (book.opening, book.closing) == (7_00, 73_463_70)
    if dress.startswith("Busy"):
        assert book.opening == 0
    if dress.startswith("Zoho"):
        assert "for the wedding" in book.rows[0].text


def test_a_file_signed_as_the_shop_is_turned_by_the_shops_own_rows() -> None:
    shops = "Date,Bill No,Details,Debit,Credit\n" + TWO.format('"1,23,456.70",', ',"50,000.00"')
    ours = [bill(1, 1_23_456_70, TRUE_ROWS[0].on, "INV/26-27/00001"), money(1, 50_000_00, TRUE_ROWS[1].on, "UTR998877")]
    assert [(one.on, one.number, one.paise) for one in said(shops.encode(), ours).rows] == WANTED


def test_an_excel_file_with_dates_numbers_and_merged_titles() -> None:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["RAM KIRANA: ledger"])
    sheet.merge_cells("A1:E1")
    sheet.append(["Date", "Bill No", "Details", "Debit", "Credit", "Balance"])
    sheet.append([dt.date(2026, 4, 5), "INV/26-27/00001", "=1+1", None, 123456.7, 123456.7])
    sheet.append([dt.date(2026, 4, 25), "UTR998877", "Bank", 50000, None, 73456.7])
    book.save(out)
    found = said(out.getvalue())
    assert ([(one.on, one.number, one.paise) for one in found.rows], found.opening) == (WANTED, 0)
    assert found.rows[0].text == ""  # a formula whose value nobody has kept says nothing


def _zip(*parts: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts:
            archive.writestr(name, data)
    return out.getvalue()


def _hurt() -> bytes:
    """A whole ZIP file whose packed bytes were changed on the way, as a bad download leaves it."""
    data = bytearray(_zip(("[Content_Types].xml", bytes(range(256)) * 9), ("xl/workbook.xml", b"x" * 99)))
    data[60:90] = b"\xff" * 30
    return bytes(data)


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_zip(("xl/sheet.xml", b" " * 60_000_000)), "far too much"),
        (_zip(("xl/sheet.xml", b" " * 20_000_000)), "far too much"),
        (_zip(*((f"part{at}", b"x") for at in range(1_001))), "far too much"),
        (_zip(("[Content_Types].xml", LAUGHS), ("xl/workbook.xml", LAUGHS)), "damaged"),
        (_zip(("a.txt", b"x")), "damaged"),
        (b"PK\x03\x04" + b"\0" * 50, "damaged"),
        (_hurt(), "damaged"),
        (b"a,b\n" * 100_000, "more than 20,000 rows"),
        (b"x" * (reading.MAX_BYTES + 1), "larger than 5 MB"),
        (b"\x00\x01\x02\x03" * 9 + b"abc" * 99, "not a table"),
        (b"\xff\xfeabc", "damaged"),
        (b"\n\n,,\n", "empty"),
        (b" \n\n", "empty"),
        (b"\xff\xfe", "empty"),
    ],
)
def test_bombs_and_rubbish_are_refused_at_once(data: bytes, words: str) -> None:
    began = time.process_time()
    with pytest.raises(reading.FileRefused, match=words):
        reading.read(data)
    assert time.process_time() - began < 3


def test_a_file_that_names_no_mark_that_could_cut_it_is_cut_by_what_it_has() -> None:
    assert reading.read(b'sep="\na;b') == [['sep="'], ["a", "b"]]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("5-Apr-26", 5), ("05/04/2026", 5), ("5.4.26", 5), ("2026-04-05", 5), ("05 April 2026", 5), ("April 5, 2026", 5),
        ("5th Apr'26", 5), ("05-Apr-2026 10:30", 5), ("46117", 5), ("5-4-2026 00:00:00", 5), ("31/02/2026", 0), ("Total", 0),
        ("05-04-1899", 0), ("", 0), ("13", 0),
    ],
)  # fmt: skip
def test_days_as_indian_books_write_them(text: str, day: int) -> None:
    assert cells.date(text) == (dt.date(2026, 4, day) if day else None)


@pytest.mark.parametrize(
    ("text", "paise", "side"),
    [
        ("1,23,456.70", 1_23_456_70, ""), ("₹1,180", 1_180_00, ""), ("Rs. 1,180.5/-", 1_180_50, ""), ("(500)", -500_00, ""),
        ("500-", -500_00, ""), ("-500.005", -500_01, ""), ("1.234,56", 1_234_56, ""), ("500 Dr", 500_00, "D"),
        ("500.00Cr.", 500_00, "C"), ("Cr 500", 500_00, "C"), ("", 0, ""), ("-", 0, ""), ("118.00000001", 118_00, ""),
        ("1e5", None, ""), ("12x", None, ""), ("1,2,3", None, ""), ("9" * 30, None, ""), ("=1+1", None, ""),
    ],
)  # fmt: skip
def test_amounts_as_indian_books_write_them(text: str, paise: int | None, side: str) -> None:
    assert cells.amount(text) == (None if paise is None else (paise, side))

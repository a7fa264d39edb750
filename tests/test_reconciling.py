"""Two ledgers of one account: what is sown is found, with the right word, and nothing else; files of every dress."""

import datetime as dt
import functools
from collections.abc import Callable

import pytest

from ledger.reconciling import columns, reading
from ledger.reconciling.kinds import Ours, Result
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
    mapping = columns.guess(table, ours)
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

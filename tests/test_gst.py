"""GST on documents: every vector, and an oracle written from the rules with fractions."""

import datetime as dt
from dataclasses import FrozenInstanceError, astuple, dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.states import STATES
from ledger.gst import (
    RATES,
    DocumentLabel,
    HsnRow,
    LineIn,
    LineOut,
    Supply,
    Totals,
    compute,
    document_label,
    hsn_summary,
    place_of_supply,
    rates_on,
)

INTRA = Supply("27", inter_state=False)
INTER = Supply("24", inter_state=True)
GUJARAT = "24AAACC1206D1ZM"
MAHARASHTRA = "27AAPFU0939F1ZV"


def line(rupees: str, rate: int = 18, *, inclusive: bool = False, discount: str = "0", cess: int = 0) -> LineIn:
    """One piece at `rupees`."""
    return LineIn(
        quantity_milli=1000,
        unit_price_e4=int(Fraction(rupees) * 10_000),
        discount_paise=int(Fraction(discount) * 100),
        gst_rate_bp=rate * 100,
        cess_rate_bp=cess * 100,
        price_includes_tax=inclusive,
    )


# --- Place of supply ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        # The vectors: a supplier in 27.
        ({"recipient_gstin": GUJARAT}, Supply("24", inter_state=True)),
        ({"recipient_gstin": MAHARASHTRA}, Supply("27", inter_state=False)),
        ({}, Supply("27", inter_state=False)),
        ({"billing_state": "27", "delivery_state": "29"}, Supply("29", inter_state=True)),
        ({"recipient_gstin": MAHARASHTRA, "is_sez": True}, Supply("27", inter_state=True)),
        # The rest of the rules.
        ({"billing_state": "29"}, Supply("29", inter_state=True)),
        ({"billing_state": "27"}, Supply("27", inter_state=False)),
        ({"billing_state": "29", "delivery_state": "27"}, Supply("27", inter_state=False)),
        ({"delivery_state": "29"}, Supply("29", inter_state=True)),
        ({"billing_state": "96"}, Supply("96", inter_state=True)),
        ({"billing_state": "97"}, Supply("97", inter_state=True)),
        # Bill to a registered buyer, ship elsewhere: the buyer's State (section 10(1)(b)).
        ({"recipient_gstin": GUJARAT, "billing_state": "24", "delivery_state": "27"}, Supply("24", inter_state=True)),
        ({"recipient_gstin": MAHARASHTRA, "delivery_state": "24"}, Supply("27", inter_state=False)),
        ({"recipient_gstin": GUJARAT, "is_sez": True}, Supply("24", inter_state=True)),
        # A UIN names its State; 99 names none, so the address counts.
        ({"recipient_gstin": "0717UNO00157UNO"}, Supply("07", inter_state=True)),
        ({"recipient_gstin": "9919USA29003OSW", "billing_state": "29"}, Supply("29", inter_state=True)),
        ({"recipient_gstin": "9919USA29003OSW"}, Supply("27", inter_state=False)),
    ],
)
def test_place_of_supply_for_a_supplier_in_maharashtra(case: dict[str, object], expected: Supply) -> None:
    assert place_of_supply("27", **case) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("supplier", "buyer", "utgst"),
    [
        ("04", "04", True),
        ("26", "", True),
        ("31", "31", True),
        ("35", "35", True),
        ("38", "38", True),
        ("97", "97", True),
        ("07", "07", False),
        ("34", "34", False),
        ("01", "01", False),
        ("04", "03", False),
        ("03", "04", False),
    ],
)
def test_utgst_only_inside_a_territory_without_legislature(supplier: str, buyer: str, utgst: bool) -> None:
    supply = place_of_supply(supplier, billing_state=buyer)
    assert supply == Supply(buyer or supplier, inter_state=bool(buyer) and supplier != buyer, utgst=utgst)
    assert supply.state_tax == ("UTGST" if utgst else "SGST")


def test_sez_inside_a_territory_is_inter_state_without_utgst() -> None:
    assert place_of_supply("04", billing_state="04", is_sez=True) == Supply("04", inter_state=True, utgst=False)


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (("", "", "29"), "The business needs its own State in India before it can bill."),
        (("96", "", ""), "The business needs its own State in India before it can bill."),
        (("25", "", ""), "25 is not a State code."),
        (("27", "", "28"), "28 is not a State code."),
        (("27", "", "", "MH"), "MH is not a State code."),
    ],
)
def test_wrong_states_are_refused(states: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 (the whole text is compared)
        place_of_supply(*states)  # type: ignore[arg-type]
    assert str(refused.value) == message


def test_nobody_bills_their_own_gstin() -> None:
    with pytest.raises(ValueError, match="your own GSTIN"):
        place_of_supply("27", MAHARASHTRA, supplier_gstin=MAHARASHTRA)
    assert place_of_supply("27", GUJARAT, supplier_gstin=MAHARASHTRA) == Supply("24", inter_state=True)


# --- Arithmetic: the vectors ------------------------------------------------------------------------------------


def test_hundred_at_18_within_a_state() -> None:
    lines, totals = compute([line("100")], INTRA)
    assert lines == [
        LineOut(
            gross_paise=10000,
            discount_paise=0,
            taxable_paise=10000,
            cgst_paise=900,
            sgst_paise=900,
            igst_paise=0,
            cess_paise=0,
            total_paise=11800,
        )
    ]
    assert totals == Totals(10000, 900, 900, 0, 0, 0, 11800)


def test_hundred_at_18_between_states() -> None:
    lines, totals = compute([line("100")], INTER)
    assert lines == [LineOut(10000, 0, 10000, 0, 0, 1800, 0, 11800)]
    assert totals == Totals(10000, 0, 0, 1800, 0, 0, 11800)


def test_freight_before_tax_is_taxed_with_the_goods() -> None:
    _, totals = compute([line("100"), line("20")], INTRA)
    assert totals == Totals(12000, 1080, 1080, 0, 0, 40, 14200)


def test_total_of_119_18_is_rounded_to_119() -> None:
    _, totals = compute([line("101")], INTRA)
    assert totals == Totals(10100, 909, 909, 0, 0, -18, 11900)
    _, exact = compute([line("101")], INTRA, round_off=False)
    assert exact == Totals(10100, 909, 909, 0, 0, 0, 11918)


def test_hundred_including_18() -> None:
    lines, totals = compute([line("100", inclusive=True)], INTRA)
    assert lines == [LineOut(10000, 0, 8475, 763, 763, 0, 0, 10001)]
    assert totals == Totals(8475, 763, 763, 0, 0, -1, 10000)
    lines, totals = compute([line("100", inclusive=True)], INTER)
    assert lines == [LineOut(10000, 0, 8475, 0, 0, 1526, 0, 10001)]
    assert totals == Totals(8475, 0, 0, 1526, 0, -1, 10000)


@pytest.mark.parametrize(
    ("exact", "rounded"), [("19.44", 1900), ("19.54", 2000), ("2.50", 300), ("0.50", 100), ("0.49", 0), ("0", 0)]
)
def test_rounding_to_the_rupee_is_half_up(exact: str, rounded: int) -> None:
    paise = int(Fraction(exact) * 100)
    _, totals = compute([line(exact, 0)], INTRA)
    assert totals == Totals(paise, 0, 0, 0, 0, rounded - paise, rounded)


def test_halves_are_rounded_by_themselves_and_equal() -> None:
    # 0.50 at 5 %: each half is 1.25 paise, the whole 2.5 paise.
    assert compute([line("0.50", 5)], INTRA, round_off=False)[1] == Totals(50, 1, 1, 0, 0, 0, 52)
    assert compute([line("0.50", 5)], INTER, round_off=False)[1] == Totals(50, 0, 0, 3, 0, 0, 53)
    # A quarter percent has halves of an eighth.
    diamonds = LineIn(quantity_milli=1000, unit_price_e4=40_000_000, gst_rate_bp=25)
    assert compute([diamonds], INTRA, round_off=False)[1] == Totals(400000, 500, 500, 0, 0, 0, 401000)


def test_totals_are_sums_of_rounded_lines() -> None:
    # Three times 0.33 at 5 %: 0.825 -> 1 paisa each; on the sum it would be 2.475 -> 2.
    _, totals = compute([line("0.33", 5)] * 3, INTRA, round_off=False)
    assert totals == Totals(99, 3, 3, 0, 0, 0, 105)


def test_discount_comes_off_before_tax() -> None:
    lines, _ = compute([line("100", discount="10")], INTRA)
    assert lines == [LineOut(10000, 1000, 9000, 810, 810, 0, 0, 10620)]
    lines, _ = compute([line("100", discount="100")], INTRA)
    assert lines == [LineOut(10000, 10000, 0, 0, 0, 0, 0, 0)]
    lines, _ = compute([line("118", discount="59", inclusive=True)], INTRA)
    assert lines == [LineOut(11800, 5900, 5000, 450, 450, 0, 0, 5900)]


def test_cess_is_on_the_taxable_value_and_part_of_an_inclusive_price() -> None:
    lines, _ = compute([line("100", 28, cess=12)], INTRA)
    assert lines == [LineOut(10000, 0, 10000, 1400, 1400, 0, 1200, 14000)]
    lines, _ = compute([line("140", 28, cess=12, inclusive=True)], INTER)
    assert lines == [LineOut(14000, 0, 10000, 0, 0, 2800, 1200, 14000)]


def test_who_may_not_charge_tax_charges_the_price_and_nothing_else() -> None:
    for supply in (INTRA, INTER):
        lines, totals = compute([line("100", cess=12), line("100", inclusive=True)], supply, charges_tax=False)
        assert lines == [LineOut(10000, 0, 10000, 0, 0, 0, 0, 10000)] * 2
        assert totals == Totals(20000, 0, 0, 0, 0, 0, 20000)


def test_no_lines() -> None:
    assert compute([], INTRA) == ([], Totals(0, 0, 0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"quantity_milli": -1}, "The quantity cannot be negative."),
        ({"unit_price_e4": -1}, "The price cannot be negative."),
        ({"discount_paise": -1}, "The discount cannot be negative."),
        ({"discount_paise": 10001}, "The discount is larger than the amount of the line."),
        ({"gst_rate_bp": -1}, "This tax rate does not exist."),
        ({"gst_rate_bp": 10_001}, "This tax rate does not exist."),
        ({"cess_rate_bp": -1}, "This tax rate does not exist."),
        ({"cess_rate_bp": 100_001}, "This tax rate does not exist."),
    ],
)
def test_impossible_lines_are_refused(fields: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        LineIn(**{"quantity_milli": 1000, "unit_price_e4": 1_000_000} | fields)  # type: ignore[arg-type]
    assert str(refused.value) == message


def test_an_absurd_total_is_refused() -> None:
    most = LineIn(quantity_milli=1000, unit_price_e4=9_990_000_000 * 10_000)
    assert compute([most], INTRA)[1].total_paise == 999_000_000_000
    with pytest.raises(ValueError, match="at most 999 crore"):
        compute([most, line("0.50", 0)], INTRA)


def test_lines_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        line("100").gst_rate_bp = 0  # type: ignore[misc]


# --- Arithmetic: an oracle from the rules, with fractions of rupees -----------------------------------------------


def half_up(value: Fraction) -> Fraction:
    """Rupees to whole paise; the values here are never negative."""
    return Fraction(floor(value * 100 + Fraction(1, 2)), 100)


def oracle(
    lines: list[LineIn], *, intra: bool, round_off: bool
) -> tuple[list[dict[str, Fraction]], dict[str, Fraction]]:
    rows = []
    for written in lines:
        rate, cess_rate = Fraction(written.gst_rate_bp, 10_000), Fraction(written.cess_rate_bp, 10_000)
        price = half_up(Fraction(written.quantity_milli, 1000) * Fraction(written.unit_price_e4, 10_000))
        asked = price - Fraction(written.discount_paise, 100)
        taxable = half_up(asked / (1 + rate + cess_rate)) if written.price_includes_tax else asked
        row = {
            "taxable": taxable,
            "cgst": half_up(taxable * rate / 2) if intra else Fraction(0),
            "sgst": half_up(taxable * rate / 2) if intra else Fraction(0),
            "igst": Fraction(0) if intra else half_up(taxable * rate),
            "cess": half_up(taxable * cess_rate),
        }
        rows.append(row | {"total": sum(row.values(), Fraction(0))})
    totals = {key: sum((row[key] for row in rows), Fraction(0)) for key in ("taxable", "cgst", "sgst", "igst", "cess")}
    exact = sum(totals.values(), Fraction(0))
    total = Fraction(floor(exact + Fraction(1, 2))) if round_off else exact
    return rows, totals | {"round_off": total - exact, "total": total}


@st.composite
def lines_in(draw: st.DrawFn) -> LineIn:
    quantity = draw(st.integers(0, 50_000_000) | st.sampled_from([1, 1000, 2500]))
    price = draw(st.integers(0, 10**9) | st.sampled_from([50, 10_000, 1_000_000]))
    gross = LineIn(quantity, price).gross_paise
    return LineIn(
        quantity_milli=quantity,
        unit_price_e4=price,
        discount_paise=draw(st.just(0) | st.integers(0, gross)),
        gst_rate_bp=draw(st.sampled_from([0, 25, 150, 300, 500, 1200, 1800, 2800, 4000]) | st.integers(0, 10_000)),
        cess_rate_bp=draw(st.just(0) | st.integers(0, 30_000)),
        price_includes_tax=draw(st.booleans()),
    )


@given(st.lists(lines_in(), max_size=6), st.booleans(), st.booleans())
def test_against_the_oracle(lines: list[LineIn], intra: bool, round_off: bool) -> None:
    rows, sums = oracle(lines, intra=intra, round_off=round_off)
    computed, totals = compute(lines, INTRA if intra else INTER, round_off=round_off)
    for out, row in zip(computed, rows, strict=True):
        assert astuple(out)[2:] == tuple(
            int(row[key] * 100) for key in ("taxable", "cgst", "sgst", "igst", "cess", "total")
        )
    assert astuple(totals) == tuple(
        int(sums[key] * 100) for key in ("taxable", "cgst", "sgst", "igst", "cess", "round_off", "total")
    )


@given(st.lists(lines_in(), max_size=6), st.booleans(), st.booleans(), st.booleans())
def test_what_always_holds(lines: list[LineIn], intra: bool, round_off: bool, charges_tax: bool) -> None:
    computed, totals = compute(lines, INTRA if intra else INTER, round_off=round_off, charges_tax=charges_tax)
    for written, out in zip(lines, computed, strict=True):
        assert out.cgst_paise == out.sgst_paise
        assert out.igst_paise == 0 or out.cgst_paise == 0
        assert out.total_paise == sum(astuple(out)[2:7])
        if not written.price_includes_tax or not charges_tax:
            assert out.taxable_paise == out.gross_paise - out.discount_paise
        else:
            # Taxable is at most half a paisa off, and each tax at most half a paisa more.
            tax = 1 + Fraction(written.gst_rate_bp + written.cess_rate_bp, 10_000)
            assert abs(out.total_paise - (out.gross_paise - out.discount_paise)) <= (tax + 3) / 2
    assert totals.total_paise == sum(astuple(totals)[:6])
    assert -50 < totals.round_off_paise <= 50
    assert totals.total_paise % 100 == 0 or not round_off
    if not charges_tax:
        assert totals.total_paise == totals.taxable_paise + totals.round_off_paise


# --- Rates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "rates"),
    [
        (dt.date(2017, 6, 30), ()),
        (dt.date(2017, 7, 1), (0, 25, 300, 500, 1200, 1800, 2800)),
        (dt.date(2025, 9, 21), (0, 25, 150, 300, 500, 1200, 1800, 2800)),
        (dt.date(2025, 9, 22), (0, 25, 150, 300, 500, 1800, 2800, 4000)),
        (dt.date(2026, 1, 31), (0, 25, 150, 300, 500, 1800, 2800, 4000)),
        (dt.date(2026, 2, 1), (0, 25, 150, 300, 500, 1800, 4000)),
        (dt.date(2026, 11, 22), (0, 25, 150, 300, 500, 1800, 4000)),
    ],
)
def test_rates_have_dates(day: dt.date, rates: tuple[int, ...]) -> None:
    assert rates_on(day) == rates


def test_periods_of_one_rate_do_not_overlap() -> None:
    for bp in {rate.bp for rate in RATES}:
        periods = sorted((rate for rate in RATES if rate.bp == bp), key=lambda rate: rate.since)
        for earlier, later in pairwise(periods):
            assert earlier.until is not None
            assert earlier.until < later.since


# --- Label and HSN summary -------------------------------------------------------------------------------------------

TAXABLE, EXEMPT = line("100"), line("100", 0)


@pytest.mark.parametrize(
    ("lines", "scheme", "registered", "label"),
    [
        ([TAXABLE], "regular", True, "Tax Invoice"),
        ([TAXABLE], "regular", False, "Tax Invoice"),
        ([EXEMPT], "regular", True, "Bill of Supply"),
        ([EXEMPT, EXEMPT], "regular", False, "Bill of Supply"),
        ([TAXABLE, EXEMPT], "regular", True, "Invoice"),
        ([EXEMPT, TAXABLE, EXEMPT], "regular", False, "Invoice-cum-Bill of Supply"),
        ([], "regular", False, "Tax Invoice"),
        ([TAXABLE], "composition", True, "Bill of Supply"),
        ([TAXABLE, EXEMPT], "composition", False, "Bill of Supply"),
        ([TAXABLE], "unregistered", True, "Invoice"),
        ([EXEMPT], "unregistered", False, "Invoice"),
    ],
)
def test_the_label_follows_from_the_content(lines: list[LineIn], scheme: str, registered: bool, label: str) -> None:
    assert document_label(lines, scheme, registered) == label
    assert str(document_label(lines, scheme, registered).label) == label


def test_labels_are_what_the_law_calls_them() -> None:
    assert DocumentLabel.values == ["Tax Invoice", "Bill of Supply", "Invoice-cum-Bill of Supply", "Invoice"]
    with pytest.raises(ValueError, match="unknown scheme"):
        document_label([TAXABLE], "casual", recipient_registered=True)


@dataclass(frozen=True)
class Sold:
    hsn: str
    unit: str
    quantity_milli: int
    gst_rate_bp: int
    taxable_paise: int
    cgst_paise: int = 0
    sgst_paise: int = 0
    igst_paise: int = 0
    cess_paise: int = 0


def test_same_hsn_with_another_rate_or_unit_is_another_row() -> None:
    lines = [
        Sold("2501", "KGS", 1500, 500, 10000, 250, 250),
        Sold("1513", "LTR", 2000, 500, 20000, 500, 500),
        Sold("2501", "KGS", 500, 500, 5000, 125, 125, cess_paise=7),
        Sold("2501", "PCS", 1000, 500, 4000, 100, 100),
        Sold("2501", "KGS", 1000, 1800, 3000, igst_paise=540),
        Sold("", "PCS", 1000, 0, 100),
    ]
    rows = hsn_summary(lines)
    assert rows == [
        HsnRow("", "PCS", 0, 1000, 100, 0, 0, 0, 0),
        HsnRow("1513", "LTR", 500, 2000, 20000, 500, 500, 0, 0),
        HsnRow("2501", "KGS", 500, 2000, 15000, 375, 375, 0, 7),
        HsnRow("2501", "KGS", 1800, 1000, 3000, 0, 0, 540, 0),
        HsnRow("2501", "PCS", 500, 1000, 4000, 100, 100, 0, 0),
    ]
    assert [row.total_paise for row in rows] == [100, 21000, 15757, 3540, 4200]
    assert sum(row.taxable_paise for row in rows) == sum(sold.taxable_paise for sold in lines)
    assert hsn_summary([]) == []


@given(st.sampled_from(sorted(STATES)), st.sampled_from(sorted(STATES)), st.booleans(), lines_in())
def test_never_igst_together_with_the_halves(supplier: str, buyer: str, is_sez: bool, written: LineIn) -> None:
    if supplier == "96":
        supplier = "27"
    supply = place_of_supply(supplier, billing_state=buyer, is_sez=is_sez)
    _, totals = compute([written], supply)
    assert supply.inter_state == (is_sez or supplier != buyer)
    assert totals.cgst_paise == totals.sgst_paise
    assert (totals.cgst_paise if supply.inter_state else totals.igst_paise) == 0

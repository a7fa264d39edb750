"""GST on documents: each rule by an example. The worked vectors and the oracle stand in test_gst_oracle."""

import datetime as dt
from dataclasses import FrozenInstanceError, dataclass
from fractions import Fraction
from itertools import pairwise

import pytest

from ledger.gst import (
    RATES,
    DocumentLabel,
    HsnRow,
    LineIn,
    LineOut,
    Supply,
    SupplyKind,
    Totals,
    apportion,
    compute,
    document_label,
    hsn_problem,
    hsn_summary,
    place_of_supply,
    rates_on,
)

INTRA = Supply("27", inter_state=False)
INTER = Supply("24", inter_state=True)
GUJARAT = "24AAACC1206D1ZM"
MAHARASHTRA = "27AAPFU0939F1ZV"


def out(
    gross: int,
    discount: int,
    taxable: int,
    cgst: int,
    sgst: int,
    igst: int,
    cess: int,
    total: int,
    *,
    document_discount: int = 0,
    untaxed: int = 0,
) -> LineOut:
    return LineOut(gross, discount, document_discount, taxable, cgst, sgst, igst, cess, untaxed, total)


def sums(
    taxable: int, cgst: int, sgst: int, igst: int, cess: int, round_off: int, total: int, *, untaxed: int = 0
) -> Totals:
    return Totals(taxable, cgst, sgst, igst, cess, untaxed, round_off, total)


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
        ({"recipient_gstin": MAHARASHTRA, "is_sez": True}, Supply("27", inter_state=True, kind=SupplyKind.SEZ)),
        # The rest of the rules.
        ({"billing_state": "29"}, Supply("29", inter_state=True)),
        ({"billing_state": "27"}, Supply("27", inter_state=False)),
        ({"billing_state": "29", "delivery_state": "27"}, Supply("27", inter_state=False)),
        ({"delivery_state": "29"}, Supply("29", inter_state=True)),
        ({"billing_state": "96"}, Supply("96", inter_state=True, kind=SupplyKind.EXPORT)),
        ({"billing_state": "27", "delivery_state": "96"}, Supply("96", inter_state=True, kind=SupplyKind.EXPORT)),
        # A visitor from abroad who takes the goods home in Maharashtra buys here.
        ({"billing_state": "96", "delivery_state": "27"}, Supply("27", inter_state=False)),
        # An office of a foreign company under a number of the Centre, without a State of its own.
        (
            {"recipient_gstin": "9919USA29003OSW", "billing_state": "96"},
            Supply("96", inter_state=True, kind=SupplyKind.EXPORT),
        ),
        ({"billing_state": "97"}, Supply("97", inter_state=True)),
        # Bill to a registered buyer, ship elsewhere: the buyer's State (section 10(1)(b)).
        ({"recipient_gstin": GUJARAT, "billing_state": "24", "delivery_state": "27"}, Supply("24", inter_state=True)),
        ({"recipient_gstin": MAHARASHTRA, "delivery_state": "24"}, Supply("27", inter_state=False)),
        ({"recipient_gstin": GUJARAT, "is_sez": True}, Supply("24", inter_state=True, kind=SupplyKind.SEZ)),
        (
            {"recipient_gstin": GUJARAT, "delivery_state": "27", "is_sez": True},
            Supply("24", inter_state=True, kind=SupplyKind.SEZ),
        ),
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
    assert place_of_supply("04", billing_state="04", is_sez=True) == Supply(
        "04", inter_state=True, utgst=False, kind=SupplyKind.SEZ
    )


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
    assert lines == [out(10000, 0, 10000, 900, 900, 0, 0, 11800)]
    assert totals == sums(10000, 900, 900, 0, 0, 0, 11800)


def test_hundred_at_18_between_states() -> None:
    lines, totals = compute([line("100")], INTER)
    assert lines == [out(10000, 0, 10000, 0, 0, 1800, 0, 11800)]
    assert totals == sums(10000, 0, 0, 1800, 0, 0, 11800)


def test_freight_before_tax_is_taxed_with_the_goods() -> None:
    _, totals = compute([line("100"), line("20")], INTRA)
    assert totals == sums(12000, 1080, 1080, 0, 0, 40, 14200)


def test_total_of_119_18_is_rounded_to_119() -> None:
    _, totals = compute([line("101")], INTRA)
    assert totals == sums(10100, 909, 909, 0, 0, -18, 11900)
    _, exact = compute([line("101")], INTRA, round_off=False)
    assert exact == sums(10100, 909, 909, 0, 0, 0, 11918)


def test_hundred_including_18() -> None:
    lines, totals = compute([line("100", inclusive=True)], INTRA)
    assert lines == [out(10000, 0, 8475, 763, 763, 0, 0, 10001)]
    assert totals == sums(8475, 763, 763, 0, 0, -1, 10000)
    lines, totals = compute([line("100", inclusive=True)], INTER)
    assert lines == [out(10000, 0, 8475, 0, 0, 1526, 0, 10001)]
    assert totals == sums(8475, 0, 0, 1526, 0, -1, 10000)


@pytest.mark.parametrize(
    ("exact", "rounded"), [("19.44", 1900), ("19.54", 2000), ("2.50", 300), ("0.50", 100), ("0.49", 0), ("0", 0)]
)
def test_rounding_to_the_rupee_is_half_up(exact: str, rounded: int) -> None:
    paise = int(Fraction(exact) * 100)
    _, totals = compute([line(exact, 0)], INTRA)
    assert totals == sums(paise, 0, 0, 0, 0, rounded - paise, rounded)


def test_halves_are_rounded_by_themselves_and_equal() -> None:
    # 0.50 at 5 %: each half is 1.25 paise, the whole 2.5 paise.
    assert compute([line("0.50", 5)], INTRA, round_off=False)[1] == sums(50, 1, 1, 0, 0, 0, 52)
    assert compute([line("0.50", 5)], INTER, round_off=False)[1] == sums(50, 0, 0, 3, 0, 0, 53)
    # A quarter percent has halves of an eighth.
    diamonds = LineIn(quantity_milli=1000, unit_price_e4=40_000_000, gst_rate_bp=25)
    assert compute([diamonds], INTRA, round_off=False)[1] == sums(400000, 500, 500, 0, 0, 0, 401000)


def test_totals_are_sums_of_rounded_lines() -> None:
    # Three times 0.33 at 5 %: 0.825 -> 1 paisa each; on the sum it would be 2.475 -> 2.
    _, totals = compute([line("0.33", 5)] * 3, INTRA, round_off=False)
    assert totals == sums(99, 3, 3, 0, 0, 0, 105)


def test_discount_comes_off_before_tax() -> None:
    lines, _ = compute([line("100", discount="10")], INTRA)
    assert lines == [out(10000, 1000, 9000, 810, 810, 0, 0, 10620)]
    lines, _ = compute([line("100", discount="100")], INTRA)
    assert lines == [out(10000, 10000, 0, 0, 0, 0, 0, 0)]
    lines, _ = compute([line("118", discount="59", inclusive=True)], INTRA)
    assert lines == [out(11800, 5900, 5000, 450, 450, 0, 0, 5900)]


def test_cess_is_on_the_taxable_value_and_part_of_an_inclusive_price() -> None:
    lines, _ = compute([line("100", 28, cess=12)], INTRA)
    assert lines == [out(10000, 0, 10000, 1400, 1400, 0, 1200, 14000)]
    lines, _ = compute([line("140", 28, cess=12, inclusive=True)], INTER)
    assert lines == [out(14000, 0, 10000, 0, 0, 2800, 1200, 14000)]


def test_a_cess_per_unit_stands_beside_the_rate_and_sits_in_an_inclusive_price() -> None:
    """Pan masala: so much per piece, whatever it costs; aerated drinks: 12 % of the value."""
    sold = LineIn(2_500, 100_0000, gst_rate_bp=2800, cess_rate_bp=1200, cess_per_unit_e4=4_1750)
    # 2.5 x 100 = 250.00; 14 % each; 12 % = 30.00 and 2.5 x 4.175 = 10.4375.
    assert compute([sold], INTRA)[0] == [out(25000, 0, 25000, 3500, 3500, 0, 3000 + 1044, 36044)]
    inclusive = LineIn(
        1_000, 150_0000, gst_rate_bp=2800, cess_rate_bp=1200, cess_per_unit_e4=10_0000, price_includes_tax=True
    )
    assert compute([inclusive], INTER)[0] == [out(15000, 0, 10000, 0, 0, 2800, 1200 + 1000, 15000)]
    assert compute([sold, inclusive], INTER, charges_tax=False)[1] == sums(40000, 0, 0, 0, 0, 0, 40000)


def test_a_price_below_its_own_cess_leaves_no_value_to_tax() -> None:
    given_away = LineIn(1_000, 3_0000, gst_rate_bp=2800, cess_per_unit_e4=5_0000, price_includes_tax=True)
    assert compute([given_away], INTRA)[0] == [out(300, 0, 0, 0, 0, 0, 500, 500)]


def test_what_is_laid_out_for_the_buyer_bears_no_tax_and_no_discount() -> None:
    stamp = LineIn(1_000, 20_0000, gst_rate_bp=1800, cess_rate_bp=100, in_taxable_value=False)
    lines, totals = compute([line("100"), stamp], INTRA, discount_paise=10_00)
    assert lines == [
        out(10000, 0, 9000, 810, 810, 0, 0, 10620, document_discount=1000),
        out(2000, 0, 0, 0, 0, 0, 0, 2000, untaxed=2000),
    ]
    assert totals == sums(9000, 810, 810, 0, 0, -20, 12600, untaxed=2000)


def test_a_discount_on_the_document_is_borne_by_each_rate_in_proportion() -> None:
    lines, totals = compute([line("100", 18), line("300", 5)], INTRA, discount_paise=40_00)
    assert lines == [
        out(10000, 0, 9000, 810, 810, 0, 0, 10620, document_discount=1000),
        out(30000, 0, 27000, 675, 675, 0, 0, 28350, document_discount=3000),
    ]
    assert totals == sums(36000, 1485, 1485, 0, 0, 30, 39000)


def test_of_a_paisa_that_cannot_be_shared_the_largest_remainder_is_served_first() -> None:
    assert apportion(100, [1, 1, 1]) == [34, 33, 33]
    assert apportion(5, [10, 20, 70]) == [1, 1, 3]  # 0.5, 1.0, 3.5: of equal remainders the earlier
    assert apportion(1, [30, 30, 40]) == [0, 0, 1]
    assert apportion(7, [0, 7, 0]) == [0, 7, 0]
    assert apportion(0, [0, 0]) == [0, 0]
    with pytest.raises(ValueError, match="nothing to share out"):
        apportion(1, [0, 0])


def test_a_discount_larger_than_the_lines_or_below_zero_is_refused() -> None:
    outside = LineIn(1_000, 500_0000, in_taxable_value=False)
    assert compute([line("100", 0), outside], INTRA, discount_paise=100_00)[1] == sums(
        0, 0, 0, 0, 0, 0, 50000, untaxed=50000
    )
    with pytest.raises(ValueError, match="larger than the lines together"):
        compute([line("100", 0), outside], INTRA, discount_paise=100_01)
    with pytest.raises(ValueError, match="cannot be negative"):
        compute([line("100")], INTRA, discount_paise=-1)


def test_who_may_not_charge_tax_charges_the_price_and_nothing_else() -> None:
    for supply in (INTRA, INTER):
        lines, totals = compute([line("100", cess=12), line("100", inclusive=True)], supply, charges_tax=False)
        assert lines == [out(10000, 0, 10000, 0, 0, 0, 0, 10000)] * 2
        assert totals == sums(20000, 0, 0, 0, 0, 0, 20000)


def test_no_lines() -> None:
    assert compute([], INTRA) == ([], sums(0, 0, 0, 0, 0, 0, 0))


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
        ({"cess_per_unit_e4": -1}, "The cess cannot be negative."),
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
LAID_OUT = LineIn(1000, 100_0000, gst_rate_bp=0, in_taxable_value=False)


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
        # What is laid out for the buyer is no supply: it makes nothing exempt, and nothing taxable.
        ([TAXABLE, LAID_OUT], "regular", False, "Tax Invoice"),
        ([EXEMPT, LAID_OUT], "regular", True, "Bill of Supply"),
        ([LAID_OUT], "regular", True, "Tax Invoice"),
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
    in_taxable_value: bool = True


def test_same_hsn_with_another_rate_or_unit_is_another_row() -> None:
    lines = [
        Sold("2501", "KGS", 1500, 500, 10000, 250, 250),
        Sold("1513", "LTR", 2000, 500, 20000, 500, 500),
        Sold("2501", "KGS", 500, 500, 5000, 125, 125, cess_paise=7),
        Sold("2501", "PCS", 1000, 500, 4000, 100, 100),
        Sold("2501", "KGS", 1000, 1800, 3000, igst_paise=540),
        Sold("", "PCS", 1000, 0, 100),
        # Laid out for the buyer: no supply, so no row of its own and nothing added to another.
        Sold("2501", "KGS", 9000, 500, 0, in_taxable_value=False),
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


# --- HSN by turnover ------------------------------------------------------------------------------------------

FOUR, SIX = "Write the HSN or SAC: 4 digits at least.", "Write the HSN or SAC: 6 digits at least."
SHORT_4, SHORT_6 = "This HSN is too short: 4 digits at least.", "This HSN is too short: 6 digits at least."


@pytest.mark.parametrize(
    ("hsn", "digits", "registered", "problem"),
    [
        ("", 4, False, ""),
        ("", 4, True, FOUR),
        ("", 6, False, SIX),
        ("", 6, True, SIX),
        ("2501", 4, True, ""),
        ("2501", 6, True, SHORT_6),
        ("2501", 6, False, SHORT_6),
        ("25", 4, False, SHORT_4),
        ("250100", 6, True, ""),
        ("25010010", 6, True, ""),
        ("25010010", 4, False, ""),
        # Services have six digits, however small the seller is.
        ("9983", 4, False, SHORT_6),
        ("998313", 4, True, ""),
        ("998313", 6, True, ""),
    ],
)
def test_hsn_length_follows_the_turnover_and_the_buyer(hsn: str, digits: int, registered: bool, problem: str) -> None:
    assert hsn_problem(hsn, digits, recipient_registered=registered) == problem

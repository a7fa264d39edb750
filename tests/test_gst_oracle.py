"""The worked vectors of india.md by name, and the whole computation against an oracle written from the rules.

The oracle shares no code with ledger.gst: rupees as fractions, every rule as the law words it.
"""

import datetime as dt
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import gstin, india
from accounts.gstin import require_other
from accounts.money import MAX_PAISE, grouped
from accounts.states import INDIAN_CHOICES, STATES
from ledger import gst, numbering
from ledger.gst import DocumentLabel, LineIn, Supply, SupplyKind, compute, document_label, place_of_supply, rates_on
from ledger.words import in_words

GUJARAT, MAHARASHTRA = "24AAACC1206D1ZM", "27AAPFU0939F1ZV"
INTRA, INTER = Supply("27", inter_state=False), Supply("24", inter_state=True)
UNION_TERRITORY = Supply("04", inter_state=False, utgst=True)
SEZ = Supply("27", inter_state=True, kind=SupplyKind.SEZ)
EXPORT = Supply("96", inter_state=True, kind=SupplyKind.EXPORT)


def piece(rupees: str, percent: int = 18, **fields: object) -> LineIn:
    return LineIn(1_000, int(Fraction(rupees) * 10_000), gst_rate_bp=percent * 100, **fields)  # type: ignore[arg-type]


def columns(totals: gst.Totals) -> tuple[int, int, int, int, int, int]:
    """taxable, CGST, SGST, IGST, round-off, total."""
    return (
        totals.taxable_paise,
        totals.cgst_paise,
        totals.sgst_paise,
        totals.igst_paise,
        totals.round_off_paise,
        totals.total_paise,
    )


# --- Place of supply: a supplier in Maharashtra --------------------------------------------------------------


def test_a_buyer_registered_in_gujarat_pays_igst() -> None:
    assert place_of_supply("27", GUJARAT) == Supply("24", inter_state=True)
    assert columns(compute([piece("100")], place_of_supply("27", GUJARAT))[1]) == (10000, 0, 0, 1800, 0, 11800)


def test_a_buyer_registered_in_maharashtra_pays_cgst_and_sgst() -> None:
    assert place_of_supply("27", MAHARASHTRA) == Supply("27", inter_state=False)
    assert columns(compute([piece("100")], place_of_supply("27", MAHARASHTRA))[1]) == (10000, 900, 900, 0, 0, 11800)


def test_a_walk_in_without_address_buys_in_the_suppliers_state() -> None:
    assert place_of_supply("27") == Supply("27", inter_state=False)


def test_bill_to_27_deliver_to_29_unregistered_is_supplied_in_29_with_igst() -> None:
    supply = place_of_supply("27", billing_state="27", delivery_state="29")
    assert supply == Supply("29", inter_state=True)
    assert columns(compute([piece("100")], supply)[1]) == (10000, 0, 0, 1800, 0, 11800)


def test_bill_to_27_deliver_to_29_registered_stays_in_27() -> None:
    """Section 10(1)(b): goods sent elsewhere by the buyer's order are received where the buyer is registered."""
    assert place_of_supply("27", MAHARASHTRA, "27", "29") == Supply("27", inter_state=False)


def test_the_name_of_the_state_alone_counts_as_an_address() -> None:
    assert place_of_supply("27", billing_state="29") == Supply("29", inter_state=True)


def test_a_sez_unit_in_the_suppliers_own_state_pays_igst() -> None:
    assert place_of_supply("27", MAHARASHTRA, is_sez=True) == SEZ
    assert columns(compute([piece("100")], SEZ)[1]) == (10000, 0, 0, 1800, 0, 11800)


def test_goods_for_another_country_are_an_export_with_igst_unless_under_undertaking() -> None:
    assert place_of_supply("27", billing_state="96") == EXPORT
    assert columns(compute([piece("100")], EXPORT)[1]) == (10000, 0, 0, 1800, 0, 11800)
    assert columns(compute([piece("100")], EXPORT, charges_tax=False)[1]) == (10000, 0, 0, 0, 0, 10000)


@pytest.mark.parametrize("code", [code for code, state in STATES.items() if state.utgst])
def test_a_union_territory_without_legislature_levies_utgst(code: str) -> None:
    supply = place_of_supply(code, billing_state=code)
    assert (supply.state_tax, supply.inter_state) == ("UTGST", False)


def test_the_union_territories_without_legislature_are_these() -> None:
    assert {code for code, state in STATES.items() if state.utgst} == {"04", "26", "31", "35", "38", "97"}


def test_state_codes_are_01_to_24_26_27_29_to_38_96_and_97() -> None:
    numbers = {*range(1, 25), 26, 27, *range(29, 39), 96, 97}
    assert set(STATES) == {f"{number:02d}" for number in numbers}
    assert {code for code, _name in INDIAN_CHOICES} == set(STATES) - {"96"}
    assert str(STATES["26"].name) == "Dadra and Nagar Haveli and Daman and Diu"


def test_a_uin_names_its_state_and_a_number_of_the_centre_does_not() -> None:
    assert place_of_supply("27", "0717UNO00157UNO", "27", "27") == Supply("07", inter_state=True)
    assert place_of_supply("27", "9919USA29003OSW", "29") == Supply("29", inter_state=True)
    assert place_of_supply("27", "9919USA29003OSW") == Supply("27", inter_state=False)


def test_own_and_customers_gstin_may_not_be_equal() -> None:
    with pytest.raises(ValueError, match="your own GSTIN"):
        place_of_supply("27", MAHARASHTRA, supplier_gstin=MAHARASHTRA)
    with pytest.raises(ValueError, match="your own GSTIN"):
        require_other(MAHARASHTRA, f" {MAHARASHTRA.lower()} ")


@given(
    st.sampled_from([code for code, _name in INDIAN_CHOICES]),
    st.sampled_from(["", *STATES]),
    st.sampled_from(["", *STATES]),
    st.sampled_from(["", GUJARAT, MAHARASHTRA, "0717UNO00157UNO", "9919USA29003OSW"]),
    st.booleans(),
)
def test_place_of_supply_against_the_rules(supplier: str, billing: str, delivery: str, number: str, sez: bool) -> None:
    """The rules again, in the order in which a person would ask them."""
    supply = place_of_supply(supplier, number, billing, delivery, is_sez=sez)
    if number in (GUJARAT, MAHARASHTRA, "0717UNO00157UNO"):
        place = {GUJARAT: "24", MAHARASHTRA: "27"}.get(number, "07")
    else:
        place = next(state for state in (delivery, billing, supplier) if state)
    assert supply.place_of_supply == place
    assert supply.inter_state is (sez or place != supplier)
    assert supply.kind == ("sez" if sez else "export" if place == "96" else "domestic")
    assert supply.utgst is (not sez and place == supplier and place in {"04", "26", "31", "35", "38", "97"})


# --- Arithmetic ----------------------------------------------------------------------------------------------


def test_100_at_18_within_the_state_is_9_and_9_and_118() -> None:
    assert columns(compute([piece("100")], INTRA)[1]) == (10000, 900, 900, 0, 0, 11800)


def test_freight_of_20_before_tax_on_100_makes_120_taxable() -> None:
    assert columns(compute([piece("100"), piece("20")], INTRA)[1]) == (12000, 1080, 1080, 0, 40, 14200)


def test_freight_of_20_after_tax_leaves_100_taxable() -> None:
    _, totals = compute([piece("100"), piece("20", in_taxable_value=False)], INTRA)
    assert columns(totals) == (10000, 900, 900, 0, 0, 13800)
    assert totals.untaxed_paise == 2000


def test_119_18_is_rounded_to_119_with_minus_18_paise() -> None:
    assert columns(compute([piece("101")], INTRA)[1]) == (10100, 909, 909, 0, -18, 11900)


def test_100_including_18_is_84_75_and_twice_7_63_and_minus_1_paisa() -> None:
    totals = compute([piece("100", price_includes_tax=True)], INTRA)[1]
    assert columns(totals) == (8475, 763, 763, 0, -1, 10000)


@pytest.mark.parametrize(("exact", "rounded"), [("19.44", 19), ("19.54", 20), ("2.50", 3), ("0.50", 1)])
def test_the_rupee_is_rounded_half_up_never_to_even(exact: str, rounded: int) -> None:
    _, totals = compute([piece(exact, 0)], INTRA)
    assert totals.total_paise == rounded * 100
    assert totals.round_off_paise == rounded * 100 - int(Fraction(exact) * 100)


def test_each_half_of_the_tax_is_rounded_by_itself() -> None:
    """0.50 at 5 %: halves of 1.25 paise make 1 and 1, the whole of 2.5 paise makes 3."""
    assert columns(compute([piece("0.50", 5)], INTRA, round_off=False)[1]) == (50, 1, 1, 0, 0, 52)
    assert columns(compute([piece("0.50", 5)], INTER, round_off=False)[1]) == (50, 0, 0, 3, 0, 53)


def test_totals_are_sums_of_rounded_rows() -> None:
    """Twice 33.33 at 18 %: 2 x 3.00 (2.9997), not round(5.9994)."""
    rows, totals = compute([piece("33.35")] * 3, INTRA, round_off=False)
    assert [row.cgst_paise for row in rows] == [300] * 3  # 300.15 each
    assert totals.cgst_paise == 900  # the sum would be 900.45
    rows, totals = compute([piece("0.10", 5)] * 4, INTRA, round_off=False)
    assert totals.cgst_paise == 0  # a quarter of a paisa each: the sum would be 1


# --- Labels, HSN, rates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rates", "registered", "label"),
    [
        ((18,), True, DocumentLabel.TAX_INVOICE),
        ((18, 5), False, DocumentLabel.TAX_INVOICE),
        ((0,), True, DocumentLabel.BILL_OF_SUPPLY),
        ((0, 0), False, DocumentLabel.BILL_OF_SUPPLY),
        ((18, 0), True, DocumentLabel.INVOICE),
        ((18, 0), False, DocumentLabel.INVOICE_CUM_BILL_OF_SUPPLY),
    ],
)
def test_the_label_of_a_regular_supplier(rates: tuple[int, ...], registered: bool, label: DocumentLabel) -> None:
    assert document_label([piece("1", rate) for rate in rates], "regular", registered) == label


def test_composition_makes_every_document_a_bill_of_supply_without_tax() -> None:
    assert document_label([piece("1")], "composition", recipient_registered=True) == DocumentLabel.BILL_OF_SUPPLY
    assert columns(compute([piece("100")], INTRA, charges_tax=False)[1]) == (10000, 0, 0, 0, 0, 10000)


def test_hsn_has_4_digits_up_to_5_crore_and_6_above_and_sac_6() -> None:
    assert [gst.hsn_problem(code, 4, True) == "" for code in ("", "250", "2501", "250100", "25010010")] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert [gst.hsn_problem(code, 6, False) == "" for code in ("", "2501", "250100", "25010010")] == [
        False,
        False,
        True,
        True,
    ]
    assert gst.hsn_problem("", 4, False) == ""
    assert [gst.hsn_problem(code, 4, False) == "" for code in ("9983", "998313")] == [False, True]


def test_rates_are_0_5_18_and_40_since_22_september_2025_and_0_5_12_18_28_before() -> None:
    main_before, main_after = {0, 500, 1200, 1800, 2800}, {0, 500, 1800, 4000}
    special = {25, 150, 300}
    assert set(rates_on(dt.date(2025, 9, 21))) == main_before | special
    assert set(rates_on(dt.date(2025, 9, 22))) == main_after | special | {2800}  # tobacco, still with cess
    assert set(rates_on(india.today())) == main_after | special


# --- Numbers of documents, GSTIN, dates, words ---------------------------------------------------------------


def test_inv_2026_27_0001_has_16_characters_and_one_digit_more_is_refused() -> None:
    number = numbering.format_number("INV/YYYY-YY/####", "2026-27", 1)
    assert (number, len(number)) == ("INV/2026-27/0001", 16)
    with pytest.raises(numbering.PatternRefused, match="has 17 characters"):
        numbering.check_pattern("INV/YYYY-YY/#####", "2026-27")
    assert numbering.format_number("INV/YYYY-YY/####", "2026-27", 9_999) == "INV/2026-27/9999"
    with pytest.raises(numbering.SeriesFull, match="INV/YY-YY/####"):
        numbering.format_number("INV/YYYY-YY/####", "2026-27", 10_000)


@pytest.mark.parametrize("text", ["INV1\n", "INV 1", "₹1", "INV_1", "INV.1", "ÍNV1", "१", ""])
def test_a_number_has_ascii_letters_digits_hyphens_and_slashes_only(text: str) -> None:
    assert numbering.ALLOWED.fullmatch(text) is None
    assert numbering.ALLOWED.fullmatch("Inv-1/Z") is not None
    with pytest.raises(numbering.PatternRefused):
        numbering.check_pattern(f"{text}##" if text else "", "2026-27")


def test_27aapfu0939f1zv_is_a_gstin_and_27aapfu9039f1zv_is_not() -> None:
    assert gstin.validate("27AAPFU0939F1ZV") == "27AAPFU0939F1ZV"
    with pytest.raises(ValueError, match="typing mistake"):
        gstin.validate("27AAPFU9039F1ZV")


@pytest.mark.parametrize("number", ["9919USA29003OSW", "0717UNO00157UNO"])
def test_numbers_of_foreigners_and_un_bodies_are_accepted_by_their_own_pattern(number: str) -> None:
    assert gstin.validate(number) == number


def test_the_financial_year_turns_at_midnight_in_india() -> None:
    moment = dt.datetime(2026, 3, 31, 19, 0, tzinfo=dt.UTC)
    assert moment.astimezone(india.TZ).date() == dt.date(2026, 4, 1)
    assert india.financial_year(dt.date(2026, 4, 1)) == "2026-27"
    assert india.financial_year(dt.date(2026, 3, 31)) == "2025-26"


@pytest.mark.parametrize(("number", "text"), [(100_000, "1,00,000"), (12_345_678, "1,23,45,678"), (999, "999")])
def test_lakh_and_crore_grouping(number: int, text: str) -> None:
    assert grouped(number) == text


@pytest.mark.parametrize(
    ("paise", "words"),
    [
        (123_456_712, "Twelve lakh thirty-four thousand five hundred sixty-seven rupees and twelve paise only"),
        (0, "Zero rupees only"),
        (50, "Fifty paise only"),
        (100, "One rupee only"),
        (100 * 10**7 * 100, "One hundred crore rupees only"),
    ],
)
def test_amounts_in_words(paise: int, words: str) -> None:
    assert in_words(paise) == words


# --- The oracle: rupees as fractions, rules as the law words them ----------------------------------------------


@dataclass(frozen=True)
class Told:
    """A line in plain words: rupees and shares of one, all as fractions."""

    quantity: Fraction
    price: Fraction
    discount: Fraction
    rate: Fraction
    cess_rate: Fraction
    cess_each: Fraction
    inclusive: bool
    laid_out: bool


def paisa(rupees: Fraction) -> Fraction:
    """To the paisa, half up; nothing here is negative."""
    return Fraction(floor(rupees * 100 + Fraction(1, 2)), 100)


def asked(line: Told) -> Fraction:
    return paisa(line.quantity * line.price) - line.discount


def share_out(discount: Fraction, lines: list[Told]) -> list[Fraction]:
    """Whole paise in proportion to what is asked; one paisa more to the largest fractions, the earlier line first."""
    basis = [Fraction(0) if line.laid_out else asked(line) for line in lines]
    if not sum(basis):
        return [Fraction(0)] * len(lines)
    exact = [discount * 100 * part / sum(basis) for part in basis]
    paise = [floor(part) for part in exact]
    for _ in range(int(discount * 100) - sum(paise)):
        neediest = max(range(len(lines)), key=lambda n: (exact[n] - paise[n], -n))
        paise[neediest] += 1
    return [Fraction(part, 100) for part in paise]


def reckon(line: Told, off: Fraction, supply: Supply, taxed: bool) -> dict[str, Fraction]:
    nothing = Fraction(0)
    row = dict.fromkeys(("taxable", "cgst", "sgst", "igst", "cess", "untaxed"), nothing)
    price = asked(line) - off
    if line.laid_out:  # section 15(2), Rule 33: no part of the value
        return row | {"untaxed": price}
    if not taxed:
        return row | {"taxable": price}
    each = paisa(line.quantity * line.cess_each)
    value = paisa(max(price - each, nothing) / (1 + line.rate + line.cess_rate)) if line.inclusive else price
    if supply.inter_state:
        row["igst"] = paisa(value * line.rate)
    else:
        row["cgst"] = row["sgst"] = paisa(value * line.rate / 2)
    return row | {"taxable": value, "cess": paisa(value * line.cess_rate) + each}


def told(line: LineIn) -> Told:
    return Told(
        quantity=Fraction(line.quantity_milli, 1_000),
        price=Fraction(line.unit_price_e4, 10_000),
        discount=Fraction(line.discount_paise, 100),
        rate=Fraction(line.gst_rate_bp, 10_000),
        cess_rate=Fraction(line.cess_rate_bp, 10_000),
        cess_each=Fraction(line.cess_per_unit_e4, 10_000),
        inclusive=line.price_includes_tax,
        laid_out=not line.in_taxable_value,
    )


RATE_BP = [0, 25, 150, 300, 500, 1200, 1800, 2800, 4000]


@st.composite
def lines_in(draw: st.DrawFn) -> LineIn:
    quantity = draw(st.sampled_from([1, 1_000, 2_500, 333]) | st.integers(0, 50_000_000))
    price = draw(st.sampled_from([50, 9_999, 10_000, 1_000_000]) | st.integers(0, 10**9))
    return LineIn(
        quantity_milli=quantity,
        unit_price_e4=price,
        discount_paise=draw(st.just(0) | st.integers(0, LineIn(quantity, price).gross_paise)),
        gst_rate_bp=draw(st.sampled_from(RATE_BP) | st.integers(0, 10_000)),
        cess_rate_bp=draw(st.just(0) | st.integers(0, 100_000)),
        cess_per_unit_e4=draw(st.just(0) | st.integers(0, 10**7)),
        price_includes_tax=draw(st.booleans()),
        in_taxable_value=draw(st.sampled_from([True, True, True, False])),
    )


@st.composite
def documents(draw: st.DrawFn) -> tuple[list[LineIn], int]:
    """Lines with a discount on the whole document that they can bear."""
    lines = draw(st.lists(lines_in(), max_size=6))
    most = sum(line.net_paise for line in lines if line.in_taxable_value)
    return lines, draw(st.just(0) | st.integers(0, most) | st.integers(0, min(most, 20)))


ANYWHERE = st.sampled_from([INTRA, INTER, UNION_TERRITORY, SEZ, EXPORT])
OUT_OF = {"taxable", "cgst", "sgst", "igst", "cess", "untaxed"}


@given(documents(), ANYWHERE, st.booleans(), st.booleans())
def test_every_figure_of_a_document_against_the_oracle(
    document: tuple[list[LineIn], int], supply: Supply, round_off: bool, charges_tax: bool
) -> None:
    lines, discount = document
    plain = [told(line) for line in lines]
    shares = share_out(Fraction(discount, 100), plain)
    expected = [reckon(line, off, supply, charges_tax) for line, off in zip(plain, shares, strict=True)]

    computed, totals = compute(lines, supply, discount_paise=discount, round_off=round_off, charges_tax=charges_tax)

    assert [Fraction(row.document_discount_paise, 100) for row in computed] == shares
    for row, figures in zip(computed, expected, strict=True):
        found = {name: Fraction(asdict(row)[f"{name}_paise"], 100) for name in OUT_OF}
        assert found == figures
        assert Fraction(row.total_paise, 100) == sum(figures.values())
    exact = Fraction(0)
    for name in OUT_OF:
        column = sum((figures[name] for figures in expected), Fraction(0))
        assert Fraction(asdict(totals)[f"{name}_paise"], 100) == column
        exact += column
    total = Fraction(floor(exact + Fraction(1, 2))) if round_off else exact
    assert Fraction(totals.total_paise, 100) == total
    assert Fraction(totals.round_off_paise, 100) == total - exact


@given(documents(), ANYWHERE, st.booleans(), st.booleans())
def test_what_holds_of_every_document(
    document: tuple[list[LineIn], int], supply: Supply, round_off: bool, charges_tax: bool
) -> None:
    lines, discount = document
    computed, totals = compute(lines, supply, discount_paise=discount, round_off=round_off, charges_tax=charges_tax)
    assert sum(row.document_discount_paise for row in computed) == discount
    assert totals.cgst_paise == totals.sgst_paise
    assert (totals.cgst_paise if supply.inter_state else totals.igst_paise) == 0
    assert totals.total_paise == sum(value for name, value in asdict(totals).items() if name != "total_paise")
    assert -50 < totals.round_off_paise <= 50
    assert totals.total_paise % 100 == 0 or not round_off
    for written, row in zip(lines, computed, strict=True):
        assert row.cgst_paise == row.sgst_paise
        assert 0 <= row.document_discount_paise <= written.net_paise
        net = written.net_paise - row.document_discount_paise
        if not written.in_taxable_value:
            assert (row.untaxed_paise, row.total_paise) == (net, net)
        elif not written.price_includes_tax or not charges_tax:
            assert row.taxable_paise == net
        elif net >= row.cess_paise:
            # The value is at most half a paisa off, and so is each of the three taxes on it.
            tax = 1 + Fraction(written.gst_rate_bp + written.cess_rate_bp, 10_000)
            assert abs(row.total_paise - net) <= (tax + 3) / 2
        assert charges_tax or row.total_paise == net


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=8))
def test_shares_add_up_and_each_is_within_a_paisa_of_its_part(amount: int, weights: list[int]) -> None:
    if not sum(weights):
        weights[0] = 1
    parts = gst.apportion(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1
        assert part <= weight or amount > sum(weights)


def test_999_crore_is_the_most_a_document_can_say() -> None:
    most = LineIn(1_000, MAX_PAISE * 100)
    assert compute([most], INTRA)[1].total_paise == MAX_PAISE
    with pytest.raises(ValueError, match="at most 999 crore"):
        compute([most, piece("0.50", 0)], INTRA)

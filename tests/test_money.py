"""Rounding, formatting and reading of amounts, prices and quantities."""

from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.money import (
    MAX_PAISE,
    MAX_QUANTITY_MILLI,
    MAX_UNIT_PRICE_E4,
    amount,
    ascii_digits,
    divide_half_up,
    grouped,
    line_amount,
    parse_quantity,
    parse_rupees,
    parse_unit_price,
    percent,
    plain,
    quantity,
    round_half_up,
    rs,
    rupees,
    unit_price,
)

NOT_A_NUMBER = "This is not a number we can read. Write it like 1,18,000.50."


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("19.44", 19),
        ("19.54", 20),
        ("2.50", 3),
        ("0.50", 1),
        ("0.49", 0),
        ("1.5", 2),
        ("-0.50", -1),
        ("-2.50", -3),
        ("-2.49", -2),
        ("0", 0),
        ("7", 7),
        ("1E+3", 1000),
        ("0.49999999999999999999999999999999999", 0),
    ],
)
def test_rounding_is_half_up_and_never_bankers(value: str, rounded: int) -> None:
    assert round_half_up(Decimal(value)) == rounded


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
def test_rounding_is_decimals_round_half_up(value: Decimal) -> None:
    assert round_half_up(value) == int(value.to_integral_value(ROUND_HALF_UP))


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_not_rounded(value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        round_half_up(Decimal(value))


@given(st.integers(-(10**24), 10**24), st.integers(1, 10**9))
def test_division_rounds_the_exact_quotient(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    away = abs(exact) + Fraction(1, 2)
    expected = away.numerator // away.denominator
    assert divide_half_up(numerator, denominator) == (expected if numerator >= 0 else -expected)


@pytest.mark.parametrize("denominator", [0, -1])
def test_division_needs_a_positive_denominator(denominator: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        divide_half_up(1, denominator)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1,000"),
        (99999, "99,999"),
        (100000, "1,00,000"),
        (12345678, "1,23,45,678"),
        (9_990_000_000, "9,99,00,00,000"),
        (-100000, "-1,00,000"),
        (-100, "-100"),
    ],
)
def test_grouping_is_by_lakh_and_crore(number: int, text: str) -> None:
    assert grouped(number) == text


@given(st.integers())
def test_grouping_only_adds_commas(number: int) -> None:
    text = grouped(number)
    assert int(text.replace(",", "")) == number
    head, *groups = text.removeprefix("-").split(",")
    assert [len(group) for group in groups] == [2] * (len(groups) - 1) + [3] * bool(groups)
    assert 1 <= len(head) <= (2 if groups else 3)


@pytest.mark.parametrize(
    ("paise", "screen", "sms", "column", "machine"),
    [
        (12345600, "₹1,23,456.00", "Rs. 1,23,456.00", "1,23,456.00", "123456.00"),
        (0, "₹0.00", "Rs. 0.00", "0.00", "0.00"),
        (5, "₹0.05", "Rs. 0.05", "0.05", "0.05"),
        (118000, "₹1,180.00", "Rs. 1,180.00", "1,180.00", "1180.00"),
        (-18, "\u2212₹0.18", "-Rs. 0.18", "\u22120.18", "-0.18"),
        (-10000001, "\u2212₹1,00,000.01", "-Rs. 1,00,000.01", "\u22121,00,000.01", "-100000.01"),
        (MAX_PAISE, "₹9,99,00,00,000.00", "Rs. 9,99,00,00,000.00", "9,99,00,00,000.00", "9990000000.00"),
    ],
)
def test_amounts_are_written_as_india_writes_them(paise: int, screen: str, sms: str, column: str, machine: str) -> None:
    assert rupees(paise) == screen
    assert rs(paise) == sms
    assert amount(paise) == column
    assert plain(paise) == machine


@given(st.integers(-MAX_PAISE, MAX_PAISE))
def test_what_is_written_reads_back(paise: int) -> None:
    for text in (rupees(paise), rs(paise), amount(paise), plain(paise)):
        assert parse_rupees(text, allow_negative=True) == paise
    assert rs(paise).isascii()
    assert plain(paise).isascii()


@pytest.mark.parametrize(
    ("text", "paise"),
    [
        ("1,18,000.50", 11800050),
        ("118000.5", 11800050),
        ("118,000.50", 11800050),
        ("₹ 500", 50000),
        ("₹500", 50000),
        ("Rs. 500", 50000),
        ("Rs.500", 50000),
        ("rs 500", 50000),
        ("INR 500.00", 50000),
        ("500/-", 50000),
        ("Rs. 500/-", 50000),
        (" 500 ", 50000),
        ("\u00a0500\u200b", 50000),
        ("५००.५०", 50050),
        ("₹१,१८,०००.५०", 11800050),
        ("௫௦௦", 50000),
        ("+500", 50000),
        (".5", 50),
        ("5.", 500),
        ("0", 0),
        ("-0", 0),
        ("007", 700),
        ("9990000000", MAX_PAISE),
        ("9,99,00,00,000.00", MAX_PAISE),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, paise: int) -> None:
    assert parse_rupees(text) == paise


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Write a number."),
        ("   ", "Write a number."),
        ("abc", NOT_A_NUMBER),
        (".", NOT_A_NUMBER),
        ("₹", NOT_A_NUMBER),
        ("1e5", NOT_A_NUMBER),
        ("1E5", NOT_A_NUMBER),
        ("NaN", NOT_A_NUMBER),
        ("inf", NOT_A_NUMBER),
        ("0x10", NOT_A_NUMBER),
        ("1_000", NOT_A_NUMBER),
        ("1 000", NOT_A_NUMBER),
        ("1,18", NOT_A_NUMBER),
        ("1,1,000", NOT_A_NUMBER),
        ("1,18,000,000", NOT_A_NUMBER),
        ("1.2.3", NOT_A_NUMBER),
        ("--5", NOT_A_NUMBER),
        ("5-", NOT_A_NUMBER),
        ("²", NOT_A_NUMBER),
        ("5\n6", NOT_A_NUMBER),
        ("₹₹5", NOT_A_NUMBER),
        ("$5", NOT_A_NUMBER),
        ("x" * 100_000, NOT_A_NUMBER),
        ("-5", "The amount cannot be negative."),
        ("\u22125", "The amount cannot be negative."),
        ("₹-5", "The amount cannot be negative."),
        ("- ₹5", "The amount cannot be negative."),
        ("1.234", "Write at most two decimals, such as 118.50."),
        ("1.000", "Write at most two decimals, such as 118.50."),
        ("9990000000.01", "This amount is too large: at most 999 crore rupees."),
        ("9" * 50, "This amount is too large: at most 999 crore rupees."),
        ("9" * 100_000, "This amount is too large: at most 999 crore rupees."),
    ],
)
def test_what_is_no_amount_is_refused_in_plain_words(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 (the whole text is compared)
        parse_rupees(text)
    assert str(refused.value) == message


@pytest.mark.parametrize("text", ["-₹1,180.50", "\u2212₹1,180.50", "₹-1,180.50", "-Rs. 1180.50"])
def test_negative_amounts_are_read_where_they_are_allowed(text: str) -> None:
    assert parse_rupees(text, allow_negative=True) == -118050


def test_negative_amounts_have_the_same_bound() -> None:
    with pytest.raises(ValueError, match="too large"):
        parse_rupees("-9990000001", allow_negative=True)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    for parse in (parse_rupees, parse_quantity, parse_unit_price):
        value = None
        with suppress(ValueError):
            value = parse(text)
        if value is not None:
            assert 0 <= value <= MAX_UNIT_PRICE_E4
            continue
        with pytest.raises(ValueError, match=r"\w"):
            parse(text)


@pytest.mark.parametrize(
    ("quantity_milli", "unit_price_e4", "paise"),
    [
        (1000, 10_000, 100),
        (1000, 1_000_000, 10_000),
        (2500, 125_000, 3125),
        (1, 10_000, 0),  # 0.1 paisa
        (5, 10_000, 1),  # half a paisa
        (4, 10_000, 0),
        (1000, 50, 1),  # half a paisa
        (1000, 49, 0),
        (3, 333_333, 10),
        (-1000, 50, -1),
        (80_995_000, 10_400, 8423480),
        (0, 10_000, 0),
    ],
)
def test_line_amount_in_paise(quantity_milli: int, unit_price_e4: int, paise: int) -> None:
    assert line_amount(quantity_milli, unit_price_e4) == paise


@given(st.integers(0, MAX_QUANTITY_MILLI), st.integers(0, MAX_UNIT_PRICE_E4))
def test_line_amount_is_the_exact_product_rounded(quantity_milli: int, unit_price_e4: int) -> None:
    exact = Fraction(quantity_milli, 1000) * Fraction(unit_price_e4, 10_000) * 100
    assert abs(line_amount(quantity_milli, unit_price_e4) - exact) <= Fraction(1, 2)
    # At exactly half, up.
    assert line_amount(quantity_milli, unit_price_e4) - exact != Fraction(-1, 2)


@pytest.mark.parametrize(
    ("e4", "text", "bare"),
    [
        (125_000, "12.50", "12.50"),
        (12_345, "1.2345", "1.2345"),
        (12_340, "1.234", "1.234"),
        (12_300, "1.23", "1.23"),
        (10_000, "1.00", "1.00"),
        (1, "0.0001", "0.0001"),
        (0, "0.00", "0.00"),
        (1_234_567_500, "1,23,456.75", "123456.75"),
    ],
)
def test_unit_prices_have_two_to_four_decimals(e4: int, text: str, bare: str) -> None:
    assert unit_price(e4) == text
    assert unit_price(e4, grouping=False) == bare
    assert parse_unit_price(text) == parse_unit_price(bare) == e4


@pytest.mark.parametrize(
    ("milli", "text", "bare"),
    [
        (1000, "1", "1"),
        (2500, "2.5", "2.5"),
        (2125, "2.125", "2.125"),
        (10, "0.01", "0.01"),
        (0, "0", "0"),
        (1_500_000, "1,500", "1500"),
        (100_000_000, "1,00,000", "100000"),
    ],
)
def test_quantities_have_no_trailing_zeros(milli: int, text: str, bare: str) -> None:
    assert quantity(milli) == text
    assert quantity(milli, grouping=False) == bare
    assert parse_quantity(text) == parse_quantity(bare) == milli


def test_negative_prices_and_quantities_can_be_shown() -> None:
    assert unit_price(-125_000) == "\u221212.50"
    assert quantity(-2500) == "\u22122.5"
    assert quantity(-2500, grouping=False) == "-2.5"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2.1255", "Write at most three decimals, such as 2.125."),
        ("-1", "The quantity cannot be negative."),
        ("₹5", "This is not a number we can read. Write it like 12 or 2.5."),
        ("10,00,00,000", "This quantity is too large."),
    ],
)
def test_what_is_no_quantity_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        parse_quantity(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.23456", "Write at most four decimals, such as 1.2345."),
        ("-1", "The price cannot be negative."),
        ("9990000001", "This price is too large: at most 999 crore rupees."),
    ],
)
def test_what_is_no_price_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        parse_unit_price(text)
    assert str(refused.value) == message


def test_bounds_themselves_are_accepted() -> None:
    assert parse_quantity("9,99,99,999.999") == MAX_QUANTITY_MILLI
    assert parse_unit_price("9990000000") == MAX_UNIT_PRICE_E4


@pytest.mark.parametrize(
    ("bp", "whole", "half"),
    [
        (1800, "18%", "9%"),
        (500, "5%", "2.5%"),
        (4000, "40%", "20%"),
        (25, "0.25%", "0.125%"),
        (150, "1.5%", "0.75%"),
        (0, "0%", "0%"),
    ],
)
def test_rates_as_percentages(bp: int, whole: str, half: str) -> None:
    assert percent(bp) == whole
    assert percent(bp, half=True) == half


def test_digits_of_indian_scripts_become_ascii() -> None:
    assert ascii_digits("०१२३४५६७८९") == "0123456789"
    assert ascii_digits("০১২ ੦੧੨ ૦૧૨ ୦୧୨ ௦௧௨ ౦౧౨ ೦೧೨ ൦൧൨ ۰۱۲") == " ".join(["012"] * 9)
    assert ascii_digits("\u202a+91\u202c") == "+91"
    assert ascii_digits("x²") == "x²"

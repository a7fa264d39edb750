"""GSTIN and its relatives; States."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.in_ import gstin as stdnum_gstin

from accounts.gstin import Kind, check_digit, kind, normalise, require_other, state_code, validate
from accounts.states import INDIAN_CHOICES, STATE_CHOICES, STATES, is_utgst, name

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TYPING_MISTAKE = "This GSTIN has a typing mistake: its last character does not fit. Compare the certificate."
NO_PATTERN = "This is not a GSTIN. It looks like 27AAPFU0939F1ZV: State code, PAN, and three characters."

pans = st.from_regex(r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", fullmatch=True).filter(lambda pan: "0000" not in pan)
states = st.sampled_from([code for code in STATES if code <= "37"])


def test_the_vector() -> None:
    assert validate("27AAPFU0939F1ZV") == "27AAPFU0939F1ZV"
    assert state_code("27AAPFU0939F1ZV") == "27"
    assert kind("27AAPFU0939F1ZV") is Kind.REGULAR
    with pytest.raises(ValueError) as refused:  # noqa: PT011 (the whole text is compared)
        validate("27AAPFU9039F1ZV")
    assert str(refused.value) == TYPING_MISTAKE


@pytest.mark.parametrize(
    "typed",
    [
        "27aapfu0939f1zv",
        " 27 AAPFU 0939 F1ZV ",
        "27-AAPFU0939F-1ZV",
        "27AAPFU0939F1ZV\n",
        "\u200b27AAPFU0939F1ZV",
        "२७AAPFU०९३९F१ZV",
        "２７ＡＡＰＦＵ０９３９Ｆ１ＺＶ",
    ],
)
def test_one_number_however_it_is_typed(typed: str) -> None:
    assert normalise(typed) == "27AAPFU0939F1ZV"
    assert validate(typed) == "27AAPFU0939F1ZV"


@given(states, pans, st.sampled_from(ALPHABET[1:]))
def test_check_digit_agrees_with_stdnum(state: str, pan: str, entity: str) -> None:
    first14 = f"{state}{pan}{entity}Z"
    number = first14 + check_digit(first14)
    assert validate(number) == number
    assert stdnum_gstin.validate(number) == number


@given(states, pans, st.data())
def test_any_other_last_character_is_a_mistake(state: str, pan: str, data: st.DataObject) -> None:
    first14 = f"{state}{pan}1Z"
    wrong = data.draw(st.sampled_from(ALPHABET.replace(check_digit(first14), "")))
    with pytest.raises(ValueError, match="typing mistake"):
        validate(first14 + wrong)


def test_a_check_digit_of_zero() -> None:
    # 36 - 0 is 36, not a character: common recipes forget the last modulo.
    first14 = next(
        candidate
        for candidate in (f"27AAPFU{number:04d}F1Z" for number in range(1, 10_000))
        if sum(sum(divmod(ALPHABET.index(char) * (1 + place % 2), 36)) for place, char in enumerate(candidate)) % 36
        == 0
    )
    assert check_digit(first14) == "0"
    assert validate(first14 + "0") == first14 + "0"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("9919USA29003OSW", Kind.OIDAR),
        ("9917SGP29001OST", Kind.OIDAR),
        ("0717UNO00157UNO", Kind.UIN),
        ("0717UNO00157UNQ", Kind.UIN),
        ("2717USA00012NRB", Kind.NON_RESIDENT),
    ],
)
def test_numbers_of_other_patterns_are_accepted(number: str, expected: Kind) -> None:
    assert validate(number) == number
    assert kind(number) is expected


@pytest.mark.parametrize("first14", ["97AAPFU0939F1Z", "99AAPFU0939F1Z", "38AAPFU0939F1Z", "27MUMA12345B1D"])
def test_other_territory_centre_and_departments_without_pan(first14: str) -> None:
    number = first14 + check_digit(first14)
    assert validate(number) == number
    assert kind(number) is Kind.REGULAR


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Write the GSTIN."),
        (" - ", "Write the GSTIN."),
        ("27AAPFU0939F1Z", "A GSTIN has 15 characters; this one has 14."),
        ("27AAPFU0939F1ZVV", "A GSTIN has 15 characters; this one has 16."),
        ("AAPFU0939F", "A GSTIN has 15 characters; this one has 10."),
        ("AAAPFU0939F1ZV1", NO_PATTERN),
        ("27AAPFU0939F0ZV", NO_PATTERN),
        ("27AAPFU0939F1_V", NO_PATTERN),
        ("27AAPF\u00dc0939F1ZV", NO_PATTERN),
        ("<script>alert(1", NO_PATTERN),
        ("00AAPFU0939F1ZV", "A GSTIN cannot begin with 00: that is no State code."),
        ("25AAPFU0939F1ZV", "A GSTIN cannot begin with 25: that is no State code."),
        ("28AAPFU0939F1ZV", "A GSTIN cannot begin with 28: that is no State code."),
        ("39AAPFU0939F1ZV", "A GSTIN cannot begin with 39: that is no State code."),
        ("96AAPFU0939F1ZV", "A GSTIN cannot begin with 96: that is no State code."),
        ("9819USA29003UNW", "A GSTIN cannot begin with 98: that is no State code."),
        ("9819USA29003OSW", NO_PATTERN),
        ("97AAPFU0939F1ZV", TYPING_MISTAKE),
    ],
)
def test_what_is_no_gstin_is_refused_in_plain_words(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        validate(text)
    assert str(refused.value) == message


@pytest.mark.parametrize("first14", ["", "27AAPFU0939F1", "27AAPFU0939F1ZV", "27aapfu0939f1z", "27AAPFU0939F1\u0660"])
def test_check_digit_needs_fourteen_characters(first14: str) -> None:
    with pytest.raises(ValueError, match="14"):
        check_digit(first14)


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading(text: str) -> None:
    number = None
    with suppress(ValueError):
        number = validate(text)
    if number is not None:
        assert validate(number) == number
        return
    with pytest.raises(ValueError, match=r"\w"):
        validate(text)


def test_own_and_customers_gstin_must_differ() -> None:
    require_other("27AAPFU0939F1ZV", "")
    require_other("", "")
    require_other("27AAPFU0939F1ZV", "24AAPFU0939F1Z1")
    with pytest.raises(ValueError, match="your own GSTIN"):
        require_other("27AAPFU0939F1ZV", "27 aapfu0939f1zv")


def test_states() -> None:
    numbers = [*range(1, 25), 26, 27, *range(29, 39), 96, 97]
    assert list(STATES) == [f"{number:02d}" for number in numbers]
    assert [code for code in STATES if is_utgst(code)] == ["04", "26", "31", "35", "38", "97"]
    assert name("27") == "Maharashtra"
    assert name("26") == "Dadra and Nagar Haveli and Daman and Diu"
    assert name("25") == ""
    assert not is_utgst("25")
    assert STATE_CHOICES[26 - 1] == ("27", "Maharashtra")
    assert [code for code, _ in STATE_CHOICES if code not in dict(INDIAN_CHOICES)] == ["96"]

"""Mobile numbers as people in India type them."""

from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.phones import beside_prefix, ending, mask, parse_mobile, pretty, wa_me

FORM = "Write a mobile number with ten digits, such as 98765 43210."
TYPE = "Only a mobile number can get a code. Indian ones begin with 6, 7, 8 or 9."


@pytest.mark.parametrize(
    "typed",
    [
        "9876543210",
        "98765 43210",
        "98765-43210",
        "(98765) 43210",
        "09876543210",
        "098765 43210",
        "+919876543210",
        "+91 98765 43210",
        "+91-98765-43210",
        "+91 098765 43210",
        "919876543210",
        "0091 98765 43210",
        "९८७६५ ४३२१०",
        "௯௮௭௬௫௪௩௨௧௦",
        " 98765\u00a043210 ",
        "\u202a+91 98765 43210\u202c",
        "98765\u201143210",
    ],
)
def test_one_number_however_it_is_typed(typed: str) -> None:
    assert parse_mobile(typed) == "+919876543210"


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("6001234567", "+916001234567"),
        ("7012345678", "+917012345678"),
        ("8123456789", "+918123456789"),
        ("+44 7400 123456", "+447400123456"),
        ("+1 650 253 0000", "+16502530000"),
        ("+971 50 123 4567", "+971501234567"),
        ("+65 8123 4567", "+6581234567"),
    ],
)
def test_other_mobile_numbers(typed: str, e164: str) -> None:
    assert parse_mobile(typed) == e164


def test_another_home_region() -> None:
    assert parse_mobile("07400 123456", region="GB") == "+447400123456"
    assert parse_mobile("+91 98765 43210", region="GB") == "+919876543210"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Write the mobile number."),
        ("   ", "Write the mobile number."),
        ("12345", FORM),
        ("987654321", FORM),
        ("98765432101", FORM),
        ("+9198765432", FORM),
        ("+91987654321012", FORM),
        ("9" * 10_000, FORM),
        ("+", FORM),
        ("++919876543210", FORM),
        ("98765x43210", FORM),
        ("98765 43210 ext 5", FORM),
        ("98765 43210, 98765 43211", FORM),
        ("ram@example.in", FORM),
        ("98765 43210;ext=5", FORM),
        ("447400123456", FORM),
        ("+999 1234567", FORM),
        ("00447400123456", "Write a number from abroad with + and the country code."),
        ("+44 7400 1234", "This mobile number does not exist. Check its digits and the country code."),
        ("080 2345 6789", TYPE),
        ("+91 22 2345 6789", TYPE),
        ("5876543210", TYPE),
        ("1234567890", TYPE),
        ("+44 20 7031 3000", TYPE),
        ("+44 909 879 0000", TYPE),
        ("+1 900 234 5678", TYPE),
    ],
)
def test_what_cannot_get_a_code_is_refused_in_plain_words(typed: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 (the whole text is compared)
        parse_mobile(typed)
    assert str(refused.value) == message


@given(st.text(max_size=50) | st.from_regex(r"\+?[0-9 ()./-]{0,20}", fullmatch=True))
def test_no_text_breaks_the_reading(typed: str) -> None:
    e164 = ""
    with suppress(ValueError):
        e164 = parse_mobile(typed)
    if not e164:
        with pytest.raises(ValueError, match=r"\w"):
            parse_mobile(typed)
        return
    assert parse_mobile(e164) == e164
    assert parse_mobile(beside_prefix(e164)) == e164
    assert e164.removeprefix("+").isascii()
    assert e164.removeprefix("+").isdigit()
    assert 8 <= len(e164) <= 16


@given(st.from_regex(r"\+91[6-9][0-9]{9}", fullmatch=True))
def test_an_indian_mobile_stands_beside_its_prefix_and_reads_back(e164: str) -> None:
    shown = beside_prefix(e164)
    assert "+" not in shown
    assert beside_prefix(pretty(e164)).replace(" ", "") == shown.replace(" ", "")
    with suppress(ValueError):  # some of these series are landlines
        assert parse_mobile(shown) == parse_mobile(e164) == e164


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+919876543210", "98765 43210"),
        ("+91 98765 43210", "98765 43210"),
        ("+912024451234", "20 2445 1234"),
        ("+6581234567", "+65 8123 4567"),
        ("+91 123", "123"),
        ("+91", ""),
        ("98765-43210", "98765-43210"),
        ("+ hello", "+ hello"),
        ("hello", "hello"),
        ("", ""),
    ],
)
def test_beside_its_prefix_a_number_loses_it_and_one_from_abroad_stays_whole(number: str, shown: str) -> None:
    assert beside_prefix(number) == shown


@pytest.mark.parametrize(
    ("e164", "masked", "shown"),
    [
        ("+919876541234", "+91 98•••• 1234", "+91 98765 41234"),
        ("+6581231234", "+65 •••• 1234", "+65 8123 1234"),
        ("+447400121234", "+44 74•••• 1234", "+44 7400 121234"),
    ],
)
def test_masked_and_readable(e164: str, masked: str, shown: str) -> None:
    assert mask(e164) == masked
    assert pretty(e164) == shown
    assert ending(e164) == "1234"


def test_whatsapp_link_carries_the_whole_text() -> None:
    text = "Ram & Sons: ₹ + Rs. 5/-\nhttps://ledger.example.in/i/abc?x=1#y"
    link = wa_me("+919876543210", text)
    assert link.startswith("https://wa.me/919876543210?text=Ram%20%26%20Sons%3A%20")
    assert link.isascii()
    assert parse_qs(urlsplit(link).query) == {"text": [text]}
    assert wa_me("+919876543210") == "https://wa.me/919876543210"

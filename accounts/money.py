"""Money, quantities and unit prices: integers inside, Indian notation at the edge.

Units: money is integer **paise**; a quantity integer **thousandths** (`quantity_milli`); a unit price integer
**ten-thousandths of a rupee** (`unit_price_e4`); a tax rate integer **basis points** (18 % = 1800).

Rounding is half up, never banker's (Section 170 of the CGST Act): 19.54 -> 20, 2.50 -> 3. For negative values
"up" means away from zero (-2.50 -> -3), so that a reversal is exactly the negative of what it reverses.
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

RUPEE = "₹"
MINUS = "\N{MINUS SIGN}"
MAX_RUPEES = 999_00_00_000  # 999 crore
MAX_PAISE = MAX_RUPEES * 100
MAX_UNIT_PRICE_E4 = MAX_RUPEES * 10_000
MAX_QUANTITY_MILLI = 9_99_99_999_999  # 9,99,99,999.999

_LONGEST_INPUT = 60
_INDIAN_GROUPS = r"[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3}"
_WESTERN_GROUPS = r"[0-9]{1,3}(?:,[0-9]{3})+"
_NUMBER = re.compile(rf"(?P<whole>[0-9]+|{_INDIAN_GROUPS}|{_WESTERN_GROUPS})?(?:\.(?P<fraction>[0-9]*))?", re.ASCII)
_CURRENCY = re.compile(r"(?:₹|rs\.?|inr)\s*", re.ASCII | re.IGNORECASE)


def divide_half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded half up, away from zero for negatives; integers only, so exact.

    Every rounding of the product goes through this function. `denominator` must be positive.
    """
    if denominator <= 0:
        raise ValueError("The denominator must be positive.")
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -rounded if numerator < 0 else rounded


def round_half_up(value: Decimal) -> int:
    """`value` as the nearest integer, half up (away from zero for negatives): `Decimal`'s ROUND_HALF_UP.

    Raises ValueError for NaN and the infinities.
    """
    if not value.is_finite():
        raise ValueError("Only finite numbers can be rounded.")
    return divide_half_up(*value.as_integer_ratio())


def grouped(number: int) -> str:
    """An integer with Indian grouping: 12345678 -> "1,23,45,678"; a negative one begins with "-"."""
    digits = str(abs(number))
    head, tail = digits[:-3], digits[-3:]
    groups = [tail]
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ("-" if number < 0 else "") + ",".join(groups)


def plain(paise: int) -> str:
    """Paise as a bare ASCII number for machines and form fields: 118000 -> "1180.00", -18 -> "-0.18"."""
    sign = "-" if paise < 0 else ""
    return f"{sign}{abs(paise) // 100}.{abs(paise) % 100:02d}"


def amount(paise: int) -> str:
    """Paise without a currency sign, for table columns: 12345600 -> "1,23,456.00"; negative with U+2212."""
    sign = MINUS if paise < 0 else ""
    return f"{sign}{grouped(abs(paise) // 100)}.{abs(paise) % 100:02d}"


def rupees(paise: int) -> str:
    """Paise for screens and paper: 12345600 -> "₹1,23,456.00".

    A negative amount begins with a true minus sign (U+2212), then the rupee sign.
    """
    return f"{MINUS if paise < 0 else ''}{RUPEE}{amount(abs(paise))}"


def with_side(paise: int, written: Callable[[int], str] = rupees) -> str:
    """A running balance as account books write it, for both sides: ₹9,200.00 Dr is what the party owes."""
    side = _("Dr") if paise > 0 else _("Cr") if paise < 0 else ""
    return f"{written(abs(paise))} {side}".rstrip()


def rs(paise: int) -> str:
    """Paise for SMS, where "₹" would double the price: 12345600 -> "Rs. 1,23,456.00", -18 -> "-Rs. 0.18".

    ASCII only.
    """
    return f"{'-' if paise < 0 else ''}Rs. {amount(abs(paise))}"


def unit_price(e4: int, *, grouping: bool = True) -> str:
    """A unit price (ten-thousandths of a rupee), two to four decimals: 125000 -> "12.50", 12345 -> "1.2345".

    Without a currency sign; `grouping=False` gives the bare form for machines and number fields.
    """
    fraction = f"{abs(e4) % 10_000:04d}"
    return _decimal(e4, abs(e4) // 10_000, fraction[:2] + fraction[2:].rstrip("0"), grouping)


def quantity(milli: int, *, grouping: bool = True) -> str:
    """A quantity (thousandths) without trailing zeros: 2500 -> "2.5", 1000 -> "1", 1500000 -> "1,500"."""
    return _decimal(milli, abs(milli) // 1000, f"{abs(milli) % 1000:03d}".rstrip("0"), grouping)


def percent(bp: int, *, half: bool = False) -> str:
    """A rate in basis points as a percentage: 1800 -> "18%", 25 -> "0.25%"; with `half` (CGST, SGST) "9%"."""
    e4 = bp * 50 if half else bp * 100
    fraction = f"{e4 % 10_000:04d}".rstrip("0")
    return f"{e4 // 10_000}{'.' if fraction else ''}{fraction}%"


def line_amount(quantity_milli: int, unit_price_e4: int) -> int:
    """Quantity (thousandths) x unit price (ten-thousandths of a rupee) in paise, half up, integers only."""
    return divide_half_up(quantity_milli * unit_price_e4, 100_000)


def parse_rupees(text: str, *, allow_negative: bool = False) -> int:
    """What a person typed as an amount, in paise: "1,18,000.50", "₹ 500", "Rs. 500", "500/-", "५००".

    Raises ValueError with a plain, translated message: empty, not a number, wrongly placed commas, more than
    two decimals, negative (unless allowed), above 999 crore.
    """
    return _parse(
        text,
        decimals=2,
        most=MAX_PAISE,
        too_much=_("This amount is too large: at most 999 crore rupees."),
        too_fine=_("Write at most two decimals, such as 118.50."),
        negative=None if allow_negative else _("The amount cannot be negative."),
    )


def parse_unit_price(text: str) -> int:
    """What a person typed as a price per unit, in ten-thousandths of a rupee; at most four decimals.

    Raises ValueError with a plain, translated message, like `parse_rupees`.
    """
    return _parse(
        text,
        decimals=4,
        most=MAX_UNIT_PRICE_E4,
        too_much=_("This price is too large: at most 999 crore rupees."),
        too_fine=_("Write at most four decimals, such as 1.2345."),
        negative=_("The price cannot be negative."),
    )


def parse_quantity(text: str) -> int:
    """What a person typed as a quantity, in thousandths; at most three decimals; zero is accepted.

    Raises ValueError with a plain, translated message.
    """
    return _parse(
        text,
        decimals=3,
        most=MAX_QUANTITY_MILLI,
        too_much=_("This quantity is too large."),
        too_fine=_("Write at most three decimals, such as 2.125."),
        negative=_("The quantity cannot be negative."),
        currency=False,
    )


def ascii_digits(text: str) -> str:
    """`text` with the digits of every script as 0-9, without invisible characters (bidi, zero-width)."""
    return "".join(
        str(unicodedata.decimal(char)) if unicodedata.category(char) == "Nd" else char
        for char in text
        if unicodedata.category(char) != "Cf"
    )


def _decimal(signed: int, whole: int, fraction: str, grouping: bool) -> str:
    sign = ("" if signed >= 0 else MINUS) if grouping else ("" if signed >= 0 else "-")
    return f"{sign}{grouped(whole) if grouping else whole}{'.' if fraction else ''}{fraction}"


def _parse(
    text: str,
    *,
    decimals: int,
    most: int,
    too_much: object,
    too_fine: object,
    negative: object | None,
    currency: bool = True,
) -> int:
    """Scaled by 10**decimals. Messages stay lazy: parsing works before the translations are loaded."""
    if not text.strip():
        raise ValueError(_("Write a number."))
    if len(text) > _LONGEST_INPUT:
        raise ValueError(too_much if text.strip().isdecimal() else _not_a_number(currency))
    rest, minus = _without_sign(ascii_digits(text).strip())
    if currency:
        rest = _CURRENCY.sub("", rest, count=1) if _CURRENCY.match(rest) else rest
        rest = rest.removesuffix("/-").rstrip()
        if not minus:
            rest, minus = _without_sign(rest)
    match = _NUMBER.fullmatch(rest)
    if match is None or not (match["whole"] or match["fraction"]):
        raise ValueError(_not_a_number(currency))
    fraction = match["fraction"] or ""
    if len(fraction) > decimals:
        raise ValueError(too_fine)
    value = int((match["whole"] or "0").replace(",", "") + fraction.ljust(decimals, "0"))
    if value > most:
        raise ValueError(too_much)
    if minus and value and negative is not None:
        raise ValueError(negative)
    return -value if minus else value


def _without_sign(text: str) -> tuple[str, bool]:
    minus = text.startswith(("-", MINUS))
    return (text[1:].lstrip() if minus or text.startswith("+") else text), minus


def _not_a_number(is_money: bool) -> object:
    if not is_money:
        return _("This is not a number we can read. Write it like 12 or 2.5.")
    return _("This is not a number we can read. Write it like 1,18,000.50.")

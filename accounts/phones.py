"""Mobile numbers: E.164 inside ("+919876543210"), Indian habits at the edge."""

import re
from typing import NoReturn
from urllib.parse import quote

import phonenumbers
from django.utils.translation import gettext_lazy as _
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from accounts.money import ascii_digits

_LONGEST_INPUT = 40
_TYPED = re.compile(r"\+?[0-9\s().\-/\u2010-\u2015\u2212]+")
_INDIAN_MOBILE = re.compile(r"[6-9][0-9]{9}", re.ASCII)
_MOBILE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def parse_mobile(text: str, region: str = "IN") -> str:
    """What a person typed as a mobile number, in E.164: "98765 43210", "098765-43210", "+91...", "९८७६...".

    A number of another country than `region` needs "+". Raises ValueError with a plain, translated message
    for what cannot be read, is too short or long, or is no mobile number (landline, toll-free, premium).
    """
    typed = ascii_digits(text).strip()
    if not typed:
        raise ValueError(_("Write the mobile number."))
    if len(typed) > _LONGEST_INPUT or not _TYPED.fullmatch(typed):
        _refuse_form()
    try:
        number = phonenumbers.parse(typed, None if typed.startswith("+") else region)
    except phonenumbers.NumberParseException:
        _refuse_form()
    if not typed.startswith("+") and number.country_code != phonenumbers.country_code_for_region(region):
        raise ValueError(_("Write a number from abroad with + and the country code."))
    if number.country_code == 91:
        _check_indian(number)
    elif not phonenumbers.is_valid_number(number):
        raise ValueError(_("This mobile number does not exist. Check its digits and the country code."))
    elif phonenumbers.number_type(number) not in _MOBILE_TYPES:
        _refuse_type()
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def pretty(e164: str) -> str:
    """For reading: "+91 98765 43210"; numbers from abroad as their country writes them."""
    return phonenumbers.format_number(_parsed(e164), PhoneNumberFormat.INTERNATIONAL)


def beside_prefix(text: str) -> str:
    """A number as it stands in a field with "+91" before it: "98765 43210", "20 2445 1234".

    Numbers from abroad stay whole ("+65 8123 4567"), and what was typed without "+" as it was typed.
    """
    typed = ascii_digits(text).strip()
    if not typed.startswith("+") or len(typed) > _LONGEST_INPUT:
        return text
    try:
        number = phonenumbers.parse(typed, None)
    except phonenumbers.NumberParseException:
        return typed.removeprefix("+91").lstrip()
    if number.country_code == 91 and not phonenumbers.is_valid_number(number):
        return typed.removeprefix("+91").lstrip()
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL).removeprefix("+91 ")


def mask(e164: str) -> str:
    """For screens that others may see: "+91 98•••• 1234"; of a short number only the end: "+65 •••• 1234".

    "" for "": a number that was erased.
    """
    if not e164:
        return ""
    number = _parsed(e164)
    national = phonenumbers.national_significant_number(number)
    head = national[:2] if len(national) >= 10 else ""
    return f"+{number.country_code} {head}•••• {national[-4:]}"


def ending(e164: str) -> str:
    """The last four digits, as in "the number ending 1234"."""
    return e164[-4:]


def wa_me(e164: str, text: str = "") -> str:
    """The address that opens WhatsApp with a chat to this number and `text` written but not sent."""
    address = f"https://wa.me/{e164.removeprefix('+')}"
    return f"{address}?text={quote(text, safe='')}" if text else address


def _check_indian(number: PhoneNumber) -> None:
    national = phonenumbers.national_significant_number(number)
    if number.italian_leading_zero or len(national) != 10:
        _refuse_form()
    kind = phonenumbers.number_type(number)
    # New mobile series open faster than the number plan data follows: UNKNOWN is allowed, a landline is not.
    if not _INDIAN_MOBILE.fullmatch(national) or kind not in (*_MOBILE_TYPES, PhoneNumberType.UNKNOWN):
        _refuse_type()


def _parsed(e164: str) -> PhoneNumber:
    return phonenumbers.parse(e164, None)


def _refuse_form() -> NoReturn:
    raise ValueError(_("Write a mobile number with ten digits, such as 98765 43210."))


def _refuse_type() -> NoReturn:
    raise ValueError(_("Only a mobile number can get a code. Indian ones begin with 6, 7, 8 or 9."))

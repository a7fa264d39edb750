"""Dates and amounts as Indian books write them. Pure."""

import datetime as dt
import re
from decimal import Decimal

from accounts.money import MAX_PAISE, round_half_up

_MONTHS = {
    name: at
    for at, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[ T].*)?", re.ASCII)
_NUMBERS = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})(?:[ T].*)?", re.ASCII)
_DAY_NAME = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th)?[-/. ,]*([a-z]{3,9})[-/. ,']*([0-9]{4}|[0-9]{2})(?: .*)?", re.ASCII
)
_NAME_DAY = re.compile(r"([a-z]{3,9})[-/. ]*([0-9]{1,2})(?:st|nd|rd|th)?[-/. ,]+([0-9]{4}|[0-9]{2})(?: .*)?", re.ASCII)
_SERIAL = re.compile(r"[0-9]{5}", re.ASCII)
_SERIAL_START = dt.date(1899, 12, 30)

_CURRENCY = re.compile(r"₹|rs\.?|inr|/-", re.IGNORECASE | re.ASCII)
_SIDE = re.compile(r"\s*\(?(?<![a-z])(dr|cr|debit|credit|d|c)\b\.?\)?\s*$", re.IGNORECASE | re.ASCII)
_SIDE_FIRST = re.compile(r"^\(?(dr|cr)\b\.?\)?\s*", re.IGNORECASE | re.ASCII)
_PLAIN = re.compile(r"[0-9]*(?:\.[0-9]*)?", re.ASCII)
_COMMA_DECIMALS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})*,[0-9]{2}", re.ASCII)
_GROUPS = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*(?:\.[0-9]*)?", re.ASCII)


def date(text: str, *, month_first: bool = False) -> dt.date | None:
    """The day of a cell; None for what is none. Two figures of a year are 20xx."""
    text = text.strip().casefold()
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := _NUMBERS.fullmatch(text):
        first, second, year = map(int, match.groups())
        day, month = (second, first) if month_first else (first, second)
    elif match := _DAY_NAME.fullmatch(text):
        day, month, year = int(match[1]), _MONTHS.get(match[2][:3], 0), int(match[3])
    elif match := _NAME_DAY.fullmatch(text):
        day, month, year = int(match[2]), _MONTHS.get(match[1][:3], 0), int(match[3])
    elif _SERIAL.fullmatch(text):  # a spreadsheet's own count of days
        found = _SERIAL_START + dt.timedelta(days=int(text))
        return found if 2000 <= found.year < 2100 else None
    else:
        return None
    year += 2000 if year < 100 else 0
    try:
        return dt.date(year, month, day) if 2000 <= year < 2100 else None
    except ValueError:
        return None


def second_of_date(text: str) -> tuple[int, int] | None:
    """The first two numbers of a date of numbers, to know which of them is the month."""
    match = _NUMBERS.fullmatch(text.strip())
    return (int(match[1]), int(match[2])) if match else None


def amount(text: str) -> tuple[int, str] | None:
    """(paise, side): side "D", "C" or "" as the cell says it; brackets and minus signs make it negative.

    None for what is no amount; an empty cell, or a dash, is (0, "").
    """
    rest = text.replace("\xa0", " ").replace("\u2212", "-").strip()
    if rest in ("", "-", "--", "–", "—", "nil", "Nil", "NIL"):
        return 0, ""
    side = ""
    for form in (_SIDE, _SIDE_FIRST):
        if match := form.search(rest):
            side = match[1][0].upper()
            rest = form.sub("", rest).strip()
            break
    rest = _CURRENCY.sub("", rest).replace(" ", "").replace("+", "", 1)
    negative = False
    if rest[:1] == "(" and rest[-1:] == ")":
        negative, rest = True, rest[1:-1]
    if rest[:1] == "-" or rest[-1:] == "-":
        negative, rest = not negative, rest.strip("-")
    if not rest and side:
        return None
    number = _number(rest)
    if number is None or number > MAX_PAISE:
        return None
    return (-number if negative else number), side


def _number(text: str) -> int | None:
    if _COMMA_DECIMALS.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif "," in text:
        if not _GROUPS.fullmatch(text):
            return None
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text) or not any(char.isdigit() for char in text) or len(text) > 40:
        return None
    return round_half_up(Decimal(text) * 100)

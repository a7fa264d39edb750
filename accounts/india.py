"""Dates as India counts them: Asia/Kolkata, financial years from April to March."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

TZ = ZoneInfo("Asia/Kolkata")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def today() -> dt.date:
    """Today's date in India."""
    return timezone.localdate(timezone=TZ)


def india_date(moment: dt.datetime) -> dt.date:
    """The date in India at an aware `moment`: 2026-03-31T19:00Z is 1 April 2026. A naive one: ValueError."""
    if timezone.is_naive(moment):
        raise ValueError("A moment needs its time zone.")
    return moment.astimezone(TZ).date()


def fy_start(day: dt.date) -> dt.date:
    """1 April of the financial year in which `day` lies. An aware datetime counts by its date in India."""
    day = _day(day)
    return dt.date(day.year if day.month >= 4 else day.year - 1, 4, 1)


def fy_end(day: dt.date) -> dt.date:
    """31 March at the end of the financial year in which `day` lies."""
    return dt.date(fy_start(day).year + 1, 3, 31)


def financial_year(day: dt.date) -> str:
    """The financial year of `day` as documents write it: "2026-27"."""
    year = fy_start(day).year
    return f"{year}-{(year + 1) % 100:02d}"


def fy_short(day: dt.date) -> str:
    """The financial year of `day` in its short form, for document numbers: "26-27"."""
    return financial_year(day)[2:]


def show_date(day: dt.date) -> str:
    """`day` as "22 Nov 2026" in ASCII, whatever the active language or the machine's locale.

    For SMS, file names and exports; pages use Django's `date` filter, which knows the reader's language.
    """
    day = _day(day)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _day(day: dt.date) -> dt.date:
    # A datetime is a date to Python: a UTC moment late on 31 March must not land in the old year.
    return india_date(day) if isinstance(day, dt.datetime) else day

"""Dates as India counts them."""

import datetime as dt

import pytest
import time_machine
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.india import TZ, financial_year, fy_end, fy_short, fy_start, india_date, show_date, today


def test_the_vector_late_on_31_march_utc_is_april_in_india() -> None:
    moment = dt.datetime(2026, 3, 31, 19, 0, tzinfo=dt.UTC)
    assert india_date(moment) == dt.date(2026, 4, 1)
    assert financial_year(india_date(moment)) == "2026-27"
    assert financial_year(moment) == "2026-27"
    with time_machine.travel(moment, tick=False):
        assert today() == dt.date(2026, 4, 1)
        assert financial_year(today()) == "2026-27"


def test_midnight_in_india_is_half_past_six_in_the_evening_utc() -> None:
    assert india_date(dt.datetime(2026, 3, 31, 18, 29, 59, tzinfo=dt.UTC)) == dt.date(2026, 3, 31)
    assert india_date(dt.datetime(2026, 3, 31, 18, 30, tzinfo=dt.UTC)) == dt.date(2026, 4, 1)
    assert india_date(dt.datetime(2026, 4, 1, 0, 0, tzinfo=TZ)) == dt.date(2026, 4, 1)


def test_today_does_not_follow_the_active_time_zone() -> None:
    from django.utils import timezone

    with time_machine.travel(dt.datetime(2026, 3, 31, 19, 0, tzinfo=dt.UTC), tick=False), timezone.override("UTC"):
        assert today() == dt.date(2026, 4, 1)


def test_a_moment_without_zone_is_refused() -> None:
    naive = dt.datetime(2026, 3, 31, 19, 0)  # noqa: DTZ001
    for function in (india_date, financial_year, fy_start, show_date):
        with pytest.raises(ValueError, match="time zone"):
            function(naive)


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (dt.date(2026, 3, 31), "2025-26", "25-26"),
        (dt.date(2026, 4, 1), "2026-27", "26-27"),
        (dt.date(2026, 12, 31), "2026-27", "26-27"),
        (dt.date(2027, 1, 1), "2026-27", "26-27"),
        (dt.date(2100, 3, 31), "2099-00", "99-00"),
        (dt.date(2009, 4, 1), "2009-10", "09-10"),
    ],
)
def test_financial_years(day: dt.date, long: str, short: str) -> None:
    assert financial_year(day) == long
    assert fy_short(day) == short


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)))
def test_every_day_lies_in_its_year(day: dt.date) -> None:
    start, end = fy_start(day), fy_end(day)
    assert (start.day, start.month, end.day, end.month, end.year - start.year) == (1, 4, 31, 3, 1)
    assert start <= day <= end
    assert financial_year(start) == financial_year(day) == financial_year(end)
    assert financial_year(start - dt.timedelta(days=1)) != financial_year(day) != financial_year(end + dt.timedelta(1))


def test_dates_are_shown_the_same_in_every_language() -> None:
    for language in ("en", "hi"):
        with translation.override(language):
            assert show_date(dt.date(2026, 11, 22)) == "22 Nov 2026"
    assert show_date(dt.date(2026, 5, 1)) == "1 May 2026"
    assert show_date(dt.datetime(2026, 3, 31, 19, 0, tzinfo=dt.UTC)) == "1 Apr 2026"

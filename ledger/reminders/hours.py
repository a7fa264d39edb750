"""When reminders may go out: 10:00 to 21:00 in India, as for promotional SMS (TRAI). Pure functions of an aware moment."""

import datetime as dt

from accounts.india import TZ

OPENS, CLOSES = dt.time(10), dt.time(21)


def is_open(now: dt.datetime) -> bool:
    """10:00:00 is in, 21:00:00 is out."""
    return OPENS <= now.astimezone(TZ).time() < CLOSES


def opens_at(now: dt.datetime) -> dt.datetime:
    """Now, or 10:00 of this day or the next."""
    if is_open(now):
        return now
    local = now.astimezone(TZ)
    day = local.date() + dt.timedelta(days=local.time() >= CLOSES)
    return dt.datetime.combine(day, OPENS, tzinfo=TZ)


def at(day: dt.date, hour: int = OPENS.hour) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), tzinfo=TZ)

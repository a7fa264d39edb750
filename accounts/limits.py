"""How often something may happen: rows in one table, counted by upsert, so that no parallel request is lost."""

import contextlib
import hashlib
import hmac
import ipaddress
import time
from datetime import UTC, datetime

from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest


class LimitReached(Exception):
    """Too often for the limit `name`; try again after `retry_after` seconds. Answered with 429."""

    def __init__(self, retry_after: int, name: str = "") -> None:
        super().__init__("limit reached")
        self.retry_after = retry_after
        self.name = name


def count(name: str, subject: str, *, seconds: int, add: int = 1) -> tuple[int, int]:
    """Add to the counter of this fixed window; returns (count in the window, seconds until it ends).

    The subject (a number, an address) is kept as a keyed hash only.
    """
    now = int(time.time())
    start = now - now % seconds
    key = hmac.new(
        settings.SECRET_KEY.encode(), f"limit|{name}|{seconds}|{subject}".encode(), hashlib.sha256
    ).hexdigest()
    expires_at = datetime.fromtimestamp(start + 2 * seconds, UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_limitcounter (key, window_start, expires_at, count) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (key, window_start) DO UPDATE SET count = accounts_limitcounter.count + excluded.count "
            "RETURNING count",
            [key, start, connection.ops.adapt_datetimefield_value(expires_at), add],
        )
        (value,) = cursor.fetchone()
    return value, start + seconds - now


def hit(name: str, subject: str, *, most: int, seconds: int) -> None:
    """Count one event; raises LimitReached when the window already had `most` of them."""
    value, wait = count(name, subject, seconds=seconds)
    if value > most:
        raise LimitReached(wait, name)


def hit_by_looking(name: str, subject: str, *, most: int, seconds: int) -> None:
    """As `hit`, for a page that is only looked at: it is shown uncounted where nothing can be written now."""
    with contextlib.suppress(OperationalError):
        hit(name, subject, most=most, seconds=seconds)


def check(name: str, subject: str, *, most: int, seconds: int) -> None:
    """Raises LimitReached when the window is full, without counting."""
    value, wait = count(name, subject, seconds=seconds, add=0)
    if value >= most:
        raise LimitReached(wait, name)


def client_address(request: HttpRequest) -> str:
    """The caller's network address; X-Forwarded-For is believed for TRUSTED_PROXIES hops only.

    IPv6 callers are counted by their /64, since one subscriber owns all of it.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if len(hops) >= settings.TRUSTED_PROXIES:
            address = hops[-settings.TRUSTED_PROXIES]
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket has no address
        return address
    if isinstance(caller, ipaddress.IPv6Address):
        caller = caller.ipv4_mapped or ipaddress.ip_network((caller, 64), strict=False).network_address
    return str(caller)

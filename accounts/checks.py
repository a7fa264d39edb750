"""System checks: what must not run on a public address."""

import sqlite3
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.db import connection

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
CONSOLE = "accounts.gateways.Console"


def check_gateways(**kwargs: Any) -> list[checks.CheckMessage]:
    if urlsplit(settings.SITE_URL).hostname in LOOPBACK:
        return []
    return [
        checks.Error(
            f"The {channel} gateway is the console, which prints one-time codes.",
            hint=f"Set {channel.upper()}_GATEWAY to a real gateway: SITE_URL is not a loopback address.",
            id="accounts.E001",
        )
        for channel, path in settings.MESSAGE_GATEWAYS.items()
        if path == CONSOLE
    ]


def check_sqlite(**kwargs: Any) -> list[checks.CheckMessage]:
    """`FULL OUTER JOIN` and `IS DISTINCT FROM` came with SQLite 3.39 (2022)."""
    if connection.vendor != "sqlite" or sqlite3.sqlite_version_info >= (3, 39):
        return []
    return [
        checks.Error(
            f"SQLite {sqlite3.sqlite_version} is too old; 3.39 is needed.",
            hint="Use a newer Python or set DATABASE_URL to a PostgreSQL.",
            id="accounts.E002",
        )
    ]


def register() -> None:
    checks.register(check_gateways)
    checks.register(check_sqlite)

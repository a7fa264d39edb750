"""System checks: what must not run on a public address."""

import sqlite3
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.db import connection
from django.utils.module_loading import import_string

from accounts import wording

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


def check_gateway_settings(**kwargs: Any) -> list[checks.CheckMessage]:
    """Every setting that a chosen gateway needs is there; a class that does not exist is named too."""
    found: list[checks.CheckMessage] = []
    for channel, path in settings.MESSAGE_GATEWAYS.items():
        variable = f"{channel.upper()}_GATEWAY"
        try:
            gateway = import_string(path)
        except ImportError:
            hint = f"{variable} is one of {', '.join(settings.GATEWAYS)}, or the dotted path of a class."
            found.append(checks.Error(f"There is no gateway {path}.", hint=hint, id="accounts.E003"))
            continue
        found += [
            checks.Error(f"{name} is not set, and the {channel} gateway needs it.", hint=variable, id="accounts.E004")
            for name in getattr(gateway, "needs", ())
            if not getattr(settings, name, None)
        ]
    return found


def check_sms(**kwargs: Any) -> list[checks.CheckMessage]:
    """DLT: each text has its template's id, and an address may have about 50 letters."""
    if settings.MESSAGE_GATEWAYS["sms"] != settings.GATEWAYS["msg91"] or not settings.MSG91_TEMPLATES:
        return []
    found: list[checks.CheckMessage] = []
    if missing := [name for name in wording.wordings if name not in settings.MSG91_TEMPLATES]:
        hint = "Register what `manage.py message_templates` prints; MSG91_TEMPLATES is name=id,name=id,..."
        found.append(checks.Error(f"No SMS template id for {', '.join(missing)}.", hint=hint, id="accounts.E005"))
    if (length := len(settings.LINK_URL) + len("/i/") + 33) > wording.URL.longest:
        hint = "Set LINK_URL to a short host of yours that leads to the same paths of SITE_URL."
        words = f"Links in SMS have {length} letters; DLT allows {wording.URL.longest}."
        found.append(checks.Warning(words, hint=hint, id="accounts.W001"))
    return found


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
    checks.register(check_gateway_settings)
    checks.register(check_sms)
    checks.register(check_sqlite)

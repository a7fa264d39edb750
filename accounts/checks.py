"""System checks: what must not run on a public address."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

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


def register() -> None:
    checks.register(check_gateways)

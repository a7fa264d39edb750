"""Gateways take a finished text to a number or address. One small protocol; chosen by settings.MESSAGE_GATEWAYS."""

import sys
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Text:
    """What a person reads. `subject` is for e-mail only."""

    body: str
    subject: str = ""


class GatewayError(Exception):
    """The gateway did not take the message. `is_final`: trying again would not help."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class Gateway(Protocol):
    def send(self, channel: str, to: str, text: Text, reference: str) -> str:
        """Hand over one message with our reference; returns the provider's id. Raises GatewayError."""
        ...


class Console:
    """Prints each message on one line: for a site on a loopback address only, since it shows codes (accounts.checks)."""

    def send(self, channel: str, to: str, text: Text, reference: str) -> str:
        line = " ".join(text.body.split())
        sys.stdout.write(f"[{channel} to {to}] {line}\n")
        sys.stdout.flush()
        return f"console-{reference}"


@cache
def _load(path: str) -> Gateway:
    gateway: Gateway = import_string(path)()
    return gateway


def for_channel(channel: str) -> Gateway:
    return _load(settings.MESSAGE_GATEWAYS[channel])

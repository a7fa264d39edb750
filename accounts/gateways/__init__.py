"""Gateways take a finished text to a number or an address. One small protocol, a module for each provider.

Chosen by `settings.MESSAGE_GATEWAYS` (channel -> one of BY_NAME, or a dotted path). A gateway is made once in a process and keeps no state
of a message; `send` runs on the loop of `accounts.gateways.wire`, many at once.
"""

from accounts.gateways.console import Console
from accounts.gateways.protocol import (
    AnswerLost,
    Document,
    Gateway,
    GatewayError,
    Outgoing,
    SenderDetails,
    Text,
    for_channel,
)

__all__ = [
    "AnswerLost",
    "Console",
    "Document",
    "Gateway",
    "GatewayError",
    "Outgoing",
    "SenderDetails",
    "Text",
    "for_channel",
]

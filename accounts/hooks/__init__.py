"""What providers tell us: each module checks its provider's signature and reads its body into reports and stops.

The views are in accounts.views.hooks, what reports do in accounts.reports. A hook whose secret is not set is shut.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from django.utils.crypto import constant_time_compare

from accounts.outbox import Stop
from accounts.reports import Report

# As Twilio knows them, and what people write in Hindi. https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP_WORDS = {"STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "OPT OUT", "REVOKE"}
STOP_WORDS |= {"रोकें", "रोको", "बंद", "बंद करें", "बंद करो"}
START_WORDS = {"START", "UNSTOP", "YES", "शुरू", "शुरू करें"}


# What reading a stranger's body can end in: a number or a time beyond any, ten thousand brackets, a list for a text.
NONSENSE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError)


class NotSigned(Exception):
    """The body does not come from the provider, or the hook is shut. Answered with 403."""


class NotRead(Exception):
    """The body is not of the provider's form. Answered with 400."""


@dataclass(slots=True)
class Told:
    """What one request says."""

    reports: list[Report] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)


def wish(words: str) -> bool | None:
    """True for STOP, False for START, None for anything else; only the word alone counts."""
    word = " ".join(words.split()).strip(" .!").upper()
    if word in STOP_WORDS:
        return True
    return False if word in START_WORDS else None


def check_hmac(body: bytes, secret: str, header: str) -> None:
    """`header` is "sha256=" and the hex HMAC-SHA256 of the body. Raises NotSigned."""
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not secret or not constant_time_compare(header, wanted):
        raise NotSigned

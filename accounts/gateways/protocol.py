"""What every gateway is given and what it may answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Message


@dataclass(frozen=True, slots=True)
class Document:
    """A paper that goes with a WhatsApp message: the provider fetches it from `url` (a link of ours)."""

    url: str
    filename: str


@dataclass(frozen=True, slots=True)
class Text:
    """What a person reads. `subject` is for e-mail only.

    `template` is the registered name (accounts.wording) with the `variables` that were filled in, in the order of
    the text; providers that send by template take these and not the body. `button_url` is the address behind the
    button of a WhatsApp text (the body has it too, for those who read it as it is). A `code` is the one-time code
    of an authentication template.
    """

    body: str
    subject: str = ""
    template: str = ""
    language: str = "en"
    variables: Mapping[str, str] = field(default_factory=dict)
    button_url: str = ""
    document: Document | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class SenderDetails:
    """In whose name it goes out; an empty field means the service's own (environment)."""

    name: str = ""
    sms_header: str = ""
    whatsapp_phone_id: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way; `to` is E.164 or an e-mail address, `reference` is ours and is to be echoed."""

    channel: str
    to: str
    text: Text
    reference: str
    sender: SenderDetails = SenderDetails()


class GatewayError(Exception):
    """The gateway did not take the message, and that is certain. `trouble` says whether to try again.

    `retry_after`: seconds the provider asked us to wait (its Retry-After), if it did.
    """

    def __init__(
        self,
        message: str,
        trouble: Message.Trouble = Message.Trouble.RETRY,
        *,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.retry_after = retry_after

    @property
    def is_final(self) -> bool:
        return self.trouble != Message.Trouble.RETRY


class AnswerLost(Exception):
    """The request left and no whole answer came: the provider may have taken the message or not."""


class Gateway(Protocol):
    """`name` is kept with the message; `reports`: the provider tells what became of it (accounts.delivery's policy).

    A class may name in `needs` the settings it cannot do without (accounts.checks).
    """

    name: str
    reports: bool

    async def send(self, message: Outgoing) -> str:
        """Hand over one message; returns the provider's id. Raises GatewayError or AnswerLost."""
        ...


@cache
def _load(path: str) -> Gateway:
    gateway: Gateway = import_string(path)()
    return gateway


def for_channel(channel: str) -> Gateway:
    return _load(settings.MESSAGE_GATEWAYS[channel])

"""The registered texts: fixed words with typed variables, one file for each kind, channel and language.

`templates/messages/<name>.<channel>.<language>.txt` holds the words with `{{ variable }}` and nothing else: what stands
there is what the providers have approved, word for word (`manage.py message_templates` prints it as they want it). An
e-mail's first line is its subject. A WhatsApp text may end with the line `[Words] {{ url }}`: a button. An SMS is
always English, in GSM-7. A language without a file of its own gets English.

Whoever owns a kind registers its wordings in `AppConfig.ready()`:

    wording.register(Wording("invoice_share", {"business": NAME, "number": NUMBER, "amount": AMOUNT, "url": URL}))

and makes a text with `text_for(message, values)`, or `fill(...)` without a message.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from django.conf import settings

from accounts import gsm
from accounts.gateways import Document, GatewayError, Text
from accounts.models import Business, Message

VARIABLE = re.compile(r"\{\{ (\w+) \}\}")
_BUTTON = re.compile(r"\[([^\]\n]{1,25})\] \{\{ url \}\}")


class Category(StrEnum):
    """As WhatsApp sorts templates. We send no marketing: nothing here may advertise anything."""

    UTILITY = "UTILITY"
    AUTHENTICATION = "AUTHENTICATION"


@dataclass(frozen=True, slots=True)
class Variable:
    """`longest`: letters in an SMS (DLT allows about 30, an address about 50). Only a name is cut to it."""

    sample: str
    longest: int = 30
    is_cut: bool = False


NAME = Variable("Ram & Sons Kirana", 30, is_cut=True)
NUMBER = Variable("INV/2026-27/0001", 16)
AMOUNT = Variable("Rs. 1,23,456.00", 20)
DATE = Variable("05 Dec 2026", 12)
DAYS = Variable("01 Apr 2026 to 30 Jun 2026", 30)
COUNT = Variable("2", 6)
URL = Variable("https://slg.in/i/0123456789abcdefghijklmnopqrstuvw", 50)
CODE = Variable("123456", 6)
HOST = Variable("ledger.example.in", 40)


@dataclass(frozen=True, slots=True)
class Wording:
    """One registered text with its variables; `has_document`: the paper goes with the WhatsApp message."""

    name: str
    variables: Mapping[str, Variable]
    category: Category = Category.UTILITY
    has_document: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A file's parts, with the variables still in them; `button` is a label, its address is the variable `url`."""

    body: str
    subject: str = ""
    button: str = ""

    def names(self) -> list[str]:
        """The variables of the body, in the order they appear first."""
        return list(dict.fromkeys(VARIABLE.findall(self.body)))


wordings: dict[str, Wording] = {}


def register(*new: Wording) -> None:
    wordings.update({wording.name: wording for wording in new})


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "templates" / "messages"


def has(name: str, channel: str, language: str) -> bool:
    return (_folder() / f"{name}.{channel}.{language}.txt").exists()


@cache
def source(name: str, channel: str, language: str) -> Source:
    """The words of a file. Raises KeyError when there is no such text in that language nor in English."""
    wanted = language if has(name, channel, language) else "en"
    if not has(name, channel, wanted):
        raise KeyError(f"no text {name}.{channel}")
    words = (_folder() / f"{name}.{channel}.{wanted}.txt").read_text(encoding="utf-8").strip()
    if channel == Message.Channel.EMAIL:
        subject, _, body = words.partition("\n")
        return Source(body.strip(), subject.strip())
    body, _, last = words.rpartition("\n")
    if channel == Message.Channel.WHATSAPP and (button := _BUTTON.fullmatch(last)):
        return Source(body.strip(), button=button[1])
    return Source(words)


def fill(
    name: str, channel: str, language: str, values: Mapping[str, object], document: Document | None = None
) -> Text:
    """The finished text. Raises GatewayError for a code by e-mail, and for a value that may not be sent as it is."""
    wording = wordings[name]
    if wording.category == Category.AUTHENTICATION and channel == Message.Channel.EMAIL:
        raise GatewayError("a code never travels by e-mail", Message.Trouble.REFUSED)
    found = source(name, channel, language)
    texts = {key: _fitted(str(values[key]), variable, channel) for key, variable in wording.variables.items()}
    if channel == Message.Channel.SMS and "url" in texts:
        texts["url"] = short(texts["url"])
    body, subject = _filled(found.body, texts), _filled(found.subject, texts)
    url = texts["url"] if found.button else ""
    return Text(
        body=f"{body}\n{url}" if url else body,
        subject=" ".join(subject.split()),
        template=name,
        language=language if has(name, channel, language) else "en",
        variables={key: texts[key] for key in found.names()},
        button_url=url,
        document=document if channel == Message.Channel.WHATSAPP and wording.has_document else None,
        code=texts.get("code", "") if wording.category == Category.AUTHENTICATION else "",
    )


def short(url: str) -> str:
    """An address of ours as an SMS has it: on the short host."""
    return settings.LINK_URL + url[len(settings.SITE_URL) :] if url.startswith(f"{settings.SITE_URL}/") else url


def _filled(words: str, texts: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda match: texts[match[1]], words)


def _fitted(value: str, variable: Variable, channel: str) -> str:
    """One line without tabs or runs of spaces (WhatsApp refuses them); for an SMS in its alphabet, and a name cut."""
    value = " ".join(value.split())
    if channel != Message.Channel.SMS:
        return value
    value = gsm.plain(value)
    if len(value) > variable.longest and variable.is_cut:
        return value[: variable.longest - 2].rstrip() + ".."
    return value


def text_for(message: Message, values: Mapping[str, object], name: str = "", document: Document | None = None) -> Text:
    """The text of a message: its kind's wording (or `name`), in its channel and language.

    The variable `business` of an SMS is the shop's name for SMS, where it has one.
    """
    if message.channel == Message.Channel.SMS and message.business and "business" in values:
        values = {**values, "business": sms_name(message.business)}
    return fill(name or message.kind, message.channel, spoken(message), values, document)


def spoken(message: Message) -> str:
    """The language a message goes out in: SMS in English, WhatsApp in what its templates were approved in."""
    if message.channel == Message.Channel.SMS:
        return "en"
    if message.channel == Message.Channel.WHATSAPP and message.language not in settings.WHATSAPP_LANGUAGES:
        return "en"
    return message.language


def sms_name(business: Business) -> str:
    """What the shop is called in an SMS: as it says in the settings, else its name in the alphabet of SMS."""
    own = getattr(business, "sender", None)
    if own and own.sms_name:
        return str(own.sms_name)
    name = gsm.plain(business.name)
    # A name in another script leaves nothing, or only its digits and signs.
    return name if sum(letter.isalpha() for letter in name) >= 3 else business.slug.replace("-", " ").title()

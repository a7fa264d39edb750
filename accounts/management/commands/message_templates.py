"""Every registered text as its provider wants it registered: `manage.py message_templates [sms|whatsapp]`."""

import argparse
import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts import gsm, wording
from accounts.models import Message
from accounts.wording import Category, Source, Wording


class Command(BaseCommand):
    help = (
        "Print every registered text as its provider wants it: for DLT the words with {#var#} and the kind of each variable, "
        "with the length of the longest SMS; for WhatsApp the JSON that its API takes, one object a line "
        "(POST /<business account id>/message_templates), once for each language. MSG91 wants the same words with ##name##."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("channel", nargs="?", choices=["sms", "whatsapp"], help="only this one")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["channel"] != "whatsapp":
            for found in wording.wordings.values():
                self.stdout.write(dlt(found))
        if options["channel"] != "sms":
            for body in whatsapp():
                self.stdout.write(json.dumps(body, ensure_ascii=False))


def dlt(found: Wording) -> str:
    """The text for the DLT portal and for MSG91, and its variables in their order."""
    source = wording.source(found.name, Message.Channel.SMS, "en")
    words = wording.VARIABLE.findall(source.body)
    longest = {name: "x" * variable.longest for name, variable in found.variables.items()}
    size = gsm.size(wording.fill(found.name, Message.Channel.SMS, "en", longest).body)
    kinds = ", ".join(f"{name} ({found.variables[name].longest}: {found.variables[name].sample})" for name in words)
    return (
        f"{found.name}\n"
        f"  DLT:   {wording.VARIABLE.sub('{#var#}', source.body)}\n"
        f"  MSG91: {wording.VARIABLE.sub(lambda match: f'##{match[1]}##', source.body)}\n"
        f"  variables in order (longest: sample): {kinds}\n"
        f"  at most {size.length} letters, {size.parts} SMS\n"
    )


def whatsapp() -> list[dict[str, Any]]:
    """https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components.md"""
    return [
        _whatsapp(found, language)
        for found in wording.wordings.values()
        for language in dict(settings.LANGUAGES)
        if wording.has(found.name, Message.Channel.WHATSAPP, language)
    ]


def _whatsapp(found: Wording, language: str) -> dict[str, Any]:
    source = wording.source(found.name, Message.Channel.WHATSAPP, language)
    is_code = found.category == Category.AUTHENTICATION
    return {
        "name": found.name,
        "language": language,
        "category": found.category.value,
        "components": _code_components() if is_code else _components(found, source),
    }


def _components(found: Wording, source: Source) -> list[dict[str, Any]]:
    names = source.names()
    numbers = {name: f"{{{{{n}}}}}" for n, name in enumerate(names, start=1)}
    components: list[dict[str, Any]] = []
    if found.has_document:
        # The handle is of a sample PDF, uploaded to WhatsApp once.
        components.append({"type": "HEADER", "format": "DOCUMENT", "example": {"header_handle": ["<HANDLE>"]}})
    body: dict[str, Any] = {"type": "BODY", "text": wording.VARIABLE.sub(lambda m: numbers[m[1]], source.body)}
    if names:
        body["example"] = {"body_text": [[found.variables[name].sample for name in names]]}
    components.append(body)
    if source.button:
        where = {"type": "URL", "text": source.button, "url": f"{settings.SITE_URL}/{{{{1}}}}"}
        sample = f"{settings.SITE_URL}/i/{'0' * 33}"
        components.append({"type": "BUTTONS", "buttons": [where | {"example": [sample]}]})
    return components


def _code_components() -> list[dict[str, Any]]:
    """Meta's own words; ours say the same on paper."""
    return [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 5},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
    ]

"""A gateway for tests: a real one behind the real protocol, that keeps what it was given."""

import asyncio
from typing import Any, ClassVar

from accounts.gateways import Outgoing
from tests import fake_gateway


class Recording:
    """Set `settings.MESSAGE_GATEWAYS` to it; empty `sent` and `faults` first."""

    sent: ClassVar[list[tuple[str, str, str]]] = []
    faults: ClassVar[list[Exception]] = []
    provider_id: ClassVar[str] = ""

    name = "recording"
    reports = False

    async def send(self, message: Outgoing) -> str:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append((message.channel, message.to, message.text.body))
        return self.provider_id or f"provider-{message.reference}"


def send_to(settings: Any, address: str, smtp_port: int, sms: str = "msg91") -> None:
    """Let the site send to a fake gateway (tests.fake_gateway), as its environment variables would."""
    values: dict[str, Any] = fake_gateway.environment(address, smtp_port)
    names = {"whatsapp": "whatsapp", "sms": sms, "email": "smtp"}
    settings.MESSAGE_GATEWAYS = {channel: settings.GATEWAYS[name] for channel, name in names.items()}
    for name, value in values.items():
        if not name.endswith("_GATEWAY"):
            setattr(settings, name, value)
    settings.MSG91_TEMPLATES = dict(pair.split("=") for pair in values["MSG91_TEMPLATES"].split(","))
    options = {"host": "127.0.0.1", "port": smtp_port, "timeout": 5}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}


PATH = "tests.gateways.Recording"
EVERYWHERE = {"sms": PATH, "whatsapp": PATH, "email": PATH}


class Leaky:
    """Fails with the text in its error, as a careless library would."""

    name = "leaky"
    reports = False

    async def send(self, message: Outgoing) -> str:
        raise RuntimeError(f"could not send to {message.to}: {message.text.body}")


class Hanging:
    """Takes the message and never answers."""

    name = "hanging"
    reports = False

    async def send(self, message: Outgoing) -> str:
        print(f"taken {message.reference}", flush=True)  # noqa: T201  the test waits for it
        await asyncio.sleep(600)
        return ""

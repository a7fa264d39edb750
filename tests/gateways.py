"""A gateway for tests: a real one behind the real protocol, that keeps what it was given."""

import asyncio
from typing import ClassVar

from accounts.gateways import Outgoing


class Recording:
    """Set `settings.MESSAGE_GATEWAYS` to it; empty `sent` and `faults` first."""

    sent: ClassVar[list[tuple[str, str, str]]] = []
    faults: ClassVar[list[Exception]] = []

    name = "recording"
    reports = False

    async def send(self, message: Outgoing) -> str:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append((message.channel, message.to, message.text.body))
        return f"provider-{message.reference}"


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

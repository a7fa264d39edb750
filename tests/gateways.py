"""A gateway for tests: a real one behind the real protocol, that keeps what it was given."""

import time
from typing import ClassVar

from accounts.gateways import Text


class Recording:
    """Set `settings.MESSAGE_GATEWAYS` to it; empty `sent` and `faults` first."""

    sent: ClassVar[list[tuple[str, str, str]]] = []
    faults: ClassVar[list[Exception]] = []

    def send(self, channel: str, to: str, text: Text, reference: str) -> str:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append((channel, to, text.body))
        return f"provider-{reference}"


PATH = "tests.gateways.Recording"
EVERYWHERE = {"sms": PATH, "whatsapp": PATH, "email": PATH}


class Leaky:
    """Fails with the text in its error, as a careless library would."""

    def send(self, channel: str, to: str, text: Text, reference: str) -> str:
        raise RuntimeError(f"could not send to {to}: {text.body}")


class Hanging:
    """Takes the message and never answers."""

    def send(self, channel: str, to: str, text: Text, reference: str) -> str:
        print(f"taken {reference}", flush=True)  # noqa: T201  the test waits for it
        time.sleep(600)
        return ""

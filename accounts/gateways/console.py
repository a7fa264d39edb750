"""Prints each message: for a site on a loopback address only, since it shows codes (accounts.checks)."""

import sys

from accounts.gateways.protocol import Outgoing


class Console:
    name = "console"
    reports = False

    async def send(self, message: Outgoing) -> str:
        """One line per message, as the demo reads it."""
        line = " ".join(message.text.body.split())
        sys.stdout.write(f"[{message.channel} to {message.to}] {line}\n")
        sys.stdout.flush()
        return f"console-{message.reference}"

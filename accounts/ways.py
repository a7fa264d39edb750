"""The ways to write to a party: what its people chose first, then WhatsApp, SMS and e-mail, as far as there is an address."""

from functools import cache

from accounts.models import Message

Channel = Message.Channel
ORDER = (Channel.WHATSAPP, Channel.SMS, Channel.EMAIL)


def ways(phone: str, email: str, *preferred: str) -> list[tuple[str, str]]:
    """(channel, address) in the order they are to be tried; `preferred` channels first, "" for none."""
    order = _order(preferred)
    return [(channel, to) for channel in order if (to := email if channel == Channel.EMAIL else phone)]


@cache
def _order(preferred: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(Channel(channel)) for channel in (*preferred, *ORDER) if channel))

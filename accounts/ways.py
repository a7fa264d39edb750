"""The ways to write to a party: what its people chose first, then WhatsApp, SMS and e-mail, as far as there is an address."""

from accounts.models import Message

Channel = Message.Channel
ORDER = (Channel.WHATSAPP, Channel.SMS, Channel.EMAIL)


def ways(phone: str, email: str, *preferred: str) -> list[tuple[str, str]]:
    """(channel, address) in the order they are to be tried; `preferred` channels first, "" for none."""
    order = dict.fromkeys([*(Channel(channel) for channel in preferred if channel), *ORDER])
    address = {Channel.WHATSAPP: phone, Channel.SMS: phone, Channel.EMAIL: email}
    return [(str(channel), address[channel]) for channel in order if address[channel]]

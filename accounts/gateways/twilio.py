"""Twilio: a finished text to a number. https://www.twilio.com/docs/messaging/api/message-resource"""

from base64 import b64encode
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from accounts.gateways import wire
from accounts.gateways.protocol import Outgoing
from accounts.models import Message

Trouble = Message.Trouble
# https://www.twilio.com/docs/api/errors; those above 30000 come in status callbacks (accounts.hooks.twilio).
TROUBLES = {
    **dict.fromkeys((21211, 21214, 21217, 21401, 21407, 21612, 21614, 21635), Trouble.WRONG_NUMBER),
    **dict.fromkeys((30003, 30005, 30006), Trouble.WRONG_NUMBER),
    21610: Trouble.OPTED_OUT,
    **dict.fromkeys((14107, 20003, 20429, 20503, 30001), Trouble.RETRY),
}


class Twilio:
    name = "twilio"
    reports = True
    needs = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")

    async def send(self, message: Outgoing) -> str:
        account = settings.TWILIO_ACCOUNT_SID
        pair = f"{account}:{settings.TWILIO_AUTH_TOKEN}"
        answer = await wire.post(
            f"{settings.TWILIO_URL}/2010-04-01/Accounts/{account}/Messages.json",
            headers={"Authorization": f"Basic {b64encode(pair.encode()).decode()}"},
            data=form_of(message),
        )
        found = wire.words_of(answer)
        if answer.status_code == 201:
            return str(found.get("sid", ""))
        code = found.get("code")
        trouble = TROUBLES.get(code) if isinstance(code, int) else None
        raise wire.refusal(answer, f"{code or ''} {found.get('message', '')}".strip(), trouble)


def form_of(message: Outgoing) -> dict[str, str]:
    """The request's form. Our reference travels in the address of the callback, which Twilio signs."""
    sender = settings.TWILIO_FROM
    return {
        "To": message.to,
        "MessagingServiceSid" if sender.startswith("MG") else "From": sender,
        "Body": message.text.body,
        "StatusCallback": callback_url(message.reference),
    }


def callback_url(reference: str) -> str:
    return f"{settings.SITE_URL}{reverse('hooks:twilio')}?{urlencode({'ref': reference})}"

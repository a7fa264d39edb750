"""WhatsApp Cloud API: registered templates only, utility and authentication.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components.md
https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates/auth-otp-template-messages
"""

from typing import Any

from django.conf import settings

from accounts.gateways import wire
from accounts.gateways.protocol import GatewayError, Outgoing, Text
from accounts.models import Message

Trouble = Message.Trouble
# https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
TROUBLES = {
    **dict.fromkeys((1, 2, 4, 190, 80007, 130429, 131000, 131016, 131042, 131048, 131056, 131057), Trouble.RETRY),
    **dict.fromkeys((131021, 131026, 131030), Trouble.WRONG_NUMBER),
    131050: Trouble.OPTED_OUT,
    **dict.fromkeys((368, 130472, 131008, 131009, 131031, 131047, 131049, 131051, 131053), Trouble.REFUSED),
    **dict.fromkeys((132000, 132001, 132005, 132007, 132012, 132015, 132016), Trouble.REFUSED),
}


class CloudApi:
    name = "whatsapp"
    reports = True
    needs = ("WHATSAPP_TOKEN", "WHATSAPP_PHONE_ID", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN")

    async def send(self, message: Outgoing) -> str:
        phone_id = message.sender.whatsapp_phone_id or settings.WHATSAPP_PHONE_ID
        answer = await wire.post(
            f"{settings.WHATSAPP_URL}/{phone_id}/messages",
            headers={"Authorization": f"Bearer {settings.WHATSAPP_TOKEN}"},
            json=body_of(message),
        )
        found = wire.words_of(answer)
        if answer.status_code == 200:
            try:
                return str(found["messages"][0]["id"])
            except (KeyError, IndexError, TypeError):
                return ""  # taken all the same; its reports carry our reference
        error = found.get("error")
        error = error if isinstance(error, dict) else {}
        code = error.get("code")
        details = error.get("error_data")
        words = (details.get("details") if isinstance(details, dict) else "") or error.get("message") or ""
        raise wire.refusal(
            answer, f"{code or ''} {words}".strip(), TROUBLES.get(code) if isinstance(code, int) else None
        )


def body_of(message: Outgoing) -> dict[str, Any]:
    """The request's JSON. `biz_opaque_callback_data` comes back in each report of this message."""
    text = message.text
    if not text.template:
        raise GatewayError("WhatsApp takes registered templates only", Trouble.REFUSED)
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.to.removeprefix("+"),
        "type": "template",
        "template": {
            "name": text.template,
            "language": {"code": text.language},
            "components": _components(text),
        },
        "biz_opaque_callback_data": message.reference,
    }


def _components(text: Text) -> list[dict[str, Any]]:
    components: list[dict[str, Any]] = []
    if text.document:
        document = {"link": text.document.url, "filename": text.document.filename}
        components.append({"type": "header", "parameters": [{"type": "document", "document": document}]})
    if text.variables:
        components.append({"type": "body", "parameters": [_words(value) for value in text.variables.values()]})
    if text.code:
        components.append(_button(text.code))
    elif text.button_url:
        # Registered is the site's address; the parameter is what follows it.
        components.append(_button(text.button_url.removeprefix(f"{settings.SITE_URL}/")))
    return components


def _words(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


def _button(value: str) -> dict[str, Any]:
    return {"type": "button", "sub_type": "url", "index": "0", "parameters": [_words(value)]}

"""MSG91, an Indian SMS provider: a template approved under DLT, a header (sender id), and the entity's id.

https://api.msg91.com/apidoc/textsms/send-sms-flow.php (request and answer),
https://msg91.com/help/dlt-key-points-for-b2b-platforms (entity id of a header),
https://msg91.com/help/webhooks/how-can-i-get-the-delivery-reports-on-my-webhook-url (CRQID comes back in reports)
"""

from typing import Any

from django.conf import settings

from accounts.gateways import wire
from accounts.gateways.protocol import AnswerLost, GatewayError, Outgoing
from accounts.models import Message

Trouble = Message.Trouble
# https://msg91.com/help/api and https://msgwow.com/kb/article/what-are-all-the-error-codes-and-what-does-it-mean
TROUBLES = {
    **dict.fromkeys(("101", "202"), Trouble.WRONG_NUMBER),
    # The account's own troubles: mended by the operator, and no message is lost meanwhile.
    **dict.fromkeys(("201", "207", "208", "301", "302", "303", "418"), Trouble.RETRY),
}
SAME_AGAIN = "311"  # "discarded because the same request was made within 10 seconds": the first one was taken


class Msg91:
    name = "msg91"
    reports = True
    needs = ("MSG91_AUTHKEY", "MSG91_TEMPLATES", "SMS_HEADER", "DLT_ENTITY_ID", "MSG91_HOOK_SECRET")

    async def send(self, message: Outgoing) -> str:
        answer = await wire.post(
            settings.MSG91_URL,
            headers={"authkey": settings.MSG91_AUTHKEY, "accept": "application/json"},
            json=body_of(message),
        )
        found = wire.words_of(answer)
        if answer.status_code == 200 and found.get("type") == "success":
            return str(found.get("message", ""))
        code, words = str(found.get("code", "")), str(found.get("message", ""))
        if code == SAME_AGAIN:
            raise AnswerLost(f"{code} {words}")
        trouble = TROUBLES.get(code)
        if trouble is None and answer.status_code == 200 and found.get("type"):
            trouble = Trouble.REFUSED
        raise wire.refusal(answer, f"{code} {words}".strip(), trouble)


def body_of(message: Outgoing) -> dict[str, Any]:
    """The request's JSON; a template without an id in MSG91_TEMPLATES cannot be sent."""
    text = message.text
    template_id = settings.MSG91_TEMPLATES.get(text.template)
    if not template_id:
        raise GatewayError(f"no template id for {text.template or 'a free text'}", Trouble.REFUSED)
    return {
        "template_id": template_id,
        "sender": message.sender.sms_header or settings.SMS_HEADER,
        "short_url": "0",
        "PE_ID": settings.DLT_ENTITY_ID,
        "recipients": [{"mobiles": message.to.removeprefix("+"), "CRQID": message.reference, **text.variables}],
    }

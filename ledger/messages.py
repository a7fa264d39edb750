"""The ledger's own messages: links to papers and portals, made when they are delivered."""

from collections.abc import Sequence

from django.utils import translation

from accounts import outbox, wording
from accounts.gateways import GatewayError, Text
from accounts.models import Message
from accounts.wording import AMOUNT, COUNT, DATE, DAYS, NAME, NUMBER, URL, Wording
from ledger import links, sharing
from ledger.models import ShareLink


def _texts(messages: Sequence[Message]) -> dict[int, Text | None]:
    """The links of a whole batch are read at once; one that has ended meanwhile is not sent."""
    found = ShareLink.objects.select_related("business", "party", "invoice__open_item", "payment").in_bulk(
        {int(message.subject_id) for message in messages}
    )
    texts: dict[int, Text | None] = {}
    for message in messages:
        link = found.get(int(message.subject_id))
        texts[message.pk] = None
        if link is not None and link.business_id == message.business_id and link.is_live:
            with translation.override(wording.spoken(message)):
                texts[message.pk] = sharing.text_of(link, message)
    return texts


def _render_door(message: Message) -> Text:
    parties = sharing.parties_of_number(message.to)
    if not parties:
        raise GatewayError("no shop has this number any more", Message.Trouble.REFUSED)
    link = links.for_party(parties[0], None)
    more = len({party.business_id for party in parties}) - 1
    values = {**sharing.context_of(link), "more": more, "business": wording.sms_name(link.business)}
    return wording.text_for(message, values, "door_links" if more else "door_link")


def _number_is_saved(message: Message) -> bool:
    return bool(sharing.parties_of_number(message.to))


def register() -> None:
    paper = {"business": NAME, "party": NAME, "number": NUMBER, "amount": AMOUNT, "url": URL}
    wording.register(
        Wording("invoice_share", {**paper, "due": DATE}, has_document=True),
        Wording("invoice_share_settled", paper, has_document=True),
        Wording("invoice_share_rest", {**paper, "rest": AMOUNT}, has_document=True),
        Wording("credit_share", paper, has_document=True),
        Wording("receipt_share", paper, has_document=True),
        Wording("refund_share", paper, has_document=True),
        Wording("portal_share", {"business": NAME, "party": NAME, "url": URL}),
        Wording("statement_share", {"business": NAME, "party": NAME, "days": DAYS, "url": URL}),
        Wording("door_link", {"business": NAME, "url": URL}),
        Wording("door_links", {"business": NAME, "more": COUNT, "url": URL}),
    )
    outbox.register("door_link", _render_door, _number_is_saved, is_asked_for=True)
    for kind in sharing.KINDS.values():
        outbox.register_many(kind, _texts)

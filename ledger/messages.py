"""The ledger's own messages: links to papers and portals, made when they are delivered."""

from accounts import outbox, wording
from accounts.gateways import GatewayError, Text
from accounts.models import Message
from accounts.wording import AMOUNT, COUNT, DATE, DAYS, NAME, NUMBER, URL, Wording
from ledger import links, sharing
from ledger.models import ShareLink


def _link(message: Message) -> ShareLink | None:
    return (
        ShareLink.objects.select_related("business", "party", "invoice", "payment")
        .filter(pk=message.subject_id, business=message.business)
        .first()
    )


def _render(message: Message) -> Text:
    link = _link(message)
    assert link is not None, "still_due was asked before"
    return sharing.text_of(link, message)


def _still_due(message: Message) -> bool:
    link = _link(message)
    return link is not None and link.is_live


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
        outbox.register(kind, _render, _still_due)

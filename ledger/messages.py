"""The ledger's own messages: links to papers and portals, made when they are delivered."""

from accounts import outbox
from accounts.gateways import GatewayError, Text
from accounts.messages import render_text
from accounts.models import Message
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
    return render_text(message, sharing.context_of(link))


def _still_due(message: Message) -> bool:
    link = _link(message)
    return link is not None and link.is_live


def _render_door(message: Message) -> Text:
    parties = sharing.parties_of_number(message.to)
    if not parties:
        raise GatewayError("no shop has this number any more", Message.Trouble.REFUSED)
    link = links.for_party(parties[0], None)
    return render_text(message, {**sharing.context_of(link), "more": len({p.business_id for p in parties}) - 1})


def _number_is_saved(message: Message) -> bool:
    return bool(sharing.parties_of_number(message.to))


def register() -> None:
    outbox.register("door_link", _render_door, _number_is_saved, is_asked_for=True)
    for kind in sharing.KINDS.values():
        outbox.register(kind, _render, _still_due)

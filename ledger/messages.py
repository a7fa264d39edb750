"""The ledger's own messages: an invoice or a portal link, made when they are delivered."""

from accounts import outbox
from accounts.gateways import Text
from accounts.messages import render_text
from accounts.models import Message
from ledger import sharing
from ledger.models import ShareLink


def _link(message: Message) -> ShareLink | None:
    return (
        ShareLink.objects.select_related("business", "party", "invoice")
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


def register() -> None:
    for kind in ("invoice_share", "portal_share"):
        outbox.register(kind, _render, _still_due)

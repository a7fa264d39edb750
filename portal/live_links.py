"""Who holds the link to an invoice may be told that this invoice has changed, and of nothing else.

There are no numbered rows here (accounts.changes counts all that happens to a party): the invoice itself is read, at
each look of the poller, in one query for all links. What a stream is sent is a mark: it changes with the invoice's
state and tells neither the state nor how often anything changed.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.db.models.functions import Coalesce
from django.utils.crypto import salted_hmac

from ledger import links
from ledger.models import Invoice, ShareLink
from portal.live import Told

State = tuple[Any, ...]


@dataclass(slots=True)
class LinkTicket:
    """What a stream of an invoice's page was admitted with; `last` is the mark that its page has."""

    link_id: int
    last: str


def mark(link: ShareLink) -> str:
    """Of a link as `ledger.links.open_link` reads it: no query."""
    invoice: Any = link.invoice
    item = getattr(invoice, "open_item", None)
    settled = item.settled_paise if item else None
    return _mark(link.pk, (invoice.status, settled, bool(invoice.is_replaced), invoice.newest_allocation))


def _mark(link_id: int, state: State) -> str:
    return salted_hmac("portal.live_links", f"{link_id}|{state!r}", algorithm="sha256").hexdigest()[:16]


def admit(token: str, since: str) -> LinkTicket | None:
    """A ticket for whoever holds a living link to an issued invoice: one query, none for a token that is not ours."""
    try:
        key = links.read_token(ShareLink.Kind.INVOICE, token)
    except links.LinkUnknown:
        return None
    row = _living().filter(key=key).values_list("pk", *STATE).first()
    return LinkTicket(row[0], since or _mark(row[0], _state(row[1:]))) if row else None


STATE = ("invoice__status", "invoice__open_item__settled_paise", "replaced", "newest")


def _living() -> Any:
    """Links by the same rules as their pages, each with the state of its invoice (STATE)."""
    found = ShareLink.objects.live().filter(kind=ShareLink.Kind.INVOICE, business__is_active=True)
    return found.exclude(invoice__status=Invoice.Status.DRAFT).annotate(
        replaced=links.is_replaced(), newest=Coalesce(Max("invoice__open_item__settled_by__pk"), 0)
    )


def _state(row: tuple[Any, ...]) -> State:
    status, settled, replaced, newest = row
    return status, settled, bool(replaced), newest


def look(tickets: list[LinkTicket]) -> list[Told | None]:
    """For each ticket what it is to be told now; None when its link has ended. One query for all."""
    if not tickets:
        return []
    rows = _living().filter(pk__in={ticket.link_id for ticket in tickets}).values_list("pk", *STATE)
    marks = {row[0]: _mark(row[0], _state(row[1:])) for row in rows}
    return [_told(ticket, marks.get(ticket.link_id)) for ticket in tickets]


def _told(ticket: LinkTicket, now: str | None) -> Told | None:
    if now is None:
        return None
    return Told("" if now == ticket.last else event(now), now)


def event(now: str) -> str:
    return f"id: {now}\nevent: change\ndata: {json.dumps({'kind': 'invoice', 'subject': ''})}\n\n"

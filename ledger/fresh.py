"""A fresh link in place of one that has ended, sent to the number the shop has saved, whoever asks for it.

The page of an ended link is open to strangers: a forwarded message, an old phone, a number that has a new owner. So the
link goes out as a message only, to the party's main number of today; the page names two digits of it at most, and
answers everybody alike. What the shop revoked comes back only as the portal's door, which asks for a code.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts import limits, outbox, quotas
from accounts.gateways import Text
from accounts.models import Message, Party
from ledger import links, sharing
from ledger.models import ShareLink

KIND = "fresh_link"
TEN_MINUTES = timedelta(minutes=10)
QUARTER_HOUR, DAY = 15 * 60, 24 * 60 * 60
MOST_A_DAY = 6


def ending(link: ShareLink) -> str:
    """The last two digits of the number a fresh link would go to; "" where whoever holds the link may be another person.

    A changed number, stopped sharing and ended sessions raise the party's access version: then nothing is told.
    """
    party = link.party
    if not party.is_shared or party.access_version != link.access_version:
        return ""
    return _number(link)[-2:]


def _number(link: ShareLink) -> str:
    """The main number (E.164) of a party that is shared now, "" for none."""
    party = link.party
    if not party.is_shared or party.is_walk_in:
        return ""
    main = party.people.filter(is_main=True).first()
    return str(main.phone) if main else ""


def ask(link: ShareLink, *, address: str) -> None:
    """Queue one message with a fresh link. A link of nobody's number costs the same, and its message is dropped.

    Asking again within ten minutes sends nothing more. Raises limits.LimitReached.
    """
    limits.hit("fresh-address", address, most=20, seconds=QUARTER_HOUR)
    with transaction.atomic():
        Party.objects.select_for_update(no_key=True).get(business_id=link.business_id, pk=link.party_id)
        if _is_asked_lately(link):
            return
        limits.hit("fresh-party", str(link.party_id), most=MOST_A_DAY, seconds=DAY)
        to = _number(link)
        outbox.enqueue(
            kind=KIND,
            channel=Message.Channel.SMS,
            to=to,
            subject=("link", str(link.pk)),
            business=link.business,
            party_id=link.party_id,
            language=link.party.language,
            drop=not to,
            priority=Message.Priority.NOW,
        )
        if to:  # counted like every message of the shop, and never refused: somebody waits before a screen
            quotas.spend(link.business_id, {Message.Channel.SMS: 1})


def _is_asked_lately(link: ShareLink) -> bool:
    asked = Message.objects.filter(business_id=link.business_id, party_id=link.party_id, kind=KIND)
    return asked.filter(created_at__gt=timezone.now() - TEN_MINUTES).exists()


def _old(message: Message) -> ShareLink | None:
    found = ShareLink.objects.select_related("business__sender", "party", "invoice__open_item", "payment")
    return found.filter(pk=message.subject_id, business=message.business, business__is_active=True).first()


def _still_due(message: Message) -> bool:
    """Asked at delivery: not when sharing was stopped or the number changed meanwhile."""
    old = _old(message)
    return old is not None and _number(old) == message.to


def _text(message: Message) -> Text:
    old = _old(message)
    assert old is not None, "asked in _still_due"
    new = successor(old)
    new.business = old.business
    if new.invoice_id:
        new.invoice = old.invoice
    if new.payment_id:
        new.payment = old.payment
    return sharing.text_of(new, message)


def successor(old: ShareLink) -> ShareLink:
    """A live link in place of `old`: to the same paper when only its time was over, else to the portal's door."""
    party = old.party
    only_time = old.revoked_at is None and old.access_version == party.access_version
    if only_time and old.invoice:
        old.invoice.party = party
        return links.for_invoice(old.invoice, None)
    if only_time and old.payment:
        old.payment.party = party
        return links.for_receipt(old.payment, None)
    if only_time and (period := sharing.period_of(old)):
        return links.for_statement(party, period, None)
    return links.for_party(party, None)


def register() -> None:
    outbox.register(KIND, _text, _still_due)

"""Share links: one signed token per link, short enough for an SMS.

Token = 33 letters and digits = base 62 of 24 bytes: the link's random 64-bit key and a 128-bit HMAC-SHA256 over
format version, kind and key. The MAC is checked before the database is asked; expiry, revocation and the party's
access version stand on the row. A link to a paper (invoice, receipt, statement of some days) is a capability for that
paper and never a login.
"""

import hashlib
import hmac
import secrets
import string
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from accounts import activity
from accounts.models import Business, Party, User
from ledger import settled
from ledger.models import Invoice, Payment, ShareLink
from ledger.statements import Period

FORMAT = b"sharedledger-link-1"
LENGTH = 33
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
PAPER_LINK_LIFETIME = timedelta(days=180)
PAGES = {
    ShareLink.Kind.INVOICE: "portal:invoice_link",
    ShareLink.Kind.PORTAL: "portal:portal_link",
    ShareLink.Kind.RECEIPT: "portal:receipt_link",
    ShareLink.Kind.STATEMENT: "portal:statement_link",
}
RELATED: dict[str, tuple[str, ...]] = {
    ShareLink.Kind.INVOICE: ("invoice__open_item", "invoice__original", "invoice__replaces"),
    ShareLink.Kind.RECEIPT: ("payment__open_item",),
}
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


class LinkUnknown(Exception):
    """Not a link of ours: 404."""


class LinkEnded(Exception):
    """A link of ours that expired, was revoked, or whose party is no longer shared with: 410."""

    def __init__(self, link: ShareLink) -> None:
        super().__init__("link ended")
        self.link = link


def _mac(signing_key: str, kind: str, key: bytes) -> bytes:
    message = b"|".join([FORMAT, kind.encode(), key])
    return hmac.new(signing_key.encode(), message, hashlib.sha256).digest()[:16]


def token(link: ShareLink) -> str:
    """The token of a link, signed with the newest key."""
    key = link.key.to_bytes(8, signed=True)
    return base62(int.from_bytes(key + _mac(settings.LINK_KEYS[0], link.kind, key)), LENGTH)


def base62(number: int, length: int) -> str:
    """`number` in `length` letters and digits, which messengers and QR codes carry whole."""
    letters = []
    for _ in range(length):
        number, value = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[value])
    return "".join(reversed(letters))


def number_of(text: str) -> int | None:
    """The number that `base62` wrote; None for what holds another sign."""
    number = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            return None
        number = number * len(ALPHABET) + value
    return number


def read_token(kind: str, text: str) -> int:
    """The key inside a genuine token of this kind. Raises LinkUnknown; asks no database."""
    number = number_of(text) if len(text) == LENGTH else None
    if number is None or number >= 1 << 192:
        raise LinkUnknown
    raw = number.to_bytes(24)
    key, mac = raw[:8], raw[8:]
    # Every key is tried, so that time does not tell which one fits.
    fits = [hmac.compare_digest(mac, _mac(signing_key, kind, key)) for signing_key in settings.LINK_KEYS]
    if True not in fits:
        raise LinkUnknown
    return int.from_bytes(key, signed=True)


def open_link(kind: str, text: str) -> ShareLink:
    """The live link behind a token, with business, party and its paper: one query.

    An invoice comes with all that its page tells of it: its open item, `original`, `replaces`, `parts` (what settled
    it) and `is_replaced`; a payment with its open item.
    Raises LinkUnknown (404) or LinkEnded (410).
    """
    key = read_token(kind, text)
    found = ShareLink.objects.select_related("business", "party", *RELATED.get(kind, ())).filter(kind=kind, key=key)
    is_invoice = kind == ShareLink.Kind.INVOICE
    rows = list(settled.joined(found.annotate(is_replaced=is_replaced())) if is_invoice else found)
    if not rows or not rows[0].business.is_active:
        raise LinkUnknown
    link: ShareLink = rows[0]
    if link.invoice:
        link.invoice.business, link.invoice.party = link.business, link.party
        link.invoice.parts, link.invoice.is_replaced = settled.joined_parts(rows), rows[0].is_replaced  # type: ignore[attr-defined]
        link.invoice.newest_allocation = settled.newest(rows)  # type: ignore[attr-defined]
    if link.payment:
        link.payment.business, link.payment.party = link.business, link.party
    link.party.business = link.business
    if not link.is_live:
        raise LinkEnded(link)
    return link


def is_replaced() -> Exists:
    """For share links: whether an invoice that stands names the link's one as the one it replaces."""
    newer = Invoice.objects.filter(
        business_id=OuterRef("business_id"), party_id=OuterRef("party_id"), replaces_id=OuterRef("invoice_id")
    )
    return Exists(newer.filter(status=Invoice.Status.ISSUED))


def path(link: ShareLink) -> str:
    return reverse(PAGES[ShareLink.Kind(link.kind)], kwargs={"token": token(link)})


def url(link: ShareLink) -> str:
    """The whole address, from SITE_URL and never from a request's Host."""
    return settings.SITE_URL + path(link)


def for_invoice(invoice: Invoice, by: User | None) -> ShareLink:
    """A live link to this issued invoice: the newest one again, else a new one. An earlier link is never ended."""
    return _find_or_make(invoice.party, by, ShareLink.Kind.INVOICE, invoice=invoice)


def for_invoices(invoices: Sequence[Invoice]) -> dict[int, ShareLink]:
    """Invoice id -> a live link, for many at once: those there are, and new ones of nobody's where there are none.

    The caller holds the locks of their parties, which are loaded with their business. Two or three queries.
    """
    soon = timezone.now() + PAPER_LINK_LIFETIME / 2
    by_pk = {invoice.pk: invoice for invoice in invoices}
    live = ShareLink.objects.live().filter(
        business_id__in={invoice.business_id for invoice in invoices},
        kind=ShareLink.Kind.INVOICE,
        invoice_id__in=by_pk,
        expires_at__gt=soon,
    )
    found = {link.invoice_id or 0: link for link in live.order_by("id")}
    missing = [
        ShareLink(
            business_id=invoice.business_id,
            party=invoice.party,
            kind=ShareLink.Kind.INVOICE,
            invoice=invoice,
            key=int.from_bytes(secrets.token_bytes(8), signed=True),
            access_version=invoice.party.access_version,
            expires_at=timezone.now() + PAPER_LINK_LIFETIME,
        )
        for pk, invoice in by_pk.items()
        if pk not in found
    ]
    found |= {link.invoice_id or 0: link for link in ShareLink.objects.bulk_create(missing)}
    for pk, link in found.items():
        link.invoice, link.party, link.business = by_pk[pk], by_pk[pk].party, by_pk[pk].business
    return found


def for_party(party: Party, by: User | None) -> ShareLink:
    """A live link to this party's portal: the newest one again, else a new one."""
    return _find_or_make(party, by, ShareLink.Kind.PORTAL)


def for_receipt(payment: Payment, by: User | None) -> ShareLink:
    """A live link to the receipt of this payment: the newest one again, else a new one."""
    return _find_or_make(payment.party, by, ShareLink.Kind.RECEIPT, payment=payment)


def for_statement(party: Party, period: Period, by: User | None) -> ShareLink:
    """A live link to the statement of these days, as the book stands when it is opened."""
    return _find_or_make(party, by, ShareLink.Kind.STATEMENT, starts_on=period.start, ends_on=period.end)


@transaction.atomic
def _find_or_make(party: Party, by: User | None, kind: ShareLink.Kind, **shows: Any) -> ShareLink:
    party = (
        Party.objects.select_for_update(no_key=True)
        .select_related(None)
        .get(pk=party.pk, business_id=party.business_id)
    )
    live = ShareLink.objects.live().filter(business_id=party.business_id, party=party, kind=kind, **shows)
    # A link about to expire is not worth sending again.
    soon = timezone.now() + PAPER_LINK_LIFETIME / 2
    if shows:
        live = live.filter(expires_at__gt=soon)
    if link := live.order_by("-id").first():
        link.party = party
        return link
    return ShareLink.objects.create(
        business_id=party.business_id,
        party=party,
        kind=kind,
        key=int.from_bytes(secrets.token_bytes(8), signed=True),
        access_version=party.access_version,
        expires_at=timezone.now() + PAPER_LINK_LIFETIME if shows else None,
        created_by=by,
        **shows,
    )


@transaction.atomic
def revoke_all(party: Party, by: User) -> int:
    """End every live link of the party at once; nobody is signed out. Returns how many; doing it twice changes nothing."""
    Party.objects.select_for_update(no_key=True).get(business_id=party.business_id, pk=party.pk)
    live = ShareLink.objects.live().filter(business_id=party.business_id, party=party)
    ended = ShareLink.objects.filter(pk__in=list(live.values_list("pk", flat=True)), revoked_at=None)
    if count := ended.update(revoked_at=timezone.now()):
        activity.record(party.business, by, "links_revoked", ("party", str(party.pk)), links=count)
    return count


@transaction.atomic
def revoke_chosen(business: Business, public_ids: Sequence[str], by: User) -> int:
    """End these links of a business at once. Returns how many worked until now; unknown ones are passed over."""
    found = ShareLink.objects.filter(business_id=business.pk, public_id__in=public_ids, revoked_at=None)
    chosen = list(found.select_for_update().order_by("pk"))
    ended = ShareLink.objects.filter(business_id=business.pk, pk__in=[link.pk for link in chosen], revoked_at=None)
    ended.update(revoked_at=timezone.now())
    deeds: list[tuple[str, tuple[str, str], dict[str, Any]]] = [
        ("link_revoked", (link.kind, str(link.invoice_id or link.payment_id or link.party_id)), {}) for link in chosen
    ]
    activity.record_all(business, by, deeds)
    return len(chosen)


@transaction.atomic
def revoke(link: ShareLink, by: User) -> None:
    """End this link at once. Doing it twice changes nothing."""
    if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        activity.record(
            link.business, by, "link_revoked", (link.kind, str(link.invoice_id or link.payment_id or link.party_id))
        )

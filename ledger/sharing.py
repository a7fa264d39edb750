"""Share a paper of a party, or the party's portal: one live link, by message in the background or by the merchant's own hand."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import activity, gsm, limits, outbox, quotas, wording
from accounts.gateways import Document, Text
from accounts.india import show_date
from accounts.models import Message, Party, User
from accounts.money import rs, rupees
from accounts.phones import wa_me
from accounts.ways import ORDER, Channel, ways
from ledger import links
from ledger.models import Invoice, Payment, ShareLink
from ledger.statement_paper import words_of
from ledger.statements import BEGINNING, Period

QUARTER_HOUR, DAY = 15 * 60, 24 * 60 * 60


KINDS = {
    ShareLink.Kind.INVOICE: "invoice_share",
    ShareLink.Kind.PORTAL: "portal_share",
    ShareLink.Kind.RECEIPT: "receipt_share",
    ShareLink.Kind.STATEMENT: "statement_share",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a link shows: one paper of the party (an invoice, a payment's receipt, the statement of a period), else its
    portal.
    """

    party: Party
    invoice: Invoice | None = None
    payment: Payment | None = None
    period: Period | None = None

    @property
    def kind(self) -> ShareLink.Kind:
        if self.invoice:
            return ShareLink.Kind.INVOICE
        if self.payment:
            return ShareLink.Kind.RECEIPT
        return ShareLink.Kind.STATEMENT if self.period else ShareLink.Kind.PORTAL


def period_of(link: ShareLink) -> Period | None:
    """The days of a statement link; None for any other."""
    return Period(link.starts_on, link.ends_on) if link.starts_on and link.ends_on else None


class ShareRefused(Exception):
    """Sharing is not possible like this; the message is for people."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the share dialog shows: the text as it would be sent, the ways to send it by hand, and how long an SMS it is."""

    text: str
    url: str
    wa_me: str
    sms: gsm.Size


def kind_of(link: ShareLink) -> str:
    return KINDS[ShareLink.Kind(link.kind)]


def context_of(link: ShareLink) -> dict[str, Any]:
    """The variables of the registered texts, in the active language; English is SMS safe (GSM-7, "Rs.")."""
    context: dict[str, Any] = {"business": link.business.name, "party": link.party.name, "url": links.url(link)}
    english = translation.get_language() in (None, "en")
    if link.invoice is not None:
        say = rs if english else rupees
        context |= {
            "number": link.invoice.number,
            "amount": say(link.invoice.total_paise),
            "rest": say(link.invoice.due_paise),
            "due": show_date(link.invoice.due_on) if english else date_format(link.invoice.due_on, "DATE_FORMAT"),
        }
    elif link.payment is not None:
        context |= {
            "number": link.payment.number,
            "amount": rs(link.payment.amount_paise) if english else rupees(link.payment.amount_paise),
        }
    elif period := period_of(link):
        context |= {"days": _days(period) if english else words_of(period)}
    return context


def _days(period: Period) -> str:
    """Days that an SMS may hold: no dash but "to"."""
    if period.start == BEGINNING:
        return f"up to {show_date(period.end)}"
    return f"{show_date(period.start)} to {show_date(period.end)}"


def wording_of(link: ShareLink) -> str:
    """The registered text that tells of what the link shows."""
    if link.invoice is not None:
        return _wording_of_document(link.invoice)
    if link.payment is not None and link.payment.direction == Payment.Direction.PAID:
        return "refund_share"
    return kind_of(link)


def _wording_of_document(invoice: Invoice) -> str:
    """Nobody is asked for what they have paid in advance."""
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return "credit_share"
    if not invoice.due_paise:
        return "invoice_share_settled"
    return "invoice_share_rest" if invoice.due_paise < invoice.total_paise else "invoice_share"


def text_of(link: ShareLink, message: Message) -> Text:
    """The message's text in the active language, with the paper itself where it has a number."""
    document = None
    if paper := link.invoice or link.payment:
        document = Document(f"{links.url(link)}/pdf", f"{paper.number.replace('/', '-')}.pdf")
    return wording.text_for(message, context_of(link), wording_of(link), document)


def preview(link: ShareLink, phone: str) -> Preview:
    """The WhatsApp text in the party's language; `phone` is E.164 or "" (then WhatsApp asks whom to send to)."""
    name, language = wording_of(link), link.party.language
    with translation.override(language):
        text = wording.fill(name, Message.Channel.WHATSAPP, language, context_of(link)).body
    with translation.override("en"):
        values = {**context_of(link), "business": wording.sms_name(link.business)}
        sms = gsm.size(wording.fill(name, Message.Channel.SMS, "en", values).body)
    return Preview(text=text, url=links.url(link), wa_me=wa_me(phone, text), sms=sms)


def live_link(shown: Shown) -> ShareLink | None:
    """The newest live link, made by a POST before; looking makes none."""
    party, period = shown.party, shown.period
    found = ShareLink.objects.live().filter(
        business_id=party.business_id,
        party=party,
        kind=shown.kind,
        invoice=shown.invoice,
        payment=shown.payment,
        starts_on=period.start if period else None,
        ends_on=period.end if period else None,
    )
    return found.order_by("-id").first()


def link_for(shown: Shown, by: User) -> ShareLink:
    """The live link to share. Raises ShareRefused when there is nothing to share or sharing was stopped."""
    party, invoice = shown.party, shown.invoice
    if not party.is_shared:
        raise ShareRefused(_("You have stopped sharing with this party. Start sharing again first."))
    if shown.payment:
        return links.for_receipt(shown.payment, by)
    if shown.period:
        return links.for_statement(party, shown.period, by)
    if invoice is None:
        return links.for_party(party, by)
    if invoice.status == Invoice.Status.DRAFT:
        raise ShareRefused(_("A draft cannot be shared. Issue the invoice first."))
    return links.for_invoice(invoice, by)


@transaction.atomic
def send(link: ShareLink, channel: str, by: User) -> Message:
    """Queue one message with the link. Raises ShareRefused (no number, no address, no room in
    the quota) or limits.LimitReached."""
    party = link.party
    if channel == Message.Channel.EMAIL:
        to = party.email
        if not to:
            raise ShareRefused(_("This party has no e-mail address. Add one to the party first."))
    else:
        person = party.people.filter(is_main=True).first()
        if person is None:
            raise ShareRefused(_("This party has no mobile number. Add one to the party first."))
        to = str(person.phone)
    limits.hit("share-business", str(link.business_id), most=settings.SHARES_PER_DAY, seconds=DAY)
    limits.hit("share-to", f"{link.business_id}|{to}", most=20, seconds=DAY)
    try:
        quotas.reserve(link.business_id, channel)
    except quotas.QuotaReached as reached:
        raise ShareRefused(str(reached)) from reached
    message = outbox.enqueue(
        kind=kind_of(link),
        channel=channel,
        to=to,
        subject=("link", str(link.pk)),
        business=link.business,
        party_id=party.pk,
        language=party.language,
        by=by,
        # Only ways that come after the chosen one: what was to go by e-mail goes to no telephone.
        fallback=[way for way in ways(to, party.email) if ORDER.index(Channel(way[0])) > ORDER.index(Channel(channel))],
    )
    subject = ("party", str(party.pk))
    if link.invoice_id or link.payment_id:
        subject = ("invoice", str(link.invoice_id)) if link.invoice_id else ("payment", str(link.payment_id))
    activity.record(link.business, by, "shared", subject, channel=channel, message=message.pk)
    return message


def send_door_link(phone: str, *, address: str, language: str) -> Message:
    """The general door: one message to this number (E.164) with its portal link, if any shop has it saved.

    Who has it is looked up at delivery, so that the request does the same work for every number. One link is enough
    for several shops: the code entered there opens all that have this number. Raises limits.LimitReached.
    """
    limits.hit("door-number", phone, most=3, seconds=QUARTER_HOUR)
    limits.hit("door-number", phone, most=10, seconds=DAY)
    limits.hit("door-address", address, most=30, seconds=QUARTER_HOUR)
    with transaction.atomic():
        return outbox.enqueue(
            kind="door_link",
            channel=Message.Channel.SMS,
            to=phone,
            subject=("number", ""),
            language=language,
            priority=Message.Priority.NOW,
        )


def parties_of_number(phone: str) -> list[Party]:
    """The shared parties that have this number saved, the one saved last first."""
    return list(
        Party.objects.filter(people__phone=phone, is_shared=True, is_walk_in=False, business__is_active=True)
        .select_related("business__sender")
        .order_by("-people__pk")
    )

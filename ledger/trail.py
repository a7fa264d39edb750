"""What happened to an invoice, newest first: from the row itself, its activity, messages, opens and payments."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Activity, Message, User
from accounts.money import rupees
from accounts.phones import mask
from ledger.models import Allocation, Invoice, LinkOpen, ShareLink
from ledger.reminders import planning

SENT = {Message.Status.SENT, Message.Status.DELIVERED}
WAITING = {Message.Status.QUEUED, Message.Status.SENDING}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the trail; `tone` is "", "wait" or "fail"."""

    at: dt.datetime
    text: str
    detail: str = ""
    tone: str = ""

    @property
    def when(self) -> str:
        local = timezone.localtime(self.at)
        clock = date_format(local, "TIME_FORMAT")
        if local.date() == timezone.localdate():
            return _("today %(time)s") % {"time": clock}
        return f"{date_format(local, 'DATE_FORMAT')}, {clock}"


def of_invoice(invoice: Invoice, links: Iterable[ShareLink], allocations: Iterable[Allocation]) -> list[Event]:
    """Three queries: activity, messages, opens."""
    links = list(links)
    actors = _actors(invoice)
    events = [Event(invoice.created_at, _("Draft made"), _name(invoice.created_by))]
    if invoice.issued_at:
        events.append(Event(invoice.issued_at, _("Issued"), actors.get("issued", "")))
    if invoice.cancelled_at:
        detail = " · ".join(filter(None, (invoice.cancel_reason, actors.get("cancelled", ""))))
        events.append(Event(invoice.cancelled_at, _("Cancelled"), detail, "fail"))
    events += [
        Event(link.revoked_at, _("Link revoked"), actors.get("link_revoked", ""), "fail")
        for link in links
        if link.revoked_at
    ]
    events += _messages(invoice, links) if invoice.issued_at else []
    events += _opens(invoice, links) if links else []
    events += [_settled(allocation) for allocation in allocations]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _actors(invoice: Invoice) -> dict[str, str]:
    """verb -> who did it, by the newest activity of each kind."""
    rows = (
        Activity.objects.filter(
            business_id=invoice.business_id, subject_kind__in=Invoice.Kind.values, subject_id=str(invoice.pk)
        )
        .select_related("actor")
        .order_by("id")
    )
    return {row.verb: _name(row.actor) for row in rows if row.actor}


def _name(user: User | None) -> str:
    return _("by %(name)s") % {"name": user.name} if user and user.name else ""


def _messages(invoice: Invoice, links: list[ShareLink]) -> list[Event]:
    about = Q(subject_kind="link", subject_id__in=[str(link.pk) for link in links])
    about |= Q(subject_kind="invoice", subject_id=str(invoice.pk))
    rows = Message.objects.filter(about, business_id=invoice.business_id)
    return [_message(row) for row in rows]


def _message(message: Message) -> Event:
    channel = str(message.get_channel_display())
    if message.kind == planning.REMINDER:
        channel = _("%(channel)s as a reminder") % {"channel": channel}
    to = message.to if message.channel == Message.Channel.EMAIL else mask(message.to)
    at = message.sent_at or message.created_at
    if message.status == Message.Status.READ:
        return Event(message.read_at or at, _("Read in %(channel)s") % {"channel": channel}, to)
    if message.status == Message.Status.DELIVERED:
        return Event(message.delivered_at or at, _("Delivered by %(channel)s") % {"channel": channel}, to)
    if message.status in SENT:
        return Event(at, _("Sent by %(channel)s") % {"channel": channel}, to)
    if message.status in WAITING:
        return Event(at, _("Waiting to be sent by %(channel)s") % {"channel": channel}, to, "wait")
    words = {
        Message.Status.FAILED: _("Not sent by %(channel)s"),
        Message.Status.UNCERTAIN: _("Not sure it arrived by %(channel)s"),
        Message.Status.DROPPED: _("Not sent by %(channel)s: no longer needed"),
        Message.Status.CANCELLED: _("Not sent by %(channel)s: cancelled"),
    }
    detail = " · ".join(filter(None, (to, message.error)))
    return Event(at, words[Message.Status(message.status)] % {"channel": channel}, detail, "fail")


def _opens(invoice: Invoice, links: list[ShareLink]) -> list[Event]:
    rows = LinkOpen.objects.filter(business_id=invoice.business_id, link__in=links).order_by("-id")[:50]
    words = {LinkOpen.Event.OPENED: _("Opened"), LinkOpen.Event.LOGGED_IN: _("Logged in to the portal")}
    return [Event(row.at, words[LinkOpen.Event(row.event)], row.device) for row in rows]


def _settled(allocation: Allocation) -> Event:
    credit = allocation.credit
    amount = rupees(allocation.amount_paise)
    if credit.payment:
        text = _("Paid %(amount)s") % {"amount": amount}
        detail = " · ".join(filter(None, (credit.payment.number, credit.payment.get_mode_display())))
    elif credit.adjustment:
        text = f"{credit.adjustment.get_kind_display()} {amount}"
        detail = " · ".join(filter(None, (credit.adjustment.number, credit.adjustment.reason)))
    else:
        text = _("Credited %(amount)s") % {"amount": amount}
        detail = str(credit.document)
    return Event(allocation.allocated_at, text, detail)

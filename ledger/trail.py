"""What happened to a paper, newest first: from the row itself, its activity, messages, opens and payments.

And how far it has come: one ladder, from its sending to the money, which claims no more than was seen.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import CharField, Q, Value
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import steps
from accounts.models import Activity, Message, Party, User
from accounts.money import rupees
from accounts.phones import mask
from ledger.cockpit import title_of
from ledger.models import Allocation, Invoice, LinkOpen, LinkPreview, Payment, PaymentClaim, ShareLink
from ledger.reminders import planning

# The rungs in their order; a robot's preview is a rung of its own, so that nobody takes it for a reader.
RUNGS: dict[str, str | Promise] = {
    "sent": gettext_lazy("Sent"),
    "delivered": gettext_lazy("Delivered"),
    "read": gettext_lazy("Read"),
    "previewed": gettext_lazy("Preview fetched"),
    "opened": gettext_lazy("Opened"),
    "saved": gettext_lazy("PDF saved"),
    "logged_in": gettext_lazy("Logged in"),
    "paid": gettext_lazy("Paid"),
}
ONLY_WHEN_SEEN = {"read", "previewed"}  # many messengers tell of neither: their lack tells nothing
OPENS_READ, LATEST = 50, 8
SENT = {Message.Status.SENT, Message.Status.DELIVERED, Message.Status.READ}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the trail; `tone` is "", "wait", "fail" or "robot", `rung` one of RUNGS or ""."""

    at: dt.datetime
    text: str
    detail: str = ""
    tone: str = ""
    rung: str = ""

    @property
    def when(self) -> str:
        local = timezone.localtime(self.at)
        clock = date_format(local, "TIME_FORMAT")
        if local.date() == timezone.localdate():
            return _("today %(time)s") % {"time": clock}
        return f"{date_format(local, 'DATE_FORMAT')}, {clock}"


@dataclass(frozen=True, slots=True)
class Rung:
    """How far a paper has come: `when` it was last seen to reach this rung, "" while it was not; `times` of opens."""

    name: str
    when: str
    times: int


def ladder(events: Iterable[Event], *, paid: bool = True) -> list[Rung]:
    """The rungs of a paper in their order, from its trail; `paid`: money can be paid on it."""
    seen: dict[str, list[Event]] = {}
    for event in events:
        seen.setdefault(event.rung, []).append(event)
    for higher, lower in (("read", "delivered"), ("delivered", "sent")):
        if higher in seen:
            seen.setdefault(lower, seen[higher])
    return [
        Rung(str(name), max(found, key=lambda event: event.at).when if found else "", len(found))
        for key, name in RUNGS.items()
        if (found := seen.get(key, [])) or (key not in ONLY_WHEN_SEEN and (paid or key != "paid"))
    ]


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
    is_settled = invoice.status == Invoice.Status.ISSUED and not invoice.due_paise
    events += [_settled(allocation, is_settled) for allocation in allocations]
    return _newest_first(events + _of_links(links, actors.get("link_revoked", ""), invoice))


def of_payment(payment: Payment, links: Iterable[ShareLink]) -> list[Event]:
    """At most two queries: messages, opens; none without links. `payment` with its claim and who entered it."""
    events = [Event(payment.created_at, _("Entered"), _name(payment.created_by))]
    claim: PaymentClaim | None = getattr(payment, "claim", None)
    if claim:
        events.append(Event(claim.claimed_at, _("Told by the customer"), rupees(claim.amount_paise)))
    if payment.cancelled_at:
        events.append(Event(payment.cancelled_at, _("Cancelled"), payment.cancel_reason, "fail"))
    return _newest_first(events + _of_links(list(links), ""))


def of_party(party: Party) -> list[Event]:
    """What was sent to this party of late, and seen through links of all kinds: two queries."""
    sent = Message.objects.filter(business_id=party.business_id, party_id=party.pk).order_by("-id")[:LATEST]
    told = [replace(event, text=f"{steps.about(row)}: {event.text}") for row in sent for event in [_message(row)]]
    return _newest_first(_seen(party) + told)[:LATEST]


def _seen(party: Party) -> list[Event]:
    """The newest opens and previews of the party's links, each with what the link shows: one query."""
    of_party = Q(business_id=party.business_id, link__business_id=party.business_id, link__party=party)
    shows = (
        "link__invoice__kind",
        "link__invoice__number",
        "link__payment__number",
        "link__starts_on",
        "link__ends_on",
    )
    # SQLite takes no LIMIT within a UNION but in a subquery.
    newest = LinkOpen.objects.filter(of_party).order_by("-id").values("pk")[:LATEST]
    fetched = LinkPreview.objects.filter(of_party).order_by("-id").values("pk")[:LATEST]
    opens = LinkOpen.objects.filter(pk__in=newest).order_by()
    previews = LinkPreview.objects.filter(pk__in=fetched).order_by()
    previewed = Value("previewed", output_field=CharField())
    rows = opens.values_list("at", "event", "device", *shows).union(
        previews.annotate(event=previewed).values_list("at", "event", "messenger", *shows), all=True
    )
    return [_seen_event(*row) for row in rows]


def _seen_event(
    at: dt.datetime,
    event: str,
    device: str,
    kind: str | None,
    number: str | None,
    payment: str | None,
    start: dt.date | None,
    end: dt.date | None,
) -> Event:
    """`kind` and `number` of the invoice that the link shows, `payment` the receipt's number, or a statement's days."""
    link = ShareLink(
        invoice=Invoice(kind=kind, number=number or "") if kind else None,
        payment=Payment(number=payment) if payment else None,
        starts_on=start,
        ends_on=end,
    )
    found = _open(at, event, device)
    return replace(found, text=f"{title_of(link)}: {found.text}")


def _newest_first(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: event.at, reverse=True)


def _of_links(links: list[ShareLink], revoked_by: str, invoice: Invoice | None = None) -> list[Event]:
    if not links:
        return []
    revoked = [Event(link.revoked_at, _("Link revoked"), revoked_by, "fail") for link in links if link.revoked_at]
    return revoked + _messages(links, invoice) + _opens(links)


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


def _messages(links: list[ShareLink], invoice: Invoice | None) -> list[Event]:
    """Messages with these links, and reminders of the invoice (which are about it and not about a link)."""
    about = Q(subject_kind="link", subject_id__in=[str(link.pk) for link in links])
    if invoice:
        about |= Q(subject_kind="invoice", subject_id=str(invoice.pk))
    rows = Message.objects.filter(about, business_id=links[0].business_id)
    return [_message(row) for row in rows]


def _message(message: Message) -> Event:
    """One line for a message at the time of its latest step, with all its steps below."""
    channel = str(message.get_channel_display())
    if message.kind == planning.REMINDER:
        channel = _("%(channel)s as a reminder") % {"channel": channel}
    to = message.to if message.channel == Message.Channel.EMAIL else mask(message.to)
    words, tone = {
        Message.Status.QUEUED: (_("Waiting to be sent by %(channel)s"), "wait"),
        Message.Status.SENDING: (_("Waiting to be sent by %(channel)s"), "wait"),
        Message.Status.SENT: (_("Sent by %(channel)s"), ""),
        Message.Status.DELIVERED: (_("Delivered by %(channel)s"), ""),
        Message.Status.READ: (_("Read in %(channel)s"), ""),
        Message.Status.FAILED: (_("Not sent by %(channel)s"), "fail"),
        Message.Status.UNCERTAIN: (_("Not sure it arrived by %(channel)s"), "fail"),
        Message.Status.DROPPED: (_("Not sent by %(channel)s: no longer needed"), "fail"),
        Message.Status.CANCELLED: (_("Not sent by %(channel)s: cancelled"), "fail"),
    }[Message.Status(message.status)]
    taken = steps.taken(message)
    detail = " · ".join(filter(None, (to, steps.line(message) if len(taken) > 1 else "", steps.trouble(message))))
    rung = message.status if message.status in SENT else ""
    return Event(taken[-1].at, words % {"channel": channel}, detail, tone, rung)


def _opens(links: list[ShareLink]) -> list[Event]:
    """What people did through the links, and what robots fetched of them: one query."""
    business_id = links[0].business_id
    opens = LinkOpen.objects.filter(business_id=business_id, link__in=links)
    previews = LinkPreview.objects.filter(business_id=business_id, link__in=links)
    previewed = Value("previewed", output_field=CharField())
    rows = opens.values_list("at", "event", "device").union(
        previews.annotate(event=previewed).values_list("at", "event", "messenger"), all=True
    )
    return [_open(*row) for row in rows.order_by("-at")[:OPENS_READ]]


def _open(at: dt.datetime, event: str, device: str) -> Event:
    if event == "previewed":
        words = _("%(messenger)s fetched a preview; nobody has read it by that") % {"messenger": device}
        return Event(at, words, tone="robot", rung=event)
    words = {
        LinkOpen.Event.OPENED: _("Opened"),
        LinkOpen.Event.SAVED: _("PDF saved"),
        LinkOpen.Event.LOGGED_IN: _("Logged in to the portal"),
    }[LinkOpen.Event(event)]
    return Event(at, words, device, rung=event)


def _settled(allocation: Allocation, is_settled: bool) -> Event:
    """`is_settled`: nothing is due on the invoice any more, so that money on it has paid it."""
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
    return Event(allocation.allocated_at, text, detail, rung="paid" if is_settled and credit.payment else "")

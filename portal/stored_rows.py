"""The rows of what is stored about a customer, part by part (portal.stored), each for the person who reads them."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import activity, asking, corrections, notices, optouts, paging, phones, steps, wishes
from accounts.india import india_date
from accounts.models import Activity, DataRequest, Device, Message, OptOut, PartyPerson
from accounts.states import coded
from catalog.models import Order
from ledger.cockpit import title_of
from ledger.models import (
    BalanceConfirmation,
    Comparison,
    Entry,
    Invoice,
    LinkOpen,
    Payment,
    PaymentClaim,
    Promise,
    QueryMessage,
)
from ledger.reports import Row
from portal.access import PortalRequest, sees_money

Rows = Iterator[Row]


def _of(request: PortalRequest) -> dict[str, Any]:
    return {"business_id": request.business.pk, "party_id": request.party.pk}


def moment(at: Any) -> str:
    """A time as it stands in a file: date and clock in India."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


# --- the person ---------------------------------------------------------------------------------------------


def profile_rows(request: PortalRequest) -> Rows:
    party, person, user = request.party, request.person, request.user
    yield _("Shop"), request.business.name
    yield _("Name"), party.name
    yield _("Your own name"), person.name or user.name
    yield _("Mobile number"), str(person.phone)
    yield _("You may"), person.get_role_display()
    yield _("Address"), ", ".join(filter(None, (party.address, party.city, party.pin_code)))
    yield _("State"), coded(party.state_code)
    yield _("GSTIN"), party.gstin
    yield _("E-mail"), party.email
    yield _("Language"), user.language or party.language
    yield _("Saved since"), moment(person.created_at)
    yield _("You agreed to the privacy notice"), " ".join((moment(user.consented_at), user.consent_version)).strip()
    wish = wishes.of(party)
    if wish.pk:
        yield (
            _("Messages"),
            " ".join(filter(None, (wish.channel, str(wish.quiet_until or "")))) or _("as the shop likes"),
        )
    for stop in OptOut.objects.filter(address=optouts.normalised(str(person.phone))).order_by("pk"):
        until = f" – {moment(stop.ended_at)}" if stop.ended_at else ""
        yield _("No messages wanted"), f"{moment(stop.since)}{until}, {stop.get_source_display()}"


def others_of(request: PortalRequest) -> QuerySet[PartyPerson]:
    return PartyPerson.objects.filter(**_of(request)).exclude(pk=request.person.pk)


def people_rows(request: PortalRequest) -> Rows:
    for person in others_of(request).order_by("pk"):
        yield person.name, phones.mask(str(person.phone)), person.get_role_display(), moment(person.created_at)


def devices_of(request: PortalRequest) -> QuerySet[Device]:
    return Device.objects.filter(user_id=request.user.pk)


def device_rows(request: PortalRequest) -> Rows:
    for device in devices_of(request).order_by("-last_login_at"):
        state = _("signed in") if device.confirmed else _("signed out")
        yield device.summary, moment(device.created_at), moment(device.last_login_at), state


def logins_of(request: PortalRequest) -> QuerySet[Activity]:
    deeds = Activity.objects.filter(
        business_id=request.business.pk, subject_kind="party", subject_id=str(request.party.pk)
    )
    return deeds.filter(verb=activity.LOGGED_IN, actor=request.user)


def login_rows(request: PortalRequest) -> Rows:
    for deed in logins_of(request).order_by("-id").iterator():
        yield moment(deed.at), str(deed.data.get("device", ""))


def messages_to(request: PortalRequest) -> QuerySet[Message]:
    """What was sent to the party; for whoever sees no money, only what was sent to their own number."""
    sent = Message.objects.filter(**_of(request)).exclude(kind=notices.KIND)
    return sent if sees_money(request.person) else sent.filter(to=str(request.person.phone))


def message_rows(request: PortalRequest) -> Rows:
    for message in messages_to(request).order_by("-id").iterator():
        yield message_row(message)


def message_row(message: Message) -> Row:
    to = message.to
    if "@" not in to:
        to = phones.mask(to)
    return (
        moment(message.created_at),
        steps.about(message),
        str(message.get_channel_display()),
        to,
        str(message.get_status_display()),
        moment(message.sent_at),
        moment(message.delivered_at),
        moment(message.read_at),
    )


def opens_of(request: PortalRequest) -> QuerySet[LinkOpen]:
    found = LinkOpen.objects.filter(business_id=request.business.pk, link__party_id=request.party.pk)
    return found.select_related("link__invoice", "link__payment").order_by("-id")


def open_rows(request: PortalRequest) -> Rows:
    for opened in opens_of(request).iterator():
        yield open_row(opened)


def open_row(opened: LinkOpen) -> Row:
    return moment(opened.at), title_of(opened.link), str(opened.get_event_display()), opened.device


def asked_rows(request: PortalRequest) -> Rows:
    for asked in asked_of(request):
        words = ""
        if asked.kind == DataRequest.Kind.CORRECTION:
            own = asked.asked_by_id == request.user.pk
            words = " · ".join(f"{label}: {wanted}" for label, wanted, _taken in corrections.wishes(asked, own=own))
        yield (
            moment(asked.asked_at),
            str(asked.get_kind_display()),
            words,
            asked.note,
            str(asked.get_status_display()),
            asked.answer,
        )


def asked_of(request: PortalRequest) -> QuerySet[DataRequest]:
    """Corrections of the party for those who see its money, and what the person asked for themselves."""
    of_person = Q(asked_by=request.user)
    if sees_money(request.person):
        of_person |= Q(kind=DataRequest.Kind.CORRECTION)
    return asking.of_party(request.party).filter(of_person)


def files_of(request: PortalRequest) -> QuerySet[Comparison]:
    return Comparison.objects.filter(**_of(request), uploaded_by=request.user)


def file_rows(request: PortalRequest) -> Rows:
    for file in files_of(request).order_by("-pk").values_list("uploaded_at", "name", "rows", "shared_at"):
        at, name, rows, shared_at = file
        yield moment(at), name, rows, moment(shared_at)


# --- the book -----------------------------------------------------------------------------------------------


def orders_of(request: PortalRequest) -> QuerySet[Order]:
    return Order.objects.filter(**_of(request))


def order_rows(request: PortalRequest) -> Rows:
    for order in orders_of(request).order_by("-pk").iterator():
        state = str(order.get_status_display())
        yield india_date(order.placed_at), order.display_number, state, order.total_paise, order.note


def invoices_of(request: PortalRequest) -> QuerySet[Invoice]:
    return Invoice.objects.shown_to_customer().filter(**_of(request))


def invoice_rows(request: PortalRequest) -> Rows:
    kinds, states = dict(Invoice.Kind.choices), dict(Invoice.Status.choices)
    for on, _pk, number, kind, due_on, total, status in paging.stream(
        invoices_of(request), ("issued_on", "pk"), ("number", "kind", "due_on", "total_paise", "status")
    ):
        yield on, number, str(kinds[kind]), due_on, total, str(states[status])


def payments_of(request: PortalRequest) -> QuerySet[Payment]:
    return Payment.objects.filter(**_of(request))


def payment_rows(request: PortalRequest) -> Rows:
    ways = dict(Payment.Mode.choices)
    columns = ("number", "direction", "mode", "reference", "amount_paise", "status")
    for on, _pk, number, direction, mode, reference, paise, status in paging.stream(
        payments_of(request), ("paid_on", "pk"), columns
    ):
        amount = -paise if direction == Payment.Direction.PAID else paise
        state = "" if status == Payment.Status.RECORDED else _("Cancelled")
        yield on, number, str(ways[mode]), reference, amount, state


def entries_of(request: PortalRequest) -> QuerySet[Entry]:
    return Entry.objects.filter(**_of(request))


def ledger_rows(request: PortalRequest) -> Rows:
    kinds = dict(Entry.Kind.choices)
    columns = ("kind", "invoice__number", "payment__number", "adjustment__number", "debit_paise", "credit_paise")
    for on, _pk, kind, invoice, payment, adjustment, debit, credit in paging.stream(
        entries_of(request), ("dated_on", "pk"), columns
    ):
        yield on, str(kinds[kind]), invoice or payment or adjustment or "", debit or None, credit or None


def claims_of(request: PortalRequest) -> QuerySet[PaymentClaim]:
    return PaymentClaim.objects.filter(**_of(request))


def claim_rows(request: PortalRequest) -> Rows:
    for claim in claims_of(request).order_by("-pk").iterator():
        state = str(claim.get_status_display())
        picture = _("with a screenshot") if claim.screenshot_id else ""
        yield claim.paid_on, claim.shown_reference, claim.amount_paise, state, claim.note, claim.answer, picture


def promises_of(request: PortalRequest) -> QuerySet[Promise]:
    return Promise.objects.filter(**_of(request))


def promise_rows(request: PortalRequest) -> Rows:
    for promise in promises_of(request).select_related("invoice").order_by("-pk").iterator():
        number = promise.invoice.number if promise.invoice else _("for the whole balance")
        state = str(promise.get_status_display())
        yield india_date(promise.made_at), number, promise.amount_paise, promise.promised_on, state, promise.note


def words_of(request: PortalRequest) -> QuerySet[QueryMessage]:
    return QueryMessage.objects.filter(**_of(request))


def query_rows(request: PortalRequest) -> Rows:
    said = words_of(request).order_by("pk")
    for word in said.select_related("query__invoice", "query__payment", "query__adjustment").iterator():
        who = _("The shop") if word.is_of_shop else _("The customer")
        yield moment(word.said_at), word.query.document.number, str(word.query.get_about_display()), who, word.text


def confirmations_of(request: PortalRequest) -> QuerySet[BalanceConfirmation]:
    return BalanceConfirmation.objects.filter(**_of(request))


def confirmation_rows(request: PortalRequest) -> Rows:
    for said in confirmations_of(request).order_by("-pk").iterator():
        agrees = _("agreed") if said.agrees else _("differs")
        yield said.as_on, said.balance_paise, said.theirs_paise, agrees, said.name, moment(said.said_at), said.note

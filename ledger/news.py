"""What the shop did that a customer waits for, told by message: a question or a request answered, a balance to confirm.

In the transaction of the deed one row goes into the outbox, by the way the party chose; at delivery it is asked again
whether it is still news and still theirs to know. A shop whose messages are used up tells nothing more by message: the
open pages and the portal say it all the same.
"""

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format

from accounts import outbox, quotas, wording
from accounts.gateways import Text
from accounts.india import show_date, today
from accounts.models import DataRequest, Message, Party, PartyPerson, PartyWish, User
from accounts.ways import ways
from accounts.wording import DATE, NAME, NUMBER, URL, Wording
from ledger import links
from ledger.models import BalanceConfirmation, ConfirmationRequest, Query
from ledger.reminders import hours

ANSWERED, BALANCE, REQUEST = "query_answered", "balance_asked", "request_answered"


def answered(query: Query, by: User) -> None:
    """The shop has answered (or closed with words); whoever asked hears of it, whoever of the party that was."""
    person = query.party.people.filter(phone=query.asked_by.phone).first()
    _tell(ANSWERED, query.party, person, ("query", str(query.pk)), by)


def balance_asked(asked: ConfirmationRequest, by: User) -> None:
    """The main number is asked to confirm; in the hours for reminders, as it is one."""
    person = asked.party.people.filter(is_main=True).first()
    _tell(BALANCE, asked.party, person, ("confirmation_request", str(asked.pk)), by, at=hours.opens_at(timezone.now()))


def request_answered(request: DataRequest, by: User) -> None:
    """The shop has taken over a correction, or declined one or an erasure; told to the number that asked, or to the new
    one when that was the correction."""
    known = request.seen.get("phone") or str(request.asked_by.phone)
    number = request.asked["phone"] if "phone" in request.taken else known
    person = request.party.people.filter(phone=number).first()
    _tell(REQUEST, request.party, person, ("data_request", str(request.pk)), by)


def _tell(
    kind: str,
    party: Party,
    person: PartyPerson | None,
    subject: tuple[str, str],
    by: User,
    at: dt.datetime | None = None,
) -> None:
    """`party` is locked, with its business."""
    wish = PartyWish.objects.filter(business_id=party.business_id, party=party).first()
    if (
        person is None
        or not _may_know(kind, party, person)
        or (wish and wish.quiet_until and wish.quiet_until >= today())
    ):
        return
    email = party.email if person.is_main else ""
    (channel, to), *fallback = ways(str(person.phone), email, wish.channel if wish else "")
    try:
        quotas.reserve(party.business_id, channel)
    except quotas.QuotaReached:
        return
    outbox.enqueue(
        kind=kind,
        channel=channel,
        to=to,
        subject=subject,
        business=party.business,
        party_id=party.pk,
        language=party.language,
        by=by,
        fallback=fallback,
        due_at=at,
        params={"person": person.pk},
    )


def _may_know(kind: str, party: Party, person: PartyPerson) -> bool:
    """Whether they may read it; what somebody asked about their own data they may read in any role."""
    is_open = party.is_shared and not party.is_walk_in
    return is_open and (kind == REQUEST or person.role != PartyPerson.Role.ORDERS)


def _is_theirs(message: Message, party: Party) -> bool:
    """Whether the person it was written to still has this number at the party, or its address, and may know."""
    person = party.people.filter(pk=message.params.get("person")).first()
    if person is None or not _may_know(message.kind, party, person):
        return False
    return message.to == (party.email if message.channel == Message.Channel.EMAIL else str(person.phone))


def _query(message: Message) -> Query:
    return Query.objects.select_related("party__business__sender", "invoice", "payment", "adjustment").get(
        pk=message.subject_id, business=message.business
    )


def _answer_is_news(message: Message) -> bool:
    """Not when they have written again meanwhile: then they have read it."""
    query = _query(message)
    return query.status != Query.Status.OPEN and _is_theirs(message, query.party)


def _answer_text(message: Message) -> Text:
    query = _query(message)
    values = _values(query.party) | {"number": query.document.number}
    return wording.text_for(message, values)


def _request(message: Message) -> ConfirmationRequest:
    return ConfirmationRequest.objects.select_related("party__business__sender").get(
        pk=message.subject_id, business=message.business
    )


def _balance_is_open(message: Message) -> bool:
    asked = _request(message)
    said = BalanceConfirmation.objects.filter(business_id=asked.business_id, party=asked.party, as_on=asked.as_on)
    return not said.exists() and _is_theirs(message, asked.party)


def _balance_text(message: Message) -> Text:
    asked = _request(message)
    day = show_date(asked.as_on) if wording.spoken(message) == "en" else date_format(asked.as_on, "DATE_FORMAT")
    return wording.text_for(message, _values(asked.party) | {"day": day})


def _asked(message: Message) -> DataRequest:
    return DataRequest.objects.select_related("party__business__sender").get(
        pk=message.subject_id, business=message.business
    )


def _request_is_answered(message: Message) -> bool:
    asked = _asked(message)
    return asked.status in (DataRequest.Status.ACCEPTED, DataRequest.Status.DECLINED) and _is_theirs(
        message, asked.party
    )


def _request_text(message: Message) -> Text:
    return wording.text_for(message, _values(_asked(message).party))


def _values(party: Party) -> dict[str, str]:
    """The address is the portal's door: what was answered is read after the code."""
    return {"business": party.business.name, "url": links.url(links.for_party(party, None))}


def register() -> None:
    wording.register(
        Wording(ANSWERED, {"business": NAME, "number": NUMBER, "url": URL}),
        Wording(BALANCE, {"business": NAME, "day": DATE, "url": URL}),
        Wording(REQUEST, {"business": NAME, "url": URL}),
    )
    outbox.register(ANSWERED, _answer_text, _answer_is_news)
    outbox.register(BALANCE, _balance_text, _balance_is_open)
    outbox.register(REQUEST, _request_text, _request_is_answered)

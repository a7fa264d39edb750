"""Who may still be told what: one query for all open streams, and one more when something has changed.

A process has one poller for all its streams (portal.streams). It runs these in one thread of its own, on one
connection; a stream itself holds neither.
"""

import json
import re
from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib import auth
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.changes import FOR_HELPERS
from accounts.models import Change, Device, PartyPerson
from portal import access

# A page that was away longer is told that all may have changed.
MOST_EVENTS = 100
_KEY = re.compile(r"[0-9a-z]{8,40}")


@dataclass(slots=True)
class Ticket:
    """What a stream was admitted with; `last` is the number of the newest change it has been told (or passed over)."""

    session_key: str
    user_id: int
    device_id: int
    party_id: int
    access_version: int
    last: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a stream is to be sent, and up to which number (or mark, portal.live_links) that goes."""

    text: str
    last: int | str


def admit(session_key: str, party: str, since: int | None) -> Ticket | None:
    """A ticket for the customer whose session this is; None for everybody else, and for a party they do not reach."""
    if not _KEY.fullmatch(session_key):
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = auth.get_user(request)
    device = Device.from_persistent_id(request.session.get(DEVICE_ID_SESSION_KEY, ""))
    if not (user.is_authenticated and user.consented_at and device):
        return None
    if device.user_id != user.pk or not device.confirmed:
        return None
    request.user = user
    person = next((person for person in access.people_of(request) if person.party.public_id == party), None)
    if person is None:
        return None
    last = access.number_for(person) if since is None else since
    return Ticket(session_key, user.pk, device.pk, person.party_id, person.party.access_version, last)


# A session, a device, a person, a party and a business that all stand, by the same rules as portal.access.
_STANDING = """
SELECT opened.n, person.role, party.business_id, COALESCE(counter.number, 0) FROM opened
JOIN django_session AS session ON session.session_key = opened.session_key AND session.expire_date > %s
JOIN accounts_user AS owner ON owner.id = opened.user_id AND owner.is_active
JOIN accounts_device AS device ON device.id = opened.device_id AND device.user_id = owner.id AND device.confirmed
JOIN accounts_partyperson AS person ON person.party_id = opened.party_id AND person.phone = owner.phone
JOIN accounts_party AS party ON party.id = opened.party_id AND party.access_version = opened.access_version
 AND party.is_shared AND NOT party.is_walk_in
JOIN accounts_business AS business ON business.id = party.business_id AND business.is_active
LEFT JOIN accounts_changecounter AS counter ON counter.party_id = party.id
"""


def look(tickets: list[Ticket]) -> list[Told | None]:
    """For each ticket what it is to be told now; None when it may be told nothing any more."""
    if not tickets:
        return []
    answers: list[Told | None] = [None] * len(tickets)
    rows = _standing(tickets)
    since: dict[tuple[int, int], int] = {}
    for n, _role, business_id, number in rows:
        ticket = tickets[n]
        # Numbers of the future are of a book that was put back, or made up.
        ticket.last = min(ticket.last, number)
        if number > ticket.last:
            first = min(ticket.last, since.get((business_id, ticket.party_id), number))
            since[business_id, ticket.party_id] = max(first, number - MOST_EVENTS)
    changes = _since(since) if since else {}
    for n, role, _business, number in rows:
        ticket = tickets[n]
        answers[n] = _told(ticket, changes.get(ticket.party_id, []), number, role)
    return answers


def _standing(tickets: list[Ticket]) -> list[tuple[int, str, int, int]]:
    values, parameters = [], []
    for n, ticket in enumerate(tickets):
        # Whole numbers of ours stand in the text; what came with a cookie is a parameter.
        ids = f"{ticket.user_id:d}, {ticket.device_id:d}, {ticket.party_id:d}, {ticket.access_version:d}"
        values.append(f"({n:d}, %s, {ids})")
        parameters.append(ticket.session_key)
    columns = "n, session_key, user_id, device_id, party_id, access_version"
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        sql = f"WITH opened ({columns}) AS (VALUES {', '.join(values)}) {_STANDING}"
        cursor.execute(sql, [*parameters, now])
        return list(cursor.fetchall())


def _since(since: dict[tuple[int, int], int]) -> dict[int, list[tuple[int, str, str]]]:
    values = ", ".join(f"({business:d}, {party:d}, {number:d})" for (business, party), number in since.items())
    sql = (
        f"WITH since (business_id, party_id, number) AS (VALUES {values}) "  # noqa: S608  whole numbers of ours only
        f"SELECT c.party_id, c.number, c.kind, c.subject FROM since JOIN {Change._meta.db_table} AS c "
        "ON c.business_id = since.business_id AND c.party_id = since.party_id AND c.number > since.number "
        "ORDER BY c.party_id, c.number"
    )
    found: dict[int, list[tuple[int, str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql)
        for party, number, kind, subject in cursor.fetchall():
            found.setdefault(party, []).append((number, kind, subject))
    return found


def _told(ticket: Ticket, changes: list[tuple[int, str, str]], number: int, role: str) -> Told:
    fresh = [change for change in changes if change[0] > ticket.last]
    last = max([number, *(change[0] for change in fresh)])
    is_whole = len(fresh) == last - ticket.last
    if role == PartyPerson.Role.ORDERS:
        fresh = [change for change in fresh if change[1] in FOR_HELPERS]
    if not is_whole:
        return Told(event(last, "all", ""), last)
    return Told("".join(event(*change) for change in fresh), last)


def event(number: int, kind: str, subject: str) -> str:
    return f"id: {number}\nevent: change\ndata: {json.dumps({'kind': kind, 'subject': subject})}\n\n"

"""The outbox: a Message row is written with what it tells; `accounts.delivery` makes its text and sends it once.

The row never holds text, code or token. Upper apps register here, in `AppConfig.ready()`:
- `register(kind, render, still_due)`: how a message of this kind becomes text at delivery, one by one; or
  `register_many(kind, texts)`: the same for a whole batch in few queries;
- `register_refusal(asks)`: who wants no messages (the opt-out list), asked at delivery;
- `register_stop(record)`: whom to tell that somebody has written STOP (or START again).
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone, translation

from accounts import wording
from accounts.gateways import Text
from accounts.models import Business, Message, User

logger = logging.getLogger(__name__)
# How far apart the messages of one bulk stand in the queue, in turns (milliseconds): what others send meanwhile goes
# in between.
BULK_STEP = 100
# After the broker did not answer, a process does not ask it again for so many seconds.
BROKER_REST = 5.0

type Way = tuple[str, str]  # channel, and the number (E.164) or the address
type Texts = Callable[[Sequence[Message]], Mapping[int, Text | None]]
type Asks = Callable[[Sequence[Message]], Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How messages of a kind become text at delivery.

    `texts` gets rows of this kind (with `business` loaded) and returns message id -> text, or None for one that is
    not due any more. A row it leaves out, or for which it raises, has no text and is tried again; it may raise
    GatewayError. `is_asked_for`: the person asks for it themselves (a code), so that no opt-out holds it back.
    `is_resent`: whether one that may have been lost is sent once more (accounts.delivery).
    """

    texts: Texts
    is_asked_for: bool = False
    is_resent: bool = True


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody wrote STOP, or START when `is_stop` is false. `address` is E.164 or an e-mail address."""

    channel: str
    address: str
    source: str
    at: datetime
    is_stop: bool = True


@dataclass(slots=True)  # not frozen: 100,000 are made in one go, and a frozen one takes twice the time
class Draft:
    """One row for `enqueue_many`. `subject` is (kind, id); `fallback` the further ways, tried in this order."""

    kind: str
    channel: str
    to: str
    subject: tuple[str, str]
    business_id: int
    party_id: int | None = None
    language: str = "en"
    params: dict[str, Any] = field(default_factory=dict)
    fallback: Sequence[Way] = ()


kinds: dict[str, Kind] = {}
_refusals: list[Asks] = []
_stops: list[Callable[[Stop], None]] = []


# --- Registering --------------------------------------------------------------------------------------------


def register(
    kind: str,
    render: Callable[[Message], Text],
    still_due: Callable[[Message], bool],
    *,
    is_asked_for: bool = False,
    is_resent: bool = True,
) -> None:
    """A kind whose texts are made one by one; `still_due` is asked first, at the moment of sending."""

    def text(message: Message) -> Text | None:
        with translation.override(wording.spoken(message)):
            return render(message) if still_due(message) else None

    def texts(messages: Sequence[Message]) -> dict[int, Text | None]:
        return {message.pk: text(message) for message in messages}

    register_many(kind, texts, is_asked_for=is_asked_for, is_resent=is_resent)


def register_many(kind: str, texts: Texts, *, is_asked_for: bool = False, is_resent: bool = True) -> None:
    """A kind whose texts are made for many rows at once (see Kind). When `texts` raises for several rows it is asked
    again for each alone. Switch the language yourself
    (`wording.spoken`)."""
    kinds[kind] = Kind(texts, is_asked_for, is_resent)


def register_refusal(asks: Asks) -> None:
    """`asks(messages)` returns message id -> why it must not go out ("has opted out"); all others may go.

    Asked at delivery, in one call for a batch, for every kind but those that the person asks for.
    """
    if asks not in _refusals:
        _refusals.append(asks)


def register_stop(record: Callable[[Stop], None]) -> None:
    """`record(stop)` keeps an opt-out or takes it back; it may be told the same twice."""
    if record not in _stops:
        _stops.append(record)


def refused(messages: Sequence[Message]) -> dict[int, str]:
    """Message id -> why it must not go out."""
    bound = [message for message in messages if not (kind := kinds.get(message.kind)) or not kind.is_asked_for]
    found: dict[int, str] = {}
    for asks in _refusals if bound else ():
        found |= asks(bound)
    return found


def stopped(stop: Stop) -> None:
    """Tell whoever keeps the opt-outs; called by the webhooks, in their transaction."""
    for record in _stops:
        record(stop)


# --- Writing ------------------------------------------------------------------------------------------------


def enqueue(
    *,
    kind: str,
    channel: str,
    to: str,
    subject: tuple[str, str],
    business: Business | None = None,
    party_id: int | None = None,
    language: str = "en",
    params: dict[str, Any] | None = None,
    by: User | None = None,
    drop: bool = False,
    priority: Message.Priority = Message.Priority.TODAY,
    due_at: datetime | None = None,
    fallback: Sequence[Way] = (),
) -> Message:
    """Write the message in the caller's transaction; a worker is woken after commit.

    `to` is E.164 or an e-mail address. `drop` writes the row as not to be sent (same work for unknown numbers).
    `fallback` are the further ways, each tried when the one before it has failed for good.
    """
    assert transaction.get_connection().in_atomic_block, "a message belongs to the transaction of what it tells"
    due_at = due_at or timezone.now()
    message = Message.objects.create(
        kind=kind,
        channel=channel,
        to=to,
        subject_kind=subject[0],
        subject_id=subject[1],
        business=business,
        party_id=party_id,
        language=language,
        params=params or {},
        created_by=by,
        status=Message.Status.DROPPED if drop else Message.Status.QUEUED,
        priority=priority,
        due_at=due_at,
        turn=turn_of(due_at),
        fallback=[list(way) for way in fallback],
    )
    transaction.on_commit(partial(wake, priority))
    return message


def enqueue_many(
    drafts: Iterable[Draft],
    *,
    priority: Message.Priority = Message.Priority.BULK,
    due_at: datetime | None = None,
    campaign_id: int | None = None,
    ahead: int = 0,
    by: User | None = None,
) -> int:
    """Write many messages in the caller's transaction, by one INSERT for all that are of one shop, kind, channel and
    language; returns how many. Workers are woken after commit.

    Call it with parts of some thousands, so that the memory stays the same. Fair between merchants: the rows of one
    call take turns with what others have in the queue; `ahead` is how many rows of the same bulk still wait before
    these (0 for the first part, the parts before it for the next ones).
    """
    assert transaction.get_connection().in_atomic_block, "a message belongs to the transaction of what it tells"
    alike: dict[tuple[str, str, str, int, str], list[tuple[Any, ...]]] = {}
    count = 0
    for draft in drafts:
        subject_kind, subject_id = draft.subject
        key = (draft.kind, draft.channel, subject_kind, draft.business_id, draft.language)
        row = (ahead + count, draft.to, subject_id, draft.party_id, draft.params, draft.fallback)
        alike.setdefault(key, []).append(row)
        count += 1
    if not count:
        return 0
    due_at = due_at or timezone.now()
    when = connection.ops.adapt_datetimefield_value
    same = {
        "priority": int(priority),
        "first": max(turn_of(due_at), _head_of_the_queue(priority)),
        "step": BULK_STEP,
        "due_at": when(due_at),
        "now": when(timezone.now()),
        "campaign_id": campaign_id,
        "by": by.pk if by else None,
    }
    with connection.cursor() as cursor:
        for (kind, channel, subject_kind, business_id, language), rows in alike.items():
            shared = {"kind": kind, "channel": channel, "subject_kind": subject_kind, "language": language}
            values = same | shared | {"business_id": business_id, "rows": json.dumps(rows)}
            cursor.execute(_INSERT_MANY[connection.vendor], values)
    transaction.on_commit(partial(wake, priority))
    return count


_COLUMNS = (
    "INSERT INTO accounts_message (kind, channel, subject_kind, business_id, language, status, priority, due_at, "
    "created_at, campaign_id, created_by_id, attempts, resends, provider, provider_id, trouble, error, "
    'turn, "to", subject_id, party_id, params, fallback, reference) '
    "SELECT %(kind)s, %(channel)s, %(subject_kind)s, %(business_id)s, %(language)s, 'queued', %(priority)s, %(due_at)s, "
    "%(now)s, %(campaign_id)s, %(by)s, 0, 0, '', '', '', '', "
)
# The rows go as one JSON text, [[n, to, subject_id, party_id, params, fallback], ...]: half the time of parameters.
_INSERT_MANY = {
    "postgresql": _COLUMNS
    + "%(first)s + (row->>0)::bigint * %(step)s, row->>1, row->>2, (row->>3)::bigint, row->4, row->5, gen_random_uuid() "
    + "FROM jsonb_array_elements(%(rows)s::jsonb) AS rows(row)",
    "sqlite": _COLUMNS
    + "%(first)s + (value->>0) * %(step)s, value->>1, value->>2, value->>3, value->4, value->5, "
    + "lower(hex(randomblob(16))) FROM json_each(%(rows)s)",
}


def turn_of(due_at: datetime) -> int:
    """The place in the queue of a message due then, in milliseconds: first due, first sent."""
    return int(due_at.timestamp() * 1000)


def _head_of_the_queue(priority: int) -> int:
    """The turn that is served now: whoever joins begins there, not behind all that others have in the queue, and not
    before what they were served of late."""
    waiting = Message.objects.filter(priority=priority, status=Message.Status.QUEUED, due_at__lte=timezone.now())
    first = waiting.order_by("turn", "due_at", "id").values_list("turn", flat=True).first()
    return first or 0


# --- Waking -------------------------------------------------------------------------------------------------

_broker_away_until = 0.0


def wake(priority: int = Message.Priority.TODAY) -> None:
    """Tell whoever delivers that there is work; only a hint, the row is the record."""
    global _broker_away_until
    from accounts import drainer, tasks

    if not settings.REDIS_URL:
        drainer.wake()
        return
    if time.monotonic() < _broker_away_until:
        return
    task = tasks.deliver_now if priority == Message.Priority.NOW else tasks.deliver_due
    try:
        task.delay()
    except tasks.BrokerUnreachable:
        _broker_away_until = time.monotonic() + BROKER_REST
        logger.warning("the broker is unreachable; messages wait for the sweep")

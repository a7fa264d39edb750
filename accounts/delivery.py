"""Delivery of the outbox in batches: claim by one UPDATE, make the texts, send at once, record by one UPDATE.

Safe to run anywhere at any time: whoever claims a row has it for the length of a lease. A row whose lease ran out
before it was handed to a gateway is queued again; one that was handed over, and whose answer is not known, is
*uncertain*. What becomes of those:
- a provider's report that echoes our reference settles it (accounts.reports);
- else, where the channel's provider reports at all, it is sent once more after RESEND_AFTER, if its kind allows that
  and it is still due: codes never are;
- else it stays uncertain, is counted on the Messages page, and is sent again by the merchant's hand only.
"""

import asyncio
import logging
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import outbox, quotas
from accounts.gateways import AnswerLost, Gateway, GatewayError, Outgoing, SenderDetails, Text, for_channel, wire
from accounts.logs import scrub, storable
from accounts.models import Message

logger = logging.getLogger(__name__)
Status, Trouble = Message.Status, Message.Trouble

BATCH = 250
LEASE = timedelta(seconds=settings.MESSAGE_LEASE_SECONDS)
SEND_SECONDS = 30
# With the waits below a message outlives an outage of more than two hours.
MAX_ATTEMPTS = 10
FIRST_WAIT, LONGEST_WAIT = 10.0, 3600.0
RESEND_AFTER, RESEND_UNTIL = timedelta(seconds=settings.MESSAGE_RESEND_SECONDS), timedelta(days=1)
# Long enough for a database that restarts; a row not recorded becomes uncertain.
RECORD_WAITS = (0.2, 0.5, 1, 2, 4, 8, 15)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended. `is_counted` false: the gateway was not even asked, the attempt costs nothing."""

    message: Message
    status: str
    provider: str = ""
    provider_id: str = ""
    trouble: str = Trouble.NONE
    error: str = ""
    due_at: datetime | None = None
    is_counted: bool = True


# --- Whole batches ------------------------------------------------------------------------------------------


def deliver_due(limit: int = BATCH, until: int = Message.Priority.BULK) -> tuple[int, int]:
    """Send what is due, most urgent first and by turns, up to priority `until`; returns (claimed, sent)."""
    claimed = claim(limit, until=until)
    return len(claimed), _send(claimed)


def deliver(message_id: int) -> bool:
    """Send this one message if it is queued and due; returns whether this call sent it."""
    return bool(_send(claim(1, only=message_id)))


def _send(messages: Sequence[Message]) -> int:
    if not messages:
        return 0
    ready, outcomes = _texts(messages)
    handed = _hand_over([message for message, _text in ready]) if ready else set()
    going = [(message, text) for message, text in ready if message.pk in handed]
    outcomes += wire.run(_send_all(going)) if going else []
    _record_surely(outcomes)
    return sum(outcome.status == Status.SENT for outcome in outcomes)


_CLAIM = """
UPDATE accounts_message SET status = 'sending', leased_until = %(lease)s, handed_at = NULL, attempts = attempts + 1
WHERE id {chosen} AND status = 'queued' RETURNING id
"""
_CHOSEN = """
SELECT id FROM accounts_message WHERE status = 'queued' AND due_at <= %(now)s AND priority <= %(until)s {only}
ORDER BY priority, turn, due_at, id LIMIT %(limit)s
"""


def claim(limit: int, *, until: int = Message.Priority.BULK, only: int | None = None) -> list[Message]:
    """Take up to `limit` due messages for the length of a lease, in the order they are to go; others pass them by."""
    now = timezone.now()
    when = connection.ops.adapt_datetimefield_value
    chosen = _CHOSEN.format(only="" if only is None else "AND id = %(only)s")
    # An array is made once; the planner may ask a locking subquery of IN again for each row, past its limit.
    chosen = f"= ANY(ARRAY({chosen} FOR UPDATE SKIP LOCKED))" if connection.vendor == "postgresql" else f"IN ({chosen})"
    values = {"lease": when(now + LEASE), "now": when(now), "until": int(until), "limit": limit, "only": only}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM.format(chosen=chosen), values)
        ids = [row[0] for row in cursor.fetchall()]
    found = Message.objects.filter(pk__in=ids).select_related("business__sender") if ids else ()
    return sorted(found, key=lambda message: (message.priority, message.turn, message.pk))


# --- Texts --------------------------------------------------------------------------------------------------


def _texts(messages: Sequence[Message]) -> tuple[list[tuple[Message, Text]], list[Outcome]]:
    """The finished texts, and how it ended for those that have none."""
    refused = outbox.refused(messages)
    outcomes = [
        Outcome(message, Status.DROPPED, trouble=Trouble.OPTED_OUT, error=refused[message.pk])
        for message in messages
        if message.pk in refused
    ]
    of_kind: dict[str, list[Message]] = {}
    for message in messages:
        if message.pk not in refused:
            of_kind.setdefault(message.kind, []).append(message)
    ready: list[tuple[Message, Text]] = []
    for group in of_kind.values():
        for message, text in _texts_of_kind(group):
            if isinstance(text, Text):
                ready.append((message, text))
            elif text is None:
                outcomes.append(Outcome(message, Status.DROPPED))
            else:
                outcomes.append(_refusal(message, text))
    return ready, outcomes


def _texts_of_kind(group: list[Message]) -> list[tuple[Message, Text | GatewayError | None]]:
    """A fault here is certain to have sent nothing; one row's fault is that row's alone."""
    kind = group[0].kind
    try:
        texts = outbox.kinds[kind].texts(group)
    except GatewayError as error:
        if len(group) == 1:
            return [(group[0], error)]
    except Exception as fault:
        if len(group) == 1:
            logger.exception("message %s of kind %s has no text", group[0].pk, kind)
            return [(group[0], GatewayError(f"no text: {type(fault).__name__}"))]
    else:
        missing = GatewayError("no text: left out")
        return [(message, texts.get(message.pk, missing)) for message in group]
    return [pair for message in group for pair in _texts_of_kind([message])]


def _hand_over(messages: Sequence[Message]) -> set[int]:
    """Note that the gateways are called now; ids of the rows whose lease is still ours."""
    now = timezone.now()
    when = connection.ops.adapt_datetimefield_value
    marks = ", ".join(["(%s, %s)"] * len(messages))
    values = [value for message in messages for value in (message.pk, message.attempts)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH mine (id, attempts) AS (VALUES {marks}) "  # noqa: S608  only marks
            "UPDATE accounts_message SET handed_at = %s, leased_until = %s FROM mine WHERE accounts_message.id = mine.id "
            "AND accounts_message.attempts = mine.attempts AND status = 'sending' AND leased_until > %s "
            "RETURNING accounts_message.id",
            [*values, when(now), when(now + LEASE), when(now)],
        )
        return {row[0] for row in cursor.fetchall()}


# --- Sending ------------------------------------------------------------------------------------------------


async def _send_all(messages: Sequence[tuple[Message, Text]]) -> list[Outcome]:
    """All at once, up to settings.MESSAGES_AT_ONCE. When a provider asks to wait, the rest of the batch waits too."""
    places = asyncio.Semaphore(settings.MESSAGES_AT_ONCE)
    waits: dict[str, float] = {}

    async def send(message: Message, text: Text) -> Outcome:
        gateway = for_channel(message.channel)
        async with places:
            if (wait := waits.get(gateway.name, 0) - time.monotonic()) > 0:
                return _later(message, wait, "the provider asked us to wait", is_counted=False)
            try:
                return await _send_one(gateway, message, text)
            except GatewayError as error:
                if error.retry_after:
                    waits[gateway.name] = time.monotonic() + error.retry_after
                return _refusal(message, error, text.code)

    return await asyncio.gather(*(send(message, text) for message, text in messages))


async def _send_one(gateway: Gateway, message: Message, text: Text) -> Outcome:
    outgoing = Outgoing(message.channel, message.to, text, str(message.reference), _sender(message))
    try:
        async with asyncio.timeout(SEND_SECONDS):
            provider_id = await gateway.send(outgoing)
    except GatewayError:
        raise
    except (AnswerLost, TimeoutError) as lost:
        words = _safe(str(lost), text.code) or "no answer in time"
        return Outcome(message, Status.UNCERTAIN, gateway.name, error=words)
    except Exception:
        logger.exception("the gateway %s failed at message %s", gateway.name, message.pk)
        return Outcome(message, Status.UNCERTAIN, gateway.name, error="a fault of ours while sending")
    return Outcome(message, Status.SENT, gateway.name, storable(provider_id)[:200])


def _sender(message: Message) -> SenderDetails:
    """The business's own details where it has some."""
    business = message.business
    if business is None:
        return SenderDetails()
    own = getattr(business, "sender", None)
    if own is None:
        return SenderDetails(name=business.name, reply_to=business.email)
    return SenderDetails(business.name, own.sms_header, own.whatsapp_phone_id, own.reply_to or business.email)


def _safe(words: str, code: str = "") -> str:
    """A provider's words may repeat what they were given: no code, number or token goes into the table."""
    return scrub(words.replace(code, "…") if code else words)[:200]


def _refusal(message: Message, error: GatewayError, code: str = "") -> Outcome:
    words = _safe(str(error), code)
    if error.is_final:
        return Outcome(message, Status.FAILED, trouble=error.trouble, error=words)
    if message.attempts >= MAX_ATTEMPTS:
        return Outcome(message, Status.FAILED, trouble=Trouble.GAVE_UP, error=words)
    wait = min(FIRST_WAIT * 2**message.attempts, LONGEST_WAIT)
    return _later(message, max(wait, error.retry_after or 0), words)


def _later(message: Message, wait: float, error: str, *, is_counted: bool = True) -> Outcome:
    # Up to a quarter longer, so that a thousand that failed together do not come back together.
    due_at = timezone.now() + timedelta(seconds=wait * random.uniform(1, 1.25))  # noqa: S311  no secret
    return Outcome(message, Status.QUEUED, trouble=Trouble.RETRY, error=error, due_at=due_at, is_counted=is_counted)


# --- Recording ----------------------------------------------------------------------------------------------


def _record_surely(outcomes: Sequence[Outcome]) -> None:
    """Record, and wait for a database that is away: what is not recorded becomes uncertain."""
    for wait in (*RECORD_WAITS, None):
        try:
            record(outcomes)
        except (DatabaseError, InterfaceError):
            if wait is None or connection.in_atomic_block:
                raise
            logger.warning("the database did not take the results of %s messages; again in %s s", len(outcomes), wait)
            connection.close()
            time.sleep(wait)
        else:
            return


_CASTS = {"postgresql": "CAST(ended.due_at AS timestamptz)", "sqlite": "ended.due_at"}
_RECORD = """
WITH ended (id, attempts, status, provider, provider_id, trouble, error, due_at, turn, uncounted) AS (VALUES {marks})
UPDATE accounts_message SET
    status = CASE WHEN accounts_message.status IN ('sending', 'uncertain') THEN ended.status
                  ELSE accounts_message.status END,
    sent_at = CASE WHEN ended.status = 'sent' THEN COALESCE(sent_at, %s) ELSE sent_at END,
    attempts = accounts_message.attempts - ended.uncounted, leased_until = NULL,
    provider = CASE WHEN ended.provider = '' THEN accounts_message.provider ELSE ended.provider END,
    provider_id = CASE WHEN ended.provider_id = '' THEN accounts_message.provider_id ELSE ended.provider_id END,
    trouble = CASE WHEN accounts_message.status IN ('sending', 'uncertain') THEN ended.trouble
                   ELSE accounts_message.trouble END,
    error = CASE WHEN accounts_message.status IN ('sending', 'uncertain') THEN ended.error
                 ELSE accounts_message.error END,
    due_at = {due_at}, turn = ended.turn
FROM ended WHERE accounts_message.id = ended.id AND accounts_message.attempts = ended.attempts
    AND (accounts_message.status IN ('sending', 'uncertain')
         OR (ended.status = 'sent' AND accounts_message.status IN ('sent', 'delivered', 'read', 'failed')))
RETURNING accounts_message.id, accounts_message.status
"""


@transaction.atomic
def record(outcomes: Sequence[Outcome]) -> None:
    """Note how attempts ended, by one UPDATE; also for a row whose lease ran out meanwhile and made it uncertain.

    An answer of an earlier attempt changes nothing, and a provider's report that came first is not taken back. What
    failed for good queues the next way of its fallback here, in the same transaction.
    """
    when = connection.ops.adapt_datetimefield_value
    values: list[Any] = []
    for outcome in outcomes:
        message, due_at = outcome.message, outcome.due_at
        turn = outbox.turn_of(due_at) if due_at else message.turn
        values += (message.pk, message.attempts, str(outcome.status), outcome.provider, outcome.provider_id)
        values += (str(outcome.trouble), outcome.error, when(due_at or message.due_at), turn)
        values.append(int(not outcome.is_counted))
    sql = _RECORD.format(
        marks=", ".join(["(" + ", ".join(["%s"] * 10) + ")"] * len(outcomes)), due_at=_CASTS[connection.vendor]
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, when(timezone.now())])
        status_of = dict(cursor.fetchall())
    failed = [o for o in outcomes if o.status == Status.FAILED and status_of.get(o.message.pk) == Status.FAILED]
    # In the order of the businesses, as their counted messages are locked.
    for outcome in sorted(failed, key=lambda outcome: outcome.message.business_id or 0):
        failed_for_good(outcome.message, Trouble(outcome.trouble))


def failed_for_good(message: Message, trouble: Message.Trouble) -> Message | None:
    """What follows a failure, once, in its transaction: the next way, or the opt-out that the provider told us of."""
    if trouble == Trouble.OPTED_OUT:
        outbox.stopped(outbox.Stop(message.channel, message.to, message.provider or message.channel, timezone.now()))
        return None
    if not message.fallback:
        return None
    (channel, to), *rest = message.fallback
    following = outbox.enqueue(
        kind=message.kind,
        channel=channel,
        to=to,
        subject=(message.subject_kind, message.subject_id),
        business=message.business,
        party_id=message.party_id,
        language=message.language,
        params=message.params,
        priority=Message.Priority(message.priority),
        fallback=rest,
    )
    following.follows_id = message.follows_id or message.pk
    following.campaign_id, following.created_by_id = message.campaign_id, message.created_by_id
    following.save(update_fields=["follows", "campaign_id", "created_by"])
    if message.business_id:
        # Counted, never held back: there was room for what it says when the first way was queued.
        quotas.spend(message.business_id, {channel: 1})
    return following


# --- What time brings ---------------------------------------------------------------------------------------


def sweep() -> int:
    """Ends leases that ran out and sends again what the policy allows; returns how many messages are due (1,000 at most)."""
    now = timezone.now()
    lost = Message.objects.filter(status=Status.SENDING, leased_until__lt=now)
    lost.filter(handed_at=None).update(status=Status.QUEUED, leased_until=None)
    lost.update(status=Status.UNCERTAIN, leased_until=None, error="no answer was recorded")
    uncertain = Message.objects.filter(
        status=Status.UNCERTAIN, handed_at__lt=now - RESEND_AFTER, handed_at__gt=now - RESEND_UNTIL, resends=0
    )
    reporting = [channel for channel in settings.MESSAGE_GATEWAYS if for_channel(channel).reports]
    never = [name for name, kind in outbox.kinds.items() if not kind.is_resent]
    uncertain.filter(channel__in=reporting).exclude(kind__in=never).update(
        status=Status.QUEUED, due_at=now, turn=outbox.turn_of(now), resends=F("resends") + 1
    )
    return Message.objects.filter(status=Status.QUEUED, due_at__lte=now)[:1000].count()


def send_again(message: Message) -> bool:
    """The merchant's hand: queue one that failed or may not have arrived; whether it was (not twice for two clicks)."""
    now = timezone.now()
    again = Message.objects.filter(pk=message.pk).filter(Q(status=Status.UNCERTAIN) | Q(status=Status.FAILED))
    with transaction.atomic():
        taken = again.update(
            status=Status.QUEUED, due_at=now, turn=outbox.turn_of(now), resends=F("resends") + 1, trouble="", error=""
        )
        if taken:
            transaction.on_commit(lambda: outbox.wake(message.priority))
    return bool(taken)


def cancel(messages: Iterable[int]) -> int:
    """Take back what still waits; returns how many."""
    return Message.objects.filter(pk__in=list(messages), status=Status.QUEUED).update(status=Status.CANCELLED)

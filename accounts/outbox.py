"""The outbox: a Message row is written with what it tells; delivery makes its text and sends it once.

Upper apps register `kind -> Kind(render, still_due)` in `AppConfig.ready()`. The row never holds text, code or token.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation

from accounts import gateways
from accounts.models import Business, Message, User

logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of message becomes text at delivery, and whether it should still go out then."""

    render: Callable[[Message], gateways.Text]
    still_due: Callable[[Message], bool]


_kinds: dict[str, Kind] = {}


def register(kind: str, render: Callable[[Message], gateways.Text], still_due: Callable[[Message], bool]) -> None:
    _kinds[kind] = Kind(render, still_due)


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
) -> Message:
    """Write the message in the caller's transaction; a worker is woken after commit.

    `to` is E.164 or an e-mail address. `drop` writes the row as not to be sent (same work for unknown numbers).
    """
    assert transaction.get_connection().in_atomic_block, "a message belongs to the transaction of what it tells"
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
    )
    transaction.on_commit(partial(wake, message.pk))
    return message


def wake(message_id: int) -> None:
    """Tell whoever delivers that there is work; only a hint, the row is the record."""
    from accounts import drainer, tasks

    if not settings.REDIS_URL:
        drainer.wake()
        return
    try:
        tasks.deliver.delay(message_id)
    except tasks.BrokerUnreachable:
        logger.warning("the broker is unreachable; message %s waits for the sweep", message_id)


def deliver(message_id: int) -> bool:
    """Send one queued message if nobody else does; returns whether this call sent it.

    Safe to run twice: the row is claimed by one conditional UPDATE. When the process dies between the gateway's
    acceptance and our record, the lease runs out and `sweep` marks the message uncertain; it is not sent again.
    """
    now = timezone.now()
    claimed = Message.objects.filter(pk=message_id, status=Message.Status.QUEUED, due_at__lte=now).update(
        status=Message.Status.SENDING, leased_until=now + LEASE, attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    message = Message.objects.select_related("business").get(pk=message_id)
    try:
        text = _text_of(message)
        if text is None:
            _record(message, status=Message.Status.DROPPED)
            return False
        provider_id = gateways.for_channel(message.channel).send(
            message.channel, message.to, text, str(message.reference)
        )
    except gateways.GatewayError as error:
        _retry_or_give_up(message, error)
        return False
    _record(message, status=Message.Status.SENT, sent_at=timezone.now(), provider_id=provider_id, error="")
    return True


def _text_of(message: Message) -> gateways.Text | None:
    """The finished text, or None when the message is not wanted any more.

    A fault here is certain to have sent nothing, so the message is tried again before the fault goes on its way.
    """
    try:
        kind = _kinds[message.kind]
        if not kind.still_due(message):
            return None
        # An SMS is always English: one letter beyond GSM-7 doubles its price.
        with translation.override("en" if message.channel == Message.Channel.SMS else message.language):
            return kind.render(message)
    except gateways.GatewayError:
        raise
    except Exception as fault:
        _retry_or_give_up(message, gateways.GatewayError(f"no text: {type(fault).__name__}"))
        raise


def _record(message: Message, **values: Any) -> None:
    """Note how this attempt ended, also when its lease ran out meanwhile and made it uncertain."""
    attempt = Message.objects.filter(pk=message.pk, attempts=message.attempts)
    attempt.filter(status__in=[Message.Status.SENDING, Message.Status.UNCERTAIN]).update(leased_until=None, **values)


def _retry_or_give_up(message: Message, error: gateways.GatewayError) -> None:
    if error.is_final or message.attempts >= MAX_ATTEMPTS:
        _record(message, status=Message.Status.FAILED, error=str(error)[:200])
    else:
        wait = timedelta(seconds=10 * 2**message.attempts)
        _record(message, status=Message.Status.QUEUED, due_at=timezone.now() + wait, error=str(error)[:200])


def sweep(limit: int = 500) -> list[int]:
    """Ids of messages that are due, oldest first; those whose lease ran out become uncertain."""
    now = timezone.now()
    Message.objects.filter(status=Message.Status.SENDING, leased_until__lt=now).update(
        status=Message.Status.UNCERTAIN, leased_until=None
    )
    due = Message.objects.filter(status=Message.Status.QUEUED, due_at__lte=now).order_by("due_at", "id")
    return list(due.values_list("id", flat=True)[:limit])

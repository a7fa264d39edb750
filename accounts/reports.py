"""What providers report of a message, whenever and however often they do: a state only ever goes forward.

Found by the reference of ours that the provider echoes, else by the provider's own id. The same report twice changes
nothing the second time, an earlier one that comes late fills in its time and nothing else, and what is not ours is
passed over. A report also settles an *uncertain* message, and takes back its resending while that still waits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import delivery
from accounts.logs import scrub, storable
from accounts.models import Message

Status, Trouble = Message.Status, Message.Trouble
CLOCKS_DIFFER = timedelta(minutes=5)
# The states from which each report leads on. One that waits has been handed over before, if it is reported of.
_OPEN = (Status.QUEUED, Status.SENDING, Status.UNCERTAIN)
FROM: dict[str, tuple[str, ...]] = {
    Status.SENT: _OPEN,
    Status.FAILED: (*_OPEN, Status.SENT),
    Status.DELIVERED: (*_OPEN, Status.SENT, Status.FAILED),
    Status.READ: (*_OPEN, Status.SENT, Status.FAILED, Status.DELIVERED),
}


@dataclass(frozen=True, slots=True)
class Report:
    """`event` is sent, delivered, read or failed; `trouble` and `error` are of a failure."""

    provider: str
    event: str
    at: datetime
    reference: str = ""
    provider_id: str = ""
    trouble: str = Trouble.NONE
    error: str = ""


def take(reports: Iterable[Report]) -> int:
    """Note all reports, in the order they came and each in a transaction; returns how many changed something."""
    return sum(_take(report) for report in reports)


@transaction.atomic
def _take(report: Report) -> bool:
    message = _message_of(report)
    if message is None or report.event not in FROM:
        return False
    at = _plausible(report.at, message)
    moved = Message.objects.filter(pk=message.pk, attempts__gt=0, status__in=FROM[report.event]).update(
        status=report.event, leased_until=None, **_values(report, at)
    )
    if not moved:
        return _late(report, message, at)
    if report.event == Status.FAILED:
        delivery.failed_for_good(message, Trouble(report.trouble))
    elif message.status == Status.FAILED:
        # It arrived after all: the next way, while it waits, is not needed.
        root = message.follows_id or message.pk
        Message.objects.filter(follows_id=root, status=Status.QUEUED, attempts=0).exclude(pk=message.pk).update(
            status=Status.CANCELLED
        )
    return True


def _message_of(report: Report) -> Message | None:
    rows = Message.objects.select_related("business")
    try:
        return rows.filter(reference=UUID(report.reference)).first()
    except ValueError:
        pass
    if not report.provider_id:
        return None
    return rows.filter(provider_id=storable(report.provider_id), provider=report.provider).first()


def _plausible(at: datetime, message: Message) -> datetime:
    """The reported time, where it can be true: not before the message was written, not in the future."""
    now = timezone.now()
    return at if message.created_at - CLOCKS_DIFFER <= at <= now + CLOCKS_DIFFER else now


def _values(report: Report, at: datetime) -> dict[str, Any]:
    if report.event == Status.FAILED:
        return {"trouble": report.trouble or Trouble.REFUSED, "error": scrub(report.error)[:200]}
    values: dict[str, Any] = {"trouble": "", "error": "", "sent_at": Coalesce(F("sent_at"), Value(at))}
    if report.event in (Status.DELIVERED, Status.READ):
        values["delivered_at"] = Coalesce(F("delivered_at"), Value(at))
    if report.event == Status.READ:
        values["read_at"] = at
    return values


def _late(report: Report, message: Message, at: datetime) -> bool:
    """A report that comes after a later one tells at least when: the earlier of both times stands."""
    column = {Status.SENT: "sent_at", Status.DELIVERED: "delivered_at"}.get(Status(report.event))
    if column is None or message.status not in (Status.SENT, Status.DELIVERED, Status.READ):
        return False
    later = Q(**{f"{column}__gt": at}) | Q(**{f"{column}__isnull": True})
    return bool(Message.objects.filter(later, pk=message.pk).update(**{column: at}))

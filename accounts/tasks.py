"""Celery tasks: short, and safe to run twice or never; the rows say what is to be done."""

import logging
import threading
from datetime import timedelta

from celery import Task, shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable

from accounts import changes, delivery
from accounts.models import IdempotencyKey, LimitCounter, LoginChallenge, Message, Notice

logger = logging.getLogger(__name__)
KEPT, NEWS_KEPT = timedelta(days=30), timedelta(days=180)

__all__ = ["BrokerUnreachable", "deliver_due", "deliver_now", "forget_old_rows", "sweep"]


@shared_task
def deliver_now() -> None:
    """What somebody waits for: codes and links asked for at a door."""
    claimed, _sent = delivery.deliver_due(until=Message.Priority.NOW)
    if claimed == delivery.BATCH:
        _go_on(deliver_now)


# A process sends so many batches of other messages at once at most: threads stay free for what somebody waits for.
_lanes = threading.BoundedSemaphore(2)
_asked_meanwhile = threading.Event()


@shared_task
def deliver_due() -> None:
    """One batch of all that is due, most urgent first; another task goes on, so that new work gets in between."""
    if not _lanes.acquire(blocking=False):
        _asked_meanwhile.set()
        return
    try:
        claimed, _sent = delivery.deliver_due()
    finally:
        _lanes.release()
    if claimed or _asked_meanwhile.is_set():
        _asked_meanwhile.clear()
        _go_on(deliver_due)


@shared_task
def sweep() -> None:
    """What nobody was woken for: at each round a few tasks, which go on by themselves."""
    due = delivery.sweep()
    if due:
        _go_on(deliver_now)
        _go_on(deliver_due)
    if due > delivery.BATCH:
        _go_on(deliver_due)


def _go_on(task: Task) -> None:
    try:
        task.delay()
    except BrokerUnreachable:
        logger.warning("the broker is unreachable; messages wait for the sweep")


@shared_task
def forget_old_rows() -> None:
    """Counters, challenges, sessions and form keys whose time is over, and messages of no business: codes and
    links asked for at a door, by whoever typed a number. News of customers' deeds after half a year."""
    now = timezone.now()
    LimitCounter.objects.filter(expires_at__lt=now).delete()
    LoginChallenge.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    Session.objects.filter(expire_date__lt=now).delete()
    IdempotencyKey.objects.filter(created_at__lt=now - KEPT).delete()
    Message.objects.filter(business=None, created_at__lt=now - KEPT).delete()
    Notice.objects.filter(at__lt=now - NEWS_KEPT).delete()
    changes.forget_old()

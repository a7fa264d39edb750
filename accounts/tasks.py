"""Celery tasks: they take ids, are short, and are safe to run twice."""

from datetime import timedelta

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable

from accounts import outbox
from accounts.models import IdempotencyKey, LimitCounter, LoginChallenge, Message

KEPT = timedelta(days=30)

__all__ = ["BrokerUnreachable", "deliver", "forget_old_rows", "sweep"]


@shared_task
def deliver(message_id: int) -> None:
    outbox.deliver(message_id)


@shared_task
def sweep() -> None:
    for message_id in outbox.sweep():
        deliver.delay(message_id)


@shared_task
def forget_old_rows() -> None:
    """Counters, challenges, sessions and form keys whose time is over, and messages of no business: codes and
    links asked for at a door, by whoever typed a number."""
    now = timezone.now()
    LimitCounter.objects.filter(expires_at__lt=now).delete()
    LoginChallenge.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    Session.objects.filter(expire_date__lt=now).delete()
    IdempotencyKey.objects.filter(created_at__lt=now - KEPT).delete()
    Message.objects.filter(business=None, created_at__lt=now - KEPT).delete()

"""Celery tasks: they take ids, are short, and are safe to run twice."""

from datetime import timedelta

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable

from accounts import outbox
from accounts.models import LimitCounter, LoginChallenge

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
    """Counters, challenges and sessions whose time is over."""
    now = timezone.now()
    LimitCounter.objects.filter(expires_at__lt=now).delete()
    LoginChallenge.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    Session.objects.filter(expire_date__lt=now).delete()

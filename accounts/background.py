"""Work that may wait: done by somebody else after commit, where there is somebody, and otherwise not at all.

With Redis a Celery worker does it, in the embedded default this process's drainer thread. It is a convenience and
never a promise: whoever needs the result and finds none makes it. What must not be lost is a row (accounts.outbox).
"""

import logging
from functools import partial
from typing import Any

from celery import Task
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerUnreachable

from accounts import drainer

logger = logging.getLogger(__name__)


def run(task: Task, *args: Any) -> None:
    """Do `task(*args)` after commit, in the background; `args` are ids, as the task may run late, twice or never."""
    transaction.on_commit(partial(_hand_over, task, args))


def _hand_over(task: Task, args: tuple[Any, ...]) -> None:
    if not settings.REDIS_URL:
        drainer.give(partial(task, *args))
        return
    try:
        task.delay(*args)
    except BrokerUnreachable:
        logger.warning("the broker is unreachable; %s is not done in the background", task.name)

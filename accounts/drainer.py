"""The embedded default without Redis: two threads in each web process run what the workers would run.

Started from config/wsgi.py and asgi.py, and again in a forked child; the lease on each row makes several harmless.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections, connection

logger = logging.getLogger(__name__)
IDLE_SECONDS = 2.0
MINUTE, HOUR = 60.0, 3600.0

_work, _work_now = threading.Event(), threading.Event()
# Work that may be lost (accounts.background): never so much that it fills the memory.
_given: deque[Callable[[], object]] = deque(maxlen=500)
_cleanings: list[Callable[[], object]] = []
_ticks: list[Callable[[], object]] = []
_started_in: int | None = None


def each_minute(work: Callable[[], object]) -> None:
    """Upper apps name here, in `AppConfig.ready()`, what is to be looked after all the time; it must be short."""
    _ticks.append(work)


def each_hour(clean: Callable[[], object]) -> None:
    """Upper apps name here, in `AppConfig.ready()`, what is to be forgotten of theirs."""
    _cleanings.append(clean)


def start() -> None:
    """Start this process's thread once; does nothing unless settings.EMBEDDED_DRAINER."""
    global _started_in
    if not settings.EMBEDDED_DRAINER or _started_in == os.getpid():
        return
    if _started_in is None:
        os.register_at_fork(after_in_child=start)
    _started_in = os.getpid()
    threading.Thread(target=_run, name="drainer", daemon=True).start()
    threading.Thread(target=_run_now, name="drainer-now", daemon=True).start()


def wake() -> None:
    _work.set()
    _work_now.set()


def give(work: Callable[[], object]) -> None:
    """Let this process's thread do `work` when no message is due; does nothing where none runs."""
    if _started_in == os.getpid():
        _given.append(work)
        wake()


def _run() -> None:
    next_tick, next_cleaning = time.monotonic(), time.monotonic() + HOUR
    while True:
        _work.wait(IDLE_SECONDS)
        _work.clear()
        close_old_connections()
        try:
            drain()
            while _given:
                _given.popleft()()
                drain()
            if time.monotonic() > next_tick:
                next_tick = time.monotonic() + MINUTE
                for work in _ticks:
                    work()
                drain()
            if time.monotonic() > next_cleaning:
                from accounts.tasks import forget_old_rows

                next_cleaning = time.monotonic() + HOUR
                for clean in (forget_old_rows, *_cleanings):
                    clean()
        except Exception:  # the thread must outlive any fault; the rows wait for the next round
            logger.exception("the drainer met a fault and goes on")
            connection.close()


def _run_now() -> None:
    """A second thread for codes alone: they do not wait for a batch of bills that a slow provider holds up."""
    from accounts import delivery
    from accounts.models import Message

    while True:
        _work_now.wait(IDLE_SECONDS)
        _work_now.clear()
        close_old_connections()
        try:
            while delivery.deliver_due(until=Message.Priority.NOW)[0]:
                pass
        except Exception:  # as above
            logger.exception("the drainer met a fault and goes on")
            connection.close()


def drain() -> int:
    """Deliver everything that is due; returns how many messages were sent."""
    from accounts import delivery

    delivery.sweep()
    total = 0
    while True:
        claimed, sent = delivery.deliver_due()
        total += sent
        if not claimed:
            return total

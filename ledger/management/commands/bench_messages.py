"""Messages a second by our worker beside one task per message: `manage.py bench_messages [--messages N] [--latency MS]`."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from accounts import outbox
from accounts.models import Business, Message, Party
from accounts.outbox import Draft
from ledger import links
from ledger.bench import one_by_one
from ledger.management.commands.bench_ledger import scratch_database

SHOPS, PART = 20, 2_000
RUN_SECONDS = 240


class Command(BaseCommand):
    help = (
        "Send portal links by WhatsApp to the fake gateway (tests.fake_gateway), which answers after --latency ms: first by a "
        "worker as `celery -A config worker` starts it, then by one task per message on default Celery settings. Prints "
        "both rates and their ratio, and exits 1 below --ratio. Needs REDIS_URL and a PostgreSQL in DATABASE_URL whose "
        "user may create databases: `python -m tests.servers -- python manage.py bench_messages`. The real book is not "
        "touched, but Redis is emptied."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--messages", type=int, default=20_000, help="messages for our worker (default 20000)")
        parser.add_argument("--one-by-one", type=int, default=400, help="messages for the other way (default 400)")
        parser.add_argument("--latency", type=int, default=50, help="ms until the gateway answers (default 50)")
        parser.add_argument("--here", action="store_true", help="in the configured database; it must hold no business")
        parser.add_argument("--ratio", type=float, default=20.0, help="lowest ratio allowed (default 20; 0: any)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_URL or connection.vendor != "postgresql":
            raise CommandError("It needs REDIS_URL and a PostgreSQL: see --help.")
        if options["here"] and Business.objects.exists():
            raise CommandError("This database holds a business: leave --here out.")
        with nullcontext() if options["here"] else scratch_database(), gateway(options["latency"]) as environment:
            _empty_redis()
            began = time.perf_counter()
            queue(options["messages"])
            took = time.perf_counter() - began
            self.stdout.write(f"Queued {options['messages']} messages of {SHOPS} shops in {took:.2f} s")
            with worker("config", environment):
                ours = self._rate("our worker", options["messages"])
            Message.objects.all().delete()
            queue(options["one_by_one"])
            for message_id in Message.objects.values_list("pk", flat=True):
                one_by_one.deliver.delay(message_id)
            with worker("ledger.bench.one_by_one", environment | {"DB_POOL": "0"}):
                theirs = self._rate("one task per message, default settings", options["one_by_one"])
        ratio = ours / theirs
        self.stdout.write(f"Ratio {ratio:.1f}")
        if ratio < options["ratio"]:
            raise CommandError(f"Below {options['ratio']}.")

    def _rate(self, name: str, total: int) -> float:
        """Messages a second from the first that was sent to the last."""
        deadline = time.monotonic() + RUN_SECONDS
        waiting = Message.objects.exclude(status=Message.Status.SENT)
        while waiting.exists():
            if time.monotonic() > deadline:
                raise CommandError(f"{name}: {waiting.count()} messages were not sent in {RUN_SECONDS} s")
            time.sleep(0.1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXTRACT(EPOCH FROM max(sent_at) - min(handed_at)), count(*) FILTER (WHERE attempts <> 1) "
                "FROM accounts_message"
            )
            seconds, repeated = cursor.fetchone()
        rate = total / float(seconds)
        again = f", {repeated} of them tried again" if repeated else ""
        self.stdout.write(f"{name}: {total} messages in {seconds:.1f} s, {rate:.0f} a second{again}")
        return rate


def queue(total: int) -> None:
    """`total` messages with the portal links of one party in each shop, as a bulk writes them."""
    shops = Business.objects.all() if Business.objects.exists() else [_shop(n) for n in range(SHOPS)]
    each = [(shop.pk, party.pk, links.for_party(party, None).pk) for shop in shops for party in shop.parties.all()]
    for start in range(0, total, PART):
        drafts = [
            Draft("portal_share", "whatsapp", f"+9190{n:08d}", ("link", str(link)), shop, party)
            for n in range(start, min(start + PART, total))
            for shop, party, link in [each[n % len(each)]]
        ]
        with transaction.atomic():
            outbox.enqueue_many(drafts, ahead=start // SHOPS)


def _shop(n: int) -> Business:
    shop = Business.objects.create(name=f"Shop {n}", slug=f"bench-{n}", state_code="27")
    Party.objects.create(business=shop, name="Customer")
    return shop


def _empty_redis() -> None:
    import redis

    redis.Redis.from_url(settings.REDIS_URL).flushdb()


@contextmanager
def gateway(latency: int) -> Iterator[dict[str, str]]:
    """The fake gateway in a process of its own; what makes a worker send to it."""
    command = [sys.executable, "-m", "tests.fake_gateway", "--port", "0", "--latency", str(latency)]
    with _process(command, {}, stdout=subprocess.PIPE) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        environment: dict[str, str] = {}
        for line in lines:
            name, mark, value = line.strip().partition("=")
            if mark:
                environment[name] = value
            if name == "MAIL_HOOK_SECRET":
                break
        yield environment


@contextmanager
def worker(app: str, environment: dict[str, str]) -> Iterator[None]:
    """A Celery worker of this app on our database."""
    values = connection.settings_dict
    user = f"{values['USER']}:{values['PASSWORD']}" if values["PASSWORD"] else values["USER"]
    database = f"postgres://{user}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
    environment = {**environment, "DATABASE_URL": database, "SITE_URL": "http://127.0.0.1:8000"}
    with _process([sys.executable, "-m", "celery", "-A", app, "worker", "-l", "WARNING"], environment):
        if app == "config":
            outbox.wake()
        yield


@contextmanager
def _process(command: list[str], environment: dict[str, str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    with ExitStack() as stack:
        process = subprocess.Popen(  # noqa: S603  our own programs
            command, env={**os.environ, **environment}, text=True, start_new_session=True, cwd=settings.BASE_DIR, **options
        )  # fmt: skip
        stack.callback(_stop, process)
        yield process


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)

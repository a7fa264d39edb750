"""Delivery by real processes: a Celery worker and beat on a real Redis, and the web process's own drainer without."""

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone

from accounts import delivery, outbox, tasks
from accounts.models import Message
from ledger import links, sharing
from ledger import tasks as ledger_tasks
from ledger.models import Paper
from tests import factories
from tests.servers import free_port
from tests.servers import redis as own_redis

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parent.parent


class Process:
    """A program of ours on the tests' database, with its output at hand line by line."""

    def __init__(self, *command: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=os.environ | database() | {"SITE_URL": "http://127.0.0.1:8000", "DEBUG": "1"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.fresh: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            self.fresh.put(self.lines[-1])
        self.fresh.put(None)

    def wait_for(self, pattern: str, seconds: float = 40) -> str:
        """The next line that has `pattern` in it."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self.fresh.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                break
            if re.search(pattern, line):
                return line
        raise AssertionError(f"no line with {pattern!r} in {seconds} s:\n" + "\n".join(self.lines))

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            # The whole group that we started: a worker has children.
            os.killpg(self.process.pid, signum)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(15)


def database() -> dict[str, str]:
    """DATABASE_URL of the database that this very test writes to."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return {"DATABASE_URL": f"sqlite:///{values['NAME']}"}
    host = f"{values['USER']}@{values['HOST']}:{values['PORT']}"
    return {"DATABASE_URL": f"postgres://{host}/{values['NAME']}"}


@pytest.fixture
def run() -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(*command: str, **environment: str) -> Process:
        started.append(Process(*command, **environment))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def worker(run: Callable[..., Process], redis_url: str) -> Process:
    process = run(
        "-m", "celery", "-A", "config", "worker", "-l", "INFO", REDIS_URL=redis_url,
        WHATSAPP_GATEWAY="tests.gateways.Leaky", EMAIL_GATEWAY="tests.gateways.Hanging",
    )  # fmt: skip
    process.wait_for("ready")
    return process


def status_of(message: Message, wanted: str, seconds: float = 10) -> str:
    """The message's status, as soon as it is `wanted` or the time is over."""
    deadline = time.monotonic() + seconds
    while (status := Message.objects.get(pk=message.pk).status) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return status


def share(channel: str = "sms") -> Message:
    """A shared portal link, queued."""
    owner = factories.make_user()
    party = factories.make_party(factories.make_business(owner=owner), factories.new_phone(), email="a@example.in")
    link = links.for_party(party, owner)
    link.party = party
    return sharing.send(link, channel, owner)


def unwoken() -> Message:
    """A message whose wake-up was lost on the way."""
    real, outbox.wake = outbox.wake, lambda priority=0: None
    try:
        return share()
    finally:
        outbox.wake = real


# --- With Redis ---------------------------------------------------------------------------------------------


@pytest.mark.redis
@pytest.mark.slow
def test_a_real_worker_delivers_and_a_task_that_runs_twice_sends_once(worker: Process) -> None:
    message = share()
    line = worker.wait_for(r"sms to ")
    assert re.fullmatch(
        rf"\[sms to {re.escape(message.to)}\] Shop .*http://127\.0\.0\.1:8000/p/[0-9A-Za-z]{{33}} - SharedLedger", line
    )
    assert status_of(message, "sent") == "sent"
    for _ in range(3):
        tasks.deliver_due.delay()
    last = share()
    worker.wait_for(re.escape(last.to))
    assert status_of(last, "sent") == "sent"
    assert len([line for line in worker.lines if message.to in line]) == 1
    assert Message.objects.get(pk=message.pk).attempts == 1


@pytest.mark.redis
@pytest.mark.slow
def test_a_message_passes_the_papers_that_wait_to_be_drawn(worker: Process) -> None:
    party = factories.make_party()
    bills = [factories.make_invoice(party, lines=[factories.line(f"Rice {n}") for n in range(40)]) for _ in range(25)]
    for bill in bills:
        ledger_tasks.make_paper.delay(bill.pk)
    message = share()
    assert status_of(message, "sent", 30) == "sent"
    assert Paper.objects.count() < len(bills)


@pytest.mark.redis
@pytest.mark.slow
def test_a_workers_log_keeps_neither_token_nor_number(worker: Process) -> None:
    message = share("whatsapp")
    worker.wait_for("could not send")
    worker.wait_for("RuntimeError")
    time.sleep(0.3)
    log = "\n".join(worker.lines)
    assert re.search(r"/p/[0-9A-Za-z]{20,}", log) is None
    assert message.to[1:] not in log
    assert status_of(message, "uncertain") == "uncertain", "it may have arrived"


@pytest.mark.redis
@pytest.mark.slow
def test_a_worker_killed_while_sending_leaves_an_uncertain_message_that_is_not_sent_again(worker: Process) -> None:
    message = share("email")
    worker.wait_for(f"taken {message.reference}")
    worker.stop(signal.SIGKILL)
    assert status_of(message, "sending") == "sending"
    Message.objects.update(leased_until=timezone.now())
    assert delivery.sweep() == 0
    assert status_of(message, "uncertain") == "uncertain"
    assert delivery.deliver(message.pk) is False


@pytest.mark.redis
@pytest.mark.slow
def test_what_was_written_while_redis_was_frozen_leaves_when_it_is_back(
    run: Callable[..., Process], tmp_path: Path
) -> None:
    """Worker and beat meet a Redis that takes calls and says nothing; nothing is lost, and nobody has to restart them."""
    with own_redis(tmp_path) as address:
        server = int(redis.Redis.from_url(address).info()["process_id"])
        worker = run("-m", "celery", "-A", "config", "worker", "-l", "INFO", REDIS_URL=address)
        worker.wait_for("ready")
        schedule = str(tmp_path / "schedule")
        run("-m", "celery", "-A", "config", "beat", "-s", schedule, REDIS_URL=address)
        os.kill(server, signal.SIGSTOP)
        try:
            message = unwoken()
            assert status_of(message, "sent", 3) == "queued"
        finally:
            os.kill(server, signal.SIGCONT)
        worker.wait_for(re.escape(message.to), 60)
        assert status_of(message, "sent") == "sent"
        assert Message.objects.get(pk=message.pk).attempts == 1


# --- With Redis away ----------------------------------------------------------------------------------------


@pytest.fixture(params=["refused", "silent"])
def dead_redis(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address where nobody listens, and one where somebody takes the call and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        if request.param == "silent":
            listener.listen(50)
            yield f"redis://127.0.0.1:{port}/0"
        else:
            listener.close()
            yield f"redis://127.0.0.1:{port}/0"


ASK = """
import time
import django
django.setup()
from django.test import Client
times = []
for _ in range(3):
    began = time.monotonic()
    answer = Client(SERVER_NAME="127.0.0.1").post("/m/login/", {"phone": "%s"})
    times.append(round(time.monotonic() - began, 3))
print("answered", answer.status_code, *times, flush=True)
"""


@pytest.mark.slow
def test_a_page_answers_within_a_second_while_redis_is_away_and_the_message_waits(
    run: Callable[..., Process], dead_redis: str
) -> None:
    user = factories.make_user()
    factories.make_business(owner=user)
    process = run("-c", ASK % user.phone, DJANGO_SETTINGS_MODULE="config.settings", REDIS_URL=dead_redis)
    _word, status, *seconds = process.wait_for("answered").split()
    assert status == "302"
    # The first request of a process also loads templates and URLs.
    assert max(float(second) for second in seconds[1:]) < 1.0, seconds
    assert float(seconds[0]) < 2.0, seconds
    waiting = Message.objects.filter(kind="login_code", status="queued")
    assert waiting.count() == 3
    assert delivery.sweep() == 3


# --- Without Redis ------------------------------------------------------------------------------------------


@pytest.fixture
def embedded(run: Callable[..., Process]) -> tuple[Process, str]:
    """The site as `bin/demo` runs it, without Redis, and its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    process = run(
        "-m", "gunicorn", "--threads", "2", "-b", f"127.0.0.1:{port}", "config.wsgi", REDIS_URL="", SITE_URL=address
    )
    process.wait_for("Listening|Booting")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return process, address
    raise AssertionError("the site does not answer:\n" + "\n".join(process.lines))


@pytest.mark.slow
def test_the_embedded_drainer_delivers_what_a_page_has_queued(embedded: tuple[Process, str]) -> None:
    process, address = embedded
    user = factories.make_user()
    factories.make_business(owner=user)
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = opener.open(f"{address}/m/login/", timeout=10).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = urllib.parse.urlencode({"csrfmiddlewaretoken": token.group(1), "phone": str(user.phone)}).encode()
    opener.open(f"{address}/m/login/", form, timeout=10).close()
    line = process.wait_for(re.escape(str(user.phone)), 10)
    assert re.fullmatch(rf"\[sms to {re.escape(str(user.phone))}\] \d{{6}} is your SharedLedger login code\..*", line)
    assert status_of(Message.objects.get(), "sent") == "sent"


@pytest.mark.slow
def test_the_embedded_drainer_sends_once_beside_a_second_process_and_finds_lost_wake_ups(
    embedded: tuple[Process, str],
) -> None:
    process, _address = embedded
    messages = [unwoken() for _ in range(3)]
    sent_here = sum(delivery.deliver(message.pk) for message in messages)
    for message in messages:
        assert status_of(message, "sent") == "sent"
    assert len([line for line in process.lines if line.startswith("[sms to ")]) == 3 - sent_here
    assert set(Message.objects.values_list("attempts", flat=True)) == {1}


def test_tests_start_no_drainer(settings: Any) -> None:
    assert django_settings.EMBEDDED_DRAINER is False
    assert "drainer" not in {thread.name for thread in threading.enumerate()}


def test_a_wake_up_inside_a_transaction_waits_for_its_commit() -> None:
    with transaction.atomic():
        message = share()
        assert Message.objects.get(pk=message.pk).status == "queued"

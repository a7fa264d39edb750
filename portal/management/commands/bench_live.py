"""How fast open pages are told: many event streams on one uvicorn process, payments recorded meanwhile."""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.utils import timezone

from accounts.india import today
from accounts.models import Business, Device, Membership, Party, PartyPerson, User
from ledger import posting
from ledger.models import Payment
from portal import live

PER_SESSION = 5


class Command(BaseCommand):
    help = (
        "Opens event streams on one ASGI process of its own, records payments and measures the time from each commit to "
        "the event in every stream; prints memory per idle stream, and the poller's one query beside one query per "
        "stream. Needs an empty PostgreSQL database: python -m tests.servers -- python manage.py bench_live. "
        "Exits 1 above --p99 or below --per-mib."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--streams", type=int, default=500)
        parser.add_argument("--payments", type=int, default=60)
        parser.add_argument("--p99", type=float, default=0.5, help="seconds")
        parser.add_argument("--per-mib", type=float, default=15.0, help="idle streams in a MiB, at least")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        if Business.objects.exists():
            raise CommandError("This database is in use. Give an empty one.")
        parties, readers = _make(options["streams"])
        port = _free_port()
        server = subprocess.Popen(  # noqa: S603  our own server
            [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port), "--log-level", "warning"],
            cwd=settings.BASE_DIR,
            env={**os.environ, "EMBEDDED_DRAINER": "0"},
        )
        try:
            figures = asyncio.run(_run(port, server.pid, parties, readers, options["payments"]))
        finally:
            server.terminate()
            server.wait()
        self._report(readers, *figures, options)

    def _report(self, readers: list[Any], times: list[float], expected: int, kib: int, options: Any) -> None:
        tickets = [live.Ticket(r[1], r[2], r[3], r[4], r[5], 10**9) for r in readers]
        one = _seconds(lambda: live.look(tickets))
        each = _seconds(lambda: [live.look([ticket]) for ticket in tickets])
        count = len(readers)
        p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        per_mib = count / (kib / 1024) if kib else float("inf")
        say = self.stdout.write
        say(f"{count} streams on one process; {len(times)} of {expected} events received")
        say(f"commit to event: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, most {max(times) * 1000:.0f} ms")
        say(f"idle: {kib} KiB more, {kib / count:.1f} KiB a stream, {per_mib:.1f} streams in a MiB")
        say(f"a look for all {one * 1000:.1f} ms, one query per stream {each * 1000:.1f} ms: ratio {each / one:.1f}")
        if len(times) != expected or p99 > options["p99"] or per_mib < options["per_mib"]:
            raise CommandError("Not good enough.")


def _make(streams: int) -> tuple[list[tuple[Party, User]], list[tuple[str, str, int, int, int, int]]]:
    """Parties, and for each stream (party's public id, session key, user, device, party, access version)."""
    from importlib import import_module

    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django_otp import DEVICE_ID_SESSION_KEY

    owner = User.objects.create_user(phone="+919800000000")
    business = Business.objects.create(name="Bench", slug="bench", state_code="27")
    Membership.objects.create(business=business, user=owner, role=Membership.Role.OWNER)
    parties: list[tuple[Party, User]] = []
    readers: list[tuple[str, str, int, int, int, int]] = []
    for n in range(-(-streams // PER_SESSION)):
        party = Party.objects.create(business=business, name=f"Party {n}", state_code="27")
        phone = f"+9198{n + 1:08d}"
        PartyPerson.objects.create(business=business, party=party, phone=phone, is_main=True)
        user = User.objects.create_user(phone=phone, consented_at=timezone.now(), consent_version="bench")
        device = Device.objects.create(user=user, name="bench", last_login_at=timezone.now(), confirmed=True)
        store = import_module(settings.SESSION_ENGINE).SessionStore()
        store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
        store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        store[DEVICE_ID_SESSION_KEY] = device.persistent_id
        store["access"] = {str(party.pk): party.access_version}
        store.create()
        parties.append((party, owner))
        reader = (party.public_id, store.session_key, user.pk, device.pk, party.pk, party.access_version)
        readers.extend([reader] * min(PER_SESSION, streams - len(readers)))
    return parties, readers


async def _run(
    port: int, pid: int, parties: list[tuple[Party, User]], readers: list[Any], payments: int
) -> tuple[list[float], int, int]:
    times: list[float] = []
    committed: dict[tuple[int, int], float] = {}
    await _until_open(port)
    first = await _open(port, readers[0])
    await asyncio.sleep(1)
    before = _rss_kib(pid)
    opened = [first, *[await _open(port, reader) for reader in readers[1:]]]
    await asyncio.sleep(2)
    kib = _rss_kib(pid) - before
    seen: list[tuple[tuple[int, int], float]] = []
    tasks = [
        asyncio.create_task(_listen(stream[0], reader[4], seen)) for stream, reader in zip(opened, readers, strict=True)
    ]
    expected = 0
    for n in range(payments):
        party, owner = parties[n % len(parties)]
        number = n // len(parties) + 1
        committed[party.pk, number] = await asyncio.to_thread(_pay, party, owner)
        expected += sum(reader[4] == party.pk for reader in readers)
        await asyncio.sleep(0.05)
    await asyncio.sleep(2)
    for task in tasks:
        task.cancel()
    times = [max(0.0, at - committed[key]) for key, at in seen if key in committed]
    return times, expected, kib


def _pay(party: Party, owner: User) -> float:
    posting.record_payment(
        party.business, party, amount_paise=100_00, mode=Payment.Mode.CASH, paid_on=today(), by=owner
    )
    return time.monotonic()


async def _open(port: int, reader: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    lines, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET /portal/{reader[0]}/live/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    writer.write(f"{request}Cookie: {settings.PORTAL_SESSION_COOKIE_NAME}={reader[1]}\r\n\r\n".encode())
    status = await lines.readline()
    if b" 200 " not in status:
        raise CommandError(f"A stream was refused: {status!r}")
    return lines, writer


async def _listen(lines: asyncio.StreamReader, party: int, seen: list[tuple[tuple[int, int], float]]) -> None:
    while line := await lines.readline():
        if line.startswith(b"id: "):
            seen.append(((party, int(line[4:])), time.monotonic()))


async def _until_open(port: int) -> None:
    for _ in range(200):
        try:
            _lines, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise CommandError("The server did not start.")


def _seconds(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _rss_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

"""The house under test: real servers, real processes of the product, and the means to take each of them down."""

import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis as redis_client

from tests import servers
from tests.fake_gateway import Fault, Hooks, Request, State, environment, running
from tests.servers import Server, free_port, postgresql_server, redis_server, temporary_folder

ROOT = Path(__file__).parent.parent.parent
# What is tested is that nothing is lost, so all is synced as in production.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# Short, so that a run need not wait for minutes; the same rules at the usual length are in the other tests.
PATIENCE = {"MESSAGE_LEASE_SECONDS": "6", "MESSAGE_RESEND_SECONDS": "12", "MESSAGE_SWEEP_SECONDS": "2"}
NO_LIMITS = dict.fromkeys(
    ("SHARES_PER_DAY", "MESSAGES_PER_DAY", "MESSAGES_PAISE_PER_MONTH", "SERVICE_PAISE_PER_DAY"), str(10**9)
)
HOOKS = {"whatsapp": ("whatsapp", "WHATSAPP_APP_SECRET"), "msg91": ("sms", "MSG91_HOOK_SECRET")}


class Gateway(State):
    """The fake gateway, with a list of its own of all that it accepted: (reference, number, body)."""

    def __init__(self, latency: float, seed: int) -> None:
        super().__init__(latency)
        self.taken: list[tuple[str, str, str]] = []
        self.random = random.Random(seed)

    def accept(self, request: Request) -> str:
        self.taken.append((request.reference, request.to.lstrip("+"), request.body))
        return super().accept(request)

    def report_to(self, site: str, **how: Any) -> None:
        """Where its reports go, and how: `times`, `delay`, `shuffle`."""
        secrets = environment("", 25)
        self.hooks = Hooks(
            {name: (f"{site}/hooks/{path}/", secrets[key]) for name, (path, key) in HOOKS.items()}, **how
        )

    def misbehave(self, *, with_retries: bool) -> None:
        """The next requests meet one fault each."""
        faults = [Fault(drop=True), Fault(drop=True), Fault(refuse=True), Fault(slow=1.0)]
        if with_retries:
            faults += [Fault(status=500), Fault(status=429, retry_after="2")]
        self.random.shuffle(faults)
        self.faults.extend(faults)


class Program:
    """One of the product's processes, in a group of its own, as a supervisor would run it."""

    def __init__(self, name: str, command: list[str], variables: dict[str, str], log: Path) -> None:
        self.name, self.command, self.variables, self.log = name, command, variables, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=os.environ | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=servers.die_with_parent(signal.SIGKILL),
            )

    def kill(self) -> None:
        """All of it at once, with no chance to tidy up."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def kill_child(self) -> bool:
        """One process below it alone, whom it has to replace; false when it has none."""
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = children.read_text().split() if children.exists() else []
        if found:
            os.kill(int(found[-1]), signal.SIGKILL)
        return bool(found)

    @property
    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None


class House:
    def __init__(
        self, folder: Path, postgres: Server, redis: Server, gateway: Gateway, variables: dict[str, str]
    ) -> None:
        self.folder, self.postgres, self.redis, self.gateway = folder, postgres, redis, gateway
        self.variables, self.programs = variables, dict[str, Program]()
        self.site = variables["SITE_URL"]
        self.did: Counter[str] = Counter()

    def open(self, *, bypass: bool) -> None:
        """Start web, worker and beat; returns when the site answers."""
        python, port = sys.executable, self.site.rpartition(":")[2]
        wsgi = "tests.faults.bypass" if bypass else "config.wsgi"
        gunicorn = ["-m", "gunicorn", f"{wsgi}:application", "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
        gunicorn += [
            "--preload",
            "--workers",
            "2",
            "--worker-class",
            "gthread",
            "--threads",
            "6",
            "--log-level",
            "error",
        ]
        celery = ["-m", "celery", "-A", "config"]
        beat = [*celery, "beat", "-s", str(self.folder / "beat-schedule")]
        for name, command in {"web": gunicorn, "worker": [*celery, "worker"], "beat": beat}.items():
            program = Program(name, [python, *command], self.variables, self.folder / f"{name}.log")
            self.programs[name] = program
            program.start()
        self.wait_for_site(90)

    def wait_for_site(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while True:
            try:
                opener.open(f"{self.site}/health", timeout=5).close()
            except OSError:
                if time.monotonic() > deadline or self.programs["web"].is_dead:
                    raise AssertionError(f"the site does not answer:\n{self.end_of_log('web')}") from None
                time.sleep(0.1)
            else:
                return

    def supervise(self) -> None:
        """Start again whoever ended without our doing; counted, as nothing should."""
        for program in self.programs.values():
            if program.is_dead:
                self.did[f"{program.name} ended by itself"] += 1
                program.start()

    def end_of_log(self, name: str) -> str:
        log = self.folder / f"{name}.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def close(self) -> None:
        for program in self.programs.values():
            program.kill()

    # --- Faults ---------------------------------------------------------------------------------------------

    def kill(self, name: str, *, child: bool = False) -> None:
        program = self.programs[name]
        if not (child and program.kill_child()):
            program.kill()
            program.start()
        self.did[f"{name} killed"] += 1

    def stop_postgres(self, seconds: float) -> None:
        self.postgres.stop(signal.SIGQUIT)
        time.sleep(seconds)
        self.postgres.start()
        self.did["PostgreSQL stopped immediately"] += 1

    def kill_redis(self, seconds: float) -> None:
        self.redis.stop(signal.SIGKILL)
        time.sleep(seconds)
        self.redis.start()
        self.did["Redis killed"] += 1

    def freeze_redis(self, seconds: float) -> None:
        self.redis.send(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            self.redis.send(signal.SIGCONT)
        self.redis.wait()
        self.did["Redis frozen"] += 1

    def empty_redis(self) -> None:
        redis_client.Redis.from_url(self.redis.url, socket_timeout=5).flushall()
        self.did["Redis emptied"] += 1

    def plan(self, rng: random.Random, kills: int, stops: int, redis_faults: int) -> list[Callable[[], None]]:
        """All faults of a run in the order they come; each program and each fault of Redis has its share."""
        faults: list[Callable[[], None]] = []
        for n in range(kills):
            name = ("worker", "web", "worker", "web", "beat", "web")[n % 6]
            faults.append(lambda name=name, child=n % 4 == 3: self.kill(name, child=child))  # type: ignore[misc]
        faults += [lambda: self.stop_postgres(rng.uniform(0.1, 1.5)) for _ in range(stops)]
        of_redis = [
            lambda: self.kill_redis(rng.uniform(0.1, 2)),
            lambda: self.freeze_redis(rng.uniform(1.5, 3)),
            self.empty_redis,
        ]
        faults += [of_redis[n % 3] for n in range(redis_faults)]
        rng.shuffle(faults)
        return faults


@contextmanager
def house(latency: float, seed: int) -> Iterator[House]:
    """Servers and gateway; the product's own processes are started by `House.open`, when there is a book."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        postgres = stack.enter_context(postgresql_server(folder, **DURABLE))
        redis = stack.enter_context(redis_server(folder))
        gateway, address, smtp_port = stack.enter_context(running(state=Gateway(latency, seed)))
        assert isinstance(gateway, Gateway)
        keys = {name: f"fault-run-{name}-".ljust(40, "x") for name in ("SECRET_KEY", "LINK_KEYS", "CODE_KEY")}
        variables = environment(address, smtp_port) | PATIENCE | NO_LIMITS | keys
        variables |= {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url, "VAR_DIR": str(folder / "var")}
        variables |= {"SITE_URL": f"http://127.0.0.1:{free_port()}", "DJANGO_SETTINGS_MODULE": "config.settings"}
        found = House(folder, postgres, redis, gateway, variables)
        stack.callback(found.close)
        yield found

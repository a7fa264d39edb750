"""Runs a command with a PostgreSQL and a Redis of its own: `python -m tests.servers -- pytest ...`.

Both live in one temporary folder, listen on free ports of 127.0.0.1 only, and are gone with the folder when the
command ends, however it ends. The command finds them through DATABASE_URL and REDIS_URL; its exit code is ours.
"""

import argparse
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

START_SECONDS = 60
STOP_SECONDS = 10
PR_SET_PDEATHSIG = 1

# 2 xdist workers with up to 60 threads each, and some to spare. Nothing here outlives the run, so nothing is synced.
POSTGRES_SETTINGS = {
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
    "deadlock_timeout": "500ms",
}


class ServerFailedError(Exception):
    """A server could not be found or started; the message says what to do."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument("command", nargs="+", metavar="-- command", help="what to run with both servers")
    command = parser.parse_args(arguments).command
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, _leave)
    try:
        with servers() as environment:
            return run(command, environment)
    except ServerFailedError as error:
        print(error, file=sys.stderr)
        return 1


def _leave(signum: int, frame: FrameType | None) -> None:
    # Once: a second Ctrl-C must not break the tidying-up of the first.
    for other in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + signum)


def run(command: list[str], environment: Mapping[str, str]) -> int:
    """The exit code of `command`; when we are told to leave, the command is told so too and waited for."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, preexec_fn=die_with_parent(signal.SIGTERM))
    try:
        returncode = process.wait()
    finally:
        _stop(process, signal.SIGTERM)
    return returncode if returncode >= 0 else 128 - returncode


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """DATABASE_URL and REDIS_URL of two private servers that end with the block."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        database_url = stack.enter_context(postgresql(folder))
        redis_url = stack.enter_context(redis(folder))
        yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


@dataclass
class Server:
    """A server that a test may stop and start again at the same address, with what it has on disk.

    `stop_signal` stops it in order. Start it from a thread that outlives it: Linux ends it with that thread.
    """

    name: str
    url: str
    command: list[str]
    log: Path
    home: Path
    stop_signal: signal.Signals
    answers: Callable[[], bool]
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A Ctrl-C of the terminal is for the command; we stop the servers after it.
                start_new_session=True,
                preexec_fn=die_with_parent(self.stop_signal),
                **_as_user(self.user),  # type: ignore[call-overload]
            )
        self.wait()

    def wait(self) -> None:
        """Until it answers. Raises ServerFailedError with the end of its log."""
        assert self.process
        _wait_until(self.name, self.answers, self.process, self.log)

    def send(self, signum: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(signum)

    def stop(self, signum: signal.Signals | None = None) -> None:
        """End it and wait; SIGQUIT is PostgreSQL's immediate shutdown, SIGKILL ends anything."""
        if self.process:
            _stop(self.process, signum or self.stop_signal)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    with postgresql_server(folder) as server:
        yield server.url


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    with redis_server(folder) as server:
        yield server.url


@contextmanager
def postgresql_server(folder: Path, **changed: str) -> Iterator[Server]:
    """`changed` are settings that differ from POSTGRES_SETTINGS."""
    binaries = postgres_binaries()
    # initdb and postgres refuse root, so root hands both over to the user that Debian's package makes.
    user = "postgres" if os.geteuid() == 0 else None
    home = folder / "postgresql"
    home.mkdir(mode=0o700)
    if user:
        folder.chmod(0o711)
        shutil.chown(home, user, user)
    data, log, port = home / "data", home / "log", free_port()
    initdb = [f"{binaries}/initdb", "-D", f"{data}", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    made = subprocess.run(
        [*initdb, "--locale=C.UTF-8", "--no-sync"],
        **_as_user(user),  # type: ignore[call-overload]
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise ServerFailedError(f"initdb failed:\n{made.stdout}{made.stderr}")
    settings = POSTGRES_SETTINGS | {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(home),
    }
    command = [f"{binaries}/postgres", "-D", f"{data}"]
    for name, value in (settings | changed).items():
        command += ["-c", f"{name}={value}"]
    psql = [f"{binaries}/psql", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-Xqtc"]

    def says(sql: str) -> str | None:
        """What psql prints; None when it fails."""
        asked = subprocess.run([*psql, sql], capture_output=True, text=True, check=False, cwd=folder)
        return None if asked.returncode else asked.stdout

    def answers() -> bool:
        found = says("SELECT 1 FROM pg_database WHERE datname = 'sharedledger'")
        return found is not None and (bool(found.strip()) or says("CREATE DATABASE sharedledger") is not None)

    # SIGINT asks for a fast shutdown: sessions are cut, files are closed in order.
    url = f"postgres://postgres@127.0.0.1:{port}/sharedledger"
    server = Server("PostgreSQL", url, command, log, home, signal.SIGINT, answers, user)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def redis_server(folder: Path) -> Iterator[Server]:
    binary = shutil.which("redis-server")
    if not binary:
        raise ServerFailedError("redis-server is not installed: run bin/setup --dev")
    home = folder / "redis"
    home.mkdir(mode=0o700)
    log, port = folder / "redis.log", free_port()
    command = [binary, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    command += ["--dir", str(home), "--daemonize", "no"]
    url = f"redis://127.0.0.1:{port}/0"
    server = Server("Redis", url, command, log, home, signal.SIGTERM, lambda: _redis_answers(port))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """One in which both servers may live."""
    folder = Path(tempfile.mkdtemp(prefix="sharedledger-servers-", dir=_short_temp_folder()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_binaries() -> Path:
    """The folder with initdb and postgres of the newest installed PostgreSQL."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: float(path.parts[-3]) if path.parts[-3].replace(".", "").isdigit() else 0.0,
    )
    if found:
        return found[-1].parent
    if elsewhere := shutil.which("initdb"):
        return Path(elsewhere).resolve().parent
    raise ServerFailedError("PostgreSQL is not installed: run bin/setup --dev")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _short_temp_folder() -> str | None:
    # A socket's path has at most 107 characters, and root's TMPDIR may be closed to the user postgres.
    return "/tmp" if Path("/tmp").is_dir() else None


def _as_user(user: str | None) -> dict[str, object]:
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def die_with_parent(signum: int) -> Callable[[], None]:
    """Run in the child: Linux sends it `signum` when we die without a chance to tidy up."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, int(signum))


def _stop(process: subprocess.Popen[bytes], signum: signal.Signals) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signum)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until(name: str, answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-3000:]
            raise ServerFailedError(f"{name} did not start:\n{tail}")
        time.sleep(0.05)


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())

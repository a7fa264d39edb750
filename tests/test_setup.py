"""The commands that a person types, and the pins they install."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.servers import free_port

ROOT = Path(__file__).parent.parent


def pins() -> dict[str, str]:
    """Canonical name -> version of every line of the three files."""
    found = {}
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", line):
                found[canonical(match[1])] = match[2]
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed_by(name: str, seen: set[str]) -> Iterator[str]:
    """What the installed package `name` brings along here, all the way down."""
    for line in metadata.requires(name) or []:
        requirement = Requirement(line)
        needed = canonical(requirement.name)
        if needed not in seen and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            seen.add(needed)
            yield needed
            yield from needed_by(needed, seen)


def test_everything_that_gets_installed_is_pinned() -> None:
    pinned = pins()
    installed = {name: metadata.version(name) for name in pinned}
    assert installed == pinned
    seen = set(pinned)
    assert [needed for name in pinned for needed in needed_by(name, seen)] == []


@pytest.mark.parametrize("port", ["0", "70000", "http", "-1"])
def test_demo_refuses_an_absurd_port_in_plain_words(port: str) -> None:
    ended = subprocess.run([ROOT / "bin/demo", "--port", port], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"bin/demo: --port wants a number from 1 to 65535, not '{port}'\n"


def test_demo_says_when_the_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ended = subprocess.run([ROOT / "bin/demo", f"--port={port}"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"bin/demo: port {port} is taken by another program; choose one with --port N\n"


@pytest.mark.slow
@pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="the demo is SQLite: once is enough")
def test_demo_answers_and_ends_with_all_it_started(tmp_path: Path) -> None:
    first = demo_until_ready(tmp_path, signal.SIGTERM)
    assert demo_until_ready(tmp_path, signal.SIGINT) == first, "a second start keeps the shop of the first"


def demo_until_ready(folder: Path, signum: signal.Signals) -> dict[str, object]:
    """Starts the demo, opens its invoice, ends it with `signum`; returns what the seed said."""
    port = free_port()
    # A server's database in the shell's set-up is never touched.
    environment = os.environ | {"VAR_DIR": str(folder), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/never"}
    with subprocess.Popen(
        [ROOT / "bin/demo", "--port", str(port)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as demo:
        assert demo.stdout is not None
        try:
            told = ""
            for line in demo.stdout:
                told += line
                if line == f"Ready: http://127.0.0.1:{port}/\n":
                    break
            seed: dict[str, object] = json.loads((folder / "demo.json").read_text())
            assert str(seed["merchant_phone"]) in told
            assert f"http://127.0.0.1:{port}{seed['portal_path']}" in told
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{seed['invoice_path']}", timeout=20) as page:
                assert page.status == 200
        finally:
            demo.send_signal(signum)
        demo.stdout.read()
        assert demo.wait(20) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(demo.pid, 0)
    return seed


@pytest.mark.slow
def test_private_servers_end_when_told_to() -> None:
    script = "echo $DATABASE_URL $REDIS_URL; exec sleep 60"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.servers", "--", "sh", "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        addresses = running.stdout.readline().split()
        ports = [int(match[1]) for address in addresses if (match := re.search(r"127\.0\.0\.1:(\d+)/", address))]
        for port in ports:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        running.terminate()
        assert running.wait(30) == 128 + signal.SIGTERM
    assert len(ports) == 2
    time.sleep(0.1)
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)

"""How long we wait for a PostgreSQL that does not answer."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_worker import database

ROOT = Path(__file__).parent.parent


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, as a server would start it: nothing of the tests' settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("DB_", "PYTEST"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_database_that_takes_the_call_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgres://anna@127.0.0.1:{silent.getsockname()[1]}/book?connect_timeout=2"
        done = run(
            "import config.wsgi\nfrom django.db import connection\nconnection.ensure_connection()", DATABASE_URL=url
        )
    assert "django.db.utils.OperationalError" in done.stderr
    assert "timeout expired" in done.stderr


def test_what_the_address_of_the_database_says_holds_for_workers_too() -> None:
    code = "from django.conf import settings\nprint(sorted(settings.DATABASES['default']['OPTIONS'].items()))"
    url = "postgres://anna@127.0.0.1:1/book?sslmode=verify-full&connect_timeout=9"
    done = run(f"import config.wsgi\n{code}", DATABASE_URL=url, DB_POOL="3")
    assert eval(done.stdout) == [
        ("connect_timeout", 9),
        ("keepalives_count", 3),
        ("keepalives_idle", 20),
        ("keepalives_interval", 5),
        ("options", "-c statement_timeout=30000"),
        ("pool", {"max_size": 3, "min_size": 1, "timeout": 20}),
        ("sslmode", "verify-full"),
        ("tcp_user_timeout", 20_000),
    ], done.stderr


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("server", "ends"), [("import config.wsgi", "given up"), ("import django; django.setup()", "done")]
)
def test_a_page_gives_up_a_statement_that_takes_too_long_and_a_command_does_not(server: str, ends: str) -> None:
    code = f"""
import os
if "wsgi" in {server!r}:
    os.environ["DB_STATEMENT_SECONDS"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
{server}
from django.db import OperationalError, connection
try:
    connection.cursor().execute("SELECT pg_sleep(1.5)")
    print("done")
except OperationalError:
    print("given up")
"""
    done = run(code, **database(), EMBEDDED_DRAINER="0")
    assert done.stdout.strip() == ends, done.stderr

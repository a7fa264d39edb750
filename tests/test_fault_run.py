"""The fault run in its short form (tests/faults), and its control: with the outbox bypassed it must see a loss."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_worker import database

pytestmark = [pytest.mark.redis, pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parent.parent


def fault_run(*arguments: str) -> tuple[int, str]:
    """(exit code, all that was printed) of a run on servers of its own, with the tables of this test's database."""
    command = [sys.executable, "-m", "tests.faults", "--schema-of", database()["DATABASE_URL"], *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=150)
    return done.returncode, done.stdout + done.stderr


def test_nothing_is_lost_while_everything_is_killed_and_without_the_outbox_the_run_sees_the_loss() -> None:
    short = ("--invoices", "100", "--kills", "6", "--postgres-stops", "1", "--redis-faults", "3", "--pause", "1.5")
    code, said = fault_run(*short, "--drain", "60", "--seed", "7")
    assert code == 0, said
    for fault in ("PostgreSQL stopped immediately", "Redis killed", "Redis frozen", "Redis emptied"):
        assert re.search(rf"^ +1  {fault}$", said, re.MULTILINE), said
    killed = re.findall(r"^ +(\d+)  (?:web|worker|beat) killed$", said, re.MULTILINE)
    assert sum(map(int, killed)) == 6, said

    control = ("--invoices", "40", "--kills", "2", "--postgres-stops", "0", "--redis-faults", "1", "--pause", "0.5")
    code, said = fault_run(*control, "--drain", "5", "--seed", "7", "--bypass-outbox")
    assert code == 1, said
    assert "outbox BYPASSED" in said
    assert re.search(r"^BREACH  lost: answered, never accepted by the gateway", said, re.MULTILINE), said
    assert len(re.findall(r"^BREACH", said, re.MULTILINE)) == 1, (
        "it fails by what was lost, and by nothing else\n" + said
    )

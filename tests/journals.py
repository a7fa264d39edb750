"""What hledger and beancount make of an exported journal: whether they take it, and what each party owes in it."""

import csv
import io
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

HLEDGER = shutil.which("hledger")
BEAN_CHECK = Path(sys.executable).with_name("bean-check")


def paise(text: str) -> int:
    """ "-1180.00 INR" -> -118000."""
    number = text.removesuffix(" INR")
    rupees, _, fraction = number.lstrip("-").partition(".")
    value = int(rupees) * 100 + int(fraction.ljust(2, "0") or 0)
    return -value if number.startswith("-") else value


def hledger(journal: Path, *args: str) -> str:
    if HLEDGER is None:
        pytest.fail("hledger is not installed: run bin/setup --dev", pytrace=False)
    return subprocess.run(
        [HLEDGER, "-f", str(journal), *args],
        check=True, capture_output=True, text=True, env={"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
    ).stdout  # fmt: skip


def complaints_of_hledger(journal: Path) -> str:
    """What `hledger check --strict ordereddates` says: "" when it accepts the journal, assertions included."""
    try:
        return hledger(journal, "check", "--strict", "ordereddates")
    except subprocess.CalledProcessError as error:
        return str(error.stderr) or "refused"


def complaints_of_beancount(journal: Path) -> str:
    """What `bean-check` says: "" when it accepts the journal."""
    done = subprocess.run([BEAN_CHECK, "--no-cache", str(journal)], check=False, capture_output=True, text=True)
    return (done.stderr + done.stdout) or ("" if done.returncode == 0 else "refused")


def balances(journal: Path, *accounts: str) -> dict[str, int]:
    """Account -> paise, by hledger."""
    table = hledger(journal, "balance", "--flat", "--no-total", "-E", "-O", "csv", *(f"^{name}" for name in accounts))
    return {account: paise(balance) for account, balance in list(csv.reader(io.StringIO(table)))[1:]}


def by_party(journal: Path) -> dict[int, int]:
    """Party's id -> what it owes in the journal: Receivable less Advances."""
    found: dict[int, int] = defaultdict(int)
    for account, value in balances(journal, "Assets:Receivable:", "Liabilities:Advances:").items():
        found[int(account.rpartition(" ")[2])] += value
    return found

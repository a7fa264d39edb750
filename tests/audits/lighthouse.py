"""Lighthouse on the two pages that a customer opens most, served as in production, on the phone and network it simulates."""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.audits.access import TOOLS
from tests.servers import free_port

log = logging.getLogger(__name__)
ROOT = Path(__file__).parent.parent.parent
CATEGORIES = ("performance", "accessibility", "best-practices")
LEAST = {"performance": 98, "accessibility": 100, "best-practices": 100}
TIMES = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "speed-index")
START_SECONDS = 30
ATTEMPTS = 4
COOKIE = """
import django; django.setup()
from django.conf import settings
from tests.factories import customer_client
print(settings.PORTAL_SESSION_COOKIE_NAME, customer_client({phone!r}).cookies[settings.PORTAL_SESSION_COOKIE_NAME].value, sep="=")
"""


@dataclass(frozen=True)
class Visit:
    """One page as one visitor opens it; `headers` go with every request."""

    name: str
    url: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Figures:
    """Scores of 0 to 100, times in ms, the shift of the layout, and what fell short, in Lighthouse's words."""

    scores: dict[str, int]
    times: dict[str, float]
    shift: float
    short: list[str]


@contextmanager
def demo_site(migrated: Path | None = None) -> Iterator[list[Visit]]:
    """The demo shop behind gunicorn without DEBUG, its files hashed and compressed, in a folder of its own.

    `migrated`: an empty SQLite database to begin with.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="sharedledger-lighthouse-") as folder:
        site = f"http://127.0.0.1:{port}"
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        environment |= {"VAR_DIR": folder, "DEBUG": "0", "SITE_URL": site, "DJANGO_SETTINGS_MODULE": "config.settings"}

        def run(*command: str) -> str:
            return subprocess.run(
                [sys.executable, *command], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
            ).stdout

        if migrated:
            shutil.copyfile(migrated, Path(folder) / "sharedledger.sqlite3")
        run("manage.py", "migrate", "--verbosity", "0")
        run("manage.py", "collectstatic", "--noinput", "--verbosity", "0", "--ignore", "admin")
        seed = json.loads(run("manage.py", "seed_demo", "--json"))
        cookie = run("-c", COOKIE.format(phone=seed["customer_phone"])).strip()
        server = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
        server += ["--workers", "2", "--worker-class", "gthread", "--threads", "8", "--no-control-socket"]
        with subprocess.Popen([*server, "--log-level", "warning"], cwd=ROOT, env=environment) as running:
            try:
                _wait_for(site)
                yield [
                    Visit("invoice link", site + seed["invoice_path"], {}),
                    Visit("dashboard", _landing(f"{site}/portal/", cookie), {"Cookie": cookie}),
                ]
            finally:
                running.terminate()


def _wait_for(site: str) -> None:
    for _ in range(START_SECONDS * 10):
        try:
            urllib.request.urlopen(f"{site}/health", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"{site} does not answer")


def _landing(url: str, cookie: str) -> str:
    """Where the customer's own address leads: the dashboard, or the list of shops, of which it is the first one's."""
    request = urllib.request.Request(url, headers={"Cookie": cookie})
    with urllib.request.urlopen(request, timeout=10) as answer:
        if answer.url != url:
            return str(answer.url)
        body = answer.read().decode()
    path = body.partition('href="/portal/')[2].partition('"')[0]
    return url + path


def audit(visit: Visit) -> Figures:
    """What one run in a Chromium of its own measured. A run that did not come up, or could not measure everything, says
    nothing of the page and is done again; RuntimeError with its words when that happens ATTEMPTS times."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _audit(visit)
        except RuntimeError as error:
            log.warning("once more, after: %s", error)
    return _audit(visit)


def _audit(visit: Visit) -> Figures:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
    command = ["node", str(TOOLS / "lighthouse" / "cli" / "index.js"), visit.url, "--quiet", "--output=json"]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--extra-headers={json.dumps(visit.headers)}"]
    command += [
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-background-networking --no-first-run"
    ]
    ended = subprocess.run(
        command, env=os.environ | {"CHROME_PATH": chromium}, capture_output=True, text=True, check=False, timeout=180
    )
    if ended.returncode:
        raise RuntimeError(ended.stderr[-2000:])
    return _figures(json.loads(ended.stdout))


def _figures(report: dict[str, Any]) -> Figures:
    audits = report["audits"]
    if "runtimeError" in report:
        raise RuntimeError(report["runtimeError"]["message"])
    if blank := [name for name, kind in report["categories"].items() if kind["score"] is None]:
        why = {one["errorMessage"] for one in audits.values() if "errorMessage" in one}
        raise RuntimeError(f"no score for {', '.join(blank)}: {', '.join(sorted(why))}")
    weighed = [one for kind in report["categories"].values() for one in kind["auditRefs"] if one["weight"]]
    return Figures(
        scores={name: round(100 * kind["score"]) for name, kind in report["categories"].items()},
        times={name: audits[name]["numericValue"] for name in TIMES if name in audits},
        shift=audits.get("cumulative-layout-shift", {}).get("numericValue", 0),
        short=[
            f"{one['id']}: {audits[one['id']]['title']}"
            for one in weighed
            if audits[one["id"]]["score"] is not None and audits[one["id"]]["score"] < 0.9
        ],
    )


def fallen_short(found: list[Figures]) -> list[str]:
    """The categories whose median is below LEAST, and why."""
    medians = {name: median(one.scores[name] for one in found) for name in CATEGORIES}
    short = [f"{name} {medians[name]:.0f} of {least}" for name, least in LEAST.items() if medians[name] < least]
    return short and [*short, *sorted({said for figures in found for said in figures.short})]

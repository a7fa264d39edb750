"""The fault run: invoices are issued and shared over HTTP while web, worker and beat are killed, PostgreSQL is stopped
immediately, Redis is killed, frozen and emptied, and the gateway drops connections and reports twice and late.

Then everything gets time to drain, and rows, gateway and book are compared: nothing may be lost, no number left out,
nothing sent twice but what was uncertain first. Prints all counts; exits 1 on any breach. It starts its own servers
on 127.0.0.1 (PostgreSQL with fsync on). The whole: `python -m tests.faults`; the short form of `bin/test`:
`python -m tests.faults --invoices 120 --kills 6 --postgres-stops 1 --redis-faults 3`. With --bypass-outbox the site
sends without the outbox, and the run must fail.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import django

from tests.faults.house import ROOT, House, house
from tests.servers import postgres_binaries

if TYPE_CHECKING:
    from tests.faults.customers import Desk

BROWSERS = 4
SHOPS, BILLS_OF_A_PARTY = 3, 15  # a number gets at most 20 links a day


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--invoices", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=30, help="kill -9 of web, worker or beat")
    parser.add_argument("--postgres-stops", type=int, default=5)
    parser.add_argument("--redis-faults", type=int, default=6, help="killed, frozen and emptied by turns")
    parser.add_argument("--seed", type=int, default=None, help="of the order and the moments of the faults")
    parser.add_argument("--latency", type=float, default=50, help="milliseconds before each answer of the gateway")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two faults at least")
    parser.add_argument("--minutes", type=float, default=60, help="after which a run that still bills is broken off")
    parser.add_argument("--drain", type=float, default=120, help="seconds in which all must have come to an end")
    parser.add_argument("--bypass-outbox", action="store_true")
    parser.add_argument(
        "--schema-of", default="", metavar="URL", help="copy this migrated database, instead of migrating"
    )
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.randrange(10**6)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with house(options.latency / 1000, options.seed) as found:
        return run(found, options)


def run(found: House, options: argparse.Namespace) -> int:
    began = time.monotonic()
    os.environ.update(found.variables)
    make_schema(found, options.schema_of)
    django.setup()
    from tests.faults.book import fill, waiting
    from tests.faults.customers import Desk
    from tests.faults.judge import judge

    shops = fill(SHOPS, -(-options.invoices // SHOPS // BILLS_OF_A_PARTY) + 1)
    found.open(bypass=options.bypass_outbox)
    ready = time.monotonic()
    desk = Desk(found.site, shops, options.invoices, ready + options.minutes * 60)
    threads = desk.start(BROWSERS)
    seen: set[int] = set()
    disturb(found, desk, options, seen)
    desk.allowed = options.invoices
    while any(thread.is_alive() for thread in threads) and desk.goes_on:
        look(found, seen, 0.2)
    billed = time.monotonic()
    while waiting() and time.monotonic() < billed + options.drain:
        look(found, seen, 0.3)
    drained = time.monotonic()
    found.close()

    verdict = judge(desk.done, found.gateway.taken, seen, bypass=options.bypass_outbox)
    if desk.wrong:
        verdict.breaches.append(f"wrong answers: {desk.wrong[0]}")
    if len(desk.done) < options.invoices:
        verdict.breaches.append(f"only {len(desk.done)} of {options.invoices} invoices were answered in time")
    print(f"Seed {options.seed}; outbox {'BYPASSED' if options.bypass_outbox else 'in use'}")
    again = {f"forms sent again: {why}": times for why, times in desk.repeats.items()}
    for name, count in (dict(found.did) | again | verdict.counts).items():
        print(f"{count:>8}  {name}")
    print(
        f"{ready - began:.0f} s to begin, {billed - ready:.0f} s of billing, {drained - billed:.0f} s to drain, "
        f"{time.monotonic() - drained:.0f} s to judge"
    )
    for breach in verdict.breaches:
        print(f"BREACH  {breach}")
    if not verdict.breaches:
        print("Nothing lost, nothing left out, nothing twice but what was uncertain.")
    for name in found.programs if desk.wrong else ():
        print(f"--- {name}\n{found.end_of_log(name)}", file=sys.stderr)
    return int(bool(verdict.breaches))


def disturb(found: House, desk: "Desk", options: argparse.Namespace, seen: set[int]) -> None:
    """All faults, spread over the invoices; some are under way when one comes, wherever it comes."""
    rng = random.Random(options.seed)
    faults = found.plan(rng, options.kills, options.postgres_stops, options.redis_faults)
    for n, fault in enumerate(faults, start=1):
        goal = options.invoices * n // (len(faults) + 1)
        # A refused message waits 20 seconds: not at the end.
        found.gateway.misbehave(with_retries=n <= len(faults) // 3)
        late = n % 2 == 0
        found.gateway.report_to(found.site, times=1 + late, delay=3.0 if late else 0.3, shuffle=late)
        desk.allowed = goal + BROWSERS
        while len(desk.done) < goal and desk.goes_on:
            look(found, seen, 0)
            time.sleep(0.02)
        if not desk.goes_on:
            return
        fault()
        look(found, seen, options.pause)


def look(found: House, seen: set[int], seconds: float) -> None:
    """Look after the programs and what is uncertain, for so long."""
    from tests.faults.book import uncertain

    until = time.monotonic() + seconds
    while True:
        found.supervise()
        seen.update(uncertain())
        if time.monotonic() >= until:
            return
        time.sleep(0.2)


def make_schema(found: House, like: str) -> None:
    """Tables, triggers and constraints in the house's own database."""
    if not like:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
        return
    binaries = postgres_binaries()
    dump = subprocess.run([f"{binaries}/pg_dump", "--no-owner", like], check=True, capture_output=True).stdout
    restore = [f"{binaries}/psql", "-Xq", "-v", "ON_ERROR_STOP=1", found.postgres.url]
    subprocess.run(restore, input=dump, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())

"""What a page of a long ledger costs beside a short one: `manage.py bench_ledger [--large N] [--small N] [--rounds N]`."""

import argparse
import datetime as dt
import gc
import os
import random
import statistics as medians
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import django_otp
from django.conf import settings
from django.contrib import auth
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.http import HttpRequest
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.india import today
from accounts.models import Business, Device, Membership, Party, User
from accounts.money import grouped
from ledger import drafting, integrity, posting, statements
from ledger.drafting import Draft, DraftLine
from ledger.models import Entry, Invoice
from ledger.posting import Prepared
from ledger.statements import Period

YEARS, SMALL_DAYS, BATCH, OTHERS = 5, 120, 2_000, 50
DAY = dt.timedelta(days=1)


class Command(BaseCommand):
    help = (
        "Measure what a ledger page of 25 rows costs for a party with many entries beside one with few: queries, medians "
        "and their ratio, for statements.page and for the merchant's whole page over HTTP. It fills an empty scratch "
        "database of the configured engine (SQLite, or PostgreSQL by DATABASE_URL, whose user may then create databases) "
        "and removes it again; the real book is not touched. Exits 1 when a page of the long ledger takes other queries "
        "or its ratio is above the limit."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--small", type=int, default=200, help="entries of the short ledger (default 200)")
        parser.add_argument("--large", type=int, default=200_000, help="entries of the long one (default 200000)")
        parser.add_argument("--rounds", type=int, default=300, help="times each page is opened (default 300)")
        parser.add_argument("--limit", type=float, default=1.2, help="highest ratio allowed (default 1.2; 0: none)")
        parser.add_argument(
            "--here", action="store_true", help="fill the configured database itself; it must hold no business yet"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if min(options["small"], options["large"]) < 4 or options["rounds"] < 1:
            raise CommandError("Both ledgers need at least 4 entries, and each page is opened at least once.")
        if options["here"]:
            if Business.objects.exists():
                raise CommandError("This database holds a business: leave --here out.")
            return self._bench(options)
        with scratch_database():
            return self._bench(options)

    def _bench(self, options: dict[str, Any]) -> None:
        started = time.perf_counter()
        shop = fill(options["small"], options["large"])
        entries, seconds = Entry.objects.count(), time.perf_counter() - started
        self.stdout.write(
            f"{connection.display_name}: {grouped(entries)} entries of {OTHERS + 2} parties in {seconds:.0f} s"
        )
        started = time.perf_counter()
        if problems := list(integrity.check()):
            raise CommandError("The book does not agree: " + "; ".join(map(str, problems[:5])))
        self.stdout.write(f"The book is right: {len(integrity.RULES)} rules, {time.perf_counter() - started:.1f} s")
        header = ("", "rows", "queries", grouped(options["small"]), grouped(options["large"]), "ratio")
        self.stdout.write("{:<30}{:>10}{:>10}{:>14}{:>14}{:>8}".format(*header))
        results = []
        # DEBUG keeps every query; the pictures' addresses need no collected files here.
        plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
        with override_settings(DEBUG=False, STORAGES=settings.STORAGES | plain):
            for page in pages(shop):
                results.append(measure(*page, options["rounds"]))
                self.stdout.write(str(results[-1]))
        limit = options["limit"]
        if uneven := [result.name for result in results if len(set(result.queries)) > 1]:
            raise CommandError(f"Other queries for the long ledger: {', '.join(uneven)}.")
        if limit and (slow := [result.name for result in results if result.ratio > limit]):
            raise CommandError(f"Above {limit}: {', '.join(slow)}.")


@contextmanager
def scratch_database() -> Iterator[None]:
    """An empty, migrated database of the configured engine instead of the configured one."""
    configured = connection.settings_dict["NAME"]
    with tempfile.TemporaryDirectory(prefix="sharedledger-bench-") as folder:
        on_sqlite = connection.vendor == "sqlite"
        scratch = str(Path(folder) / "bench.sqlite3") if on_sqlite else f"bench_{os.getpid()}_{configured}"
        connection.settings_dict["TEST"]["NAME"] = scratch
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(configured, verbosity=0)


@dataclass(frozen=True, slots=True)
class Shop:
    business: Business
    owner: User
    small: Party
    large: Party


def fill(small: int, large: int) -> Shop:
    """Five years of bills that are paid at once (two entries each), party by party mixed as days go by."""
    owner = User.objects.create_user(phone="+919820000099", name="Owner")
    business = Business.objects.create(name="Bench", slug="bench", state_code="27")
    Membership.objects.create(business=business, user=owner, role=Membership.Role.OWNER)
    two = [Party.objects.create(business=business, name=name, state_code="27") for name in ("Short", "Long")]
    others = [Party.objects.create(business=business, name=f"Other {n}", state_code="27") for n in range(OTHERS)]
    dice, last = random.Random(20261122), today()  # noqa: S311  no secret
    bills = [(last - DAY * (n * SMALL_DAYS // (small // 2)), two[0]) for n in range(small // 2)]
    bills += [(last - DAY * (n * YEARS * 365 // (large // 2)), two[1]) for n in range(large // 2)]
    bills += [(last - DAY * dice.randrange(YEARS * 365), dice.choice(others)) for _ in range(min(large, 10_000) // 2)]
    bills.sort(key=lambda bill: bill[0])
    for start in range(0, len(bills), BATCH):
        posting.post_batch(
            business, [_paid_bill(party, on, dice) for on, party in bills[start : start + BATCH]], by=owner
        )
    if connection.vendor == "postgresql":  # as its autovacuum does in time
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return Shop(business, owner, *two)


def _paid_bill(party: Party, on: dt.date, dice: random.Random) -> Prepared:
    lines = [DraftLine("Rice", quantity_milli=1000, unit_price_e4=dice.randrange(100, 90_000) * 100)]
    invoice = Invoice()
    draft = Draft(party=party, issued_on=on, due_on=on, lines=lines)
    return Prepared(invoice, drafting.apply(invoice, party.business, draft), settle_in_cash=True)


# --- measuring ----------------------------------------------------------------------------------------------

Opening = Callable[[Party], Callable[[], int]]


def pages(shop: Shop) -> Iterator[tuple[str, Shop, Opening]]:
    """Name, and how to open it: for a party, a function that opens its page once and returns its number of rows."""
    always = Period(today() - DAY * (YEARS * 366), today())
    month_end = today().replace(day=1) - DAY
    month = Period(month_end.replace(day=1), month_end)

    def opening(period: Period, place: Callable[[int], int] | None = None) -> Opening:
        def of(party: Party) -> Callable[[], int]:
            after = cursor_at(party, place) if place else ""
            return lambda: len(statements.page(party, period, after).rows)

        return of

    yield "first page of all years", shop, opening(always)
    yield "page in the middle", shop, opening(always, lambda entries: entries // 2)
    yield "last page", shop, opening(always, lambda entries: entries - statements.PAGE_SIZE - 1)
    yield "one month", shop, opening(month)
    browser = signed_in(shop.owner)

    def over_http(party: Party) -> Callable[[], int]:
        url = reverse("ledger:party", kwargs={"slug": shop.business.slug, "party": party.public_id})
        query = {"period": "all", "after": cursor_at(party, lambda entries: entries // 2)}

        def get() -> int:
            answer = browser.get(
                url, query, headers={"host": settings.SITE_HOST}, secure=settings.SITE_URL.startswith("https")
            )
            if answer.status_code != 200:
                raise CommandError(f"{url} answers {answer.status_code}.")
            return answer.content.count(b'<td class="n">')

        return get

    yield "the whole page over HTTP", shop, over_http


def cursor_at(party: Party, place: Callable[[int], int]) -> str:
    entries = Entry.objects.filter(party=party).order_by("dated_on", "id")
    return statements.cursor_of(entries[max(place(entries.count()), 0)])


def signed_in(user: User) -> Client:
    """A browser with the session that the merchant's login would make."""
    device = Device.objects.create(user=user, name="bench", last_login_at=timezone.now(), confirmed=True)
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    request.user = user
    auth.login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    django_otp.login(request, device)
    request.session.save()
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key or ""
    return browser


@dataclass(frozen=True, slots=True)
class Result:
    """Short ledger first, long one second; seconds are medians."""

    name: str
    rows: tuple[int, int]
    queries: tuple[int, int]
    seconds: tuple[float, float]

    @property
    def ratio(self) -> float:
        return self.seconds[1] / self.seconds[0]

    def __str__(self) -> str:
        rows, queries = ("{} = {}" if a == b else "{} / {}" for a, b in (self.rows, self.queries))
        short, long = (f"{seconds * 1000:.3f} ms" for seconds in self.seconds)
        return (
            f"{self.name:<30}{rows.format(*self.rows):>10}{queries.format(*self.queries):>10}"
            f"{short:>14}{long:>14}{self.ratio:>8.2f}"
        )


def measure(name: str, shop: Shop, opening: Opening, rounds: int) -> Result:
    """Both ledgers by turns, so that what else the machine does meets both alike."""
    opens = [opening(shop.small), opening(shop.large)]
    rows, queries, seconds = [], [], ([], [])  # type: ignore[var-annotated]
    for open_page in opens:
        open_page()
        with CaptureQueriesContext(connection) as captured:
            rows.append(open_page())
        queries.append(len(captured))
    gc.disable()
    try:
        for turn in range(rounds):
            for which in (0, 1) if turn % 2 else (1, 0):
                started = time.perf_counter()
                opens[which]()
                seconds[which].append(time.perf_counter() - started)
    finally:
        gc.enable()
    medium = medians.median(seconds[0]), medians.median(seconds[1])
    return Result(name, (rows[0], rows[1]), (queries[0], queries[1]), medium)

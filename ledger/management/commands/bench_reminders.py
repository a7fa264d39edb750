"""How fast reminders are queued, and in how much memory: `manage.py bench_reminders [--reminders N] [--shops N]`."""

import argparse
import datetime as dt
import gc
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from accounts.india import today
from accounts.models import Business, Message, Party, PartyPerson, Usage, User
from accounts.money import grouped
from ledger.management.commands.bench_ledger import scratch_database
from ledger.models import Batch, Invoice, OpenItem, PartyBalance, Reminder, Series
from ledger.reminders import planning

PART = 5_000


class Command(BaseCommand):
    help = (
        "Queue reminders for overdue invoices of many parties of some shops, by one process, and print the seconds and "
        "by how much the memory grew. It fills an empty scratch database of the configured engine (SQLite, or "
        "PostgreSQL by DATABASE_URL, whose user may then create databases) and removes it again. Exits 1 above the "
        "limits (0: none)."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--reminders", type=int, default=100_000, help="how many in all (default 100000)")
        parser.add_argument("--shops", type=int, default=4, help="merchants with a batch each (default 4)")
        parser.add_argument(
            "--lanes", type=int, default=2, help="batches planned at once, as a worker does (default 2; SQLite: 1)"
        )
        parser.add_argument("--seconds", type=float, default=0, help="highest time allowed (default: none)")
        parser.add_argument("--mebibytes", type=float, default=0, help="highest growth of memory (default: none)")

    def handle(self, *args: Any, **options: Any) -> None:
        shops, each = options["shops"], options["reminders"] // options["shops"]
        with scratch_database(), override_settings(DEBUG=False, MESSAGES_PER_DAY=10**7, SERVICE_PAISE_PER_DAY=10**12):
            self._bench(shops, each, options)

    @override_settings(MESSAGES_PAISE_PER_MONTH=10**12)
    def _bench(self, shops: int, each: int, options: dict[str, Any]) -> None:
        owner = User.objects.create_user(phone="+919800000000", name="Bench")
        businesses = [fill(n, each, owner) for n in range(shops)]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        for business in businesses:
            planning.begin(business, Batch.Kind.OVERDUE, owner)
        lanes = options["lanes"] if connection.features.has_select_for_update_skip_locked else 1
        _plan(lanes, pages=1)  # what is loaded once is not counted as growth
        gc.collect()
        _forget_the_peak()
        before, done, began, busy = _peak(), Message.objects.count(), time.perf_counter(), time.process_time()
        _plan(lanes)
        seconds, own = time.perf_counter() - began, time.process_time() - busy
        grown, queued = (_peak() - before) / 1024, Message.objects.count() - done
        if Reminder.objects.count() != shops * each or queued + done != shops * each:
            raise CommandError(f"{queued + done} messages instead of {shops * each}.")
        self.stdout.write(
            f"{connection.display_name}: {grouped(queued)} reminders of {shops} shops queued in {seconds:.1f} s "
            f"by one process in {lanes} lanes ({own:.1f} s of our own processor time), {queued / seconds:,.0f} a second; "
            f"peak memory {_peak() / 1024:.0f} MiB, grown by {grown:.1f} MiB"
        )
        if options["seconds"] and seconds > options["seconds"]:
            raise CommandError(f"More than {options['seconds']} s.")
        if options["mebibytes"] and grown > options["mebibytes"]:
            raise CommandError(f"Grown by more than {options['mebibytes']} MiB.")
        Usage.objects.all().delete()


def _plan(lanes: int, pages: int | None = None) -> None:
    """Plan until nothing is left (or so many pages in each lane)."""

    def lane() -> None:
        done = 0
        while done != pages and planning.one_page():
            done += 1

    def in_a_thread() -> None:
        try:
            lane()
        finally:
            connection.close()

    if lanes == 1:
        lane()
        return
    with ThreadPoolExecutor(lanes) as pool:
        for lane_done in [pool.submit(in_a_thread) for _ in range(lanes)]:
            lane_done.result()


def _peak() -> int:
    """The most memory this process has had since `_forget_the_peak`, in KiB (Linux: proc(5), VmHWM)."""
    told = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("VmHWM:")))


def _forget_the_peak() -> None:
    """Filling the database takes more than queueing: it must not hide what queueing takes (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def fill(number: int, parties: int, owner: User) -> Business:
    """A shop with so many parties, each with a number and one invoice overdue for nine days: rows, not postings."""
    business = Business.objects.create(name=f"Shop {number}", slug=f"shop-{number}", state_code="27")
    year = "2026-27"
    series = Series.objects.create(
        business=business, kind=Series.Kind.INVOICE, financial_year=year, pattern="{n}", is_default=True
    )
    issued_at = timezone.now() - dt.timedelta(days=30)
    issued_on, due_on = today() - dt.timedelta(days=30), today() - dt.timedelta(days=9)
    for start in range(0, parties, PART):
        numbers = range(start, min(start + PART, parties))
        with transaction.atomic():
            made = Party.objects.bulk_create(Party(business=business, name=f"Party {n}") for n in numbers)
            PartyPerson.objects.bulk_create(
                PartyPerson(business=business, party=party, phone=f"+919{number:01d}{n:08d}", is_main=True)
                for n, party in zip(numbers, made, strict=True)
            )
            invoices = Invoice.objects.bulk_create(
                Invoice(
                    business=business, party=party, status=Invoice.Status.ISSUED, series=series, sequence=n + 1,
                    number=str(n + 1), financial_year=year, issued_on=issued_on, due_on=due_on, issued_at=issued_at,
                    taxable_paise=500_00, total_paise=500_00,
                )
                for n, party in zip(numbers, made, strict=True)
            )  # fmt: skip
            OpenItem.objects.bulk_create(
                OpenItem(
                    business=business, party_id=invoice.party_id, side=OpenItem.Side.DEBIT, invoice=invoice,
                    dated_on=issued_on, due_on=due_on, total_paise=500_00,
                )
                for invoice in invoices
            )  # fmt: skip
            PartyBalance.objects.bulk_create(
                PartyBalance(business=business, party=party, debit_paise=500_00) for party in made
            )
    return business

"""Bring a sales register in: `manage.py import_sales <business-slug> <file> [--rejects PATH] [--json]`."""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Business
from accounts.money import grouped, rs
from ledger.drafting import DraftRefused
from ledger.imports import sales
from ledger.imports.register import Reason, RegisterRefused
from ledger.numbering import SeriesFull
from ledger.posting import PostingRefused

WIDTH = 40


class Command(BaseCommand):
    help = (
        "Read a CSV sales register (also gzipped) and post its parties, items, invoices, credit notes and cash sales. "
        "Every row ends as a line of a document or is rejected with a reason. Running it again adds nothing twice."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("business", help="slug of the business whose book it is")
        parser.add_argument("file", type=Path, help="the register, .csv or .csv.gz")
        parser.add_argument("--rejects", type=Path, help="write the rejected rows with their reasons to this CSV file")
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business {options['business']}.")
        progress = Progress(self.stderr)
        try:
            report = sales.import_sales(business, options["file"], options["rejects"], progress.tell)
        except (RegisterRefused, PostingRefused, DraftRefused, SeriesFull) as refused:
            raise CommandError(str(refused)) from refused
        except KeyboardInterrupt:
            raise CommandError("Stopped. Run it again to go on where it stopped.", returncode=130) from None
        finally:
            progress.end()
        self.stdout.write(json.dumps(asdict(report)) if options["json"] else said(report))


def said(report: sales.Report) -> str:
    """The report for a person."""
    rows = (report.rows_read, report.rows_on_documents, report.rows_rejected)
    money = (report.invoices_paise, report.credit_notes_paise, report.total_paise)
    lines = [
        "{} rows read = {} on documents + {} rejected".format(*map(grouped, rows)),
        f"{grouped(report.invoices)} invoices, {grouped(report.credit_notes)} credit notes",
        "{} - {} = {}".format(*map(rs, money)),
        "added now: {} documents, {} parties, {} items".format(
            *map(grouped, (report.documents_created, report.parties_created, report.items_created))
        ),
    ]
    lines += [f"rejected {grouped(count)}: {Reason(reason).label}" for reason, count in report.rejected.items()]
    return "\n".join(lines)


class Progress:
    """A bar on a terminal, else a line now and then; on stderr, so that stdout is the report alone."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._is_terminal = sys.stderr.isatty()
        self._next_at = time.monotonic() + 1
        self._open_line = False

    def tell(self, what: str, done: int, of: int) -> None:
        now, is_last = time.monotonic(), what == "post" and done == of
        if not is_last and now < self._next_at:
            return
        self._next_at = now + (0.1 if self._is_terminal else 5)
        if what == "read":
            text = f"reading: {grouped(done)} rows"
        else:
            filled = WIDTH * done // (of or 1)
            text = f"posting: [{'#' * filled:.<{WIDTH}}] {grouped(done)} of {grouped(of)} rows"
        self._stream.write(f"\r{text}\x1b[K" if self._is_terminal else text, ending="" if self._is_terminal else "\n")
        self._stream.flush()
        self._open_line = self._is_terminal

    def end(self) -> None:
        if self._open_line:
            self._stream.write("")

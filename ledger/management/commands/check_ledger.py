"""Prove the book: `manage.py check_ledger` prints every broken rule and exits 1 when there is one."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand

from ledger import integrity
from ledger.models import Entry


class Command(BaseCommand):
    help = "Check every rule of the ledger and say what is broken and where. Exits 1 when something is."

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        problems = 0
        for problem in integrity.check():
            problems += 1
            self.stderr.write(self.style.ERROR(str(problem)))
        if problems:
            self.stderr.write(self.style.ERROR(f"{problems} problems."))
            sys.exit(1)
        seconds = time.monotonic() - started
        self.stdout.write(
            f"The book is right: {len(integrity.RULES)} rules over {Entry.objects.count()} entries, {seconds:.1f} s."
        )

"""The book of a business as a double-entry journal: `manage.py export_journal ram-kirana --format hledger`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Business
from ledger.journal import FORMATS, journal


class Command(BaseCommand):
    help = "Write the whole book of a business as a journal for hledger or beancount, to a file or the output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("business", help="the slug of the business, as in /m/<slug>/")
        parser.add_argument("--format", choices=sorted(FORMATS), required=True)
        parser.add_argument("--output", type=Path, help="the file to write; it appears when it is complete")

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business {options['business']}.")
        pieces = journal(business, options["format"])
        if options["output"] is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        target: Path = options["output"]
        part = target.with_name(f"{target.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(pieces)
            part.replace(target)
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error}") from error
        finally:
            part.unlink(missing_ok=True)

"""A believable shop to look at: `manage.py seed_demo [--json]`."""

import argparse
import json
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.checks import LOOPBACK
from accounts.money import rs
from accounts.phones import pretty
from ledger import integrity
from ledger.demo import shop


class Command(BaseCommand):
    help = "Make the demo shop with a year of business, once; then say how to log in. Ends by proving the book."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if urlsplit(settings.SITE_URL).hostname not in LOOPBACK:
            raise CommandError("The demo's numbers are invented: it belongs on this machine, not on a public site.")
        try:
            facts = shop.seed()
        except shop.SeedRefused as refused:
            raise CommandError(str(refused)) from refused
        problems = list(integrity.check())
        for problem in problems:
            self.stderr.write(self.style.ERROR(str(problem)))
        if problems:
            raise CommandError(f"The book has {len(problems)} problems.")
        self.stdout.write(json.dumps(asdict(facts)) if options["json"] else said(facts))


def said(facts: shop.Facts) -> str:
    """How to log in, for a person."""
    site, balance = settings.SITE_URL, rs(facts.customer_balance_paise)
    return "\n".join(
        (
            "The demo shop is ready; its book is right.",
            f"Merchant   {site}/m/login/  mobile {pretty(facts.merchant_phone)}",
            f"Customer   {site}{facts.portal_path}  mobile {pretty(facts.customer_phone)}, balance {balance}",
            f"Invoice    {site}{facts.invoice_path}  {facts.invoice_number}, opens without login",
            f"Receipt    {site}{facts.receipt_path}  and statement {site}{facts.statement_path}",
            f"Helper     the customer's link with mobile {pretty(facts.helper_phone)}: may order, sees no balance",
            f"Two shops  mobile {pretty(facts.two_shops_phone)} buys here and from {facts.second_business_slug}",
            f"Other shop {site}/m/login/  mobile {pretty(facts.second_merchant_phone)}",
        )
    )

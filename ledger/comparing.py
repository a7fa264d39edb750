"""Somebody's paper beside the shop's book: does it name the same amount, day and account? A PDF can be forged; this asks.

Nothing is kept of what is typed.
"""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.money import ascii_digits, rupees
from ledger.confirming import DETAILS, Answer


@dataclass(frozen=True, slots=True)
class Difference:
    label: str
    on_paper: str
    in_book: str


@dataclass(frozen=True, slots=True)
class Account:
    """What the book says of an account somebody's paper names. `tone`: good, bad."""

    tone: str
    heading: str
    sentence: str


def differences(answer: Answer, amount_paise: int | None, dated_on: dt.date | None) -> list[Difference]:
    """Where the reader's paper differs from the book in its amount or day; None: not asked. [] when all agrees."""
    found = []
    if amount_paise is not None and amount_paise != answer.paise:
        found.append(Difference(_("Amount"), rupees(amount_paise), rupees(answer.paise)))
    if dated_on is not None and dated_on != answer.dated_on:
        days = (date_format(day, "DATE_FORMAT") for day in (dated_on, answer.dated_on))
        found.append(Difference(_("Date"), *days))
    return found


def account(answer: Answer, text: str) -> Account:
    """Whether the UPI id, account number or IFSC on the reader's paper is the shop's own of today."""
    typed = _bare(text)
    for name, label in DETAILS.items():
        if typed and typed == _bare(getattr(answer.business, name)):
            words = {"label": str(label), "shop": answer.business.name}
            return Account("good", _("The same"), _("This is the %(label)s of %(shop)s today.") % words)
    ask = _("Pay nothing to it before you have asked the shop on a number you know.")
    for name, label in DETAILS.items():
        if typed and typed == _bare(answer.before.get(name) or ""):
            words = {"label": str(label)}
            was = _("This was the shop’s %(label)s when the paper was issued, and it is not any more.") % words
            return Account("bad", _("No longer right"), f"{was} {ask}")
    not_theirs = _("This is not an account of the shop.")
    return Account("bad", _("Different"), f"{not_theirs} {ask}")


def _bare(text: str) -> str:
    """As two people would call it the same: no spaces and hyphens, capitals or not; of a UPI address its payee."""
    if text.strip().lower().startswith("upi:"):
        text = parse_qs(urlsplit(text.strip()).query).get("pa", [""])[0]
    bare = "".join(ascii_digits(text).split()).lower()
    return bare if "@" in bare else bare.replace("-", "")

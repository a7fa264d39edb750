"""Transactions as text: hledger's journal format and beancount's language.

Sources: hledger's manual, "Journal format"; beancount's "Language Syntax" and `core/account.py` (names of accounts).
"""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Protocol

from django.db import connection, transaction
from django.db.models import Q, Sum

from accounts.models import Business
from accounts.money import plain
from ledger.journal.happenings import ADVANCES, RECEIVABLE, Happening, Posting, happenings
from ledger.models import OpenItem

# An account, its paise.
Line = tuple[str, int]


class Format(Protocol):
    """How a journal is written. Accounts are opened where they are first used."""

    def head(self, business: Business) -> str: ...
    def leaf(self, name: str, pk: int) -> str:
        """The last part of a party's account: valid for any name, and never that of another party."""
        ...

    def opening(self, account: str, on: dt.date, party: str) -> str: ...
    def transaction(self, happening: Happening, lines: Iterable[Line]) -> str: ...
    def proof(self, on: dt.date, balances: Iterable[Line]) -> Iterator[str]:
        """What these accounts must come to at the end of a day."""
        ...


def one_line(text: str) -> str:
    """Text without control and other invisible characters, its white space made single spaces."""
    return " ".join(
        "".join(
            " " if unicodedata.category(char) == "Cc" else char
            for char in text
            if unicodedata.category(char) not in {"Cf", "Cs", "Cn", "Co"}
        ).split()
    )


class Hledger:
    _FORBIDDEN: ClassVar[dict[int, str]] = str.maketrans({":": "-", ";": ",", "|": "/", "(": "[", ")": "]"})

    def head(self, business: Business) -> str:
        return f"; {self._text(business.name)}\ndecimal-mark .\ncommodity 1000.00 INR\n"

    def leaf(self, name: str, pk: int) -> str:
        return f"{self._text(name)} {pk}".strip()

    def opening(self, account: str, on: dt.date, party: str) -> str:
        return f"\naccount {account}\n"

    def transaction(self, happening: Happening, lines: Iterable[Line]) -> str:
        head = f"\n{happening.on} ({self._text(happening.number)}) {self._text(happening.party)} | {self._text(happening.words)}\n"
        return head + "".join(f"    {account}  {plain(paise)} INR\n" for account, paise in lines)

    def proof(self, on: dt.date, balances: Iterable[Line]) -> Iterator[str]:
        yield f"\n{on} What every party's accounts come to\n"
        for account, paise in balances:
            yield f"    {account}  0.00 INR = {plain(paise)} INR\n"

    def _text(self, text: str) -> str:
        return one_line(text).translate(self._FORBIDDEN)


class Beancount:
    def head(self, business: Business) -> str:
        return f'option "title" {self._quoted(business.name)}\noption "operating_currency" "INR"\n'

    def leaf(self, name: str, pk: int) -> str:
        """Letters and digits of the name; it must begin with a capital or a digit, which not every script has."""
        kept = "".join(
            char if unicodedata.category(char)[0] == "L" or char.isdecimal() else "-"
            for char in unicodedata.normalize("NFC", name)
            if unicodedata.category(char)[0] != "M"
        )
        words = "-".join(filter(None, kept.split("-")))
        words = words[:1].upper() + words[1:] if len(words[:1].upper()) == 1 else words
        if not words or unicodedata.category(words[0]) not in {"Lu", "Nd"}:
            words = f"P-{words}".removesuffix("-")
        return f"{words}-{pk}"

    def opening(self, account: str, on: dt.date, party: str) -> str:
        name = f"  name: {self._quoted(party)}\n" if party else ""
        return f"\n{on} open {account} INR\n{name}"

    def transaction(self, happening: Happening, lines: Iterable[Line]) -> str:
        head = f"\n{happening.on} * {self._quoted(happening.party)} {self._quoted(happening.words)}\n"
        number = f"  number: {self._quoted(happening.number)}\n"
        return head + number + "".join(f"  {account}  {plain(paise)} INR\n" for account, paise in lines)

    def proof(self, on: dt.date, balances: Iterable[Line]) -> Iterator[str]:
        yield "\n"
        after = on + dt.timedelta(days=1)  # a balance is that of the morning
        for account, paise in balances:
            yield f"{after} balance {account}  {plain(paise)} ~ 0.00 INR\n"

    def _quoted(self, text: str) -> str:
        escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'


FORMATS: dict[str, type[Format]] = {"hledger": Hledger, "beancount": Beancount}


def journal(business: Business, form: str) -> Iterator[str]:
    """The journal in pieces of text; all of it tells of one moment, whoever writes meanwhile."""
    writer = FORMATS[form]()
    opened: dict[str, None] = {}
    parties: dict[tuple[str, int], str] = {}
    last: dt.date | None = None

    def account_of(posting: Posting, party: str) -> str:
        if not posting.party_id:
            return posting.account
        key = posting.account, posting.party_id
        if key not in parties:
            parties[key] = f"{posting.account}:{writer.leaf(party, posting.party_id)}"
        return parties[key]

    with one_moment():
        yield writer.head(business)
        for happening in happenings(business):
            lines = [(account_of(posting, happening.party), posting.paise) for posting in happening.postings]
            for posting, (account, _paise) in zip(happening.postings, lines, strict=True):
                if account not in opened:
                    opened[account] = None
                    yield writer.opening(account, happening.on, happening.party if posting.party_id else "")
            yield writer.transaction(happening, lines)
            last = happening.on
        if last:
            open_now = _open_now(business)
            yield from writer.proof(last, ((account, open_now.get(key, 0)) for key, account in parties.items()))


def _open_now(business: Business) -> dict[tuple[str, int], int]:
    """What is open, by (Receivable or Advances, party): asked of the open items, not of the entries."""
    found = (
        OpenItem.objects.filter(business=business, open_paise__gt=0)
        .order_by()
        .values_list("party_id")
        .annotate(
            debit=Sum("open_paise", filter=Q(side=OpenItem.Side.DEBIT), default=0),
            credit=Sum("open_paise", filter=Q(side=OpenItem.Side.CREDIT), default=0),
        )
    )
    open_now = {}
    for party, debit, credit in found:
        open_now[RECEIVABLE, party], open_now[ADVANCES, party] = debit, -credit
    return open_now


@contextmanager
def one_moment() -> Iterator[None]:
    """Every query inside sees the book as it is at the first of them; nobody is kept from writing."""
    if connection.in_atomic_block:  # the caller's transaction decides
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Django's own transactions take SQLite's one write lock at once; this one only reads.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")

"""What every posting shares: the party's lock, the guards, entries with their totals, open items and reversals."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from accounts import changes
from accounts.india import show_date, today
from accounts.models import Business, Party, User
from ledger import numbering
from ledger.models import (
    Adjustment,
    DayTotal,
    Entry,
    Invoice,
    MonthTotal,
    OpenItem,
    PartyBalance,
    Payment,
    Series,
)

Document = Invoice | Payment | Adjustment
Totals = dict[tuple[int, dt.date], list[int]]


class PostingRefused(Exception):
    """The book does not allow this; the message is for people and says what to do."""


def lock_party(business_id: int, party_id: int) -> Party:
    """The party, locked, with its business as it stands now."""
    parties = Party.objects.select_for_update(no_key=True, of=("self",)).select_related("business")
    return parties.get(business_id=business_id, pk=party_id)


def check_open_books(business: Business, on: dt.date) -> None:
    if business.books_closed_on and on <= business.books_closed_on:
        raise PostingRefused(
            _("The books are closed up to %(date)s. Choose a later date.")
            % {"date": show_date(business.books_closed_on)}
        )


def check_day(business: Business, on: dt.date) -> None:
    """Refuses a day to come, and a day in closed books; `write_entries` asks again when it can no longer change."""
    if on > today():
        raise PostingRefused(_("The date lies in the future. Choose today or an earlier day."))
    check_open_books(business, on)


def set_number(document: Document, taken: numbering.Taken) -> None:
    document.series, document.sequence, document.number = taken.series, taken.sequence, taken.number
    document.financial_year = taken.series.financial_year


def series_of(document: Document) -> Series.Kind:
    if isinstance(document, Invoice):
        return Series.Kind(document.kind)
    if isinstance(document, Adjustment):
        return Series.Kind.ADJUSTMENT
    return Series.Kind.RECEIPT if document.direction == Payment.Direction.RECEIVED else Series.Kind.PAYOUT


def write_entries(entries: Sequence[Entry]) -> None:
    """Insert entries and add them to the totals of their parties. Raises PostingRefused for a day in closed books.

    Each business is held by a lock that only closing its books waits for: asked after it, the answer stands until we
    commit.
    """
    Entry.objects.bulk_create(entries)
    for business in _held({entry.business_id for entry in entries}):
        check_open_books(business, min(entry.dated_on for entry in entries if entry.business_id == business.pk))
    months: Totals = defaultdict(lambda: [0, 0])
    days: Totals = defaultdict(lambda: [0, 0])
    balances: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    business_of = {}
    for entry in entries:
        business_of[entry.party_id] = entry.business_id
        for sums in (
            months[entry.party_id, entry.dated_on.replace(day=1)],
            days[entry.party_id, entry.dated_on],
            balances[entry.party_id],
        ):
            sums[0] += entry.debit_paise
            sums[1] += entry.credit_paise
    as_date = connection.ops.adapt_datefield_value
    for model, totals in ((MonthTotal, months), (DayTotal, days)):
        _upsert(
            model._meta.db_table,
            ("business_id", "party_id", "starts_on"),
            [(business_of[party], party, as_date(day), *sums) for (party, day), sums in sorted(totals.items())],
        )
    _upsert(
        PartyBalance._meta.db_table,
        ("business_id", "party_id"),
        [(business_of[party], party, *sums) for party, sums in sorted(balances.items())],
    )


def _held(business_ids: set[int]) -> list[Business]:
    """The businesses as they stand, which nobody can close until we commit; many may hold one at once.

    The rows' own foreign keys would do it, but PostgreSQL checks them at commit only: they are deferred. SQLite has
    one writer at a time.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM accounts_business WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [list(business_ids)]
            )
    return list(Business.objects.filter(pk__in=business_ids))


def _upsert(table: str, key: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    columns = (*key, "debit_paise", "credit_paise")
    marks = ", ".join(["%s"] * len(columns))
    sql = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) "  # noqa: S608  names of ours only
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET "
        f"debit_paise = {table}.debit_paise + excluded.debit_paise, "
        f"credit_paise = {table}.credit_paise + excluded.credit_paise"
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def is_debit(document: Document) -> bool:
    """Invoices and refunds raise what the party owes; credit notes, receipts and TDS lower it."""
    if isinstance(document, Invoice):
        return document.kind == Invoice.Kind.INVOICE
    if isinstance(document, Adjustment):
        return document.side == Adjustment.Side.DEBIT
    return document.direction == Payment.Direction.PAID


def _facts(document: Document) -> tuple[Entry.Kind, dt.date, dt.date, int, dict[str, Any]]:
    """(kind of entry, date, due date, paise, the column that names the source)."""
    if isinstance(document, Invoice):
        kind = Entry.Kind(document.kind)
        return kind, document.issued_on, document.due_on, document.total_paise, {"invoice": document}
    if isinstance(document, Adjustment):
        on = document.dated_on
        return Entry.Kind(document.kind), on, on, document.amount_paise, {"adjustment": document}
    kind = Entry.Kind.REFUND if is_debit(document) else Entry.Kind.PAYMENT
    return kind, document.paid_on, document.paid_on, document.amount_paise, {"payment": document}


def entry_for(document: Document, by: User | None) -> Entry:
    kind, on, _due, amount, source = _facts(document)
    debit = is_debit(document)
    return Entry(
        business_id=document.business_id,
        party_id=document.party_id,
        dated_on=on,
        kind=kind,
        debit_paise=amount if debit else 0,
        credit_paise=0 if debit else amount,
        posted_by=by,
        **source,
    )


def open_item_for(document: Document) -> OpenItem:
    _kind, on, due, amount, source = _facts(document)
    return OpenItem(
        business_id=document.business_id,
        party_id=document.party_id,
        side=OpenItem.Side.DEBIT if is_debit(document) else OpenItem.Side.CREDIT,
        dated_on=on,
        due_on=due,
        total_paise=amount,
        **source,
    )


def post(document: Document, by: User | None) -> OpenItem:
    """The open item and the entry of a document that has just been saved; 0 paise post no entry."""
    item = open_item_for(document)
    item.save()
    document.open_item = item
    if item.total_paise:
        write_entries([entry_for(document, by)])
    _note(document)
    return item


def reverse(document: Document, by: User | None) -> dt.date:
    """Post the opposite of the document's entry: on its date, or today when the books are closed there.

    Returns that date; a document of 0 paise has one too, but no entry.
    """
    _kind, dated_on, _due, _paise, _source = _facts(document)
    on = _reversal_date(document.business, dated_on)
    _note(document)
    entry = document.entries.filter(reverses=None).first()
    if entry is None:
        for business in _held({document.business_id}):
            check_open_books(business, on)
        return on
    write_entries(
        [
            Entry(
                business_id=entry.business_id,
                party_id=entry.party_id,
                dated_on=on,
                kind=Entry.Kind.REVERSAL,
                invoice_id=entry.invoice_id,
                payment_id=entry.payment_id,
                adjustment_id=entry.adjustment_id,
                reverses=entry,
                debit_paise=entry.credit_paise,
                credit_paise=entry.debit_paise,
                posted_by=by,
            )
        ]
    )
    return on


def _note(document: Document) -> None:
    changes.note(document.business_id, document.party_id, changes.Kind.BALANCE, document.public_id)


def _reversal_date(business: Business, dated_on: dt.date) -> dt.date:
    closed = business.books_closed_on and dated_on <= business.books_closed_on
    on = today() if closed else dated_on
    check_open_books(business, on)
    return on

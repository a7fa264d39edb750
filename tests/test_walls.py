"""The database itself refuses what the business forbids, on both engines: every forbidden write is tried for real."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import IntegrityError, OperationalError, connection, migrations, models, transaction
from django.db.migrations.loader import MigrationLoader

from accounts import walls
from accounts.models import Activity, Business, IdempotencyKey, Message, Party, User
from accounts.walls import TenantKey
from catalog.models import StockMovement
from ledger import integrity, posting, sharing
from ledger.models import Adjustment, Allocation, Entry, Invoice, InvoiceLine, OpenItem, Payment, Series
from tests import factories
from tests.factories import Book

OURS = {"accounts", "catalog", "ledger"}
# A reference that no composite key guards, and what guards it instead.
GUARDED_OTHERWISE = {
    ("ledger_entry", "reverses_id"): "the trigger reversal_stays_with_its_entry",
    ("ledger_invoiceline", "original_line_id"): "the trigger credited_line_is_of_the_original",
}
# A login code belongs to no business; every other message does.
MAY_LACK_A_BUSINESS = {"accounts_message"}


def tenant_models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in OURS
        and any(f.many_to_one or f.one_to_one for f in model._meta.concrete_fields if f.name == "business")
    ]


def tenant_keys() -> list[tuple[type[models.Model], TenantKey]]:
    return [
        (model, constraint)
        for model in tenant_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, TenantKey)
    ]


def references_to_tenants(model: type[models.Model]) -> Iterator[tuple[str, str]]:
    """(column, target table) of each reference to a row that itself belongs to a business."""
    tables = {m._meta.db_table for m in tenant_models()}
    for field in model._meta.concrete_fields:
        related = field.related_model
        assert field.column
        if isinstance(related, type) and related._meta.db_table in tables:
            yield field.column, related._meta.db_table
        elif related is None and field.column == "party_id":
            yield field.column, Party._meta.db_table


@pytest.fixture
def two_books(transactional_db: None) -> tuple[Book, Book]:
    """Two shops that look alike, each with a row in every tenant table."""
    books = factories.make_book("Ramesh"), factories.make_book("Suresh")
    for one in books:  # a message that took the next way
        sharing.send(one.invoice_link, "sms", one.owner)
        Message.objects.filter(business=one.business).exclude(pk=one.message.pk).update(follows=one.message)
    return books


@pytest.fixture
def book(two_books: tuple[Book, Book]) -> Book:
    return two_books[0]


# --- What the models promise ---------------------------------------------------------------------------------


def test_there_are_tenant_tables_to_speak_of() -> None:
    assert len(tenant_models()) >= 24
    assert len(tenant_keys()) >= 34


@pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model._meta.label)
def test_every_reference_between_tenant_rows_is_guarded_by_a_composite_key(model: type[models.Model]) -> None:
    guarded = {
        (column, key.target)
        for owner, key in tenant_keys()
        if owner is model and key.columns[0] == "business_id" and key.target_columns[0] == "business_id"
        for column in key.columns
    }
    # The party in (business, party, side, item) is the item's own, which is guarded there.
    carried = {column for owner, key in tenant_keys() if owner is model for column in key.columns[1:-1]}
    open_doors = [
        (column, target)
        for column, target in references_to_tenants(model)
        if (column, target) not in guarded
        and column not in carried
        and (model._meta.db_table, column) not in GUARDED_OTHERWISE
    ]
    assert open_doors == []


@pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model._meta.label)
def test_every_tenant_table_has_its_business(model: type[models.Model], db: None) -> None:
    """NOT NULL in the database, not only in the model."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        columns = {column.name: column for column in connection.introspection.get_table_description(cursor, table)}
    assert columns["business_id"].null_ok is (table in MAY_LACK_A_BUSINESS)


def test_constraints_are_named_as_sentences() -> None:
    """Written by us, not made up by Django: `entry_is_debit_or_credit`, not `ledger_entry_check1`."""
    unnamed = [
        constraint.name
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for constraint in model._meta.constraints
        if "_" not in constraint.name or constraint.name.startswith(tuple(f"{app}_" for app in OURS))
    ]
    assert unnamed == []


def test_the_database_has_every_constraint_of_the_models(db: None) -> None:
    """A constraint written in a model and forgotten in a migration guards nothing."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
            present = "\n".join(row[0] for row in cursor.fetchall())
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
            present = "\n".join(row[0] for row in cursor.fetchall())
    missing = [
        constraint.name
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for constraint in model._meta.constraints
        if constraint.name not in present
    ]
    assert missing == []


# --- Rows of another business --------------------------------------------------------------------------------


def test_no_row_can_point_into_another_business(two_books: tuple[Book, Book]) -> None:
    """Each composite key is attacked by moving one of its columns to the other shop's row of the same kind.

    Without the triggers, so that it is the key that refuses.
    """
    ours, theirs = two_books
    walls.remove_triggers(connection)
    accepted = []
    for model, key in tenant_keys():
        table = connection.ops.quote_name(model._meta.db_table)
        attacked = key.columns[-1]
        row = model._default_manager.filter(business_id=ours.business.pk).exclude(**{attacked: None}).first()
        assert row is not None, f"make_book makes no {model._meta.label} with {attacked}: add it there"
        for column, value in (
            (attacked, _row_of(key.target, theirs.business.pk)),
            ("business_id", theirs.business.pk),
        ):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, row.pk])
            except IntegrityError:
                continue
            accepted.append(f"{key.name}: {model._meta.label}.{column}")
    walls.install_triggers(connection)
    assert accepted == []


def _row_of(table: str, business_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(id) FROM {table} WHERE business_id = %s", [business_id])
        (pk,) = cursor.fetchone()
    assert pk is not None, f"make_book makes no row in {table}: add it there"
    return int(pk)


def test_a_document_cannot_be_moved_to_another_party_of_the_same_shop(book: Book) -> None:
    """The keys of the book carry the party too: no entry, open item or allocation of one party for another's bill."""
    walls.remove_triggers(connection)
    accepted = []
    for model in (Entry, OpenItem, Allocation):
        row = model.objects.filter(party=book.party).first()
        assert row is not None
        try:
            with transaction.atomic():
                model.objects.filter(pk=row.pk).update(party_id=book.other_party.pk)
        except IntegrityError:
            continue
        accepted.append(model._meta.label)
    walls.install_triggers(connection)
    assert accepted == []


def test_a_reversal_stays_with_the_party_and_business_of_its_entry(two_books: tuple[Book, Book]) -> None:
    ours, theirs = two_books
    entry = Entry.objects.filter(business=ours.business, party=ours.party, kind="invoice").first()
    assert entry is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(
            business=theirs.business,
            party=theirs.party,
            dated_on=entry.dated_on,
            kind=Entry.Kind.REVERSAL,
            invoice=theirs.invoice,
            reverses=entry,
            credit_paise=entry.debit_paise,
        )


def test_a_credit_note_takes_back_only_lines_of_the_invoice_that_it_corrects(two_books: tuple[Book, Book]) -> None:
    """Neither another invoice's of the same party, nor another shop's, nor any line where it corrects no invoice."""
    ours, theirs = two_books
    draft = factories.make_credit_note(original=ours.invoice, issued=False, lines=[factories.line(paise=1_00)])
    alone = factories.make_credit_note(ours.party, issued=False)
    good, other = ours.invoice.lines.get(), factories.make_invoice(ours.party).lines.get()
    attacks = [(draft, other.pk), (draft, theirs.invoice.lines.get().pk), (draft, 10**15), (alone, good.pk)]
    accepted = []
    for note, line_id in attacks:
        for attack in (_points_to, _adds_a_line_for):
            try:
                with transaction.atomic():
                    attack(note, line_id)
            except IntegrityError:
                continue
            accepted.append((note.pk, line_id, attack.__name__))
    assert accepted == []
    _points_to(draft, good.pk)
    draft.lines.all().delete()
    _adds_a_line_for(draft, good.pk)


def _points_to(note: Invoice, line_id: int) -> None:
    assert note.lines.update(original_line_id=line_id) == 1


def _adds_a_line_for(note: Invoice, line_id: int) -> None:
    InvoiceLine.objects.create(
        business_id=note.business_id,
        invoice=note,
        position=7,
        original_line_id=line_id,
        description="x",
        quantity_milli=1_000,
        unit_price_e4=0,
        taxable_paise=note.taxable_paise,
        total_paise=note.taxable_paise,
    )


# --- Every other forbidden write -----------------------------------------------------------------------------


def _sql(statement: str, **ids: Any) -> Callable[[], None]:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement.format(**ids))

    return run


def forbidden_writes(book: Book) -> dict[str, Callable[[], Any]]:
    """What nobody may do, by raw SQL and through the ORM: sentence -> the deed."""
    entry = Entry.objects.filter(invoice=book.invoice).get()
    item = OpenItem.objects.get(invoice=book.invoice)
    line, draft_line = book.invoice.lines.get(), book.draft.lines.get()
    adjustment = book.adjustment
    allocation = Allocation.objects.filter(debit=item).first()
    movement = StockMovement.objects.filter(business=book.business).first()
    activity = Activity.objects.filter(business=book.business).first()
    assert allocation
    assert movement
    assert activity
    deeds: dict[str, Callable[[], Any]] = {
        "an entry's amount is changed by SQL": _sql(
            "UPDATE ledger_entry SET debit_paise = 1 WHERE id = {pk}", pk=entry.pk
        ),
        "an entry's amount is changed by the ORM": lambda: Entry.objects.filter(pk=entry.pk).update(debit_paise=1),
        "an entry is saved again": entry.save,
        "an entry is deleted by SQL": _sql("DELETE FROM ledger_entry WHERE id = {pk}", pk=entry.pk),
        "an entry is deleted by the ORM": lambda: Entry.objects.filter(pk=entry.pk).delete(),
        "all entries are deleted": _sql("DELETE FROM ledger_entry"),
        "an entry is both debit and credit": lambda: _new_entry(book, debit_paise=5, credit_paise=5),
        "an entry is neither": lambda: _new_entry(book),
        "an entry is negative": lambda: _new_entry(book, debit_paise=-5),
        "an entry has two sources": lambda: _new_entry(book, debit_paise=5, payment=book.payment),
        "an entry has no source": lambda: _new_entry(book, debit_paise=5, invoice=None),
        "a reversal reverses nothing": lambda: _new_entry(book, credit_paise=5, kind="reversal"),
        "an invoice posts twice": lambda: _new_entry(book, debit_paise=5),
        "an issued invoice's number is changed": _sql(
            "UPDATE ledger_invoice SET number = 'X/1' WHERE id = {pk}", pk=book.invoice.pk
        ),
        "an issued invoice becomes a draft": lambda: Invoice.objects.filter(pk=book.invoice.pk).update(
            status="draft", number="", sequence=None, issued_at=None
        ),
        "an issued invoice is deleted by SQL": _sql("DELETE FROM ledger_invoice WHERE id = {pk}", pk=book.invoice.pk),
        "a cancelled invoice comes back": lambda: Invoice.objects.filter(pk=book.cancelled.pk).update(
            status="issued", cancelled_at=None, cancelled_on=None
        ),
        "a cancellation moves to another day": lambda: Invoice.objects.filter(pk=book.cancelled.pk).update(
            cancelled_on=book.cancelled.issued_on + dt.timedelta(days=1)
        ),
        "a cancelled invoice is deleted": _sql("DELETE FROM ledger_invoice WHERE id = {pk}", pk=book.cancelled.pk),
        "a cancelled invoice's snapshot is changed": lambda: Invoice.objects.filter(pk=book.cancelled.pk).update(
            buyer={}
        ),
        "an invoice is cancelled without a time": lambda: Invoice.objects.filter(pk=book.invoice.pk).update(
            status="cancelled"
        ),
        "a draft gets a number": lambda: Invoice.objects.filter(pk=book.draft.pk).update(number="INV/1"),
        "a total is not the sum of its parts": lambda: Invoice.objects.filter(pk=book.draft.pk).update(total_paise=1),
        "an amount is negative": lambda: Invoice.objects.filter(pk=book.draft.pk).update(
            taxable_paise=-1, total_paise=-1
        ),
        "IGST stands beside CGST": lambda: Invoice.objects.filter(pk=book.draft.pk).update(
            igst_paise=1, cgst_paise=1, total_paise=models.F("total_paise") + 2
        ),
        "a due date lies before the date": lambda: Invoice.objects.filter(pk=book.draft.pk).update(due_on="2001-01-01"),
        "an issued invoice's line is changed by SQL": _sql(
            "UPDATE ledger_invoiceline SET description = 'x' WHERE id = {pk}", pk=line.pk
        ),
        "an issued invoice's line is changed by the ORM": lambda: InvoiceLine.objects.filter(pk=line.pk).update(
            hsn="1"
        ),
        "an issued invoice's line is deleted": lambda: InvoiceLine.objects.filter(pk=line.pk).delete(),
        "an issued invoice's line moves to a draft": lambda: InvoiceLine.objects.filter(pk=line.pk).update(
            invoice=book.draft, position=9
        ),
        "a draft's line moves to an issued invoice": lambda: InvoiceLine.objects.filter(pk=draft_line.pk).update(
            invoice=book.invoice, position=9
        ),
        "an issued invoice gets another line": lambda: InvoiceLine.objects.create(
            business=book.business,
            invoice=book.invoice,
            position=9,
            description="x",
            quantity_milli=1,
            unit_price_e4=0,
            taxable_paise=0,
            total_paise=0,
        ),
        "a line of nothing": lambda: InvoiceLine.objects.filter(pk=draft_line.pk).update(quantity_milli=0),
        "a payment's amount is changed by SQL": _sql(
            "UPDATE ledger_payment SET amount_paise = 1 WHERE id = {pk}", pk=book.payment.pk
        ),
        "a payment's reference is changed": lambda: Payment.objects.filter(pk=book.payment.pk).update(reference="x"),
        "a payment's date is changed": lambda: Payment.objects.filter(pk=book.payment.pk).update(paid_on="2020-01-01"),
        "a payment is deleted by SQL": _sql("DELETE FROM ledger_payment WHERE id = {pk}", pk=book.payment.pk),
        "a payment is cancelled without a time": lambda: Payment.objects.filter(pk=book.payment.pk).update(
            status="cancelled"
        ),
        "an adjustment's amount is changed by SQL": _sql(
            "UPDATE ledger_adjustment SET amount_paise = 1 WHERE id = {pk}", pk=adjustment.pk
        ),
        "an adjustment's date is changed": lambda: Adjustment.objects.filter(pk=adjustment.pk).update(
            dated_on="2020-01-01"
        ),
        "an adjustment changes sides": lambda: Adjustment.objects.filter(pk=adjustment.pk).update(side="D"),
        "an adjustment's reason is changed": lambda: Adjustment.objects.filter(pk=adjustment.pk).update(reason="x"),
        "an adjustment gets another number": lambda: Adjustment.objects.filter(pk=adjustment.pk).update(number="X/1"),
        "an adjustment is deleted by SQL": _sql("DELETE FROM ledger_adjustment WHERE id = {pk}", pk=adjustment.pk),
        "an adjustment is cancelled without a time": lambda: Adjustment.objects.filter(pk=adjustment.pk).update(
            status="cancelled"
        ),
        "a cancelled adjustment comes back": lambda: [
            posting.cancel_adjustment(adjustment, book.owner, "wrong"),
            Adjustment.objects.filter(pk=adjustment.pk).update(status="recorded", cancelled_at=None),
        ],
        "an adjustment of nothing": lambda: _new_adjustment(book, amount_paise=0),
        "a write-off without a reason": lambda: _new_adjustment(book, reason=""),
        "tax deducted that raises what they owe": lambda: _new_adjustment(book, kind="tds", side="D"),
        "a write-off that comes with a payment": lambda: _new_adjustment(book, payment=book.payment),
        "an adjustment with another party's payment": lambda: _new_adjustment(
            book, kind="tds", payment=book.taxed_payment
        ),
        "a second opening balance": lambda: [_new_adjustment(book, n, kind="opening") for n in (901, 902)],
        "a number twice among adjustments": lambda: _new_adjustment(book, number=adjustment.number),
        "an adjustment posts twice": lambda: _new_entry(
            book, credit_paise=5, invoice=None, adjustment=adjustment, kind="write_off"
        ),
        "an entry of a payment and an adjustment": lambda: _new_entry(
            book, credit_paise=5, invoice=None, payment=book.payment, adjustment=adjustment
        ),
        "an invoice is replaced twice": lambda: [
            factories.make_draft(book.party, by=book.owner) and _draft_replaces(book) for _ in range(2)
        ],
        "tax stands on a document under reverse charge": lambda: Invoice.objects.filter(pk=book.draft.pk).update(
            reverse_charge=True, igst_paise=1, total_paise=models.F("total_paise") + 1
        ),
        "tax stands on an export under undertaking": lambda: Invoice.objects.filter(pk=book.draft.pk).update(
            under_lut=True,
            supply_kind="export",
            is_inter_state=True,
            igst_paise=1,
            total_paise=models.F("total_paise") + 1,
        ),
        "an export within the State": lambda: Invoice.objects.filter(pk=book.draft.pk).update(supply_kind="export"),
        "an undertaking for a sale in India": lambda: Invoice.objects.filter(pk=book.draft.pk).update(
            under_lut=True, is_inter_state=True
        ),
        "goods stand outside the taxable value": lambda: InvoiceLine.objects.filter(pk=draft_line.pk).update(
            in_taxable_value=False, untaxed_paise=models.F("taxable_paise"), taxable_paise=0
        ),
        "a line within the value has a part outside": lambda: InvoiceLine.objects.filter(pk=draft_line.pk).update(
            untaxed_paise=1, total_paise=models.F("total_paise") + 1
        ),
        "a line's total is not the sum of its parts": lambda: InvoiceLine.objects.filter(pk=draft_line.pk).update(
            total_paise=models.F("total_paise") + 1
        ),
        "a series goes back before its first number": lambda: Series.objects.filter(invoices=book.invoice).update(
            first_number=models.F("next_number") + 1
        ),
        "a series begins at nothing": lambda: Series.objects.filter(invoices=book.invoice).update(first_number=0),
        "two default series of a year": lambda: Series.objects.create(
            business=book.business,
            kind="invoice",
            financial_year=book.invoice.financial_year,
            pattern="X#",
            is_default=True,
        ),
        "an open item is deleted": _sql("DELETE FROM ledger_openitem WHERE id = {pk}", pk=item.pk),
        "an open item's total is raised": lambda: OpenItem.objects.filter(pk=item.pk).update(
            total_paise=models.F("total_paise") + 1
        ),
        "an open item moves to another party": lambda: OpenItem.objects.filter(pk=item.pk).update(
            party=book.other_party
        ),
        "an open item changes sides": lambda: OpenItem.objects.filter(pk=item.pk).update(side="C"),
        "more is settled than there is": lambda: OpenItem.objects.filter(pk=item.pk).update(
            settled_paise=models.F("total_paise") + 1
        ),
        "less than nothing is settled": lambda: OpenItem.objects.filter(pk=item.pk).update(settled_paise=-1),
        "an allocation of nothing": lambda: Allocation.objects.filter(pk=allocation.pk).update(amount_paise=0),
        "a debit settles a debit": lambda: Allocation.objects.filter(pk=allocation.pk).update(credit=item),
        "an allocation lies about its sides": lambda: Allocation.objects.filter(pk=allocation.pk).update(
            credit_side="D"
        ),
        "a stock movement is changed": lambda: StockMovement.objects.filter(pk=movement.pk).update(delta_milli=1),
        "a stock movement is deleted": _sql("DELETE FROM catalog_stockmovement WHERE id = {pk}", pk=movement.pk),
        "an activity is changed": lambda: Activity.objects.filter(pk=activity.pk).update(verb="nothing"),
        "an activity is deleted": _sql("DELETE FROM accounts_activity WHERE id = {pk}", pk=activity.pk),
        "a party is deleted under its documents": _sql("DELETE FROM accounts_party WHERE id = {pk}", pk=book.party.pk),
        "a business is deleted under its documents": _sql(
            "DELETE FROM accounts_business WHERE id = {pk}", pk=book.business.pk
        ),
        "an order is billed twice": lambda: [factories.make_draft(book.party, order=book.order) for _ in range(2)],
        "an invoice number is used twice": lambda: Invoice.objects.filter(pk=book.draft.pk).update(
            status="issued",
            number=book.invoice.number,
            financial_year=book.invoice.financial_year,
            sequence=999,
            series=book.invoice.series,
            issued_at=book.invoice.issued_at,
        ),
        "a second walk-in party": lambda: [
            Party.objects.create(business=book.business, name="Counter", is_walk_in=True) for _ in range(2)
        ],
        "a number twice under one party": lambda: book.party.people.create(
            business=book.business, phone=book.helper_phone
        ),
        "two main numbers": lambda: book.party.people.update(is_main=True),
        "a credit limit below zero": lambda: Party.objects.filter(pk=book.party.pk).update(credit_limit_paise=-1),
        "a registered business without GSTIN": lambda: Business.objects.filter(pk=book.business.pk).update(
            scheme="regular"
        ),
        "two users of one number": lambda: User.objects.create_user(phone=str(book.owner.phone)),
        "a form key used twice": lambda: IdempotencyKey.objects.bulk_create(
            [IdempotencyKey(business=book.business, user=book.owner, purpose="p", key="k", fingerprint="f")] * 2
        ),
        "a message about another shop's party": lambda: Message.objects.filter(pk=book.message.pk).update(
            party_id=factories.make_party().pk
        ),
    }
    return deeds


def _new_entry(book: Book, **fields: Any) -> Entry:
    values = {"kind": "invoice", "invoice": book.invoice} | fields
    return Entry.objects.create(business=book.business, party=book.party, dated_on=book.invoice.issued_on, **values)


def _new_adjustment(book: Book, sequence: int = 900, **fields: Any) -> Adjustment:
    values = {"kind": "write_off", "side": "C", "amount_paise": 5, "reason": "x", "number": f"X/{sequence}"} | fields
    return Adjustment.objects.create(
        business=book.business,
        party=book.party,
        series=book.adjustment.series,
        sequence=sequence,
        financial_year=book.adjustment.financial_year,
        dated_on=book.adjustment.dated_on,
        **values,
    )


def _draft_replaces(book: Book) -> int:
    newest = Invoice.objects.filter(business=book.business, status="draft").latest("pk")
    return Invoice.objects.filter(pk=newest.pk).update(replaces=book.other_invoice)


def test_the_database_refuses_every_forbidden_write(book: Book) -> None:
    accepted, before = [], _fingerprint()
    for deed, do in forbidden_writes(book).items():
        try:
            with transaction.atomic():
                do()
        except (IntegrityError, models.ProtectedError):
            continue
        accepted.append(deed)
    assert accepted == []
    assert _fingerprint() == before


def _fingerprint() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in tenant_models()}


def test_what_the_business_allows_still_works(book: Book) -> None:
    """The walls stand beside the road, not across it: drafts change and go, issued papers are cancelled."""
    Invoice.objects.filter(pk=book.draft.pk).update(notes="changed")
    book.draft.lines.update(description="changed")
    book.draft.lines.all().delete()
    book.draft.delete()
    posting.cancel_invoice(book.credit_note, book.owner, "wrong")
    posting.cancel_invoice(book.credited, book.owner, "wrong")
    posting.cancel_payment(book.payment, book.owner, "bounced")
    posting.cancel_payment(book.taxed_payment, book.owner, "bounced")
    posting.cancel_adjustment(book.adjustment, book.owner, "wrong")
    posting.cancel_invoice(book.invoice, book.owner, "wrong")
    assert list(integrity.check()) == []


# --- Triggers that are missing or old ------------------------------------------------------------------------


def test_every_trigger_stands_after_migrate(db: None) -> None:
    assert walls.missing_triggers(connection) == []


def test_a_missing_trigger_is_reported_and_comes_back_with_the_next_migrate(transactional_db: None) -> None:
    walls.remove_triggers(connection)
    missing = walls.missing_triggers(connection)
    assert "entry_is_append_only_update" in missing
    assert {(p.rule, p.where) for p in integrity.check()} == {("every trigger stands", f"missing {n}") for n in missing}
    call_command("migrate", verbosity=0, interactive=False)
    assert walls.missing_triggers(connection) == []


def test_a_trigger_of_an_earlier_release_is_reported_and_replaced(transactional_db: None) -> None:
    """A new column of a frozen table must be frozen too, although a trigger of that name stands already."""
    old = walls.Refusal(
        "entry_is_append_only", "ledger_entry", ("UPDATE", "DELETE"), "entries are append-only", "OLD.id < 0"
    )
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER entry_is_append_only_update")
            cursor.execute(old.sqlite()[0])
        else:
            cursor.execute(old.postgresql()[0])
    assert "entry_is_append_only_update" in walls.missing_triggers(connection)
    walls.install_triggers(connection)
    assert walls.missing_triggers(connection) == []


@pytest.mark.postgres
def test_a_trigger_that_is_switched_off_counts_as_missing(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER entry_is_append_only_update")
    assert walls.missing_triggers(connection) == ["entry_is_append_only_update"]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER entry_is_append_only_update")


def test_a_remade_table_loses_its_triggers_on_sqlite_and_gets_them_back(transactional_db: None) -> None:
    """Why they are made on post_migrate: SQLite's schema editor remakes a table for most changes."""
    field = Entry._meta.get_field("posted_at")
    if connection.vendor == "sqlite":
        with connection.schema_editor() as editor:
            editor._remake_table(Entry)  # type: ignore[attr-defined]
        assert "entry_is_append_only_update" in walls.missing_triggers(connection)
    call_command("migrate", verbosity=0, interactive=False)
    assert walls.missing_triggers(connection) == []
    assert field.column == "posted_at"


# --- A release that remakes tables ------------------------------------------------------------------------------


class _Release(migrations.Migration):
    """What a later release may do: a longer column in tables that triggers guard, and that triggers of others read."""

    operations: ClassVar = [
        migrations.AlterField("invoice", "reference", models.CharField(max_length=60, blank=True)),
        migrations.AlterField("invoiceline", "description", models.CharField(max_length=250)),
        migrations.AlterField("entry", "kind", models.CharField(max_length=20)),
    ]


def _apply(*, backwards: bool) -> None:
    """The release, as `manage.py migrate` does it: its signals before and after, its schema editor between."""
    release = _Release("release", "ledger")
    plan = [(release, backwards)]
    emit_pre_migrate_signal(0, False, connection.alias, plan=plan)
    before = MigrationLoader(connection).project_state()
    with connection.schema_editor(atomic=True) as editor:
        (release.unapply if backwards else release.apply)(before, editor)
    emit_post_migrate_signal(0, False, connection.alias, plan=plan)


def test_a_book_with_data_is_migrated_by_remaking_tables_and_its_triggers_stand_again(book: Book) -> None:
    before = _fingerprint(), list(Entry.objects.order_by("pk").values())
    _apply(backwards=False)
    try:
        assert walls.missing_triggers(connection) == []
        assert list(integrity.check()) == []
        assert (_fingerprint(), list(Entry.objects.order_by("pk").values())) == before
        for deed in (
            "an entry is deleted by SQL",
            "an issued invoice's line is deleted",
            "a payment is deleted by SQL",
        ):
            forbidden = forbidden_writes(book)[deed]
            with pytest.raises(IntegrityError), transaction.atomic():
                forbidden()
        with pytest.raises(IntegrityError), transaction.atomic():
            Entry.objects.filter(party=book.party).update(party_id=book.other_party.pk)
    finally:
        _apply(backwards=True)
    assert walls.missing_triggers(connection) == []
    assert (_fingerprint(), list(Entry.objects.order_by("pk").values())) == before


@pytest.mark.skipif("postgresql" in settings.DATABASES["default"]["ENGINE"], reason="PostgreSQL remakes no table")
def test_without_taking_the_triggers_away_sqlite_cannot_remake_a_table(book: Book) -> None:
    """The control: why there is a pre_migrate receiver. These are the steps of Django's own remake."""
    rename = _sql("ALTER TABLE new__ledger_invoice RENAME TO ledger_invoice")
    with transaction.atomic():
        _sql("CREATE TABLE new__ledger_invoice AS SELECT * FROM ledger_invoice")()
        _sql("DROP TABLE ledger_invoice")()
        with pytest.raises(OperationalError, match="error in trigger"):
            rename()
        transaction.set_rollback(True)
    assert walls.missing_triggers(connection) == []
    assert list(integrity.check()) == []

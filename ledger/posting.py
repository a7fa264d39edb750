"""The only writer of entries, open items, allocations and totals.

Every public function: guard, atomic, lock the party, then invoices by id, then the series row, re-read, check, write.
Effects on the outside (messages) are the caller's, through the outbox. All amounts are paise.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import activity
from accounts.india import financial_year, show_date, today
from accounts.models import Business, Party, User
from accounts.money import rupees
from catalog import stock
from catalog.models import Item
from ledger import numbering, snapshots
from ledger.models import (
    Allocation,
    DayTotal,
    Entry,
    Invoice,
    InvoiceLine,
    MonthTotal,
    OpenItem,
    PartyBalance,
    Payment,
    Series,
)

Totals = dict[tuple[int, dt.date], list[int]]


class PostingRefused(Exception):
    """The book does not allow this; the message is for people and says what to do."""


# --- primitives ---------------------------------------------------------------------------------------------


def _lock_party(business_id: int, party_id: int) -> Party:
    return Party.objects.select_for_update(no_key=True).get(business_id=business_id, pk=party_id)


def _check_open_books(business: Business, on: dt.date) -> None:
    if business.books_closed_on and on <= business.books_closed_on:
        raise PostingRefused(
            _("The books are closed up to %(date)s. Choose a later date.")
            % {"date": show_date(business.books_closed_on)}
        )


def _check_invoice(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    if not lines:
        raise PostingRefused(_("Add at least one line before you issue."))
    if invoice.issued_on > today():
        raise PostingRefused(_("The date lies in the future. Choose today or an earlier day."))
    _check_open_books(invoice.business, invoice.issued_on)
    if invoice.original_id:
        _check_original(invoice)


def _set_number(document: Invoice | Payment, taken: numbering.Taken) -> None:
    document.series, document.sequence, document.number = taken.series, taken.sequence, taken.number
    document.financial_year = taken.series.financial_year


def _series_of(payment: Payment) -> Series.Kind:
    return Series.Kind.RECEIPT if payment.direction == Payment.Direction.RECEIVED else Series.Kind.PAYOUT


def _write_entries(entries: Sequence[Entry]) -> None:
    """Insert entries and add them to the totals of their parties."""
    Entry.objects.bulk_create(entries)
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


def _is_debit(document: Invoice | Payment) -> bool:
    """Invoices and refunds raise what the party owes; credit notes and receipts lower it."""
    if isinstance(document, Invoice):
        return document.kind == Invoice.Kind.INVOICE
    return document.direction == Payment.Direction.PAID


def _entry_for(document: Invoice | Payment, by: User | None) -> Entry:
    debit = _is_debit(document)
    if isinstance(document, Invoice):
        kind, on, amount = Entry.Kind(document.kind), document.issued_on, document.total_paise
        source: dict[str, Any] = {"invoice": document}
    else:
        kind = Entry.Kind.REFUND if debit else Entry.Kind.PAYMENT
        on, amount = document.paid_on, document.amount_paise
        source = {"payment": document}
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


def _open_item_for(document: Invoice | Payment) -> OpenItem:
    side = OpenItem.Side.DEBIT if _is_debit(document) else OpenItem.Side.CREDIT
    common = {"business_id": document.business_id, "party_id": document.party_id, "side": side}
    if isinstance(document, Invoice):
        return OpenItem(
            **common,
            invoice=document,
            dated_on=document.issued_on,
            due_on=document.due_on,
            total_paise=document.total_paise,
        )
    return OpenItem(
        **common,
        payment=document,
        dated_on=document.paid_on,
        due_on=document.paid_on,
        total_paise=document.amount_paise,
    )


def _reverse(document: Invoice | Payment, on: dt.date, by: User | None) -> None:
    """Post the opposite of the document's entry: on its date, or today when the books are closed there."""
    entry = document.entries.get(reverses=None) if document.entries.exists() else None
    if entry is None:  # a document of 0 paise has no entry
        return
    _write_entries(
        [
            Entry(
                business_id=entry.business_id,
                party_id=entry.party_id,
                dated_on=on,
                kind=Entry.Kind.REVERSAL,
                invoice_id=entry.invoice_id,
                payment_id=entry.payment_id,
                reverses=entry,
                debit_paise=entry.credit_paise,
                credit_paise=entry.debit_paise,
                posted_by=by,
            )
        ]
    )


def _reversal_date(business: Business, dated_on: dt.date) -> dt.date:
    closed = business.books_closed_on and dated_on <= business.books_closed_on
    on = today() if closed else dated_on
    _check_open_books(business, on)
    return on


# --- allocation ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """So many paise of a credit for this debit item."""

    debit: OpenItem
    amount_paise: int


def open_debits(party: Party) -> list[OpenItem]:
    """What the party still has to settle, oldest due first."""
    return list(
        OpenItem.objects.filter(
            business_id=party.business_id, party=party, side=OpenItem.Side.DEBIT, settled_paise__lt=F("total_paise")
        )
        .select_related("invoice", "payment")
        .order_by("due_on", "id")
    )


def oldest_first(debits: Iterable[OpenItem], amount_paise: int) -> list[Share]:
    """Which items an amount closes, oldest first; what is left over stays an advance."""
    shares = []
    for debit in debits:
        part = min(amount_paise, debit.total_paise - debit.settled_paise)
        if part > 0:
            shares.append(Share(debit, part))
            amount_paise -= part
    return shares


def _allocate(credit: OpenItem, shares: Sequence[tuple[int, int]]) -> None:
    """Settle debit items with `credit`. `shares` are (debit item id, paise); the party is locked by the caller."""
    wanted: dict[int, int] = defaultdict(int)
    for debit_id, amount in shares:
        if amount < 0:
            raise PostingRefused(_("An allocated amount cannot be negative."))
        if amount:
            wanted[debit_id] += amount
    if sum(wanted.values()) > credit.total_paise - credit.settled_paise:
        raise PostingRefused(_("You are allocating more than the payment."))
    debits = {
        item.pk: item
        for item in OpenItem.objects.select_for_update()
        .filter(business_id=credit.business_id, party_id=credit.party_id, side=OpenItem.Side.DEBIT, pk__in=wanted)
        .order_by("pk")
    }
    for debit_id, amount in wanted.items():
        debit = debits.get(debit_id)
        if debit is None:
            raise PostingRefused(_("One of the bills is not this party's."))
        if amount > debit.total_paise - debit.settled_paise:
            raise PostingRefused(_("You are allocating more than is still due on a bill. Look at the amounts again."))
    for debit_id, amount in sorted(wanted.items()):
        OpenItem.objects.filter(pk=debit_id).update(settled_paise=F("settled_paise") + amount)
        allocation, created = Allocation.objects.get_or_create(
            debit_id=debit_id,
            credit_id=credit.pk,
            defaults={"business_id": credit.business_id, "party_id": credit.party_id, "amount_paise": amount},
        )
        if not created:
            Allocation.objects.filter(pk=allocation.pk).update(amount_paise=F("amount_paise") + amount)
    OpenItem.objects.filter(pk=credit.pk).update(settled_paise=F("settled_paise") + sum(wanted.values()))


def _release(item: OpenItem) -> None:
    """Undo the allocations of an item and close it at 0: its document is being cancelled."""
    for allocation in Allocation.objects.filter(Q(debit=item) | Q(credit=item)).order_by("pk"):
        other = allocation.credit_id if allocation.debit_id == item.pk else allocation.debit_id
        OpenItem.objects.filter(pk=other).update(settled_paise=F("settled_paise") - allocation.amount_paise)
        allocation.delete()
    OpenItem.objects.filter(pk=item.pk).update(total_paise=0, settled_paise=0)


@transaction.atomic
def allocate_payment(payment: Payment, shares: Sequence[tuple[int, int]], by: User) -> None:
    """Use an advance: settle debit items (item id, paise) with what is left of a payment. Raises PostingRefused."""
    _lock_party(payment.business_id, payment.party_id)
    payment = Payment.objects.select_related("business").get(pk=payment.pk)
    if payment.status != Payment.Status.RECORDED or payment.direction != Payment.Direction.RECEIVED:
        raise PostingRefused(_("This payment cannot settle bills."))
    _allocate(OpenItem.objects.select_for_update().get(payment=payment), shares)
    activity.record(payment.business, by, "allocated", ("payment", str(payment.pk)), paise=sum(a for _id, a in shares))


# --- invoices and credit notes ------------------------------------------------------------------------------


@transaction.atomic
def issue(invoice: Invoice, by: User | None) -> Invoice:
    """Issue a draft: number, snapshots, entry, open item, stock. Raises PostingRefused or numbering.SeriesFull.

    Issuing twice returns the issued invoice. A credit note first settles what is still due on its original.
    """
    # The caller's copy may be old: the party to lock is the one that stands in the book now.
    party_id = Invoice.objects.values_list("party_id", flat=True).get(pk=invoice.pk)
    locked = _lock_party(invoice.business_id, party_id)
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("business", "party").get(pk=invoice.pk)
    if invoice.party_id != locked.pk:
        raise PostingRefused(_("This draft was changed meanwhile. Look at it again."))
    if invoice.status == Invoice.Status.ISSUED:
        return invoice
    if invoice.status != Invoice.Status.DRAFT:
        raise PostingRefused(_("A cancelled document cannot be issued."))
    business = invoice.business
    lines = list(invoice.lines.all())
    _check_invoice(invoice, lines)
    snapshots.freeze(invoice, lines)
    _set_number(invoice, *numbering.take(business, invoice.kind, invoice.issued_on))
    invoice.status, invoice.issued_at = Invoice.Status.ISSUED, timezone.now()
    invoice.save()
    item = _open_item_for(invoice)
    item.save()
    invoice.open_item = item
    if invoice.total_paise:
        _write_entries([_entry_for(invoice, by)])
    if invoice.kind == Invoice.Kind.CREDIT_NOTE and invoice.original_id:
        debit = OpenItem.objects.select_for_update().get(invoice_id=invoice.original_id)
        if part := min(invoice.total_paise, debit.total_paise - debit.settled_paise):
            _allocate(item, [(debit.pk, part)])
    _move_stock(invoice, lines)
    activity.record(business, by, "issued", (invoice.kind, str(invoice.pk)), number=invoice.number)
    return invoice


def _move_stock(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """What an issued document takes off the shelf, or brings back."""
    direction = -1 if invoice.kind == Invoice.Kind.INVOICE else 1
    stock.move(
        invoice.business,
        [(line.item_id, direction * line.quantity_milli) for line in lines if line.item_id],
        stock.Reason.SOLD if direction < 0 else stock.Reason.RETURNED,
        (invoice.kind, str(invoice.pk)),
    )


def _check_original(note: Invoice) -> None:
    """A credit note corrects an issued invoice, and all of them together give back no more than it."""
    assert note.original_id is not None
    original = Invoice.objects.get(business_id=note.business_id, pk=note.original_id)
    if original.status != Invoice.Status.ISSUED:
        raise PostingRefused(_("The invoice that this credit note corrects is not issued, or was cancelled."))
    issued = original.credit_notes.filter(status=Invoice.Status.ISSUED)
    credited = issued.aggregate(paise=Coalesce(Sum("total_paise"), 0))["paise"]
    if credited + note.total_paise > original.total_paise:
        raise PostingRefused(
            _("You cannot credit more than the invoice: of %(total)s, %(rest)s are left.")
            % {"total": rupees(original.total_paise), "rest": rupees(original.total_paise - credited)}
        )


@transaction.atomic
def cancel_invoice(invoice: Invoice, by: User, reason: str) -> Invoice:
    """Cancel an issued document: its number stays, its entry is reversed, what had settled it becomes an advance.

    Raises PostingRefused. Cancelling twice changes nothing.
    """
    _lock_party(invoice.business_id, invoice.party_id)
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("business", "party").get(pk=invoice.pk)
    if invoice.status == Invoice.Status.CANCELLED:
        return invoice
    if invoice.status != Invoice.Status.ISSUED:
        raise PostingRefused(_("A draft is deleted, not cancelled."))
    if invoice.credit_notes.filter(status=Invoice.Status.ISSUED).exists():
        raise PostingRefused(_("Cancel its credit notes first."))
    _reverse(invoice, _reversal_date(invoice.business, invoice.issued_on), by)
    _release(OpenItem.objects.select_for_update().get(invoice=invoice))
    invoice.status, invoice.cancelled_at, invoice.cancel_reason = Invoice.Status.CANCELLED, timezone.now(), reason
    invoice.save(update_fields=["status", "cancelled_at", "cancel_reason"])
    back = 1 if invoice.kind == Invoice.Kind.INVOICE else -1
    stock.move(
        invoice.business,
        [(line.item_id, back * line.quantity_milli) for line in invoice.lines.all() if line.item_id],
        stock.Reason.CANCELLED,
        (invoice.kind, str(invoice.pk)),
    )
    activity.record(invoice.business, by, "cancelled", (invoice.kind, str(invoice.pk)), reason=reason)
    return invoice


# --- payments -----------------------------------------------------------------------------------------------


@transaction.atomic
def record_payment(
    business: Business,
    party: Party,
    *,
    amount_paise: int,
    mode: str,
    paid_on: dt.date,
    by: User | None,
    direction: str = Payment.Direction.RECEIVED,
    reference: str = "",
    note: str = "",
    shares: Sequence[tuple[int, int]] | None = None,
) -> Payment:
    """Record money received (or paid back) and settle documents with it.

    `shares` are (open item id, paise); None settles oldest first, [] leaves all of it an advance. A refund
    (direction paid) uses up the party's credits, oldest first. Raises PostingRefused.
    """
    if amount_paise <= 0:
        raise PostingRefused(_("The amount must be more than zero."))
    if paid_on > today():
        raise PostingRefused(_("The date lies in the future. Choose today or an earlier day."))
    party = _lock_party(business.pk, party.pk)
    business.refresh_from_db(fields=["books_closed_on"])
    _check_open_books(business, paid_on)
    if reference:
        twin = Payment.objects.filter(
            business=business, party=party, mode=mode, reference=reference, status=Payment.Status.RECORDED
        ).first()
        if twin:
            raise PostingRefused(
                _("This reference stands already on payment %(number)s of %(date)s.")
                % {"number": twin.number, "date": show_date(twin.paid_on)}
            )
    payment = Payment(
        business=business,
        party=party,
        direction=direction,
        paid_on=paid_on,
        mode=mode,
        amount_paise=amount_paise,
        reference=reference,
        note=note,
        created_by=by,
    )
    _set_number(payment, *numbering.take(business, _series_of(payment), paid_on))
    payment.save()
    item = _open_item_for(payment)
    item.save()
    payment.open_item = item
    _write_entries([_entry_for(payment, by)])
    if direction == Payment.Direction.RECEIVED:
        if shares is None:
            shares = [(share.debit.pk, share.amount_paise) for share in oldest_first(open_debits(party), amount_paise)]
        _allocate(item, shares)
    else:
        _use_credits(item, amount_paise)
    item.refresh_from_db()
    activity.record(business, by, "recorded", ("payment", str(payment.pk)), number=payment.number)
    return payment


def _use_credits(debit: OpenItem, amount_paise: int) -> None:
    open_credits = OpenItem.objects.select_for_update().filter(
        business_id=debit.business_id,
        party_id=debit.party_id,
        side=OpenItem.Side.CREDIT,
        settled_paise__lt=F("total_paise"),
    )
    for credit in open_credits.order_by("due_on", "id"):
        if part := min(amount_paise, credit.total_paise - credit.settled_paise):
            _allocate(credit, [(debit.pk, part)])
            amount_paise -= part


@transaction.atomic
def cancel_payment(payment: Payment, by: User, reason: str) -> Payment:
    """Cancel a payment entered by mistake (a bounced cheque): its entry is reversed, its bills are due again."""
    _lock_party(payment.business_id, payment.party_id)
    payment = Payment.objects.select_for_update(of=("self",)).select_related("business", "party").get(pk=payment.pk)
    if payment.status == Payment.Status.CANCELLED:
        return payment
    _reverse(payment, _reversal_date(payment.business, payment.paid_on), by)
    _release(OpenItem.objects.select_for_update().get(payment=payment))
    payment.status, payment.cancelled_at, payment.cancel_reason = Payment.Status.CANCELLED, timezone.now(), reason
    payment.save(update_fields=["status", "cancelled_at", "cancel_reason"])
    activity.record(payment.business, by, "cancelled", ("payment", str(payment.pk)), reason=reason)
    return payment


# --- many at once -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prepared:
    """A new document for `post_batch`, not saved yet: head and lines as `drafting.apply` makes them."""

    invoice: Invoice
    lines: Sequence[InvoiceLine]
    settle_in_cash: bool = False


@transaction.atomic
def post_batch(business: Business, documents: Sequence[Prepared], by: User | None) -> list[Invoice]:
    """Issue new documents in their order, with the same rows as `drafting.save` and `issue` one by one.

    `settle_in_cash` records the whole amount as paid in cash on the same day: received for an invoice, paid back for
    a credit note, nothing for 0 paise. Documents have no original and no order.
    Raises PostingRefused or numbering.SeriesFull; then nothing is kept.
    """
    invoices = [document.invoice for document in documents]
    assert not any(invoice.original_id or invoice.order_id for invoice in invoices), "post these one by one"
    business = Business.objects.get(pk=business.pk)
    parties = {
        party.pk: party
        for party in Party.objects.select_for_update(no_key=True)
        .filter(business=business, pk__in={invoice.party_id for invoice in invoices})
        .order_by("pk")
        .prefetch_related("people")
    }
    for document in documents:
        invoice = document.invoice
        invoice.business, invoice.party = business, parties[invoice.party_id]
        _check_invoice(invoice, document.lines)
        snapshots.freeze(invoice, document.lines)
    # Lines are added to drafts only, so the documents begin as such.
    Invoice.objects.bulk_create(invoices)
    _insert_lines(line for document in documents for line in document.lines)
    _number_all(business, invoices)
    _mark_issued(invoices)
    payments = _pay_in_cash(business, documents, by)

    items: list[OpenItem] = []
    entries: list[Entry] = []
    settled: list[tuple[OpenItem, OpenItem]] = []
    news: list[tuple[str, tuple[str, str], dict[str, Any]]] = []
    for invoice in invoices:
        invoice.open_item = item = _open_item_for(invoice)
        items.append(item)
        if invoice.total_paise:
            entries.append(_entry_for(invoice, by))
        news.append(("issued", (invoice.kind, str(invoice.pk)), {"number": invoice.number}))
        if payment := payments.get(invoice.pk):
            payment.open_item = paid = _open_item_for(payment)
            item.settled_paise = paid.settled_paise = payment.amount_paise
            items.append(paid)
            entries.append(_entry_for(payment, by))
            settled.append((item, paid) if item.side == OpenItem.Side.DEBIT else (paid, item))
            news.append(("recorded", ("payment", str(payment.pk)), {"number": payment.number}))
    OpenItem.objects.bulk_create(items)
    _write_entries(entries)
    Allocation.objects.bulk_create(
        Allocation(
            business=business, party_id=debit.party_id, debit=debit, credit=credit, amount_paise=debit.total_paise
        )
        for debit, credit in settled
    )
    _move_counted_stock(business, documents)
    activity.record_all(business, by, news)
    return invoices


def _insert_lines(lines: Iterable[InvoiceLine]) -> None:
    """By hand: `bulk_create` takes four times as long, and lines are nearly all there is to insert."""
    fields = [field for field in InvoiceLine._meta.concrete_fields if not field.primary_key]
    values = attrgetter(*(field.attname for field in fields))
    rows = []
    for line in lines:
        line.invoice_id = line.invoice.pk
        rows.append(values(line))
    columns, marks = ", ".join(str(field.column) for field in fields), ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {InvoiceLine._meta.db_table} ({columns}) VALUES ({marks})",  # noqa: S608  names of ours only
            rows,
        )


def _number_all(business: Business, documents: Iterable[Invoice | Payment]) -> None:
    """Give each document the next number of its series, in the given order."""
    groups: dict[tuple[str, str], list[tuple[dt.date, Invoice | Payment]]] = defaultdict(list)
    for document in documents:
        if isinstance(document, Invoice):
            kind, on = document.kind, document.issued_on
        else:
            kind, on = _series_of(document).value, document.paid_on
        groups[kind, financial_year(on)].append((on, document))
    for (kind, _year), group in sorted(groups.items(), key=lambda item: item[0]):
        for (_on, document), taken in zip(group, numbering.take(business, kind, group[0][0], len(group)), strict=True):
            _set_number(document, taken)


def _mark_issued(invoices: Sequence[Invoice]) -> None:
    now = timezone.now()
    rows = []
    for invoice in invoices:
        invoice.status, invoice.issued_at = Invoice.Status.ISSUED, now
        rows.append(
            (
                str(invoice.status),
                connection.ops.adapt_datetimefield_value(now),
                invoice.series_id,
                invoice.sequence,
                invoice.number,
                invoice.financial_year,
                invoice.pk,
            )
        )
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE ledger_invoice SET status = %s, issued_at = %s, series_id = %s, sequence = %s, number = %s, "
            "financial_year = %s WHERE id = %s",
            rows,
        )


def _pay_in_cash(business: Business, documents: Iterable[Prepared], by: User | None) -> dict[int, Payment]:
    """The payments of those documents that are settled at once, by the id of their document."""
    payments = {
        document.invoice.pk: Payment(
            business=business,
            party_id=document.invoice.party_id,
            direction=Payment.Direction.RECEIVED if _is_debit(document.invoice) else Payment.Direction.PAID,
            paid_on=document.invoice.issued_on,
            mode=Payment.Mode.CASH,
            amount_paise=document.invoice.total_paise,
            created_by=by,
        )
        for document in documents
        if document.settle_in_cash and document.invoice.total_paise
    }
    _number_all(business, payments.values())
    Payment.objects.bulk_create(payments.values())
    return payments


def _move_counted_stock(business: Business, documents: Iterable[Prepared]) -> None:
    """Only few items are counted, if any: find them once, and touch only documents that sell them."""
    item_ids = {line.item_id for document in documents for line in document.lines if line.item_id}
    counted = set(
        Item.objects.filter(business=business, tracks_stock=True, pk__in=item_ids).values_list("pk", flat=True)
    )
    for document in documents if counted else ():
        if any(line.item_id in counted for line in document.lines):
            _move_stock(document.invoice, document.lines)

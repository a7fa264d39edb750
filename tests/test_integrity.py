"""The proof of the book must itself be proved: each rule is broken once, and exactly that rule speaks up."""

import copy
import io
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from accounts import walls
from catalog.models import Item, OrderLine
from ledger import integrity, posting, tasks
from ledger.models import (
    Adjustment,
    Allocation,
    DayTotal,
    Entry,
    Invoice,
    InvoiceLine,
    MonthTotal,
    OpenItem,
    PartyBalance,
    Payment,
    PaymentClaim,
    Series,
)
from tests import factories
from tests.factories import Book, Once

pytestmark = [pytest.mark.django_db, pytest.mark.broken_book]


@pytest.fixture(scope="module")
def _book(once: Once) -> Book:
    with once():
        book = factories.make_book()
        connection.check_constraints()
        return book


@pytest.fixture
def book(_book: Book) -> Book:
    return copy.deepcopy(_book)


@pytest.fixture
def _no_walls(book: Book) -> None:
    """Triggers and foreign keys are out of the way for this transaction: the proof must not lean on them."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
    else:
        walls.remove_triggers(connection)


def _register(invoice: Invoice) -> None:
    """Its seller may collect tax."""
    Invoice.objects.filter(pk=invoice.pk).update(seller=invoice.seller | {"scheme": "regular"})


def entry_of(document: Invoice | Payment | Adjustment) -> Entry:
    return document.entries.get(reverses=None)


def _balance(book: Book) -> None:
    PartyBalance.objects.filter(party=book.party).update(debit_paise=F("debit_paise") + 1)


def _lost_balance(book: Book) -> None:
    PartyBalance.objects.filter(party=book.party).delete()


def _day(book: Book) -> None:
    DayTotal.objects.filter(party=book.party).update(credit_paise=F("credit_paise") + 1)
    MonthTotal.objects.filter(party=book.party).update(credit_paise=F("credit_paise") + 1)


def _lost_day(book: Book) -> None:
    DayTotal.objects.filter(party=book.party).delete()
    MonthTotal.objects.filter(party=book.party).delete()


def _month(book: Book) -> None:
    MonthTotal.objects.filter(party=book.party).update(debit_paise=F("debit_paise") + 1)


def _lost_month(book: Book) -> None:
    MonthTotal.objects.filter(party=book.party).delete()


def _entry_on_another_day(book: Book) -> None:
    Invoice.objects.filter(pk=book.invoice.pk).update(issued_on="2020-01-01")


def _entry_of_another_kind(book: Book) -> None:
    Entry.objects.filter(pk=entry_of(book.invoice).pk).update(kind="refund")


def _payment_on_another_day(book: Book) -> None:
    Payment.objects.filter(pk=book.payment.pk).update(paid_on="2020-01-01")


def _cancelled_in_name_only(book: Book) -> None:
    Invoice.objects.filter(pk=book.invoice.pk).update(
        status="cancelled", cancelled_at=book.invoice.issued_at, cancelled_on=book.invoice.issued_on
    )
    _agree_open_item(OpenItem.objects.get(invoice=book.invoice), 0)


def _reversed_and_still_issued(book: Book) -> None:
    Invoice.objects.filter(pk=book.cancelled.pk).update(status="issued", cancelled_at=None, cancelled_on=None)
    OpenItem.objects.filter(invoice=book.cancelled).update(total_paise=book.cancelled.total_paise)


def _cancelled_on_another_day_than_its_reversal(book: Book) -> None:
    Invoice.objects.filter(pk=book.cancelled.pk).update(cancelled_on="2030-01-01")


def _payment_cancelled_in_name_only(book: Book) -> None:
    Payment.objects.filter(pk=book.payment.pk).update(status="cancelled", cancelled_at=book.payment.created_at)
    _agree_open_item(OpenItem.objects.get(payment=book.payment), 0)


def _claim_of_money_paid_out(book: Book) -> None:
    paid_out = Payment.objects.get(business=book.business, direction="paid")
    PaymentClaim.objects.filter(business=book.business, status="accepted").update(
        payment=paid_out, party=paid_out.party
    )


def _adjustment_on_another_day(book: Book) -> None:
    Adjustment.objects.filter(pk=book.adjustment.pk).update(dated_on="2020-01-01")


def _adjustment_of_another_kind(book: Book) -> None:
    Adjustment.objects.filter(pk=book.adjustment.pk).update(kind="adjustment")


def _adjustment_of_another_amount(book: Book) -> None:
    Adjustment.objects.filter(pk=book.adjustment.pk).update(amount_paise=1)


def _adjustment_without_entry(book: Book) -> None:
    """The totals follow, so that nothing but the adjustment misses it."""
    entry = entry_of(book.adjustment)
    for model in (PartyBalance, DayTotal, MonthTotal):
        model.objects.filter(party=entry.party).update(credit_paise=F("credit_paise") - entry.credit_paise)
    Entry.objects.filter(pk=entry.pk).delete()


def _adjustment_cancelled_in_name_only(book: Book) -> None:
    Adjustment.objects.filter(pk=book.adjustment.pk).update(status="cancelled", cancelled_at=book.adjustment.created_at)
    _agree_open_item(OpenItem.objects.get(adjustment=book.adjustment), 0)


def _adjustment_reversed_and_still_recorded(book: Book) -> None:
    posting.cancel_adjustment(book.adjustment, book.owner, "wrong")
    Adjustment.objects.filter(pk=book.adjustment.pk).update(status="recorded", cancelled_at=None)
    OpenItem.objects.filter(adjustment=book.adjustment).update(total_paise=book.adjustment.amount_paise)


def _adjustment_with_an_open_item_of_another_amount(book: Book) -> None:
    _agree_open_item(OpenItem.objects.get(adjustment=book.adjustment), book.adjustment.amount_paise + 1)


def _adjustment_with_an_open_item_of_another_side(book: Book) -> None:
    """An item with nothing on it, so that no balance notices."""
    posting.cancel_adjustment(book.adjustment, book.owner, "wrong")
    OpenItem.objects.filter(adjustment=book.adjustment).update(side="D")


def _tds_outlives_its_payment(book: Book) -> None:
    (tds,) = book.taxed_payment.adjustments.all()
    posting.cancel_payment(book.taxed_payment, book.owner, "bounced")
    again = factories.make_adjustment(book.third_party, tds.amount_paise, kind="tds", reason="", by=book.owner)
    Adjustment.objects.filter(pk=again.pk).update(payment=book.taxed_payment)


def _more_credited_than_billed(book: Book) -> None:
    """The invoice is smaller than what its credit notes give back; its own books agree."""
    _make_invoice_smaller(book.invoice, 1)


def _make_invoice_smaller(invoice: Invoice, paise: int) -> None:
    cut = {"taxable_paise": paise, "total_paise": paise}
    before = Invoice.objects.get(pk=invoice.pk).total_paise
    Invoice.objects.filter(pk=invoice.pk).update(**cut, cgst_paise=0, sgst_paise=0, round_off_paise=0)
    invoice.lines.update(**cut, cgst_paise=0, sgst_paise=0)
    entry = entry_of(invoice)
    Entry.objects.filter(pk=entry.pk).update(debit_paise=paise)
    for model in (PartyBalance, DayTotal, MonthTotal):
        model.objects.filter(party=invoice.party).update(debit_paise=F("debit_paise") - before + paise)
    item = OpenItem.objects.get(invoice=invoice)
    _agree_open_item(item, paise)


def _credited_an_invoice_that_is_cancelled(book: Book) -> None:
    Invoice.objects.filter(pk=book.credit_note.pk).update(original=book.cancelled)


def _line_credited_beyond_its_quantity(book: Book) -> None:
    note_line = book.credited.lines.select_related("original_line").get()
    line = note_line.original_line
    assert line is not None
    InvoiceLine.objects.filter(pk=note_line.pk).update(is_charge=False, quantity_milli=line.quantity_milli + 1)


def _line_credited_beyond_its_cess(book: Book) -> None:
    """Together no more than the line, but of one column more than it had."""
    _register(book.credited)
    InvoiceLine.objects.filter(pk=book.credited.lines.get().pk).update(
        taxable_paise=F("taxable_paise") - 1, cess_paise=1
    )
    Invoice.objects.filter(pk=book.credited.pk).update(taxable_paise=F("taxable_paise") - 1, cess_paise=1)


def _line_credited_beyond_what_was_laid_out(book: Book) -> None:
    moved = {"taxable_paise": 0, "untaxed_paise": F("taxable_paise")}
    InvoiceLine.objects.filter(invoice=book.credited).update(**moved, in_taxable_value=False, is_charge=True)
    Invoice.objects.filter(pk=book.credited.pk).update(**moved)


def _replaced_and_still_due(book: Book) -> None:
    factories.make_invoice(book.other_party)
    last = Invoice.objects.filter(party=book.other_party, kind="invoice").latest("pk")
    Invoice.objects.filter(pk=last.pk).update(replaces=book.other_invoice)


def _agree_open_item(item: OpenItem, total_paise: int) -> None:
    """Allocations follow, so that only the document's own rule is broken."""
    for allocation in Allocation.objects.filter(debit=item) | Allocation.objects.filter(credit=item):
        other = allocation.credit_id if allocation.debit_id == item.pk else allocation.debit_id
        OpenItem.objects.filter(pk=other).update(settled_paise=F("settled_paise") - allocation.amount_paise)
        allocation.delete()
    OpenItem.objects.filter(pk=item.pk).update(total_paise=total_paise, settled_paise=0)


def _open_item_of_a_draft(book: Book) -> None:
    OpenItem.objects.create(
        business=book.business,
        party=book.party,
        side="D",
        invoice=book.draft,
        dated_on=book.draft.issued_on,
        due_on=book.draft.due_on,
        total_paise=0,
    )


def _open_item_due_on_another_day(book: Book) -> None:
    OpenItem.objects.filter(invoice=book.invoice).update(due_on="2030-01-01")


def _open_item_of_another_side(book: Book) -> None:
    """A payment's item, with nothing on it, on the wrong side."""
    payment = Payment.objects.filter(party=book.party, amount_paise=5_00, direction="received").get()
    _agree_open_item(OpenItem.objects.get(payment=payment), 5_00)
    refund = Payment.objects.get(party=book.party, direction="paid")
    _agree_open_item(OpenItem.objects.get(payment=refund), 5_00)
    OpenItem.objects.filter(payment=payment).update(side="D")
    OpenItem.objects.filter(payment=refund).update(side="C")


def _settled_from_nowhere(book: Book) -> None:
    OpenItem.objects.filter(invoice=book.other_invoice).update(settled_paise=1)


def _allocation_changed(book: Book) -> None:
    Allocation.objects.filter(debit__invoice=book.invoice).update(amount_paise=1)


def _draft_total(book: Book) -> None:
    Invoice.objects.filter(pk=book.draft.pk).update(
        taxable_paise=F("taxable_paise") + 1, total_paise=F("total_paise") + 1
    )


def _line_tax(book: Book) -> None:
    InvoiceLine.objects.filter(invoice=book.invoice).update(
        taxable_paise=F("taxable_paise") - 2, cgst_paise=1, sgst_paise=1
    )


def _move_to_tax(invoice: Invoice, **tax: int) -> None:
    """The same total, but a part of it is tax."""
    rows = {"taxable_paise": F("taxable_paise") - sum(tax.values())} | tax
    invoice.lines.update(**rows)
    Invoice.objects.filter(pk=invoice.pk).update(**rows)


def _tax_of_the_unregistered(book: Book) -> None:
    _move_to_tax(book.other_invoice, cgst_paise=1, sgst_paise=1)


def _cess_of_the_unregistered(book: Book) -> None:
    _move_to_tax(book.other_invoice, cess_paise=1)


def _igst_within_the_state(book: Book) -> None:
    _register(book.other_invoice)
    _move_to_tax(book.other_invoice, igst_paise=2)


def _cgst_between_states(book: Book) -> None:
    _register(book.other_invoice)
    Invoice.objects.filter(pk=book.other_invoice.pk).update(is_inter_state=True)
    _move_to_tax(book.other_invoice, cgst_paise=1, sgst_paise=1)


def _unequal_halves(book: Book) -> None:
    _register(book.other_invoice)
    _move_to_tax(book.other_invoice, cgst_paise=2, sgst_paise=1)


def _no_label(book: Book) -> None:
    Invoice.objects.filter(pk=book.invoice.pk).update(label="")


def _no_hash(book: Book) -> None:
    Invoice.objects.filter(pk=book.invoice.pk).update(facts_hash="")


def _no_snapshot(book: Book) -> None:
    Invoice.objects.filter(pk=book.invoice.pk).update(buyer={})


def _number_skipped(book: Book) -> None:
    Series.objects.filter(invoices=book.invoice).update(next_number=F("next_number") + 1)


def _number_in_the_middle_is_missing(book: Book) -> None:
    last = Payment.objects.filter(series=book.payment.series).order_by("-sequence")[0]
    Payment.objects.filter(pk=last.pk).update(sequence=last.sequence + 1)
    Series.objects.filter(pk=last.series_id).update(next_number=F("next_number") + 1)


def _stock(book: Book) -> None:
    Item.objects.filter(pk=book.item.pk).update(stock_milli=F("stock_milli") + 1)


def _reserved(book: Book) -> None:
    Item.objects.filter(pk=book.item.pk).update(reserved_milli=F("reserved_milli") + 1)


def _order_line_lets_go(book: Book) -> None:
    OrderLine.objects.filter(order=book.order).update(reserved_milli=0)


BALANCE = "the balance of a party is the sum of its entries"
OPEN_ITEMS = "the balance of a party is its open debits less its open credits"
DAY = "a day total is the sum of its entries"
SETTLED = "what is settled is the sum of its allocations"
TAX = "tax is CGST with the same SGST within a State, IGST between States, none without registration"
# Each way to break the book, and what must be said about it. A wrong balance is seen from both sides.
BREAKS: list[tuple[Callable[[Book], None], set[str]]] = [
    (_balance, {BALANCE, OPEN_ITEMS}),
    (_lost_balance, {BALANCE}),
    (_day, {DAY}),
    (_lost_day, {DAY}),
    (_month, {"a month total is the sum of its days"}),
    (_lost_month, {"a month total is the sum of its days"}),
    (_entry_on_another_day, {"an issued document posts its total once"}),
    (_entry_of_another_kind, {"an issued document posts its total once"}),
    (_payment_on_another_day, {"a payment posts its amount once"}),
    (
        _cancelled_in_name_only,
        {
            "a cancelled document is reversed, and only it",
            "credit notes give back no more than their invoice",
            OPEN_ITEMS,
        },
    ),
    (_reversed_and_still_issued, {"a cancelled document is reversed, and only it", OPEN_ITEMS}),
    (_cancelled_on_another_day_than_its_reversal, {"a cancelled document is reversed, and only it"}),
    (_claim_of_money_paid_out, {"an accepted claim is money received from its party"}),
    (_payment_cancelled_in_name_only, {"a cancelled payment is reversed, and only it", OPEN_ITEMS}),
    (_adjustment_on_another_day, {"an adjustment posts its amount once"}),
    (_adjustment_of_another_kind, {"an adjustment posts its amount once"}),
    (_adjustment_of_another_amount, {"an adjustment posts its amount once", "an adjustment has its open item"}),
    (_adjustment_without_entry, {"an adjustment posts its amount once", OPEN_ITEMS}),
    (_adjustment_cancelled_in_name_only, {"a cancelled adjustment is reversed, and only it", OPEN_ITEMS}),
    (_adjustment_reversed_and_still_recorded, {"a cancelled adjustment is reversed, and only it", OPEN_ITEMS}),
    (_adjustment_with_an_open_item_of_another_amount, {"an adjustment has its open item", OPEN_ITEMS}),
    (_adjustment_with_an_open_item_of_another_side, {"an adjustment has its open item"}),
    (_tds_outlives_its_payment, {"tax deducted from a cancelled payment is cancelled with it"}),
    (_more_credited_than_billed, {"credit notes give back no more than their invoice"}),
    (_credited_an_invoice_that_is_cancelled, {"credit notes give back no more than their invoice"}),
    (_line_credited_beyond_its_quantity, {"credit notes take back no more of a line than was billed"}),
    (_line_credited_beyond_its_cess, {"credit notes take back no more of a line than was billed"}),
    (_line_credited_beyond_what_was_laid_out, {"credit notes take back no more of a line than was billed"}),
    (_replaced_and_still_due, {"an invoice that was replaced is cancelled or credited in full"}),
    (_open_item_of_a_draft, {"an issued document has its open item"}),
    (_open_item_due_on_another_day, {"an issued document has its open item"}),
    (_open_item_of_another_side, {"a payment has its open item"}),
    (_settled_from_nowhere, {SETTLED, OPEN_ITEMS}),
    (_allocation_changed, {SETTLED}),
    (_draft_total, {"a document's amounts are the sums of its lines"}),
    (_line_tax, {"a document's amounts are the sums of its lines"}),
    (_tax_of_the_unregistered, {TAX}),
    (_cess_of_the_unregistered, {TAX}),
    (_igst_within_the_state, {TAX}),
    (_cgst_between_states, {TAX}),
    (_unequal_halves, {TAX}),
    (_no_label, {"an issued document has lines, a label, a hash and snapshots of both sides"}),
    (_no_hash, {"an issued document has lines, a label, a hash and snapshots of both sides"}),
    (_no_snapshot, {"an issued document has lines, a label, a hash and snapshots of both sides"}),
    (_number_skipped, {"numbers run from the first of their series without gaps"}),
    (_number_in_the_middle_is_missing, {"numbers run from the first of their series without gaps"}),
    (_stock, {"stock is the sum of its movements"}),
    (_reserved, {"reserved stock is what open orders keep"}),
    (_order_line_lets_go, {"reserved stock is what open orders keep"}),
]


def test_a_book_kept_by_posting_is_right(book: Book) -> None:
    assert list(integrity.check()) == []


@pytest.mark.usefixtures("_no_walls")
@pytest.mark.parametrize(("break_it", "rules"), BREAKS, ids=[b.__name__.strip("_") for b, _ in BREAKS])
def test_a_broken_rule_is_named_and_no_other(book: Book, break_it: Callable[[Book], None], rules: set[str]) -> None:
    break_it(book)
    assert {problem.rule for problem in integrity.check()} - {"every trigger stands"} == rules


def test_every_rule_is_broken_by_one_of_these_tests() -> None:
    assert {rule for rule, _sql in integrity.RULES} == {rule for _break, rules in BREAKS for rule in rules}


@pytest.mark.usefixtures("_no_walls")
def test_a_problem_says_where_it_is(book: Book) -> None:
    _balance(book)
    (problem,) = [p for p in integrity.check() if p.rule == BALANCE]
    assert problem.where == f"party {book.party.pk}, debit_too_much 1, credit_too_much 0"


@pytest.mark.usefixtures("_no_walls")
def test_check_ledger_exits_1_and_names_the_problems(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    _stock(book)
    errors = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("check_ledger", stderr=errors)
    assert stopped.value.code == 1
    assert "stock is the sum of its movements: item " in errors.getvalue()


def test_check_ledger_says_that_the_book_is_right(book: Book) -> None:
    output = io.StringIO()
    call_command("check_ledger", stdout=output)
    assert output.getvalue().startswith("The book is right: ")


@pytest.mark.usefixtures("_no_walls")
def test_the_daily_proof_logs_every_problem_as_an_error(book: Book, caplog: pytest.LogCaptureFixture) -> None:
    _reserved(book)
    assert tasks.prove_the_book() == len(caplog.records) >= 1
    assert {record.levelname for record in caplog.records} == {"ERROR"}
    assert "reserved stock is what open orders keep" in caplog.text

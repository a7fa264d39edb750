"""Amending an issued invoice: one action that takes the old one back and issues the right one in its place."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts import india
from accounts.models import Business, Party, User
from catalog import orders
from catalog.models import Item, Order
from ledger import billing, integrity, posting, statements
from ledger.crediting import CreditRefused, Want
from ledger.drafting import Draft, DraftRefused
from ledger.models import Entry, Invoice, Payment
from ledger.posting import PostingRefused, settling
from tests import factories
from tests.factories import line, make_adjustment, make_credit, make_draft, make_invoice, make_party, make_payment
from tests.threads import in_parallel

TODAY = india.today()
DAY = dt.timedelta(days=1)
BOTH_WAYS = pytest.mark.parametrize("by_credit_note", [False, True], ids=["cancelled", "credited"])


@pytest.fixture
def owner(db: None) -> User:
    return factories.make_user()


@pytest.fixture
def business(owner: User) -> Business:
    return factories.make_business(owner=owner)


@pytest.fixture
def party(business: Business) -> Party:
    return make_party(business)


def corrected(party: Party, paise: int = 80_00, on: dt.date = TODAY, **fields: object) -> Draft:
    lines = fields.pop("lines", None) or [line("The right thing", paise=paise)]
    return Draft(party=party, issued_on=on, due_on=on, lines=lines, rounds_off=False, **fields)  # type: ignore[arg-type]


def amend(invoice: Invoice, draft: Draft, by: User, *, by_credit_note: bool) -> Invoice:
    return billing.amend(invoice, draft, by, reason="wrong price", by_credit_note=by_credit_note)


def again(invoice: Invoice) -> Invoice:
    return Invoice.objects.select_related("open_item").get(pk=invoice.pk)


def due(invoice: Invoice) -> int:
    return again(invoice).due_paise


def unused(payment: Payment) -> int:
    return Payment.objects.select_related("open_item").get(pk=payment.pk).unallocated_paise


# --- The old one and the new one -------------------------------------------------------------------------------


def test_an_amended_invoice_is_cancelled_and_the_new_one_names_it(party: Party, owner: User) -> None:
    old = make_invoice(party, paise=100_00)
    new = amend(old, corrected(party), owner, by_credit_note=False)
    old = again(old)
    assert (old.status, old.cancel_reason, old.due_paise) == ("cancelled", "wrong price", 0)
    assert (new.replaces_id, new.status, new.total_paise) == (old.pk, "issued", 80_00)
    assert (old.sequence, new.sequence) == (1, 2)
    assert statements.balance(party) == 80_00
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == ["invoice", "reversal", "invoice"]


def test_an_amendment_by_credit_note_leaves_the_old_one_issued_and_credits_all_of_it(party: Party, owner: User) -> None:
    """For an invoice that stands in a return already."""
    old = make_invoice(party, paise=100_00, on=TODAY - 40 * DAY)
    new = amend(old, corrected(party), owner, by_credit_note=True)
    note = old.credit_notes.get()
    assert (again(old).status, due(old)) == ("issued", 0)
    assert (note.total_paise, note.reason, note.issued_on) == (100_00, "wrong price", TODAY)
    assert new.replaces_id == old.pk
    assert (due(new), statements.balance(party)) == (80_00, 80_00)


def test_a_partly_credited_invoice_is_amended_by_crediting_the_rest(party: Party, owner: User) -> None:
    old = make_invoice(party, paise=100_00)
    make_credit(old, Want(old.lines.get().pk, value_paise=30_00), by=owner)
    with pytest.raises(PostingRefused, match="Cancel its credit notes first"), transaction.atomic():
        amend(old, corrected(party), owner, by_credit_note=False)
    new = amend(old, corrected(party), owner, by_credit_note=True)
    assert sorted(old.credit_notes.values_list("total_paise", flat=True)) == [30_00, 70_00]
    assert (due(old), due(new), statements.balance(party)) == (0, 80_00, 80_00)


# --- What had settled it ---------------------------------------------------------------------------------------


@BOTH_WAYS
def test_the_money_that_settled_the_old_invoice_settles_the_new_one(
    party: Party, owner: User, by_credit_note: bool
) -> None:
    old = make_invoice(party, paise=100_00)
    payment = make_payment(party, 60_00)
    write_off = make_adjustment(party, 5_00, reason="small change", shares=None)
    new = amend(old, corrected(party, 80_00), owner, by_credit_note=by_credit_note)
    assert (due(old), due(new)) == (0, 15_00)
    assert unused(payment) == 0
    assert {row.credit.document for row in new.open_item.settled_by.all()} == {payment, write_off}
    assert statements.balance(party) == 15_00


@BOTH_WAYS
def test_what_a_smaller_invoice_does_not_need_becomes_an_advance(
    party: Party, owner: User, by_credit_note: bool
) -> None:
    old = make_invoice(party, paise=100_00)
    payment = make_payment(party, 100_00)
    new = amend(old, corrected(party, 80_00), owner, by_credit_note=by_credit_note)
    assert (due(old), due(new), unused(payment)) == (0, 0, 20_00)
    assert statements.balance(party) == -20_00


@BOTH_WAYS
def test_what_settled_the_old_invoice_comes_first_and_then_an_advance(
    party: Party, owner: User, by_credit_note: bool
) -> None:
    old = make_invoice(party, paise=100_00)
    advance = make_payment(party, 50_00, on=TODAY - DAY, shares=[])
    payment = make_payment(party, 60_00)
    new = amend(old, corrected(party, 80_00), owner, by_credit_note=by_credit_note)
    assert (due(new), unused(payment), unused(advance)) == (0, 0, 30_00)


@pytest.mark.parametrize("many", [1, 3])
def test_what_settled_the_old_invoice_goes_over_in_three_queries(
    party: Party, many: int, django_assert_num_queries: Any
) -> None:
    new = make_invoice(party, paise=25_00)
    freed = [make_payment(party, 10_00, shares=[]) for _ in range(many)]
    with django_assert_num_queries(3):
        settling.carry_over([(payment.open_item.pk, 9_00) for payment in freed], new.open_item)
    assert (due(new), [unused(one) for one in freed]) == ((0, [1_00, 1_00, 3_00]) if many == 3 else (16_00, [1_00]))


def test_an_earlier_credit_note_stays_with_the_invoice_that_it_corrects(party: Party, owner: User) -> None:
    """Carried over, it would leave the old invoice due for ever."""
    old = make_invoice(party, paise=100_00)
    early = make_credit(old, Want(old.lines.get().pk, value_paise=10_00), by=owner)
    payment = make_payment(party, 90_00)
    new = amend(old, corrected(party, 80_00), owner, by_credit_note=True)
    assert (due(old), due(early), due(new), unused(payment)) == (0, 0, 0, 10_00)


def test_a_credit_note_that_was_used_elsewhere_is_made_up_for_by_the_money(party: Party, owner: User) -> None:
    """Paid in full first, the credit note went to another bill: the old invoice keeps so much of the money."""
    old = make_invoice(party, paise=100_00)
    payment = make_payment(party, 100_00)
    early = make_credit(old, Want(old.lines.get().pk, value_paise=10_00), by=owner)
    other = make_invoice(party, paise=10_00)
    posting.reallocate(early, [(other.open_item.pk, 10_00)], owner)
    new = amend(old, corrected(party, 80_00), owner, by_credit_note=True)
    assert (due(old), due(other), due(new)) == (0, 0, 0)
    assert unused(payment) == 10_00
    assert statements.balance(party) == -10_00


@BOTH_WAYS
def test_an_amendment_for_another_party_leaves_the_money_with_the_first(
    business: Business, party: Party, owner: User, by_credit_note: bool
) -> None:
    """The bill went to the wrong shop."""
    old, right = make_invoice(party, paise=100_00), make_party(business)
    payment = make_payment(party, 100_00)
    new = amend(old, corrected(right), owner, by_credit_note=by_credit_note)
    assert (new.party_id, new.replaces_id, due(new)) == (right.pk, old.pk, 80_00)
    assert unused(payment) == 100_00
    assert (statements.balance(party), statements.balance(right)) == (-100_00, 80_00)


# --- Orders and stock ------------------------------------------------------------------------------------------


@BOTH_WAYS
def test_the_order_stays_billed_once(business: Business, party: Party, owner: User, by_credit_note: bool) -> None:
    item = factories.make_item(business, stock_milli=10_000)
    order = orders.place(party, owner, {item.pk: 4_000})
    old = posting.issue(billing.bill_order(order, owner), owner)
    lines = [line(item=item, quantity_milli=3_000)]
    new = amend(old, corrected(party, lines=lines), owner, by_credit_note=by_credit_note)
    order.refresh_from_db()
    assert order.status == Order.Status.BILLED
    (billed,) = order.invoices.exclude(status="cancelled")
    assert billed.pk == (old.pk if by_credit_note else new.pk)
    assert billing.bill_order(order, owner).pk == billed.pk
    kept = Item.objects.get(pk=item.pk)
    assert (kept.stock_milli, kept.reserved_milli) == (7_000, 0)


# --- Refused ---------------------------------------------------------------------------------------------------


@BOTH_WAYS
def test_an_invoice_is_replaced_once(party: Party, owner: User, by_credit_note: bool) -> None:
    old = make_invoice(party)
    new = amend(old, corrected(party), owner, by_credit_note=by_credit_note)
    for way in (False, True):
        with pytest.raises((CreditRefused, PostingRefused)), transaction.atomic():
            amend(old, corrected(party), owner, by_credit_note=way)
    assert Invoice.objects.exclude(status="cancelled").filter(replaces=old).get() == new
    assert statements.balance(party) == 80_00


def test_the_database_lets_nobody_replace_an_invoice_twice(party: Party, owner: User) -> None:
    old = make_invoice(party)
    amend(old, corrected(party), owner, by_credit_note=True)
    draft = make_draft(party)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=draft.pk).update(replaces=old)


def test_the_new_invoice_can_be_amended_in_its_turn(party: Party, owner: User) -> None:
    first = make_invoice(party, paise=100_00)
    payment = make_payment(party, 100_00)
    second = amend(first, corrected(party, 90_00), owner, by_credit_note=False)
    third = amend(second, corrected(party, 95_00), owner, by_credit_note=True)
    assert (second.replaces_id, third.replaces_id) == (first.pk, second.pk)
    # Ten rupees had become an advance by then.
    assert (due(second), due(third), unused(payment)) == (0, 0, 5_00)


def test_the_credit_note_of_a_replaced_invoice_stays_while_its_replacement_stands(party: Party, owner: User) -> None:
    """Without it both invoices would be due."""
    old = make_invoice(party, paise=100_00)
    new = amend(old, corrected(party), owner, by_credit_note=True)
    note = old.credit_notes.get()
    with pytest.raises(PostingRefused, match="has been replaced"), transaction.atomic():
        posting.cancel_invoice(note, owner, "never mind")
    assert list(integrity.check()) == []
    posting.cancel_invoice(new, owner, "never mind")
    posting.cancel_invoice(note, owner, "never mind")
    assert (due(old), statements.balance(party)) == (100_00, 100_00)
    third = amend(old, corrected(party), owner, by_credit_note=False)
    assert third.replaces_id == old.pk


@BOTH_WAYS
def test_drafts_credit_notes_and_cancelled_invoices_are_not_amended(
    party: Party, owner: User, by_credit_note: bool
) -> None:
    draft, cancelled, note = make_draft(party), make_invoice(party), factories.make_credit_note(party)
    posting.cancel_invoice(cancelled, owner, "wrong")
    for document in (draft, cancelled, note):
        with pytest.raises(CreditRefused, match="Only an issued invoice"), transaction.atomic():
            amend(document, corrected(party), owner, by_credit_note=by_credit_note)


@BOTH_WAYS
@pytest.mark.parametrize("fault", ["future", "closed", "no line", "no state"])
def test_a_refused_amendment_changes_nothing(
    business: Business, party: Party, owner: User, by_credit_note: bool, fault: str
) -> None:
    old, payment = make_invoice(party, paise=100_00, on=TODAY - 20 * DAY), make_payment(party, 60_00)
    other = make_party(business, state_code="96")
    draft = {
        "future": lambda: corrected(party, on=TODAY + DAY),
        "closed": lambda: corrected(party, on=TODAY - 10 * DAY),
        "no line": lambda: Draft(party=party, issued_on=TODAY, due_on=TODAY, lines=[]),
        "no state": lambda: corrected(other, ship_to={"state_code": "25"}),
    }[fault]()
    business.books_closed_on = TODAY - 10 * DAY
    business.save()
    before = list(Entry.objects.values_list("pk", flat=True))
    with pytest.raises((PostingRefused, CreditRefused, DraftRefused)), transaction.atomic():
        amend(old, draft, owner, by_credit_note=by_credit_note)
    assert (again(old).status, due(old), unused(payment)) == ("issued", 40_00, 0)
    assert list(Entry.objects.values_list("pk", flat=True)) == before
    assert not old.credit_notes.exists()
    assert Invoice.objects.count() == 1
    assert make_invoice(party).sequence == 2


def test_an_invoice_in_closed_books_is_reversed_today_when_it_is_amended(
    business: Business, party: Party, owner: User
) -> None:
    old = make_invoice(party, paise=100_00, on=TODAY - 20 * DAY)
    business.books_closed_on = TODAY - 10 * DAY
    business.save()
    new = amend(old, corrected(party), owner, by_credit_note=False)
    assert Entry.objects.get(kind="reversal").dated_on == TODAY
    closed = statements.page(party, statements.Period(TODAY - 30 * DAY, TODAY - 10 * DAY))
    assert (closed.closing_paise, statements.balance(party)) == (100_00, 80_00)
    assert new.issued_on == TODAY


def test_an_amendment_by_credit_note_is_not_older_than_its_invoice(party: Party, owner: User) -> None:
    old = make_invoice(party, on=TODAY - DAY)
    with pytest.raises(CreditRefused, match="cannot be older"), transaction.atomic():
        amend(old, corrected(party, on=TODAY - 2 * DAY), owner, by_credit_note=True)
    assert due(old) == 100_00


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_ten_clicks_on_amend_make_one_new_invoice() -> None:
    owner = factories.make_user()
    party = make_party(factories.make_business(owner=owner))
    old = make_invoice(party, paise=100_00)
    make_payment(party, 100_00)

    def click(n: int) -> bool:
        try:
            amend(old, corrected(party), owner, by_credit_note=n % 2 == 0)
        except (CreditRefused, PostingRefused):
            return False
        return True

    assert sum(in_parallel(click, 10)) == 1
    assert statements.balance(party) == -20_00
    assert Invoice.objects.filter(replaces=old).count() == 1

"""Adjustments, TDS and re-allocation: what changes a balance without goods or money, and what the book does not allow."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts import india
from accounts.models import Activity, Business, Party, User
from ledger import billing, posting, statements
from ledger.models import Adjustment, Allocation, Entry, Invoice, OpenItem, Payment, Series
from ledger.posting import PostingRefused
from tests import factories
from tests.factories import make_adjustment, make_credit, make_draft, make_invoice, make_party, make_payment

pytestmark = pytest.mark.django_db
TODAY = india.today()
DAY = dt.timedelta(days=1)
OPENING: dict[str, Any] = {"kind": "opening", "reason": ""}


@pytest.fixture
def owner() -> User:
    return factories.make_user()


@pytest.fixture
def business(owner: User) -> Business:
    return factories.make_business(owner=owner)


@pytest.fixture
def party(business: Business) -> Party:
    return make_party(business)


def rest(document: Invoice | Payment | Adjustment) -> int:
    """What is still open of a document: due of a bill, unused of a credit."""
    item = OpenItem.objects.get(**{document._meta.model_name or "": document})
    return item.total_paise - item.settled_paise


def item_of(document: Invoice | Payment | Adjustment) -> int:
    return OpenItem.objects.get(**{document._meta.model_name or "": document}).pk


def settled_by(debit: Invoice | Adjustment) -> dict[str, int]:
    """Number of the credit -> paise."""
    rows = Allocation.objects.filter(debit=item_of(debit)).select_related("credit__payment", "credit__adjustment")
    return {str(row.credit.document): row.amount_paise for row in rows}


# --- Opening balances -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "balance"), [("D", 500_00), ("C", -500_00)])
def test_an_opening_balance_stands_on_either_side(party: Party, owner: User, side: str, balance: int) -> None:
    opening = make_adjustment(party, 500_00, side=side, on=TODAY - 30 * DAY, by=owner, **OPENING)
    entry = Entry.objects.get()
    assert (entry.kind, entry.dated_on, entry.debit_paise - entry.credit_paise) == (
        "opening",
        TODAY - 30 * DAY,
        balance,
    )
    assert (entry.adjustment_id, entry.posted_by) == (opening.pk, owner)
    assert statements.balance(party) == balance
    assert opening.number == f"ADJ/{india.fy_short(opening.dated_on)}/00001"
    assert Activity.objects.get(verb="recorded").subject_id == str(opening.pk)


def test_an_opening_balance_that_they_owe_is_paid_like_a_bill(party: Party) -> None:
    opening = make_adjustment(party, 500_00, side="D", on=TODAY - 30 * DAY, **OPENING)
    invoice = make_invoice(party, paise=100_00)
    payment = make_payment(party, 550_00)
    assert (rest(opening), rest(invoice), rest(payment)) == (0, 50_00, 0)
    assert settled_by(opening) == {payment.number: 500_00}


def test_an_opening_balance_in_their_favour_is_an_advance_that_settles_bills(party: Party, owner: User) -> None:
    opening = make_adjustment(party, 500_00, side="C", **OPENING)
    invoice = make_invoice(party, paise=100_00)
    assert (rest(opening), rest(invoice)) == (400_00, 0)
    posting.reallocate(opening, [(item_of(invoice), 60_00)], owner)
    assert (rest(opening), rest(invoice)) == (440_00, 40_00)


def test_a_party_has_one_opening_balance_until_it_is_cancelled(business: Business, party: Party, owner: User) -> None:
    first = make_adjustment(party, 500_00, side="D", **OPENING)
    for side in ("D", "C"):
        with pytest.raises(PostingRefused, match="has an opening balance already"), transaction.atomic():
            make_adjustment(party, 1_00, side=side, **OPENING)
    make_adjustment(make_party(business), 1_00, side="D", **OPENING)
    posting.cancel_adjustment(first, owner, "typed wrong")
    make_adjustment(party, 400_00, side="C", **OPENING)
    assert statements.balance(party) == -400_00


def test_the_database_too_lets_a_party_have_one_opening_balance(party: Party) -> None:
    opening = make_adjustment(party, side="D", **OPENING)
    with pytest.raises(IntegrityError), transaction.atomic():
        Adjustment.objects.create(
            business=party.business,
            party=party,
            kind="opening",
            side="C",
            series=opening.series,
            sequence=99,
            number="ADJ/99",
            financial_year=opening.financial_year,
            dated_on=TODAY,
            amount_paise=1,
        )


# --- Write-offs and corrections -------------------------------------------------------------------------------


def test_a_write_off_settles_the_oldest_bills(party: Party) -> None:
    old = make_invoice(party, paise=100_00, on=TODAY - 90 * DAY, due_on=TODAY - 60 * DAY)
    new = make_invoice(party, paise=100_00)
    write_off = make_adjustment(party, 130_00, shares=None, reason="shop closed down")
    assert (rest(old), rest(new), rest(write_off)) == (0, 70_00, 0)
    assert (statements.balance(party), write_off.reason) == (70_00, "shop closed down")


def test_a_write_off_settles_the_bill_that_was_chosen_and_no_more_than_is_due(party: Party) -> None:
    old, new = make_invoice(party, paise=100_00, on=TODAY - DAY), make_invoice(party, paise=100_00)
    with pytest.raises(PostingRefused, match="more than is still due"), transaction.atomic():
        make_adjustment(party, 101_00, shares=[(item_of(new), 101_00)])
    make_adjustment(party, 40_00, shares=[(item_of(new), 40_00)])
    assert (rest(old), rest(new)) == (100_00, 60_00)


def test_a_debit_uses_credits_only_when_asked(party: Party) -> None:
    advance = make_payment(party, 80_00)
    interest = make_adjustment(party, 30_00, kind="adjustment", side="D", reason="interest for June")
    assert (rest(advance), rest(interest)) == (80_00, 30_00)
    bounced = make_adjustment(party, 20_00, kind="adjustment", side="D", reason="cheque charges", shares=None)
    assert (rest(advance), rest(bounced)) == (60_00, 0)
    assert statements.balance(party) == -30_00


@pytest.mark.parametrize("kind", ["write_off", "adjustment"])
@pytest.mark.parametrize("reason", ["", "   "])
def test_a_write_off_or_correction_needs_a_reason(party: Party, kind: str, reason: str) -> None:
    with pytest.raises(PostingRefused, match="Write why"):
        make_adjustment(party, kind=kind, reason=reason)
    assert not Adjustment.objects.exists()


@pytest.mark.parametrize("amount", [0, -1])
def test_an_adjustment_of_nothing_is_refused(party: Party, amount: int) -> None:
    with pytest.raises(PostingRefused, match="more than zero"):
        make_adjustment(party, amount)


def test_tax_deducted_at_source_is_a_credit(party: Party) -> None:
    """They kept it back from what they owe; a debit would be tax that they owe us."""
    with pytest.raises(PostingRefused, match="lowers what a party owes"), transaction.atomic():
        make_adjustment(party, kind="tds", side="D", reason="")
    late = make_adjustment(party, kind="tds", reason="")
    assert (late.payment_id, statements.balance(party)) == (None, -100_00)


def test_bills_of_another_party_are_not_written_off(party: Party) -> None:
    foreign = make_invoice(make_party(party.business))
    with pytest.raises(PostingRefused, match="not this party's"), transaction.atomic():
        make_adjustment(party, shares=[(item_of(foreign), 100_00)])
    assert rest(foreign) == 100_00


def test_a_cancelled_adjustment_is_reversed_on_its_date_and_its_bills_are_due_again(party: Party, owner: User) -> None:
    invoice = make_invoice(party, paise=100_00, on=TODAY - 9 * DAY)
    write_off = make_adjustment(party, 100_00, on=TODAY - 5 * DAY, shares=None)
    for reason in ("they paid after all", "again"):
        posting.cancel_adjustment(write_off, owner, reason)
    reversal = Entry.objects.get(kind="reversal")
    assert (reversal.dated_on, reversal.debit_paise, reversal.adjustment_id) == (TODAY - 5 * DAY, 100_00, write_off.pk)
    write_off.refresh_from_db()
    assert (write_off.status, write_off.cancel_reason) == ("cancelled", "they paid after all")
    assert (rest(invoice), rest(write_off), statements.balance(party)) == (100_00, 0, 100_00)
    assert make_adjustment(party).sequence == 2


def test_a_cancelled_debit_gives_back_the_credits_that_it_used(party: Party, owner: User) -> None:
    advance = make_payment(party, 80_00)
    charge = make_adjustment(party, 30_00, kind="adjustment", side="D", shares=None)
    assert rest(advance) == 50_00
    posting.cancel_adjustment(charge, owner, "wrong party")
    assert (rest(advance), statements.balance(party)) == (80_00, -80_00)


# --- TDS with a payment ---------------------------------------------------------------------------------------


def test_tds_settles_the_same_bill_after_the_money(party: Party, owner: User) -> None:
    invoice = make_invoice(party, paise=1_000_00)
    payment = make_payment(party, 980_00, tds_paise=20_00, on=TODAY, by=owner)
    tds = payment.adjustments.get()
    assert (tds.kind, tds.side, tds.amount_paise, tds.dated_on) == ("tds", "C", 20_00, TODAY)
    assert (tds.party_id, tds.created_by) == (party.pk, owner)
    assert settled_by(invoice) == {payment.number: 980_00, tds.number: 20_00}
    assert (rest(invoice), statements.balance(party)) == (0, 0)
    assert list(Entry.objects.order_by("pk").values_list("kind", "credit_paise")) == [
        ("invoice", 0),
        ("payment", 980_00),
        ("tds", 20_00),
    ]


def test_chosen_shares_go_across_money_and_tds(party: Party) -> None:
    first, second, third = (make_invoice(party, paise=500_00) for _ in range(3))
    shares = [(item_of(second), 400_00), (item_of(first), 300_00), (item_of(third), 100_00)]
    payment = make_payment(party, 600_00, tds_paise=150_00 + 50_00, shares=shares)
    tds = payment.adjustments.get()
    assert settled_by(second) == {payment.number: 400_00}
    assert settled_by(first) == {payment.number: 200_00, tds.number: 100_00}
    assert settled_by(third) == {tds.number: 100_00}
    assert (rest(payment), rest(tds)) == (0, 0)


def test_shares_for_less_than_both_leave_the_end_of_the_tds_an_advance(party: Party) -> None:
    invoice = make_invoice(party, paise=500_00)
    payment = make_payment(party, 100_00, tds_paise=20_00, shares=[(item_of(invoice), 110_00)])
    assert settled_by(invoice) == {payment.number: 100_00, payment.adjustments.get().number: 10_00}
    assert (rest(payment), rest(payment.adjustments.get())) == (0, 10_00)
    unsettled = make_payment(party, 100_00, tds_paise=20_00, shares=[])
    assert (rest(unsettled), rest(unsettled.adjustments.get())) == (100_00, 20_00)


@pytest.mark.parametrize("amount", [501_00, 621_00])
def test_shares_beyond_a_bill_or_beyond_money_and_tds_keep_nothing(party: Party, amount: int) -> None:
    invoice = make_invoice(party, paise=500_00 if amount == 501_00 else 1_000_00)
    with pytest.raises(PostingRefused, match="more than"), transaction.atomic():
        make_payment(party, 600_00, tds_paise=20_00, shares=[(item_of(invoice), amount)])
    assert not Payment.objects.exists()
    assert not Adjustment.objects.exists()
    assert not Series.objects.exclude(kind="invoice").exists()


def test_tds_is_kept_back_from_money_received_only(party: Party) -> None:
    with pytest.raises(PostingRefused, match="money that you receive"):
        make_payment(party, 100_00, tds_paise=-1)
    with pytest.raises(PostingRefused, match="money that you receive"):
        make_payment(party, 100_00, tds_paise=1, direction="paid")
    assert not Payment.objects.exists()


def test_a_cancelled_payment_takes_its_tds_with_it(party: Party, owner: User) -> None:
    invoice = make_invoice(party, paise=1_000_00)
    payment = make_payment(party, 980_00, tds_paise=20_00)
    other = make_payment(party, 1_00, tds_paise=1_00)
    posting.cancel_payment(payment, owner, "bounced")
    tds = payment.adjustments.get()
    assert (tds.status, tds.cancel_reason) == ("cancelled", "bounced")
    assert (rest(invoice), statements.balance(party)) == (1_000_00, 998_00)
    assert other.adjustments.get().status == "recorded"
    assert Entry.objects.filter(kind="reversal").count() == 2


def test_tds_claimed_wrongly_is_cancelled_alone(party: Party, owner: User) -> None:
    invoice = make_invoice(party, paise=1_000_00)
    payment = make_payment(party, 980_00, tds_paise=20_00)
    posting.cancel_adjustment(payment.adjustments.get(), owner, "no certificate")
    assert (rest(invoice), statements.balance(party)) == (20_00, 20_00)
    posting.cancel_payment(payment, owner, "bounced")
    assert statements.balance(party) == 1_000_00


# --- Re-allocation --------------------------------------------------------------------------------------------


def test_a_payment_is_taken_from_one_bill_and_given_to_another(party: Party, owner: User) -> None:
    first, second = make_invoice(party, paise=100_00, on=TODAY - DAY), make_invoice(party, paise=100_00)
    payment = make_payment(party, 100_00)
    assert (rest(first), rest(second)) == (0, 100_00)
    posting.reallocate(payment, [(item_of(second), 70_00), (item_of(first), 10_00)], owner)
    assert (rest(first), rest(second), rest(payment)) == (90_00, 30_00, 20_00)
    assert statements.balance(party) == 100_00
    posting.reallocate(payment, [], owner)
    assert (rest(first), rest(second), rest(payment)) == (100_00, 100_00, 100_00)
    assert Entry.objects.count() == 3, "who settles what is not a posting"


def test_a_refused_reallocation_leaves_the_first_as_it_was(party: Party, owner: User) -> None:
    first, second = make_invoice(party, paise=100_00, on=TODAY - DAY), make_invoice(party, paise=100_00)
    foreign = make_invoice(make_party(party.business))
    payment = make_payment(party, 100_00)
    for shares in (
        [(item_of(second), 100_01)],
        [(item_of(second), 60_00), (item_of(first), 40_01)],
        [(item_of(foreign), 1)],
        [(item_of(second), -1)],
        [(item_of(payment), 1)],
    ):
        with pytest.raises(PostingRefused), transaction.atomic():
            posting.reallocate(payment, shares, owner)
        assert settled_by(first) == {payment.number: 100_00}
        assert (rest(second), rest(payment)) == (100_00, 0)


def test_a_credit_note_and_a_write_off_are_reallocated_like_a_payment(party: Party, owner: User) -> None:
    first, second = make_invoice(party, paise=100_00), make_invoice(party, paise=100_00)
    note, write_off = make_credit(first, by=owner), make_adjustment(party, 30_00, shares=[(item_of(second), 30_00)])
    for credit in (note, write_off):
        posting.reallocate(credit, [(item_of(second), 30_00)], owner)
    assert settled_by(second) == {note.number: 30_00, write_off.number: 30_00}
    assert (rest(first), rest(note)) == (100_00, 70_00)


def test_refunds_debits_and_cancelled_payments_settle_no_bill(party: Party, owner: User) -> None:
    invoice = make_invoice(party)
    refund = make_payment(party, 50_00, direction="paid")
    charge = make_adjustment(party, 50_00, kind="adjustment", side="D")
    cancelled = make_payment(party, 50_00, shares=[])
    posting.cancel_payment(cancelled, owner, "bounced")
    for document in (refund, charge, cancelled, invoice):
        with pytest.raises(PostingRefused, match="cannot settle bills"), transaction.atomic():
            posting.reallocate(document, [(item_of(invoice), 1_00)], owner)
    assert rest(invoice) == 100_00


# --- Books closed ---------------------------------------------------------------------------------------------


POSTINGS: dict[str, Callable[[Party, dt.date, User], object]] = {
    "an invoice": lambda party, on, _by: make_invoice(party, on=on),
    "a credit note by hand": lambda party, on, _by: factories.make_credit_note(party, on=on),
    "a credit note by line": lambda party, on, by: make_credit(
        Invoice.objects.get(party=party, reference="old"), on=on, by=by
    ),
    "a payment": lambda party, on, _by: make_payment(party, on=on),
    "a refund": lambda party, on, _by: make_payment(party, on=on, direction="paid"),
    "a payment with TDS": lambda party, on, _by: make_payment(party, on=on, tds_paise=1_00),
    "an opening balance": lambda party, on, _by: make_adjustment(party, on=on, side="D", **OPENING),
    "a write-off": lambda party, on, _by: make_adjustment(party, on=on),
    "an imported bill": lambda party, on, by: posting.post_batch(party.business, [_prepared(party, on)], by),
}


def _prepared(party: Party, on: dt.date) -> posting.Prepared:
    from ledger import drafting

    invoice = Invoice(kind="invoice")
    draft = drafting.Draft(party=party, issued_on=on, due_on=on, lines=[factories.line()])
    return posting.Prepared(invoice, drafting.apply(invoice, party.business, draft), settle_in_cash=True)


@pytest.mark.parametrize("what", POSTINGS)
def test_nothing_is_dated_into_closed_books_or_into_the_future(
    business: Business, party: Party, owner: User, what: str
) -> None:
    make_invoice(party, on=TODAY - 30 * DAY, reference="old")
    business.books_closed_on = closed = TODAY - 10 * DAY
    business.save()
    before = Entry.objects.count()
    for day, says in ((closed, "closed up to"), (closed - 5 * DAY, "closed up to"), (TODAY + DAY, "future")):
        with pytest.raises(PostingRefused, match=says), transaction.atomic():
            POSTINGS[what](party, day, owner)
    assert Entry.objects.count() == before
    POSTINGS[what](party, closed + DAY, owner)
    assert Entry.objects.count() > before


CANCELLATIONS: dict[str, Callable[[Party, dt.date, User], Callable[[], object]]] = {
    "an invoice": lambda party, on, by: _cancels(posting.cancel_invoice, make_invoice(party, on=on), by),
    "a credit note": lambda party, on, by: _cancels(
        posting.cancel_invoice, make_credit(make_invoice(party, on=on), on=on, by=by), by
    ),
    "a payment": lambda party, on, by: _cancels(posting.cancel_payment, make_payment(party, on=on), by),
    "a payment with TDS": lambda party, on, by: _cancels(
        posting.cancel_payment, make_payment(party, on=on, tds_paise=5_00), by
    ),
    "a refund": lambda party, on, by: _cancels(
        posting.cancel_payment, make_payment(party, on=on, direction="paid"), by
    ),
    "an opening balance": lambda party, on, by: _cancels(
        posting.cancel_adjustment, make_adjustment(party, on=on, side="D", **OPENING), by
    ),
    "a write-off": lambda party, on, by: _cancels(posting.cancel_adjustment, make_adjustment(party, on=on), by),
}


def _cancels(cancel: Callable[..., object], document: object, by: User) -> Callable[[], object]:
    return lambda: cancel(document, by, "wrong")


@pytest.mark.parametrize("what", CANCELLATIONS)
def test_what_is_cancelled_in_closed_books_is_reversed_today(
    business: Business, party: Party, owner: User, what: str
) -> None:
    cancel = CANCELLATIONS[what](party, TODAY - 20 * DAY, owner)
    closed = statements.Period(TODAY - 30 * DAY, TODAY - 10 * DAY)
    before = statements.page(party, closed).closing_paise
    business.books_closed_on = closed.end
    business.save()
    cancel()
    assert set(Entry.objects.filter(kind="reversal").values_list("dated_on", flat=True)) == {TODAY}
    assert statements.page(party, closed).closing_paise == before


@pytest.mark.parametrize("what", CANCELLATIONS)
def test_what_is_cancelled_in_open_books_is_reversed_on_its_date(party: Party, owner: User, what: str) -> None:
    CANCELLATIONS[what](party, TODAY - 20 * DAY, owner)()
    assert set(Entry.objects.filter(kind="reversal").values_list("dated_on", flat=True)) == {TODAY - 20 * DAY}


@pytest.mark.parametrize("what", CANCELLATIONS)
def test_nothing_is_cancelled_while_even_today_is_closed(
    business: Business, party: Party, owner: User, what: str
) -> None:
    cancel = CANCELLATIONS[what](party, TODAY - 20 * DAY, owner)
    before = statements.balance(party)
    business.books_closed_on = TODAY
    business.save()
    with pytest.raises(PostingRefused, match="closed up to"), transaction.atomic():
        cancel()
    assert not Entry.objects.filter(kind="reversal").exists()
    assert statements.balance(party) == before
    assert not Adjustment.objects.filter(status="cancelled").exists()


def test_closed_books_do_not_keep_money_from_being_used(business: Business, party: Party, owner: User) -> None:
    """Who settles what changes no balance of any day."""
    invoice, payment = make_invoice(party, on=TODAY - 20 * DAY), make_payment(party, on=TODAY - 20 * DAY, shares=[])
    business.books_closed_on = TODAY
    business.save()
    posting.allocate_payment(payment, [(item_of(invoice), 100_00)], owner)
    posting.reallocate(payment, [(item_of(invoice), 60_00)], owner)
    assert (rest(invoice), rest(payment)) == (40_00, 40_00)


def test_a_draft_of_closed_days_waits_for_another_date(business: Business, party: Party, owner: User) -> None:
    draft = make_draft(party, on=TODAY - 20 * DAY)
    business.books_closed_on = TODAY - 10 * DAY
    business.save()
    with pytest.raises(PostingRefused, match="closed up to"):
        posting.issue(draft, owner)
    Invoice.objects.filter(pk=draft.pk).update(issued_on=TODAY, due_on=TODAY)
    assert posting.issue(draft, owner).issued_on == TODAY
    assert billing.credit(draft, None, owner, issued_on=TODAY, reason="returned").total_paise == 100_00

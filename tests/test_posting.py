"""Posting: what issuing, cancelling, paying and crediting write into the book, and what the book does not allow."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction

from accounts import india
from accounts.models import Activity, Business, Party, User
from accounts.money import MAX_PAISE, MAX_UNIT_PRICE_E4
from catalog import orders
from catalog.models import Item, StockMovement
from catalog.orders import OrderRefused
from ledger import posting, statements
from ledger.drafting import DraftRefused
from ledger.models import Allocation, Entry, Invoice, OpenItem, Payment
from ledger.posting import PostingRefused, settling
from tests import factories
from tests.factories import line, make_credit_note, make_draft, make_invoice, make_party, make_payment

pytestmark = pytest.mark.django_db
TODAY = india.today()
DAY = dt.timedelta(days=1)


@pytest.fixture
def owner() -> User:
    return factories.make_user()


@pytest.fixture
def business(owner: User) -> Business:
    return factories.make_business(owner=owner)


@pytest.fixture
def party(business: Business) -> Party:
    return make_party(business)


def ledger_of(party: Party) -> list[tuple[str, int, int]]:
    rows = Entry.objects.filter(party=party).order_by("dated_on", "id")
    return [(row.kind, row.debit_paise, row.credit_paise) for row in rows]


def due(invoice: Invoice) -> int:
    return Invoice.objects.select_related("open_item").get(pk=invoice.pk).due_paise


def state(invoice: Invoice) -> str:
    return Invoice.objects.select_related("open_item").get(pk=invoice.pk).state


def unused(payment: Payment) -> int:
    return Payment.objects.select_related("open_item").get(pk=payment.pk).unallocated_paise


# --- Issue --------------------------------------------------------------------------------------------------


def test_an_issued_invoice_owes_its_total_on_its_date(party: Party, owner: User) -> None:
    draft = make_draft(party, paise=118_00, on=TODAY - 3 * DAY, by=owner)
    assert (ledger_of(party), draft.number, statements.balance(party)) == ([], "", 0)
    invoice = posting.issue(draft, owner)
    assert ledger_of(party) == [("invoice", 118_00, 0)]
    entry = invoice.entries.get()
    assert (entry.dated_on, entry.posted_by) == (TODAY - 3 * DAY, owner)
    assert statements.balance(party) == 118_00
    assert invoice.number == f"INV/{india.fy_short(invoice.issued_on)}/00001"
    assert (state(invoice), due(invoice)) == ("unpaid", 118_00)


def test_issuing_twice_posts_once(party: Party, owner: User) -> None:
    draft = make_draft(party)
    first, second = posting.issue(draft, owner), posting.issue(draft, owner)
    assert first.number == second.number
    assert len(ledger_of(party)) == 1
    assert Activity.objects.filter(verb="issued").count() == 1


def test_a_draft_without_lines_is_refused_and_takes_no_number(party: Party, owner: User) -> None:
    empty = make_draft(party, lines=[])
    with pytest.raises(PostingRefused, match="at least one line"):
        posting.issue(empty, owner)
    assert make_invoice(party).sequence == 1


def test_a_date_in_the_future_is_refused(party: Party, owner: User) -> None:
    with pytest.raises(PostingRefused, match="future"):
        make_invoice(party, on=TODAY + DAY)
    with pytest.raises(PostingRefused, match="future"):
        make_payment(party, on=TODAY + DAY)
    assert ledger_of(party) == []


def test_a_cancelled_invoice_is_not_issued_again(party: Party, owner: User) -> None:
    invoice = make_invoice(party)
    posting.cancel_invoice(invoice, owner, "wrong")
    with pytest.raises(PostingRefused, match="cancelled"):
        posting.issue(invoice, owner)


def test_an_invoice_of_nothing_has_an_open_item_and_no_entry(party: Party, owner: User) -> None:
    """A gift is a paper without an amount."""
    gift = make_invoice(party, paise=0)
    assert ledger_of(party) == []
    assert (state(gift), due(gift)) == ("paid", 0)
    posting.cancel_invoice(gift, owner, "wrong")
    assert ledger_of(party) == []


def test_issuing_keeps_names_as_they_were_on_that_day(party: Party, business: Business, owner: User) -> None:
    invoice = make_invoice(party)
    before = (invoice.seller["name"], invoice.buyer["name"])
    Business.objects.update(name="Renamed Traders")
    Party.objects.update(name="Renamed Kirana")
    kept = Invoice.objects.get(pk=invoice.pk)
    assert (kept.seller["name"], kept.buyer["name"]) == before == (business.name, party.name)


def test_issuing_a_draft_whose_party_was_changed_meanwhile_posts_to_the_new_party(party: Party, owner: User) -> None:
    """The screen that issues may hold an older copy of the draft."""
    other = make_party(party.business)
    stale = make_draft(party)
    Invoice.objects.filter(pk=stale.pk).update(party=other)
    posting.issue(stale, owner)
    assert (len(ledger_of(party)), len(ledger_of(other))) == (0, 1)


# --- Cancel -------------------------------------------------------------------------------------------------


def test_cancelling_reverses_on_the_documents_date_and_keeps_the_number(party: Party, owner: User) -> None:
    invoice = make_invoice(party, on=TODAY - 9 * DAY)
    posting.cancel_invoice(invoice, owner, "wrong price")
    posting.cancel_invoice(invoice, owner, "again")
    assert ledger_of(party) == [("invoice", 100_00, 0), ("reversal", 0, 100_00)]
    assert set(Entry.objects.values_list("dated_on", flat=True)) == {TODAY - 9 * DAY}
    kept = Invoice.objects.get(pk=invoice.pk)
    assert (kept.status, kept.number, kept.cancel_reason) == ("cancelled", invoice.number, "wrong price")
    assert make_invoice(party).sequence == 2


def test_cancelling_a_paid_invoice_leaves_the_money_as_an_advance(party: Party, owner: User) -> None:
    invoice = make_invoice(party)
    payment = make_payment(party, 60_00)
    assert (due(invoice), unused(payment)) == (40_00, 0)
    posting.cancel_invoice(invoice, owner, "wrong")
    assert unused(payment) == 60_00
    assert statements.balance(party) == -60_00
    assert not Allocation.objects.exists()


def test_a_draft_is_not_cancelled(party: Party, owner: User) -> None:
    with pytest.raises(PostingRefused, match="draft"):
        posting.cancel_invoice(make_draft(party), owner, "")


def test_an_invoice_with_a_credit_note_is_not_cancelled_before_it(party: Party, owner: User) -> None:
    invoice = make_invoice(party)
    note = make_credit_note(original=invoice, paise=10_00)
    with pytest.raises(PostingRefused, match="credit notes"):
        posting.cancel_invoice(invoice, owner, "wrong")
    posting.cancel_invoice(note, owner, "wrong")
    posting.cancel_invoice(invoice, owner, "wrong")
    assert statements.balance(party) == 0


def test_a_cancelled_payment_makes_its_bills_due_again(party: Party, owner: User) -> None:
    invoice = make_invoice(party)
    payment = make_payment(party, 100_00, on=TODAY - DAY)
    assert state(invoice) == "paid"
    posting.cancel_payment(payment, owner, "bounced")
    posting.cancel_payment(payment, owner, "again")
    assert (state(invoice), due(invoice)) == ("unpaid", 100_00)
    reversal = Entry.objects.get(kind="reversal")
    assert (reversal.dated_on, reversal.debit_paise) == (TODAY - DAY, 100_00)


# --- Books closed -------------------------------------------------------------------------------------------


@pytest.fixture
def closed(business: Business) -> dt.date:
    """The last closed day."""
    business.books_closed_on = TODAY - 10 * DAY
    business.save()
    return business.books_closed_on


def test_nothing_new_is_dated_into_closed_books(party: Party, closed: dt.date) -> None:
    with pytest.raises(PostingRefused, match="closed"):
        make_invoice(party, on=closed)
    with pytest.raises(PostingRefused, match="closed"):
        make_payment(party, on=closed)
    make_invoice(party, on=closed + DAY)
    make_payment(party, on=closed + DAY)


def test_cancelling_in_closed_books_reverses_today(party: Party, business: Business, owner: User) -> None:
    invoice, payment = make_invoice(party, on=TODAY - 30 * DAY), make_payment(party, 30_00, on=TODAY - 30 * DAY)
    period = statements.Period(TODAY - 40 * DAY, TODAY - 10 * DAY)
    before = statements.page(party, period).closing_paise
    business.books_closed_on = TODAY - 10 * DAY
    business.save()
    posting.cancel_invoice(invoice, owner, "wrong")
    posting.cancel_payment(payment, owner, "wrong")
    assert set(Entry.objects.filter(kind="reversal").values_list("dated_on", flat=True)) == {TODAY}
    assert statements.page(party, period).closing_paise == before == 70_00
    assert statements.balance(party) == 0


def test_nothing_is_cancelled_when_even_today_is_closed(party: Party, business: Business, owner: User) -> None:
    """The reversal would have no open day to stand on."""
    invoice, payment = make_invoice(party), make_payment(party)
    business.books_closed_on = TODAY
    business.save()
    with pytest.raises(PostingRefused, match="closed"):
        posting.cancel_invoice(invoice, owner, "wrong")
    with pytest.raises(PostingRefused, match="closed"):
        posting.cancel_payment(payment, owner, "wrong")
    assert not Entry.objects.filter(kind="reversal").exists()


def test_closing_the_books_is_seen_by_a_payment_form_opened_before(party: Party, business: Business) -> None:
    stale = Business.objects.get(pk=business.pk)
    Business.objects.update(books_closed_on=TODAY)
    with pytest.raises(PostingRefused, match="closed"):
        posting.record_payment(stale, party, amount_paise=1, mode="cash", paid_on=TODAY, by=None)


# --- Back-dated documents -----------------------------------------------------------------------------------


def test_a_back_dated_bill_moves_every_later_balance(party: Party) -> None:
    make_invoice(party, on=TODAY - 5 * DAY)
    whole = statements.Period(TODAY - 60 * DAY, TODAY)
    assert [row.balance_paise for row in statements.page(party, whole).rows] == [100_00]
    make_invoice(party, on=TODAY - 40 * DAY, paise=7_00)
    assert [row.balance_paise for row in statements.page(party, whole).rows] == [7_00, 107_00]
    assert statements.page(party, statements.Period(TODAY - 30 * DAY, TODAY)).opening_paise == 7_00


def test_a_number_follows_the_year_of_its_date(party: Party) -> None:
    this_year, last_year = make_invoice(party), make_invoice(party, on=india.fy_start(TODAY) - DAY)
    assert (this_year.sequence, last_year.sequence) == (1, 1)
    assert this_year.number != last_year.number
    assert last_year.financial_year == india.financial_year(last_year.issued_on)


# --- Payments -----------------------------------------------------------------------------------------------


def test_a_payment_closes_the_oldest_due_bill_first(party: Party) -> None:
    later = make_invoice(party, on=TODAY - 20 * DAY, due_on=TODAY + 20 * DAY)
    sooner = make_invoice(party, on=TODAY - 10 * DAY, due_on=TODAY - 5 * DAY)
    payment = make_payment(party, 130_00)
    assert (due(sooner), due(later), unused(payment)) == (0, 70_00, 0)
    assert (state(sooner), state(later)) == ("paid", "part_paid")


def test_a_payment_by_hand_settles_what_was_chosen(party: Party) -> None:
    first, second = make_invoice(party, on=TODAY - 9 * DAY), make_invoice(party)
    payment = make_payment(party, 80_00, shares=[(second.open_item.pk, 50_00), (first.open_item.pk, 10_00)])
    assert (due(first), due(second), unused(payment)) == (90_00, 50_00, 20_00)


def test_the_same_bill_named_twice_is_settled_with_both_amounts(party: Party) -> None:
    invoice = make_invoice(party)
    payment = make_payment(party, 80_00, shares=[(invoice.open_item.pk, 50_00), (invoice.open_item.pk, 20_00)])
    assert (due(invoice), unused(payment)) == (30_00, 10_00)


def test_the_next_invoices_use_what_was_paid_in_advance_oldest_first(party: Party) -> None:
    old, new = make_payment(party, 30_00, on=TODAY - 5 * DAY), make_payment(party, 120_00)
    other = make_payment(make_party(party.business), 500_00)
    assert statements.balance(party) == -150_00
    first = make_invoice(party)
    assert (due(first), unused(old), unused(new)) == (0, 0, 50_00)
    second = make_invoice(party)
    assert (due(second), unused(new), unused(other)) == (50_00, 0, 500_00)
    assert statements.balance(party) == 50_00
    assert first.open_item.settled_paise == 100_00, "what issuing returns knows it"


def test_a_credit_is_as_old_as_its_day_whatever_stands_as_its_due_day(party: Party) -> None:
    """Imported credit notes have the party's days of credit too."""
    note = make_credit_note(party, paise=40_00, on=TODAY - 5 * DAY, due_on=TODAY + 10 * DAY)
    payment = make_payment(party, 100_00, on=TODAY - DAY)
    make_invoice(party)
    assert (due(note), unused(payment)) == (0, 40_00)


def test_more_small_advances_than_are_looked_at_in_one_go_all_settle_the_bill(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "FEW", 2)
    advances = [make_payment(party, 10_00) for _ in range(5)]
    invoice = make_invoice(party, paise=45_00)
    assert (due(invoice), [unused(one) for one in advances]) == (0, [0, 0, 0, 0, 5_00])


def test_what_one_walk_in_customer_left_with_the_shop_pays_no_other_ones_bill(business: Business, owner: User) -> None:
    """Cash sales are one party of many people: only the shop knows whose money it is."""
    anybody = Party.objects.create(business=business, name="Cash sales", is_walk_in=True)
    one = make_invoice(anybody)
    make_payment(anybody, 100_00)
    note = make_credit_note(original=one)  # nobody has taken the money back yet
    other = make_invoice(anybody, paise=60_00)
    assert (due(other), due(note)) == (60_00, 100_00)
    posting.reallocate(note, [(other.open_item.pk, 60_00)], owner)
    assert (due(other), due(note)) == (0, 40_00)


@pytest.mark.parametrize("advances", [1, 3])
def test_many_small_advances_cost_an_invoice_no_more_queries_than_one(
    party: Party, advances: int, django_assert_num_queries: Any
) -> None:
    invoice = make_invoice(party, paise=25_00)
    waiting = [make_payment(party, 10_00, shares=[]) for _ in range(advances)]
    with django_assert_num_queries(3 if advances == 3 else 4):  # one more look when the bill is not covered
        settling.use_credits(invoice.open_item)
    assert (due(invoice), [unused(one) for one in waiting]) == ((0, [0, 0, 5_00]) if advances == 3 else (15_00, [0]))


def test_an_advance_that_was_kept_apart_is_used_by_hand(party: Party, owner: User) -> None:
    invoice = make_invoice(party)
    advance = make_payment(party, 150_00, shares=[])
    assert (due(invoice), unused(advance)) == (100_00, 150_00)
    posting.allocate_payment(advance, [(invoice.open_item.pk, 60_00)], owner)
    posting.allocate_payment(advance, [(invoice.open_item.pk, 40_00)], owner)
    assert (due(invoice), unused(advance)) == (0, 50_00)
    assert Allocation.objects.get().amount_paise == 100_00


@pytest.mark.parametrize(
    ("amount", "chosen", "says"),
    [
        (50_00, 60_00, "more than the payment"),
        (150_00, 110_00, "more than is still due"),
        (50_00, -1, "cannot be negative"),
    ],
)
def test_an_allocation_beyond_payment_or_bill_is_refused_whole(
    party: Party, amount: int, chosen: int, says: str
) -> None:
    invoice = make_invoice(party)
    with pytest.raises(PostingRefused, match=says), transaction.atomic():
        make_payment(party, amount, shares=[(invoice.open_item.pk, chosen)])
    assert not Payment.objects.exists()
    assert due(invoice) == 100_00


def test_a_bill_of_another_party_or_shop_is_not_settled(party: Party) -> None:
    for other in (make_party(party.business), make_party()):
        foreign = make_invoice(other)
        with pytest.raises(PostingRefused, match="not this party's"), transaction.atomic():
            make_payment(party, 50_00, shares=[(foreign.open_item.pk, 50_00)])
        assert due(foreign) == 100_00
    with pytest.raises(PostingRefused, match="not this party's"), transaction.atomic():
        make_payment(party, 50_00, shares=[(10**15, 50_00)])


@pytest.mark.parametrize("amount", [0, -1])
def test_a_payment_of_nothing_is_refused(party: Party, amount: int) -> None:
    with pytest.raises(PostingRefused, match="more than zero"):
        make_payment(party, amount)


def test_a_reference_stands_on_one_payment_of_a_party(party: Party, owner: User) -> None:
    first = make_payment(party, 10_00, mode="upi", reference="UTR1")
    with pytest.raises(PostingRefused, match=first.number), transaction.atomic():
        make_payment(party, 10_00, mode="upi", reference="UTR1")
    make_payment(party, 10_00, mode="cheque", reference="UTR1")
    make_payment(make_party(party.business), 10_00, mode="upi", reference="UTR1")
    posting.cancel_payment(first, owner, "typed wrong")
    make_payment(party, 10_00, mode="upi", reference="UTR1")


def test_a_refund_uses_up_advances_oldest_first(party: Party) -> None:
    first, second = make_payment(party, 30_00, on=TODAY - DAY), make_payment(party, 30_00)
    refund = make_payment(party, 40_00, direction="paid")
    assert (unused(first), unused(second)) == (0, 20_00)
    assert statements.balance(party) == -20_00
    assert refund.number.startswith("PAY/")
    assert ledger_of(party)[-1] == ("refund", 40_00, 0)


def test_a_refund_beyond_the_advances_is_owed_by_the_party(party: Party) -> None:
    make_payment(party, 30_00)
    make_payment(party, 50_00, direction="paid")
    assert statements.balance(party) == 20_00
    make_payment(party, 20_00)
    assert statements.outstanding(party) == statements.Outstanding(0, 0, 0, 0, 0)


def test_a_refund_cannot_settle_bills(party: Party, owner: User) -> None:
    invoice, refund = make_invoice(party), make_payment(party, 50_00, direction="paid")
    with pytest.raises(PostingRefused, match="cannot settle"):
        posting.allocate_payment(refund, [(invoice.open_item.pk, 50_00)], owner)


# --- Credit notes -------------------------------------------------------------------------------------------


def test_a_credit_note_settles_its_original_and_leaves_the_rest(party: Party) -> None:
    invoice = make_invoice(party)
    make_payment(party, 70_00)
    note = make_credit_note(original=invoice, paise=50_00)
    assert (state(invoice), due(note), state(note)) == ("paid", 20_00, "open")
    assert statements.balance(party) == -20_00
    assert note.number == f"CN/{india.fy_short(note.issued_on)}/00001"


def test_a_credit_note_may_stand_alone(party: Party) -> None:
    note = make_credit_note(party, paise=50_00)
    assert (due(note), statements.balance(party)) == (50_00, -50_00)


@pytest.mark.parametrize("made", ["draft", "cancelled"])
def test_a_credit_note_needs_an_original_that_stands(party: Party, owner: User, made: str) -> None:
    """Against a cancelled bill it would give the money back a second time."""
    original = make_invoice(party, issued=made != "draft")
    note = make_credit_note(original=original, paise=10_00, issued=False)
    if made == "cancelled":
        posting.cancel_invoice(original, owner, "wrong")
    with pytest.raises(PostingRefused, match=r"[Ii]nvoice"), transaction.atomic():
        posting.issue(note, owner)
    assert statements.balance(party) == 0


def test_credit_notes_together_do_not_exceed_their_original(party: Party, owner: User) -> None:
    invoice = make_invoice(party)
    first = make_credit_note(original=invoice, paise=60_00)
    with pytest.raises(PostingRefused, match="more than"), transaction.atomic():
        make_credit_note(original=invoice, paise=40_01)
    make_credit_note(original=invoice, paise=40_00)
    posting.cancel_invoice(first, owner, "wrong")
    make_credit_note(original=invoice, paise=60_00)
    assert statements.balance(party) == 0


# --- Stock --------------------------------------------------------------------------------------------------


def test_a_bill_takes_stock_and_its_cancelling_gives_it_back(business: Business, party: Party, owner: User) -> None:
    counted, uncounted = factories.make_item(business, stock_milli=10_000), factories.make_item(business)

    def left() -> tuple[int, int]:
        return tuple(Item.objects.order_by("pk").values_list("stock_milli", flat=True))  # type: ignore[return-value]

    lines = [line(item=counted, quantity_milli=1_500), line(item=uncounted), line(item=counted, quantity_milli=500)]
    invoice = make_invoice(party, lines=lines)
    assert left() == (8_000, 0)
    note = make_credit_note(original=invoice, lines=[line(item=counted, quantity_milli=250)])
    assert left() == (8_250, 0)
    posting.cancel_invoice(note, owner, "wrong")
    assert left() == (8_000, 0)
    posting.cancel_invoice(invoice, owner, "wrong")
    assert left() == (10_000, 0)
    reasons = StockMovement.objects.order_by("pk").values_list("reason", "delta_milli")
    assert list(reasons) == [
        ("counted", 10_000),
        ("sold", -2_000),
        ("returned", 250),
        ("cancelled", -250),
        ("cancelled", 2_000),
    ]


def test_a_merchant_may_bill_more_than_was_counted(business: Business, party: Party) -> None:
    item = factories.make_item(business, stock_milli=1_000)
    make_invoice(party, lines=[line(item=item, quantity_milli=3_000)])
    item.refresh_from_db()
    assert (item.stock_milli, item.available_milli) == (-2_000, 0)


# --- A refused posting leaves nothing -----------------------------------------------------------------------


def test_a_refusal_keeps_no_number_no_entry_and_no_stock(business: Business, party: Party, owner: User) -> None:
    item = factories.make_item(business, stock_milli=1_000)
    draft = make_draft(party, lines=[line(item=item)], on=TODAY + DAY)
    with pytest.raises(PostingRefused):
        posting.issue(draft, owner)
    item.refresh_from_db()
    assert item.stock_milli == 1_000
    assert not OpenItem.objects.exists()
    assert make_invoice(party).sequence == 1


def test_absurd_amounts_are_refused_in_words(business: Business, party: Party, owner: User) -> None:
    """Not by the database's integer running over."""
    with pytest.raises(DraftRefused):
        make_draft(party, lines=[line(paise=MAX_PAISE, quantity_milli=2_000)])
    dear = [factories.make_item(business, unit_price_e4=MAX_UNIT_PRICE_E4) for _ in range(2)]
    with pytest.raises(OrderRefused, match="too large"):
        orders.place(party, owner, {item.pk: orders.MAX_QUANTITY_MILLI for item in dear})
    with pytest.raises(OrderRefused, match="too large"):
        orders.place(party, owner, {dear[0].pk: 2_000})
    orders.place(party, owner, {dear[0].pk: 1_000})


# --- Zero-rated supplies and reverse charge -----------------------------------------------------------------


@pytest.fixture
def registered(owner: User) -> Business:
    """Under GST in Maharashtra."""
    return factories.make_business(owner=owner, scheme="regular", gstin="27AAPFU0939F1ZV")


def taxes(invoice: Invoice) -> tuple[int, int, int, int, int]:
    """taxable, CGST, SGST, IGST, total."""
    kept = Invoice.objects.get(pk=invoice.pk)
    return kept.taxable_paise, kept.cgst_paise, kept.sgst_paise, kept.igst_paise, kept.total_paise


def taxed_bill(party: Party, **fields: object) -> Invoice:
    return make_invoice(party, lines=[line(paise=100_00, gst_rate_bp=1800, cess_rate_bp=0)], **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("buyer", "kind"),
    [({"state_code": "96"}, "export"), ({"gstin": "27AAACR5055K1Z7", "state_code": "27", "is_sez": True}, "sez")],
    ids=["export", "sez"],
)
def test_a_zero_rated_supply_bears_igst_unless_there_is_an_undertaking(
    registered: Business, buyer: dict[str, Any], kind: str
) -> None:
    paid = taxed_bill(make_party(registered, **buyer))
    assert (paid.supply_kind, paid.is_inter_state, paid.under_lut) == (kind, True, False)
    assert taxes(paid) == (100_00, 0, 0, 18_00, 118_00)
    registered.lut_number = "AD270326000001A"
    registered.save()
    free = taxed_bill(make_party(registered, **buyer))
    assert (free.supply_kind, free.is_inter_state, free.under_lut) == (kind, True, True)
    assert taxes(free) == (100_00, 0, 0, 0, 100_00)
    assert free.seller["lut_number"] == "AD270326000001A"
    assert free.lines.get().gst_rate_bp == 1800, "what it would bear without the undertaking"


def test_an_undertaking_frees_no_sale_in_india(registered: Business) -> None:
    registered.lut_number = "AD270326000001A"
    registered.save()
    home, away = taxed_bill(make_party(registered)), taxed_bill(make_party(registered, state_code="24"))
    assert [(bill.supply_kind, bill.under_lut) for bill in (home, away)] == [("domestic", False)] * 2
    assert [taxes(bill) for bill in (home, away)] == [
        (100_00, 9_00, 9_00, 0, 118_00),
        (100_00, 0, 0, 18_00, 118_00),
    ]


def test_under_reverse_charge_the_buyer_pays_the_tax_and_the_bill_says_so(registered: Business) -> None:
    bill = taxed_bill(make_party(registered), reverse_charge=True)
    assert (bill.reverse_charge, bill.label) == (True, "Tax Invoice")
    assert taxes(bill) == (100_00, 0, 0, 0, 100_00)
    assert bill.lines.get().gst_rate_bp == 1800
    assert ledger_of(bill.party) == [("invoice", 100_00, 0)]


def test_only_a_regular_business_bills_under_reverse_charge(party: Party) -> None:
    with pytest.raises(DraftRefused, match="registered under GST as regular"):
        make_draft(party, reverse_charge=True)
    composition = factories.make_business(scheme="composition", gstin="27AAPFU0939F1ZV")
    with pytest.raises(DraftRefused, match="registered under GST as regular"):
        make_draft(make_party(composition), reverse_charge=True)


def test_a_delivery_to_another_state_moves_an_unregistered_buyers_place_of_supply(registered: Business) -> None:
    party = make_party(registered, state_code="27")
    bill = taxed_bill(party, ship_to={"name": "Site", "state_code": "29"})
    assert (bill.place_of_supply, bill.is_inter_state, bill.ship_to["state_code"]) == ("29", True, "29")
    assert taxes(bill) == (100_00, 0, 0, 18_00, 118_00)
    shop = make_party(registered, gstin="27AAACR5055K1Z7", state_code="27")
    bill = taxed_bill(shop, ship_to={"name": "Site", "state_code": "29"})
    assert (bill.place_of_supply, taxes(bill)) == ("27", (100_00, 9_00, 9_00, 0, 118_00))

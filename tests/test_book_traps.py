"""What a hostile week at a shop's desk found: each trap is stepped into once and must hold."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from accounts.idempotency import new_key
from accounts.india import today
from accounts.models import Business, Party, User
from ledger import billing, closing, numbering, paper, posting
from ledger.crediting import Want
from ledger.drafting import Draft, DraftLine
from ledger.models import Invoice, Series
from ledger.numbering import SeriesFull
from ledger.posting import PostingRefused
from ledger.reports import hsn, sales
from ledger.statements import Period
from tests import factories
from tests.factories import line, make_credit, make_invoice, make_party
from tests.test_merchant_invoices import editor

pytestmark = pytest.mark.django_db
PUNE, MYSURU = "27AAGCB7383J1Z8", "29AAGCB7383J1Z4"
LAST_YEAR = dt.date(2026, 3, 31)


@pytest.fixture
def owner() -> User:
    return factories.make_user(name="Ramesh")


@pytest.fixture
def shop(owner: User) -> Business:
    return factories.make_business("Ram Kirana", owner, slug="ram", scheme="regular", gstin="27AAPFU0939F1ZV")


@pytest.fixture
def party(shop: Business) -> Party:
    return make_party(shop, name="Shree Ganesh")


@pytest.fixture
def desk(owner: User, shop: Business) -> Client:
    return factories.merchant_client(owner)


def salt(**fields: Any) -> list[DraftLine]:
    return [line("Salt", quantity_milli=10_000, gst_rate_bp=1800, hsn="25010010", **fields)]


# --- GST facts that change between the draft and the bill, or between the bill and its credit ------------------


def test_a_draft_is_not_issued_with_tax_that_the_shop_may_no_longer_collect(shop: Business, party: Party, owner: User):
    draft = make_invoice(party, issued=False, lines=salt())
    Business.objects.filter(pk=shop.pk).update(scheme="composition")
    with pytest.raises(PostingRefused, match="GST details"):
        posting.issue(draft, owner)
    draft.refresh_from_db()
    assert (draft.status, draft.number) == ("draft", "")


def test_a_draft_is_not_issued_for_the_state_of_an_earlier_gstin(party: Party, owner: User):
    draft = make_invoice(party, issued=False, lines=salt())
    Party.objects.filter(pk=party.pk).update(gstin=MYSURU, state_code="29")
    with pytest.raises(PostingRefused, match="GST details"):
        posting.issue(draft, owner)


def test_a_draft_without_tax_is_not_issued_after_the_undertaking_is_gone(shop: Business, owner: User):
    shop.lut_number = "AD2703240000001"
    shop.save()
    draft = make_invoice(make_party(shop, name="Abroad", state_code="96"), issued=False, lines=salt())
    assert draft.under_lut
    Business.objects.update(lut_number="")
    with pytest.raises(PostingRefused, match="GST details"):
        posting.issue(draft, owner)


def test_a_credit_note_is_made_out_as_its_invoice_was(shop: Business, owner: User):
    party = make_party(shop, name="Acme", gstin=PUNE, state_code="27")
    bill = make_invoice(party, lines=salt())
    Party.objects.filter(pk=party.pk).update(gstin=MYSURU, state_code="29", name="Acme Mysuru")
    Business.objects.update(scheme="composition")
    note = make_credit(bill)
    assert (note.buyer, note.seller["scheme"]) == (bill.buyer, "regular")
    rows = dict(paper.context_of(note)["tax_rows"])
    assert (rows["CGST"], rows["SGST"]) == ("₹90.00", "₹90.00")


def test_an_invoice_credited_in_part_is_not_amended_as_a_whole(desk: Client, party: Party):
    """Else what was credited would be billed again."""
    bill = make_invoice(party, lines=salt())
    make_credit(bill, Want(bill.lines.get().pk, quantity_milli=2000))
    answer = desk.get(f"/m/ram/invoices/{bill.public_id}/amend/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/m/ram/invoices/{bill.public_id}/"
    page = answer.content.decode()
    assert "A part of this invoice is credited." in page
    assert f"/m/ram/invoices/{bill.public_id}/amend/" not in page


# --- papers and registers -------------------------------------------------------------------------------------


def test_credits_of_freight_take_no_quantity_from_the_hsn_summary(shop: Business, party: Party):
    freight = line("Freight", paise=100_00, gst_rate_bp=1800, hsn="996511", unit="OTH", is_charge=True)
    bill = make_invoice(party, lines=[*salt(), freight])
    for value in (10_00, 20_00):
        make_credit(bill, Want(bill.lines.get(is_charge=True).pk, value_paise=value))
    found = {row[0]: (row[3], row[4]) for row in hsn.rows(shop, Period(today(), today()))}
    assert found == {"25010010": (10_000, 1000_00), "996511": (0, 70_00)}


def test_a_note_of_an_inclusive_line_shows_the_discount_it_had(party: Party):
    lines = [line("Rice", paise=118_00, quantity_milli=10_000, gst_rate_bp=1800, price_includes_tax=True, discount_paise=118_00)]  # fmt: skip
    bill = make_invoice(party, lines=lines)
    note = make_credit(bill, Want(bill.lines.get().pk, quantity_milli=5000))
    back = note.lines.get()
    assert (back.discount_paise, back.total_paise) == (59_00, 531_00)


def test_a_bill_of_nothing_in_closed_books_is_cancelled_today_and_its_month_stays(
    shop: Business, party: Party, owner: User
):
    """No entry tells when: 40 paise of goods and the round-off that makes them nothing stand in the register."""
    on = today() - dt.timedelta(days=60)
    bill = make_invoice(party, lines=[line("Sweet", paise=40, hsn="1704")], rounds_off=True, on=on)
    assert bill.total_paise == 0
    closing.close(shop, on + dt.timedelta(days=5), owner)
    before = sales.totals(shop, Period(on, on))
    assert before["taxable_paise"] == 40
    posting.cancel_invoice(bill, owner, "Mistake")
    bill.refresh_from_db()
    assert (bill.status, bill.cancelled_on) == ("cancelled", today())
    assert sales.totals(shop, Period(on, on)) == before
    assert sales.totals(shop, Period(today(), today()))["taxable_paise"] == -40
    assert [row[4] for row in hsn.REPORT.rows(shop, Period(today(), today()))] == [-40]


def test_a_bill_of_nothing_is_not_cancelled_when_the_books_are_closed_up_to_today(
    shop: Business, party: Party, owner: User
):
    bill = make_invoice(party, lines=[line("Sweet", paise=40)], rounds_off=True)
    Business.objects.filter(pk=shop.pk).update(books_closed_on=today())
    with pytest.raises(PostingRefused, match="books are closed"):
        posting.cancel_invoice(bill, owner, "Mistake")


# --- numbers --------------------------------------------------------------------------------------------------


def test_a_back_dated_bill_takes_the_default_of_its_own_year(desk: Client, shop: Business, party: Party):
    numbering.start(shop, "invoice", LAST_YEAR, "OLD/#####", 500)
    numbering.start(shop, "invoice", today(), "INV/#####")
    numbering.start(shop, "invoice", today(), "EXP/#####", default=False)
    default = Series.objects.get(pattern="INV/#####")
    row = {"description": "Salt", "quantity": "1", "price": "100", "gst": "1800", "hsn": "2501"}
    where = f"/m/ram/invoices/new/?party={party.public_id}"
    desk.post(where, editor(row, do="issue", issued_on=LAST_YEAR.isoformat(), series=str(default.pk)))
    assert Invoice.objects.get().number == "OLD/00500"


def test_a_series_does_not_go_over_to_a_year_where_it_would_meet_another(shop: Business, party: Party, owner: User):
    numbering.start(shop, "invoice", LAST_YEAR, "A#")
    chosen = numbering.start(shop, "invoice", today(), "A1#")
    draft = make_invoice(party, issued=False, on=LAST_YEAR)
    with pytest.raises(SeriesFull, match="A#"):
        posting.issue(draft, owner, series=chosen)


def test_a_series_beside_the_default_does_not_become_it_in_a_new_year(shop: Business, party: Party):
    make_invoice(party, on=LAST_YEAR)
    numbering.start(shop, "invoice", today(), "EXP/YY-YY/####", default=False)
    assert make_invoice(party).number.startswith("INV/26-27/")


# --- adjustments ----------------------------------------------------------------------------------------------


def test_a_correction_opened_from_a_bill_settles_that_bill_first(desk: Client, party: Party):
    old = make_invoice(party, on=today() - dt.timedelta(days=40))
    new = make_invoice(party)
    said = {"form_key": new_key(), "what": "less", "amount": "50", "dated_on": today().isoformat(), "reason": "Broken"}
    assert desk.post(f"/m/ram/adjustments/new/?invoice={new.public_id}", said).status_code == 302
    due = [Invoice.objects.get(pk=bill.pk).due_paise for bill in (old, new)]
    assert due == [100_00, 50_00]


def test_the_whole_of_an_invoice_is_amended_once_it_is_free_of_credits(party: Party, owner: User):
    bill = make_invoice(party, lines=salt())
    note = make_credit(bill, Want(bill.lines.get().pk, quantity_milli=2000))
    posting.cancel_invoice(note, owner, "Mistake")
    draft = Draft(party, today(), today(), salt())
    new = billing.amend(bill, draft, owner, reason="Wrong price")
    assert (new.replaces_id, new.total_paise) == (bill.pk, 1180_00)

"""Credit notes by line and corrections of issued invoices, as the merchant does them."""

import datetime as dt
import re

import pytest
from django.test import Client

from accounts.idempotency import new_key
from accounts.india import today
from accounts.models import Business
from ledger import billing, drafting, links, numbering, paper
from ledger.models import Allocation, Invoice, Series
from tests.factories import (
    line,
    make_business,
    make_credit_note,
    make_invoice,
    make_party,
    make_payment,
    make_user,
    merchant_client,
)
from tests.test_merchant_invoices import editor

pytestmark = pytest.mark.django_db
DOORS = 4


@pytest.fixture
def owner():
    return make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make_business("Ram Kirana", owner, slug="ram", scheme="regular", gstin="27AAPFU0939F1ZV")


@pytest.fixture
def client(owner):
    return merchant_client(owner)


@pytest.fixture
def party(shop):
    return make_party(shop, name="Shree Ganesh")


@pytest.fixture
def bill(party):
    """10 kg of rice at ₹100 and GST 18 %, and a freight of ₹50 without tax: ₹1,230."""
    freight = line("Freight", paise=50_00, is_charge=True, in_taxable_value=False)
    return make_invoice(party, lines=[line("Rice", quantity_milli=10_000, gst_rate_bp=1800), freight])


def url(invoice, page="credit"):
    return f"/m/ram/invoices/{invoice.public_id}/{page}/"


def credit(bill, do="issue", *, quantity="", off="", freight="", **fields):
    rice, charge = bill.lines.all()
    return {
        "form_key": new_key(),
        "do": do,
        "scope": "some",
        "issued_on": today().isoformat(),
        "reason": "Came back wet",
        f"quantity_{rice.pk}": quantity,
        f"value_{rice.pk}": off,
        f"value_{charge.pk}": freight,
    } | fields


def notes(bill):
    return list(Invoice.objects.filter(original=bill).order_by("pk"))


# --- credit notes -------------------------------------------------------------------------------------------


def test_goods_that_come_back_are_credited_with_their_tax(client, bill):
    response = client.post(url(bill), credit(bill, quantity="3"))
    (note,) = notes(bill)
    assert response.headers["Location"] == f"/m/ram/invoices/{note.public_id}/"
    assert (note.kind, note.status, note.reason) == ("credit_note", "issued", "Came back wet")
    assert (note.taxable_paise, note.cgst_paise, note.total_paise) == (300_00, 27_00, 354_00)
    assert "Came back wet" in client.get(response.headers["Location"]).content.decode()


def test_an_amount_off_before_tax_and_a_charge_can_be_credited(client, bill):
    client.post(url(bill), credit(bill, off="100", freight="20"))
    (note,) = notes(bill)
    assert (note.taxable_paise, note.untaxed_paise, note.total_paise) == (100_00, 20_00, 138_00)


def test_all_that_is_left_after_a_part_was_credited(client, bill):
    client.post(url(bill), credit(bill, quantity="3"))
    client.post(url(bill), credit(bill, scope="all"))
    assert [note.total_paise for note in notes(bill)] == [354_00, 1230_00 - 354_00]
    refused = client.get(url(bill))
    assert refused.headers["Location"] == f"/m/ram/invoices/{bill.public_id}/"


def test_checking_the_amount_shows_the_totals_and_issues_nothing(client, bill):
    response = client.post(url(bill), credit(bill, "check", quantity="3", reason=""))
    assert response.status_code == 400
    assert response.context["sum"]["total"] == "₹354.00"
    assert client.post(url(bill), credit(bill, "check", quantity="3")).status_code == 200
    live = client.post(url(bill), credit(bill, "check", quantity="11", reason=""), headers={"X-Preview": "1"})
    assert (live.status_code, b"<html" in live.content, live.context["sum"]) == (200, False, None)
    assert notes(bill) == []


def test_the_form_shows_what_is_left_of_each_line(client, bill):
    client.post(url(bill), credit(bill, quantity="3"))
    rows = client.get(url(bill)).context["rows"]
    assert [(row["title"], row["left"], row["value"]) for row in rows] == [
        ("Rice", "7 of 10 pcs", "700.00"),
        ("Freight", "", "50.00"),
    ]


def test_what_is_left_is_counted_in_plain_words(client, party):
    boxes = make_invoice(party, lines=[line("Soap", quantity_milli=12_000, unit="BOX"), line("Oil", unit="LTR")])
    assert [row["left"] for row in client.get(url(boxes)).context["rows"]] == ["12 boxes", "1 litre"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"quantity": "11"}, "Only 10 are left."),
        ({"off": "1000.01"}, "Only ₹1,000.00 is left."),
        ({"quantity": "1", "off": "5"}, "not both"),
        ({"quantity": "abc"}, "not a number"),
        ({}, "on at least one line"),
        ({"quantity": "1", "scope": "all"}, "choose some lines, or clear them"),
        ({"quantity": "1", "reason": ""}, "Please fill this in."),
        ({"quantity": "1", "issued_on": (today() - dt.timedelta(days=1)).isoformat()}, "cannot be older"),
        ({"quantity": "1", "issued_on": (today() + dt.timedelta(days=1)).isoformat()}, "in the future"),
    ],
)
def test_a_wrong_credit_note_is_refused_next_to_its_field_and_what_was_typed_stays(client, bill, typed, words):
    data = credit(bill, **typed)
    response = client.post(url(bill), data)
    page = response.content.decode()
    assert (response.status_code, notes(bill)) == (400, [])
    assert words in re.sub(r"&#x27;", "'", page)
    for value in filter(None, (data["reason"], *(typed.get(name, "") for name in ("quantity", "off")))):
        assert f'value="{value}"' in page


def test_a_double_click_makes_one_credit_note_and_other_contents_are_refused(client, bill):
    data = credit(bill, scope="all")
    first, second = client.post(url(bill), data), client.post(url(bill), data)
    assert first.headers["Location"] == second.headers["Location"]
    assert client.post(url(bill), data | {"reason": "Other"}).status_code == 422
    assert len(notes(bill)) == 1


def test_credit_in_closed_books_is_refused_on_the_form(client, shop, bill):
    Business.objects.filter(pk=shop.pk).update(books_closed_on=today())
    response = client.post(url(bill), credit(bill, quantity="1"))
    assert (response.status_code, notes(bill)) == (400, [])
    assert "The books are closed" in response.content.decode()


def test_drafts_credit_notes_and_foreign_bills_have_no_such_page(client, party, bill):
    foreign = make_invoice(make_party(make_business(scheme="regular", gstin="29AAGCB7383J1Z4", state_code="29")))
    draft, note = make_invoice(party, issued=False), make_credit_note(original=bill)
    for page in ("credit", "amend"):
        assert [client.get(url(one, page)).status_code for one in (foreign, draft, note)] == [404] * 3
    assert client.get(url(bill, "settles")).status_code == 404
    assert client.get(url(note, "settles")).status_code == 200


def test_a_long_bill_is_credited_a_page_of_lines_at_a_time(client, party):
    bill = make_invoice(party, lines=[line(f"Item {n}") for n in range(130)])
    first, second = client.get(url(bill)), client.get(url(bill) + "?from=100")
    assert (len(first.context["rows"]), len(second.context["rows"])) == (100, 30)
    last = bill.lines.get(position=130)
    data = {"form_key": new_key(), "do": "issue", "scope": "some", "issued_on": today().isoformat(), "reason": "x"}
    client.post(url(bill) + "?from=100", data | {f"quantity_{last.pk}": "1"})
    assert notes(bill)[0].total_paise == 100_00
    for nonsense in ("?from=x", "?from=-1", "?from=99999", "?from=٣"):
        assert client.get(url(bill) + nonsense).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_form_asks_the_same_queries_whatever_the_length(client, party, count, django_assert_num_queries):
    bill = make_invoice(party, lines=[line()] * count)
    # invoice; lines; credited by line; credited in all
    with django_assert_num_queries(DOORS + 4):
        client.get(url(bill))


# --- corrections --------------------------------------------------------------------------------------------


def amend(*rows, **fields):
    return editor(*rows, do="issue", **{"reason": "Wrong price", "way": "cancel"} | fields)


RICE = {"description": "Rice", "quantity": "10", "price": "90", "gst": "1800"}


def test_a_bill_that_the_editor_cannot_hold_is_credited_instead(client, party):
    """Of 705 lines the editor would send back 200, and refuse them."""
    long = make_invoice(party, lines=[line(f"Item {n}") for n in range(201)])
    answer = client.get(url(long, "amend"), follow=True)
    assert answer.redirect_chain == [(f"/m/ram/invoices/{long.public_id}/", 302)]
    assert "more than 200 lines, which the editor cannot hold" in answer.content.decode()
    assert client.get(url(make_invoice(party, lines=[line()] * 200), "amend")).status_code == 200


def test_the_editor_opens_filled_with_date_and_the_way_that_fits(client, party):
    fresh = make_invoice(party, lines=[line("Rice", quantity_milli=10_000, gst_rate_bp=1800)])
    page = client.get(url(fresh, "amend"))
    assert page.context["editor"].head["issued_on"].value() == today()
    assert page.context["amend"]["way"].value() == "cancel"
    assert [page.context["editor"].lines.forms[0][name].value() for name in ("description", "quantity", "price")] == [
        "Rice", "10", "100.00",
    ]  # fmt: skip
    old = make_invoice(party, on=today() - dt.timedelta(days=40))
    page = client.get(url(old, "amend"))
    assert page.context["editor"].head["issued_on"].value() == today()
    assert page.context["amend"]["way"].value() == "credit"


def test_an_invoice_is_cancelled_and_replaced_in_one_go_and_the_new_one_names_the_old(client, party, bill):
    make_payment(party, 500_00)
    response = client.post(url(bill, "amend"), amend(RICE))
    new = Invoice.objects.get(replaces=bill)
    bill.refresh_from_db()
    assert response.headers["Location"] == f"/m/ram/invoices/{new.public_id}/"
    assert (bill.status, bill.cancel_reason, new.status, new.total_paise) == (
        "cancelled",
        "Wrong price",
        "issued",
        1062_00,
    )
    assert new.open_item.settled_paise == 500_00
    old_page = client.get(f"/m/ram/invoices/{bill.public_id}/").content.decode()
    assert "Wrong price" in old_page
    assert new.number in old_page
    assert f"Replaces {bill.number}" in client.get(response.headers["Location"]).content.decode()
    for shown, words in ((bill, "Replaced by a newer invoice."), (new, f"Replaces {bill.number}")):
        public = Client().get(links.path(links.for_invoice(shown, None))).content.decode()
        assert words in public
        assert "Wrong price" not in public
    assert new.number not in Client().get(links.path(links.for_invoice(bill, None))).content.decode()


def test_an_invoice_in_a_filed_return_is_credited_in_full_and_replaced(client, party, bill):
    client.post(url(bill, "amend"), amend(RICE, way="credit"))
    new = Invoice.objects.get(replaces=bill)
    (note,) = notes(bill)
    bill.refresh_from_db()
    assert (bill.status, note.total_paise, note.reason) == ("issued", bill.total_paise, "Wrong price")
    page = client.get(f"/m/ram/invoices/{bill.public_id}/")
    assert [(row.words, row.number) for row in page.context["relations"].documents] == [
        ("Credit note", note.number), ("Replaced by", new.number),
    ]  # fmt: skip
    assert [label for label, _href in page.context["relations"].actions] == []


def test_a_correction_without_a_reason_or_with_a_wrong_line_changes_nothing(client, bill):
    response = client.post(url(bill, "amend"), amend(RICE, reason="", way=""))
    assert response.status_code == 400
    assert set(response.context["amend"].errors) == {"reason", "way"}
    wrong = client.post(url(bill, "amend"), amend(RICE | {"quantity": "0"}))
    assert wrong.status_code == 400
    assert 'value="Wrong price"' in wrong.content.decode()
    bill.refresh_from_db()
    assert (bill.status, Invoice.objects.count()) == ("issued", 1)


def test_a_double_click_on_a_correction_makes_one_new_invoice(client, bill):
    data = amend(RICE)
    first, second = client.post(url(bill, "amend"), data), client.post(url(bill, "amend"), data)
    assert first.headers["Location"] == second.headers["Location"]
    assert client.post(url(bill, "amend"), data | {"reason": "Other"}).status_code == 422
    assert Invoice.objects.count() == 2
    again = client.post(url(bill, "amend"), amend(RICE))
    assert again.headers["Location"] == f"/m/ram/invoices/{bill.public_id}/"


def test_more_lines_and_the_preview_write_nothing_and_keep_what_was_typed(client, bill):
    more = client.post(url(bill, "amend"), amend(RICE, reason="Half typed") | {"do": "more"})
    assert (more.status_code, len(more.context["rows"])) == (200, 6)
    assert 'value="Half typed"' in more.content.decode()
    live = client.post(url(bill, "amend"), amend(RICE) | {"do": "preview"}, headers={"X-Preview": "1"})
    assert (live.status_code, b"<form" in live.content) == (200, False)
    assert "₹1,062.00" in live.content.decode()
    assert Invoice.objects.count() == 1


def test_cess_charges_discount_and_delivery_are_kept(client, party):
    old = make_invoice(
        party,
        lines=[
            line("Rice", quantity_milli=10_000, gst_rate_bp=1800, cess_per_unit_e4=1_0000),
            line("Freight", paise=50_00, is_charge=True, in_taxable_value=False),
        ],
        discount_paise=100_00,
        ship_to={"name": "Godown", "address": "MIDC", "city": "Pune", "pin_code": "", "state_code": "27"},
    )
    page = client.get(url(old, "amend"))
    assert page.context["preview"].total == "₹1,122.00"
    more = {name: page.context["editor"].more[name].value() for name in ("outside", "all_discount")}
    assert more == {"outside": "50.00", "all_discount": "100.00"}
    said = {"outside": "50", "outside_words": "Freight", "all_discount": "100", "ship_name": "Godown"}
    client.post(url(old, "amend"), amend(RICE | {"price": "100"}) | said | {"ship_state_code": "27"})
    new = Invoice.objects.get(replaces=old)
    assert (new.total_paise, new.discount_paise, new.cess_paise, new.untaxed_paise) == (1122_00, 100_00, 10_00, 50_00)
    assert new.ship_to["name"] == "Godown"


def test_the_customer_finds_the_way_from_the_old_to_the_new_only_within_one_party(shop, party, owner):
    """A replaced number of another party is nobody else's business."""
    bill, other = make_invoice(party), make_party(shop, name="Sai Traders")
    draft = drafting.Draft(other, today(), today(), [line()])
    new = billing.amend(bill, draft, owner, reason="Wrong customer")
    bill.refresh_from_db()
    assert (paper.context_of(bill)["remarks"], paper.context_of(bill)["has_newer"]) == ([], False)
    assert (paper.context_of(new)["remarks"], paper.context_of(new)["has_newer"]) == ([], False)


# --- HSN ----------------------------------------------------------------------------------------------------


@pytest.fixture
def registered(shop):
    return make_party(shop, name="Gupta Stores", gstin="27AAACB2894G1ZN")


def test_a_tax_invoice_to_a_registered_buyer_is_not_issued_without_hsn(client, shop, registered):
    where = f"/m/ram/invoices/new/?party={registered.public_id}"
    response = client.post(where, editor(RICE, RICE | {"hsn": "1006"}, do="issue"))
    assert response.status_code == 400
    assert response.context["editor"].lines.forms[0].errors["hsn"] == ["Write the HSN or SAC: 4 digits at least."]
    assert not response.context["editor"].lines.forms[1].errors
    assert Invoice.objects.count() == 0
    client.post(where, editor(RICE))
    draft = Invoice.objects.get()
    refused = client.post(f"/m/ram/invoices/{draft.public_id}/issue/")
    assert refused.status_code == 400
    assert "Line 1, Rice: Write the HSN or SAC: 4 digits at least." in refused.content.decode()
    client.post(f"/m/ram/invoices/{draft.public_id}/edit/", editor(RICE | {"hsn": "1006"}, do="issue"))
    draft.refresh_from_db()
    assert draft.status == "issued"


@pytest.mark.parametrize(
    ("digits", "hsn", "status"), [(4, "", 302), (6, "", 400), (6, "1006", 400), (6, "100630", 302)]
)
def test_a_larger_shop_writes_six_digits_for_everybody(client, shop, party, digits, hsn, status):
    Business.objects.filter(pk=shop.pk).update(hsn_digits=digits)
    response = client.post(f"/m/ram/invoices/new/?party={party.public_id}", editor(RICE | {"hsn": hsn}, do="issue"))
    assert response.status_code == status


def test_a_bill_of_supply_and_a_charge_need_no_hsn(client, shop, registered):
    where = f"/m/ram/invoices/new/?party={registered.public_id}"
    assert client.post(where, editor(RICE | {"gst": "0"}, do="issue")).status_code == 302
    Business.objects.filter(pk=shop.pk).update(scheme="composition")
    assert (
        client.post(where, editor({"description": "Rice", "quantity": "1", "price": "5"}, do="issue")).status_code
        == 302
    )


# --- series -------------------------------------------------------------------------------------------------


def test_the_editor_offers_a_series_when_there_are_several_and_the_draft_keeps_it(client, shop, party):
    where = f"/m/ram/invoices/new/?party={party.public_id}"
    numbering.start(shop, Series.Kind.INVOICE, today(), "A/YY-YY/###")
    assert 'name="series"' not in client.get(where).content.decode()
    counter = numbering.start(shop, Series.Kind.INVOICE, today(), "B/YY-YY/###", 7, default=False)
    foreign = numbering.start(make_business(), Series.Kind.INVOICE, today(), "C/YY-YY/###")
    assert 'name="series"' in client.get(where).content.decode()
    client.post(where, editor(RICE, series=str(counter.pk)))
    draft = Invoice.objects.get()
    client.post(f"/m/ram/invoices/{draft.public_id}/issue/")
    client.post(where, editor(RICE, do="issue"))
    assert client.post(where, editor(RICE, series=str(foreign.pk))).status_code == 400
    assert [number[:1] + number[-3:] for number in Invoice.objects.order_by("pk").values_list("number", flat=True)] == [
        "B007", "A001",
    ]  # fmt: skip


# --- credit notes and what they settle ------------------------------------------------------------------------


def test_the_credit_of_a_paid_bill_is_used_for_another_bill(client, party, bill):
    make_payment(party, bill.total_paise)
    client.post(url(bill), credit(bill, quantity="3"))
    (note,) = notes(bill)
    other = make_invoice(party, paise=200_00)
    note.open_item.refresh_from_db()
    assert note.open_item.settled_paise == 200_00
    page = client.get(url(note, "settles"))
    assert [row["title"] for row in page.context["rows"]] == [other.number]
    client.post(url(note, "settles"), {"form_key": new_key(), f"bill_{other.open_item.pk}": "150"})
    assert Allocation.objects.get(credit=note.open_item).amount_paise == 150_00

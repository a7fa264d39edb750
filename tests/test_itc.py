"""The GST helper: which bills carry credit, with which sign, in which month, and what lacks the buyer's GSTIN."""

import csv
import datetime as dt
import io

import pytest
import time_machine
from openpyxl import load_workbook

from accounts import limits
from accounts.models import Party, User
from ledger import export, itc, posting
from ledger.crediting import Want
from ledger.models import Invoice
from ledger.statements import Period
from portal.views.papers import HOUR, MOST_FILES_AN_HOUR
from tests import factories as make

pytestmark = pytest.mark.django_db
DOORS = 4  # session, user, device, scope
MINE, SHOPS = "27AAPFU0939F1ZV", "27AAACR5055K1Z7"
OCTOBER = Period(dt.date(2026, 10, 1), dt.date(2026, 10, 31))


@pytest.fixture
def business():
    return make.make_business("Ram Kirana", make.make_user(name="Ramesh"), slug="ram", scheme="regular", gstin=SHOPS)


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh", gstin=MINE)


def bill(party, *lines, on=dt.date(2026, 10, 10), **fields):
    made = [make.line(f"Goods {rate}", paise=paise, gst_rate_bp=rate) for paise, rate in lines]
    return make.make_invoice(party, lines=made, on=on, **fields)


@pytest.fixture
def month(party):
    """October: two rates on one bill, a credit note for it, a bill of supply, a bill of before, one without GSTIN."""
    mixed = bill(party, (1_000_00, 1800), (200_00, 500), (100_00, 1800))
    Party.objects.filter(pk=party.pk).update(gstin="")
    lacking = bill(Party.objects.get(pk=party.pk), (500_00, 1800), on=dt.date(2026, 10, 11))
    Party.objects.filter(pk=party.pk).update(gstin=MINE)
    bill(party, (300_00, 0), on=dt.date(2026, 10, 12))
    bill(party, (700_00, 1800), on=dt.date(2026, 9, 30))
    gone = bill(party, (900_00, 1800), on=dt.date(2026, 10, 13))
    posting.cancel_invoice(gone, make.make_user(), "mistake")
    first = mixed.lines.get(position=1)
    note = make.make_credit(mixed, Want(first.pk, value_paise=100_00), on=dt.date(2026, 10, 20))
    return mixed, lacking, note


def test_a_month_lists_each_rate_of_each_bill_and_takes_credit_notes_off(party, month):
    mixed, _lacking, note = month
    found = itc.rows(party, OCTOBER)
    assert [(row[1], row[4], row[6], row[8], row[10], *row[11:16]) for row in found] == [
        (mixed.number, SHOPS, MINE, "No", 500, 200_00, 5_00, 5_00, 0, 0),
        (mixed.number, SHOPS, MINE, "No", 1800, 1_100_00, 99_00, 99_00, 0, 0),
        (note.number, SHOPS, MINE, "No", 1800, -100_00, -9_00, -9_00, 0, 0),
    ]
    assert found[2][3] == mixed.number


def test_the_totals_on_the_page_are_the_sums_of_its_rows_and_of_the_files(party, month):
    client, where = make.customer_client(party), f"/portal/{party.public_id}/gst"
    page = client.get(f"{where}/?month=2026-10").context
    assert page["figures"] == [
        ("Taxable value", "₹1,200.00"),
        ("CGST", "₹95.00"),
        ("SGST/UTGST", "₹95.00"),
        ("IGST", "₹0.00"),
    ]
    assert (page["credit"], [row["tax"] for row in page["rows"]]) == ("₹190.00", ["₹10.00", "₹198.00", "−₹18.00"])

    answer = client.get(f"{where}.csv?month=2026-10")
    table = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert table[-1][11:16] == ["1200.00", "95.00", "95.00", "0.00", "0.00"]
    for place in range(11, 16):
        assert sum(round(float(row[place]) * 100) for row in table[1:-1]) == round(float(table[-1][place]) * 100)
    book = load_workbook(io.BytesIO(client.get(f"{where}.xlsx?month=2026-10").getvalue()))
    cells = list(book.active.iter_rows(values_only=True))
    assert [row[1] for row in cells] == [row[1] or None for row in table]
    assert [float(value) for value in cells[-1][11:16]] == [1200.0, 95.0, 95.0, 0.0, 0.0]


def test_a_month_too_long_for_excel_comes_as_csv_and_files_are_counted(party, month, monkeypatch):
    client, where = make.customer_client(party), f"/portal/{party.public_id}"
    monkeypatch.setattr(export, "MOST_XLSX_ROWS", 2)
    answer = client.get(f"{where}/gst.xlsx?month=2026-10")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{where}/gst.csv?month=2026-10")
    limits.count("files", str(party.pk), seconds=HOUR, add=MOST_FILES_AN_HOUR)
    compared = make.make_comparison(party, by=User.objects.get(phone=party.people.get().phone))
    tails = ("gst.csv", "gst.xlsx", f"compare/{compared.public_id}/differences.csv")
    assert [client.get(f"{where}/{tail}").status_code for tail in tails] == [429, 429, 429]


def test_a_bill_without_the_gstin_is_listed_and_asked_about_in_one_tap(party, month):
    _mixed, lacking, _note = month
    client = make.customer_client(party)
    (row,) = client.get(f"/portal/{party.public_id}/gst/").context["lacking"]
    assert (row["number"], row["tax"]) == (lacking.number, "₹90.00")
    form = client.get(row["ask"]).context["form"]
    assert form["text"].value() == (
        f"My GSTIN is missing on {lacking.number} of 11 Oct 2026. Please correct the bill: {MINE}."
    )


def test_a_bill_cancelled_after_its_books_were_closed_is_taken_back_in_that_month(party, business):
    with time_machine.travel(dt.datetime(2026, 10, 12, 6, tzinfo=dt.UTC), tick=False):
        one = bill(party, (1_000_00, 1800))
    business.books_closed_on = dt.date(2026, 10, 31)
    business.save()
    with time_machine.travel(dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC), tick=False):
        posting.cancel_invoice(one, make.make_user(), "mistake")
    november = itc.month_of(dt.date(2026, 11, 5))
    assert [row[11] for row in itc.rows(party, OCTOBER)] == [1_000_00]
    assert [row[11:16] for row in itc.rows(party, november)] == [(-1_000_00, -90_00, -90_00, 0, 0)]


@pytest.mark.parametrize("scheme", ["composition", "unregistered"])
def test_a_shop_that_charges_no_tax_gives_no_credit(scheme):
    fields = {"gstin": SHOPS} if scheme == "composition" else {}
    business = make.make_business("Small", make.make_user(), scheme=scheme, **fields)
    party = make.make_party(business, make.new_phone(), gstin=MINE)
    made = make.make_invoice(party, lines=[make.line("Goods", paise=100_00)])
    assert itc.rows(party, itc.month_of(made.issued_on)) == []
    assert list(itc.without_gstin(party)) == []


def test_without_a_gstin_the_page_explains_and_there_is_no_file(business):
    party = make.make_party(business, make.new_phone(), "Kaka")
    client, where = make.customer_client(party), f"/portal/{party.public_id}/gst"
    assert "no GSTIN of yours" in client.get(f"{where}/").content.decode()
    assert client.get(f"{where}.csv")["Location"] == f"{where}/"


@pytest.mark.parametrize("bills", [1, 3])
def test_the_page_costs_the_same_whatever_it_lists(party, bills, django_assert_num_queries):
    for _ in range(bills):
        bill(party, (1_000_00, 1800))
    client = make.customer_client(party)
    client.get(f"/portal/{party.public_id}/gst/?month=2026-10")
    with django_assert_num_queries(DOORS + 3):
        client.get(f"/portal/{party.public_id}/gst/?month=2026-10")


def test_another_party_of_the_same_gstin_is_another_ledger(business, party, month):
    twin = make.make_party(business, make.new_phone(), "Twin", gstin=MINE)
    assert itc.rows(twin, OCTOBER) == []
    assert Invoice.objects.filter(party=party).count() == 6

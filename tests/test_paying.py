"""Paying any amount: what it would close, the link and the code for exactly that, and nothing when nothing is due."""

import datetime as dt
import html

import pytest

from accounts.india import today
from ledger import upi
from ledger.models import Adjustment, Payment
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def business():
    return make.make_business("Ram & Sons", upi_id="ram@okaxis", bank_account="0123456789", bank_ifsc="SBIN0001234")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def client(party):
    return make.customer_client(party)


@pytest.fixture
def bills(party):
    days = [today() - dt.timedelta(days=60 - n) for n in range(3)]
    return [
        make.make_invoice(party, paise=paise, on=on, due_on=on)
        for paise, on in zip((2000_00, 2700_00, 1000_00), days, strict=True)
    ]


def ask(client, party, query="", **headers):
    return client.get(f"/portal/{party.public_id}/pay/{query}", headers=headers)


def said(response):
    plan = response.context["plan"]
    return plan.closes, plan.after


def test_the_sentence_names_what_is_closed_oldest_first_and_what_is_owed_after(client, party, bills):
    one, two, three = (bill.number for bill in bills)
    assert said(ask(client, party, "?amount=5000")) == (
        f"₹5,000.00 closes {one}, {two} and ₹300.00 of {three}.",
        "After it you owe ₹700.00.",
    )
    assert said(ask(client, party, "?amount=500")) == (
        f"₹500.00 goes towards {one}.",
        "After it you owe ₹5,200.00.",
    )
    assert said(ask(client, party, "?amount=2000"))[0] == f"₹2,000.00 closes {one}."
    assert said(ask(client, party)) == (f"₹5,700.00 closes {one}, {two} and {three}.", "After it nothing is due.")
    assert said(ask(client, party, "?amount=6000"))[1] == (
        "After it nothing is due, and ₹300.00 stays with the shop for what you buy next."
    )
    assert not Payment.objects.exists()


def test_many_bills_are_counted_and_the_last_part_is_still_named(client, party):
    bills = [make.make_invoice(party, paise=100_00) for _ in range(9)]
    names = ", ".join(bill.number for bill in bills[:3])
    assert said(ask(client, party, "?amount=850"))[0] == (
        f"₹850.00 closes {names}, 5 more bills and ₹50.00 of {bills[8].number}."
    )


def test_an_opening_balance_is_named_by_what_it_is(client, party):
    make.make_adjustment(
        party, 500_00, kind=Adjustment.Kind.OPENING, side=Adjustment.Side.DEBIT, on=today() - dt.timedelta(days=9)
    )
    assert said(ask(client, party, "?amount=200"))[0] == "₹200.00 goes towards Opening balance."


def test_what_it_says_is_what_a_payment_then_does(client, party, bills):
    ask(client, party, "?amount=5000")
    make.make_payment(party, 5000_00)
    for bill in bills:
        bill.open_item.refresh_from_db()
    assert [bill.due_paise for bill in bills] == [0, 0, 700_00]


def test_link_and_code_ask_for_exactly_the_amount_and_the_form_is_filled_in(client, party, business, bills):
    page = ask(client, party, "?amount=1,234.5")
    uri = upi.upi_uri("ram@okaxis", "Ram & Sons", 1234_50, tn="Shree Ganesh")
    assert uri == "upi://pay?pa=ram@okaxis&pn=Ram%20%26%20Sons&am=1234.50&cu=INR&tn=Shree%20Ganesh"
    text = page.content.decode()
    assert f'href="{html.escape(uri)}"' in text
    assert f'href="/portal/{party.public_id}/paid/?amount=1234.50">I have paid</a>' in text
    for value in ("ram@okaxis", "1234.50", "0123456789", "SBIN0001234"):
        assert f'data-copy="{value}"' in text


def test_without_a_upi_id_there_is_no_link_and_without_a_bank_the_shop_is_to_be_asked(client, party, business, bills):
    business.upi_id = ""
    business.save(update_fields=["upi_id"])
    text = ask(client, party).content.decode()
    assert "upi://" not in text
    assert "0123456789" in text
    business.bank_account = ""
    business.save(update_fields=["bank_account"])
    text = ask(client, party).content.decode()
    assert "has not given a UPI id or a bank account" in text
    assert ">I have paid</a>" in text
    assert "pay/" not in client.get(f"/portal/{party.public_id}/").content.decode()


@pytest.mark.parametrize("query", ["", "?amount=500"])
def test_when_nothing_is_due_nothing_is_asked_for(client, party, query):
    make.make_payment(party, 75_00)
    text = ask(client, party, query).content.decode()
    assert "upi://" not in text
    assert "You need not pay anything now." in text
    assert "pay/" not in client.get(f"/portal/{party.public_id}/").content.decode()


@pytest.mark.parametrize("amount", ["abc", "0", "-5", "99999999999999", "1.234", "", "%00"])
def test_what_is_no_amount_is_said_at_the_field_and_asks_for_nothing(client, party, bills, amount):
    page = ask(client, party, f"?amount={amount}")
    assert page.status_code == 400
    assert page.content.decode().count("errorlist") == 1
    assert "upi://" not in page.content.decode()
    part = ask(client, party, f"?amount={amount}", X_Preview="1")
    assert part.status_code == 200
    assert "<html" not in part.content.decode()


def test_the_script_asks_for_the_part_that_changes_alone(client, party, bills):
    part = ask(client, party, "?amount=5000", X_Preview="1").content.decode()
    assert "After it you owe ₹700.00." in part
    assert "am=5000.00" in part
    assert "<form" not in part


def test_more_than_upi_takes_at_once_is_said(client, party):
    make.make_invoice(party, paise=2_00_000_00)
    assert "UPI apps mostly take up to ₹1,00,000.00 at once." in ask(client, party).content.decode()
    assert "at once" not in ask(client, party, "?amount=100000").content.decode()

"""A bill that takes a party beyond its credit limit is asked about once more, with figures, wherever it is issued."""

import re

import pytest

from accounts.idempotency import new_key
from accounts.india import today
from catalog import orders
from ledger import credit_limits
from ledger.models import Invoice
from tests.factories import (
    make_business,
    make_invoice,
    make_item,
    make_party,
    make_user,
    merchant_client,
)

pytestmark = pytest.mark.django_db
FIGURES = "Limit ₹1,000.00 · due now ₹800.00 · with this bill ₹1,100.00"
ASKED = "This takes them ₹100.00 beyond their credit limit. Issue it?"


@pytest.fixture
def owner():
    return make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make_business("Ram Kirana", owner, slug="ram")


@pytest.fixture
def client(owner):
    return merchant_client(owner)


@pytest.fixture
def party(shop):
    found = make_party(shop, "+919876543210", "Shree Ganesh", credit_limit_paise=1000_00)
    make_invoice(found, paise=800_00)
    return found


def typed(price, do="issue", **more):
    data = {"form_key": new_key(), "issued_on": today().isoformat(), "due_on": "", "rounds_off": "on", "do": do}
    data |= {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-MAX_NUM_FORMS": "200"}
    return data | {"lines-0-description": "Salt", "lines-0-quantity": "1", "lines-0-price": price} | more


def new_url(party):
    return f"/m/ram/invoices/new/?party={party.public_id}"


def newest():
    return Invoice.objects.order_by("-pk").first()


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


# --- figures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "bill", "instead_of", "beyond"),
    [
        (800_00, 200_00, 0, 0),
        (800_00, 200_01, 0, 1),
        (-300_00, 1300_00, 0, 0),
        (1500_00, 100_00, 0, 600_00),
        (1500_00, 0, 0, 0),
        (800_00, 900_00, 800_00, 0),
        (1500_00, 700_00, 800_00, 0),
    ],
)
def test_a_bill_is_beyond_the_limit_from_the_first_paisa_above_it(due, bill, instead_of, beyond):
    assert credit_limits.Standing(1000_00, due).beyond(bill, instead_of) == beyond


def test_the_words_say_what_is_left_or_how_far_it_is_passed():
    assert credit_limits.Standing(1000_00, 800_00).words == "Credit left: ₹200.00 of ₹1,000.00"
    assert credit_limits.Standing(1000_00, 1200_00).words == "₹200.00 beyond their credit limit of ₹1,000.00"


def test_a_party_without_a_limit_costs_no_query(party, django_assert_num_queries):
    party.credit_limit_paise = None
    with django_assert_num_queries(0):
        assert credit_limits.question(party, 10_00_000_00) is None


# --- the editor ---------------------------------------------------------------------------------------------


def test_the_editor_shows_the_credit_left_and_the_preview_what_is_beyond(client, party):
    assert "Credit left: ₹200.00 of ₹1,000.00" in text_of(client.get(new_url(party)))
    assert "beyond" not in text_of(client.get(new_url(party)))
    data = typed("300", do="preview") | {"party": party.public_id}
    assert "₹100.00 beyond their credit limit." in text_of(client.post("/m/ram/invoices/preview/", data))


def test_issuing_beyond_the_limit_is_asked_about_and_the_yes_issues_it_once(client, party):
    data = typed("300")
    asked = client.post(new_url(party), data)
    assert (asked.status_code, Invoice.objects.count()) == (400, 1)
    assert ASKED in text_of(asked)
    assert FIGURES in text_of(asked)
    (sure,) = re.findall(r'name="sure" value="([^"]+)"', asked.content.decode())
    yes = data | {"sure": sure}
    del yes["do"]
    first, second = client.post(new_url(party), yes), client.post(new_url(party), yes)
    assert newest().status == "issued"
    assert first.headers["Location"] == second.headers["Location"] == f"/m/ram/invoices/{newest().public_id}/"
    assert Invoice.objects.count() == 2


def test_a_yes_holds_for_its_own_total_alone(client, party):
    asked = client.post(new_url(party), typed("350", sure="30000"))
    assert asked.status_code == 400
    assert "₹150.00 beyond" in text_of(asked)


def test_a_second_click_is_not_asked_about_what_the_first_has_issued(client, party):
    data = typed("200")
    first, second = client.post(new_url(party), data), client.post(new_url(party), data)
    assert first.headers["Location"] == second.headers["Location"]


def test_a_draft_is_saved_without_a_question(client, party):
    assert client.post(new_url(party), typed("300", do="draft")).status_code == 302
    assert newest().status == "draft"


# --- a draft, an order, an amended invoice --------------------------------------------------------------------


def test_a_draft_says_the_credit_left_and_is_asked_about_before_it_is_issued(client, party):
    draft = make_invoice(party, issued=False, paise=300_00)
    page = f"/m/ram/invoices/{draft.public_id}/"
    assert "Credit left: ₹200.00 of ₹1,000.00" in text_of(client.get(page))
    asked = client.post(f"{page}issue/")
    assert (asked.status_code, newest().status) == (400, "draft")
    assert ASKED in text_of(asked)
    assert FIGURES in text_of(asked)
    client.post(f"{page}issue/", {"sure": "30000"})
    assert newest().status == "issued"


def test_an_order_billed_beyond_the_limit_is_asked_about(client, party, shop, owner):
    order = orders.place(party, owner, {make_item(shop, "Salt", unit_price_e4=300_0000).pk: 1_000})
    client.post(f"/m/ram/orders/{order.public_id}/bill/")
    asked = client.post(f"/m/ram/invoices/{newest().public_id}/issue/")
    assert (asked.status_code, newest().status) == (400, "draft")
    assert FIGURES in text_of(asked)


def test_a_correction_counts_only_what_it_adds(client, party):
    bill = Invoice.objects.get()
    url = f"/m/ram/invoices/{bill.public_id}/amend/"
    amend = {"reason": "wrong price", "way": "cancel"}
    asked = client.post(url, typed("1100") | amend)
    assert asked.status_code == 400
    assert "Limit ₹1,000.00 · due now ₹800.00 · with this bill ₹1,100.00" in text_of(asked)
    assert "Save draft" not in text_of(asked)
    assert client.post(url, typed("1000") | amend).status_code == 302
    assert newest().total_paise == 1000_00

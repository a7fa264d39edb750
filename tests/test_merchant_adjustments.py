"""Adjustments, tax kept back by a customer, and what a payment settles, as the merchant does them."""

import datetime as dt

import pytest

from accounts.idempotency import new_key
from accounts.india import fy_start, today
from accounts.models import Activity, Business
from ledger import posting
from ledger.models import Adjustment, Allocation, Payment
from tests.factories import (
    line,
    make_adjustment,
    make_business,
    make_invoice,
    make_party,
    make_payment,
    make_user,
    merchant_client,
)
from tests.test_merchant_payments import dues, payment
from tests.test_merchant_payments import url as payment_url

pytestmark = pytest.mark.django_db
DOORS = 4
NEW = "/m/ram/adjustments/new/"


@pytest.fixture
def shop():
    return make_business("Ram Kirana", make_user(name="Ramesh"), slug="ram")


@pytest.fixture
def client(shop):
    return merchant_client(shop.memberships.get().user)


@pytest.fixture
def party(shop):
    return make_party(shop, name="Shree Ganesh")


@pytest.fixture
def bills(party):
    """Two open bills of ₹100 and ₹200, the older first."""
    day = today() - dt.timedelta(days=60)
    return [
        make_invoice(party, paise=paise, on=day + dt.timedelta(days=i), due_on=day + dt.timedelta(days=i))
        for i, paise in enumerate((100_00, 200_00))
    ]


def adjustment(**fields):
    data = {"form_key": new_key(), "what": "write_off", "amount": "50", "dated_on": today().isoformat()}
    return data | {"reason": "Shop closed down"} | fields


def new(party):
    return f"{NEW}?party={party.public_id}"


# --- adjustments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "kind", "side", "left"),
    [
        ("write_off", "write_off", "C", [50, 200]),
        ("less", "adjustment", "C", [50, 200]),
        ("more", "adjustment", "D", [100, 200]),
        ("opening", "opening", "D", [100, 200]),
        ("opening_paid", "opening", "C", [50, 200]),
    ],
)
def test_each_kind_is_recorded_on_its_side_and_settles_the_oldest_bills(client, party, bills, what, kind, side, left):
    response = client.post(new(party), adjustment(what=what))
    made = Adjustment.objects.get()
    assert response.headers["Location"] == f"/m/ram/adjustments/{made.public_id}/"
    assert (made.kind, made.side, made.amount_paise, made.reason) == (kind, side, 50_00, "Shop closed down")
    assert dues(bills) == left
    page = client.get(response.headers["Location"])
    assert "₹50.00" in page.content.decode()


def test_a_write_off_from_an_invoice_is_filled_with_what_is_due_and_settles_that_one(client, bills):
    make_payment(bills[1].party, 30_00, shares=[(bills[1].open_item.pk, 30_00)])
    where = f"{NEW}?invoice={bills[1].public_id}"
    form = client.get(where).context["form"]
    assert (form["what"].value(), form["amount"].value()) == ("write_off", "170.00")
    client.post(where, adjustment(amount="170"))
    assert dues(bills) == [100, 0]


def test_a_write_off_from_a_party_is_filled_with_all_that_is_open(client, party, bills):
    assert client.get(new(party) + "&what=write_off").context["form"]["amount"].value() == "300.00"
    chosen = adjustment(amount="120", **{f"bill_{bills[1].open_item.pk}": "120"})
    client.post(new(party), chosen)
    assert dues(bills) == [100, 80]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"amount": "300.01"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "x"}, "amount"),
        ({"reason": "  "}, "reason"),
        ({"what": ""}, "what"),
        ({"what": "tds"}, "what"),
        ({"dated_on": (today() + dt.timedelta(days=1)).isoformat()}, "dated_on"),
    ],
)
def test_a_wrong_adjustment_is_refused_next_to_its_field(client, party, bills, typed, field):
    response = client.post(new(party), adjustment(**typed))
    assert (response.status_code, list(response.context["form"].errors)) == (400, [field])
    assert Adjustment.objects.count() == 0


def test_bills_chosen_by_hand_must_fit(client, party, bills):
    first, second = (bill.open_item.pk for bill in bills)
    for chosen, field in (
        ({f"bill_{first}": "100.01"}, f"bill_{first}"),
        ({f"bill_{first}": "30", f"bill_{second}": "30"}, "amount"),
        ({f"bill_{first}": "30"}, "amount"),
        ({"what": "more", f"bill_{first}": "30"}, "what"),
    ):
        response = client.post(new(party), adjustment(**chosen))
        assert response.status_code == 400
        assert field in response.context["form"].errors
    assert dues(bills) == [100, 200]


def test_a_second_opening_balance_and_closed_books_are_refused_on_the_form(client, shop, party):
    make_adjustment(party, kind="opening", side="D")
    second = client.post(new(party), adjustment(what="opening"))
    assert (second.status_code, "has an opening balance already" in second.content.decode()) == (400, True)
    Business.objects.filter(pk=shop.pk).update(books_closed_on=today())
    closed = client.post(new(party), adjustment(what="more"))
    assert (closed.status_code, "The books are closed" in closed.content.decode()) == (400, True)


def test_a_double_click_makes_one_adjustment_and_other_contents_are_refused(client, party, bills):
    data = adjustment(amount="300")
    first, second = client.post(new(party), data), client.post(new(party), data)
    assert first.headers["Location"] == second.headers["Location"]
    assert client.post(new(party), data | {"amount": "10"}).status_code == 422
    assert Adjustment.objects.count() == 1


def test_an_adjustment_is_cancelled_with_a_reason_and_its_bills_are_due_again(client, party, bills):
    made = make_adjustment(party, 120_00, shares=None)
    where = f"/m/ram/adjustments/{made.public_id}/cancel/"
    assert client.post(where, {"form_key": new_key(), "reason": ""}).status_code == 400
    client.post(where, {"form_key": new_key(), "reason": "They did pay"})
    made.refresh_from_db()
    assert (made.status, made.cancel_reason, dues(bills)) == ("cancelled", "They did pay", [100, 200])
    assert "They did pay" in client.get(f"/m/ram/adjustments/{made.public_id}/").content.decode()
    settles = client.get(f"/m/ram/adjustments/{made.public_id}/settles/")
    assert settles.headers["Location"] == f"/m/ram/adjustments/{made.public_id}/"


def test_without_a_party_the_page_asks_whose_balance(client, party):
    make_party(party.business, name="Sai Traders")
    page = client.get(NEW)
    assert f"{NEW}?party={party.public_id}" in page.content.decode()
    assert client.get(f"{NEW}?party={make_party().public_id}").status_code == 404
    assert client.get(f"{NEW}?invoice={make_invoice().public_id}").status_code == 404


def test_the_list_shows_all_or_those_of_a_party_and_finds_by_reason(client, shop, party):
    other = make_party(shop, name="Sai Traders")
    make_adjustment(party, reason="Flood")
    make_adjustment(other, reason="Fire", kind="adjustment", side="D")
    make_adjustment(make_party(), reason="Foreign")

    def shown(query=""):
        return [row["reason"] for row in client.get(f"/m/ram/adjustments/{query}").context["rows"]]

    assert shown() == ["Fire", "Flood"]
    assert shown(f"?party={party.public_id}") == ["Flood"]
    assert shown("?q=fir") == ["Fire"]
    assert shown("?show=write_off") == ["Flood"]
    assert client.get(f"/m/ram/adjustments/?party={make_party().public_id}").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_list_page_and_form_ask_the_same_queries_whatever_there_is(client, party, count, django_assert_num_queries):
    for _ in range(count):
        make_invoice(party)
        made = make_adjustment(party, 10_00)
    paid = make_payment(party, 5_00)
    with django_assert_num_queries(DOORS + 1):
        client.get("/m/ram/adjustments/")
    # adjustment; party; allocations; what is asked
    with django_assert_num_queries(DOORS + 4):
        client.get(f"/m/ram/adjustments/{made.public_id}/")
    # party; open bills; their invoices
    with django_assert_num_queries(DOORS + 3):
        client.get(new(party))
    # payment; allocations; open bills; their invoices
    with django_assert_num_queries(DOORS + 4):
        client.get(f"/m/ram/payments/{paid.public_id}/settles/")


# --- tax kept back ------------------------------------------------------------------------------------------


def test_money_and_tds_settle_the_bill_together_and_the_page_shows_both(client, party, bills):
    response = client.post(payment_url(party), payment(amount="98", tds="2"))
    made = Payment.objects.get()
    (tds,) = made.adjustments.all()
    assert (made.amount_paise, tds.kind, tds.amount_paise, dues(bills)) == (98_00, "tds", 2_00, [0, 200])
    page = client.get(response.headers["Location"])
    assert [(row["number"], row["amount"]) for row in page.context["tds"]] == [(tds.number, "₹2.00")]
    assert made.number in client.get(f"/m/ram/adjustments/{tds.public_id}/").content.decode()


def test_bills_chosen_by_hand_may_use_money_and_tds_but_no_more(client, party, bills):
    chosen = f"bill_{bills[1].open_item.pk}"
    over = client.post(payment_url(party), payment(amount="98", tds="2", **{chosen: "100.01"}))
    assert over.status_code == 400
    client.post(payment_url(party), payment(amount="98", tds="2", **{chosen: "100"}))
    assert dues(bills) == [100, 100]


def test_the_preview_counts_the_tds(client, party, bills):
    response = client.post(payment_url(party), payment(amount="98", tds="4", do="preview"))
    rows = response.context["closes"]["rows"]
    assert [(row["part"], row["is_closed"]) for row in rows] == [("₹100.00", True), ("₹2.00", False)]


def test_tds_is_offered_of_the_value_before_tax(client, shop):
    Business.objects.filter(pk=shop.pk).update(scheme="regular", gstin="27AAPFU0939F1ZV")
    shop.refresh_from_db()
    bill = make_invoice(make_party(shop), lines=[line(paise=10_000_00, gst_rate_bp=1800)])
    page = client.get(f"/m/ram/payments/new/?invoice={bill.public_id}")
    assert page.context["form"].tds_offers == [
        ("10.00", "0.1%"),
        ("100.00", "1%"),
        ("200.00", "2%"),
        ("1000.00", "10%"),
    ]
    assert "1% ₹100.00" in page.content.decode()


def test_a_wrong_tds_is_refused_next_to_its_field(client, party, bills):
    for fields in ({"tds": "x"}, {"tds": "5", "direction": "paid"}):
        response = client.post(payment_url(party), payment(**fields))
        assert (response.status_code, list(response.context["form"].errors)) == (400, ["tds"])
    assert Payment.objects.count() == 0


# --- what a payment settles ---------------------------------------------------------------------------------


def settles(made, **fields):
    return f"/m/ram/payments/{made.public_id}/settles/", {"form_key": new_key()} | fields


def test_what_a_payment_settles_is_chosen_anew(client, party, bills):
    first, second = (bill.open_item.pk for bill in bills)
    made = make_payment(party, 150_00)
    page = client.get(settles(made)[0])
    assert [(row["title"], row["field"].value()) for row in page.context["rows"]] == [
        (bills[0].number, "100.00"), (bills[1].number, "50.00"),
    ]  # fmt: skip
    where, data = settles(made, **{f"bill_{first}": "", f"bill_{second}": "120"})
    response = client.post(where, data)
    assert response.headers["Location"] == f"/m/ram/payments/{made.public_id}/"
    made.open_item.refresh_from_db()
    assert (dues(bills), made.unallocated_paise) == ([100, 80], 30_00)
    assert client.post(where, data).status_code == 302
    assert client.post(where, data | {f"bill_{second}": "10"}).status_code == 422
    assert Activity.objects.filter(verb="reallocated").count() == 1


def test_more_than_the_payment_or_than_the_bill_is_refused(client, party, bills):
    first, second = (bill.open_item.pk for bill in bills)
    made = make_payment(party, 150_00)
    for chosen in (
        {f"bill_{first}": "100", f"bill_{second}": "50.01"},
        {f"bill_{first}": "100.01"},
        {f"bill_{first}": "x"},
    ):
        response = client.post(*settles(made, **chosen))
        assert response.status_code == 400
        assert f'value="{chosen[f"bill_{first}"]}"' in response.content.decode()
    assert dues(bills) == [0, 150]


def test_a_bill_of_another_party_is_no_field_of_the_form(client, shop, party, bills):
    foreign = make_invoice(make_party(shop))
    made = make_payment(party, 150_00)
    client.post(*settles(made, **{f"bill_{foreign.open_item.pk}": "50"}))
    assert not Allocation.objects.filter(debit=foreign.open_item).exists()
    refund = make_payment(party, 5_00, direction="paid")
    assert client.get(settles(refund)[0]).status_code == 404


def test_an_advance_is_paid_back_from_the_page_of_its_payment_though_bills_are_open(client, party, bills):
    made = make_payment(party, 40_00, shares=[])
    link = f"/m/ram/payments/new/?party={party.public_id}&amp;direction=paid"
    assert link in client.get(f"/m/ram/payments/{made.public_id}/").content.decode()
    where = link.replace("&amp;", "&")
    assert client.get(where).context["form"]["amount"].value() == "40.00"
    client.post(where, payment(amount="40", direction="paid"))
    made.open_item.refresh_from_db()
    assert (made.unallocated_paise, dues(bills)) == (0, [100, 200])


def test_a_credit_of_an_opening_balance_is_used_for_a_later_bill(client, party):
    made = make_adjustment(party, 80_00, kind="opening", side="C", reason="")
    bill = make_invoice(party)
    where = f"/m/ram/adjustments/{made.public_id}/settles/"
    client.post(where, {"form_key": new_key(), f"bill_{bill.open_item.pk}": "80"})
    assert dues([bill]) == [20]
    posting.cancel_adjustment(made, party.business.memberships.get().user, "wrong")
    assert dues([bill]) == [100]


# --- the day of an opening balance ----------------------------------------------------------------------------


def test_an_opening_balance_left_undated_stands_before_the_first_paper(client, party, bills):
    before = bills[0].issued_on - dt.timedelta(days=1)
    page = client.get(f"{new(party)}&what=opening").content.decode()
    assert f'name="dated_on" value="{before.isoformat()}"' in page
    assert "an opening balance the day before their first paper" in page
    client.post(new(party), adjustment(what="opening", dated_on=""))
    assert Adjustment.objects.get().dated_on == before


def test_without_a_paper_it_stands_at_the_beginning_of_the_year(client, party):
    client.post(new(party), adjustment(what="opening", dated_on=""))
    assert Adjustment.objects.get().dated_on == fy_start(today())


def test_it_never_falls_into_closed_books(client, shop, party, bills):
    shop.books_closed_on = bills[0].issued_on - dt.timedelta(days=1)
    shop.save()
    client.post(new(party), adjustment(what="opening", dated_on=""))
    assert Adjustment.objects.get().dated_on == bills[0].issued_on


def test_everything_else_left_undated_stands_on_today(client, party, bills):
    page = client.get(f"{new(party)}&what=write_off").content.decode()
    assert f'name="dated_on" value="{today().isoformat()}"' in page
    client.post(new(party), adjustment(dated_on=""))
    assert Adjustment.objects.get().dated_on == today()

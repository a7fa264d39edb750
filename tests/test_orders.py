"""Orders as the merchant answers them."""

import pytest

from accounts.models import Activity, Party, User
from catalog import orders
from catalog.models import Item, Order
from ledger import billing
from ledger.models import Invoice
from tests.factories import (
    make_business,
    make_invoice,
    make_item,
    make_party,
    make_user,
    merchant_client,
    new_phone,
)

pytestmark = pytest.mark.django_db

ORDERS = "/m/ram-kirana/orders/"


@pytest.fixture
def owner():
    return make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make_business("Ram Kirana", owner, slug="ram-kirana", scheme="regular", gstin="27AAPFU0939F1ZV")


@pytest.fixture
def client(owner, shop):
    return merchant_client(owner)


def make_order(
    business, party: Party | None = None, item: Item | None = None, milli: int = 2000, note: str = ""
) -> Order:
    party = party or make_party(business, new_phone(), "Sai Traders")
    phone = str(party.people.get().phone)
    user = User.objects.filter(phone=phone).first() or make_user(phone)
    item = item or make_item(business, "Rice", gst_rate_bp=500)
    return orders.place(party, user, {item.pk: milli}, note=note)


def numbers(rows) -> list[str]:
    return [row.number for row in rows]


def test_what_waits_comes_first_and_oldest_first(client, shop, owner):
    placed = [make_order(shop) for _ in range(4)]
    orders.close(placed[1], Order.Status.DECLINED, owner, "No lorry")
    orders.close(placed[3], Order.Status.CANCELLED, owner)
    page = client.get(ORDERS)
    assert numbers(page.context["waiting"]) == ["ORD-00001", "ORD-00003"]
    assert numbers(page.context["rows"]) == ["ORD-00004", "ORD-00002"]


@pytest.mark.parametrize(("status", "shown"), [("placed", ["ORD-00001"]), ("declined", ["ORD-00002"]), ("billed", [])])
def test_orders_are_filtered_by_state(client, shop, owner, status, shown):
    make_order(shop)
    orders.close(make_order(shop), Order.Status.DECLINED, owner, "No lorry")
    page = client.get(ORDERS, {"status": status})
    assert (numbers(page.context["waiting"]), numbers(page.context["rows"])) == ([], shown)


def test_orders_of_another_shop_are_not_listed_and_as_absent_as_none(client, shop):
    foreign = make_order(make_business())
    assert "No orders yet" in client.get(ORDERS).content.decode()
    for end in ("", "decline/"):
        answers = [
            client.post(f"{ORDERS}{name}/{end}", {"answer": "x"}) for name in (foreign.public_id, "never0000000")
        ]
        if end:
            assert [answer.status_code for answer in answers] == [404, 404]
            assert answers[0].content == answers[1].content
    gets = [client.get(f"{ORDERS}{name}/") for name in (foreign.public_id, "never0000000")]
    assert [answer.status_code for answer in gets] == [404, 404]
    assert gets[0].content == gets[1].content
    foreign.refresh_from_db()
    assert foreign.status == "placed"


def test_the_order_page_shows_lines_party_and_note(client, shop):
    order = make_order(shop, note="Before Saturday <b>please</b>")
    page = client.get(f"{ORDERS}{order.public_id}/").content.decode()
    for text in (
        "ORD-00001",
        "Sai Traders",
        "Rice",
        "2 pcs × ₹100.00",
        "+ GST 5%",
        "₹200.00",
        "Before Saturday &lt;b&gt;",
    ):
        assert text in page
    assert f"/m/ram-kirana/parties/{order.party.public_id}/" in page


def test_declining_needs_a_reason_and_frees_the_stock(client, shop):
    item = make_item(shop, "Rice", stock_milli=5000)
    order = make_order(shop, item=item)
    address = f"{ORDERS}{order.public_id}/decline/"
    answer = client.post(address, {"answer": " "})
    assert answer.status_code == 400
    assert "Write a reason" in answer.content.decode()
    assert client.get(address).status_code == 405
    item.refresh_from_db()
    assert item.reserved_milli == 2000
    assert client.post(address, {"answer": "The lorry is full."})["Location"] == f"{ORDERS}{order.public_id}/"
    order.refresh_from_db()
    item.refresh_from_db()
    assert (order.status, order.answer, item.reserved_milli, item.stock_milli) == (
        "declined",
        "The lorry is full.",
        0,
        5000,
    )
    assert "The lorry is full." in client.get(f"{ORDERS}{order.public_id}/").content.decode()


def test_an_order_the_customer_took_back_cannot_be_declined(client, shop, owner):
    order = make_order(shop)
    orders.close(order, Order.Status.CANCELLED, owner)
    answer = client.post(f"{ORDERS}{order.public_id}/decline/", {"answer": "No"})
    assert answer.status_code == 400
    assert "answered already" in answer.content.decode()
    order.refresh_from_db()
    assert (order.status, order.answer) == ("cancelled", "")


def test_the_bill_is_one_tap_away_and_made_once(client, shop):
    order = make_order(shop)
    page = client.get(f"{ORDERS}{order.public_id}/").content.decode()
    address = f"{ORDERS}{order.public_id}/bill/"
    assert f'action="{address}"' in page
    first = client.post(address)
    invoice = Invoice.objects.get()
    assert (first.status_code, first["Location"]) == (302, f"/m/ram-kirana/invoices/{invoice.public_id}/")
    page = client.get(f"{ORDERS}{order.public_id}/").content.decode()
    assert "Open the bill" in page
    assert "decline/" not in page
    assert client.post(address)["Location"] == first["Location"]
    assert Invoice.objects.count() == 1


def bill_of(client, order: Order) -> Invoice:
    client.post(f"{ORDERS}{order.public_id}/bill/")
    return Invoice.objects.get(order=order, status="draft")


def discard(client, invoice: Invoice):
    return client.post(f"/m/ram-kirana/invoices/{invoice.public_id}/discard/")


def test_an_order_whose_draft_is_discarded_waits_again_with_its_stock(client, shop):
    item = make_item(shop, "Rice", stock_milli=5000)
    order = make_order(shop, item=item)
    draft = bill_of(client, order)
    item.refresh_from_db()
    assert item.reserved_milli == 0
    assert discard(client, draft)["Location"] == f"{ORDERS}{order.public_id}/"
    order.refresh_from_db()
    item.refresh_from_db()
    assert (order.status, order.answered_at, order.lines.get().reserved_milli) == ("placed", None, 2000)
    assert (item.reserved_milli, item.stock_milli) == (2000, 5000)
    assert numbers(client.get(ORDERS).context["waiting"]) == ["ORD-00001"]
    again = bill_of(client, order)
    assert again.pk != draft.pk
    order.refresh_from_db()
    assert order.status == "billed"


def test_a_draft_discarded_twice_reopens_its_order_once_and_leads_to_it_twice(client, shop):
    item = make_item(shop, "Rice", stock_milli=5000)
    order = make_order(shop, item=item)
    draft = bill_of(client, order)
    first, second = discard(client, draft), discard(client, draft)
    assert first["Location"] == second["Location"] == f"{ORDERS}{order.public_id}/"
    billing.discard(draft, shop.memberships.get().user)  # as one does who read it before it went
    item.refresh_from_db()
    assert item.reserved_milli == 2000
    assert Activity.objects.filter(verb="reopened").count() == 1


def test_a_second_bill_is_not_touched_by_a_repeated_discard_of_the_first(client, shop):
    order = make_order(shop)
    draft = bill_of(client, order)
    discard(client, draft)
    second = bill_of(client, order)
    discard(client, draft)
    order.refresh_from_db()
    assert (order.status, Invoice.objects.get()) == ("billed", second)


def test_an_order_that_waits_again_keeps_only_what_others_have_left(client, shop):
    item = make_item(shop, "Rice", stock_milli=5000)
    order = make_order(shop, item=item, milli=3000)
    draft = bill_of(client, order)
    make_order(shop, make_party(shop, new_phone()), item, milli=4000)
    discard(client, draft)
    item.refresh_from_db()
    assert (order.lines.get().reserved_milli, item.reserved_milli) == (1000, 5000)


def test_a_draft_of_no_order_is_discarded_twice_and_one_of_another_shop_never(client, shop):
    draft, foreign = make_invoice(make_party(shop), issued=False), make_invoice(issued=False)
    assert [discard(client, draft)["Location"] for _ in range(2)] == ["/m/ram-kirana/invoices/"] * 2
    billing.discard(foreign, make_user())
    assert discard(client, foreign).status_code == 404


def test_declining_twice_says_the_same_twice_and_frees_the_stock_once(client, shop):
    item = make_item(shop, "Rice", stock_milli=5000)
    order = make_order(shop, item=item)
    make_order(shop, make_party(shop, new_phone()), item)
    answers = [client.post(f"{ORDERS}{order.public_id}/decline/", {"answer": "No lorry"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    item.refresh_from_db()
    assert item.reserved_milli == 2000


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_the_same_for_few_and_many(client, shop, owner, rows, django_assert_num_queries):
    for _ in range(rows):
        make_order(shop)
        orders.close(make_order(shop), Order.Status.DECLINED, owner, "No lorry")
    with django_assert_num_queries(6):  # session, user, device, membership, waiting, answered
        assert client.get(ORDERS).status_code == 200


@pytest.mark.parametrize("lines", [1, 3])
def test_the_order_page_asks_the_same_for_few_and_many_lines(client, shop, lines, django_assert_num_queries):
    party = make_party(shop, new_phone())
    user = make_user(str(party.people.get().phone))
    order = orders.place(party, user, {make_item(shop).pk: 1000 for _ in range(lines)})
    with django_assert_num_queries(7):  # session, user, device, membership, order, lines, who placed it
        assert client.get(f"{ORDERS}{order.public_id}/").status_code == 200


def test_many_waiting_orders_lead_to_a_list_of_their_own(client, shop):
    party, item = make_party(shop, new_phone()), make_item(shop)
    for _ in range(52):
        make_order(shop, party, item)
    page = client.get(ORDERS)
    assert len(page.context["waiting"]) == 50
    assert "?status=placed" in page.content.decode()
    listed = client.get(ORDERS, {"status": "placed"})
    rest = client.get(ORDERS + listed.context["page"].older)
    assert len(listed.context["rows"]) + len(rest.context["rows"]) == 52

"""The online store: what is on the shelf, the cart, and placing an order once."""

import html
import re

import pytest

from accounts import limits, parties
from accounts.models import Image, PartyPerson
from accounts.money import MAX_PAISE, MAX_UNIT_PRICE_E4
from catalog.models import UNITS, Category, Item, Order, Storefront
from catalog.units import Units
from ledger import billing, estimates, posting
from ledger.models import Invoice
from portal import cart as carts
from portal.views.cart import DAY, MOST_ORDERS_A_DAY
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def business():
    return make.make_business("Ram Kirana")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def client(party):
    return make.customer_client(party)


def at(party, tail=""):
    return f"/portal/{party.public_id}/{tail}"


def text_of(client, path):
    return html.unescape(client.get(path).content.decode())


def add(client, party, item, quantity="1", **more):
    return client.post(at(party, f"store/cart/{item.public_id}/"), {"quantity": quantity, "add": "on", **more})


def order_form(client, party, **changes):
    """What the browser would send from the cart page."""
    page = client.get(at(party, "store/cart/")).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(form_key|seen_total_paise)" value="([^"]+)"', page))
    return fields | {"note": ""} | changes


def place(client, party, **changes):
    return client.post(at(party, "store/checkout/"), order_form(client, party, **changes))


# --- the shelf ----------------------------------------------------------------------------------------------


def test_the_shelf_shows_price_tax_and_what_is_left(party, client):
    party.business.scheme, party.business.gstin = "regular", "27AAPFU0939F1ZV"
    party.business.save()
    make.make_item(party.business, "Rice", unit_price_e4=54_5000, gst_rate_bp=500, unit="KGS", stock_milli=3_000)
    make.make_item(party.business, "Soap", gst_rate_bp=1800, price_includes_tax=True, stock_milli=0)
    text = text_of(client, at(party, "store/"))
    for words in ("₹54.50", "+ 5% GST", "Only 3 kg left", "incl. 18% GST", "Out of stock"):
        assert words in text
    assert text.count("Add</button>") == 1


@pytest.mark.parametrize(
    ("unit", "milli", "says"),
    [
        ("PAC", 3_000, "Only 3 packs left"),
        ("PAC", 1_000, "Only 1 pack left"),
        ("PAC", 500, "Only 0.5 pack left"),
        ("BOX", 2_500, "Only 2.5 boxes left"),
        ("KGS", 3_000, "Only 3 kg left"),
        ("DOZ", 2_000, "Only 2 dozen left"),
        ("OTH", 3_000, "Only 3 left"),
    ],
)
def test_goods_are_counted_as_people_count(party, client, unit, milli, says):
    make.make_item(party.business, unit=unit, stock_milli=milli)
    text = text_of(client, at(party, "store/"))
    assert says in text
    assert "other" not in text


def test_none_of_them_is_many_of_them():
    assert [Units().measured(milli, "PAC") for milli in (0, 1_000, 2_000)] == ["0 packs", "1 pack", "2 packs"]


def test_goods_are_counted_in_hindi_too(party, client):
    make.make_item(party.business, unit="BOX", stock_milli=2_000)
    client.cookies["sl_lang"] = "hi"
    text = text_of(client, at(party, "store/"))
    assert "केवल 2 डिब्बे बाकी" in text
    assert "/ डिब्बा" in text


def test_a_shop_that_charges_no_gst_says_nothing_of_it(party, client):
    make.make_item(party.business, gst_rate_bp=1800)
    assert "GST" not in text_of(client, at(party, "store/"))


def test_ordered_goods_are_no_longer_on_the_shelf_for_others(business, party, client):
    item = make.make_item(business, stock_milli=3_000)
    add(client, party, item, "2")
    place(client, party)
    other = make.make_party(business, make.new_phone())
    assert "Only 1 pc left" in text_of(make.customer_client(other), at(other, "store/"))


def test_only_what_the_shop_shows_is_on_the_shelf(party, client):
    make.make_item(party.business, "Shown")
    make.make_item(party.business, "Hidden", in_store=False)
    make.make_item(party.business, "Retired", is_active=False)
    make.make_item(make.make_business(), "Foreign")
    text = text_of(client, at(party, "store/"))
    assert [name in text for name in ("Shown", "Hidden", "Retired", "Foreign")] == [True, False, False, False]


def test_search_and_categories_narrow_the_shelf(party, client):
    oils = Category.objects.create(business=party.business, name="Oils")
    foreign = Category.objects.create(business=make.make_business(), name="Foreign oils")
    make.make_item(party.business, "Coconut oil", category=oils)
    make.make_item(party.business, "Coconut")
    make.make_item(party.business, "Rice")

    def shown(query):
        return [good.name for good in client.get(at(party, f"store/?{query}")).context["goods"]]

    assert shown("") == ["Coconut", "Coconut oil", "Rice"]
    assert shown(f"category={oils.pk}") == ["Coconut oil"]
    assert shown("q=coconut") == ["Coconut", "Coconut oil"]
    assert shown(f"q=coconut&category={oils.pk}") == ["Coconut oil"]
    assert shown(f"category={foreign.pk}") == []
    assert "Foreign oils" not in text_of(client, at(party, "store/"))


def test_pictures_of_this_shops_store_and_no_others(party, client):
    def with_picture(business, **fields):
        image = Image.objects.create(business=business, data=b"RIFFwebp", width=1, height=1)
        return make.make_item(business, image=image, **fields)

    shown = client.get(at(party, f"store/{with_picture(party.business).public_id}/image"))
    assert (shown.status_code, shown.content, shown["Content-Type"]) == (200, b"RIFFwebp", "image/webp")
    assert shown["Cache-Control"].startswith("private")
    hidden = with_picture(party.business, in_store=False)
    foreign = with_picture(make.make_business())
    bare = make.make_item(party.business)
    answers = [client.get(at(party, f"store/{item.public_id}/image")).status_code for item in (hidden, foreign, bare)]
    assert answers == [404, 404, 404]


# --- the cart -----------------------------------------------------------------------------------------------


def test_adding_twice_adds_up_and_zero_takes_out(party, client):
    rice, dal = make.make_item(party.business, "Rice", unit="KGS"), make.make_item(party.business, "Dal")
    add(client, party, rice, "2")
    add(client, party, rice, "1.5")
    add(client, party, dal)
    assert client.get(at(party, "store/cart/")).context["cart"].total_paise == 450_00
    client.post(at(party, f"store/cart/{rice.public_id}/"), {"quantity": "0"})
    client.post(at(party, f"store/cart/{dal.public_id}/"), {"quantity": "5"})
    cart = client.get(at(party, "store/cart/")).context["cart"]
    assert [(line.item.name, line.quantity_milli) for line in cart.lines] == [("Dal", 5000)]


@pytest.mark.parametrize("typed", ["", "x", "-1", "1.2345", "9" * 30, "99999999"])
def test_a_bad_quantity_is_said_next_to_the_item_and_kept_as_typed(party, client, typed):
    item = make.make_item(party.business, "Rice")
    response = add(client, party, item, typed)
    assert response.status_code == 400
    text = response.content.decode()
    assert "Rice" in text
    assert f'value="{typed}"' in text
    assert "errorlist" in text
    add(client, party, item, "2")
    response = client.post(at(party, f"store/cart/{item.public_id}/"), {"quantity": typed})
    assert response.status_code == 400
    assert f'value="{typed}"' in response.content.decode()
    assert client.get(at(party, "store/cart/")).context["cart"].lines[0].quantity_milli == 2000


COUNTED = ["PCS", "BOX", "BAG", "BTL", "CTN", "DOZ", "PAC", "SET", "NOS"]
MEASURED = ["KGS", "GMS", "LTR", "MLT", "MTR", "OTH"]


@pytest.mark.parametrize("unit", COUNTED)
def test_what_is_counted_is_not_sold_by_halves(party, client, unit):
    item = make.make_item(party.business, "Soap", unit=unit)
    response = add(client, party, item, "1.5")
    text = html.unescape(response.content.decode())
    assert response.status_code == 400
    assert f"Write a whole number of {Units().many(unit)}, such as 2." in text
    assert 'value="1.5"' in text
    assert response.context["cart"].lines == []
    assert 'min="0" step="1"' in text_of(client, at(party, "store/"))
    assert add(client, party, item, "2.000").status_code == 302
    assert 'min="0" step="1"' in text_of(client, at(party, "store/cart/"))
    changed = client.post(at(party, f"store/cart/{item.public_id}/"), {"quantity": "0.5"})
    assert changed.status_code == 400
    assert 'value="0.5"' in changed.content.decode()
    assert changed.context["cart"].lines[0].quantity_milli == 2000


@pytest.mark.parametrize("unit", MEASURED)
def test_what_is_measured_is_sold_to_the_thousandth(party, client, unit):
    item = make.make_item(party.business, unit=unit)
    assert 'min="0" step="0.001"' in text_of(client, at(party, "store/"))
    assert add(client, party, item, "1.125").status_code == 302
    assert place(client, party).status_code == 302
    assert Order.objects.get().lines.get().quantity_milli == 1125


def test_every_unit_is_either_counted_or_measured():
    assert sorted([*COUNTED, *MEASURED]) == sorted(code for code, _name in UNITS)


def test_a_cart_filled_before_the_shop_sold_by_the_pack_says_so_and_is_not_ordered(party, client):
    item = make.make_item(party.business, "Dal", unit="KGS")
    add(client, party, item, "2.5")
    Item.objects.update(unit="PAC")
    assert "Write a whole number of packs, such as 2." in text_of(client, at(party, "store/cart/"))
    refused(place(client, party), "Dal: write a whole number of packs. Please change your cart.")
    client.post(at(party, f"store/cart/{item.public_id}/"), {"quantity": "3"})
    assert place(client, party).status_code == 302


def test_each_party_has_its_own_cart(business):
    phone = make.new_phone()
    first, second = make.make_party(business, phone), make.make_party(business, phone)
    client = make.customer_client(phone)
    add(client, first, make.make_item(business))
    assert len(client.get(at(first, "store/cart/")).context["cart"].lines) == 1
    assert client.get(at(second, "store/cart/")).context["cart"].lines == []


def test_what_is_not_sold_any_more_leaves_the_cart_with_a_word(party, client):
    item = make.make_item(party.business)
    add(client, party, item)
    Item.objects.update(in_store=False)
    assert "is not sold any more" in text_of(client, at(party, "store/cart/"))


def test_what_is_not_sold_any_more_does_not_hold_up_the_rest(party, client):
    kept, gone = make.make_item(party.business, "Kept"), make.make_item(party.business, "Gone")
    add(client, party, kept)
    add(client, party, gone)
    Item.objects.filter(pk=gone.pk).update(is_active=False)
    assert place(client, party).status_code == 302
    assert [line.description for line in Order.objects.get().lines.all()] == ["Kept"]


def test_a_cart_that_is_full_says_so_and_keeps_what_it_has(party, client, monkeypatch):
    monkeypatch.setattr(carts, "MAX_LINES", 2)
    goods = [make.make_item(party.business, name) for name in ("Rice", "Dal", "Salt")]
    assert [add(client, party, item).status_code for item in goods] == [302, 302, 400]
    response = add(client, party, goods[2])
    assert "at most 2 different goods" in response.content.decode()
    assert [line.item.name for line in response.context["cart"].lines] == ["Rice", "Dal"]


def test_adding_up_stops_at_what_may_be_ordered_online(party, client):
    item = make.make_item(party.business, "Rice")
    assert add(client, party, item, "100000").status_code == 302
    response = add(client, party, item, "1")
    assert response.status_code == 400
    assert "too much to order online" in response.content.decode()
    assert response.context["cart"].lines[0].quantity_milli == 100_000_000


def test_after_adding_one_is_back_on_the_same_page_of_the_store_and_nowhere_else(party, client):
    item = make.make_item(party.business)
    here = at(party, "store/") + "?category=3"
    assert add(client, party, item, here=here)["Location"] == here
    for evil in ("https://evil.example/", "//evil.example", "/admin/", here.replace("?", "/../?")):
        assert add(client, party, item, here=evil)["Location"] == at(party, "store/")


# --- ordering -----------------------------------------------------------------------------------------------


def test_an_order_is_placed_with_todays_prices_and_empties_the_cart(party, client):
    rice = make.make_item(party.business, "Rice", unit_price_e4=54_5000, stock_milli=10_000)
    add(client, party, rice, "4")
    response = place(client, party, note="Before Friday")
    order = Order.objects.get()
    assert response["Location"] == at(party, f"orders/{order.public_id}/")
    assert (order.total_paise, order.note, order.party, order.status) == (218_00, "Before Friday", party, "placed")
    assert client.get(at(party, "store/cart/")).context["cart"].lines == []
    text = text_of(client, response["Location"])
    assert "₹218.00" in text
    assert "4 pcs × ₹54.50" in text


def test_sending_the_same_form_twice_orders_once(party, client):
    add(client, party, make.make_item(party.business))
    form = order_form(client, party)
    first = client.post(at(party, "store/checkout/"), form)
    second = client.post(at(party, "store/checkout/"), form)
    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1


def test_a_party_orders_so_often_a_day_and_no_more(business, party, client):
    """Each order is told to the shop, by messages it pays for."""
    item, neighbour = make.make_item(business), make.make_party(business, make.new_phone())
    limits.count("orders", str(party.pk), seconds=DAY, add=MOST_ORDERS_A_DAY - 1)
    add(client, party, item)
    assert place(client, party).status_code == 302
    add(client, party, item)
    assert place(client, party).status_code == 429
    assert Order.objects.count() == 1
    other = make.customer_client(neighbour)
    add(other, neighbour, item)
    assert place(other, neighbour).status_code == 302


def test_the_same_form_with_other_contents_is_422(party, client):
    add(client, party, make.make_item(party.business))
    form = order_form(client, party)
    client.post(at(party, "store/checkout/"), form)
    refused = client.post(at(party, "store/checkout/"), form | {"note": "and more"})
    assert refused.status_code == 422
    order = Order.objects.get()
    assert f'href="{at(party, f"orders/{order.public_id}/")}">See what was saved' in refused.content.decode()


def refused(response, words):
    assert response.status_code == 400
    assert words in html.unescape(response.content.decode())
    assert not Order.objects.exists()


def test_changed_prices_are_shown_before_anything_is_ordered(party, client):
    item = make.make_item(party.business)
    add(client, party, item)
    form = order_form(client, party, note="keep me")
    Item.objects.update(unit_price_e4=120_0000)
    response = client.post(at(party, "store/checkout/"), form)
    refused(response, "Prices have changed since you looked.")
    assert "keep me" in response.content.decode()
    assert 'name="seen_total_paise" value="12000"' in response.content.decode()
    assert place(client, party).status_code == 302


def test_nothing_is_oversold(party, client):
    item = make.make_item(party.business, "Rice", stock_milli=2_000)
    add(client, party, item, "3")
    assert "Only 2 pcs left" in text_of(client, at(party, "store/cart/"))
    refused(place(client, party), "Only 2 pcs of Rice are left.")
    item.refresh_from_db()
    assert item.reserved_milli == 0


def test_an_empty_cart_is_not_ordered(party, client):
    add(client, party, make.make_item(party.business))
    form = order_form(client, party)
    client.post(at(party, f"store/cart/{Item.objects.get().public_id}/"), {"quantity": "0"})
    refused(client.post(at(party, "store/checkout/"), form), "Your cart is empty")


def test_a_form_without_its_key_is_400(party, client):
    add(client, party, make.make_item(party.business))
    assert client.post(at(party, "store/checkout/"), {}).status_code == 400
    assert not Order.objects.exists()


def test_a_closed_store_takes_no_orders(party, client):
    item = make.make_item(party.business)
    add(client, party, item)
    form = order_form(client, party)
    Storefront.objects.create(business=party.business, is_open=False)
    assert "takes no orders online" in text_of(client, at(party, "store/"))
    assert "Place the order" not in text_of(client, at(party, "store/cart/"))
    refused(client.post(at(party, "store/checkout/"), form), "The store is closed at the moment.")


def test_a_small_order_is_told_the_least(party, client):
    Storefront.objects.create(business=party.business, minimum_order_paise=500_00)
    add(client, party, make.make_item(party.business))
    assert "Ram Kirana takes orders from ₹500.00." in text_of(client, at(party, "store/cart/"))
    refused(place(client, party), "The smallest order is ₹500.00.")
    add(client, party, Item.objects.get(), "4")
    assert "takes orders from" not in text_of(client, at(party, "store/cart/"))
    assert place(client, party).status_code == 302


def test_a_cart_below_the_least_says_what_is_missing_and_cannot_be_sent(party, client):
    Storefront.objects.create(business=party.business, minimum_order_paise=500_00)
    item = make.make_item(party.business)
    add(client, party, item)
    text = text_of(client, at(party, "store/cart/"))
    assert "Put ₹400.00 more into the cart." in text
    assert 'disabled aria-describedby="why">Place the order' in text
    assert text.count('id="why"') == 1
    add(client, party, item, "4")
    text = text_of(client, at(party, "store/cart/"))
    assert "more into the cart" not in text
    assert "disabled" not in text


def test_the_address_of_an_order_opened_as_a_page_leads_back_to_the_cart(party, client):
    add(client, party, make.make_item(party.business))
    for method in (client.get, client.head):
        answer = method(at(party, "store/checkout/"))
        assert (answer.status_code, answer["Location"]) == (302, at(party, "store/cart/"))
    assert not Order.objects.exists()
    assert len(client.get(at(party, "store/cart/")).context["cart"].lines) == 1


@pytest.fixture
def taxed(business):
    business.scheme, business.gstin = "regular", "27AAPFU0939F1ZV"
    business.save()
    return business


def limited(party, rupees, **fields):
    for name, value in ({"credit_limit_paise": rupees * 100} | fields).items():
        setattr(party, name, value)
    party.save()


def test_the_credit_limit_holds_the_bill_with_its_gst(taxed, party, client):
    limited(party, 1000)
    item = make.make_item(taxed, gst_rate_bp=1800)
    add(client, party, item, "9")
    text = re.sub(r"<[^>]+>", "", text_of(client, at(party, "store/cart/")))
    assert "With GSTabout ₹1,062.00" in text
    assert "This cart with GST₹1,062.00" in text
    assert "Over by₹62.00" in text
    assert 'disabled aria-describedby="why"' in text_of(client, at(party, "store/cart/"))
    refused(place(client, party), "This order of about ₹1,062.00 goes beyond your credit limit")
    client.post(at(party, f"store/cart/{item.public_id}/"), {"quantity": "8"})
    assert place(client, party).status_code == 302
    add(client, party, item)
    credit = client.get(at(party, "store/cart/")).context["credit"]
    assert (credit.taken, credit.room, credit.left) == ("₹944.00", "₹56.00", "₹62.00")


def test_an_order_not_billed_yet_says_about_what_its_bill_will_be(taxed, party, client):
    add(client, party, make.make_item(taxed, gst_rate_bp=1800))
    placed = place(client, party)["Location"]
    assert "With GSTabout ₹118.00" in re.sub(r"<[^>]+>", "", text_of(client, placed))
    billing.bill_order(Order.objects.get(), make.make_user())
    assert "With GST" not in text_of(client, placed)


def test_an_order_at_prices_with_gst_has_nothing_to_add(taxed, party, client):
    add(client, party, make.make_item(taxed, gst_rate_bp=1800, price_includes_tax=True))
    assert "With GST" not in text_of(client, place(client, party)["Location"])


def test_an_order_being_billed_still_takes_of_the_credit(taxed, party, client):
    limited(party, 1000)
    add(client, party, make.make_item(taxed, gst_rate_bp=1800), "8")
    place(client, party)
    billing.bill_order(Order.objects.get(), make.make_user())
    add(client, party, Item.objects.get())
    assert client.get(at(party, "store/cart/")).context["credit"].room == "₹56.00"
    posting.issue(Invoice.objects.get(), None)
    assert client.get(at(party, "store/cart/")).context["credit"].room == "₹56.00"


@pytest.mark.parametrize(
    ("shop", "buyer", "item", "bill"),
    [
        ({}, {}, {}, 1_062_00),
        ({}, {"state_code": "29"}, {}, 1_062_00),
        ({}, {}, {"price_includes_tax": True}, 900_00),
        ({}, {}, {"gst_rate_bp": 0}, 900_00),
        ({}, {}, {"cess_rate_bp": 1000}, 1_152_00),
        ({}, {}, {"unit_price_e4": 99_9900}, 1_062_00),
        ({"scheme": "composition"}, {}, {}, 900_00),
        ({"lut_number": "AD270424000001X"}, {"state_code": "96"}, {}, 900_00),
    ],
    ids=["home", "other State", "inclusive", "exempt", "cess", "rounded", "composition", "export"],
)
def test_the_estimate_is_what_the_bill_will_be(taxed, party, client, shop, buyer, item, bill):
    for row, fields in ((taxed, shop), (party, buyer)):
        type(row).objects.filter(pk=row.pk).update(**fields)
    goods = make.make_item(taxed, **({"gst_rate_bp": 1800} | item))
    add(client, party, goods, "9")
    cart = client.get(at(party, "store/cart/"))
    assert cart.context["cart"].bill_paise == bill
    assert bool(cart.context["with_gst"]) is (bill > 900_00)
    place(client, party)
    assert billing.bill_order(Order.objects.get(), make.make_user()).total_paise == bill


def test_goods_are_estimated_where_no_bill_could_be_written_yet(taxed, party):
    party.gstin = taxed.gstin  # to oneself
    item = make.make_item(taxed, gst_rate_bp=1800)
    assert estimates.of_items(taxed, party, [(item, 9_000)]) == 1_062_00
    item.unit_price_e4 = MAX_UNIT_PRICE_E4  # more than a bill holds
    assert estimates.of_items(taxed, party, [(item, 9_000)]) == 9 * MAX_PAISE


def test_a_customer_whom_no_gst_is_charged_reads_of_none(taxed, party, client):
    make.make_item(taxed, gst_rate_bp=1800)
    assert "+ 18% GST" in text_of(client, at(party, "store/"))
    type(party).objects.filter(pk=party.pk).update(state_code="96")
    type(taxed).objects.update(lut_number="AD270424000001X")
    assert "GST" not in text_of(client, at(party, "store/"))


def test_the_credit_limit_counts_the_balance_and_what_is_ordered(party, client):
    party.credit_limit_paise = 1000_00
    party.save()
    make.make_invoice(party, paise=600_00)
    item = make.make_item(party.business)
    add(client, party, item, "3")
    assert "leaves room for ₹400.00" in text_of(client, at(party, "store/cart/"))
    assert place(client, party).status_code == 302
    add(client, party, item, "2")
    text = text_of(client, at(party, "store/cart/"))
    assert "leaves room for ₹100.00" in text
    assert "This cart is above it" in text
    response = place(client, party)
    assert response.status_code == 400
    assert "there is room for ₹100.00" in html.unescape(response.content.decode())
    assert Order.objects.count() == 1


def test_the_meter_shows_what_is_used_and_what_the_cart_takes(party, client):
    party.credit_limit_paise = 1000_00
    party.save()
    make.make_invoice(party, paise=600_00)
    item = make.make_item(party.business)
    add(client, party, item, "3")
    credit = client.get(at(party, "store/cart/")).context["credit"]
    assert (credit.limit, credit.taken, credit.room, credit.left) == ("₹1,000.00", "₹600.00", "₹400.00", "₹100.00")
    assert (credit.used, credit.reached, credit.is_beyond) == (60, 90, False)
    add(client, party, item, "3")
    credit = client.get(at(party, "store/cart/")).context["credit"]
    assert (credit.left, credit.used, credit.reached, credit.is_beyond) == ("₹200.00", 60, 100, True)


@pytest.mark.parametrize(("limit", "used", "left"), [(0, 100, "₹400.00"), (1000_00, 0, "₹1,100.00")])
def test_the_meter_holds_for_no_credit_at_all_and_for_an_advance(party, client, limit, used, left):
    party.credit_limit_paise = limit
    party.save()
    make.make_payment(party, 500_00, shares=[])
    make.make_invoice(party, paise=500_00) if not limit else None
    add(client, party, make.make_item(party.business), "4")
    credit = client.get(at(party, "store/cart/")).context["credit"]
    assert (credit.used, credit.left, credit.taken) == (used, left, "₹0.00")


def test_one_who_may_only_order_is_not_told_the_balance_by_the_limit(party):
    helper = make.new_phone()
    parties.add_person(party, helper, "", PartyPerson.Role.ORDERS, None)
    party.credit_limit_paise = 1000_00
    party.save()
    make.make_invoice(party, paise=600_00)
    client = make.customer_client(helper)
    add(client, party, make.make_item(party.business), "5")
    assert "400.00" not in text_of(client, at(party, "store/cart/"))
    response = place(client, party)
    refused(response, "This order goes beyond the credit limit.")
    assert "400.00" not in response.content.decode()


# --- orders -------------------------------------------------------------------------------------------------


@pytest.fixture
def order(party, client):
    add(client, party, make.make_item(party.business, "Rice", stock_milli=10_000), "4")
    place(client, party)
    return Order.objects.get()


def test_an_order_not_answered_yet_can_be_taken_back(party, client, order):
    client.post(at(party, f"orders/{order.public_id}/cancel/"))
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert Item.objects.get().reserved_milli == 0


def test_an_answered_order_cannot_be_taken_back(party, client, order):
    Order.objects.update(status="declined", answer="No stock")
    response = client.post(at(party, f"orders/{order.public_id}/cancel/"), follow=True)
    text = response.content.decode()
    assert "answered already" in text
    assert "No stock" in text
    order.refresh_from_db()
    assert order.status == "declined"


def test_the_same_again_fills_the_cart_with_what_is_sold_today(party, client, order):
    add(client, party, make.make_item(party.business, "Dal"))
    place(client, party, note="second")
    second = Order.objects.latest("pk")
    Item.objects.filter(name="Dal").update(unit_price_e4=110_0000)
    text = html.unescape(client.post(at(party, f"orders/{second.public_id}/again/"), follow=True).content.decode())
    assert "Prices have changed since: Dal" in text
    assert "₹110.00" in text
    Item.objects.filter(name="Rice").update(is_active=False)
    response = client.post(at(party, f"orders/{order.public_id}/again/"), follow=True)
    assert "left out" in response.content.decode()
    assert Order.objects.count() == 2


def test_a_billed_order_leads_to_its_invoice_but_not_to_a_draft(party, client, order):
    draft = make.make_draft(party, order=order)
    Order.objects.update(status="billed")
    page = at(party, f"orders/{order.public_id}/")
    assert draft.public_id not in text_of(client, page)
    invoice = posting.issue(draft, None)
    assert at(party, f"invoices/{invoice.public_id}/") in text_of(client, page)
    posting.cancel_invoice(invoice, make.make_user(), "wrong")
    again = make.make_invoice(party, order=order)
    assert at(party, f"invoices/{again.public_id}/") in text_of(client, page)

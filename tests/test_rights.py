"""Rights per person, devices and all links of a party: changed by the shop or the person, and at work at the next request."""

from typing import Any

import pytest
from django.test import Client

from accounts import parties
from accounts.models import Activity, Device, PartyPerson
from accounts.money import amount
from catalog import orders
from ledger import links
from ledger.models import ShareLink
from tests import factories
from tests.factories import customer_client, make_business, make_invoice, make_party, merchant_client, new_phone

pytestmark = pytest.mark.django_db
MONEY = [
    "invoices/",
    "ledger/",
    "ledger.csv",
    "ledger.xlsx",
    "ledger.pdf",
    "pay/",
    "paid/",
    "promise/",
    "questions/",
    "balance/",
]


@pytest.fixture
def owner():
    return factories.make_user(name="Ramesh")


@pytest.fixture
def party(owner):
    return make_party(make_business("Ram Kirana", owner, slug="ram"), new_phone(), "Anil Stores")


@pytest.fixture
def helper(party, owner):
    return parties.add_person(party, new_phone(), "Chhotu", PartyPerson.Role.ACCOUNTANT, owner)


def device_of(response):
    user: Any = response.wsgi_request.user
    return user.otp_device


def change(client, person, role):
    return client.post(f"/m/ram/parties/{person.party.public_id}/people/role/", {"person": person.pk, "role": role})


def test_a_person_made_orders_only_loses_all_money_at_the_next_request(party, helper, owner):
    make_invoice(party, paise=7_654_321)
    phone = customer_client(str(helper.phone))
    at = f"/portal/{party.public_id}/"
    shown = amount(7_654_321)
    assert shown in phone.get(at).content.decode()
    assert change(merchant_client(owner), helper, "orders").status_code == 302
    assert [phone.get(at + tail).status_code for tail in MONEY] == [403] * len(MONEY)
    pages = [phone.get(at + tail) for tail in ("", "store/", "store/cart/", "orders/", "profile/", "messages/")]
    assert [page.status_code for page in pages] == [200] * 6
    assert [shown in page.content.decode() for page in pages] == [False] * 6
    assert "Orders only: no balance" in pages[4].content.decode()
    deed = Activity.objects.get(verb="rights_changed")
    assert (deed.actor, deed.data) == (owner, {"role": "orders"})


def test_the_chooser_shows_each_balance_only_to_whom_it_belongs(party, helper, owner):
    other = make_party(make_business("Sita Mills"), str(helper.phone), "Chhotu himself")
    make_invoice(party, paise=7_654_321)
    make_invoice(other, paise=1_234_567)
    change(merchant_client(owner), helper, "orders")
    text = customer_client(str(helper.phone)).get("/portal/").content.decode()
    assert ("Ram Kirana" in text, amount(7_654_321) in text) == (True, False)
    assert ("Sita Mills" in text, amount(1_234_567) in text) == (True, True)


def test_nobody_is_told_to_do_what_only_others_may(party, helper, owner):
    """Who may not order is not told to take an order back; who may only order is not told to choose for the party."""
    item = factories.make_item(party.business)
    buyer = factories.make_user(str(party.people.get(is_main=True).phone))
    order = orders.place(party, buyer, {item.pk: 1000})
    at = f"/portal/{party.public_id}/"
    texts = {}
    for role in ("accountant", "orders"):
        change(merchant_client(owner), helper, role)
        phone = customer_client(str(helper.phone))
        texts[role] = [
            phone.get(at + tail).content.decode() for tail in (f"orders/{order.public_id}/", "store/", "profile/")
        ]
    words = ("Until then you can take it back", "The owner or a helper places the orders", "quiet for some days")
    assert [word in text for word, text in zip(words, texts["accountant"], strict=True)] == [False, True, True]
    assert [word in text for word, text in zip(words, texts["orders"], strict=True)] == [True, False, False]


def test_the_main_number_keeps_all_rights(party, owner):
    main = party.people.get(is_main=True)
    change(merchant_client(owner), main, "orders")
    main.refresh_from_db()
    assert main.role == "owner"


@pytest.mark.parametrize("role", ["", "king"])
def test_no_other_role_is_taken(helper, owner, role):
    change(merchant_client(owner), helper, role)
    helper.refresh_from_db()
    assert helper.role == "accountant"


def test_a_person_of_another_shop_is_out_of_reach(party, owner):
    theirs = make_party(make_business("Sita Mills"), new_phone(), "Anil")
    person = parties.add_person(theirs, new_phone(), "", PartyPerson.Role.ACCOUNTANT, None)
    merchant_client(owner).post(
        f"/m/ram/parties/{party.public_id}/people/role/", {"person": person.pk, "role": "owner"}
    )
    person.refresh_from_db()
    assert person.role == "accountant"


def test_one_device_is_signed_out_and_the_others_stay(party):
    here, lost = customer_client(party), customer_client(party)
    at = f"/portal/{party.public_id}/"
    device = device_of(lost.get(at))
    assert device_of(here.get(at)) != device
    assert here.post(f"{at}profile/sign-out/", {"device": device.key}).status_code == 302
    assert (here.get(at).status_code, lost.get(at).status_code) == (200, 302)


@pytest.mark.parametrize("key", ["", "x", "\x00"])
def test_what_is_no_device_ends_none(party, key):
    here = customer_client(party)
    here.post(f"/portal/{party.public_id}/profile/sign-out/", {"device": key})
    assert here.get(f"/portal/{party.public_id}/").status_code == 200


def test_nobody_signs_out_a_device_of_somebody_else(party, helper):
    theirs = customer_client(str(helper.phone))
    device = device_of(theirs.get(f"/portal/{party.public_id}/"))
    customer_client(party).post(f"/portal/{party.public_id}/profile/sign-out/", {"device": device.key})
    assert Device.objects.get(pk=device.pk).confirmed is True


def test_all_links_end_at_once_and_nobody_is_signed_out(party, owner):
    bill, door = links.for_invoice(make_invoice(party), owner), links.for_party(party, owner)
    neighbours = links.for_party(make_party(party.business), owner)
    customer, shop = customer_client(party), merchant_client(owner)
    text = shop.get(f"/m/ram/parties/{party.public_id}/").content.decode()
    assert text.count("Made by Ramesh, ") == 2
    for _twice in range(2):
        shop.post(f"/m/ram/parties/{party.public_id}/links/revoke/")
    assert [Client().get(links.path(link)).status_code for link in (bill, door, neighbours)] == [410, 410, 200]
    assert customer.get(f"/portal/{party.public_id}/").status_code == 200
    assert list(Activity.objects.filter(verb="links_revoked").values_list("data", flat=True)) == [{"links": 2}]
    assert ShareLink.objects.live().get() == neighbours

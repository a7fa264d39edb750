"""The demo shop: made once, honest, and always with the same way in."""

import datetime as dt
import io
import json
from collections import Counter
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Min, Q
from PIL import Image as Pillow

from accounts import businesses, gstin, india, phones
from accounts.models import Business, Image, Message, Party, PartyPerson, User
from catalog.models import Category, Item, Order, StockMovement
from ledger import gst, integrity, links, statements
from ledger.demo import contents, pictures, shop
from ledger.models import Entry, Invoice, InvoiceLine, Payment, PaymentClaim, ShareLink
from tests.threads import in_parallel

GOODS = [goods for found in contents.CATALOGUE.values() for goods in found]


def run(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The command's one JSON object; nothing else may stand on stdout."""
    call_command("seed_demo", "--json")
    return dict(json.loads(capsys.readouterr().out))


def rows() -> dict[str, int]:
    counted = (
        User,
        Business,
        Party,
        PartyPerson,
        Item,
        StockMovement,
        Invoice,
        Payment,
        Entry,
        Order,
        Image,
        ShareLink,
    )
    return {model.__name__: model._default_manager.count() for model in counted}


# --- What it is made of -------------------------------------------------------------------------------------


def test_every_number_of_the_demo_is_a_mobile_number_of_its_own() -> None:
    numbers = [shop._phone(buyer) for buyer in contents.BUYERS]
    numbers += [contents.MERCHANT_PHONE, contents.SECOND_PHONE, shop.HELPER_PHONE]
    assert [phones.parse_mobile(number) for number in numbers] == numbers
    assert len(set(numbers)) == len(numbers)


def test_the_demo_has_the_promised_size() -> None:
    assert (len(contents.BUYERS) + 1, len(GOODS), len(contents.CATALOGUE)) == (40, 60, 8)
    bills = sum(buyer.bills for buyer in contents.BUYERS) + contents.CASH_BILLS
    assert bills + contents.CREDIT_NOTES + contents.ORDERS_BILLED == 400


@pytest.mark.parametrize("day", [dt.date(2025, 9, 21), dt.date(2025, 9, 22), india.today()])
def test_goods_carry_only_rates_that_were_in_force(day: dt.date) -> None:
    assert {goods.rate_bp(day) for goods in GOODS} - set(gst.rates_on(day)) == set()


def test_pictures_are_small_and_always_the_same() -> None:
    for goods in GOODS[::7]:
        picture = pictures.draw(goods)
        assert 1_000 < len(picture.data) < 6_000
        assert picture == pictures.draw(goods)
        with Pillow.open(io.BytesIO(picture.data)) as opened:
            assert (opened.format, opened.size) == ("WEBP", (320, 320))


# --- Where it refuses ---------------------------------------------------------------------------------------


def test_the_demo_is_not_put_on_a_public_site(db: None, settings: Any) -> None:
    settings.SITE_URL = "https://ledger.example.in"
    with pytest.raises(CommandError, match="belongs on this machine"):
        call_command("seed_demo")
    assert rows() == dict.fromkeys(rows(), 0)


@pytest.mark.parametrize("slug", [contents.SLUG, contents.SECOND_SLUG])
def test_a_business_that_is_not_the_demos_is_left_alone(db: None, slug: str) -> None:
    stranger = businesses.user_with("+919811112222", "Stranger")
    assert stranger is not None
    businesses.open_business(stranger, Business(name="Real shop", slug=slug, state_code="27"))
    before = rows()
    with pytest.raises(CommandError, match=f"There is a business {slug} already"):
        call_command("seed_demo")
    assert rows() == before


# --- The whole of it ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_demo_is_made_once_and_keeps_its_promises(capsys: pytest.CaptureFixture[str]) -> None:
    """On PostgreSQL two make it at once: one shop, and both say the same."""
    if connection.vendor == "postgresql":
        first, second = in_parallel(lambda _n: shop.seed(), 2)
        assert first == second
    facts = run(capsys)
    made = rows()
    assert run(capsys) == facts
    assert rows() == made
    business = Business.objects.get(slug=facts["business_slug"])
    _check_the_way_in(business, facts)
    _check_documents(business)
    _check_people(business, facts)
    _check_store(business)
    call_command("seed_demo")
    said = capsys.readouterr().out
    assert facts["portal_path"] in said
    assert phones.pretty(facts["merchant_phone"]) in said
    for row in (*Party.objects.all(), *Item.objects.all(), *Business.objects.all(), *PartyPerson.objects.all()):
        row.full_clean()
    assert Message.objects.count() == 0  # nobody hears of a demo by itself
    assert list(integrity.check()) == []


def _check_the_way_in(business: Business, facts: dict[str, Any]) -> None:
    shown = links.open_link("invoice", facts["invoice_path"].removeprefix("/i/"))
    door = links.open_link("portal", facts["portal_path"].removeprefix("/p/"))
    party, invoice = door.party, shown.invoice
    assert invoice is not None
    assert (shown.party, invoice.number, invoice.status) == (party, facts["invoice_number"], "issued")
    assert invoice.due_paise > 0
    assert statements.balance(party) == facts["customer_balance_paise"] > 0
    numbers = (facts["customer_phone"], facts["other_customer_phone"])
    people = [PartyPerson.objects.get(phone=number, is_main=True) for number in numbers]
    assert [person.business for person in people] == [business, business]
    assert people[0].party == party != people[1].party
    assert businesses.may_sign_in(facts["merchant_phone"])
    assert not User.objects.filter(phone=facts["customer_phone"]).exclude(consented_at=None).exists()
    states = {invoice.state for invoice in party.invoices.select_related("open_item")}
    assert {"paid", "part_paid", "unpaid", "overdue", "cancelled", "used"} <= states
    claims = {claim.status: claim for claim in PaymentClaim.objects.filter(party=party)}
    assert sorted(claims) == ["accepted", "declined", "pending"]
    assert claims["pending"].screenshot_id
    receipt = links.open_link("receipt", facts["receipt_path"].removeprefix("/r/"))
    assert receipt.payment == claims["accepted"].payment
    assert links.open_link("statement", facts["statement_path"].removeprefix("/s/")).party == party


def _check_documents(business: Business) -> None:
    issued = Invoice.objects.filter(business=business).exclude(status="draft")
    assert issued.count() == 400
    kinds = Counter(issued.values_list("kind", "status"))
    assert kinds["credit_note", "issued"] == contents.CREDIT_NOTES
    assert kinds["invoice", "cancelled"] == 1
    first = issued.aggregate(first=Min("issued_on"))["first"]
    assert 330 <= (india.today() - first).days <= 366
    assert issued.filter(issued_on__gt=india.today()).count() == 0
    assert issued.overdue().count() >= 10
    assert {line.invoice.is_inter_state for line in InvoiceLine.objects.filter(igst_paise__gt=0)} == {True}
    payments = Payment.objects.filter(business=business)
    assert {"cash", "upi", "bank", "cheque"} == set(payments.values_list("mode", flat=True))
    assert payments.filter(status="cancelled").count() == 1
    assert payments.filter(direction="paid").count() == 1
    balances = [statements.balance(party) for party in Party.objects.filter(business=business)]
    assert min(balances) < 0 < max(balances)  # somebody has paid in advance


def _check_people(business: Business, facts: dict[str, Any]) -> None:
    parties = Party.objects.filter(business=business)
    assert parties.count() == 40
    assert parties.filter(is_shared=False).count() == 1
    assert parties.filter(is_walk_in=True, people=None).count() == 1
    assert len(set(parties.exclude(state_code="").values_list("state_code", flat=True))) >= 12
    registered = parties.exclude(gstin="")
    assert registered.count() >= 25
    assert all(gstin.validate(party.gstin) == party.gstin for party in registered)
    helper = PartyPerson.objects.get(phone=facts["helper_phone"])
    assert (helper.role, helper.is_main) == (PartyPerson.Role.ORDERS, False)
    both = PartyPerson.objects.filter(phone=facts["two_shops_phone"]).values_list("business__slug", flat=True)
    assert sorted(both) == sorted([facts["business_slug"], facts["second_business_slug"]])


def _check_store(business: Business) -> None:
    items = Item.objects.filter(business=business)
    assert items.filter(~Q(image=None)).count() == items.count() == 60
    assert Category.objects.filter(business=business).count() == 8
    stocks = {item.name: item.available_milli for item in items.filter(tracks_stock=True)}
    assert min(filter(None, stocks.values())) > 0
    assert stocks["Aloo bhujia 400 g"] == 0
    states = Counter(Order.objects.filter(business=business).values_list("status", flat=True))
    assert states == {"placed": 3, "billed": 2, "declined": 1, "cancelled": 1}

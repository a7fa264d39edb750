"""Freight, charges outside the value, a discount on the whole bill, delivery elsewhere: as typed in the editor."""

import pytest
from django.test import Client

from accounts.models import Business, Party, User
from ledger.models import Invoice
from tests import factories

pytestmark = pytest.mark.django_db
GSTIN = "27AAPFU0939F1ZV"


@pytest.fixture
def owner() -> User:
    return factories.make_user(name="Ramesh")


@pytest.fixture
def shop(owner: User) -> Business:
    return factories.make_business("Ram Kirana", owner, slug="ram", scheme="regular", gstin=GSTIN)


@pytest.fixture
def asha(shop: Business) -> Party:
    return factories.make_party(shop, name="Asha Stores")


@pytest.fixture
def desk(owner: User, shop: Business) -> Client:
    return factories.merchant_client(owner)


def bill(party: Party, do: str = "issue", **said: str) -> dict[str, str]:
    """One line of ₹100 at 18 % as a browser sends it."""
    return {
        "party": party.public_id,
        "form_key": "k" * 24,
        "issued_on": "2026-11-01",
        "rounds_off": "on",
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-description": "Rice",
        "lines-0-quantity": "1",
        "lines-0-price": "100",
        "lines-0-hsn": "1006",
        "lines-0-gst": "1800",
        "do": do,
    } | said


def issued(desk: Client, party: Party, **said: str) -> Invoice:
    answer = desk.post(f"/m/ram/invoices/new/?party={party.public_id}", bill(party, **said))
    assert answer.status_code == 302, answer.content.decode()
    return Invoice.objects.get()


def test_freight_is_taxed_as_the_goods_and_charges_outside_are_not(desk: Client, asha: Party) -> None:
    """india.md section 3: freight 20 before tax on 100 -> taxable 120; after tax -> 100."""
    invoice = issued(desk, asha, freight="20", outside="15")
    assert (invoice.taxable_paise, invoice.cgst_paise, invoice.sgst_paise) == (120_00, 10_80, 10_80)
    assert (invoice.untaxed_paise, invoice.round_off_paise, invoice.total_paise) == (15_00, 40, 157_00)
    goods, freight, outside = invoice.lines.all()
    assert (goods.is_charge, freight.is_charge, outside.is_charge) == (False, True, True)
    assert (freight.gst_rate_bp, freight.hsn, outside.in_taxable_value) == (1800, "1006", False)


def test_freight_may_have_a_rate_of_its_own(desk: Client, asha: Party) -> None:
    invoice = issued(desk, asha, freight="20", freight_gst="500", freight_words="Tempo")
    freight = invoice.lines.get(is_charge=True)
    assert (freight.description, freight.gst_rate_bp, freight.hsn, freight.cgst_paise) == ("Tempo", 500, "996511", 50)


@pytest.mark.parametrize(
    ("typed", "discount", "total"), [("10", 10_00, 106_00), ("5%", 5_00, 112_00), ("0", 0, 118_00)]
)
def test_a_discount_on_the_whole_bill_comes_off_before_tax(
    desk: Client, asha: Party, typed: str, discount: int, total: int
) -> None:
    invoice = issued(desk, asha, all_discount=typed)
    assert (invoice.discount_paise, invoice.taxable_paise, invoice.total_paise) == (discount, 100_00 - discount, total)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"all_discount": "101%"}, "A discount is at most 100%."),
        ({"all_discount": "100.01"}, "The discount is larger than the lines together."),
        ({"all_discount": "-5"}, ""),
        ({"freight": "much"}, ""),
        ({"freight_gst": "1234"}, ""),
        ({"ship_address": "Somewhere 5"}, "Choose the State: the tax depends on where the goods go."),
        ({"ship_state_code": "99"}, ""),
    ],
)
def test_what_makes_no_sense_is_refused_and_kept(desk: Client, asha: Party, said: dict[str, str], words: str) -> None:
    answer = desk.post(f"/m/ram/invoices/new/?party={asha.public_id}", bill(asha, **said))
    page = answer.content.decode()
    assert (answer.status_code, Invoice.objects.count()) == (400, 0)
    assert words in page
    assert all(
        f'value="{value}"' in page for name, value in said.items() if name not in ("freight_gst", "ship_state_code")
    )


def test_goods_delivered_to_another_state_bear_igst_when_the_buyer_is_not_registered(desk: Client, asha: Party) -> None:
    """Circular 209/3/2024: bill to 27, deliver to 29."""
    invoice = issued(desk, asha, ship_name="Asha's shop", ship_city="Mysuru", ship_state_code="29")
    assert (invoice.place_of_supply, invoice.igst_paise, invoice.cgst_paise) == ("29", 18_00, 0)
    assert invoice.ship_to["city"] == "Mysuru"
    page = desk.get(f"/m/ram/invoices/{invoice.public_id}/").content.decode()
    assert "Delivered to" in page
    assert "Asha&#x27;s shop" in page


def test_on_reverse_charge_the_buyer_pays_the_tax(desk: Client, asha: Party) -> None:
    invoice = issued(desk, asha, reverse_charge="on")
    assert (invoice.reverse_charge, invoice.cgst_paise, invoice.total_paise) == (True, 0, 100_00)
    page = desk.get(f"/m/ram/invoices/{invoice.public_id}/").content.decode()
    assert "The buyer pays the tax on this supply under reverse charge: ₹18.00." in page


def test_a_draft_opened_again_keeps_its_charges(desk: Client, asha: Party) -> None:
    said = {"freight": "20", "outside": "15", "all_discount": "5%", "ship_city": "Mysuru", "ship_state_code": "29"}
    desk.post(f"/m/ram/invoices/new/?party={asha.public_id}", bill(asha, "draft", **said))
    draft = Invoice.objects.get()
    page = desk.get(f"/m/ram/invoices/{draft.public_id}/edit/").content.decode()
    # 5 % of goods and freight, 120, is 6 rupees.
    assert all(f'value="{value}"' in page for value in ("20.00", "15.00", "5%", "Mysuru"))
    assert page.count('data-field="description" value="Rice"') + page.count('value="Rice"') >= 1
    assert 'value="Freight and packing" maxlength' not in page.split('id="lines"')[1].split("</table>")[0]
    assert "₹150" in page.replace("\xa0", "")  # 114 + 18 % (20.52) + 15 = 149.52, rounded


def test_an_unregistered_shop_is_asked_for_no_tax_of_its_charges(owner: User) -> None:
    shop = factories.make_business("Sita Stores", owner, slug="sita")
    party = factories.make_party(shop)
    page = factories.merchant_client(owner).get(f"/m/sita/invoices/new/?party={party.public_id}").content.decode()
    assert 'name="freight"' in page
    assert 'name="freight_gst"' not in page
    assert 'name="reverse_charge"' not in page


def test_the_preview_counts_charges_and_discount(desk: Client, asha: Party) -> None:
    answer = desk.post("/m/ram/invoices/preview/", bill(asha, "preview", freight="20", all_discount="12"))
    assert "₹127.00" in answer.content.decode()  # (120 - 12) x 1.18 = 127.44

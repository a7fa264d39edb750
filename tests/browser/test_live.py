"""The customer's open dashboard follows the shop, without being loaded again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import factories


@pytest.mark.django_db(transaction=True)
def test_an_open_dashboard_shows_a_payment_and_leaves_what_is_being_typed(
    page: Page, site: str, sign_in: Callable[..., None]
) -> None:
    party = factories.make_party(factories.make_business("Ram Kirana"), factories.new_phone())
    factories.make_invoice(party, paise=500_00)
    sign_in(page, customer=party)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}/portal/{party.public_id}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("₹500.00")
    page.evaluate("window.sameDocument = true")
    page.get_by_role("searchbox").or_(page.get_by_placeholder("Invoice number")).first.fill("INV/2")
    factories.make_payment(party, 123_00)
    expect(page.get_by_role("heading", level=1)).to_have_text("₹377.00", timeout=15_000)
    expect(page.get_by_role("status").filter(has_text="₹377.00")).to_have_count(1)
    assert page.evaluate("window.sameDocument") is True
    assert page.get_by_placeholder("Invoice number").input_value() == "INV/2"
    assert page.evaluate("document.activeElement.placeholder") == "Invoice number"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

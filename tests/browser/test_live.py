"""The customer's open dashboard follows the shop, without being loaded again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts import parties
from accounts.models import PartyPerson
from ledger import links
from tests import factories
from tests.test_live import Served, listen_at, pay


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


@pytest.mark.django_db(transaction=True)
def test_an_open_page_shows_no_more_than_its_readers_rights_allow_now(page: Page, site: str) -> None:
    """The accountant is made a helper for orders, and later taken off, while the dashboard lies open."""
    party = factories.make_party(factories.make_business("Ram Kirana"), factories.new_phone(), "Shree Ganesh")
    factories.make_invoice(party, paise=500_00)
    owner, number = factories.make_user(), factories.new_phone()
    parties.add_person(party, number, "", PartyPerson.Role.ACCOUNTANT, owner)
    cookies = factories.customer_client(number).cookies.items()
    page.context.add_cookies([{"name": name, "value": one.value, "url": site} for name, one in cookies])
    page.goto(f"{site}/portal/{party.public_id}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("₹500.00")
    person = party.people.get(phone=number)
    parties.change_role(person, PartyPerson.Role.ORDERS, owner)
    expect(page.get_by_role("heading", level=1)).to_have_text("Order from Ram Kirana", timeout=15_000)
    assert "500.00" not in page.content()
    parties.remove_person(person, owner)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Order from Ram Kirana", timeout=15_000)
    assert "Shree Ganesh" not in page.content()


@pytest.mark.django_db(transaction=True)
def test_an_open_invoice_link_follows_that_invoice_by_asking_and_ends_with_its_link(page: Page, site: str) -> None:
    """As in the embedded default, without streams: who holds the link sees it paid, and later that the link has ended."""
    party = factories.make_party(factories.make_business("Ram Kirana"), factories.new_phone())
    invoice = factories.make_invoice(party, paise=500_00)
    link = links.for_invoice(invoice, None)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}{links.path(link)}")
    expect(page.get_by_role("heading", level=1)).to_have_text("₹500.00")
    page.evaluate("window.sameDocument = true")
    pay(factories.make_invoice(party, paise=71_00), 71_00)
    pay(invoice, 200_00)
    expect(page.get_by_role("heading", level=1)).to_have_text("₹300.00", timeout=15_000)
    expect(page.get_by_role("heading", name="Settled so far")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True
    assert "71.00" not in page.content()
    links.revoke(link, factories.make_user())
    expect(page.get_by_role("heading", level=1)).to_have_text("This link has ended", timeout=15_000)


@pytest.mark.road
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_streams_change_open_pages_within_a_second(page: Page) -> None:
    """A real EventSource at a real ASGI server: dashboard and invoice link, told by one payment."""
    party = factories.make_party(factories.make_business("Ram Kirana"), factories.new_phone())
    invoice = factories.make_invoice(party, paise=500_00)
    link = links.for_invoice(invoice, None)
    cookies = factories.customer_client(party).cookies.items()
    with Served(DEBUG="1", LIVE_STREAMS="1") as port:
        site = f"http://127.0.0.1:{port}"
        listen_at(port, "/health", {}).read()
        page.context.add_cookies([{"name": name, "value": one.value, "url": site} for name, one in cookies])
        both = page, page.context.new_page()
        for tab, address in zip(both, (f"/portal/{party.public_id}/", links.path(link)), strict=True):
            with tab.expect_response("**/live/stream*"):
                tab.goto(f"{site}{address}")
            expect(tab.get_by_role("heading", level=1)).to_have_text("₹500.00")
        # Only the tab in front is told at once; the other is when it comes there.
        pay(invoice, 200_00)
        expect(both[1].get_by_role("heading", level=1)).to_have_text("₹300.00", timeout=1_500)
        both[0].bring_to_front()
        expect(both[0].get_by_role("heading", level=1)).to_have_text("₹300.00", timeout=1_500)

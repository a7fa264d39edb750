"""Paying from the portal as a person does it: an amount, the code on the screen, “I have paid”, and the shop's answer."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Business, Party, User
from ledger import upi
from ledger.models import Payment, PaymentClaim
from tests import factories
from tests.browser import looks


@pytest.fixture
def owner() -> User:
    return factories.make_user(name="Ramesh")


@pytest.fixture
def business(owner: User) -> Business:
    return factories.make_business("Ram & Sons", owner, upi_id="ram@okaxis", bank_account="0123456789")


@pytest.fixture
def party(business: Business) -> Party:
    party = factories.make_party(business, factories.new_phone(), "Shree Ganesh")
    for paise in (2000_00, 2700_00, 1000_00):
        factories.make_invoice(party, paise=paise)
    return party


def read_code(page: Page, folder: Path) -> str:
    """What a phone reads of the code on the screen."""
    shot = folder / "screen.png"
    page.locator(".qr").evaluate("code => code.scrollIntoView({block: 'center'})")  # not behind the bar at the foot
    page.screenshot(path=shot)
    found = subprocess.run(["zbarimg", "-q", "--raw", str(shot)], capture_output=True, text=True, check=True)
    return found.stdout.strip()


@pytest.mark.parametrize("has_js", [True, False])
def test_the_code_on_the_screen_asks_for_exactly_the_amount_chosen(
    watched_page: Callable[..., Any], sign_in: Callable[..., None], party: Party, tmp_path: Path, has_js: bool
) -> None:
    page = watched_page(is_mobile=True, has_touch=True, device_scale_factor=2, java_script_enabled=has_js)
    sign_in(page, customer=party)
    page.goto(f"/portal/{party.public_id}/pay/")
    page.get_by_label("How much do you want to pay?").fill("4,900.05")
    if not has_js:
        page.get_by_role("button", name="Show what it closes").click()
    expect(page.get_by_text("After it you owe ₹799.95.").first).to_be_visible()
    expect(page.get_by_text(re.compile("and ₹200.05 of ")).first).to_be_visible()
    if has_js:  # and is said aloud
        expect(page.get_by_role("status").filter(has_text="After it you owe ₹799.95.")).to_have_count(1)
    uri = upi.upi_uri("ram@okaxis", "Ram & Sons", 4900_05, tn="Shree Ganesh")
    assert read_code(page, tmp_path) == uri
    assert page.get_by_role("link", name="Pay by UPI").get_attribute("href") == uri
    assert looks.faults(page) == []


@pytest.mark.parametrize("has_js", [True, False])
def test_told_accepted_and_read(
    watched_page: Callable[..., Any],
    sign_in: Callable[..., None],
    owner: User,
    business: Business,
    party: Party,
    has_js: bool,
) -> None:
    page = watched_page(is_mobile=True, has_touch=True, java_script_enabled=has_js)
    sign_in(page, customer=party)
    page.goto(f"/portal/{party.public_id}/pay/?amount=2500")
    page.get_by_role("link", name="I have paid").click()
    expect(page.get_by_label("How much did you pay?")).to_have_value("2500.00")
    page.get_by_label("UTR or reference").fill("4120 7781 2201")
    assert looks.faults(page) == []
    page.get_by_role("button", name="Tell the shop").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting for the shop")
    assert looks.faults(page) == []

    desk = watched_page(width=1280, height=800, java_script_enabled=has_js)
    sign_in(desk, merchant=owner)
    desk.goto(f"/m/{business.slug}/")
    desk.get_by_role("region", name="Needs your attention").get_by_role("link", name="Shree Ganesh").first.click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("₹2,500.00")
    assert looks.faults(desk) == []
    desk.get_by_role("button", name="Yes, accept ₹2,500.00").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Accepted")
    assert looks.faults(desk) == []

    page.goto(f"/portal/{party.public_id}/")
    expect(page.get_by_text(f"Payment {Payment.objects.get().number} of")).to_be_visible()
    assert looks.faults(page) == []
    assert PaymentClaim.objects.get().status == "accepted"


def test_the_account_number_is_copied_by_its_button(
    watched_page: Callable[..., Any], sign_in: Callable[..., None], party: Party
) -> None:
    page = watched_page(permissions=["clipboard-read", "clipboard-write"])
    sign_in(page, customer=party)
    page.goto(f"/portal/{party.public_id}/pay/")
    row = page.locator("dd", has_text="0123456789")
    row.get_by_role("button").click()
    expect(row.get_by_role("button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "0123456789"


def test_without_a_clipboard_the_browser_copies_what_is_selected(
    watched_page: Callable[..., Any], sign_in: Callable[..., None], party: Party
) -> None:
    """As inside an app."""
    page = watched_page()
    page.add_init_script("delete Navigator.prototype.clipboard")
    page.add_init_script("addEventListener('copy', () => { window.copied = String(getSelection()); })")
    sign_in(page, customer=party)
    page.goto(f"/portal/{party.public_id}/pay/")
    row = page.locator("dd", has_text="0123456789")
    row.get_by_role("button").click()
    expect(row.get_by_role("button")).to_have_text("Copied")
    assert page.evaluate("window.copied") == "0123456789"

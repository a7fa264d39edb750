"""The portal on a phone's home screen: it may be installed, and without a connection it says what was known, and when."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Page, expect

from accounts import parties
from tests import factories

KEPT = "JSON.parse(localStorage.getItem('sl-kept') || '{}')"


def open_page(page: Page, address: str) -> None:
    """Opens it, and waits until the worker looks after it."""
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("navigator.serviceWorker.controller")


def go_online(page: Page) -> None:
    """The page for no connection loads what was asked for by itself."""
    page.context.set_offline(False)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("No connection")


@pytest.mark.django_db(transaction=True)
def test_without_a_connection_the_last_balance_is_shown_until_somebody_signs_out_or_another_signs_in(
    page: Page, site: str, sign_in: Callable[..., None]
) -> None:
    party = factories.make_party(factories.make_business("Ram Kirana"), factories.new_phone(), "Shree Ganesh")
    bill = factories.make_invoice(party, paise=500_00)
    sign_in(page, customer=party)
    page.set_viewport_size({"width": 360, "height": 740})
    home = f"{site}/portal/{party.public_id}/"
    open_page(page, home)
    at = page.locator("body").get_attribute("data-kept-at")
    # No page of theirs is in any cache; what is kept stands in this browser's own storage.
    cached = page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name).then((one) => one.keys()))))"
        ".then((all) => all.flat().map((one) => new URL(one.url).pathname))"
    )
    assert [path for path in cached if not path.startswith("/static/")] == ["/portal/offline/"]

    page.context.set_offline(True)
    page.goto(f"{site}/portal/{party.public_id}/ledger/")  # any page of theirs leads there
    expect(page.get_by_role("heading", level=1)).to_have_text("No connection")
    for words in ("Ram Kirana", "for Shree Ganesh", "You owe Ram Kirana", "₹500.00", f"As of {at}", bill.number):
        expect(page.get_by_text(words).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    go_online(page)
    page.goto(f"{site}/portal/{party.public_id}/profile/")
    page.get_by_role("button", name="Sign out here").click()
    expect(page).to_have_url(f"{site}/portal/login/")
    assert page.evaluate(KEPT) == {}
    page.context.set_offline(True)
    page.goto(home)
    expect(page.get_by_text("Nothing is kept in this browser.")).to_be_visible()
    assert "500.00" not in page.content()
    assert "Ram Kirana" not in page.content()

    # A helper on the same phone: what they see is kept, and nothing of what the owner saw comes back, even though
    # somebody put the owner's old keeping back into the storage.
    go_online(page)
    number = factories.new_phone()
    parties.add_person(party, number, "Raju", "orders", None)
    helper = factories.customer_client(number)
    page.context.add_cookies([{"name": name, "value": one.value, "url": site} for name, one in helper.cookies.items()])
    page.evaluate(f"localStorage.setItem('sl-kept', {json.dumps(json.dumps(OLD))})")
    open_page(page, home)
    kept: dict[str, Any] = page.evaluate(KEPT)
    assert list(kept["parties"]) == [party.public_id]
    assert (kept["parties"][party.public_id]["amount"], kept["parties"][party.public_id]["facts"]) == ("", [])
    assert "500.00" not in json.dumps(kept)
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_text("Ram Kirana").first).to_be_visible()
    assert "500.00" not in page.content()
    # Sharing ends: with the next page that is asked for all is forgotten, even where no script runs on that page.
    parties.set_shared(party, False, factories.make_user())
    go_online(page)
    assert [one["name"] for one in page.context.cookies() if one["name"] == "sl_kept"] == []
    page.context.set_offline(True)
    page.goto(home)
    expect(page.get_by_text("Nothing is kept in this browser.")).to_be_visible()
    assert page.evaluate(KEPT) == {}


@pytest.mark.django_db(transaction=True)
def test_the_app_may_be_installed(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], site: str, tmp_path: Path
) -> None:
    """Asked of Chromium in a profile that lasts: in a private window nothing may be installed."""
    context = browser_type.launch_persistent_context(tmp_path, **browser_type_launch_args)
    try:
        page = context.pages[0]
        page.goto(f"{site}/portal/login/")
        devtools = context.new_cdp_session(page)
        manifest = devtools.send("Page.getAppManifest")
        assert (manifest["errors"], manifest["url"]) == ([], f"{site}/app.webmanifest?lang=en")
        assert devtools.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
        assert devtools.send("Page.getAppId")["appId"] == f"{site}/portal/"
    finally:
        context.close()


OLD = {
    "mark": "0123456789abcdef",
    "parties": {"aaaaaaaaaaaa": {"shop": "Ram Kirana", "amount": "₹500.00", "facts": [], "rows": [], "on": 9e12}},
}

"""Our measure of a page waits until the page is dressed."""

from playwright.sync_api import Page, expect

from tests.browser import looks


def test_a_page_is_not_measured_before_its_stylesheet_is_there(phone_page: Page, post: object) -> None:
    wire = phone_page.context.new_cdp_session(phone_page)
    wire.send("Network.enable")
    wire.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    phone_page.goto("/m/login/", wait_until="commit")
    expect(phone_page.get_by_role("heading", level=1)).not_to_be_empty()
    assert looks.faults(phone_page) == []

"""The main road, walked at 360 px as a person walks it: bill, share, link, invoice, code, ledger, order.

Once with JavaScript and once without; on both engines. `Recording` takes the messages where a provider would.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Business, Message, User
from catalog.models import Order
from ledger.models import Invoice, LinkOpen
from tests import factories
from tests.browser import looks
from tests.browser.conftest import Post

pytestmark = pytest.mark.road

SHOP_GSTIN = "27AAPFU0939F1ZV"
MERCHANT, CUSTOMER = "+919811100001", "+919811100002"
LINK = r"https?://\S+/i/[0-9A-Za-z]{33}(?=\s|$)"


class Walker:
    """A person with a phone: taps, types, and looks at every page that comes."""

    def __init__(self, page: Page, post: Post, *, has_js: bool) -> None:
        self.page, self.post, self.has_js = page, post, has_js
        self.main = page.get_by_role("main")

    def open(self, address: str, heading: str | re.Pattern[str]) -> None:
        self.page.goto(address)
        self.see(heading)

    def see(self, heading: str | re.Pattern[str]) -> None:
        """This page has come, and nothing is wrong with it."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading)
        assert looks.faults(self.page) == [], self.page.url

    def tap(self, word: str, *, within: Locator | Page | None = None) -> None:
        """The button or link with this name."""
        place = within or self.page
        button = place.get_by_role("button", name=word, exact=True)
        button.or_(place.get_by_role("link", name=word, exact=True)).first.click()

    def write(self, **words: str) -> None:
        """Fields by the beginning of their label; `_` stands for a space."""
        for label, text in words.items():
            self.main.get_by_label(re.compile(f"^{label.replace('_', ' ')}", re.IGNORECASE)).fill(text)

    def enter_code(self, phone: str, button: str) -> None:
        """The code from the message; with JavaScript the sixth digit sends it, once the script is there."""
        self.page.wait_for_load_state()
        self.page.get_by_label("Code").fill(self.post.code(phone))
        if not self.has_js:
            self.tap(button)


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def has_js(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "with JavaScript")


@pytest.fixture
def walker(watched_page: Callable[..., Any], post: Post, has_js: bool) -> Callable[[], Walker]:
    """A new person with a phone of their own."""

    def new() -> Walker:
        page = watched_page(is_mobile=True, has_touch=True, device_scale_factor=2, java_script_enabled=has_js)
        return Walker(page, post, has_js=has_js)

    return new


def test_from_the_bill_to_the_customers_order(walker: Callable[[], Walker]):
    merchant, customer = walker(), walker()
    sign_up(merchant)
    add_an_item(merchant)
    add_the_party(merchant)
    business, other = an_earlier_bill()
    write_the_bill(merchant)
    link = share_it(merchant)
    look_at_the_shared_bill(customer, link, other)
    log_in(customer)
    read_the_account(customer, other)
    order = place_an_order(customer)
    answer_the_order(merchant, business, order)
    come_back(customer, link)


# --- the merchant -------------------------------------------------------------------------------------------


def sign_up(merchant: Walker) -> None:
    merchant.open("/m/signup/", "Begin a book")
    merchant.write(Your_name="Ramesh Gupta", Mobile_number="98111 00001")
    merchant.tap("Send me a code")
    merchant.see("Enter the code")
    merchant.enter_code(MERCHANT, "Log in")
    merchant.see("Set up your business")
    merchant.write(Business_name="Ram & Sons Kirana")
    gstin = merchant.page.get_by_label("GSTIN")
    for registration, asks in (("Not registered under GST", False), ("GST registered, regular", True)):
        merchant.page.get_by_label(registration).check()
        assert gstin.is_visible() is asks
    merchant.write(GSTIN=SHOP_GSTIN)
    merchant.page.get_by_text("Address, UPI and more").click()
    merchant.write(UPI_id="ramkirana@okaxis")
    merchant.tap("Open the book")
    merchant.see("Ramesh Gupta")
    assert Business.objects.get().state_code == "27"


def add_an_item(merchant: Walker) -> None:
    merchant.tap("Add what you sell")
    merchant.see("New item")
    merchant.write(Name="Sona Masoori rice 25 kg", Price_of_one_unit="1,148.50", GST_rate="18", HSN="1006")
    merchant.tap("Save")
    merchant.see("Items")
    expect(merchant.main).to_contain_text("Sona Masoori rice 25 kg")
    expect(merchant.main).to_contain_text("₹1,148.50")


def add_the_party(merchant: Walker) -> None:
    merchant.tap("Parties", within=merchant.page.get_by_role("navigation", name="Quick"))
    merchant.see("Parties")
    merchant.tap("Add the first party")
    merchant.see("New party")
    merchant.write(Name="Shree Ganesh Stores", Mobile_number="98111 00002")
    merchant.page.get_by_text("On the bill").click()
    merchant.write(City="Nashik")
    merchant.page.get_by_label(re.compile("^State")).select_option("27")
    merchant.tap("Save")
    merchant.see("Shree Ganesh Stores")
    expect(merchant.main).to_contain_text("98111 00002")


def an_earlier_bill() -> tuple[Business, Invoice]:
    """Of the same party: what a link to another invoice must never show."""
    business = Business.objects.get()
    party = business.parties.get(is_walk_in=False)
    owner = User.objects.get(phone=MERCHANT)
    return business, factories.make_invoice(party, lines=[factories.line("Old jaggery", paise=765_43)], by=owner)


def write_the_bill(merchant: Walker) -> None:
    """12 sacks at 18 % and 2.5 kg at 5 %: 13,782.00 + 241.25, CGST 1,240.38 + 6.03 and SGST the same, round off."""
    page = merchant.page
    merchant.tap("New invoice")
    merchant.see("New invoice")
    first = page.get_by_label("Item", exact=True).first
    if merchant.has_js:
        first.press_sequentially("sona")
        page.get_by_role("option", name=re.compile("Sona Masoori")).wait_for()
        first.press("Enter")
        expect(first).to_have_value("Sona Masoori rice 25 kg")
    else:
        first.fill("Sona Masoori rice 25 kg")
    page.get_by_label("Qty").first.fill("12")
    if merchant.has_js:
        merchant.tap("Add a line")
    page.get_by_label("Item", exact=True).nth(1).fill("Jaggery, loose")
    page.get_by_label("Qty").nth(1).fill("2.5")
    page.get_by_label("Unit").nth(1).select_option("KGS")
    page.get_by_label("Rate ₹").nth(1).fill("96.50")
    page.get_by_label("GST", exact=True).nth(1).select_option("500")
    if not merchant.has_js:
        merchant.tap("Work out the total", within=page.locator("#lines + *, .bar"))
    expect(page.locator("#totals")).to_contain_text("₹16,516.00")
    expect(page.locator("#totals")).to_contain_text("−₹0.07")
    merchant.tap("Issue")
    merchant.see(re.compile(r"^INV/\d\d-\d\d/00002"))
    expect(merchant.main).to_contain_text("₹16,516.00")
    assert Invoice.objects.get(number__endswith="00002").total_paise == 16_516_00


def share_it(merchant: Walker) -> str:
    merchant.tap("Share invoice")
    merchant.see("Share invoice")
    merchant.tap("WhatsApp")
    merchant.see("Share invoice")
    expect(merchant.main).to_contain_text("On its way.")
    text = merchant.post.newest("whatsapp", CUSTOMER)
    assert "Rs. 16,516.00" in text
    found = re.search(LINK, text)
    assert found, text
    expect(merchant.page.locator("#share-link")).to_have_value(found[0])
    merchant.open(f"/m/{Business.objects.get().slug}/messages/", "Messages")
    expect(merchant.main).to_contain_text("Shree Ganesh Stores")
    assert Message.objects.get(kind="invoice_share").status == Message.Status.SENT
    return found[0]


def answer_the_order(merchant: Walker, business: Business, order: Order) -> None:
    page = merchant.page
    merchant.open(f"/m/{business.slug}/", "Ramesh Gupta")
    page.get_by_role("navigation", name="Quick").get_by_role("button", name="More").click()
    merchant.tap("Orders", within=page.get_by_role("navigation", name="Main"))
    merchant.see("Orders")
    row = page.get_by_role("row").filter(has_text=order.display_number)
    expect(row).to_contain_text("Shree Ganesh Stores")
    expect(row).to_contain_text("₹3,445.50")
    row.get_by_role("link").click()
    merchant.see(order.display_number)
    expect(merchant.main).to_contain_text("Sona Masoori rice 25 kg")
    expect(merchant.main).to_contain_text("Before ten, please")


# --- the customer -------------------------------------------------------------------------------------------


def look_at_the_shared_bill(customer: Walker, link: str, other: Invoice) -> None:
    """At once, without a login and without a trace of anything else of this party."""
    customer.open(link, "₹16,516.00")
    for words in (
        "Ram & Sons Kirana",
        SHOP_GSTIN,
        "Shree Ganesh Stores",
        "Tax Invoice",
        "Sona Masoori rice 25 kg",
        "Jaggery, loose",
        "₹14,023.25",
        "₹1,246.41",
        "−₹0.07",
        "Sixteen thousand five hundred sixteen rupees only",
    ):
        expect(customer.page.locator("body")).to_contain_text(words)
    expect(customer.page.get_by_label("UPI id")).to_have_value("ramkirana@okaxis")
    everything = customer.page.content()
    assert "765.43" not in everything
    assert other.number not in everything
    assert "17,281" not in everything
    assert customer.page.context.cookies() == []
    if customer.has_js:
        customer.page.wait_for_load_state("networkidle")
    assert LinkOpen.objects.count() == (1 if customer.has_js else 0)


def log_in(customer: Walker) -> None:
    customer.tap("Log in")
    customer.see("Your account book")
    customer.write(Your_mobile_number="+91 98111-00002")
    customer.tap("Send me the code")
    customer.see("Enter the code")
    customer.enter_code(CUSTOMER, "Log in")
    customer.see("Welcome")
    assert User.objects.get(phone=CUSTOMER).consented_at is None
    customer.tap("I agree, go on")
    customer.see("₹16,516.00")
    assert User.objects.get(phone=CUSTOMER).consented_at is not None


def read_the_account(customer: Walker, other: Invoice) -> None:
    page, main = customer.page, customer.main
    dock = page.get_by_role("navigation", name="Main")
    customer.tap("Home", within=dock)
    customer.see("₹17,281.43")
    expect(main).to_contain_text("You owe Ram & Sons Kirana")
    expect(main).to_contain_text(other.number)
    expect(main).to_contain_text("₹765.43")
    customer.tap("Ledger", within=dock)
    customer.see("Ledger")
    rows = page.locator("table.ledger tbody tr:not(.opening)")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text(other.number)
    expect(rows.nth(0)).to_contain_text("₹765.43 Dr")
    expect(rows.nth(1)).to_contain_text("₹17,281.43 Dr")
    expect(page.locator("table.ledger tfoot")).to_contain_text("₹17,281.43 Dr")
    customer.tap("Me", within=dock)
    customer.see("My profile")
    expect(main).to_contain_text("Shree Ganesh Stores")
    expect(main).to_contain_text("98111 00002")


def place_an_order(customer: Walker) -> Order:
    page = customer.page
    customer.tap("Home", within=page.get_by_role("navigation", name="Main"))
    customer.tap("Shop More")
    customer.see("Shop")
    page.get_by_label(re.compile("^Quantity: Sona Masoori")).fill("3")
    customer.tap("Add")
    customer.see("Shop")
    expect(customer.main).to_contain_text("Sona Masoori rice 25 kg is in your cart.")
    customer.tap("Cart: 1 item")
    customer.see("Cart")
    expect(customer.main).to_contain_text("₹3,445.50")
    page.get_by_label(re.compile("^Note")).fill("Before ten, please")
    customer.tap("Place the order")
    order = Order.objects.get()
    customer.see(order.display_number)
    expect(customer.main).to_contain_text("Your order is with the shop.")
    assert (order.total_paise, order.status) == (3_445_50, Order.Status.PLACED)
    return order


def come_back(customer: Walker, link: str) -> None:
    """The same link, once logged in: the invoice, with the way to everything."""
    customer.open(link, "₹16,516.00")
    customer.tap("Log in")
    customer.see("₹16,516.00")
    assert "/portal/" in customer.page.url

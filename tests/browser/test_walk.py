"""Everything a customer may do in the portal, walked at 360 px in one go: with JavaScript, and without.

Every page that comes is looked at (`looks.faults`); what was done is read from the rows. test_roads.py walks the shop's
side of the main road.
"""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from accounts import corrections
from accounts.india import today
from accounts.models import Business, DataRequest, Party, PartyPerson, User
from catalog.models import Order
from ledger import answering, links, queries
from ledger.models import BalanceConfirmation, Comparison, Invoice, Payment, PaymentClaim, Promise, Query, QueryMessage
from tests import factories
from tests.browser import looks
from tests.browser.conftest import Post
from tests.browser.test_roads import Walker
from tests.test_images import picture

PHONE = "+919811100002"
SHOP_GSTIN, BUYER_GSTIN = "27AAPFU0939F1ZV", "27AAACR5055K1Z7"


@dataclass(frozen=True)
class Shop:
    """Bills of one party: ₹1,180.00 (overdue, taxed), ₹500.00 and ₹250.00, none paid yet; an old one of ₹300.00,
    settled by a receipt of ₹200.00 and a credit note of ₹100.00; and a paid one from before the shop knew the GSTIN.
    """

    owner: User
    business: Business
    party: Party
    taxed: Invoice
    second: Invoice
    receipt: Payment
    credit_note: Invoice
    lacking: Invoice
    other: Party  # the same number at another shop


@pytest.fixture
def shop(post: Post) -> Shop:
    owner = factories.make_user(name="Ramesh")
    business = factories.make_business(
        "Ram & Sons", owner, upi_id="ram@okaxis", scheme=Business.Scheme.REGULAR, gstin=SHOP_GSTIN
    )
    party = factories.make_party(business, PHONE, "Shree Ganesh", credit_limit_paise=1_00_000_00)
    before = today() - dt.timedelta(days=20)
    rice = factories.line("Rice", paise=1_000_00, gst_rate_bp=1800, hsn="1006")
    lacking = factories.make_invoice(party, lines=[rice], on=before - dt.timedelta(days=60))
    factories.make_payment(party, lacking.total_paise, on=before - dt.timedelta(days=55))
    party.gstin = BUYER_GSTIN
    party.save()
    old = factories.make_invoice(party, paise=300_00, on=before - dt.timedelta(days=30))
    receipt = factories.make_payment(party, 200_00, on=before - dt.timedelta(days=10))
    credit_note = factories.make_credit_note(original=old, paise=100_00, on=before - dt.timedelta(days=9))
    taxed = factories.make_invoice(party, lines=[rice], on=before, due_on=before + dt.timedelta(days=5))
    second, _third = (factories.make_invoice(party, paise=paise) for paise in (500_00, 250_00))
    factories.make_item(business, "Sona Masoori rice", stock_milli=50_000)
    other = factories.make_party(factories.make_business("Metro Wholesale"), PHONE, "Shree Ganesh")
    factories.make_invoice(other, paise=777_00)
    return Shop(owner, business, party, taxed, second, receipt, credit_note, lacking, other)


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def customer(request: pytest.FixtureRequest, watched_page: Callable[..., Page], post: Post) -> Walker:
    has_js = bool(request.param)
    page = watched_page(is_mobile=True, has_touch=True, device_scale_factor=2, java_script_enabled=has_js)
    return Walker(page, post, has_js=has_js)


def test_everything_a_customer_may_do(customer: Walker, shop: Shop, tmp_path: Path) -> None:
    come_in(customer, shop)
    look_around(customer, shop)
    turn_over_the_papers(customer, shop)
    read_the_ledger(customer, shop)
    pay_a_part(customer, shop)
    promise_a_day(customer, shop)
    ask_about_a_line(customer, shop)
    confirm_the_balance(customer, shop)
    compare_the_ledgers(customer, shop)
    take_the_tax_home(customer)
    ask_for_the_missing_gstin(customer, shop)
    order_and_order_again(customer, shop)
    look_after_oneself(customer, shop)
    ask_for_a_correction(customer, shop)
    see_what_is_stored(customer, shop)
    change_the_shop(customer)
    use_an_advance(customer, shop)
    leave(customer, shop)
    come_back_by_an_ended_link(customer, shop)


def come_in(customer: Walker, shop: Shop) -> None:
    """Link, number, code, privacy notice: and the invoice is there."""
    customer.open(links.path(links.for_invoice(shop.taxed, shop.owner)), "₹1,180.00")
    customer.tap("Log in")
    customer.see("Your account book")
    customer.write(Your_mobile_number="98111 00002")
    customer.tap("Send me the code")
    customer.see("Enter the code")
    customer.enter_code(PHONE, "Log in")
    customer.see("Welcome")
    customer.tap("I agree, go on")
    customer.see("₹1,180.00")
    expect(customer.main).to_contain_text(BUYER_GSTIN)


def home(customer: Walker, shop: Shop, room: str = "", heading: str = "₹1,930.00") -> None:
    customer.open(f"/portal/{shop.party.public_id}/{room}", heading)


def look_around(customer: Walker, shop: Shop) -> None:
    """The dashboard: what is due, searched and filtered."""
    home(customer, shop)
    expect(customer.main).to_contain_text("You owe Ram & Sons")
    customer.main.get_by_label("Search").first.fill(shop.second.number)
    customer.tap("Search", within=customer.main)
    expect(customer.main.locator("table.rows tbody tr")).to_have_count(1)
    expect(customer.main.locator("table.rows tbody")).to_contain_text(shop.second.number)
    assert looks.faults(customer.page) == []
    home(customer, shop, "?status=overdue")
    expect(customer.main.locator("table.rows tbody tr")).to_have_count(1)
    customer.main.get_by_role("link", name=shop.taxed.number).click()
    customer.see("₹1,180.00")


def turn_over_the_papers(customer: Walker, shop: Shop) -> None:
    """Credit notes, receipts and statements, each with the sum of what fits, and opened."""
    home(customer, shop, "invoices/", "Invoices")
    papers = customer.main.get_by_role("navigation", name="Papers")
    customer.tap("Credit notes", within=papers)
    customer.see("Credit notes")
    customer.main.get_by_role("link", name=shop.credit_note.number).click()
    customer.see("₹100.00")
    home(customer, shop, f"payments/?since={today() - dt.timedelta(days=60)}", "Receipts")
    expect(customer.main.get_by_label("Sums of what fits")).to_contain_text("₹200.00")
    customer.main.get_by_role("link", name=shop.receipt.number).click()
    customer.see("Receipt")
    expect(customer.main).to_contain_text(shop.receipt.number)
    assert kept(customer, "Download PDF").startswith(b"%PDF-")
    home(customer, shop, "statements/", "Statements")
    customer.main.get_by_role("heading", level=2).get_by_role("link").first.click()
    customer.see("Ledger")


def read_the_ledger(customer: Walker, shop: Shop) -> None:
    """By presets; what is open by age; a row's voucher; all of it saved."""
    home(customer, shop, "ledger/", "Ledger")
    for period in ("This month", "Last month", "This financial year", "Everything"):
        customer.tap(period, within=customer.main)
        customer.see("Ledger")
    expect(customer.main).to_contain_text("0–30 days overdue")
    row = customer.page.locator("table.ledger tbody tr").filter(has_text=shop.taxed.number)
    expect(row).to_contain_text("₹1,180.00 Dr")
    row.get_by_text("Details").click()
    expect(row.locator("details")).to_contain_text("CGST")
    expect(row.locator("details")).to_contain_text("₹90.00")
    assert saved(customer, "CSV").count(shop.taxed.number) == 1
    assert kept(customer, "Excel").startswith(b"PK")
    assert kept(customer, "PDF").startswith(b"%PDF-")
    row.get_by_role("link", name=shop.taxed.number).click()
    customer.see("₹1,180.00")


def saved(customer: Walker, button: str) -> str:
    """The text of the file behind a link."""
    return kept(customer, button).decode("utf-8-sig")


def kept(customer: Walker, button: str) -> bytes:
    """The file behind a link."""
    with customer.page.expect_download() as download:
        customer.tap(button, within=customer.main)
    return download.value.path().read_bytes()


def pay_a_part(customer: Walker, shop: Shop) -> None:
    """An amount, what it closes, its UPI link; then “I have paid”, with a mistake first."""
    home(customer, shop, "pay/", "Pay")
    customer.main.get_by_label("How much do you want to pay?").fill("1300")
    if not customer.has_js:
        customer.tap("Show what it closes")
    expect(customer.page.get_by_text(re.compile("and ₹120.00 of ")).first).to_be_visible()
    upi = customer.main.get_by_role("link", name="Pay by UPI")
    expect(upi).to_have_attribute("href", re.compile("am=1300.00"))
    customer.main.get_by_role("link", name="I have paid").first.click()
    customer.see("I have paid")
    expect(customer.main.get_by_label("How much did you pay?")).to_have_value("1300.00")
    customer.tap("Tell the shop")
    customer.see("I have paid")
    wrong = customer.main.get_by_label("UTR or reference")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    wrong.fill("4120 7781 2201")
    customer.tap("Tell the shop")
    customer.see("Waiting for the shop")
    claim = PaymentClaim.objects.get()
    assert (claim.party_id, claim.amount_paise, claim.reference) == (shop.party.pk, 1_300_00, "412077812201")


def promise_a_day(customer: Walker, shop: Shop) -> None:
    home(customer, shop, f"promise/?invoice={shop.second.public_id}", "Promise to pay")
    day = today() + dt.timedelta(days=9)
    customer.write(How_much="500", By_which_day=day.isoformat(), Note="After the fair")
    customer.tap("Promise", within=customer.main)
    customer.see("Promise to pay")
    expect(customer.main).to_contain_text("Promised. The shop sees it, and reminds you no sooner.")
    promise = Promise.objects.get()
    assert (promise.invoice_id, promise.amount_paise, promise.promised_on) == (shop.second.pk, 500_00, day)


def ask_about_a_line(customer: Walker, shop: Shop) -> None:
    """Asked on a line of a bill; the shop answers; read and settled."""
    home(customer, shop, f"invoices/{shop.taxed.public_id}/", "₹1,180.00")
    customer.tap("Something differs", within=customer.main)
    customer.see("Something differs")
    customer.main.get_by_label("Where?").select_option(label="1. Rice")
    customer.main.get_by_label("What differs?").select_option(label="Quantity differs")
    customer.tap("Ask the shop")
    customer.see("Something differs")  # without a word
    expect(customer.main.get_by_label("Your message")).to_have_attribute("aria-invalid", "true")
    customer.write(Your_message="One bag was torn")
    customer.main.locator("input[type=file]").set_input_files(
        FilePayload(name="bag.png", mimeType="image/png", buffer=picture())
    )
    customer.tap("Ask the shop")
    customer.see("Quantity differs")
    query = Query.objects.get()
    assert (query.invoice_id, query.line_position) == (shop.taxed.pk, 1)
    assert QueryMessage.objects.get().image
    queries.write(query, shop.owner, queries.Said("We send another"), is_of_shop=True)
    home(customer, shop, "questions/", "Your questions")
    customer.main.get_by_role("link", name="Quantity differs").click()
    customer.see("Quantity differs")
    expect(customer.main).to_contain_text("We send another")
    customer.tap("It is settled")
    customer.see("Quantity differs")
    query.refresh_from_db()
    assert query.status == Query.Status.CLOSED


def confirm_the_balance(customer: Walker, shop: Shop) -> None:
    """Agreed, and then differing: both answers are kept."""
    home(customer, shop, "balance/", "Confirm the balance")
    customer.write(Balance_at_the_end_of=today().isoformat())
    customer.tap("Show", within=customer.main)
    customer.see("Confirm the balance")
    customer.tap("Agree: ₹1,930.00", within=customer.main)
    customer.see("Confirm the balance")
    expect(customer.page.locator("#confirmed")).to_contain_text("Agrees")
    home(customer, shop, f"balance/?on={today()}", "Confirm the balance")
    customer.main.get_by_text("Mine is different").click()
    customer.write(My_balance_is="1,900", Note="A bag came back")
    customer.tap("Say that mine differs")
    customer.see("Confirm the balance")
    expect(customer.page.locator("#confirmed")).to_contain_text("₹1,900.00 Dr")
    answers = BalanceConfirmation.objects.order_by("pk").values_list("theirs_paise", flat=True)
    assert len(answers) == 2
    assert answers[1] == 1_900_00


def compare_the_ledgers(customer: Walker, shop: Shop) -> None:
    """A file whose columns are guessed; one bill of it is not the shop's, two of the shop's are not in it."""
    book = "\n".join(
        [
            "Date,Particulars,Bill No,Debit,Credit",
            f'{shop.taxed.issued_on:%d-%m-%Y},Rice,{shop.taxed.number},,"1,180.00"',
            f"{today():%d-%m-%Y},Oil,Q9,,75.00",
        ]
    )
    home(customer, shop, "compare/", "Compare with my ledger")
    file = FilePayload(name="khata.csv", mimeType="text/csv", buffer=book.encode())
    customer.main.get_by_label("Your ledger of this shop").set_input_files(file)
    customer.tap("Upload")
    customer.see("Columns of your file")
    customer.main.get_by_role("button", name="Compare", exact=True).last.click()
    customer.see("3 differences")
    text = saved(customer, "CSV")
    assert "Q9" in text
    assert shop.second.number in text
    assert Comparison.objects.get().party_id == shop.party.pk


def take_the_tax_home(customer: Walker) -> None:
    customer.page.goto(re.sub(r"compare/.*", "gst/", customer.page.url))
    customer.see("GST credit")
    month = customer.main.get_by_label("Month")
    month.select_option((today() - dt.timedelta(days=20)).strftime("%Y-%m"))
    customer.tap("Show", within=customer.main)
    customer.see("GST credit")
    expect(customer.main).to_contain_text("₹90.00")
    assert SHOP_GSTIN in saved(customer, "CSV")


def ask_for_the_missing_gstin(customer: Walker, shop: Shop) -> None:
    """A bill whose tax cannot be claimed is listed; the shop is asked to put it right."""
    row = customer.main.locator("section").filter(has_text="Bills without your GSTIN").locator("li")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(shop.lacking.number)
    row.get_by_role("link", name="Ask for a correction").click()
    customer.see("Something differs")
    expect(customer.main.get_by_label("Your message")).to_have_value(
        re.compile(f"My GSTIN is missing on {shop.lacking.number} .*{BUYER_GSTIN}")
    )
    customer.tap("Ask the shop")
    query = Query.objects.latest("pk")
    customer.see(query.get_about_display())
    assert (query.invoice_id, query.status) == (shop.lacking.pk, Query.Status.OPEN)


def order_and_order_again(customer: Walker, shop: Shop) -> None:
    home(customer, shop, "store/", "Shop")
    customer.page.get_by_label(re.compile("^Quantity: Sona Masoori")).fill("3")
    customer.tap("Add")
    customer.see("Shop")
    customer.tap("Cart: 1 item")
    customer.see("Cart")
    customer.page.get_by_label(re.compile("^Quantity: Sona Masoori")).fill("2")
    customer.tap("Change")
    customer.see("Cart")
    expect(customer.main).to_contain_text("₹200.00")
    customer.tap("Place the order")
    first = Order.objects.get()
    customer.see(first.display_number)
    customer.tap("Order the same again")
    customer.see("Cart")
    customer.tap("Place the order")
    second = Order.objects.latest("pk")
    customer.see(second.display_number)
    assert (first.total_paise, second.total_paise, Order.objects.count()) == (200_00, 200_00, 2)
    customer.tap("Orders", within=customer.page.get_by_role("navigation", name="Main"))
    customer.see("Orders")
    expect(customer.main).to_contain_text(first.display_number)


def look_after_oneself(customer: Walker, shop: Shop) -> None:
    """Language, messages, and another phone signed out."""
    another = factories.customer_client(shop.party)
    home(customer, shop, "profile/", "My profile")
    speak(customer, "hi")
    expect(customer.page.locator("html")).to_have_attribute("lang", "hi")
    assert looks.faults(customer.page, language="hi") == []
    home_again = f"/portal/{shop.party.public_id}/profile/"
    customer.page.goto(home_again)
    speak(customer, "en")
    home(customer, shop, "profile/", "My profile")
    of_another = customer.main.get_by_role("button", name=re.compile("^Sign out (?!here|everywhere)"))
    expect(of_another).to_have_count(1)
    of_another.click()
    customer.see("My profile")
    expect(of_another).to_have_count(0)
    assert another.get(f"/portal/{shop.party.public_id}/").status_code == 302
    home(customer, shop, "messages/", "Messages from Ram & Sons")
    customer.main.get_by_label("SMS").check()
    customer.tap("Save", within=customer.main)
    assert PartyPerson.objects.get(party=shop.party).phone == PHONE
    customer.page.goto(f"/portal/{shop.party.public_id}/messages/")
    expect(customer.main.get_by_label("SMS")).to_be_checked()


def speak(customer: Walker, language: str) -> None:
    """Chosen on the profile, in a menu or beside one another."""
    button = customer.main.locator(f"button[name=language][value={language}]")
    if not button.is_visible():
        customer.main.locator("details:has(button[name=language]) > summary").click()
    button.click()


def ask_for_a_correction(customer: Walker, shop: Shop) -> None:
    """With a GSTIN that is none first; the shop takes it over, and the page says so."""
    home(customer, shop, "profile/", "My profile")
    customer.tap("Put something right")
    customer.see("Put my details right")
    customer.write(Name="Ganesh & Sons", GSTIN=BUYER_GSTIN[:-1] + "X")
    customer.tap("Send to the shop")
    customer.see("Put my details right")
    wrong = customer.main.get_by_label("GSTIN")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(customer.main.get_by_label("Name", exact=True)).to_have_value("Ganesh & Sons")
    wrong.fill(BUYER_GSTIN)
    customer.tap("Send to the shop")
    customer.see("My profile")
    expect(customer.page.locator("#asked")).to_contain_text("Waiting for the shop")
    asked = DataRequest.objects.get()
    assert asked.asked == {"name": "Ganesh & Sons"}
    shown = corrections.fingerprint(corrections.current(shop.party, PHONE))
    answering.accept(asked, shop.owner, ["name"], shown=shown, answer="With pleasure")
    home(customer, shop, "profile/", "My profile")
    expect(customer.main).to_contain_text("With pleasure")
    expect(customer.main.locator(".pairs").first).to_contain_text("Ganesh & Sons")


def see_what_is_stored(customer: Walker, shop: Shop) -> None:
    """Read, saved as a file, asked to be erased, and taken back."""
    home(customer, shop, "data/", "What is stored about me")
    with zipfile.ZipFile(io.BytesIO(kept(customer, "Save all of it as a file"))) as file:
        assert [name for name in file.namelist() if b"Ganesh & Sons" in file.read(name)] != []
    customer.tap("What goes and what stays")
    customer.see("Have my data erased")
    customer.tap("Ask the shop to erase it")
    customer.see("What is stored about me")
    expect(customer.page.locator("#erase")).to_contain_text("Waiting for the shop")
    customer.tap("Take it back")
    customer.see("What is stored about me")
    assert DataRequest.objects.get(kind=DataRequest.Kind.ERASURE).status == DataRequest.Status.WITHDRAWN


def change_the_shop(customer: Walker) -> None:
    customer.tap("Switch shop")
    customer.see("Your shops")
    expect(customer.main).to_contain_text("₹1,930.00")
    customer.main.get_by_role("link", name=re.compile("Metro Wholesale")).click()
    customer.see("₹777.00")


def use_an_advance(customer: Walker, shop: Shop) -> None:
    """More is paid than is due; the next bill uses what is over, and every page about it says so."""
    receipt = factories.make_payment(shop.other, 1_000_00)
    home_of_other = f"/portal/{shop.other.public_id}/"
    customer.open(home_of_other, "₹223.00")
    expect(customer.main).to_contain_text("Your next bill uses it.")
    customer.open(f"{home_of_other}ledger/", "Ledger")
    expect(customer.main.get_by_text("Paid in advance").locator("..")).to_contain_text("₹223.00")
    customer.open(f"{home_of_other}payments/{receipt.public_id}/", "Receipt")
    expect(customer.main.get_by_text("Advance, not used for a bill yet").locator("..")).to_contain_text("₹223.00")
    bill = factories.make_invoice(shop.other, paise=500_00)
    customer.open(f"{home_of_other}invoices/{bill.public_id}/", "₹277.00")
    expect(customer.main).to_contain_text(receipt.number)
    customer.open(f"{home_of_other}payments/{receipt.public_id}/", "Receipt")
    expect(customer.main.get_by_text(bill.number).locator("..")).to_contain_text("₹223.00")
    expect(customer.main.get_by_text("Advance, not used for a bill yet")).to_have_count(0)
    customer.open(home_of_other, "₹277.00")
    customer.open(f"{home_of_other}ledger/", "Ledger")
    expect(customer.main.get_by_text("Paid in advance")).to_have_count(0)


def leave(customer: Walker, shop: Shop) -> None:
    customer.page.goto(f"/portal/{shop.other.public_id}/profile/")
    elsewhere = factories.customer_client(shop.party)
    customer.tap("Sign out everywhere")
    customer.see("Get your link")
    assert elsewhere.get(f"/portal/{shop.party.public_id}/").status_code == 302
    customer.open(f"/portal/{shop.party.public_id}/", "Get your link")


def come_back_by_an_ended_link(customer: Walker, shop: Shop) -> None:
    """A fresh link goes to the saved number, and opens the door."""
    ended = links.for_invoice(shop.second, shop.owner)
    links.revoke(ended, shop.owner)
    customer.open(links.path(ended), "This link has ended")
    customer.tap("Send a fresh link")
    customer.see("Look at your messages")
    text = customer.post.newest("sms", PHONE)
    found = re.search(r"https?://\S+?(/[ip]/[0-9A-Za-z]{33})", text)
    assert found, text
    customer.open(found[1], "Your account book")

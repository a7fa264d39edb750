"""Every page at 360 and 1280 px, full, empty and with errors; and what people do on them with their fingers."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Page, expect

from accounts.india import today
from accounts.models import Business, Party, User
from catalog.models import Order
from ledger import links, verifying
from ledger.models import Invoice, LinkOpen, Payment, ShareLink
from ledger.statements import Period
from tests import factories
from tests.browser import looks
from tests.browser.conftest import Post

SignIn = Callable[..., None]
NewPage = Callable[..., Page]

SHOP_GSTIN = "27AAPFU0939F1ZV"
BUYER_GSTIN = "27AAACR5055K1Z7"

# Addresses that answer with something other than a page: they only take a POST, or give a file, JSON or plain text.
NOT_PAGES = {
    "favicon",
    "health",
    "robots",
    "set_language",
    "theme",
    "accounts:login_again",
    "accounts:logo",
    "accounts:logout",
    "accounts:team_remove",
    "accounts:team_role",
    "catalog:item_image",
    "catalog:item_stock",
    "catalog:order_decline",
    "ledger:invoice_discard",
    "ledger:invoice_issue",
    "ledger:invoice_items",
    "ledger:invoice_pdf",
    "ledger:invoice_preview",
    "ledger:link_revoke",
    "ledger:links_revoke",
    "ledger:order_bill",
    "ledger:party_end_sessions",
    "ledger:party_sharing",
    "ledger:payment_settle",
    "ledger:person_add",
    "ledger:person_remove",
    "ledger:person_role",
    "ledger:report_file",
    "ledger:series_default",
    "ledger:series_remove",
    "ledger:statement_file",
    "portal:cart_line",
    "portal:checkout",
    "portal:invoice_link_logo",
    "portal:invoice_link_pdf",
    "portal:invoice_opened",
    "portal:invoice_saved",
    "portal:invoice_pdf",
    "portal:item_image",
    "portal:logo",
    "portal:logout",
    "portal:order_cancel",
    "portal:order_reorder",
    "portal:sign_out_device",
    "portal:sign_out_everywhere",
    "ledger:claim_accept",
    "ledger:claim_decline",
    "ledger:claim_image",
    "ledger:invoice_zip",
    "ledger:receipt_pdf",
    "portal:claim_image",
    "portal:claim_withdraw",
    "portal:invoice_zip",
    "portal:ledger_file",
    "portal:receipt_link_logo",
    "portal:receipt_link_pdf",
    "portal:receipt_opened",
    "portal:receipt_saved",
    "portal:receipt_pdf",
    "portal:statement_link_file",
    "portal:statement_link_logo",
    "portal:statement_opened",
    "portal:statement_saved",
    "hooks:whatsapp",
    "hooks:sms",
    "hooks:twilio",
    "hooks:email",
    "accounts:notices_seen",
    "accounts:notify_me",
    "accounts:message_again",
    "ledger:invoice_remind",
    "ledger:promise_end",
    "ledger:query_close",
    "ledger:query_image",
    "ledger:batch_cancel",
    "portal:balance_file",
    "portal:comparison_delete",
    "portal:comparison_file",
    "portal:comparison_share",
    "portal:gst_file",
    "portal:promise_withdraw",
    "portal:query_close",
    "portal:query_image",
    "portal:live",
    "portal:invoice_live",
    "portal:manifest",
    "portal:worker",
    "portal:invoice_fresh",
    "portal:portal_fresh",
    "portal:receipt_fresh",
    "portal:statement_fresh",
    "ledger:chosen_links_revoke",
    "ledger:data_request_accept",
    "ledger:data_request_decline",
    "portal:stored_file",
    "portal:take_back",
}
# Only there while a code is awaited: test_a_wrong_code_is_said_so looks at both.
CODE_PAGES = {"accounts:login_code", "portal:code"}
STRANGERS = {
    "front",
    "components",
    "accounts:login",
    "accounts:signup",
    "portal:login",
    "portal:invoice_link",
    "portal:invoice_login",
    "portal:portal_link",
    "portal:receipt_link",
    "portal:receipt_login",
    "portal:statement_link",
    "portal:statement_login",
    "portal:verify",
    "portal:promise_link",
    "portal:invoice_wishes",
    "portal:statement_wishes",
}


def page_names() -> dict[str, list[str]]:
    """Name of every page of ours -> its arguments."""

    def walk(patterns: list[Any], space: str = "", outer: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
        for pattern in patterns:
            arguments = (*outer, *pattern.pattern.converters)
            if isinstance(pattern, URLResolver) and str(pattern.pattern) != "admin/":
                yield from walk(
                    pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space, arguments
                )
            elif isinstance(pattern, URLPattern) and pattern.name:
                yield f"{space}{pattern.name}", list(arguments)

    return {name: arguments for name, arguments in walk(get_resolver().url_patterns) if name not in NOT_PAGES}


@dataclass(frozen=True)
class Shown:
    """A business with something on every page, and its addresses."""

    book: factories.Book
    taxed: Invoice

    def address(self, name: str, arguments: list[str]) -> str:
        book = self.book
        values = {
            "slug": book.business.slug,
            "party": book.party.public_id,
            "invoice": (book.credit_note if name == "ledger:credit_settles" else self.taxed).public_id,
            "payment": book.payment.public_id,
            "adjustment": book.adjustment.public_id,
            "report": "sales",
            "page": "ledger",
            "order": book.order.public_id,
            "item": book.item.public_id,
            "claim": book.claim.public_id,
            "query": book.query.public_id,
            "confirmation": book.confirmation.public_id,
            "comparison": book.comparison.public_id,
            "asked": book.asked.public_id,
            "token": verifying.token(book.invoice) if name == "portal:verify" else links.token(self._link(name)),
        }
        return reverse(name, kwargs={argument: values[argument] for argument in arguments})

    def _link(self, name: str) -> ShareLink:
        book = self.book
        if name.startswith("portal:receipt_"):
            return links.for_receipt(book.payment, book.owner)
        if name.startswith("portal:statement_"):
            return links.for_statement(book.party, Period(today() - dt.timedelta(days=30), today()), book.owner)
        return book.portal_link if name == "portal:portal_link" else book.invoice_link


@pytest.fixture
def shown(site: str) -> Shown:
    return make_shown()


def make_shown() -> Shown:
    """Long words without a gap, long sentences, crores of rupees, tax of two rates and a discount."""
    book = factories.make_book("Shrivenkateshwaraannapurneshwari", paise=12_34_56_789_00)
    Business.objects.filter(pk=book.business.pk).update(
        scheme=Business.Scheme.REGULAR,
        gstin=SHOP_GSTIN,
        bank_account="012345678901234567",
        bank_ifsc="HDFC0001234",
        bank_name="Housing Development Finance Corporation",
        terms="Goods once sold are not taken back.\n" * 3,
        phone="+912024451234",
    )
    book.business.refresh_from_db()
    Party.objects.filter(pk=book.party.pk).update(gstin=BUYER_GSTIN, credit_limit_paise=50_00_00_000_00)
    book.party.refresh_from_db()
    book.party.business = book.business
    long = "Extra long grain aged basmati rice, hand sorted, in a jute bag with inner lining " * 2
    lines = [
        factories.line(long[:200], paise=98_765_43, quantity_milli=999_500, gst_rate_bp=1800, hsn="10063020"),
        factories.line(
            "Donaudampfschifffahrtsgesellschaft" * 3, paise=1, gst_rate_bp=500, hsn="0906", discount_paise=1
        ),
    ]
    taxed = factories.make_invoice(book.party, lines=lines, notes=long * 3, reference="PO/2026-27/000000000000001")
    return Shown(book, taxed)


def look_at(addresses: list[str], *pages: Page) -> list[str]:
    found = []
    for address in addresses:
        for page in pages:
            answer = page.goto(address)
            if answer is None or answer.status != 200:
                found.append(f"{address}: {answer and answer.status}")
            found += [f"{address} at {page.viewport_size['width']} px: {fault}" for fault in looks.faults(page)]  # type: ignore[index]
    return found


def both(watched_page: NewPage) -> tuple[Page, Page]:
    """A phone and a desk."""
    return watched_page(is_mobile=True, has_touch=True, device_scale_factor=2), watched_page(width=1280, height=800)


def test_every_page_for_strangers_is_well_made(watched_page: NewPage, shown: Shown) -> None:
    pages = page_names()
    addresses = [shown.address(name, pages[name]) for name in sorted(STRANGERS - {"components"})]
    assert look_at(addresses, *both(watched_page)) == []


def test_the_component_sheet_does_not_scroll_sideways(watched_page: NewPage) -> None:
    found = look_at(["/components/"], *both(watched_page))
    assert [fault for fault in found if "sideways" in fault or "cut off" in fault] == []


def test_every_page_of_the_merchant_is_well_made(watched_page: NewPage, shown: Shown, sign_in: SignIn) -> None:
    names = {
        name: arguments
        for name, arguments in page_names().items()
        if name.partition(":")[0] in {"accounts", "catalog", "ledger"} and name not in STRANGERS | CODE_PAGES
    }
    addresses = [shown.address(name, arguments) for name, arguments in names.items()]
    book, slug = shown.book, shown.book.business.slug
    factories.make_business("A second shop", book.owner)  # or the list of businesses would lead straight on
    invoices, party = f"/m/{slug}/invoices/", book.party.public_id
    addresses += [
        f"{invoices}new/?party={party}",
        f"{invoices}{book.draft.public_id}/",
        f"{invoices}{book.draft.public_id}/edit/",
        f"{invoices}{book.cancelled.public_id}/",
        f"{invoices}{book.credit_note.public_id}/",
        f"{invoices}{book.invoice.public_id}/",
        f"{invoices}?show=overdue",
        f"{invoices}?q=nothing+like+it",
        f"/m/{slug}/parties/{party}/?period=all",
        f"/m/{slug}/payments/new/?party={party}",
        f"/m/{slug}/payments/new/?party={party}&direction=paid",
        f"/m/{slug}/payments/new/?invoice={shown.taxed.public_id}",
        f"/m/{slug}/adjustments/new/?party={party}",
        f"/m/{slug}/adjustments/new/?invoice={shown.taxed.public_id}",
        f"/m/{slug}/adjustments/?party={party}",
        *(f"/m/{slug}/reports/{key}/" for key in ("hsn", "ageing", "outstanding")),
        f"/m/{slug}/reports/statement/{party}/?period=all",
        f"/m/{slug}/parties/?q={'x' * 70}",
        f"/m/{slug}/items/?show=low",
        f"/m/{slug}/orders/?status=billed",
    ]
    pages = both(watched_page)
    for page in pages:
        sign_in(page, merchant=book.owner)
    assert look_at(addresses, *pages) == []


def test_every_page_of_the_customer_is_well_made(watched_page: NewPage, shown: Shown, sign_in: SignIn) -> None:
    book = shown.book
    # A second shop, or the list of shops would lead straight on.
    factories.make_party(factories.make_business("A second shop"), book.owner_phone)
    names = {
        name: arguments
        for name, arguments in page_names().items()
        if name.startswith("portal:") and name not in STRANGERS | CODE_PAGES
    }
    addresses = [shown.address(name, arguments) for name, arguments in names.items()]
    portal = f"/portal/{book.party.public_id}"
    addresses += [
        f"{portal}/?status=overdue",
        f"{portal}/invoices/?status=credit",
        f"{portal}/invoices/?since=2026-02-31&until=2020-01-01",
        f"{portal}/payments/?since=2020-01-01",
        f"{portal}/?q=nothing+like+it",
        f"{portal}/invoices/{book.cancelled.public_id}/",
        f"{portal}/invoices/{book.credit_note.public_id}/",
        f"{portal}/invoices/{book.invoice.public_id}/",
        f"{portal}/ledger/?period=all",
        f"{portal}/ledger/?period=last-month",
        f"{portal}/gst/?month={today():%Y-%m}",
        f"{portal}/store/?q=nothing+like+it",
    ]
    pages = both(watched_page)
    for page in pages:
        sign_in(page, customer=book.party)
        page.goto(f"{portal}/store/")
        page.get_by_role("button", name="Add").first.click()
    assert look_at(addresses, *pages) == []


def test_pages_in_hindi_have_room_for_its_words(phone_page: Page, shown: Shown, sign_in: SignIn, site: str) -> None:
    book = shown.book
    sign_in(phone_page, customer=book.party)
    phone_page.context.add_cookies([{"name": "sl_lang", "value": "hi", "url": site}])
    portal = f"/portal/{book.party.public_id}"
    rooms = [
        "",
        "ledger/?period=all",
        "gst/",
        f"compare/{book.comparison.public_id}/",
        "store/",
        "orders/",
        "profile/",
        "profile/correct/",
        "data/",
        "data/erase/",
        f"invoices/{shown.taxed.public_id}/",
    ]
    addresses = [f"{portal}/{room}" for room in rooms] + [links.path(book.invoice_link), "/portal/welcome/"]
    found = []
    for address in addresses:
        phone_page.goto(address)
        found += [f"{address}: {fault}" for fault in looks.faults(phone_page, language="hi")]
    assert found == []


def test_a_printed_invoice_says_that_it_is_cancelled_and_a_till_roll_can_be_scanned(
    desk_page: Page, phone_page: Page, shown: Shown
) -> None:
    owner, party = shown.book.owner, shown.book.party
    cancelled = desk_page.goto(links.path(links.for_invoice(shown.book.cancelled, owner)))
    assert cancelled
    assert cancelled.ok
    desk_page.emulate_media(media="print")
    expect(desk_page.locator(".sheet .note").first).to_be_visible()
    expect(desk_page.locator(".sheet .note").first).to_contain_text("Cancelled")
    phone_page.set_viewport_size({"width": 220, "height": 700})
    bill = factories.make_invoice(party, paise=500_00)
    phone_page.goto(links.path(links.for_invoice(bill, owner)))
    phone_page.emulate_media(media="print")
    expect(phone_page.locator(".codes img").first).to_be_visible()
    size = "el => parseFloat(getComputedStyle(el).fontSize)"
    small, text = (phone_page.locator(where).first.evaluate(size) for where in (".sheet small", "article dd"))
    assert small < text


def test_every_page_has_somebody_who_looks_at_it() -> None:
    spaces = {name.partition(":")[0] for name in page_names() if name not in STRANGERS}
    assert spaces == {"accounts", "catalog", "ledger", "portal"}
    assert page_names().keys() >= STRANGERS | CODE_PAGES


def test_pages_of_a_new_business_are_well_made_while_they_are_empty(watched_page: NewPage, site: str, sign_in: SignIn):
    owner = factories.make_user(name="New")
    business = factories.make_business("Fresh", owner)
    party = factories.make_party(business, factories.new_phone(), "First customer")
    desk = f"/m/{business.slug}"
    portal = f"/portal/{party.public_id}"
    rooms = ["", "invoices/", "payments/", "items/", "orders/", "messages/", f"parties/{party.public_id}/"]
    rooms += ["links/", "requests/"]
    rooms += ["settings/team/", "settings/numbers/", "reports/statement/", "reports/hsn/", "reports/ageing/"]
    customers = ["", "invoices/", "ledger/", "store/", "store/cart/", "orders/", "profile/", "data/"]
    pages = both(watched_page)
    for page in pages:
        sign_in(page, merchant=owner, customer=party)
    addresses = [f"{desk}/{room}" for room in rooms] + [f"{portal}/{room}" for room in customers]
    assert look_at(addresses, *pages) == []


HEAD = """() => {
  const box = (selector) => document.querySelector(`header ${selector}`)?.getBoundingClientRect();
  const name = document.querySelector("header strong"), line = document.createRange();
  const [button, small] = [box(".drop > summary"), document.querySelector("header small")];
  if (small) line.selectNodeContents(small);
  const lies = small && [...line.getClientRects()].some((r) => r.right > button.left && r.bottom > button.top + 12 && r.top < button.bottom - 12);
  return { cut: name.scrollHeight > name.clientHeight + 1, lies: !!lies, language: button.height >= 44 && button.right <= innerWidth };
}"""


def test_a_long_shop_name_is_read_whole_beside_the_choice_of_language(watched_page: NewPage) -> None:
    """Behind a link (with a line below the name) and at a door (without one), on a phone and a small one."""
    shop = factories.make_business(
        "Shree Venkateshwara Wholesale Traders & Sons",
        factories.make_user(),
        gstin=SHOP_GSTIN,
        scheme=Business.Scheme.REGULAR,
    )
    party = factories.make_party(shop, factories.new_phone(), "Anil")
    invoice = factories.make_invoice(party)
    for width in (360, 320):
        page = watched_page(width=width, height=640)
        for link in (links.for_invoice(invoice, None), links.for_party(party, None)):
            page.goto(links.path(link))
            assert page.evaluate(HEAD) == {"cut": False, "lies": False, "language": True}
            assert looks.faults(page) == []


def test_pages_that_refuse_are_well_made(watched_page: NewPage, shown: Shown) -> None:
    """Unknown, ended, not for you: in plain words, with the right status."""
    book = shown.book
    links.revoke(book.portal_link, book.owner)
    pages = both(watched_page)
    wanted = {
        "/i/" + "x" * 33: (404, "There is nothing at this address"),
        "/portal/nobodyknows1/": (200, "Get your link"),
        "/m/nobodys-shop/": (200, "Open your shop’s book"),
        "/nowhere/": (404, "There is nothing at this address"),
        links.path(book.portal_link): (410, "This link has ended"),
    }
    for page in pages:
        for address, (status, heading) in wanted.items():
            answer = page.goto(address)
            assert (address, answer and answer.status) == (address, status)
            expect(page.get_by_role("heading", level=1)).to_have_text(heading)
            assert looks.faults(page) == [], address


# --- errors -------------------------------------------------------------------------------------------------


def sent(page: Page, button: str, **words: str) -> int:
    """Write into fields by label, press the button of the main part, and give the status of the answer."""
    main = page.get_by_role("main")
    while (folded := main.locator("form details:not([open]) > summary")).count():
        folded.first.click()
    for label, text in words.items():
        field = main.get_by_label(re.compile(rf"^\s*{label.replace('_', ' ')}", re.IGNORECASE)).first
        if field.get_attribute("type") == "radio":
            field.check()
        else:
            field.fill(text)
    with page.expect_response(
        lambda answer: answer.request.method == "POST" and answer.request.is_navigation_request()
    ) as answer:
        main.get_by_role("button", name=button, exact=True).first.click()
    page.wait_for_load_state()
    return int(answer.value.status)


@dataclass(frozen=True)
class Mistake:
    who: str
    address: str
    button: str
    words: dict[str, str]
    says: str


MISTAKES = [
    Mistake("", "/m/login/", "Send me a code", {"Mobile": "12345"}, "mobile number"),
    Mistake("", "/m/signup/", "Send me a code", {"Mobile": "98111 00001"}, "Write your name."),
    Mistake("", "/portal/login/", "Send me my link", {"Your mobile": "hello"}, "mobile number"),
    Mistake("", "{door}", "Send me the code", {"Your mobile": "020 2445 1234"}, "mobile number"),
    Mistake("shop", "/m/new/", "Open the book", {"GST registered, regular": "", "GSTIN": "27AAPFU9039F1ZV"}, "GSTIN"),
    Mistake("shop", "{desk}/settings/", "Save", {"UPI": "no at sign"}, "UPI"),
    Mistake("shop", "{desk}/parties/new/", "Save", {"Mobile": "1", "GSTIN": "27AAPFU9039F1ZV"}, "GSTIN"),
    Mistake("shop", "{desk}/items/new/", "Save", {"Name": "Rice", "Price": "-5"}, "cannot be negative"),
    Mistake("shop", "{desk}/items/{item}/", "Set the stock", {"Counted": "many"}, "number"),
    Mistake("shop", "{desk}/invoices/new/?party={party}", "Issue", {"Item": "Rice", "Qty": "0"}, "more than zero"),
    Mistake("shop", "{desk}/payments/new/?party={party}", "Record payment", {"Amount": "99999999999999"}, "crore"),
    Mistake("shop", "{desk}/invoices/{invoice}/cancel/", "Cancel the invoice", {}, "Please fill this in."),
    Mistake("shop", "{desk}/orders/{order}/", "Decline the order", {}, "Write a reason"),
    Mistake("customer", "{portal}/store/", "Add", {"Quantity": "1.5"}, "whole number"),
]


def test_mistakes_are_said_next_to_the_field_and_nothing_typed_is_lost(
    watched_page: NewPage, shown: Shown, sign_in: SignIn
) -> None:
    book = shown.book
    places = {
        "desk": f"/m/{book.business.slug}",
        "portal": f"/portal/{book.party.public_id}",
        "door": links.path(book.portal_link),
        "party": book.party.public_id,
        "item": book.item.public_id,
        "invoice": shown.taxed.public_id,
        "order": book.order.public_id,
    }
    pages = {who: watched_page(is_mobile=True, has_touch=True) for who in ("", "shop", "customer")}
    sign_in(pages["shop"], merchant=book.owner)
    sign_in(pages["customer"], customer=book.party)
    assert [fault for mistake in MISTAKES for fault in faults_of(mistake, pages[mistake.who], places)] == []


def faults_of(mistake: Mistake, page: Page, places: dict[str, str]) -> Iterator[str]:
    address = mistake.address.format(**places)
    page.goto(address)
    if (status := sent(page, mistake.button, **mistake.words)) != 400:
        yield f"{mistake.address}: status {status}"
    main = page.get_by_role("main")
    if not main.locator(".errorlist:visible").count():
        yield f"{mistake.address}: no word next to the field"
    if mistake.says not in (everything := main.inner_text()):
        yield f"{mistake.address} does not say {mistake.says!r}: {everything}"
    kept = main.locator("input, textarea").evaluate_all("fields => fields.map(field => field.value)")
    for text in set(mistake.words.values()) - set(kept):
        yield f"{mistake.address}: {text!r} is lost"
    for fault in looks.faults(page):
        yield f"{mistake.address}: {fault}"


def test_a_wrong_period_is_explained_next_to_its_dates(phone_page: Page, shown: Shown, sign_in: SignIn) -> None:
    sign_in(phone_page, customer=shown.book.party)
    answer = phone_page.goto(f"/portal/{shown.book.party.public_id}/ledger/?start=2026-05-02&end=2026-05-01")
    assert answer is not None
    assert answer.status == 400
    expect(phone_page.locator(".errorlist")).to_have_text("The last day is before the first. Turn them around.")
    assert looks.faults(phone_page) == []


# --- codes --------------------------------------------------------------------------------------------------


def test_a_wrong_code_is_said_so_and_the_right_one_still_opens(phone_page: Page, post: Post, shown: Shown) -> None:
    page, book = phone_page, shown.book
    page.goto("/m/login/")
    assert sent(page, "Send me a code", Mobile=str(book.owner.phone)) == 302
    field = page.get_by_label("Code")
    expect(field).to_be_focused()
    assert looks.faults(page) == []
    right = post.code(str(book.owner.phone))
    field.fill("000000" if right != "000000" else "111111")  # six digits send themselves
    expect(page.locator(".errorlist")).to_contain_text("does not open the door")
    expect(field).to_have_value("")
    assert looks.faults(page) == []
    field.press_sequentially(f"{right[:3]} {right[3:]}")  # as people read it
    expect(page.get_by_role("heading", level=1)).to_contain_text(book.owner.name)


def test_a_pasted_code_is_sent_once_and_by_itself(phone_page: Page, post: Post, shown: Shown) -> None:
    page, book = phone_page, shown.book
    page.goto(links.path(book.portal_link))
    assert sent(page, "Send me the code", Your_mobile=book.owner_phone) == 302
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter the code")
    assert looks.faults(page) == []
    posts = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.get_by_label("Code").fill(f" {post.code(book.owner_phone)} ")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    assert len(posts) == 1


# --- once ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_double_click_on_a_money_button_acts_once(
    watched_page: NewPage, shown: Shown, sign_in: SignIn, has_js: bool
) -> None:
    book, page = shown.book, watched_page(java_script_enabled=has_js)
    sign_in(page, merchant=book.owner, customer=book.party)
    desk, main = f"/m/{book.business.slug}", page.get_by_role("main")
    payments, invoices = Payment.objects.count(), Invoice.objects.count()

    page.goto(f"{desk}/payments/new/?party={book.party.public_id}")
    main.get_by_label("Amount").fill("250")
    main.get_by_role("button", name="Record payment", exact=True).dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("/"))
    expect(main).to_contain_text("₹250.00")
    assert Payment.objects.count() == payments + 1

    page.goto(f"{desk}/invoices/new/?party={book.party.public_id}")
    main.get_by_label("Item", exact=True).first.fill("Sugar")
    main.get_by_label("HSN", exact=True).first.fill("1701")
    main.get_by_label("Qty").first.fill("1")
    main.get_by_label("Rate ₹").first.fill("45")
    main.get_by_label("GST", exact=True).first.select_option("500")
    main.get_by_role("button", name="Issue", exact=True).dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("INV/")
    assert Invoice.objects.count() == invoices + 1
    assert Invoice.objects.latest("pk").number

    page.goto(f"/portal/{book.party.public_id}/store/")
    main.get_by_role("button", name="Add").first.click()
    page.goto(f"/portal/{book.party.public_id}/store/cart/")
    orders = Order.objects.count()
    main.get_by_role("button", name="Place the order").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Order")
    assert Order.objects.count() == orders + 1


# --- hands --------------------------------------------------------------------------------------------------


def test_dialogs_open_close_and_ask_before_a_draft_is_lost(phone_page: Page, shown: Shown, sign_in: SignIn) -> None:
    page, book = phone_page, shown.book
    sign_in(page, merchant=book.owner)
    desk = f"/m/{book.business.slug}"
    page.goto(f"{desk}/invoices/{book.draft.public_id}/")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Discard the draft").click()
    expect(dialog).to_be_visible()
    assert looks.faults(page) == []
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_be_hidden()
    assert Invoice.objects.filter(pk=book.draft.pk).exists()
    page.get_by_role("button", name="Discard the draft").click()
    dialog.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sales invoices")
    assert not Invoice.objects.filter(pk=book.draft.pk).exists()

    page.goto(f"{desk}/invoices/{book.invoice.public_id}/")
    page.get_by_role("link", name="QR code").click()
    expect(page.get_by_role("heading", name="Scan to open this invoice")).to_be_visible()
    assert page.url.endswith(f"{book.invoice.public_id}/")
    assert looks.faults(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Scan to open this invoice")).to_be_hidden()

    page.goto(f"{desk}/parties/{book.party.public_id}/")
    page.get_by_role("button", name="Stop sharing").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Not shared")


def test_the_menu_of_the_phone_opens_over_the_page(phone_page: Page, shown: Shown, sign_in: SignIn) -> None:
    sign_in(phone_page, merchant=shown.book.owner)
    phone_page.goto(f"/m/{shown.book.business.slug}/")
    phone_page.get_by_role("button", name="More").click()
    menu = phone_page.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link", name="Settings")).to_be_in_viewport()
    expect(menu.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=1)
    assert looks.faults(phone_page) == []
    menu.get_by_role("link", name="Messages").click()
    expect(phone_page.get_by_role("heading", level=1)).to_have_text("Messages")


def test_copy_puts_the_link_on_the_clipboard_and_says_so(desk_page: Page, shown: Shown, sign_in: SignIn) -> None:
    desk_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(desk_page, merchant=shown.book.owner)
    desk_page.goto(f"/m/{shown.book.business.slug}/invoices/{shown.book.invoice.public_id}/")
    button = desk_page.get_by_role("button", name="Copy")
    button.click()
    expect(desk_page.get_by_role("button", name="Copied")).to_be_visible()
    assert desk_page.evaluate("navigator.clipboard.readText()") == links.url(shown.book.invoice_link)
    expect(button).to_be_visible(timeout=4000)


def test_an_invoice_is_written_with_the_keyboard_alone(desk_page: Page, shown: Shown, sign_in: SignIn) -> None:
    page, book = desk_page, shown.book
    rice = factories.make_item(
        book.business, "Idli rice", code="R7", gst_rate_bp=500, hsn="1006", unit_price_e4=62_5000
    )
    factories.make_item(book.business, "Idli rava", gst_rate_bp=500)
    sign_in(page, merchant=book.owner)
    page.goto(f"/m/{book.business.slug}/invoices/new/?party={book.party.public_id}")
    items, totals = page.get_by_label("Item", exact=True), page.locator("#totals")
    lines = page.locator("#lines tbody tr:visible")
    expect(items.first).to_be_focused()

    page.keyboard.type("idli r")
    offers = page.locator("#item-offers").get_by_role("option")
    expect(offers).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(offers.nth(1)).to_have_attribute("aria-selected", "true")
    expect(offers.nth(1)).to_contain_text("Idli rice")
    page.keyboard.press("Enter")
    expect(items.first).to_have_value("Idli rice")
    expect(page.get_by_label("Qty").first).to_be_focused()
    expect(page.get_by_label("Rate ₹").first).to_have_value("62.50")
    page.keyboard.type("8")
    # 500.00, of it 12.50 twice
    expect(totals).to_contain_text("₹525.00")
    expect(lines.first.locator("output")).to_have_text("500.00")

    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(items.nth(1)).to_be_focused()
    page.keyboard.type("Cartage")
    page.keyboard.press("Tab")
    page.keyboard.type("996511")
    page.keyboard.press("Tab")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    page.keyboard.type("40")
    page.get_by_label("GST", exact=True).nth(1).select_option("0")
    expect(totals).to_contain_text("₹565.00")

    before = lines.count()
    page.get_by_role("button", name="Add a line").click()
    expect(lines).to_have_count(before + 1)
    expect(items.nth(before)).to_be_focused()
    page.keyboard.type("Mistake")
    page.get_by_label("Qty").nth(before).fill("1")
    page.get_by_label("Rate ₹").nth(before).fill("1000")
    page.get_by_label("GST", exact=True).nth(before).select_option("0")
    expect(totals).to_contain_text("₹1,565.00")
    lines.nth(before).get_by_role("button", name="Remove this line").click()
    expect(totals).to_contain_text("₹565.00")
    expect(lines).to_have_count(before)

    page.get_by_role("button", name="Issue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("INV/")
    issued = Invoice.objects.latest("pk")
    assert issued.total_paise == 565_00
    assert [(line.description, line.quantity_milli, line.item_id) for line in issued.lines.all()] == [
        ("Idli rice", 8000, rice.pk),
        ("Cartage", 1000, None),
    ]


def test_a_payment_shows_what_it_closes_while_it_is_typed(desk_page: Page, site: str, sign_in: SignIn) -> None:
    owner = factories.make_user(name="Owner")
    party = factories.make_party(factories.make_business("Shop", owner), name="Ganesh Stores")
    first, second = factories.make_invoice(party, paise=100_00), factories.make_invoice(party, paise=50_00)
    sign_in(desk_page, merchant=owner)
    desk_page.goto(f"/m/{party.business.slug}/payments/new/?party={party.public_id}")
    desk_page.get_by_label("Amount").fill("120")
    closes = desk_page.locator("#closes")
    expect(closes.get_by_role("listitem")).to_have_count(2)
    expect(closes.get_by_role("listitem").first).to_contain_text(first.number)
    expect(closes.get_by_role("listitem").first).to_contain_text("paid in full")
    expect(closes.get_by_role("listitem").last).to_contain_text(second.number)
    expect(closes.get_by_role("listitem").last).to_contain_text("₹30.00 stays due")
    desk_page.get_by_label("Amount").fill("200")
    expect(closes).to_contain_text("₹50.00 stays with you as an advance.")
    assert Payment.objects.count() == 0


@pytest.mark.parametrize("has_js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_an_amount_far_above_what_is_due_is_asked_about_once_more(
    watched_page: NewPage, site: str, sign_in: SignIn, has_js: bool
) -> None:
    page = watched_page(java_script_enabled=has_js, is_mobile=True, has_touch=True)
    owner = factories.make_user(name="Owner")
    party = factories.make_party(factories.make_business("Shop", owner), name="Ganesh Stores")
    factories.make_invoice(party, paise=4207_00)
    sign_in(page, merchant=owner)
    page.goto(f"/m/{party.business.slug}/payments/new/?party={party.public_id}")
    page.get_by_label("Amount").fill("990000000")
    page.get_by_label("Note").fill("by Raju")
    record = page.get_by_role("button", name="Record payment", exact=True)
    record.click()
    yes = page.get_by_role("button", name="Yes, record ₹99,00,00,000.00")
    expect(yes).to_be_in_viewport()
    expect(page.get_by_label("Note")).to_have_value("by Raju")
    assert looks.faults(page) == []
    assert Payment.objects.count() == 0
    page.get_by_label("Amount").fill("4207")
    if has_js:
        expect(yes).to_be_hidden()
    record.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("RCT/")
    assert Payment.objects.get().amount_paise == 4207_00


def test_what_was_wrong_is_taken_back_while_it_is_mended(phone_page: Page, shown: Shown, sign_in: SignIn) -> None:
    book, page = shown.book, phone_page
    sign_in(page, merchant=book.owner)
    page.goto(f"/m/{book.business.slug}/invoices/new/?party={book.party.public_id}")
    page.get_by_label("Item", exact=True).first.fill("Sugar")
    page.get_by_label("Qty").first.fill("0")
    page.get_by_label("Rate ₹").first.fill("45")
    page.get_by_label("GST", exact=True).first.select_option("500")
    page.get_by_role("button", name="Issue", exact=True).click()
    wrong = page.get_by_text("The quantity must be more than zero.")
    summary = page.get_by_text("Look at line 1 again")
    expect(wrong).to_be_visible()
    expect(summary).to_be_visible()
    page.get_by_label("Qty").first.fill("2")
    for gone in (wrong, summary, page.locator("[aria-invalid]")):
        expect(gone).to_have_count(0)
    expect(page.locator("#totals")).to_contain_text("₹95.00")


def test_on_a_phone_the_amount_comes_first_and_the_rest_waits_behind_one_button(
    phone_page: Page, shown: Shown, sign_in: SignIn
) -> None:
    book, page = shown.book, phone_page
    sign_in(page, merchant=book.owner)
    page.goto(f"/m/{book.business.slug}/invoices/{shown.taxed.public_id}/")
    main = page.get_by_role("main")
    share, record = main.get_by_role("button", name="Share invoice"), main.get_by_role("link", name="Record payment")
    expect(share).to_be_in_viewport()
    expect(record).to_be_hidden()
    amount, button = page.locator(".amount").first.bounding_box(), share.bounding_box()
    assert amount
    assert button
    assert amount["y"] < button["y"]
    main.get_by_text("More", exact=True).click()
    expect(record).to_be_in_viewport()
    assert looks.faults(page) == []
    record.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Record payment")


def test_one_browser_holds_a_merchant_and_a_customer(phone_page: Page, post: Post, shown: Shown, sign_in: SignIn):
    """The owner opens the link that she sent, and logs in as another shop's customer with the same phone."""
    page, book = phone_page, shown.book
    other = factories.make_party(
        factories.make_business("Metro Wholesale", factories.make_user()), str(book.owner.phone), "Her shop"
    )
    bill = factories.make_invoice(other, paise=777_00)
    theirs, ours = links.for_invoice(bill, None), book.invoice_link
    opens = LinkOpen.objects.count()
    sign_in(page, merchant=book.owner)

    page.goto(links.path(ours))
    page.wait_for_load_state("networkidle")
    assert LinkOpen.objects.count() == opens  # her own look is no customer's

    page.goto(links.path(theirs))
    expect(page.get_by_role("heading", level=1)).to_have_text("₹777.00")
    page.wait_for_load_state("networkidle")
    assert LinkOpen.objects.count() == opens + 1
    page.get_by_role("link", name="Log in").click()
    assert sent(page, "Send me the code", Your_mobile=str(book.owner.phone)) == 302
    page.get_by_label("Code").fill(post.code(str(book.owner.phone)))
    page.get_by_role("button", name="I agree, go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("₹777.00")

    page.goto(f"/m/{book.business.slug}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(book.owner.name)
    page.goto(f"/portal/{other.public_id}/profile/")
    page.get_by_role("button", name="Sign out here").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Get your link")
    page.goto(f"/m/{book.business.slug}/parties/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Parties")
    page.goto(f"/portal/{other.public_id}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Get your link")
    assert User.objects.filter(phone=book.owner.phone).count() == 1

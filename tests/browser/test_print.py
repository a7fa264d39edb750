"""What comes out of a printer: the bill on A4, A5 and rolls, printed by the browser, read back by machine."""

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page
from pypdf import PdfReader

from accounts.models import Business
from ledger import links, paper, posting, statements, verifying
from ledger.models import Invoice
from tests import factories
from tests.factories import line

NewPage = Callable[..., Page]
SignIn = Callable[..., None]
MM = 96 / 25.4
# Name -> width and height in millimetres, and the margin print.css gives.
SIZES = {"A4": (210, 297, 11), "A5": (148, 210, 8), "80 mm": (80, 297, 3), "58 mm": (58, 297, 3)}
SIDEWAYS = """
() => {
  const width = document.documentElement.clientWidth;
  return [...document.querySelectorAll("body *")]
    .filter((el) => el.getClientRects().length && el.getBoundingClientRect().right > width + 1)
    .map((el) => `${el.tagName}.${el.className} ${Math.round(el.getBoundingClientRect().right)} > ${width}: ${el.textContent.trim().slice(0, 40)}`);
}
"""


@pytest.fixture
def bill(site: str) -> Invoice:
    """Long names, amounts in crores, two rates, all ways to pay, part paid."""
    business = factories.make_business(
        "Shrivenkateshwara Annapurneshwari Kirana Wholesale",
        factories.make_user(),
        scheme=Business.Scheme.REGULAR,
        gstin="27AAPFU0939F1ZV",
        upi_id="shrivenkateshwara.annapurneshwari@okhdfcbank",
        bank_name="Housing Development Finance Corporation",
        bank_account="012345678901234567",
        bank_ifsc="HDFC0001234",
        terms="Goods once sold are not taken back.",
    )
    factories.give_look(business)
    party = factories.make_party(business, factories.new_phone(), "Shree Ganesh Stores", gstin="27AAACR5055K1Z7")
    lines = [
        line(
            "Donaudampfschifffahrtsgesellschaft" * 3,
            paise=98_765_43,
            quantity_milli=999_500,
            gst_rate_bp=1800,
            hsn="10063020",
        ),
        line("Sona Masoori rice", paise=12_34_567_89, quantity_milli=12_000, gst_rate_bp=500, hsn="1006"),
    ]
    bill = factories.make_invoice(party, lines=lines, reference="PO/2026-27/000000000000001")
    factories.make_payment(party, 5_000_00)
    return Invoice.objects.select_related("party__business", "open_item").get(pk=bill.pk)


def print_of(page: Page, size: str) -> bytes:
    width, height, _margin = SIZES[size]
    return page.pdf(width=f"{width}mm", height=f"{height}mm")


def text_of(content: bytes) -> str:
    return "\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(content)).pages)


def codes_in(picture: Path) -> set[str]:
    """What zbarimg (zbar-tools) reads in a picture."""
    answer = subprocess.run(["zbarimg", "--quiet", "--raw", picture], capture_output=True, check=False, text=True)
    return set(answer.stdout.split())


@pytest.mark.parametrize("size", SIZES)
def test_nothing_of_a_printed_bill_lies_beside_the_paper(watched_page: NewPage, bill: Invoice, size: str) -> None:
    width, height, margin = SIZES[size]
    page = watched_page(width=round((width - 2 * margin) * MM), height=round(height * MM))
    page.goto(links.path(links.for_invoice(bill, None)))
    page.emulate_media(media="print")
    assert page.evaluate(SIDEWAYS) == []


@pytest.mark.parametrize("size", SIZES)
def test_a_printed_bill_says_all_and_its_codes_are_read(
    watched_page: NewPage, bill: Invoice, tmp_path: Path, size: str
) -> None:
    page = watched_page(width=1280, height=900)
    page.goto(links.path(links.for_invoice(bill, None)))
    content = print_of(page, size)
    reader = PdfReader(io.BytesIO(content))
    assert round(float(reader.pages[0].mediabox.width) / 72 * 25.4) == SIZES[size][0]
    text = text_of(content)
    standing = paper.standing_of(bill)
    for words in (bill.number, standing.amount, "HSN", "Goods once sold", "012345678901234567", "5,000.00", "Tax by"):
        assert words in text
    for words in ("Download PDF", "Log in", "I have paid", "Copy"):
        assert words not in text
    (tmp_path / "bill.pdf").write_bytes(content)
    subprocess.run(["pdftoppm", "-r", "200", "-png", tmp_path / "bill.pdf", tmp_path / "sheet"], check=True)
    read = set[str]().union(*(codes_in(picture) for picture in tmp_path.glob("sheet*.png")))
    slot = verifying.slot(bill)
    pay = paper.ways_to_pay(bill.business, standing.due_paise, number=bill.number)
    assert slot
    assert pay
    assert read == {slot["url"], pay.upi_uri}


def test_a_picture_of_the_page_as_it_is_printed_gives_the_address_to_ask_at(
    watched_page: NewPage, bill: Invoice, tmp_path: Path
) -> None:
    page: Any = watched_page(width=800, height=1200, device_scale_factor=2)
    page.goto(links.path(links.for_invoice(bill, None)))
    page.emulate_media(media="print")
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    address = next(text for text in codes_in(tmp_path / "page.png") if "/v/" in text)
    page.emulate_media(media="screen")
    assert page.goto(address).status == 200
    assert page.get_by_role("heading", level=1).inner_text() == "This invoice is genuine"
    assert bill.number in page.get_by_role("main").inner_text()


def test_a_statement_and_a_receipt_on_the_narrowest_roll_carry_codes_that_are_read(
    watched_page: NewPage, bill: Invoice, tmp_path: Path
) -> None:
    party, period = bill.party, statements.this_financial_year()
    payment = party.payments.get()
    pay = paper.ways_to_pay(bill.business, statements.balance(party), note=party.name)
    assert pay
    page = watched_page(width=1280, height=900)
    for link, paid in (
        (links.for_statement(party, period, None), {pay.upi_uri}),
        (links.for_receipt(payment, None), set()),
    ):
        page.goto(links.path(link))
        address = page.get_by_role("link", name="Check this paper").get_attribute("href")
        (tmp_path / "roll.pdf").write_bytes(print_of(page, "58 mm"))
        subprocess.run(["pdftoppm", "-r", "200", "-png", tmp_path / "roll.pdf", tmp_path / link.kind], check=True)
        read = set[str]().union(*(codes_in(picture) for picture in tmp_path.glob(f"{link.kind}*.png")))
        assert read == {settings.SITE_URL + str(address)} | paid


def test_the_merchant_prints_the_paper_and_not_the_desk(watched_page: NewPage, bill: Invoice, sign_in: SignIn) -> None:
    page = watched_page(width=1280, height=900)
    sign_in(page, merchant=bill.business.memberships.get().user)
    page.goto(f"/m/{bill.business.slug}/invoices/{bill.public_id}/")
    text = text_of(print_of(page, "A4"))
    for words in (
        bill.number,
        "Shree Ganesh Stores",
        "012345678901234567",
        "Check this paper",
        "Original for recipient",
    ):
        assert words in text
    for words in ("Settings", "What happened", "Cancel this invoice", "Record payment", "Sales invoices"):
        assert words not in text


def test_a_cancelled_bill_is_printed_as_cancelled(watched_page: NewPage, bill: Invoice) -> None:
    note = factories.make_invoice(bill.party)
    posting.cancel_invoice(note, factories.make_user(), "wrong")
    page = watched_page(width=1280, height=900)
    page.goto(links.path(links.for_invoice(note, None)))
    text = text_of(print_of(page, "A4"))
    assert "Cancelled · " in text
    assert "To pay" not in text

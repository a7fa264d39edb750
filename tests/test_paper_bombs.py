"""Addresses, markup and bombs in what people type end as plain text or refused; nothing is fetched, the process goes on."""

import io
import socket
import subprocess
import sys
import time

import pytest
from PIL import Image as Pillow
from pypdf import PdfReader

from accounts import images
from accounts.models import Image
from ledger import drawing, papers, pdf, receipts, statement_paper
from ledger.models import Invoice, Payment
from ledger.statements import BEGINNING, Period
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.drawn]
STYLES = ("classic", "modern", "compact")


def text_of(content: bytes) -> str:
    read = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True)
    return "".join(read.stdout.decode().split())


def drawn(invoice: Invoice, style: str = "classic") -> bytes:
    invoice = Invoice.objects.select_related("business", "party", "open_item").get(pk=invoice.pk)
    invoice.business.paper_style = style
    return papers.render_invoice(invoice, "en")


@pytest.fixture
def door():
    """A real door on this machine, that must hear nobody knock; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x"
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture
def asked(monkeypatch):
    """Every address that WeasyPrint asked its fetcher for."""
    noted: list[str] = []
    fetcher, _fonts = drawing.tools()
    fetch = type(fetcher).fetch

    def note(self, url, *args, **kwargs):
        noted.append(url[:60])
        return fetch(self, url, *args, **kwargs)

    monkeypatch.setattr(type(fetcher), "fetch", note)
    return noted


def hostile(address: str, field: str) -> str:
    return f'<img src="{address}"/><svg onload=x><b>{field}'


@pytest.fixture
def book(door):
    """A shop, a customer, a bill and a payment with addresses and markup in every field that reaches a paper."""
    addresses = (door, "file:///etc/hostname", "https://example.in/x", "ftp://127.0.0.1/x", "//example.in")
    markup = "".join(
        f'<img src="{a}"/><link rel="attachment" href="{a}"/><style>@import "{a}"</style>' for a in addresses
    )
    css = f"}} * {{ background: url({door}) }} /*"
    business = make.make_business(
        hostile(door, "shop"),
        scheme="regular",
        gstin="27AAPFU0939F1ZV",
        upi_id="ram@okaxis",
        bank_account="50100234567890",
        address=markup[:290],
        city=hostile(door, "town"),
        terms=markup + css,
        bank_name=hostile(door, "bank"),
    )
    party = make.make_party(business, name=hostile(door, "buyer"), address=markup[:290], city=hostile(door, "city"))
    invoice = make.make_invoice(
        party,
        lines=[make.line(hostile(door, "goods"))],
        notes=markup + f"url({door})" + css,
        reference="<b>ref</b>",
        ship_to={
            "name": hostile(door, "dock"),
            "address": markup[:200],
            "city": "x",
            "pin_code": "",
            "state_code": "27",
        },
    )
    payment = make.make_payment(party, 5_00, mode="upi", reference=hostile(door, "utr")[:60])
    return invoice, payment


def nothing_came_in(content: bytes, asked: list[str]) -> None:
    assert [url for url in asked if not url.startswith("data:")] == []
    read = PdfReader(io.BytesIO(content))
    assert read.attachments == {}
    assert not any("/URI" in str(note.get_object()) for page in read.pages for note in page.get("/Annots", []))


@pytest.mark.parametrize("style", STYLES)
def test_addresses_and_markup_in_a_bill_are_text(style, book, asked):
    content = drawn(book[0], style)
    nothing_came_in(content, asked)
    for field in ("shop", "buyer", "goods", "dock", "bank"):
        assert f"<b>{field}" in text_of(content)


def test_addresses_and_markup_in_a_statement_and_a_receipt_are_text(book, asked):
    invoice, payment = book
    party = invoice.party
    statement = statement_paper.of(party, Period(BEGINNING, invoice.issued_on), "en")
    receipt = receipts.pdf_of(Payment.objects.select_related("business", "party", "open_item").get(pk=payment.pk), "en")
    for content in (statement, receipt):
        nothing_came_in(content, asked)
        for field in ("shop", "buyer"):
            assert f"<b>{field}" in text_of(content)
        assert '<imgsrc="http://127.0.0.1:' in text_of(content)


@pytest.mark.parametrize(
    "element",
    [
        "<img src='{}'/>",
        "<object data='{}'/>",
        "<embed src='{}'/>",
        "<link rel='stylesheet' href='{}'/>",
        "<link rel='attachment' href='{}'/>",
        "<style>@import '{}'; p {{ background: url({}) }}</style>",
        "<style>@font-face {{ font-family: x; src: url({}) }} p {{ font-family: x }}</style>",
        "<p style='background: url({})'>x</p>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='{}' width='9' height='9'/></svg>",
    ],
)
def test_even_markup_of_our_own_fetches_nothing(door, element):
    """The second wall: had a field ever been printed raw."""
    xml = "<html lang='en'><head><title>x</title></head><body>{}</body></html>"
    for address in (door, "file:///etc/hostname"):
        content = drawing.pdf_of(xml.format(element.replace("{}", address).replace("{{", "{").replace("}}", "}")))
        assert PdfReader(io.BytesIO(content)).attachments == {}


@pytest.mark.parametrize(
    "bomb",
    [
        "<table><tr>" + "<td>" * 100_000,
        "<div>" * 100_000,
        "<svg><use href='#a'/>" * 20_000,
        "&lol9;" * 100_000,
    ],
    ids=["columns", "nesting", "svg", "entities"],
)
def test_a_bomb_of_markup_is_so_much_text_and_refused(bomb, monkeypatch):
    monkeypatch.setattr(pdf, "draw_apart", pytest.fail)
    monkeypatch.setattr(pdf, "MAX_CHARACTERS", 200_000)
    invoice = make.make_invoice(make.make_party(make.make_business()), notes=bomb)
    with pytest.raises(papers.TooLong):
        drawn(invoice)
    invoice.notes = bomb[:900]
    small = make.make_invoice(invoice.party, notes=bomb[:900])
    assert "".join(bomb[:60].split()) in text_of(drawn(small))


def page_of(body: str) -> str:
    return f"<html lang='en'><head><title>x</title></head><body>{body}</body></html>"


def test_a_render_that_takes_too_much_is_ended_and_the_process_goes_on(monkeypatch):
    monkeypatch.setattr(pdf, "SECONDS", 1)
    started = time.monotonic()
    with pytest.raises(pdf.TooLarge, match="ended by -"):
        pdf.draw_apart(page_of("<table><tr>" + "<td>x</td>" * 100_000 + "</tr></table>"))
    monkeypatch.setattr(pdf, "MEMORY", 130 * 1024 * 1024)
    with pytest.raises(pdf.TooLarge):
        pdf.draw_apart(page_of("<p>x</p>" * 20_000))
    assert time.monotonic() - started < 60
    assert pdf.draw(page_of("<p>well</p>")).startswith(b"%PDF")


def test_deep_nesting_is_refused(monkeypatch):
    monkeypatch.setattr(pdf, "SECONDS", 5)
    with pytest.raises(pdf.TooLarge):
        pdf.draw_apart(page_of("<div>" * 20_000 + "</div>" * 20_000))


def test_one_that_waits_too_long_for_the_machine_may_be_tried_again(monkeypatch):
    monkeypatch.setattr(pdf, "WALL_SECONDS", 0.05)
    with pytest.raises(pdf.Late):
        pdf.draw_apart(page_of("<p>x</p>"))


def test_a_fault_of_ours_is_no_refusal():
    with pytest.raises(RuntimeError, match="ParseError"):
        pdf.draw_apart(page_of("<p>"))


def test_a_long_paper_is_drawn_apart_and_is_the_same_to_the_byte(monkeypatch):
    invoice = make.make_invoice(make.make_party(make.make_business("राम किराना")))
    here = drawn(invoice)
    monkeypatch.setattr(pdf, "HERE_CHARACTERS", 0)
    monkeypatch.setattr(pdf, "draw", pytest.fail)
    assert drawn(invoice) == here


def test_a_process_apart_knows_no_secret(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "s" * 40)
    monkeypatch.setattr(sys, "executable", "/usr/bin/env")
    with pytest.raises(RuntimeError) as refused:
        pdf.draw_apart(page_of(""))
    assert "SECRET_KEY" not in str(refused.value)


def test_a_picture_of_sixteen_megapixels_is_small_when_it_is_printed():
    flood = io.BytesIO()
    Pillow.new("L", (3990, 3990)).save(flood, "PNG")
    flood.seek(0)
    kept = images.encode(flood)
    assert (kept.width, kept.height) == (images.MAX_SIDE, images.MAX_SIDE)
    business = make.make_business()
    business.logo = images.keep(business, kept)
    business.save()
    content = drawn(make.make_invoice(make.make_party(business)))
    sizes = {image.image and image.image.size for page in PdfReader(io.BytesIO(content)).pages for image in page.images}
    assert (pdf.SIDE, pdf.SIDE) in sizes
    assert pdf.picture(Image(data=flood.getvalue())) == ""

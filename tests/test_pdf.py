"""The PDF: every field the law asks for, readable text in every script, and nothing fetched."""

import csv
import io

import pytest
from django.test import Client
from PIL import ImageFile
from pypdf import PdfReader

from accounts.money import plain
from ledger import drawing, links, papers, posting
from ledger.models import Invoice
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.drawn]


@pytest.fixture
def business():
    return make.make_business(
        "Ram Kirana",
        scheme="regular",
        gstin="27AAPFU0939F1ZV",
        address="14 Market Yard",
        city="Pune",
        pin_code="411037",
        upi_id="ram@okaxis",
        bank_name="HDFC Bank",
        bank_account="50100234567890",
        bank_ifsc="HDFC0001234",
        terms="Goods once sold are not taken back.",
    )


def read(invoice):
    invoice = Invoice.objects.select_related("business", "party", "open_item").get(pk=invoice.pk)
    return PdfReader(io.BytesIO(papers.of_invoice(invoice)))


def text_of(invoice):
    return "\n".join(page.extract_text() for page in read(invoice).pages)


def flat(text):
    return " ".join(text.split())


def test_a_tax_invoice_has_every_field_of_rule_46(business):
    party = make.make_party(
        business,
        name="Shree Ganesh Stores",
        gstin="27AAPFU0939F1ZV"[:2] + "AABCU9603R1ZN",
        city="Pune",
        pin_code="411030",
    )
    invoice = make.make_invoice(
        party,
        lines=[make.line("Surf Excel 1 kg", paise=119_49, quantity_milli=40_000, gst_rate_bp=1800, hsn="3402")],
        rounds_off=True,
        reference="PO-77",
        notes="Thank you",
    )
    text = flat(text_of(invoice))
    for field in (
        "Tax Invoice",
        "ORIGINAL FOR RECIPIENT",
        "Ram Kirana",
        "14 Market Yard, Pune 411037",
        "27AAPFU0939F1ZV",
        invoice.number,
        "Shree Ganesh Stores",
        "27AABCU9603R1ZN",
        "Place of supply 27 Maharashtra",
        "Reverse charge No",
        "PO-77",
        "Surf Excel 1 kg",
        "3402",
        "40 pcs",
        "119.49",
        "4,779.60",
        "18%",
        "CGST ₹430.16",
        "SGST ₹430.16",
        "Round off ₹0.08",
        "₹5,640.00",
        "Five thousand six hundred forty rupees only",
        "50100234567890",
        "HDFC0001234",
        "ram@okaxis",
        "Goods once sold are not taken back.",
        "Thank you",
        "Page 1 of 1",
    ):
        assert field in text


def test_another_state_means_igst(business):
    party = make.make_party(business, state_code="29")
    invoice = make.make_invoice(party, lines=[make.line(gst_rate_bp=1800, hsn="1006")])
    text = flat(text_of(invoice))
    assert "IGST ₹18.00" in text
    assert "CGST" not in text
    assert "29 Karnataka" in text


def test_rupee_sign_and_indian_names_are_text_and_not_boxes():
    business = make.make_business("राम किराना स्टोर")
    party = make.make_party(business, name="अन्नपूर्णा भंडार", city="नागपुर")
    invoice = make.make_invoice(party, lines=[make.line("बासमती चावल")], paise=100_00)
    reader = read(invoice)
    text = flat("".join(page.extract_text() for page in reader.pages))
    assert "₹100.00" in text
    for word in ("राम", "नागपुर", "चावल"):
        assert word in text
    fonts = {
        str(font.get_object()["/BaseFont"]) for page in reader.pages for font in page["/Resources"]["/Font"].values()
    }
    assert any("Noto-Sans-Devanagari" in font or "NotoSansDevanagari" in font for font in fonts)
    assert all("Noto" in font for font in fonts)


def test_only_what_is_due_is_asked_for(business):
    party = make.make_party(business)
    invoice = make.make_invoice(party, paise=1000_00)
    make.make_payment(party, 400_00)
    text = flat(text_of(invoice))
    assert "To pay ₹600.00" in text
    assert "Still due ₹600.00" in text
    make.make_payment(party, 600_00)
    assert "To pay" not in text_of(invoice)
    assert "ram@okaxis" not in text_of(invoice)


def test_without_upi_and_bank_nothing_is_said_of_paying():
    invoice = make.make_invoice(make.make_party(make.make_business()))
    assert "To pay" not in text_of(invoice)


def test_a_cancelled_invoice_is_marked(business):
    invoice = make.make_invoice(make.make_party(business))
    posting.cancel_invoice(invoice, make.make_user(), "reason")
    text = text_of(invoice)
    assert text.count("CANCELLED") == 2
    assert "To pay" not in text


def test_composition_dealers_write_a_bill_of_supply_without_tax():
    business = make.make_business(scheme="composition", gstin="27AAPFU0939F1ZV")
    text = flat(text_of(make.make_invoice(make.make_party(business), lines=[make.line(gst_rate_bp=1800)])))
    assert "Bill of Supply" in text
    assert "not eligible to collect tax on supplies" in text
    assert "CGST" not in text


def test_a_long_invoice_repeats_the_head_of_the_table_and_counts_its_pages(business):
    lines = [make.line(f"Item {n}", gst_rate_bp=500, hsn="1006") for n in range(60)]
    reader = read(make.make_invoice(make.make_party(business), lines=lines))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) >= 2
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    assert "Description" in pages[1]
    assert all(f"Item {n}" in "".join(pages) for n in range(60))


def test_merchant_text_is_text_and_fetches_nothing(business, caplog):
    secret = "/etc/hostname"
    hostile = f'<img src="file://{secret}"><link rel=attachment href="file://{secret}">'
    party = make.make_party(business, name="<b>Ganesh</b>")
    invoice = make.make_invoice(party, lines=[make.line(hostile)], notes=hostile)
    reader = read(invoice)
    text = "".join(page.extract_text() for page in reader.pages)
    assert "<b>Ganesh</b>" in text
    assert reader.attachments == {}


@pytest.mark.parametrize(
    "address", ["file:///etc/hostname", "http://127.0.0.1:1/x", "https://example.in/x", "ftp://127.0.0.1/x"]
)
def test_the_fetcher_gets_nothing_but_data(address):
    fetcher, _fonts = drawing.tools()
    with pytest.raises(ValueError, match="disallowed protocol"):
        fetcher.fetch(address)


def test_too_many_lines_are_refused_in_plain_words_and_the_page_still_shows_them(business, monkeypatch):
    invoice = make.make_invoice(make.make_party(business, make.new_phone()), lines=[make.line() for _ in range(4)])
    monkeypatch.setattr(papers, "MAX_LINES", 3)
    path = links.path(links.for_invoice(invoice, None))
    response = Client().get(path + "/pdf")
    assert response.status_code == 413
    assert "This bill has 4 lines: too many for a PDF." in response.content.decode()
    assert f'href="{path}"' in response.content.decode()
    assert Client().get(path).status_code == 200
    file = Client().get(f"{path}/pdf?lines=csv")
    assert file["Content-Disposition"] == f'attachment; filename="{invoice.number.replace("/", "-")}.csv"'
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["#", "1", "2", "3", "4", ""]
    assert rows[1][1] == "Rice"
    assert rows[-1][-1] == plain(invoice.total_paise)


def test_the_public_file_is_named_by_the_number(business):
    invoice = make.make_invoice(make.make_party(business))
    response = Client().get(links.path(links.for_invoice(invoice, None)) + "/pdf")
    assert response["Content-Disposition"] == f'attachment; filename="{invoice.number.replace("/", "-")}.pdf"'
    assert response.content.startswith(b"%PDF-")


def test_making_a_pdf_does_not_let_cut_off_pictures_in(business):
    read(make.make_invoice(make.make_party(business)))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False

"""What merchants and customers type cannot make a paper fetch, hang, swell or lie; what is printed can be read."""

import io
import subprocess
import time
from typing import Any

import pytest
from PIL import Image as Pillow
from pypdf import PdfReader

from accounts import images
from ledger import paper, papers, pdf
from ledger.models import Invoice
from tests import factories as make
from tests.test_drawing import SCRIPTS, letters

pytestmark = [pytest.mark.django_db, pytest.mark.drawn]
STYLES = ("classic", "modern", "compact")


def shop(**fields):
    defaults = {
        "scheme": "regular",
        "gstin": "27AAPFU0939F1ZV",
        "upi_id": "ram@okaxis",
        "bank_account": "50100234567890",
    }
    return make.make_business(**(defaults | fields))


def drawn(invoice, style="classic", language="en"):
    invoice = Invoice.objects.select_related("business", "party", "open_item").get(pk=invoice.pk)
    invoice.business.paper_style = style
    return papers.render_invoice(invoice, language)


def text_of(content):
    read = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True)
    return read.stdout.decode()


def flat(text):
    return " ".join(text.split())


def test_a_colour_that_is_none_stops_at_the_rule():
    invoice = make.make_invoice(make.make_party(shop()))
    invoice = Invoice.objects.select_related("business", "party", "open_item").get(pk=invoice.pk)
    invoice.business.colour = "red;}@import url(file:///etc/hostname)"
    with pytest.raises(ValueError, match="not a colour"):
        papers.render_invoice(invoice, "en")


def test_control_characters_and_turned_text_do_not_reach_the_paper():
    party = make.make_party(shop(), name="Ganesh\u202egnp.exe\u0007 Stores")
    text = text_of(drawn(make.make_invoice(party)))
    assert "Ganeshgnp.exe Stores" in text


@pytest.mark.parametrize("style", STYLES)
def test_a_long_name_without_a_space_stays_on_the_page(style):
    party = make.make_party(shop(name="V" * 120), name="W" * 200)
    content = drawn(make.make_invoice(party, lines=[make.line("Z" * 200, gst_rate_bp=1800, hsn="34021190")]), style)
    words = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=content, capture_output=True, check=True).stdout
    begins, ends = (
        [float(part.split(b'"')[0]) for part in words.split(edge)[1:]] for edge in (b'<word xMin="', b'xMax="')
    )
    assert min(begins) > 25
    assert max(ends) < 570
    text = text_of(content)
    assert [text.count(letter) >= size for letter, size in (("V", 120), ("W", 200), ("Z", 200))] == [True] * 3


def test_as_many_lines_as_are_drawn_at_once_take_seconds():
    lines = [make.line(f"Item {n}") for n in range(papers.AT_ONCE_LINES)]
    invoice = make.make_invoice(make.make_party(shop()), lines=lines)
    started = time.process_time()
    content = drawn(invoice)
    assert time.process_time() - started < 15
    text = flat(text_of(content))
    assert all(f"Item {n} " in text for n in (0, 149, 299))


def test_more_than_a_render_may_take_is_refused_before_it_is_drawn(monkeypatch):
    invoice = make.make_invoice(make.make_party(shop()), notes="n" * 1000)
    monkeypatch.setattr(pdf, "MAX_CHARACTERS", 2000)
    with pytest.raises(papers.TooLong):
        drawn(invoice)


def test_the_logo_and_the_signature_are_printed_with_the_name():
    business = shop(name="Ram Kirana")
    black = io.BytesIO()
    Pillow.new("RGB", (90, 30)).save(black, "PNG")
    black.seek(0)
    business.signature = images.keep(business, images.encode(black))
    business.save()
    party = make.make_party(business)
    text = flat(text_of(drawn(make.make_invoice(party))))
    assert "for Ram Kirana" in text
    assert "Authorised signatory" in text
    assert "valid without a signature" not in text
    assert "Authorised signatory" not in text_of(drawn(make.make_invoice(party, issued=False)))


@pytest.mark.parametrize("style", STYLES)
def test_a_bill_of_six_lines_with_all_that_can_be_said_ends_on_its_first_page(style):
    business = shop(
        address="14 Market Yard, Gultekdi",
        city="Pune",
        phone="+919820012345",
        bank_name="HDFC Bank, Market Yard",
        bank_ifsc="HDFC0001234",
        terms="Goods once sold are not taken back.\nInterest of 18% a year on late bills.\nSubject to Pune jurisdiction.",
    )
    party = make.make_party(business, address="Plot 7, Laxmi Road", city="Pune", gstin="27AABCU9603R1ZN")
    lines = [make.line(f"Goods {n}", gst_rate_bp=1800, hsn=f"340{n}") for n in range(6)]
    assert len(PdfReader(io.BytesIO(drawn(make.make_invoice(party, lines=lines), style))).pages) == 1


@pytest.mark.parametrize("style", STYLES)
def test_the_signature_stands_on_one_page_with_its_name(style):
    business = shop(name="Sri Venkateswara Agencies " * 4, terms="Goods once sold are not taken back.\n" * 9)
    business.signature = images.keep(business, images.encode(io.BytesIO(make.PIXEL)))
    business.save()
    party = make.make_party(business)
    for lines in (11, 16):
        content = drawn(make.make_invoice(party, lines=[make.line(f"Item {n}") for n in range(lines)]), style)
        pages = [flat(page.extract_text()) for page in PdfReader(io.BytesIO(content)).pages]
        signed = [("for Sri Venkateswara" in page, "Authorised signatory" in page) for page in pages]
        assert signed.count((True, True)) == 1
        assert signed.count((False, False)) == len(pages) - 1


@pytest.mark.parametrize("style", STYLES)
def test_every_style_tells_the_same_facts(style):
    business = shop(name="Ram Kirana", address="14 Market Yard", city="Pune", terms="No returns.")
    party = make.make_party(business, name="Ganesh Stores", gstin="27AABCU9603R1ZN")
    lines = [make.line("Surf", gst_rate_bp=rate, hsn=hsn) for rate, hsn in ((1800, "3402"), (500, "1006"))]
    invoice = make.make_invoice(party, lines=lines, reference="PO-77", notes="Thank you")
    make.make_payment(party, 23_00)
    text = flat(text_of(drawn(invoice, style)))
    facts = ["Tax Invoice", "ORIGINAL FOR RECIPIENT", "Ram Kirana", "14 Market Yard, Pune", "27AAPFU0939F1ZV"]
    facts += [
        "Ganesh Stores",
        "27AABCU9603R1ZN",
        invoice.number,
        "27 Maharashtra",
        "PO-77",
        "3402",
        "1006",
        "18%",
        "5%",
    ]
    facts += ["₹223.00", "₹11.50", "Two hundred twenty-three rupees only", "₹23.00", "₹200.00", "50100234567890"]
    facts += ["ram@okaxis", "No returns.", "Thank you", "Page 1 of 1", "valid without a signature", "/v/"]
    assert [fact for fact in facts if fact not in text] == []


def test_a_large_bill_to_a_buyer_without_gstin_names_the_place_of_delivery():
    business = shop()
    party = make.make_party(business, name="Walk-in", address="Plot 7", city="Pune")
    small, large = (make.make_invoice(party, paise=paise) for paise in (49_999_99, 50_000_00))
    registered = make.make_party(business, name="Ganesh", gstin="27AABCU9603R1ZN")
    assert "Billed and delivered to" in text_of(drawn(large))
    assert "Billed and delivered to" not in text_of(drawn(small))
    assert "Billed and delivered to" not in text_of(drawn(make.make_invoice(registered, paise=50_000_00)))


def test_names_in_every_script_are_text_in_embedded_fonts():
    """Seller, buyer, the name at the bank and goods; how each script is copied, tests/test_drawing.py says."""
    business = shop(name=" ".join(SCRIPTS["Devanagari"].split()[:2]))
    party = make.make_party(business, name=" ".join(SCRIPTS["Tamil"].split()[:2]))
    goods = [" ".join(words.split()[-2:]) for words in SCRIPTS.values()]
    content = drawn(make.make_invoice(party, lines=[make.line(words) for words in goods]))
    fonts = subprocess.run(["pdffonts", "-"], input=content, capture_output=True, check=True).stdout.decode()
    rows = [row.split() for row in fonts.splitlines()[2:]]
    assert all(any(script in row[0] for row in rows) for script in SCRIPTS), fonts
    # name, type, encoding, embedded, subset, unicode
    assert all(row[-5:-2] == ["yes", "yes", "yes"] for row in rows)
    text = letters(text_of(content))
    assert text.count(letters(business.name)) == 2
    assert text.count(letters(party.name)) == 1
    assert [words for words in goods if letters(words) not in text] == []
    assert "₹" in text


def test_a_customer_who_reads_hindi_gets_hindi_words():
    party = make.make_party(shop(), name="अन्नपूर्णा भंडार", language="hi")
    invoice = make.make_invoice(party, lines=[make.line("Rice", gst_rate_bp=500)])
    read = Invoice.objects.select_related("business", "party", "open_item").get(pk=invoice.pk)
    text = letters(text_of(papers.of_invoice(read)))
    for word in ("टैक्स इनवॉइस", "कुल", "ग्राहक", "रुपये मात्र"):
        assert letters(word) in text
    assert "TaxInvoice" not in text


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", ["Ram & Sons Kirana", "श्री राम किराना एवं जनरल स्टोर्स"])
def test_the_codes_on_the_paper_read_back_as_the_exact_addresses(style, name, tmp_path):
    party = make.make_party(shop(name=name))
    invoice = make.make_invoice(party, paise=1000_00)
    make.make_payment(party, 400_00)
    invoice = Invoice.objects.select_related("business", "open_item").get(pk=invoice.pk)
    (tmp_path / "paper.pdf").write_bytes(drawn(invoice, style))
    subprocess.run(["pdftoppm", "-r", "200", "-png", tmp_path / "paper.pdf", tmp_path / "page"], check=True)
    found = subprocess.run(
        ["zbarimg", "-q", "--raw", next(tmp_path.glob("*.png"))],
        capture_output=True,
        check=True,
        text=True,
    )
    pay = paper.ways_to_pay(invoice.business, 600_00, number=invoice.number)
    assert pay
    assert "am=600.00" in pay.upi_uri
    verify = paper.context_of(invoice)["verify"]["url"]
    assert set(found.stdout.split()) == {pay.upi_uri, verify}


def test_the_file_is_sound_and_tagged(tmp_path):
    lines = [make.line(f"Item {n}", gst_rate_bp=500, hsn="1006") for n in range(60)]
    content = drawn(make.make_invoice(make.make_party(shop()), lines=lines))
    (tmp_path / "paper.pdf").write_bytes(content)
    checked = subprocess.run(["qpdf", "--check", tmp_path / "paper.pdf"], capture_output=True, check=False, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    catalog: Any = PdfReader(io.BytesIO(content)).trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "en"


@pytest.mark.parametrize("style", STYLES)
def test_a_row_is_never_split_and_its_heads_come_again(style):
    lines = [make.line(f"Begin{n} " + "word " * 30 + f"end{n}", gst_rate_bp=500, hsn="1006") for n in range(45)]
    content = drawn(make.make_invoice(make.make_party(shop()), lines=lines), style)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    assert len(pages) > 1
    for number in range(45):
        (begin,) = [at for at, page in enumerate(pages) if f"Begin{number} " in page]
        assert f"end{number}" in pages[begin].split()
        assert "Description" in pages[begin]

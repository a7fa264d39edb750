"""Where we draw otherwise than WeasyPrint: text is copied as it was written, and everything looks as it did."""

import io
import subprocess
import unicodedata
from typing import Any

import pytest
from PIL import Image as Pillow
from PIL import ImageChops
from pypdf import PdfReader
from weasyprint import draw as weasyprint_draw
from weasyprint.draw import text as weasyprint_text

from ledger import drawing

pytestmark = pytest.mark.drawn
SHEETS = ("invoice.css", "invoice_classic.css")
# Names and words in each script of the Noto set: conjuncts, reordered and two-part vowel signs, marks above and below.
SCRIPTS = {
    "Devanagari": "अन्नपूर्णा भंडार श्री कृष्ण क्षेत्र किशोर विद्या ज्ञानेश्वर राष्ट्रीय हिंदी टैक्स इनवॉइस",
    "Tamil": "தமிழ்நாடு அரிசி கொடைக்கானல் கோயம்புத்தூர் சௌந்தர்யா ஸ்ரீ",
    "Bengali": "কলকাতা চাল কোলকাতা শ্রী লক্ষ্মী ভৌমিক",
    "Gujarati": "અમદાવાદ ભંડાર શ્રી કૃષ્ણ ટ્રેડર્સ",
    "Gurmukhi": "ਪੰਜਾਬ ਸਟੋਰ ਸ੍ਰੀ ਕਿਸਾਨ",
    "Kannada": "ಬೆಂಗಳೂರು ಅಕ್ಕಿ ಶ್ರೀ ಲಕ್ಷ್ಮೀ ಕೊಪ್ಪಳ ಕೋಲಾರ",
    "Malayalam": "മലയാളം കട കൊച്ചി കോഴിക്കോട് ശ്രീ ലക്ഷ്മി",
    "Telugu": "హైదరాబాద్ బియ్యం శ్రీ లక్ష్మీ కృష్ణ",
    "Oriya": "ଓଡ଼ିଶା ଚାଉଳ ଶ୍ରୀ କୋଣାର୍କ ଲକ୍ଷ୍ମୀ",
    "Arabic": "چاول محمد دکان",
}


def document(body: str) -> str:
    return f"<html lang='en' style='--brand:#234'><head><title>x</title></head><body>{body}</body></html>"


def copied(text: str) -> str:
    """As a search compares it: a vowel sign in two parts is the same as in one (Unicode, canonical equivalence)."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def letters(text: str) -> str:
    return "".join(copied(text).split())


def text_of(content: bytes) -> str:
    return subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout.decode()


def seen(content: bytes) -> bytes:
    """The first page as pixels."""
    asked = ["pdftoppm", "-gray", "-r", "100", "-f", "1", "-l", "1", "-"]
    return subprocess.run(asked, input=content, capture_output=True, check=True).stdout


def blurred(content: bytes) -> Pillow.Image:
    """Without the edges of lines, which one reader smooths otherwise when a line is clipped than when it is filled."""
    page = Pillow.open(io.BytesIO(seen(content)))
    return page.resize((page.width // 6, page.height // 6), Pillow.Resampling.BOX)


@pytest.fixture(scope="module")
def names() -> bytes:
    rows = "".join(
        f"<p>{script} {words} ₹100.00</p><p><strong>{words}</strong></p>" for script, words in SCRIPTS.items()
    )
    return drawing.pdf_of(document(rows), SHEETS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_words_in_every_script_are_copied_as_they_were_written(names, script):
    words = copied(SCRIPTS[script])
    text = copied(text_of(names))
    assert text.count(words) == 2
    # Poppler writes what stands beside leftward script on its other side.
    assert script == "Arabic" or f"{script} {words} ₹100.00" in text
    other_reader = "".join(page.extract_text() for page in PdfReader(io.BytesIO(names)).pages)
    assert letters(other_reader).count(letters(words)) == 2


def test_they_look_as_weasyprint_draws_them(names, monkeypatch):
    rows = "".join(
        f"<p>{script} {words} ₹100.00</p><p><strong>{words}</strong></p>" for script, words in SCRIPTS.items()
    )
    monkeypatch.setattr(weasyprint_text, "draw_first_line", drawing._any_line)
    plain = drawing.pdf_of(document(rows), SHEETS)
    assert seen(names) == seen(plain)
    assert copied(SCRIPTS["Devanagari"]) not in copied(text_of(plain))


def test_one_glyph_has_one_outline_and_as_many_codes_as_texts():
    """The short e stands before its consonant: each of three syllables needs it with another text."""
    content = drawing.pdf_of(document("<p>கெ மெ தெ</p>"), SHEETS)
    assert copied(text_of(content)).startswith("கெ மெ தெ")
    resources: Any = PdfReader(io.BytesIO(content)).pages[0]["/Resources"]
    fonts = [font.get_object() for font in resources["/Font"].values()]
    (below,) = [font["/DescendantFonts"][0].get_object() for font in fonts if "Tamil" in font["/BaseFont"]]
    data = below["/CIDToGIDMap"].get_object().get_data()
    glyphs = [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]
    shared = [glyph for code, glyph in enumerate(glyphs) if glyph and code != glyph]
    assert len(shared) == 2
    assert len(set(shared)) == 1


def test_a_letter_that_no_font_has_keeps_its_place_beside_shaped_ones():
    content = drawing.pdf_of(document("<p>राम \ue123 श्री \ue123 गणेश</p>"), SHEETS)
    assert copied(text_of(content)).startswith("राम \ue123 श्री \ue123 गणेश")


@pytest.mark.parametrize("border", ["1mm solid", ".25mm solid", "2mm double", "1mm dashed"])
def test_borders_look_as_weasyprint_draws_them(border, monkeypatch):
    boxes = "".join(
        f"<div style='border-{side}:{border} #a31621; margin:3mm; padding:2mm'>x</div>"
        for side in ("top", "right", "bottom", "left")
    )
    boxes += f"<table><tr><td style='border:{border} #234'>a</td><td style='border-left:{border} #b9aea0'>b</td></tr></table>"
    boxes += f"<div style='border:{border} #234; border-radius:3mm'>round</div>"
    ours = blurred(drawing.pdf_of(document(boxes), SHEETS))
    monkeypatch.setattr(weasyprint_draw, "draw_border", drawing._any_border)
    theirs = blurred(drawing.pdf_of(document(boxes), SHEETS))
    assert max(ImageChops.difference(ours, theirs).tobytes()) < 24
    assert min(ours.tobytes()) < 200

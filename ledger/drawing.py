"""XML becomes a PDF by WeasyPrint 70, in this process or in one of its own that may be stopped. Knows nothing of Django.

Three things are ours, each for a measured reason (`manage.py bench_pdf`, tests/test_drawing.py):
- The templates are XML read by expat, under the ten rules of templates/pdf/base.css instead of WeasyPrint's style sheet
  for all of HTML: a statement costs a quarter less.
- Straight borders are filled rectangles; WeasyPrint clips each side of each cell: a seventh of a statement's time.
- WeasyPrint gives a glyph the text of the first cluster it was seen in, so that names in Indian scripts are drawn well and
  copied wrongly. Here a glyph has a code of its own for every text it stands for (`_texts_of`), and the font maps these
  codes to the one glyph (PDF 32000-1, 9.7.4.2, CIDToGIDMap).
"""

import re
import resource
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cssselect2
import pydyf
from PIL import ImageFile
from weasyprint import CSS, HTML
from weasyprint import draw as weasyprint_draw
from weasyprint.draw import text as weasyprint_text
from weasyprint.text.ffi import TO_UNITS, ffi, pango
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

FOLDER = Path(__file__).resolve().parent.parent / "templates" / "pdf"
SIDES = ("top", "right", "bottom", "left")
# Marks that combine, and the scripts from Hebrew to Vedic: what is shaped, reordered or joined.
_SHAPED = re.compile("[\u0300-\u036f\u0590-\u1dff]")
_CODES = re.compile("<([0-9a-f]+)>")
_JOINING = ("Mn", "Mc", "Cf")
# Narrower than so much of the type size, a glyph stands above, below or within another.
MARK_WIDTH = 0.1

# WeasyPrint switches this on for the whole process; then a cut-off upload would pass as a picture (accounts.images).
ImageFile.LOAD_TRUNCATED_IMAGES = False


def pdf_of(xml: str, sheets: tuple[str, ...] = (), *, tagged: bool = True) -> bytes:
    """The PDF of a paper with style sheets of templates/pdf; `tagged`: it can be read aloud. One at a time."""
    fetcher, fonts = tools()
    content: bytes = _Paper(xml, fetcher).write_pdf(
        stylesheets=[_sheet(sheet) for sheet in sheets], font_config=fonts, pdf_tags=tagged, finisher=_map_codes
    )
    return content


@cache
def tools() -> tuple[Any, Any]:
    """The locked fetcher and the fonts, made once per process."""
    return URLFetcher(allowed_protocols=("data",), allow_redirects=False), FontConfiguration()


@cache
def _sheet(name: str) -> Any:
    """A parsed style sheet: parsing costs as much as a small page."""
    fetcher, fonts = tools()
    return CSS(string=(FOLDER / name).read_text(encoding="utf-8"), url_fetcher=fetcher, font_config=fonts)


class _Paper(HTML):
    """A document read as XML."""

    def __init__(self, xml: str, fetcher: Any) -> None:
        self.base_url, self.url_fetcher, self.media_type = None, fetcher, "print"
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(
            ElementTree.fromstring(xml),  # noqa: S314 - our own template; what people type in it is escaped
            content_language=None,
        )
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
        return [_sheet("base.css")]


# --- borders ------------------------------------------------------------------------------------------------

_any_border = weasyprint_draw.draw_border


def _draw_border(stream: Any, box: Any) -> None:
    """Solid sides of a box with square corners, each a rectangle; everything else as WeasyPrint does it."""
    widths = (box.border_top_width, box.border_right_width, box.border_bottom_width, box.border_left_width)
    if not any(widths):
        return
    drawn = [(side, width) for side, width in zip(SIDES, widths, strict=True) if width]
    style, corners = box.style, box.rounded_border_box()[4:]
    if any(style[f"border_{side}_style"] != "solid" for side, _ in drawn) or any(map(any, corners)):
        _any_border(stream, box)
        return
    x, y, width, height = box.border_box_x(), box.border_box_y(), box.border_width(), box.border_height()
    with stream.artifact():
        for side, thick in drawn:
            color = style[f"border_{side}_color"]
            stream.set_color(style["color"] if color == "currentcolor" else color)
            if side in {"top", "bottom"}:
                stream.rectangle(x, y if side == "top" else y + height - thick, width, thick)
            else:
                stream.rectangle(x if side == "left" else x + width - thick, y, thick, height)
            stream.fill()


weasyprint_draw.draw_border = _draw_border

# --- text that is copied as it was written -------------------------------------------------------------------

_any_line = weasyprint_text.draw_first_line


def _draw_line(stream: Any, textbox: Any, text_overflow: Any, block_ellipsis: Any, matrix: Any) -> Any:
    """A line of shaped script in codes of its own, a plain one as WeasyPrint does it."""
    if not _SHAPED.search(textbox.text):
        return _any_line(stream, textbox, text_overflow, block_ellipsis, matrix)
    codes = list(_codes(stream, textbox))
    drawn = _any_line(_Recoded(stream, iter(codes)), textbox, text_overflow, block_ellipsis, matrix)
    for font, code, glyph in codes:
        font.widths.setdefault(code, font.widths[glyph])
    return drawn


weasyprint_text.draw_first_line = _draw_line


class _Recoded:
    """A stream whose glyphs are shown by other codes, taken in turn."""

    def __init__(self, stream: Any, codes: Iterator[tuple[Any, int, int]]) -> None:
        self._stream, self._next = stream, codes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def show_text(self, text: str) -> None:
        self._stream.show_text(_CODES.sub(self._recode, text))

    def _recode(self, glyphs: re.Match[str]) -> str:
        return "<" + "".join(f"{next(self._next)[1]:04x}" for _ in range(0, len(glyphs[1]), 4)) + ">"


def _codes(stream: Any, textbox: Any) -> Iterator[tuple[Any, int, int]]:
    """(font, code, glyph) of each glyph of the line as it will be shown."""
    layout = textbox.pango_layout
    pango.pango_layout_set_single_paragraph_mode(layout.layout, True)
    line, _ = layout.get_first_line()
    for pango_font, glyph, text in _texts_of(line, layout.text.encode(), textbox.style["font_size"]):
        if glyph == pango.PANGO_GLYPH_EMPTY:
            continue
        font, _size = stream.add_font(pango_font)
        if glyph & pango.PANGO_GLYPH_UNKNOWN_FLAG:
            code = font.get_unused_glyph_id(glyph - pango.PANGO_GLYPH_UNKNOWN_FLAG)
            yield font, code, code
        else:
            yield font, _code(font, glyph, text), glyph


def _code(font: Any, glyph: int, text: str) -> int:
    """The glyph's own number where it stands for `text`, and one that no glyph has for every other text."""
    if font.type == "otf" or font.to_unicode.setdefault(glyph, text) == text:
        return glyph
    code: int = font.get_unused_glyph_id((glyph, text))
    font.to_unicode[code] = text
    return code


def _texts_of(line: Any, data: bytes, size: float) -> Iterator[tuple[Any, int, str]]:
    """(font, glyph, text) in the order shown. A letter with its marks is shared out among its glyphs that have width.

    So the text between two glyphs is never lost to a reader that counts gaps. Glyphs change places in such a letter
    (the Hindi short i stands before its consonant), its text keeps its order.
    """
    run = line.runs[0]
    while run != ffi.NULL:
        item, run = run.data, run.next
        shown, font = item.glyphs, item.item.analysis.font
        leftwards = item.item.analysis.level % 2
        for glyphs, text in _letters(item, data, joins=not leftwards):
            wide = [at for at in glyphs if shown.glyphs[at].geometry.width > size * MARK_WIDTH * TO_UNITS]
            wide = wide or glyphs[:1]
            texts = dict(
                zip(wide, [""] * (len(wide) - 1) + [text] if leftwards else _share(text, len(wide)), strict=True)
            )
            for at in glyphs:
                yield font, shown.glyphs[at].glyph, texts.get(at, "")


def _letters(item: Any, data: bytes, *, joins: bool) -> list[tuple[list[int], str]]:
    """Pango's clusters (places of glyphs, text) in the order shown; `joins`: what begins with a mark joins its letter."""
    begins = [item.glyphs.log_clusters[at] for at in range(item.glyphs.num_glyphs)]
    ordered = sorted(set(begins))
    ends = dict(zip(ordered, [*ordered[1:], item.item.length], strict=True))
    offset, letters, last = item.item.offset, list[tuple[list[int], str]](), -1
    for at, begin in enumerate(begins):
        text = data[offset + begin : offset + ends[begin]].decode()
        if begin == last:
            letters[-1][0].append(at)
        elif joins and letters and text and unicodedata.category(text[0]) in _JOINING:
            letters[-1] = ([*letters[-1][0], at], letters[-1][1] + text)
        else:
            letters.append(([at], text))
        last = begin
    return letters


def _share(text: str, parts: int) -> list[str]:
    """`text` over `parts` glyphs; a vowel sign drawn in two is written in two, which is the same to Unicode."""
    if len(text) < parts:
        text = unicodedata.normalize("NFD", text)
    shares = list(text[: parts - 1])
    return [*shares, *[""] * (parts - 1 - len(shares)), text[parts - 1 :]]


def _map_codes(document: Any, pdf: Any) -> None:
    """Tell each font which glyph its added codes show: a finisher of WeasyPrint."""
    for font in document.fonts.values():
        added = {code: key[0] for key, code in font.missing.items() if isinstance(key, tuple)}
        if not added:
            continue
        glyphs = [code if code < font.glyph_count else added.get(code, 0) for code in range(max(font.to_unicode) + 1)]
        stream = pydyf.Stream([b"".join(glyph.to_bytes(2) for glyph in glyphs)], compress=True)
        pdf.add_object(stream)
        for found in pdf.objects:
            if isinstance(found, pydyf.Dictionary) and found.get("BaseFont") == font.name:
                if found["Subtype"] == "/Type0":
                    found["Encoding"] = "/Identity-H"
                else:
                    found["CIDToGIDMap"] = stream.reference


# --- in a process of its own ----------------------------------------------------------------------------------


def main() -> None:
    """`python -m ledger.drawing <seconds> <bytes> <sheet>...`: XML in, tagged PDF out, within so much time and memory."""
    seconds, most, *sheets = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_AS, (int(most), int(most)))
    sys.stdout.buffer.write(pdf_of(sys.stdin.buffer.read().decode(), tuple(sheets)))


if __name__ == "__main__":
    main()

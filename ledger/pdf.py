"""A template becomes a PDF (A4) by WeasyPrint. Which papers there are, `ledger.papers` says.

Nothing is fetched: no file, no address, only data: URIs of our own. Merchant text reaches the paper through
autoescaping only. Fonts: Noto Serif and Noto Sans with their sisters for other scripts (fonts-noto-core).
Equal input gives equal bytes: nothing of the clock or of the process is in a PDF.
"""

import base64
import io
import logging
import re
import threading
import time
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import segno
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from PIL import Image as Pillow
from PIL import ImageFile

from accounts import images

logger = logging.getLogger(__name__)
FOLDER = Path(settings.BASE_DIR) / "templates" / "pdf"
# Time and memory go with the input: the longest invoice took 43 s of processor time and 492 MiB (`bench_pdf --worst`).
MAX_HTML = 3_000_000
SIDE = 480  # px of a printed logo's longer side: 300 dpi at 4 cm
# Pango and the font configuration are shared by the threads of a process; a render is all CPU anyway.
_one_at_a_time = threading.Lock()
# What Python's re and XML take, but no paper shows: control characters, and the marks that turn text around.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


class TooLarge(Exception):
    """More input than a render may take."""


def write(name: str, context: dict[str, Any], language: str, *, sheets: tuple[str, ...] = ()) -> bytes:
    """The PDF of templates/pdf/<name>.html with the style sheets <name>.css and `sheets` beside it.

    The caller has counted what it prints: above MAX_HTML characters this raises TooLarge.
    """
    with translation.override(language):
        html = _UNPRINTABLE.sub("", render_to_string(f"pdf/{name}.html", context | {"language": language}))
    if len(html) > MAX_HTML:
        raise TooLarge(f"{name}: {len(html)} characters")
    started = time.perf_counter()
    content = draw(html, (f"{name}.css", *sheets))
    logger.info("rendered %s in %.2f s", name, time.perf_counter() - started)
    return content


def draw(html: str, sheets: tuple[str, ...] = ()) -> bytes:
    """The PDF of finished HTML with style sheets of templates/pdf: tagged, so that it can be read aloud."""
    with _one_at_a_time:
        html_class, fetcher, fonts = _tools()
        content: bytes = html_class(string=html, url_fetcher=fetcher).write_pdf(
            stylesheets=[_sheet(sheet) for sheet in sheets], font_config=fonts, pdf_tags=True
        )
    return content


@lru_cache(maxsize=64)
def code(text: str) -> str:
    """A QR code as a data: URI, a PNG: an SVG's path takes WeasyPrint 30 ms."""
    return str(segno.make(text, error="m" if len(text) < 200 else "l").png_data_uri(scale=3, border=2))


def picture(image: Any) -> str:
    """A kept picture (accounts.models.Image or None) as a data: URI, or "" for none and for what is too large."""
    return _embedded(bytes(image.data)) if image is not None else ""


@lru_cache(maxsize=32)
def _embedded(data: bytes) -> str:
    """At the size it is printed in, on white. All kept pictures are small (accounts.images); a larger one is left out."""
    try:
        opened = Pillow.open(io.BytesIO(data))
        if opened.width * opened.height > images.MAX_SIDE**2:
            return ""
        opened.thumbnail((SIDE, SIDE))
        drawn = opened.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        return ""
    flat = Pillow.new("RGB", drawn.size, "white")
    flat.paste(drawn, mask=drawn.getchannel("A"))
    out = io.BytesIO()
    flat.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


@cache
def _tools() -> tuple[Any, Any, Any]:
    """Made once per process: WeasyPrint's HTML, the locked fetcher, the fonts."""
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    # WeasyPrint switches this on for the whole process; then a cut-off upload would pass as a picture (accounts.images).
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    return HTML, URLFetcher(allowed_protocols=("data",), allow_redirects=False), FontConfiguration()


@cache
def _sheet(name: str) -> Any:
    """A parsed style sheet: parsing costs as much as a small page."""
    from weasyprint import CSS

    _html, fetcher, fonts = _tools()
    return CSS(string=(FOLDER / name).read_text(encoding="utf-8"), url_fetcher=fetcher, font_config=fonts)

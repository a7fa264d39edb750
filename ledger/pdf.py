"""The invoice as a PDF (A4) by WeasyPrint, from the same context as the page.

Nothing is fetched: no file, no address, only data: URIs of our own. Merchant text reaches the paper through
autoescaping only. Fonts: Noto Serif and Noto Sans with their Devanagari sisters (fonts-noto-core).
"""

import logging
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from PIL import ImageFile

from ledger import paper
from ledger.models import Invoice

logger = logging.getLogger(__name__)
STYLESHEET = Path(settings.BASE_DIR) / "templates" / "pdf" / "invoice.css"
# A line costs about 12 ms: so many are the most that somebody waits for.
MAX_LINES = 1000
# Pango and the font configuration are shared by the threads of a process; a render is all CPU anyway.
_one_at_a_time = threading.Lock()


class TooLong(Exception):
    """More lines than fit a PDF made while somebody waits."""

    def __init__(self, lines: int) -> None:
        super().__init__(f"{lines} lines")
        self.lines = lines
        self.most = MAX_LINES


def render(invoice: Invoice, language: str = "en") -> bytes:
    """The PDF of an issued or cancelled invoice, read with business, party and open item. Raises TooLong."""
    with translation.override(language):
        context = paper.context_of(invoice)
        if len(context["lines"]) > MAX_LINES:
            raise TooLong(len(context["lines"]))
        standing = paper.standing_of(invoice)
        pay = paper.ways_to_pay(invoice.business, standing.due_paise, number=invoice.number)
        html = render_to_string("pdf/invoice.html", context | {"standing": standing, "pay": pay, "language": language})
    started = time.perf_counter()
    with _one_at_a_time:
        html_class, fetcher, fonts, sheet = _tools()
        content: bytes = html_class(string=html, url_fetcher=fetcher).write_pdf(stylesheets=[sheet], font_config=fonts)
    logger.info("rendered a PDF of %s lines in %.2f s", len(context["lines"]), time.perf_counter() - started)
    return content


@cache
def _tools() -> tuple[Any, Any, Any, Any]:
    """Made once per process: WeasyPrint's HTML, the locked fetcher, the fonts, the parsed style sheet."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    # WeasyPrint switches this on for the whole process; then a cut-off upload would pass as a picture (accounts.images).
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    fetcher = URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    fonts = FontConfiguration()
    sheet = CSS(string=STYLESHEET.read_text(encoding="utf-8"), url_fetcher=fetcher, font_config=fonts)
    return HTML, fetcher, fonts, sheet

"""A template becomes a PDF (A4) by WeasyPrint. Which papers there are, `ledger.papers` says.

Nothing is fetched: no file, no address, only data: URIs of our own. Merchant text reaches the paper through
autoescaping only. Fonts: Noto Serif and Noto Sans with their sisters for other scripts (fonts-noto-core).
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

logger = logging.getLogger(__name__)
FOLDER = Path(settings.BASE_DIR) / "templates" / "pdf"
# Pango and the font configuration are shared by the threads of a process; a render is all CPU anyway.
_one_at_a_time = threading.Lock()


def write(name: str, context: dict[str, Any], language: str, *, sheets: tuple[str, ...] = ()) -> bytes:
    """The PDF of templates/pdf/<name>.html with the style sheets <name>.css and `sheets` beside it.

    The caller has counted what it prints: this renders whatever it is given.
    """
    with translation.override(language):
        html = render_to_string(f"pdf/{name}.html", context | {"language": language})
    started = time.perf_counter()
    with _one_at_a_time:
        html_class, fetcher, fonts = _tools()
        parsed = [_sheet(sheet) for sheet in (f"{name}.css", *sheets)]
        content: bytes = html_class(string=html, url_fetcher=fetcher).write_pdf(stylesheets=parsed, font_config=fonts)
    logger.info("rendered %s in %.2f s", name, time.perf_counter() - started)
    return content


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

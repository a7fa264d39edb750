"""A template becomes a PDF (A4) by WeasyPrint. Which papers there are, `ledger.papers` says.

Nothing is fetched: no file, no address, only data: URIs of our own. Merchant text reaches the paper through
autoescaping only. Fonts: Noto Serif and Noto Sans with their sisters for other scripts (fonts-noto-core).
Equal input gives equal bytes: nothing of the clock or of the process is in a PDF.
"""

import base64
import io
import logging
import os
import re
import subprocess
import sys
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from PIL import Image as Pillow

from accounts import images

logger = logging.getLogger(__name__)
FOLDER = Path(settings.BASE_DIR) / "templates" / "pdf"
# A letter costs at most 55 microseconds of processor time, where each comes from another font, and usually 13
# (`bench_pdf --worst`). So far a paper is drawn here, at most about seven seconds; a longer one in a process of its own,
# which is ended when it takes too much.
HERE_CHARACTERS = 120_000
MAX_CHARACTERS = 1_000_000
SECONDS, WALL_SECONDS, MEMORY = 60, 150, 768 * 1024 * 1024
SIDE = 480  # px of a printed logo's longer side: 300 dpi at 4 cm
# Pango and the font configuration are shared by the threads of a process; a render is all CPU anyway.
_one_at_a_time, _one_apart = threading.Lock(), threading.Lock()
_EMBEDDED = re.compile('"data:[^"]*"')
# What Python's re and XML take, but no paper shows: control characters, and the marks that turn text around.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


class TooLarge(Exception):
    """More than a render may take: characters, processor time, memory."""


class Late(TooLarge):
    """The machine was too busy: another time it may do."""


def write(
    name: str, context: dict[str, Any], language: str, *, sheets: tuple[str, ...] = (), part: bool = False
) -> bytes:
    """The PDF of templates/pdf/<name>.html with the style sheets <name>.css and `sheets` beside it. Raises TooLarge.

    `part`: of a longer paper, which has no tags.
    """
    with translation.override(language):
        xml = _UNPRINTABLE.sub("", render_to_string(f"pdf/{name}.html", context | {"language": language}))
    characters = len(_EMBEDDED.sub("", xml))
    if characters > MAX_CHARACTERS:
        raise TooLarge(f"{name}: {characters} characters")
    started = time.perf_counter()
    style = (f"{name}.css", *sheets)
    content = draw_apart(xml, style) if characters > HERE_CHARACTERS else draw(xml, style, tagged=not part)
    logger.info("rendered %s in %.2f s", name, time.perf_counter() - started)
    return content


def draw(xml: str, sheets: tuple[str, ...] = (), *, tagged: bool = True) -> bytes:
    """The PDF of finished XML with style sheets of templates/pdf."""
    from ledger import drawing  # loads WeasyPrint: half a second that only who draws should pay

    with _one_at_a_time:
        return drawing.pdf_of(xml, sheets, tagged=tagged)


def draw_apart(xml: str, sheets: tuple[str, ...] = ()) -> bytes:
    """As `draw`, in a process of its own within SECONDS of processor time and MEMORY bytes. Raises TooLarge.

    It knows no address and no secret of ours. No more than one at a time is started by a process.
    """
    command = [sys.executable, "-m", "ledger.drawing", str(SECONDS), str(MEMORY), *sheets]
    known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "XDG_CACHE_HOME") if name in os.environ}
    with _one_apart:
        try:
            made = subprocess.run(  # noqa: S603 - our own module, and names of our own style sheets
                command,
                input=xml.encode(),
                capture_output=True,
                check=False,
                cwd=settings.BASE_DIR,
                env=known,
                timeout=WALL_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise Late(f"more than {WALL_SECONDS} s") from error
    if made.returncode == 0:
        return made.stdout
    said = made.stderr.decode(errors="replace")[-2000:]
    if made.returncode < 0 or "MemoryError" in said or "RecursionError" in said:
        raise TooLarge(f"ended by {made.returncode}")
    raise RuntimeError(said)


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

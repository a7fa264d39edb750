"""A merchant's colour as a style sheet for the pages its customers see: `/theme/<name>.css`.

The name is the colour and the first digits of the sheet's own hash, so an address has one content for ever, nothing is
looked up for it, and no text of a merchant's gets into it: six hexadecimal digits or 404. Logo and colour are living
data and no facts of a paper: a page from last year wears the colour of today.
"""

import hashlib
import re
from collections.abc import Callable
from functools import cache

from django.urls import reverse

from accounts.colours import LEAST, WHITE, contrast, readable
from accounts.models import Business

# As in static/css/tokens.css: what the merchant's colour is read on, light and dark.
PAPER, SHEET = ("#f6f0e4", "#14110e"), ("#fffdf8", "#1e1a16")
# A dark button must not drown in a dark page; its letters are white.
LEAST_ON_DARK = 2.0
_NAME = re.compile(r"([0-9a-f]{6})([0-9a-f]{10})", re.ASCII)


class Unknown(Exception):
    """No sheet of this name: 404."""


def address(business: Business) -> str:
    """Where the business's style sheet is; "" when it has no colour of its own."""
    return reverse("theme", kwargs={"name": name(business.colour)}) if business.colour else ""


@cache
def name(colour: str) -> str:
    """The name of the sheet of `colour` (#rrggbb): its six digits and ten of the sheet's hash."""
    return colour[1:] + hashlib.sha256(sheet(colour).encode()).hexdigest()[:10]


def sheet_named(text: str) -> str:
    """The style sheet of a name that `name` gave. Raises Unknown."""
    match = _NAME.fullmatch(text)
    if not match:
        raise Unknown
    # Not by `name`, which keeps what it has worked out: anybody may ask for anything here.
    css = sheet(f"#{match[1]}")
    if hashlib.sha256(css.encode()).hexdigest()[:10] != match[2]:
        raise Unknown
    return css


def sheet(colour: str) -> str:
    """The tokens of `colour` (#rrggbb), each with a contrast of 4.5 to what it stands on. Raises ValueError."""
    fill = readable(colour)
    dark_fill = _until(fill, WHITE, lambda found: contrast(found, SHEET[1]) >= LEAST_ON_DARK)
    ink = _until(fill, "#000000", lambda found: _is_read_on(found, PAPER[0], SHEET[0]))
    dark_ink = _until(fill, WHITE, lambda found: _is_read_on(found, PAPER[1], SHEET[1]))
    wash, line = mixed(SHEET[0], ink, 9), mixed(SHEET[0], ink, 55)
    return (
        f"@media screen{{:root{{--khata:light-dark({fill},{dark_fill});--on-khata:{WHITE};"
        f"--khata-ink:light-dark({ink},{dark_ink})}}\n"
        # As tokens.css: browsers older than 2024 get the light book.
        f"@supports not (color:light-dark(#000,#fff)){{:root{{--khata:{fill};--khata-ink:{ink};"
        f"--khata-wash:{wash};--khata-line:{line}}}}}}}\n"
        f"@media print{{:root{{--khata:{fill}}}}}\n"
    )


def mixed(base: str, other: str, share: int) -> str:
    """`share` percent of `other` in `base`, both #rrggbb."""
    pairs = zip(*(bytes.fromhex(colour[1:]) for colour in (base, other)), strict=True)
    return "#" + "".join(f"{round((a * (100 - share) + b * share) / 100):02x}" for a, b in pairs)


def _until(colour: str, towards: str, fits: Callable[[str], bool]) -> str:
    """The first of `colour`, and it with more and more of `towards` in it, that fits; `towards` fits."""
    return next(found for share in range(0, 101, 2) if fits(found := mixed(colour, towards, share)))


def _is_read_on(ink: str, paper: str, sheet_colour: str) -> bool:
    grounds = (paper, sheet_colour, mixed(sheet_colour, ink, 9))  # the last is --khata-wash
    return all(contrast(ink, ground) >= LEAST for ground in grounds)

"""Small pictures of the goods, drawn: a sack, a bottle or a box in the category's colours with the initials on its label."""

import io
from collections.abc import Callable
from zlib import crc32

from PIL import Image, ImageDraw, ImageFont

from accounts.images import Encoded, encode
from ledger.demo.contents import CATALOGUE, Goods

SIDE = 320
_FINE = 2  # drawn so much larger, for smooth edges
_N = SIDE * _FINE

Colour = tuple[int, int, int]
# Ground and body of each category, in the catalogue's order; calm, and legible in light and dark pages.
_PALETTE: tuple[tuple[Colour, Colour], ...] = (
    ((246, 238, 220), (196, 150, 72)),
    ((250, 242, 208), (214, 164, 32)),
    ((252, 230, 222), (193, 74, 48)),
    ((253, 236, 214), (217, 121, 40)),
    ((224, 240, 230), (44, 122, 89)),
    ((235, 240, 246), (92, 124, 160)),
    ((243, 231, 243), (142, 84, 150)),
    ((222, 239, 244), (36, 122, 146)),
)
_WHITE: Colour = (255, 255, 255)
_INK: Colour = (44, 42, 38)
_SOFT: Colour = (110, 104, 96)
_PAID: Colour = (38, 128, 84)


def draw(goods: Goods) -> Encoded:
    """A WEBP of a few kilobytes; the same goods give the same picture."""
    category = next(n for n, found in enumerate(CATALOGUE.values()) if goods in found)
    ground, body = _PALETTE[category]
    body = _shade(body, (crc32(goods.title.encode()) % 5 - 2) * 0.07)
    picture = Image.new("RGB", (_N, _N), ground)
    pen = ImageDraw.Draw(picture)
    pen.ellipse(_box(0.12, 0.12, 0.88, 0.88), fill=_mix(ground, _WHITE, 0.55))
    pen.ellipse(_box(0.24, 0.82, 0.76, 0.9), fill=_shade(ground, -0.12))
    label = _SHAPES[goods.shape](pen, body)
    _write_label(pen, label, goods, body)
    out = io.BytesIO()
    picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(out, "PNG")
    out.seek(0)
    return encode(out)


def paid_screen(amount: str, utr: str) -> Encoded:
    """A payment app's last screen as a phone's screenshot shows it, of no app there is."""
    picture = Image.new("RGB", (720, 1280), (246, 247, 244))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((40, 200, 680, 1000), radius=36, fill=_WHITE)
    pen.ellipse((270, 260, 450, 440), fill=_PAID)
    pen.line((315, 352, 350, 388, 410, 318), fill=_WHITE, width=18, joint="curve")
    lines = (("Paid", 40, 480, _INK), (amount.replace("₹", "Rs. "), 76, 550, _INK), ("to Ram Kirana", 34, 660, _SOFT))
    for text, size, top, fill in (*lines, ("UTR", 30, 780, _SOFT), (utr, 46, 820, _INK)):
        pen.text((360, top), text, fill=fill, font=ImageFont.load_default(size), anchor="ma")
    out = io.BytesIO()
    picture.save(out, "PNG")
    out.seek(0)
    return encode(out, side=1280)


Box = tuple[float, float, float, float]


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    """Parts of the side -> pixels."""
    return left * _N, top * _N, right * _N, bottom * _N


def _round(pen: ImageDraw.ImageDraw, box: Box, radius: float, fill: Colour) -> None:
    pen.rounded_rectangle(_box(*box), radius=radius * _N, fill=fill)


def _poly(pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], fill: Colour) -> None:
    pen.polygon([(x * _N, y * _N) for x, y in points], fill=fill)


# --- shapes: each draws itself and returns where its label goes ---------------------------------------------


def _sack(pen: ImageDraw.ImageDraw, body: Colour) -> Box:
    _poly(pen, [(0.38, 0.13), (0.62, 0.13), (0.57, 0.25), (0.43, 0.25)], _shade(body, 0.12))
    _round(pen, (0.23, 0.23, 0.77, 0.87), 0.12, body)
    _round(pen, (0.23, 0.23, 0.36, 0.87), 0.065, _shade(body, 0.1))
    _round(pen, (0.4, 0.21, 0.6, 0.26), 0.02, _shade(body, -0.3))
    return 0.31, 0.4, 0.69, 0.72


def _bottle(pen: ImageDraw.ImageDraw, body: Colour) -> Box:
    _round(pen, (0.43, 0.1, 0.57, 0.2), 0.02, _shade(body, -0.35))
    _round(pen, (0.445, 0.17, 0.555, 0.36), 0.02, _shade(body, 0.12))
    _round(pen, (0.32, 0.29, 0.68, 0.87), 0.1, body)
    _round(pen, (0.345, 0.36, 0.385, 0.82), 0.02, _shade(body, 0.25))
    return 0.32, 0.46, 0.68, 0.76


def _can(pen: ImageDraw.ImageDraw, body: Colour) -> Box:
    _round(pen, (0.29, 0.2, 0.71, 0.86), 0.05, body)
    pen.ellipse(_box(0.29, 0.14, 0.71, 0.27), fill=_shade(body, 0.3))
    pen.ellipse(_box(0.34, 0.165, 0.66, 0.245), fill=_shade(body, 0.15))
    _round(pen, (0.29, 0.78, 0.71, 0.81), 0.01, _shade(body, -0.2))
    return 0.29, 0.38, 0.71, 0.7


def _jar(pen: ImageDraw.ImageDraw, body: Colour) -> Box:
    _round(pen, (0.34, 0.17, 0.66, 0.28), 0.03, _shade(body, -0.35))
    _round(pen, (0.27, 0.26, 0.73, 0.87), 0.11, _mix(body, _WHITE, 0.25))
    _round(pen, (0.27, 0.36, 0.73, 0.87), 0.11, body)
    return 0.27, 0.45, 0.73, 0.75


def _packet(pen: ImageDraw.ImageDraw, body: Colour) -> Box:
    teeth = 12
    step = (0.76 - 0.24) / teeth
    zigzag = [(0.24 + n * step / 2, 0.14 if n % 2 else 0.165) for n in range(2 * teeth + 1)]
    _poly(pen, [*zigzag, *[(x, 1 - y + 0.02) for x, y in reversed(zigzag)]], body)
    for top in (0.16, 0.82):
        _round(pen, (0.24, top, 0.76, top + 0.045), 0, _shade(body, -0.18))
    _poly(pen, [(0.24, 0.205), (0.4, 0.205), (0.28, 0.82), (0.24, 0.82)], _shade(body, 0.12))
    return 0.31, 0.36, 0.69, 0.68


def _carton(pen: ImageDraw.ImageDraw, body: Colour) -> Box:
    _poly(pen, [(0.2, 0.34), (0.3, 0.22), (0.84, 0.22), (0.74, 0.34)], _shade(body, 0.25))
    _poly(pen, [(0.74, 0.34), (0.84, 0.22), (0.84, 0.72), (0.74, 0.85)], _shade(body, -0.22))
    _round(pen, (0.2, 0.34, 0.74, 0.85), 0.012, body)
    return 0.26, 0.43, 0.68, 0.76


def _bar(pen: ImageDraw.ImageDraw, body: Colour) -> Box:
    _poly(pen, [(0.12, 0.36), (0.2, 0.4), (0.2, 0.76), (0.12, 0.8)], _shade(body, -0.2))
    _poly(pen, [(0.88, 0.36), (0.8, 0.4), (0.8, 0.76), (0.88, 0.8)], _shade(body, -0.2))
    _round(pen, (0.17, 0.36, 0.83, 0.8), 0.05, body)
    _round(pen, (0.17, 0.36, 0.83, 0.45), 0.045, _shade(body, 0.14))
    return 0.27, 0.46, 0.73, 0.72


_SHAPES: dict[str, Callable[[ImageDraw.ImageDraw, Colour], Box]] = {
    "sack": _sack,
    "bottle": _bottle,
    "can": _can,
    "jar": _jar,
    "packet": _packet,
    "box": _carton,
    "bar": _bar,
}


def _write_label(pen: ImageDraw.ImageDraw, box: Box, goods: Goods, body: Colour) -> None:
    left, top, right, bottom = box
    _round(pen, box, 0.03, _WHITE)
    centre, height = (left + right) / 2 * _N, bottom - top
    initials = "".join(word[0] for word in goods.name.replace("-", " ").split()[:2]).upper()
    pen.text(
        (centre, (top + height * 0.4) * _N),
        initials,
        fill=_shade(body, -0.3),
        font=ImageFont.load_default(round(height * 0.5 * _N)),
        anchor="mm",
    )
    room = (right - left) * 0.9 * _N
    size = height * 0.2 * _N
    while pen.textlength(goods.size, ImageFont.load_default(round(size))) > room:
        size *= 0.9
    pen.text(
        (centre, (top + height * 0.8) * _N),
        goods.size,
        fill=_INK,
        font=ImageFont.load_default(round(size)),
        anchor="mm",
    )


def _mix(one: Colour, other: Colour, part: float) -> Colour:
    """`part` of the other colour."""
    r, g, b = (round(a + (c - a) * part) for a, c in zip(one, other, strict=True))
    return r, g, b


def _shade(colour: Colour, by: float) -> Colour:
    """Lighter for a positive part, darker for a negative one."""
    return _mix(colour, _WHITE, by) if by > 0 else _mix(colour, (0, 0, 0), -by)

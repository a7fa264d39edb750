"""Pictures: taken in by content, never by name; turned upright, made small, stripped, and re-encoded by us.

Nothing of an uploaded file is kept but its pixels. Its size is read from the header and capped before decoding.
"""

import hashlib
import io
import struct
from dataclasses import dataclass
from typing import IO, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image as Pillow
from PIL import ImageOps

from accounts import limits
from accounts.models import Business, Image

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000
# A JPEG is decoded small at once; a PNG or WEBP whole, at up to 11 bytes a pixel.
MAX_PIXELS_WHOLE = 16_000_000
# A camera writes ten at most. Each costs a pass over all pixels: 2,000 in a file of 290 kB took 45 s.
MAX_SCANS = 100
MAX_SIDE = 800
HOUR, MOST_AN_HOUR = 60 * 60, 60  # pictures of a party
FORMATS = ("JPEG", "PNG", "WEBP")
# What Pillow's readers raise on hostile bytes; UnidentifiedImageError is an OSError.
_UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    OverflowError,
    ZeroDivisionError,
    struct.error,
    Pillow.DecompressionBombError,
)


_UNREADABLE_WORDS = gettext_lazy("This file is not a picture we can read. Choose a JPEG, PNG or WEBP.")


class PictureRefused(Exception):
    """The file cannot become a picture here; the message is for people."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A WEBP of ours, not kept yet."""

    data: bytes
    width: int
    height: int


def encode(file: IO[bytes], side: int = MAX_SIDE) -> Encoded:
    """A WEBP of at most `side` pixels a side. Raises PictureRefused."""
    try:
        picture = Pillow.open(file, formats=FORMATS)
        is_jpeg = picture.format not in ("PNG", "WEBP")  # a phone's may call itself MPO
        most = MAX_PIXELS if is_jpeg else MAX_PIXELS_WHOLE
        if picture.width * picture.height > most:
            words = _("This picture has too many pixels. Choose one of at most %(most)d megapixels.")
            raise PictureRefused(words % {"most": most // 1_000_000})
        if is_jpeg and _scans(file) > MAX_SCANS:
            raise PictureRefused(str(_UNREADABLE_WORDS))
        return _small_webp(picture, side)
    except _UNREADABLE as error:
        raise PictureRefused(str(_UNREADABLE_WORDS)) from error


def _scans(file: IO[bytes]) -> int:
    """How often a JPEG begins a scan: within one, a byte 0xFF is never followed by this marker."""
    at = file.tell()
    file.seek(0)
    found = file.read().count(b"\xff\xda")
    file.seek(at)
    return found


def _small_webp(picture: Pillow.Image, side: int) -> Encoded:
    picture.draft("RGB", (side, side))  # lets a JPEG be decoded small at once
    picture.thumbnail((side, side))
    upright = ImageOps.exif_transpose(picture)
    clean = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    clean.info.clear()
    out = io.BytesIO()
    clean.save(out, "WEBP", quality=80, method=4, exif=b"", icc_profile=b"")
    return Encoded(out.getvalue(), clean.width, clean.height)


def take_turn(files: MultiValueDict[str, Any], subject: str) -> None:
    """Count a form that brings a picture, before it is decoded, which may take seconds, also for a form that is then
    refused. Raises limits.LimitReached."""
    if files:
        limits.hit("pictures", subject, most=MOST_AN_HOUR, seconds=HOUR)


class PictureField(forms.FileField):
    """An uploaded picture -> Encoded; a hostile or unreadable file is an error at the field."""

    widget = forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"})

    def __init__(self, *, side: int = MAX_SIDE, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.side = side

    def clean(self, data: Any, initial: Any = None) -> Encoded | None:
        upload: UploadedFile | None = super().clean(data, None)
        if not upload:
            return None
        if (upload.size or 0) > MAX_BYTES:
            raise forms.ValidationError(_("This file is too large. Choose a picture of at most 8 MB."))
        try:
            return encode(upload, self.side)
        except PictureRefused as error:
            raise forms.ValidationError(str(error)) from error


def fingerprint(upload: UploadedFile | None) -> str:
    """What an uploaded file is, for the fingerprint of its form (accounts.idempotency); "" when there is none."""
    if not upload:
        return ""
    upload.seek(0)
    found = hashlib.sha256(upload.read()).hexdigest()
    upload.seek(0)
    return found


def keep(business: Business, picture: Encoded) -> Image:
    """Save a picture of this business."""
    return Image.objects.create(
        business=business, data=picture.data, width=picture.width, height=picture.height, content_type="image/webp"
    )


def answer(image: Image) -> HttpResponse:
    """A logo or an item's picture for a browser that may see it: it never changes, so it is kept there, and only there."""
    response = answer_once(image)
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def answer_once(image: Image) -> HttpResponse:
    """A screenshot or photo that somebody sent in: like every private page it is kept nowhere, as the next one to use
    this browser may be another."""
    return HttpResponse(bytes(image.data), content_type=image.content_type)

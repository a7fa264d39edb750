"""Pictures: what comes in is decided by content, what is kept is made by us."""

import io
import random
import struct
import zlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Pillow

from accounts import images
from accounts.idempotency import new_key
from accounts.models import Image
from tests.factories import make_business, make_item, make_user, merchant_client

MODES = [
    ("JPEG", "RGB"),
    ("JPEG", "L"),
    ("JPEG", "CMYK"),
    ("PNG", "RGBA"),
    ("PNG", "P"),
    ("PNG", "1"),
    ("PNG", "I;16"),
    ("PNG", "LA"),
    ("WEBP", "RGB"),
    ("WEBP", "RGBA"),
]


def picture(fmt: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (120, 90), **options) -> bytes:
    out = io.BytesIO()
    Pillow.effect_noise(size, 60).convert(mode).save(out, fmt, **options)
    return out.getvalue()


def encode(data: bytes) -> images.Encoded:
    return images.encode(io.BytesIO(data))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises width x height pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("fmt", "mode"), MODES)
def test_every_usual_picture_becomes_a_webp(fmt, mode):
    made = encode(picture(fmt, mode))
    again = Pillow.open(io.BytesIO(made.data))
    assert (again.format, again.size) == ("WEBP", (120, 90))
    assert (made.width, made.height) == (120, 90)


@pytest.mark.parametrize(
    ("size", "kept"), [((1600, 1200), (800, 600)), ((900, 3000), (240, 800)), ((10, 10), (10, 10))]
)
def test_a_large_picture_is_made_small_and_a_small_one_stays(size, kept):
    made = encode(picture("JPEG", size=size))
    assert (made.width, made.height) == kept


def test_a_picture_taken_sideways_stands_upright_and_tells_no_place():
    exif = Pillow.Exif()
    exif[0x0112] = 6  # the camera was turned
    exif[0x010F] = "SecretCam"
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    made = encode(picture("JPEG", size=(200, 100), exif=exif))
    assert (made.width, made.height) == (100, 200)
    assert len(Pillow.open(io.BytesIO(made.data)).getexif()) == 0
    assert b"SecretCam" not in made.data


def test_a_picture_keeps_its_transparency():
    out = io.BytesIO()
    Pillow.new("RGBA", (20, 20), (200, 0, 0, 0)).save(out, "PNG")
    again = Pillow.open(io.BytesIO(encode(out.getvalue()).data))
    assert again.convert("RGBA").getchannel("A").getextrema() == (0, 0)


@pytest.mark.parametrize("size", [(50_000, 50_000), (4_000, 4_001), (65_535, 65_535)])
def test_a_bomb_is_refused_by_its_header_alone(size):
    with pytest.raises(images.PictureRefused):
        encode(png_of_size(*size))


def test_a_phones_photo_of_forty_megapixels_is_taken_and_a_larger_one_is_not():
    whole = picture("JPEG", size=(80, 50))
    at = whole.index(b"\xff\xc0") + 5  # height and width in the frame's header
    large = whole[:at] + struct.pack(">HH", 5_000, 8_001) + whole[at + 4 :]
    with pytest.raises(images.PictureRefused, match="at most 40 megapixels"):
        encode(large)
    assert encode(picture("JPEG", size=(5_000, 3_400))).width == 800


def test_a_jpeg_that_is_read_a_thousand_times_over_is_refused_before_it_is_read():
    whole = picture("JPEG", "L", size=(64, 64), progressive=True)
    end = whole.rindex(b"\xff\xd9")
    last = whole[whole.rindex(b"\xff\xda") : end]
    assert encode(whole[:end] + last * 50 + whole[end:]).width == 64
    with pytest.raises(images.PictureRefused, match="not a picture we can read"):
        encode(whole[:end] + last * 100 + whole[end:])


@pytest.mark.parametrize("fmt", ["PNG", "WEBP"])
def test_of_pictures_that_move_the_first_stays(fmt):
    frames = [Pillow.new("RGB", (30, 20), colour) for colour in ("red", "lime", "blue")]
    out = io.BytesIO()
    frames[0].save(out, fmt, save_all=True, append_images=frames[1:], duration=50)
    again: Any = Pillow.open(io.BytesIO(encode(out.getvalue()).data))
    assert getattr(again, "n_frames", 1) == 1
    red, green, _blue = again.convert("RGB").getpixel((15, 10))
    assert red > 200 > 60 > green


def test_of_a_file_that_is_two_things_the_pixels_alone_stay():
    out = io.BytesIO()
    Pillow.new("RGB", (30, 20)).save(out, "JPEG", comment=b"<script>alert(1)</script>")
    made = encode(out.getvalue() + b"PK\x03\x04<?php evil() ?>")
    assert made.data[:4] == b"RIFF"
    for foreign in (b"<script", b"<?php", b"PK\x03\x04"):
        assert foreign not in made.data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, I am a picture",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        b"MZ" + b"\0" * 200,
        png_of_size(4000, 4000),
        picture("GIF"),
        picture("BMP"),
        picture("TIFF"),
        picture("JPEG")[:200],
    ],
)
def test_what_is_no_picture_of_ours_is_refused_in_words(data):
    with pytest.raises(images.PictureRefused, match="JPEG, PNG or WEBP"):
        encode(data)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_broken_bytes_are_either_a_picture_or_refused(fmt):
    chance, whole = random.Random(7), picture(fmt, size=(40, 30))
    for _ in range(200):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 10)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            made = encode(bytes(broken[: chance.randint(1, len(broken))]))
        except images.PictureRefused:
            continue
        assert made.width <= 800
        assert made.height <= 800


# --- At the item --------------------------------------------------------------------------------------------


@pytest.fixture
def shop(db):
    return make_business(owner=make_user(), slug="ram-kirana")


@pytest.fixture
def client(shop):
    return merchant_client(shop.memberships.get().user)


def said(**more):
    fixed = {"name": "Salt", "unit": "PCS", "unit_price_e4": "20", "in_store": "on", "is_active": "on"}
    return fixed | {"form_key": new_key()} | more


def upload(data: bytes, name: str = "salt.png", content_type: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type)


def test_an_item_gets_a_picture_and_a_new_one_takes_its_place(client, shop):
    item = make_item(shop, "Salt")
    address = f"/m/ram-kirana/items/{item.public_id}/"
    assert client.post(address, said(picture=upload(picture()))).status_code == 302
    first = Image.objects.get()
    assert first.business == shop
    client.post(address, said(picture=upload(picture("JPEG", size=(50, 50)))))
    second = Image.objects.get()
    assert second.pk != first.pk
    assert (second.width, second.height) == (50, 50)
    client.post(address, said())
    item.refresh_from_db()
    assert item.image == second
    client.post(address, said(without_picture="on"))
    assert list(shop.items.values_list("image", flat=True)) == [None]
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"text named .png", "JPEG, PNG or WEBP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "JPEG, PNG or WEBP"),
        (png_of_size(50_000, 50_000), "JPEG, PNG or WEBP"),
        (png_of_size(9_000, 5_000), "16 megapixels"),
        (b"\x89PNG" + b"\0" * (8 * 1024 * 1024), "at most 8 MB"),
        (b"", "empty"),
    ],
)
def test_a_hostile_file_is_an_error_at_the_field_and_nothing_typed_is_lost(client, shop, data, says):
    answer = client.post("/m/ram-kirana/items/new/", said(name="Typed Name", picture=upload(data)))
    assert answer.status_code == 400
    page = answer.content.decode()
    assert says in page
    assert 'value="Typed Name"' in page
    assert not shop.items.exists()
    assert not Image.objects.exists()


def test_a_picture_is_served_to_members_only_and_kept_by_their_browser(client, shop):
    image = images.keep(shop, encode(picture()))
    address = f"/m/ram-kirana/pictures/{image.public_id}"
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.content == bytes(image.data)


def test_a_picture_of_another_shop_is_as_absent_as_none(client, shop):
    foreign = images.keep(make_business(slug="other", owner=make_user()), encode(picture()))
    answers = [client.get(f"/m/ram-kirana/pictures/{name}") for name in (foreign.public_id, "neverwas0000")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert client.get(f"/m/other/pictures/{foreign.public_id}").status_code == 404

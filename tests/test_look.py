"""Logo, signature, colour and style: who may change them, who sees them, and what a colour can and cannot do."""

import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image as Pillow

from accounts import branding, colours, images, themes
from accounts.colours import contrast
from accounts.models import Activity, Image, Membership
from ledger import links
from tests import factories as make
from tests.test_images import picture, png_of_size

pytestmark = pytest.mark.django_db
LOOK = "/m/ram-kirana/settings/look/"


@pytest.fixture
def shop():
    return make.make_business("Ram Kirana", make.make_user(), slug="ram-kirana")


@pytest.fixture
def client(shop):
    return make.merchant_client(shop.memberships.get().user)


def upload(data, name="logo.png"):
    return SimpleUploadedFile(name, data, "image/png")


def flat(size):
    out = io.BytesIO()
    Pillow.new("RGB", size, "#19605f").save(out, "PNG")
    return out.getvalue()


def said(**more):
    return {"paper_style": "classic", "colour": "#9f1d2d"} | more


def keep(client, **more):
    answer = client.post(LOOK, said(**more), follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


# --- The settings -------------------------------------------------------------------------------------------


def test_an_owner_gives_all_four_and_sees_them(client, shop):
    page = keep(
        client,
        logo=upload(flat((600, 300))),
        signature=upload(picture("JPEG")),
        has_colour="on",
        colour="#1a5fb4",
        paper_style="modern",
    )
    shop.refresh_from_db()
    assert (shop.colour, shop.paper_style) == ("#1a5fb4", "modern")
    assert (shop.logo.business, shop.logo.width, shop.logo.height) == (shop, 400, 200)
    assert f"/m/ram-kirana/pictures/{shop.logo.public_id}" in page
    assert f"/m/ram-kirana/pictures/{shop.signature.public_id}" in page
    assert 'fill="#1a5fb4"' in page
    record = Activity.objects.get(verb="settings_changed")
    assert record.data == {"fields": ["colour", "logo", "paper_style", "signature"]}


def test_a_new_logo_takes_the_place_of_the_old_one_and_it_can_be_removed(client, shop):
    keep(client, logo=upload(picture()))
    first = Image.objects.get()
    keep(client, logo=upload(picture(size=(50, 50))))
    second = Image.objects.get()
    assert second.pk != first.pk
    keep(client, without_logo="on")
    shop.refresh_from_db()
    assert shop.logo is None
    assert not Image.objects.exists()


def test_what_is_not_touched_stays(client, shop):
    make.give_look(shop)
    pictures = (shop.logo_id, shop.signature_id)
    keep(client, has_colour="on", colour="#19605f", paper_style="compact")
    shop.refresh_from_db()
    assert (shop.logo_id, shop.signature_id, shop.colour, shop.paper_style) == (*pictures, "#19605f", "compact")


def test_a_colour_too_light_for_white_letters_is_darkened_in_words(client, shop):
    page = keep(client, has_colour="on", colour="#ffee00")
    shop.refresh_from_db()
    assert f"White letters cannot be read on #ffee00, so your papers wear the darker {shop.colour}." in page
    assert contrast(shop.colour, "#ffffff") >= 4.5
    assert "White letters" not in keep(client, has_colour="on", colour="#1a5fb4")


def test_another_colour_is_meant_without_its_tick_and_the_same_one_without_it_goes(client, shop):
    keep(client, colour="#1a5fb4")
    shop.refresh_from_db()
    assert shop.colour == "#1a5fb4"
    keep(client, colour="#1a5fb4")
    shop.refresh_from_db()
    assert shop.colour == ""


@pytest.mark.parametrize(
    "colour",
    [
        "red",
        "#12345",
        "#1234567",
        "#12345g",
        "rgb(1,2,3)",
        "#123456;}",
        "#123456}body{display:none",
        "url(//x)",
        "#12\n345",
    ],
)
def test_what_is_no_colour_is_refused_at_the_field(client, shop, colour):
    answer = client.post(LOOK, said(has_colour="on", colour=colour))
    assert answer.status_code == 400
    assert "A colour looks like #9f1d2d." in answer.content.decode()
    shop.refresh_from_db()
    assert shop.colour == ""


@pytest.mark.parametrize("field", ["logo", "signature"])
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "JPEG, PNG or WEBP"),
        (b"<!doctype html><script>alert(1)</script>", "JPEG, PNG or WEBP"),
        (b"GIF89a" + b"\0" * 100, "JPEG, PNG or WEBP"),
        (png_of_size(50_000, 50_000), "JPEG, PNG or WEBP"),
        (png_of_size(9_000, 5_000), "16 megapixels"),
        (b"\x89PNG" + b"\0" * (8 * 1024 * 1024), "at most 8 MB"),
        (b"", "empty"),
    ],
    ids=["svg", "html", "gif", "bomb", "too many pixels", "too large", "empty"],
)
def test_a_hostile_file_is_refused_and_nothing_is_kept(client, shop, field, data, says):
    answer = client.post(LOOK, said(has_colour="on", colour="#1a5fb4", **{field: upload(data)}))
    assert answer.status_code == 400
    assert says in answer.content.decode()
    shop.refresh_from_db()
    assert (shop.logo, shop.signature, shop.colour) == (None, None, "")
    assert not Image.objects.exists()


@pytest.mark.parametrize(("mode", "size"), [("RGB", (800, 800)), ("RGBA", (800, 800)), ("RGB", (3000, 90))])
def test_even_the_heaviest_logo_is_light_and_none_of_ours_but_pixels(mode, size):
    encoded = images.encode(io.BytesIO(picture(mode=mode, size=size)))
    light = branding.lightened(encoded, branding.LOGO_SIDE, branding.LOGO_BYTES)
    assert light
    assert len(light.data) <= branding.LOGO_BYTES
    again = Pillow.open(io.BytesIO(light.data))
    assert (again.format, again.size, len(again.getexif())) == ("WEBP", (light.width, light.height), 0)


def test_staff_neither_see_nor_change_the_look(shop):
    staff = make.make_user()
    make.make_membership(shop, staff, Membership.Role.STAFF)
    client = make.merchant_client(staff)
    assert client.get(LOOK).status_code == 403
    assert client.post(LOOK, said(has_colour="on", colour="#1a5fb4")).status_code == 403
    shop.refresh_from_db()
    assert shop.colour == ""


# --- Who sees the pictures ----------------------------------------------------------------------------------


@pytest.fixture
def looked(shop):
    """(business, party, invoice link) of a shop with a look."""
    make.give_look(shop)
    party = make.make_party(shop, make.new_phone(), "Shree Ganesh")
    return shop, party, links.for_invoice(make.make_invoice(party), None)


def test_the_logo_is_behind_the_link_and_ends_with_it(looked):
    shop, _party, link = looked
    path = links.path(link)
    page = Client().get(path).content.decode()
    (address,) = re.findall(r'<img class="logo" src="([^"]+)"', page)
    assert address.split("?")[0] == f"{path}/logo"
    answer = Client().get(address)
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "image/png", bytes(shop.logo.data))
    assert answer["Cache-Control"].startswith("private")
    for secret in (shop.logo.public_id, shop.signature.public_id, "signature"):
        assert secret not in page
    links.revoke(link, make.make_user())
    assert Client().get(address).status_code == 410


def test_without_a_logo_there_is_none_at_any_address(shop, client):
    party = make.make_party(shop, make.new_phone())
    path = links.path(links.for_invoice(make.make_invoice(party), None))
    assert 'class="logo"' not in Client().get(path).content.decode()
    customer = make.customer_client(party)
    for browser, address in (
        (Client(), f"{path}/logo"),
        (customer, f"/portal/{party.public_id}/logo"),
        (client, f"{LOOK}logo"),
    ):
        assert browser.get(address).status_code == 404


def test_pictures_of_another_shop_are_as_absent_as_none(looked, client):
    _shop, party, _link = looked
    other = make.give_look(make.make_business("Other", make.make_user(), slug="other"))
    theirs = make.make_party(other, make.new_phone())
    customer = make.customer_client(party)
    for name in other.images.values_list("public_id", flat=True):
        assert client.get(f"/m/ram-kirana/pictures/{name}").status_code == 404
        assert client.get(f"/m/other/pictures/{name}").status_code == 404
    assert client.get("/m/other/settings/look/logo").status_code == 404
    assert client.get("/m/other/settings/look/").status_code == 404
    answers = [customer.get(f"/portal/{name}/logo") for name in (theirs.public_id, "neverwas0000")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_a_customer_gets_the_logo_and_never_the_signature(looked):
    shop, party, _link = looked
    customer = make.customer_client(party)
    page = customer.get(f"/portal/{party.public_id}/").content.decode()
    assert f"/portal/{party.public_id}/logo?v=" in page
    assert customer.get(f"/portal/{party.public_id}/logo").content == bytes(shop.logo.data)
    for picture_of_it in (shop.signature, shop.logo):
        assert picture_of_it.public_id not in page
        assert customer.get(f"/portal/{party.public_id}/store/{picture_of_it.public_id}/image").status_code == 404


@pytest.mark.parametrize("tail", ["", "/logo"])
def test_a_look_costs_the_public_page_no_query_and_its_logo_two(looked, tail):
    _shop, _party, link = looked
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(links.path(link) + tail).status_code == 200
    assert len(queries) == 2


# --- The colour's style sheet -------------------------------------------------------------------------------


def tokens(css, name):
    (found,) = re.findall(rf"--{name}:light-dark\((#[0-9a-f]{{6}}),(#[0-9a-f]{{6}})\)", css)
    return found


COLOURS = ["#000000", "#ffffff", "#ffee00", "#9f1d2d", "#00ff00", "#0000ff", "#1a5fb4", "#777777", "#ff8800", "#120000"]


@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_can_be_read_in_both_schemes(colour):
    css = themes.sheet(colour)
    for fill in tokens(css, "khata"):
        assert contrast(fill, "#ffffff") >= 4.5
    for ink, paper, sheet in zip(tokens(css, "khata-ink"), themes.PAPER, themes.SHEET, strict=True):
        for ground in (paper, sheet, themes.mixed(sheet, ink, 9)):
            assert contrast(ink, ground) >= 4.5


def test_it_is_measured_against_the_paper_of_the_pages():
    css = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    assert f"--paper: light-dark({themes.PAPER[0]}, {themes.PAPER[1]});" in css
    assert f"--sheet: light-dark({themes.SHEET[0]}, {themes.SHEET[1]});" in css
    assert f"--khata: light-dark({colours.USUAL}," in css


def test_a_sheet_sets_the_accent_and_nothing_else():
    found = set(re.findall(r"--[a-z-]+", themes.sheet("#1a5fb4")))
    assert found == {"--khata", "--on-khata", "--khata-ink", "--khata-wash", "--khata-line"}


def test_the_address_is_kept_for_ever_and_leaves_no_cookie(looked):
    shop, party, link = looked
    address = themes.address(shop)
    for browser, page in ((Client(), links.path(link)), (make.customer_client(party), f"/portal/{party.public_id}/")):
        assert f'<link rel="stylesheet" href="{address}">' in browser.get(page).content.decode()
    with CaptureQueriesContext(connection) as queries:
        answer = Client().get(address)
    assert len(queries) == 0
    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert dict(answer.cookies) == {}
    assert answer.content.decode() == themes.sheet(shop.colour)


@pytest.mark.parametrize(
    "name",
    ["x", "0" * 16, "1a5fb4", "1a5fb4" + "0" * 10, "%23" * 16, "1A5FB4" + "0" * 10, "1a5fb4;}*{}" + "0" * 5, "é" * 16],
)
def test_an_unknown_sheet_is_404(name):
    assert Client().get(f"/theme/{name}.css").status_code == 404


def test_the_hash_of_one_colour_gives_no_other():
    first, second = themes.name("#1a5fb4"), themes.name("#1a5fb5")
    assert Client().get(f"/theme/{first}.css").status_code == 200
    assert Client().get(f"/theme/{second[:6]}{first[6:]}.css").status_code == 404


def test_a_shop_without_a_colour_wears_the_usual_red(shop):
    party = make.make_party(shop, make.new_phone())
    page = Client().get(links.path(links.for_invoice(make.make_invoice(party), None))).content.decode()
    assert "/theme/" not in page
    assert '<meta name="theme-color" content="#9f1d2d">' in page


def test_an_old_paper_wears_the_look_of_today_and_keeps_its_facts(looked):
    shop, _party, link = looked
    before = link.invoice.facts_hash
    type(shop).objects.filter(pk=shop.pk).update(colour="#1a5fb4")
    shop.refresh_from_db()
    assert themes.address(shop) in Client().get(links.path(link)).content.decode()
    link.invoice.refresh_from_db()
    assert link.invoice.facts_hash == before

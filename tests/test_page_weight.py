"""What a page weighs over the wire, and that it loads nothing from anybody else: measured as WhiteNoise serves it.

A first visit with an empty cache: the page, every stylesheet, script and picture that it or its stylesheets name,
each with gzip, headers included.
"""

import copy
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.core.management import call_command
from django.test import Client, override_settings
from PIL import Image as Pillow

from accounts import branding, images
from accounts.models import Business
from ledger import links
from ledger.models import Invoice
from tests import factories
from tests.factories import Once

pytestmark = pytest.mark.django_db

MOST_BYTES = 60_000
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LOADED = {
    "link": "href",
    "script": "src",
    "img": "src",
    "use": "href",
    "source": "src",
    "image": "href",
    "iframe": "src",
}


class Markup(HTMLParser):
    """What a page loads, and whatever in it a strict policy would refuse."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.refused: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or "style" in given or (tag == "script" and "src" not in given):
            self.refused.append(self.get_starttag_text() or tag)
        if any(name.startswith("on") for name in given) or any(
            (value or "").lstrip().lower().startswith("javascript:") for value in given.values()
        ):
            self.refused.append(self.get_starttag_text() or tag)
        address = given.get(LOADED.get(tag, ""))
        if address and not address.startswith("data:"):
            self.loads.append(address.split("#")[0])


@pytest.fixture(scope="module")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Static files as in production: hashed, compressed, served by WhiteNoise."""
    storages = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    root = tmp_path_factory.mktemp("static")
    with override_settings(STORAGES=storages, STATIC_ROOT=root, WHITENOISE_USE_FINDERS=False):
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin", "django_htmx"])
        yield


@pytest.fixture
def bill(_bill: Invoice) -> Invoice:
    return copy.deepcopy(_bill)


@pytest.fixture(scope="module")
def _bill(once: Once) -> Invoice:
    with once():
        return full_bill()


def full_bill() -> Invoice:
    """A taxed bill of twelve lines, part paid, with terms, bank and UPI: as full as a usual one gets."""
    business = factories.make_business(
        "Ram & Sons Kirana Wholesale",
        scheme=Business.Scheme.REGULAR,
        gstin="27AAPFU0939F1ZV",
        upi_id="ramkirana@okaxis",
        bank_name="State Bank of India",
        bank_account="012345678901",
        bank_ifsc="SBIN0001234",
        address="14, Market Yard Road, Gultekdi",
        city="Pune",
        pin_code="411037",
        terms="Goods once sold are not taken back.\nInterest of 18 % a year after the due date.",
    )
    give_heaviest_look(business)
    party = factories.make_party(business, "+919811100002", "Shree Ganesh Stores", city="Nashik")
    goods = ["Sona Masoori rice", "Toor dal, polished", "Sunflower oil 15 l", "Jaggery", "Sugar M-30", "Poha, thick"]
    lines = [
        factories.line(
            f"{name}, lot {lot}", paise=1_234_50 + lot, quantity_milli=12_500, gst_rate_bp=rate, hsn=f"10{lot}0"
        )
        for lot, rate in ((63, 500), (90, 1800))
        for name in goods
    ]
    bill = factories.make_invoice(party, lines=lines, notes="Two sacks follow on Monday.")
    factories.make_payment(party, 5_000_00)
    for paise in range(100_00, 2_600_00, 100_00):
        factories.make_invoice(party, paise=paise)
    return Invoice.objects.select_related("party__business").get(pk=bill.pk)


def give_heaviest_look(business: Business) -> None:
    """A colour, and a logo of noise: as heavy as the settings let one be."""
    noise = io.BytesIO()
    Pillow.effect_noise((800, 800), 90).convert("RGB").save(noise, "PNG")
    noise.seek(0)
    logo = branding.lightened(images.encode(noise), branding.LOGO_SIDE, branding.LOGO_BYTES)
    assert logo
    assert len(logo.data) > branding.LOGO_BYTES / 2
    business.logo, business.colour = images.keep(business, logo), "#19605f"
    business.save()


def loaded_from(address: str, kind: str, text: str) -> list[str]:
    """What a stylesheet or a script loads in its turn."""
    if "css" in kind:
        found = re.findall(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""", text)
        names = ["".join(pair) for pair in found]
    elif "javascript" in kind:
        names = re.findall(r"""(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]""", text)
    else:
        names = []
    return [urljoin(address, name) for name in names if not name.startswith(("data:", "#"))]


def weigh(client: Client, address: str) -> dict[str, int]:
    """Address of the page and of everything it loads -> bytes over the wire."""
    weights: dict[str, int] = {}
    waiting = [address]
    while waiting:
        name = waiting.pop(0)
        if name in weights:
            continue
        assert name.startswith("/"), f"{name} is not ours"
        answer = client.get(name, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, name
        body = b"".join(answer) if answer.streaming else answer.content
        head = sum(len(f"{header}: {value}\r\n") for header, value in answer.items())
        weights[name] = len(b"HTTP/1.1 200 OK\r\n") + head + len(body)
        again = client.get(name)
        if name == address:
            markup = Markup(again.content.decode())
            assert markup.refused == []
            assert answer["Content-Security-Policy"] == CSP
            waiting += markup.loads
        else:
            kind = again["Content-Type"]
            waiting += loaded_from(name, kind, b"".join(again).decode() if "text" in kind or "svg" in kind else "")
    return weights


def test_the_page_behind_an_invoice_link_is_light_and_loads_nothing_foreign(built_site: None, bill: Invoice) -> None:
    weights = weigh(Client(), links.path(links.for_invoice(bill, None)))
    assert sum(weights.values()) < MOST_BYTES, weights
    assert len(weights) <= 14
    assert [name for name in weights if name.endswith(".css") and name.startswith("/theme/")]
    assert [name for name in weights if "/logo?" in name]


@pytest.mark.parametrize("language", ["en", "hi"])
def test_the_doors_are_light(built_site: None, bill: Invoice, language: str) -> None:
    client = Client(headers={"Accept-Language": language})
    for address in ("/portal/login/", links.path(links.for_party(bill.party, None)), "/m/login/", "/"):
        weights = weigh(client, address)
        assert sum(weights.values()) < MOST_BYTES, weights


def test_the_customers_first_page_is_light(built_site: None, bill: Invoice) -> None:
    client = factories.customer_client(bill.party)
    for room in ("", "ledger/", "store/"):
        weights = weigh(client, f"/portal/{bill.party.public_id}/{room}")
        assert sum(weights.values()) < MOST_BYTES, weights


def test_every_static_file_that_pages_load_says_for_how_long_it_keeps(built_site: None, bill: Invoice) -> None:
    client = Client()
    address = links.path(links.for_invoice(bill, None))
    for name in Markup(client.get(address).content.decode()).loads:
        if not name.startswith("/static/"):
            continue
        answer = client.get(name)
        assert answer["Cache-Control"] == "max-age=315360000, public, immutable", name
        assert re.search(r"\.[0-9a-f]{12}\.", Path(name).name), name

"""A GET or HEAD changes nothing, whoever sends it: preview bots and crawlers read every public address.

Not one row of one table may differ afterwards, sessions and counters included, and no cookie may be set. What a robot
leaves is one line of an access log, which is no open and counts as none.
"""

import copy
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.utils import timezone

from accounts.models import Business
from ledger import links, previews
from ledger.models import LinkPreview, Paper, ShareLink
from tests import factories
from tests.factories import Book, Once

pytestmark = pytest.mark.django_db

AGENTS = {
    "WhatsApp": "WhatsApp/2.23.20.0 A",
    "Facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Telegram": "TelegramBot (like TwitterBot)",
    "Google": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "a person": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
}


@pytest.fixture(scope="module")
def _book(once: Once) -> Book:
    with once():
        return factories.make_book("Ramesh")


@pytest.fixture
def book(_book: Book) -> Book:
    return copy.deepcopy(_book)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, by table; but for drawn PDFs, which are kept for whoever asks next and may go any time,
    and the log of robots' previews."""
    return {
        model._meta.db_table: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model not in {Paper, LinkPreview}
    }


def addresses(book: Book) -> dict[str, int]:
    """Every address that answers without a login -> its status."""
    invoice, portal = links.path(book.invoice_link), links.path(book.portal_link)
    note = links.path(links.for_invoice(book.credit_note, None))
    ended = links.for_invoice(book.other_invoice, None)
    links.revoke(ended, book.owner)
    return {
        "/": 200,
        "/health": 200,
        "/robots.txt": 200,
        "/m/login/": 200,
        "/m/signup/": 200,
        "/m/login/code/": 302,
        "/m/": 302,
        "/portal/login/": 200,
        "/portal/code/": 302,
        "/portal/": 302,
        f"/portal/{book.party.public_id}/": 302,
        f"/m/{book.business.slug}/": 302,
        invoice: 200,
        f"{invoice}?lang=hi": 200,
        f"{invoice}/pdf": 200,
        f"{invoice}/login": 200,
        f"{invoice}/opened": 405,
        portal: 200,
        note: 200,
        links.path(ended): 410,
        f"{links.path(ended)}/pdf": 410,
        "/i/" + "x" * 33: 404,
        "/language/": 405,
        "/portal/logout/": 405,
        "/m/logout/": 405,
    }


@pytest.mark.parametrize("agent", AGENTS.values(), ids=AGENTS)
def test_reading_public_addresses_changes_no_row_of_no_table(book: Book, agent: str) -> None:
    wanted = addresses(book)
    before = everything()
    assert before["ledger_linkopen"]
    assert before["django_session"] == []
    for ask in ("get", "head"):
        for address, status in wanted.items():
            client = Client(headers={"User-Agent": agent})
            assert (ask, address, getattr(client, ask)(address).status_code) == (ask, address, status)
    assert everything() == before
    robot = next(name for name, sent in AGENTS.items() if sent == agent)
    of_each = [] if robot == "a person" else [(kind, robot) for kind in ("invoice", "portal", "invoice")]
    assert (
        list(LinkPreview.objects.order_by("pk").values_list("link__kind", "messenger")) == of_each
    )  # one line for many fetches


@pytest.mark.parametrize(
    ("agent", "robot"),
    [
        ("WhatsApp/2.23.20.0 A", "WhatsApp"),
        ("WhatsApp/2.2587.9 N", "WhatsApp"),
        ("Mozilla/5.0 (Linux; Android 14; wv) Chrome/140.0 Mobile Safari/537.36 WhatsApp/2.24.1", ""),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com", "Skype"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Slack"),
        ("", ""),
    ],
)
def test_a_robot_is_known_by_how_it_calls_itself_and_a_person_in_whatsapps_browser_is_none(agent, robot) -> None:
    assert previews.robot_of(agent) == robot


def test_the_log_of_previews_has_an_end(book: Book) -> None:
    link = ShareLink.objects.get(pk=book.portal_link.pk)
    now = timezone.now()
    for hours in range(previews.MOST + 5):
        with time_machine.travel(now + timedelta(hours=2 * hours)):
            previews.note(link, "TelegramBot (like TwitterBot)")
            previews.note(link, "TelegramBot (like TwitterBot)")
    assert LinkPreview.objects.filter(link=link).count() == previews.MOST


@pytest.mark.parametrize("agent", AGENTS.values(), ids=AGENTS)
def test_a_shared_invoice_sets_no_cookie_and_starts_no_session(book: Book, agent: str) -> None:
    address = links.path(book.invoice_link)
    for path in (address, f"{address}/pdf", f"{address}?lang=hi"):
        answer = Client(headers={"User-Agent": agent}).get(path)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer
        assert not answer.cookies
        assert answer["Cache-Control"] == "no-store, private"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Referrer-Policy"] == "same-origin"


def test_every_agent_reads_the_same_page(book: Book) -> None:
    """Who one says one is decides nothing: WhatsApp's own browser carries the name of its bot."""
    address = links.path(book.invoice_link)
    pages = {Client(headers={"User-Agent": agent}).get(address).content for agent in AGENTS.values()}
    assert len(pages) == 1


@pytest.mark.parametrize("link", ["invoice_link", "portal_link"])
def test_the_preview_of_a_link_is_the_same_for_every_shop_and_bill(book: Book, link: str) -> None:
    """Name, amount, number, GSTIN: none of it stands in the head, where messengers take their preview from."""
    Business.objects.filter(pk=book.business.pk).update(name="Suresh Ki Dukan", address="7 Secret Lane")
    other = factories.make_book("Mahesh", paise=77_77_00)
    heads = [head_of(Client().get(links.path(getattr(one, link))).content.decode()) for one in (book, other)]
    assert without_addresses(heads[0]) == without_addresses(heads[1])
    preview = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', heads[0]))
    assert (
        preview
        == {
            "invoice_link": {
                "type": "website",
                "site_name": "SharedLedger",
                "title": "Shared invoice",
                "description": "Open it to see the document that was shared with you.",
            },
            "portal_link": {
                "type": "website",
                "site_name": "SharedLedger",
                "title": "Your account book",
                "description": "Open it to log in with your mobile number.",
            },
        }[link]
    )


def head_of(page: str) -> str:
    return page[page.index("<head>") : page.index("</head>")]


def without_addresses(head: str) -> str:
    return re.sub(r"/[ip]/\w+", "/…", head)


def test_an_ended_or_unknown_link_tells_a_bot_no_name_of_a_customer(book: Book) -> None:
    links.revoke(book.invoice_link, book.owner)
    for address in (links.path(book.invoice_link), "/i/" + "x" * 33):
        page = Client(headers={"User-Agent": AGENTS["WhatsApp"]}).get(address).content.decode()
        for secret in (book.party.name, book.invoice.number, book.owner_phone, "1,234"):
            assert secret not in page


Read = Callable[[Client, str], Any]


@pytest.mark.parametrize("read", [Client.get, Client.head], ids=["GET", "HEAD"])
def test_reading_changes_nothing_for_people_who_are_signed_in_either(book: Book, read: Read) -> None:
    """The merchant's desk and the customer's portal, read from end to end."""
    shop, customer = factories.merchant_client(book.owner), factories.customer_client(book.party)
    desk, portal = f"/m/{book.business.slug}", f"/portal/{book.party.public_id}"
    rooms = {
        shop: [
            *(
                f"{desk}/{room}/"
                for room in ("parties", "invoices", "payments", "items", "orders", "messages", "settings")
            ),
            f"{desk}/",
            f"{desk}/store/",
            f"{desk}/parties/{book.party.public_id}/",
            f"{desk}/parties/{book.party.public_id}/share/",
            f"{desk}/parties/{book.other_party.public_id}/share/",
            f"{desk}/invoices/{book.other_invoice.public_id}/share/",
            f"{desk}/invoices/{book.invoice.public_id}/",
            f"{desk}/invoices/{book.invoice.public_id}/pdf",
            f"{desk}/invoices/{book.draft.public_id}/edit/",
            f"{desk}/invoices/new/?party={book.party.public_id}",
            f"{desk}/payments/new/?party={book.party.public_id}",
            f"{desk}/orders/{book.order.public_id}/",
            f"{desk}/items/{book.item.public_id}/",
            links.path(book.invoice_link),
        ],
        customer: [
            *(f"{portal}/{room}/" for room in ("invoices", "ledger", "store", "store/cart", "orders", "profile")),
            f"{portal}/",
            f"{portal}/invoices/{book.invoice.public_id}/",
            f"{portal}/invoices/{book.invoice.public_id}/pdf",
            f"{portal}/orders/{book.order.public_id}/",
            f"{portal}/store/{book.item.public_id}/image",
            links.path(book.invoice_link),
        ],
    }
    before = everything()
    for client, places in rooms.items():
        for place in places:
            assert (place, read(client, place).status_code) == (place, 200)
    assert read(customer, links.path(book.portal_link)).status_code == 302
    assert everything() == before


def test_only_the_report_from_a_page_before_the_eyes_counts_as_an_open(book: Book) -> None:
    """The control: the same comparison sees the one row that a POST writes, the counter beside it, and the shop's news."""
    before = everything()
    assert Client().post(f"{links.path(book.invoice_link)}/opened").status_code == 204
    after = everything()
    changed = {table: len(rows) - len(before[table]) for table, rows in after.items() if rows != before[table]}
    # The shop is told of the first open of an invoice (accounts.notices).
    assert changed == {"ledger_linkopen": 1, "accounts_limitcounter": 1, "accounts_notice": 1}

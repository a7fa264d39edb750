"""Every page a person can be shown, as Django's test client gets it: in a language, with and without mistakes in its forms."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from accounts.india import today
from accounts.limits import LimitReached
from accounts.views import errors
from ledger import links
from tests import factories
from tests.browser.test_pages import CODE_PAGES, STRANGERS, Shown, make_shown, page_names


@dataclass(frozen=True)
class Sheet:
    """One page as it came: who it was shown to, where, and what stands in it."""

    name: str
    address: str
    language: str
    html: str
    client: Client = field(repr=False, compare=False)
    is_mistaken: bool = False  # a form that came back

    @property
    def file_name(self) -> str:
        return "".join(letter if letter.isalnum() else "-" for letter in f"{self.language} {self.name}") + ".html"


@dataclass(frozen=True)
class Asked:
    """How a page is asked for; `form` is sent by POST."""

    who: str
    name: str
    address: str
    form: dict[str, Any] | None = None
    status: int = 200


class Visitors:
    """Browsers of everybody who looks at the pages of one shop, all in one language."""

    def __init__(self, shown: Shown, language: str) -> None:
        book = shown.book
        self.language = language
        self.clients = {
            "stranger": Client(),
            "customer": factories.customer_client(book.owner_phone),
            "helper": factories.customer_client(book.helper_phone),
            "forged": Client(enforce_csrf_checks=True),
            "merchant": factories.merchant_client(book.owner),
        }
        for client in self.clients.values():
            client.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    def look(self, asked: Asked) -> Sheet:
        """The page, or the one that it leads to."""
        client = self.clients[asked.who]
        ask = client.get if asked.form is None else client.post
        answer: Any = ask(asked.address, asked.form, follow=True)
        assert answer.status_code == asked.status, f"{asked}: {answer.status_code}"
        return self.sheet(asked.name, asked.address, answer, client, is_mistaken=asked.status == 400)

    def sheet(
        self, name: str, address: str, answer: HttpResponse, client: Client | None = None, *, is_mistaken: bool = False
    ) -> Sheet:
        text = answer.content.decode()
        assert text.startswith("<!doctype html>"), name
        return Sheet(name, address, self.language, text, client or self.clients["stranger"], is_mistaken)


def portal(shown: Shown, language: str) -> list[Sheet]:
    """All that a customer, a helper of theirs and a stranger with a link can be shown."""
    visitors = Visitors(shown, language)
    _fill_the_cart(shown, visitors)
    sheets = [visitors.look(asked) for asked in _portal(shown)]
    return sheets + list(_refusals(visitors))


def merchant(shown: Shown) -> list[Sheet]:
    """The pages of the shop, in the one language they have."""
    visitors = Visitors(shown, "en")
    names = {
        name: arguments
        for name, arguments in page_names().items()
        if name.partition(":")[0] in {"accounts", "catalog", "ledger"} and name not in STRANGERS | CODE_PAGES
    }
    asked = [Asked("merchant", name, shown.address(name, arguments)) for name, arguments in names.items()]
    asked += [Asked("stranger", name, reverse(name)) for name in ("accounts:login", "accounts:signup")]
    return [visitors.look(one) for one in asked]


def make() -> Shown:
    """One shop for all audits; its customer has a second one, or the list of shops would lead straight on."""
    shown = make_shown()
    factories.make_party(factories.make_business("A second shop"), shown.book.owner_phone)
    factories.make_business("Another book", shown.book.owner)
    return shown


def _fill_the_cart(shown: Shown, visitors: Visitors) -> None:
    address = shown.address("portal:cart_line", ["party", "item"])
    assert visitors.clients["customer"].post(address, {"quantity": "1"}).status_code == 302


def _portal(shown: Shown) -> Iterator[Asked]:
    pages = page_names()
    for name, arguments in pages.items():
        if name in STRANGERS and (name == "front" or name.startswith("portal:")):
            yield Asked("stranger", name, shown.address(name, arguments))
        elif name.startswith("portal:") and name not in STRANGERS | CODE_PAGES:
            yield Asked("customer", name, shown.address(name, arguments))
    yield from _other_states(shown)
    yield from _mistakes(shown, pages)
    yield from _ended(shown)


def _other_states(shown: Shown) -> Iterator[Asked]:
    book, home = shown.book, f"/portal/{shown.book.party.public_id}"
    rooms = {
        "overdue": "?status=overdue",
        "nothing found": "?q=nothing+like+it",
        "cancelled": f"invoices/{book.cancelled.public_id}/",
        "credit note": f"invoices/{book.credit_note.public_id}/",
        "part settled": f"invoices/{book.invoice.public_id}/",
        "all of the ledger": "ledger/?period=all",
        "no row of the ledger": f"ledger/?start={today() - dt.timedelta(days=400)}&end={today() - dt.timedelta(days=390)}",
        "a month of gst": f"gst/?month={today():%Y-%m}",
        "nothing in store": "store/?q=nothing+like+it",
        "a part of the amount": "pay/?amount=500",
        "about a line": f"questions/new/?invoice={shown.taxed.public_id}&line=1",
        "one invoice paid": f"paid/?invoice={shown.taxed.public_id}",
    }
    for name, room in rooms.items():
        yield Asked("customer", name, f"{home}/{room}")
    for room in ("", "store/", "orders/", "profile/"):
        yield Asked("helper", f"helper {room or 'home'}", f"{home}/{room}")


def _mistakes(shown: Shown, pages: dict[str, list[str]]) -> Iterator[Asked]:
    """Forms sent with nothing or with nonsense in them."""
    for name in ("paid", "promise", "query", "balance", "comparisons"):
        yield Asked(
            "customer", f"{name} with nothing in it", shown.address(f"portal:{name}", pages[f"portal:{name}"]), {}, 400
        )
    home = f"/portal/{shown.book.party.public_id}"
    columns = shown.address("portal:comparison_columns", pages["portal:comparison_columns"])
    yield Asked("customer", "columns that do not fit", columns, {"head": "0"}, 400)
    about = f"{home}/questions/new/?invoice={shown.taxed.public_id}&line=1"
    yield Asked("customer", "about a line with nothing in it", about, {}, 400)
    yield Asked("customer", "an amount of nothing", f"{home}/pay/?amount=-3", status=400)
    yield Asked("customer", "a period turned round", f"{home}/ledger/?start=2026-05-02&end=2026-05-01", status=400)
    line = shown.address("portal:cart_line", ["party", "item"])
    yield Asked("customer", "a quantity of half", line, {"quantity": "1.5"}, 400)
    nonsense = {"phone": "12", "amount": "x"}
    yield Asked("stranger", "door with a wrong number", links.path(shown.book.portal_link), nonsense, 400)
    yield Asked("stranger", "general door with a wrong number", "/portal/login/", nonsense, 400)
    promise = shown.address("portal:promise_link", pages["portal:promise_link"])
    yield Asked("stranger", "promise by link with nonsense", promise, nonsense, 400)
    yield Asked("stranger", "portal:code", links.path(shown.book.portal_link), {"phone": shown.book.owner_phone})
    yield Asked("stranger", "a wrong code", "/portal/code/", {"code": "12"}, 400)
    yield Asked("stranger", "a link is on its way", "/portal/login/", {"phone": shown.book.owner_phone})


def _ended(shown: Shown) -> Iterator[Asked]:
    book = shown.book
    home = f"/portal/{book.party.public_id}"
    ended = links.for_invoice(book.other_invoice, book.owner)
    links.revoke(ended, book.owner)
    yield Asked("stranger", "an ended link", links.path(ended), status=410)
    yield Asked("stranger", "a fresh one is on its way", links.path(ended) + "/fresh", {})
    yield Asked("stranger", "404", "/nowhere/", status=404)
    yield Asked("stranger", "a link nobody made", "/i/" + "x" * 33, status=404)
    yield Asked("helper", "403", f"{home}/ledger/", status=403)
    yield Asked("forged", "403 without a token", "/portal/login/", {"phone": "1"}, 403)
    yield Asked("customer", "405", f"{home}/questions/{book.query.public_id}/close/", status=405)


def _refusals(visitors: Visitors) -> Iterator[Sheet]:
    """What no address gives in peace."""
    request = RequestFactory().get("/portal/")
    request.session = {}  # type: ignore[assignment]
    with translation.override(visitors.language):
        yield visitors.sheet("400", "/portal/", errors.bad_request(request))
        yield visitors.sheet("413", "/portal/", errors.bad_request(request, errors.TooLarge()))
        yield visitors.sheet("429", "/portal/", errors.too_often(request, LimitReached(600)))
        yield visitors.sheet("429 at the door", "/portal/", errors.too_often(request, LimitReached(60, "code-number")))
        yield visitors.sheet("500", "/portal/", HttpResponse(render_to_string("500.html")))

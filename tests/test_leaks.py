"""Who may see what: every address of the site is walked by every kind of visitor, with two shops that look alike.

The table below classes each URL name; an address that is not in it fails the test. What a visitor must never read
is written into the data as canaries: names and amounts of the other shop, of the neighbour party, of drafts.
"""

import copy
import datetime as dt
import gzip
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import django_otp
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django_otp.plugins.otp_totp.models import TOTPDevice
from pypdf import PdfReader

from accounts import outbox, parties, themes
from accounts.india import today
from accounts.models import Business, Message, Party, PartyPerson
from accounts.money import amount
from catalog import orders
from ledger import confirmations, links, news, queries, verifying
from ledger.models import Invoice
from portal import live
from tests import factories
from tests.factories import Book, Once, line

pytestmark = pytest.mark.django_db

OURS, THEIRS = "Aardvark", "Zebrafish"
OUR_PAISE, THEIR_PAISE = 71_317_00, 82_429_00
ABSENT = "zzzzzzzzzzz9"

# --- Visitors -----------------------------------------------------------------------------------------------

STRANGER, INVOICE_HOLDER, PORTAL_HOLDER = "stranger", "invoice link holder", "portal link holder"
OWNER, HELPER, MUNIM = "customer", "orders-only helper", "accountant"
NEIGHBOUR, FOREIGNER = "other customer of the shop", "customer of another shop"
MERCHANT, STAFF, RIVAL, OPERATOR = "merchant", "merchant's staff", "other merchant", "operator"

OUTSIDE = {STRANGER, INVOICE_HOLDER, PORTAL_HOLDER}
CUSTOMERS = {OWNER, HELPER, MUNIM, NEIGHBOUR, FOREIGNER}
MERCHANTS = {MERCHANT, STAFF, RIVAL, OPERATOR}
EVERYBODY = OUTSIDE | CUSTOMERS | MERCHANTS


def _expect(*parts: tuple[set[str], int]) -> dict[str, int]:
    found = {visitor: status for visitors, status in parts for visitor in visitors}
    assert set(found) == EVERYBODY
    return found


LOGIN = 302  # to the door of that world
PUBLIC = _expect((EVERYBODY, 200))
SHOP = _expect((OUTSIDE | CUSTOMERS, LOGIN), (MERCHANTS, 404), ({MERCHANT, STAFF}, 200))
SHOP_OWNER = SHOP | {STAFF: 403}
PARTY = _expect((OUTSIDE | MERCHANTS, LOGIN), (CUSTOMERS, 404), ({OWNER, HELPER, MUNIM}, 200))
PARTY_MONEY = PARTY | {HELPER: 403}
PERSONAL = PARTY_MONEY | {MUNIM: 404}  # the owner's own, of nobody else of the party
OWN_WISH = PARTY | {MUNIM: 404, HELPER: 404}  # what somebody asked for themselves: the owner here
PARTY_ORDERS = PARTY | {MUNIM: 403}
ANY_MERCHANT = _expect((OUTSIDE | CUSTOMERS, LOGIN), (MERCHANTS, 200))
ANY_CUSTOMER = _expect((OUTSIDE | MERCHANTS, LOGIN), (CUSTOMERS, 200))
OPERATOR_ONLY = _expect((EVERYBODY, LOGIN), ({OPERATOR}, 200))


@dataclass(frozen=True)
class Class:
    """How one address answers: a GET, and (for those who may not) a POST. `get` None: it takes POST only.

    `leads`: a GET of those who may sends them on.
    """

    who: dict[str, int]
    get: bool = True
    post: bool = False
    leads: bool = False


page, both, deed = Class, partial(Class, post=True), partial(Class, get=False, post=True)

TABLE: dict[str, Class] = {
    "front": page(PUBLIC),
    "health": page(PUBLIC),
    "robots": page(PUBLIC),
    "favicon": page(_expect((EVERYBODY, 301))),
    "set_language": deed(_expect((EVERYBODY, 302))),
    "components": page(PUBLIC),
    "theme": page(PUBLIC),  # a colour and nothing else
    # what providers call: whoever does not sign, signed in here or not, is refused
    "hooks:whatsapp": both(_expect((EVERYBODY, 403))),
    "hooks:sms": deed(_expect((EVERYBODY, 403))),
    "hooks:twilio": deed(_expect((EVERYBODY, 403))),
    "hooks:email": deed(_expect((EVERYBODY, 403))),
    # the merchants' door: those who are in are sent on
    "accounts:login": page(PUBLIC | dict.fromkeys(MERCHANTS, 302)),
    "accounts:signup": page(PUBLIC | dict.fromkeys(MERCHANTS, 302)),
    "accounts:login_code": page(_expect((EVERYBODY, 302))),
    "accounts:login_again": deed(_expect((EVERYBODY, 302))),
    "accounts:logout": deed(_expect((EVERYBODY, 302))),
    # who has one business, or none yet, is sent on at once
    "accounts:businesses": page(_expect((EVERYBODY, 302))),
    "accounts:business_new": page(ANY_MERCHANT),
    # the shop
    "accounts:settings": both(SHOP),
    "accounts:look": both(SHOP_OWNER),
    "accounts:logo": page(SHOP),
    "accounts:team": both(SHOP_OWNER),
    "accounts:team_role": deed(SHOP_OWNER),
    "accounts:team_remove": deed(SHOP_OWNER),
    "accounts:messages": page(SHOP),
    "accounts:message_again": deed(SHOP),
    "accounts:sender": both(SHOP_OWNER),
    "accounts:notices": page(SHOP),
    "accounts:notices_seen": deed(SHOP),
    "accounts:notify_me": deed(SHOP),
    "ledger:home": page(SHOP),
    "ledger:party_list": page(SHOP),
    "ledger:party_new": both(SHOP),
    "ledger:party": page(SHOP),
    "ledger:party_edit": both(SHOP),
    "ledger:person_add": deed(SHOP),
    "ledger:person_remove": deed(SHOP),
    "ledger:person_role": deed(SHOP),
    "ledger:links_revoke": deed(SHOP),
    "ledger:party_sharing": deed(SHOP),
    "ledger:party_end_sessions": deed(SHOP),
    "ledger:party_share": both(SHOP),
    "ledger:invoice_list": page(SHOP),
    "ledger:invoice_new": both(SHOP),
    "ledger:invoice_preview": deed(SHOP),
    "ledger:invoice_items": page(SHOP),
    "ledger:invoice": page(SHOP),
    "ledger:invoice_edit": both(SHOP),
    "ledger:invoice_issue": deed(SHOP),
    "ledger:invoice_discard": deed(SHOP),
    "ledger:invoice_cancel": both(SHOP),
    "ledger:invoice_credit": both(SHOP),
    "ledger:invoice_amend": both(SHOP),
    "ledger:credit_settles": both(SHOP),
    "ledger:invoice_share": both(SHOP),
    "ledger:invoice_pdf": page(SHOP),
    "ledger:payment_list": page(SHOP),
    "ledger:payment_new": both(SHOP),
    "ledger:payment": page(SHOP),
    # nothing ticked: back to the list
    "ledger:invoice_zip": page(SHOP | dict.fromkeys({MERCHANT, STAFF}, 302)),
    "ledger:receipt": page(SHOP),
    "ledger:receipt_pdf": page(SHOP),
    "ledger:receipt_share": both(SHOP),
    "ledger:payment_settle": deed(SHOP),
    "ledger:payment_settles": both(SHOP),
    "ledger:payment_cancel": both(SHOP),
    "ledger:claims": page(SHOP),
    "ledger:claim": page(SHOP),
    "ledger:claim_accept": deed(SHOP),
    "ledger:claim_decline": deed(SHOP),
    "ledger:claim_image": page(SHOP),
    "ledger:promises": page(SHOP),
    "ledger:promise_end": deed(SHOP),
    "ledger:queries": page(SHOP),
    "ledger:query": both(SHOP),
    "ledger:query_close": deed(SHOP),
    "ledger:query_image": page(SHOP),
    "ledger:party_confirm": both(SHOP),
    "ledger:party_comparisons": page(SHOP),
    "ledger:comparison": page(SHOP),
    "ledger:confirmation": page(SHOP),
    "ledger:adjustment_list": page(SHOP),
    "ledger:adjustment_new": both(SHOP),
    "ledger:adjustment": page(SHOP),
    "ledger:adjustment_settles": both(SHOP),
    "ledger:adjustment_cancel": both(SHOP),
    "ledger:numbers": both(SHOP),
    "ledger:series_default": deed(SHOP),
    "ledger:series_remove": deed(SHOP),
    "ledger:books": both(SHOP),
    "ledger:reminder_settings": both(SHOP),
    "ledger:party_reminders": both(SHOP),
    "ledger:reminder_list": page(SHOP),
    "ledger:reminder_choose": both(SHOP),
    "ledger:batch_cancel": deed(SHOP),
    "ledger:invoice_remind": deed(SHOP),
    "ledger:reports": page(SHOP),
    "ledger:report": page(SHOP),
    "ledger:report_file": page(SHOP),
    "ledger:statements": page(SHOP),
    "ledger:statement": page(SHOP),
    "ledger:statement_file": page(SHOP),
    "ledger:statement_share": both(SHOP),
    "ledger:link_revoke": deed(SHOP),
    "ledger:links": page(SHOP),
    "ledger:chosen_links_revoke": deed(SHOP),
    "ledger:data_requests": page(SHOP),
    "ledger:data_request": page(SHOP),
    "ledger:data_request_accept": deed(SHOP),
    "ledger:data_request_decline": deed(SHOP),
    "ledger:order_bill": deed(SHOP),
    "catalog:item_list": page(SHOP),
    "catalog:item_new": both(SHOP),
    "catalog:item": both(SHOP),
    "catalog:item_stock": deed(SHOP),
    "catalog:item_image": page(SHOP),
    "catalog:order_list": page(SHOP),
    "catalog:order": page(SHOP),
    "catalog:order_decline": deed(SHOP),
    "catalog:store_settings": both(SHOP),
    # whoever holds a link
    "portal:invoice_link": page(PUBLIC),
    "portal:invoice_link_pdf": page(PUBLIC),
    "portal:invoice_link_logo": page(PUBLIC),
    "portal:invoice_live": page(PUBLIC),
    # a link that works is simply opened
    "portal:invoice_fresh": page(_expect((EVERYBODY, 302))),
    "portal:portal_fresh": page(_expect((EVERYBODY, 302))),
    "portal:receipt_fresh": page(_expect((EVERYBODY, 302))),
    "portal:statement_fresh": page(_expect((EVERYBODY, 302))),
    "portal:promise_link": page(PUBLIC),
    "portal:verify": page(PUBLIC),
    "portal:invoice_opened": deed(_expect((EVERYBODY, 204))),
    "portal:invoice_saved": deed(_expect((EVERYBODY, 204))),
    "portal:invoice_login": page(PUBLIC | dict.fromkeys({OWNER, HELPER, MUNIM}, 302)),
    "portal:invoice_wishes": page(PUBLIC),
    "portal:statement_wishes": page(PUBLIC),
    "portal:portal_link": page(PUBLIC | dict.fromkeys({OWNER, HELPER, MUNIM}, 302)),
    "portal:receipt_link": page(PUBLIC),
    "portal:receipt_link_pdf": page(PUBLIC),
    "portal:receipt_link_logo": page(PUBLIC),
    "portal:receipt_opened": deed(_expect((EVERYBODY, 204))),
    "portal:receipt_saved": deed(_expect((EVERYBODY, 204))),
    "portal:receipt_login": page(PUBLIC | dict.fromkeys({OWNER, HELPER, MUNIM}, 302)),
    "portal:statement_link": page(PUBLIC),
    "portal:statement_link_file": page(PUBLIC),
    "portal:statement_link_logo": page(PUBLIC),
    "portal:statement_opened": deed(_expect((EVERYBODY, 204))),
    "portal:statement_saved": deed(_expect((EVERYBODY, 204))),
    "portal:statement_login": page(PUBLIC | dict.fromkeys({OWNER, HELPER, MUNIM}, 302)),
    # the customers' door
    "portal:login": page(PUBLIC | dict.fromkeys(CUSTOMERS, 302)),
    "portal:code": page(_expect((EVERYBODY, 302), ({PORTAL_HOLDER}, 200))),
    "portal:logout": deed(_expect((EVERYBODY, 302))),
    "portal:sign_out_everywhere": deed(ANY_CUSTOMER),
    "portal:sign_out_device": deed(PARTY),
    "portal:consent": page(ANY_CUSTOMER),
    "portal:manifest": page(PUBLIC),
    "portal:worker": page(PUBLIC),
    "portal:offline": page(PUBLIC),
    "portal:shortcut": page(_expect((EVERYBODY, 302))),
    "portal:chooser": page(_expect((EVERYBODY, 302))),
    # the customer
    "portal:dashboard": page(PARTY),
    "portal:logo": page(PARTY),
    "portal:invoices": page(PARTY_MONEY),
    "portal:invoice": page(PARTY_MONEY),
    "portal:invoice_pdf": page(PARTY_MONEY),
    "portal:ledger": page(PARTY_MONEY),
    "portal:ledger_file": page(PARTY_MONEY),
    "portal:adjustment": page(PARTY_MONEY),
    "portal:invoice_zip": page(PARTY_MONEY | dict.fromkeys({OWNER, MUNIM}, 302)),
    "portal:receipts": page(PARTY_MONEY),
    "portal:statements": page(PARTY_MONEY),
    "portal:receipt": page(PARTY_MONEY),
    "portal:receipt_pdf": page(PARTY_MONEY),
    "portal:pay": page(PARTY_MONEY),
    "portal:paid": both(PARTY_MONEY),
    "portal:claim": page(PARTY_MONEY),
    "portal:claim_withdraw": deed(PARTY_MONEY),
    "portal:claim_image": page(PARTY_MONEY),
    "portal:promise": both(PARTY_MONEY),
    "portal:promise_withdraw": deed(PARTY_MONEY),
    "portal:queries": page(PARTY_MONEY),
    "portal:query_new": both(PARTY_MONEY, leads=True),
    "portal:query": both(PARTY_MONEY),
    "portal:query_close": deed(PARTY_MONEY),
    "portal:query_image": page(PARTY_MONEY),
    "portal:balance": both(PARTY_MONEY),
    "portal:balance_file": page(PARTY_MONEY),
    "portal:confirmation": page(PARTY_MONEY),
    # a file is its uploader's alone: the owner's here
    "portal:gst": page(PARTY_MONEY),
    "portal:gst_file": page(PARTY_MONEY | dict.fromkeys({OWNER, MUNIM}, 302)),  # without a GSTIN
    "portal:comparisons": both(PARTY_MONEY),
    "portal:comparison": page(PERSONAL),
    "portal:comparison_columns": both(PERSONAL),
    "portal:comparison_file": page(PERSONAL),
    "portal:comparison_share": deed(PERSONAL),
    "portal:comparison_delete": deed(PERSONAL),
    "portal:store": page(PARTY),
    "portal:cart": page(PARTY_ORDERS),
    "portal:cart_line": deed(PARTY_ORDERS),
    "portal:checkout": both(PARTY_ORDERS, leads=True),
    "portal:item_image": page(PARTY),
    "portal:orders": page(PARTY),
    "portal:live": page(PARTY),
    "portal:order": page(PARTY),
    "portal:order_cancel": deed(PARTY_ORDERS),
    "portal:order_reorder": deed(PARTY_ORDERS),
    "portal:profile": page(PARTY),
    "portal:correct": both(PARTY_MONEY),
    "portal:take_back": deed(OWN_WISH),
    "portal:stored": page(PARTY),
    "portal:stored_file": page(PARTY),
    "portal:erase": both(PARTY),
    "portal:wishes": both(PARTY),
}
# Staff see these; only the owner of the shop changes them.
OWNERS_ALONE = {
    (STAFF, name)
    for name in (
        "accounts:settings",
        "catalog:store_settings",
        "ledger:numbers",
        "ledger:series_default",
        "ledger:series_remove",
        "ledger:books",
        "ledger:reminder_settings",
    )
}
# A wildcard of Django's own that redirects or refuses; below /admin/ everything is classed by its prefix.
ADMIN = "admin/"


def addresses() -> Iterator[tuple[str, str]]:
    """(name, pattern) of every address the site answers."""

    def walk(patterns: list[Any], prefix: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            where = prefix + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield ":".join([*names, pattern.name or ""]), where
            elif isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, where, (*names, *filter(None, [pattern.namespace])))

    return walk(get_resolver().url_patterns, "", ())


def test_every_address_is_classed_and_no_class_is_left_over() -> None:
    names = {name for name, where in addresses() if not where.startswith(ADMIN)}
    assert names - set(TABLE) == set(), "say in TABLE who may see these"
    assert set(TABLE) - names == set(), "these are gone"


# --- The two shops ------------------------------------------------------------------------------------------


@dataclass
class Town:
    """Our shop and theirs, and what else our shop keeps from some of its own customers."""

    ours: Book
    theirs: Book
    hidden: Invoice
    other_order: Any
    other_claim: Any
    other_talks: dict[str, Any]
    visitors: dict[str, Client]


@pytest.fixture(scope="module")
def _town(once: Once) -> Town:
    with once():
        return build_town()


@pytest.fixture
def town(_town: Town) -> Town:
    visitors = {visitor: factories.same_browser(client) for visitor, client in _town.visitors.items()}
    return replace(copy.deepcopy(replace(_town, visitors={})), visitors=visitors)


def build_town() -> Town:
    ours, theirs = factories.make_book(OURS, paise=OUR_PAISE), factories.make_book(THEIRS, paise=THEIR_PAISE)
    for book in (ours, theirs):
        Party.objects.filter(pk=book.party.pk).update(note=f"{book.mark} grudge", reference=f"{book.mark} code")
    hidden = factories.make_invoice(ours.party, lines=[line(f"{OURS} Ghee", paise=OUR_PAISE + 11_00)])
    buyer = factories.make_user(ours.other_phone)
    other_order = orders.place(ours.other_party, buyer, {ours.item.pk: 1000}, note=f"{OURS} hurry")
    other_claim = factories.make_claim(ours.other_party, OUR_PAISE + 700, by=buyer, note=f"{OURS} hurry")
    other_query = factories.make_query(ours.other_invoice, f"{OURS} hurry", by=buyer)
    other_talks = {
        "promise": factories.make_promise(ours.other_party, OUR_PAISE + 700, by=buyer, note=f"{OURS} hurry"),
        "query": other_query,
        "message": other_query.messages.get(),
        "confirmation": factories.make_confirmation(ours.other_party, by=buyer, note=f"{OURS} hurry"),
        "comparison": factories.make_comparison(ours.other_party, f"{OURS} hurry", by=buyer),
        "asked": factories.make_correction(ours.other_party, city=f"{OURS} hurry", by=buyer),
    }
    return Town(ours, theirs, hidden, other_order, other_claim, other_talks, visitors_of(ours, theirs))


def visitors_of(ours: Book, theirs: Book) -> dict[str, Client]:
    invoice_holder, portal_holder = Client(), Client()
    invoice_holder.get(links.path(ours.invoice_link))
    invoice_holder.post(links.path(ours.invoice_link) + "/opened")
    portal_holder.post(links.path(ours.portal_link), {"phone": ours.owner_phone})
    return {
        STRANGER: Client(),
        INVOICE_HOLDER: invoice_holder,
        PORTAL_HOLDER: portal_holder,
        OWNER: factories.customer_client(ours.owner_phone),
        HELPER: factories.customer_client(ours.helper_phone),
        MUNIM: factories.customer_client(ours.accountant_phone),
        NEIGHBOUR: factories.customer_client(ours.other_phone),
        FOREIGNER: factories.customer_client(theirs.owner_phone),
        MERCHANT: factories.merchant_client(ours.owner),
        STAFF: factories.merchant_client(ours.staff),
        RIVAL: factories.merchant_client(theirs.owner),
        OPERATOR: operator_client(),
    }


def operator_client() -> Client:
    """Password and authenticator, as /admin/ asks for."""
    user = factories.make_user(name="Operator", is_staff=True, is_superuser=True)
    client = factories.merchant_client(user)
    request = client.get("/m/").wsgi_request
    django_otp.login(request, TOTPDevice.objects.create(user=user, name="phone", confirmed=True))
    request.session.save()
    return client


def own_arguments(town: Town, name: str) -> dict[str, str]:
    """The rows of our shop and our party that an address may name."""
    ours = town.ours
    draft = name in {"ledger:invoice_edit", "ledger:invoice_issue", "ledger:invoice_discard"}
    document = ours.draft if draft else ours.credit_note if name == "ledger:credit_settles" else ours.invoice
    if name == "ledger:invoice_amend":  # the other invoice is credited in part already
        document = ours.other_invoice
    link = ours.portal_link if name in {"portal:portal_link", "portal:portal_fresh"} else ours.invoice_link
    if name.startswith(("portal:receipt_", "portal:statement_")):
        link = ours.receipt_link if name.startswith("portal:receipt_") else ours.statement_link
    return {
        "slug": ours.business.slug,
        "party": ours.party.public_id,
        "invoice": document.public_id,
        "payment": ours.payment.public_id,
        "adjustment": ours.adjustment.public_id,
        "claim": ours.claim.public_id,
        "promise": ours.promise.public_id,
        "query": ours.query.public_id,
        "message": ours.word.public_id,
        "confirmation": ours.confirmation.public_id,
        "comparison": ours.comparison.public_id,
        "item": ours.item.public_id,
        "image": ours.image.public_id,
        "order": ours.order.public_id,
        "batch": ours.batch.public_id,
        "asked": ours.asked.public_id,
        "link": ours.invoice_link.public_id,
        "sent": str(ours.message.reference),
        "report": "sales",
        "page": "ledger",
        "form": "csv",
        "token": verifying.token(document) if name == "portal:verify" else links.token(link),
        "name": themes.name("#19605f"),
    }


def address(name: str, arguments: dict[str, str]) -> str:
    (where,) = [where for found, where in addresses() if found == name]
    return reverse(name, kwargs={key: arguments[key] for key in re.findall(r"<(?:\w+:)?(\w+)>", where)})


# --- What nobody else may read ------------------------------------------------------------------------------


# What was promised, asked, answered and confirmed: for those of the party who see its money, and the shop.
TALKS = [f"{OURS} {word}" for word in ("harvest", "torn bags", "looks", "waits", "books")]


def canaries(town: Town, visitor: str, name: str) -> list[str]:
    """Texts of our shop and theirs that this visitor must not read at this address."""
    ours, theirs = town.ours, town.theirs
    of_theirs = [THEIRS, amount(THEIR_PAISE), amount(THEIR_PAISE + 700), theirs.business.slug, theirs.owner_phone[3:]]
    neighbours = [f"{OURS} Stores", f"{OURS} Atta", f"{OURS} hurry", amount(OUR_PAISE + 700), ours.other_phone[3:]]
    drafts = [f"{OURS} Secret", amount(OUR_PAISE + 900)]
    private = [f"{OURS} grudge", f"{OURS} code"]
    money = [amount(OUR_PAISE), amount(OUR_PAISE + 11_00), f"{OURS} note", f"{OURS} Return", *TALKS, f"{OURS} Garh"]
    rest_of_party = [
        *TALKS,
        f"{OURS} Garh",
        f"{OURS} Ghee",
        amount(OUR_PAISE + 11_00),
        f"{OURS} Helper",
        f"{OURS} please",
        *private,
    ]
    behind = _not_behind_a_link(name, money, rest_of_party, private)
    if visitor == OPERATOR and name.startswith(ADMIN):
        return []
    if visitor in {MERCHANT, STAFF}:
        # On a public link they are anybody.
        unseen = rest_of_party if behind is None else behind
        return of_theirs if not name.startswith("portal:") else [*of_theirs, *neighbours, *drafts, *unseen]
    if visitor == RIVAL:
        return [OURS, amount(OUR_PAISE), *money] if not name.startswith("portal:") else [*neighbours, *drafts, *private]
    if behind is not None:
        return [*of_theirs, *neighbours, *drafts, *behind]
    if visitor in {OWNER, MUNIM}:
        return [*of_theirs, *neighbours, *drafts, *private]
    if visitor == HELPER:
        return [*of_theirs, *neighbours, *drafts, *private, *money]
    if visitor == NEIGHBOUR:
        return [*of_theirs, f"{OURS} Kirana", *drafts, *money, *rest_of_party, ours.owner_phone[3:]]
    if visitor == FOREIGNER:
        return [OURS, *money, *drafts]
    return [OURS, THEIRS, *of_theirs, *neighbours, *drafts, *money]


def _not_behind_a_link(name: str, money: list[str], rest_of_party: list[str], private: list[str]) -> list[str] | None:
    """What of the very party does not stand behind a link, or at its door; None for any other address."""
    if name == "portal:verify":  # the number, the total, the shop and its UPI id: nothing of the buyer or the lines
        return [*rest_of_party, f"{OURS} Kirana", f"{OURS} Rice", f"{OURS} note"]
    if name in {"portal:invoice_link", "portal:invoice_link_pdf", "portal:promise_link"}:
        return rest_of_party
    if name in {"portal:invoice_wishes", "portal:statement_wishes"}:  # how one is written to, and nothing of the book
        return [*money, *rest_of_party, f"{OURS} Kirana"]
    if name in {"portal:portal_link", "portal:code"} or (name.endswith("_login") and name.startswith("portal:")):
        return [*money, *rest_of_party, f"{OURS} Kirana"]
    if name.startswith("portal:receipt_") and name != "portal:receipt_pdf":  # what it settled, and no balance
        return [*rest_of_party, f"{OURS} note", f"{OURS} Return", amount(OUR_PAISE)]
    if name.startswith("portal:statement_"):
        return [*TALKS, f"{OURS} Helper", f"{OURS} please", f"{OURS} note", *private]
    return None


def text_of(response: Any) -> str:
    """What a person could read in an answer, a PDF's text too."""
    body = b"".join(response) if response.streaming else response.content
    if response.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    if response.get("Content-Type", "") == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            body = b"\n".join(packed.read(name) for name in packed.namelist())
        # A table writes an amount without commas.
        body += re.sub(rb"\b(\d+)\.(\d\d)\b", lambda found: amount(int(found[1] + found[2])).encode(), body)
    if response.get("Content-Type", "").startswith("application/pdf"):
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    headers = " ".join(f"{key}={value}" for key, value in response.items())
    return headers + body.decode(errors="replace")


@contextmanager
def writes() -> Iterator[list[str]]:
    """The statements that change a row while the block runs.

    A paper drawn and kept is nothing that anybody sees, nor is how often a file was asked for.
    """
    found: list[str] = []

    def unseen(sql: str) -> bool:
        return '"ledger_paper"' in sql or sql.startswith("INSERT INTO accounts_limitcounter")

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if re.match(r"\s*(INSERT|UPDATE|DELETE)", sql, re.IGNORECASE) and not unseen(sql):
            found.append(sql[:80])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield found


# --- The walk -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("visitor", sorted(EVERYBODY))
def test_every_page_shows_itself_to_those_who_may_see_it_and_changes_nothing(town: Town, visitor: str) -> None:
    """GET and HEAD of every address: the status of the table, no canary, and no row written."""
    browser, faults = town.visitors[visitor], []
    for name, how in TABLE.items():
        where = address(name, own_arguments(town, name))
        with writes() as written:
            answer = browser.get(where)
            head = browser.head(where) if not name.endswith("pdf") else answer
        expected = 302 if how.leads and how.who[visitor] == 200 else how.who[visitor]
        if not how.get:
            # Where there is no page, only a door may come before "not like this".
            expected = LOGIN if expected == LOGIN and _is_private(name) else 405
        if answer.status_code != expected:
            faults.append(f"{name}: {answer.status_code} instead of {expected}")
        if head.status_code != answer.status_code:
            faults.append(f"{name}: HEAD {head.status_code}, GET {answer.status_code}")
        if written:
            faults.append(f"{name}: a GET writes {written}")
        text = text_of(answer)
        faults += [f"{name}: shows {canary!r}" for canary in canaries(town, visitor, name) if canary in text]
        if how.who[visitor] == LOGIN and _is_private(name):
            door = "/m/login/" if where.startswith("/m/") else "/portal/login/"
            if not answer.headers["Location"].startswith(door):
                faults.append(f"{name}: leads to {answer.headers['Location']}")
    assert faults == []


def _is_private(name: str) -> bool:
    return TABLE[name].who in (
        SHOP,
        SHOP_OWNER,
        PARTY,
        PARTY_MONEY,
        PARTY_ORDERS,
        PERSONAL,
        OWN_WISH,
        ANY_MERCHANT,
        ANY_CUSTOMER,
    )


@pytest.mark.parametrize("visitor", sorted(EVERYBODY))
def test_every_deed_of_those_who_may_not_changes_nothing(town: Town, visitor: str) -> None:
    """POST to every address by everybody whom the table does not let in, with a form that would be right."""
    browser, faults = town.visitors[visitor], []
    form = {"form_key": "k" * 24, "amount": "5", "phone": factories.new_phone(), "name": "Intruder", "reason": "none"}
    for name, how in TABLE.items():
        if not (how.post and _is_private(name)) or how.who[visitor] == 200:
            continue
        with writes() as written:
            answer = browser.post(address(name, own_arguments(town, name)), form)
        if answer.status_code != how.who[visitor]:
            faults.append(f"{name}: POST {answer.status_code} instead of {how.who[visitor]}")
        if written:
            faults.append(f"{name}: POST writes {written}")
    assert faults == []


@pytest.mark.parametrize("visitor", [MERCHANT, STAFF, OWNER, HELPER])
def test_those_who_may_reach_their_deeds(town: Town, visitor: str) -> None:
    """The walk above must not pass because everything is shut."""
    browser, faults = town.visitors[visitor], []
    for name, how in TABLE.items():
        if not (how.post and _is_private(name)) or how.who[visitor] != 200:
            continue
        with transaction.atomic():
            form = {
                "ledger:invoice_preview": {"party": town.ours.party.public_id},
                "ledger:series_default": {"series": town.ours.invoice.series_id},
                "ledger:series_remove": {"series": town.ours.invoice.series_id},
            }.get(name, {})
            status = browser.post(address(name, own_arguments(town, name)), form).status_code
            transaction.set_rollback(True)
        if status not in {200, 204, 302, 400} and (visitor, name) not in OWNERS_ALONE:
            faults.append(f"{name}: POST {status}")
    assert faults == []


def test_only_the_owner_changes_the_shops_settings(town: Town) -> None:
    for visitor, name in sorted(OWNERS_ALONE):
        with writes() as written:
            assert town.visitors[visitor].post(address(name, own_arguments(town, name)), {}).status_code == 403
        assert written == []


def test_the_canaries_do_sing_where_they_may(town: Town) -> None:
    """Or their silence would prove nothing: each text of ours stands on some page of somebody who may read it."""
    ours, seen = town.ours, {MERCHANT: "", OWNER: "", NEIGHBOUR: "", HELPER: ""}
    for visitor in seen:
        neighbours = {"party": ours.other_party.public_id, "invoice": ours.other_invoice.public_id}
        for name, how in TABLE.items():
            if how.get and _is_private(name) and not name.endswith(("image", "pdf")):
                own = own_arguments(town, name)
                changed = {key: neighbours[key] for key in neighbours if visitor in {NEIGHBOUR, MERCHANT}}
                more = {"invoice": ours.credit_note.public_id, "order": town.other_order.public_id}
                for arguments in (own, own | changed, own | more if visitor == MERCHANT else own):
                    seen[visitor] += text_of(town.visitors[visitor].get(address(name, arguments)))
    of_ours = [
        f"{OURS} Kirana", f"{OURS} Stores", f"{OURS} Atta", f"{OURS} Secret", f"{OURS} Return", f"{OURS} grudge",
        f"{OURS} code", f"{OURS} Garh", f"{OURS} note", f"{OURS} Helper", *TALKS, f"{OURS} please", f"{OURS} hurry",
        *(amount(OUR_PAISE + more) for more in (0, 700, 900, 11_00)),
    ]  # fmt: skip
    assert [canary for canary in of_ours if canary not in seen[MERCHANT]] == []
    of_owner = [*TALKS, f"{OURS} Garh", f"{OURS} Ghee", amount(OUR_PAISE), amount(OUR_PAISE + 11_00), f"{OURS} please"]
    assert [canary for canary in of_owner if canary not in seen[OWNER] + _paper_of(town)] == []
    assert [canary for canary in (f"{OURS} Atta", amount(OUR_PAISE + 700)) if canary not in seen[NEIGHBOUR]] == []
    assert f"{OURS} Rice" in seen[HELPER]


def _paper_of(town: Town) -> str:
    own = own_arguments(town, "portal:invoice") | {"invoice": town.hidden.public_id}
    return "".join(
        text_of(town.visitors[OWNER].get(address(name, own))) for name in ("portal:invoice", "portal:invoice_pdf")
    )


def foreign_rows(town: Town, name: str, key: str) -> list[str]:
    """Public ids of rows that exist and are not of our shop, or for a customer not of our party."""
    ours, theirs = town.ours, town.theirs
    rows: dict[str, list[Any]] = {
        "party": [theirs.party],
        "invoice": [theirs.invoice, theirs.draft],
        "payment": [theirs.payment],
        "adjustment": [theirs.adjustment],
        "claim": [theirs.claim],
        "promise": [theirs.promise],
        "query": [theirs.query],
        "message": [theirs.word],
        "confirmation": [theirs.confirmation],
        "comparison": [theirs.comparison],
        "item": [theirs.item],
        "image": [theirs.image],
        "order": [theirs.order],
        "batch": [theirs.batch],
        "asked": [theirs.asked],
        "link": [theirs.invoice_link, theirs.portal_link],
        "sent": [theirs.message],
        # names of the program's own, no rows of anybody
        "report": [],
        "form": [],
    }
    if name.startswith("portal:"):
        rows |= {
            "party": [ours.other_party, theirs.party],
            "invoice": [ours.other_invoice, theirs.invoice, ours.draft],
            "payment": [ours.taxed_payment, theirs.payment],
            "order": [town.other_order, theirs.order],
            "claim": [town.other_claim, theirs.claim],
            **{kind: [town.other_talks[kind], *rows[kind]] for kind in town.other_talks},
        }
    if key == "slug":
        return [theirs.business.slug]
    return [str(row.reference) if isinstance(row, Message) else row.public_id for row in rows[key]]


@pytest.mark.parametrize("visitor", [MERCHANT, OWNER])
def test_a_foreign_row_answers_like_one_that_does_not_exist(town: Town, visitor: str) -> None:
    """Every id in every address, one after the other: 404 with the same body, nothing written, no canary."""
    browser, faults, tried = town.visitors[visitor], [], 0
    for name, how in TABLE.items():
        if not _is_private(name) or how.who[visitor] != 200:
            continue
        own = own_arguments(town, name)
        for key in re.findall(r"<\w+:(\w+)>", dict(addresses())[name]):
            absent = _ask(browser, how, address(name, own | {key: ABSENT}))
            for foreign in foreign_rows(town, name, key):
                with writes() as written:
                    answer = _ask(browser, how, address(name, own | {key: foreign}))
                tried += 1
                if answer.status_code != 404 or absent.status_code != 404:
                    faults.append(f"{name} {key}: {answer.status_code}, absent {absent.status_code}")
                if _same(answer, foreign) != _same(absent, ABSENT):
                    faults.append(f"{name} {key}: foreign and absent differ")
                if written:
                    faults.append(f"{name} {key}: writes {written}")
                faults += [f"{name} {key}: {c!r}" for c in canaries(town, visitor, name) if c in text_of(answer)]
    assert faults == []
    assert tried > 20


def _ask(browser: Client, how: Class, where: str) -> Any:
    return browser.get(where) if how.get else browser.post(where, {"form_key": "k" * 24})


def _same(answer: Any, named: str) -> tuple[int, str]:
    """Status and body, with the id that was asked for and the CSRF token taken out."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return answer.status_code, body.replace(named, "ID")


@pytest.mark.parametrize("visitor", [MERCHANT, OWNER])
def test_rows_of_the_other_shop_hide_in_forms_and_filters_too(town: Town, visitor: str) -> None:
    """Ids and words in the query: a filter narrows what one may see, and never widens it."""
    browser, theirs = town.visitors[visitor], town.theirs
    queries = [
        {"party": theirs.party.public_id},
        {"invoice": theirs.invoice.public_id},
        {"item": theirs.item.public_id},
        {"q": THEIRS},
        {"search": THEIRS, "show": "all", "status": "all"},
        {"q": theirs.invoice.number, "after": "20200101-1", "page": "2"},
        {"after": "x' OR 1=1 --", "before": "9" * 400, "from": "2026-02-31", "to": "\x00", "show": "\x00"},
    ]
    faults = []
    for name, how in TABLE.items():
        if not (how.get and _is_private(name)) or how.who[visitor] != 200 or name.endswith("pdf"):
            continue
        where = address(name, own_arguments(town, name))
        for query in queries:
            answer = browser.get(where, query)
            if answer.status_code >= 500:
                faults.append(f"{name} {query}: {answer.status_code}")
            # What was typed stands in its field again; their other words do not.
            typed, text = set(query.values()), text_of(answer)
            shown = [c for c in canaries(town, visitor, name) if c != THEIRS and c not in typed and c in text]
            faults += [f"{name} {query}: shows {canary!r}" for canary in shown]
    assert faults == []


def test_rows_of_the_other_shop_in_the_body_of_a_form_are_not_found(town: Town) -> None:
    ours, theirs, browser = town.ours, town.theirs, town.visitors[MERCHANT]
    own = own_arguments(town, "ledger:party")
    person = PartyPerson.objects.filter(party=theirs.party).first()
    assert person
    browser.post(address("ledger:person_remove", own), {"person": person.pk})
    assert PartyPerson.objects.filter(pk=person.pk).exists()
    preview = address("ledger:invoice_preview", own)
    assert browser.post(preview, {"party": theirs.party.public_id}).status_code == 404
    rows = {"lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0, "lines-0-item": theirs.item.public_id}
    rows |= {"lines-0-description": "x", "lines-0-quantity": "1", "lines-0-price": "", "issued_on": "2026-11-01"}
    assert THEIRS not in text_of(browser.post(preview, {"party": ours.party.public_id} | rows))
    for name in ("ledger:invoice_new", "ledger:payment_new"):
        for query in ({"party": theirs.party.public_id}, {"invoice": theirs.invoice.public_id}):
            where = address(name, own) + "?" + "&".join(f"{key}={value}" for key, value in query.items())
            with writes() as written:
                answer = browser.post(
                    where, rows | {"form_key": "k" * 24, "do": "issue", "amount": "5", "mode": "cash"}
                )
            assert THEIRS not in text_of(answer)
            assert answer.status_code in {200, 400, 404}, where
            assert written == [], where
    items = {theirs.item.public_id: "1"}
    customer = town.visitors[OWNER]
    for public_id in items:
        where = address("portal:cart_line", own_arguments(town, "portal:cart_line") | {"item": public_id})
        assert customer.post(where, {"quantity": "1"}).status_code == 404


# --- What ends, ends everywhere ------------------------------------------------------------------------------


def _party_pages(town: Town) -> dict[str, int]:
    """Addresses of one party, each with how it answers whoever may see it."""
    return {
        address(name, own_arguments(town, name)): 302 if how.leads else 200
        for name, how in TABLE.items()
        if how.get and how.who in (PARTY, PARTY_MONEY, PARTY_ORDERS)
    }


@pytest.mark.parametrize("how", ["stopped", "number changed", "sessions ended", "person removed", "business closed"])
def test_a_customer_who_lost_access_sees_nothing_at_the_next_request(town: Town, how: str) -> None:
    ours, browser = town.ours, town.visitors[OWNER]
    pages = _party_pages(town)
    assert {where: browser.get(where).status_code for where in pages} == pages
    if how == "stopped":
        parties.set_shared(ours.party, False, ours.owner)
    elif how == "number changed":
        parties.set_main_number(ours.party, factories.new_phone(), "", ours.owner)
    elif how == "sessions ended":
        parties.end_sessions(ours.party, ours.owner)
    elif how == "person removed":
        parties.remove_person(PartyPerson.objects.get(party=ours.party, phone=ours.owner_phone), ours.owner)
    else:
        Business.objects.filter(pk=ours.business.pk).update(is_active=False)
    assert {browser.get(where).status_code for where in pages} == {404}
    tokens = [links.path(ours.invoice_link), links.path(ours.invoice_link) + "/pdf", links.path(ours.portal_link)]
    expected = 404 if how == "business closed" else 410
    assert [Client().get(where).status_code for where in tokens] == [expected] * 3
    assert Client().post(tokens[0] + "/opened").status_code == expected


def test_a_member_who_left_sees_nothing_at_the_next_request(town: Town) -> None:
    browser, where = town.visitors[STAFF], f"/m/{town.ours.business.slug}/"
    assert browser.get(where).status_code == 200
    town.ours.staff.memberships.update(is_active=False)
    assert browser.get(where).status_code == 404


# --- The operator's rooms -----------------------------------------------------------------------------------


def admin_addresses() -> list[str]:
    found = []
    for name, where in addresses():
        if where.startswith(ADMIN) and "(" not in where and not name.endswith(("login", "logout", "jsi18n")):
            found.append("/" + re.sub(r"<[^>]+>", "1", where))
    return found


def test_the_admin_opens_for_the_operator_and_for_nobody_else(town: Town) -> None:
    assert len(admin_addresses()) > 40
    faults = []
    for visitor in sorted(EVERYBODY - {OPERATOR}):
        for where in admin_addresses():
            answer = town.visitors[visitor].get(where)
            if answer.status_code == 200 or any(mark in text_of(answer) for mark in (OURS, THEIRS)):
                faults.append(f"{visitor}: {where} {answer.status_code}")
    assert faults == []
    operator = town.visitors[OPERATOR]
    lists = [where for where in admin_addresses() if re.fullmatch(r"/admin/\w+/\w+/", where)]
    assert {operator.get(where).status_code for where in lists} == {200}


def test_an_operators_number_and_code_do_not_open_the_admin() -> None:
    """The code proves a number, the admin asks for password and authenticator."""
    user = factories.make_user(is_staff=True, is_superuser=True)
    browser = factories.merchant_client(user)
    assert {browser.get(where).status_code for where in admin_addresses()} <= {302, 403, 404}


# --- Headers ------------------------------------------------------------------------------------------------


def test_no_page_of_anybody_is_stored_or_indexed(town: Town) -> None:
    faults = []
    for visitor in (STRANGER, OWNER, MERCHANT):
        for name, how in TABLE.items():
            if not how.get or name in {"front", "health", "robots"}:
                continue
            answer = town.visitors[visitor].get(address(name, own_arguments(town, name)))
            wanted = {
                "X-Robots-Tag": "noindex, nofollow",
                "Referrer-Policy": "same-origin",
                "X-Frame-Options": "DENY",
                "X-Content-Type-Options": "nosniff",
            }
            faults += [f"{name}: {key}" for key, value in wanted.items() if answer.get(key) != value]
            caching = answer.get("Cache-Control", "")
            if name == "theme":
                if caching != "public, max-age=31536000, immutable":
                    faults.append(f"{name}: {caching}")
            elif name.endswith(("item_image", "logo")) and answer.status_code == 200:
                if "private" not in caching:
                    faults.append(f"{name}: {caching}")
            elif name in {"portal:manifest", "portal:worker"}:  # the same for everybody (tests/test_app.py)
                if caching not in {"public, max-age=86400", "no-cache"}:
                    faults.append(f"{name}: {caching}")
            elif "no-store" not in caching:
                faults.append(f"{name}: {caching}")
            policy = answer.get("Content-Security-Policy", "")
            if "default-src 'none'" not in policy or "unsafe" in policy:
                faults.append(f"{name}: {policy}")
    assert faults == []


# --- What reaches people by other ways than a page of their own -----------------------------------------------


def streamed(town: Town, visitor: str, since: int = 0) -> str | None:
    """What an event stream of our party would send this visitor now; None when it refuses them."""
    morsel = town.visitors[visitor].cookies.get(settings.PORTAL_SESSION_COOKIE_NAME)
    ticket = live.admit(morsel.value if morsel else "", town.ours.party.public_id, since)
    told = live.look([ticket])[0] if ticket else None
    return told.text if told else None


def test_who_may_not_see_the_balance_gets_nothing_of_it_by_stream_keeping_message_or_file(town: Town) -> None:
    ours = town.ours
    factories.make_payment(ours.party, OUR_PAISE)
    queries.write(ours.query, ours.owner, queries.Said(f"{OURS} answer"), is_of_shop=True)
    confirmations.ask(ours.party, today() - dt.timedelta(days=40), ours.owner)
    refused = [visitor for visitor in town.visitors if streamed(town, visitor) is None]
    assert set(town.visitors) - set(refused) == {OWNER, MUNIM, HELPER}
    for visitor in (OWNER, MUNIM):
        assert {"balance", "query", "confirmation"} <= set(
            re.findall(r'"kind": "(\w+)"', streamed(town, visitor) or "")
        )
    assert set(re.findall(r'"kind": "(\w+)"', streamed(town, HELPER) or "")) <= {"order"}
    # The number that their page asks for stands still, whatever happens to the money.
    where = address("portal:live", own_arguments(town, "portal:live"))
    before = town.visitors[HELPER].get(where).content
    factories.make_payment(ours.party, 17_00)
    assert town.visitors[HELPER].get(where).content == before
    # What a helper's browser keeps is their own page, which says neither what is owed nor what was billed.
    home = text_of(town.visitors[HELPER].get(address("portal:dashboard", own_arguments(town, "portal:dashboard"))))
    assert "data-kept-party" in home
    assert not [name for name in ("sentence", "amount", "facts") if f'data-keep="{name}"' in home]
    # Messages about money go to people who may see it, and name no figure.
    for message in Message.objects.filter(kind__in=(news.ANSWERED, news.BALANCE)):
        text = outbox.kinds[message.kind].texts([message])[message.pk]
        assert message.to != ours.helper_phone
        assert text is None or not [one for one in (amount(OUR_PAISE), f"{OURS} answer") if one in text.body]
    for name in ("ledger_file", "balance_file", "gst_file", "comparison_file", "invoice_zip", "statements", "receipts"):
        refusal = town.visitors[HELPER].get(address(f"portal:{name}", own_arguments(town, f"portal:{name}")))
        assert refusal.status_code == 403
        assert amount(OUR_PAISE) not in text_of(refusal)

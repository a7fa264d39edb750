"""What hostile hands send: each test is one rule, and no answer is a stack trace."""

import copy
import re
import sqlite3
from contextlib import closing
from itertools import product
from runpy import run_path

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.urls import reverse
from gunicorn.config import Config  # type: ignore[import-untyped]

from accounts import india
from accounts.middleware import MAX_BODY
from accounts.models import Business
from accounts.views.errors import server_error
from config.handlers import Utf8Wsgi
from ledger import links, statements
from ledger.models import LinkPreview, Paper
from tests import factories
from tests.factories import Book, Once
from tests.threads import in_parallel

pytestmark = pytest.mark.django_db
NUL = "\x00"
LONG = "9" * 5000


@pytest.fixture(scope="module")
def _book(once: Once) -> Book:
    with once():
        return factories.make_book()


@pytest.fixture
def book(_book: Book) -> Book:
    return copy.deepcopy(_book)


@pytest.fixture
def merchant(book: Book) -> Client:
    return factories.merchant_client(book.owner)


@pytest.fixture
def customer(book: Book) -> Client:
    return factories.customer_client(book.owner_phone, book.party)


def at(book: Book, name: str, **kwargs: str) -> str:
    return reverse(name, kwargs={"slug": book.business.slug, **kwargs})


# --- Text that a database or a number cannot hold ----------------------------------------------------------------


def test_a_nul_in_an_id_names_an_absent_row(book: Book, merchant: Client) -> None:
    for name, query in (("invoice_new", "party"), ("payment_new", "party"), ("payment_new", "invoice")):
        assert merchant.get(at(book, f"ledger:{name}"), {query: NUL}).status_code == 404
    assert merchant.post(at(book, "ledger:invoice_preview"), {"party": NUL}).status_code == 404


@pytest.mark.parametrize("field", ["description", "item", "gst"])
def test_odd_text_on_a_line_is_an_error_in_words_and_writes_nothing(book: Book, merchant: Client, field: str) -> None:
    Business.objects.filter(pk=book.business.pk).update(scheme="regular", gstin="27AAPFU9039F1ZV")
    typed = {"do": "issue", "form_key": "k" * 20, "issued_on": "2026-01-05", "lines-TOTAL_FORMS": "1"}
    typed |= {"lines-INITIAL_FORMS": "0", "lines-0-description": "Rice", "lines-0-quantity": "1", "lines-0-price": "5"}
    typed |= {"lines-0-gst": "500", "party": book.party.public_id}
    where = f"{at(book, 'ledger:invoice_new')}?party={book.party.public_id}"
    before = book.business.invoices.count()
    for text in (NUL, "Rice" + NUL, LONG, "\N{ARABIC-INDIC DIGIT THREE}" * 5000):
        odd = typed | {f"lines-0-{field}": text}
        assert merchant.post(where, odd).status_code == 400
        assert merchant.post(where, odd | {"do": "preview"}).status_code == 200
        assert merchant.post(at(book, "ledger:invoice_preview"), odd).status_code == 200
    assert book.business.invoices.count() == before


def test_a_person_that_cannot_be_is_gone_already(book: Book, merchant: Client) -> None:
    where = at(book, "ledger:person_remove", party=book.party.public_id)
    for person in (NUL, LONG, "99999999999999999999", "-1", "²", ""):
        assert merchant.post(where, {"person": person}).status_code == 302
    assert book.party.people.count() == 3


# --- The same form twice -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_hand", [False, True], ids=["oldest first", "chosen by hand"])
def test_a_payment_that_closes_its_bill_is_recorded_once_by_a_double_click(
    book: Book, merchant: Client, by_hand: bool
) -> None:
    bill = book.other_invoice.open_item
    typed = {"form_key": "k" * 20, "direction": "received", "amount": str(bill.total_paise // 100)}
    typed |= {"mode": "cash", "paid_on": str(india.today())} | ({f"bill_{bill.pk}": typed["amount"]} if by_hand else {})
    where = f"{at(book, 'ledger:payment_new')}?party={book.other_party.public_id}"
    first, again = merchant.post(where, typed), merchant.post(where, typed)
    assert (first.status_code, again.status_code, again["Location"]) == (302, 302, first["Location"])
    assert book.other_party.payments.count() == 1
    assert merchant.post(where, typed | {"amount": "5"}).status_code == 422


def test_a_party_with_a_code_of_its_own_is_saved_once_by_a_double_click(book: Book, merchant: Client) -> None:
    typed = {"form_key": "k" * 20, "name": "Twice", "reference": "T-1", "language": "en"}
    first, again = (merchant.post(at(book, "ledger:party_new"), typed) for _ in range(2))
    assert (first.status_code, again.status_code, again["Location"]) == (302, 302, first["Location"])
    assert merchant.post(at(book, "ledger:party_new"), typed | {"name": "Thrice"}).status_code == 422


def test_another_shops_rows_in_a_form_of_mine_touch_nothing_of_theirs(book: Book, merchant: Client) -> None:
    theirs = factories.make_book("Zeta")
    bill = theirs.other_invoice.open_item
    typed = {
        "form_key": "k" * 20,
        "direction": "received",
        "amount": "1",
        "mode": "cash",
        "paid_on": str(india.today()),
    }
    where = f"{at(book, 'ledger:payment_new')}?party={book.party.public_id}"
    assert merchant.post(where, typed | {f"bill_{bill.pk}": "1"}).status_code == 302
    bill.refresh_from_db()
    assert bill.settled_paise == 0
    foreign = {"party": theirs.party.public_id, "invoice": theirs.invoice.public_id}
    for name, query in (("payment_new", "party"), ("payment_new", "invoice"), ("invoice_new", "party")):
        answer = merchant.post(f"{at(book, f'ledger:{name}')}?{query}={foreign[query]}", typed)
        assert answer.status_code == 404
    line = {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-0-item": theirs.item.public_id}
    line |= {"lines-0-description": theirs.item.name, "lines-0-quantity": "1", "issued_on": str(india.today())}
    where = f"{at(book, 'ledger:invoice_new')}?party={book.party.public_id}"
    answer = merchant.post(where, line | {"form_key": "l" * 20, "do": "issue"})
    assert (answer.status_code, "Write the price." in answer.content.decode()) == (400, True)
    person = theirs.party.people.get(is_main=True)
    merchant.post(at(book, "ledger:person_remove", party=book.party.public_id), {"person": str(person.pk)})
    assert theirs.party.people.count() == 3


# --- Days at the ends of the calendar ----------------------------------------------------------------------------


def test_any_period_and_page_key_of_a_ledger_is_answered(book: Book, merchant: Client, customer: Client) -> None:
    mine = at(book, "ledger:party", party=book.party.public_id)
    theirs = reverse("portal:ledger", kwargs={"party": book.party.public_id})
    ends = ["", "0001-01-01", "0001-03-31", "1999-12-31", "9999-12-31", "2026-11-01"]
    for start, end in product(ends, ends):
        assert merchant.get(mine, {"start": start, "end": end}).status_code == 200
        assert customer.get(theirs, {"period": "custom", "start": start, "end": end}).status_code in {200, 400}
    keys = [NUL, "x", "20260801-" + "9" * 30, "20260801-" + LONG, "00010101-1", "20260801--5"]
    for after, period in product(keys, ["all", "this-year"]):
        assert merchant.get(mine, {"period": period, "after": after}).status_code == 200
        assert customer.get(theirs, {"period": period, "after": after}).status_code == 200


# --- The way in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["foo", "front", "//evil.example", "https://evil.example/", NUL, "/\\evil"])
def test_a_door_never_leads_out_of_the_house(book: Book, merchant: Client, target: str) -> None:
    answer = merchant.get(reverse("accounts:login"), {"next": target})
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:businesses"))


@pytest.mark.parametrize("cookie", [settings.SESSION_COOKIE_NAME, settings.PORTAL_SESSION_COOKIE_NAME, "sl_known"])
def test_a_cookie_that_cannot_be_ours_is_a_strangers(book: Book, cookie: str) -> None:
    opened = reverse("portal:invoice_opened", kwargs={"token": links.token(book.invoice_link)})
    for value in ('"' + "a" * 20 + '\\000"', "é" * 20, "x" * 3000):
        headers = {"Cookie": f"{cookie}={value}"}
        assert Client().get(reverse("accounts:login"), headers=headers).status_code == 200
        assert Client().get(reverse("portal:login"), headers=headers).status_code == 200
        assert Client().post(opened, headers=headers).status_code == 204


@pytest.mark.parametrize("charset", ["base64", "idna", "utf-16", "latin-1", "nonsense", "x" * 20_000])
def test_another_charset_than_utf8_is_a_bad_request(charset: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="phone"\r\n\r\n\xff12\r\n--b--\r\n'
    for method, kind in product(("GET", "POST"), ("multipart/form-data; boundary=b", "text/html")):
        environ = RequestFactory().generic(method, "/m/login/?next=%ff", body).environ
        environ |= {"CONTENT_TYPE": f"{kind}; charset={charset}"}
        # Not by the test client, which makes its requests in its own way.
        answer = Utf8Wsgi()(environ, lambda *_: bytes)
        assert (answer.status_code, answer["Cache-Control"]) == (400, "no-store, private")


@pytest.mark.parametrize(("length", "status"), [(str(MAX_BODY + 1), 413), ("9" * 5000, 413), ("-5", 400), ("x", 400)])
def test_a_body_larger_than_any_form_is_refused_before_it_is_read(length: str, status: int) -> None:
    answer = Client().post("/m/login/", {"phone": "98765 43210"}, CONTENT_LENGTH=length)
    assert answer.status_code == status
    assert ("This is too large to send" in answer.content.decode()) is (status == 413)


# --- Many at once ------------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_orders_at_once_do_not_both_use_the_rest_of_the_credit_limit() -> None:
    business = factories.make_business()
    party = factories.make_party(business, "+919811111111", credit_limit_paise=150_00)
    item = factories.make_item(business)
    place = {"party": party.public_id}
    browsers = [factories.customer_client(party) for _ in range(6)]
    for browser in browsers:
        browser.post(reverse("portal:cart_line", kwargs=place | {"item": item.public_id}), {"quantity": "1"})

    def order(n: int) -> int:
        typed = {"form_key": f"key-{n}", "seen_total_paise": "10000"}
        return browsers[n].post(reverse("portal:checkout", kwargs=place), typed).status_code

    assert sorted(in_parallel(order, 6)) == [302, 400, 400, 400, 400, 400]
    assert business.orders.count() == 1


def test_a_database_out_of_reach_is_503_and_not_a_fault(rf: RequestFactory) -> None:
    for fault, status in ((OperationalError("gone"), 503), (ValueError("bug"), 500)):
        try:
            raise fault
        except Exception:
            answer = server_error(rf.get("/"))
        assert (answer.status_code, answer.has_header("Retry-After")) == (status, status == 503)


@pytest.mark.django_db(transaction=True)
def test_a_page_that_is_only_looked_at_is_shown_while_the_book_is_locked() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no lock on the whole book")
    party = factories.make_party(factories.make_business())
    bill = f"{links.path(links.for_invoice(factories.make_invoice(party), None))}/pdf"
    shared = links.for_statement(party, statements.this_financial_year(), None)
    Paper.objects.all().delete()
    browser = Client(headers={"user-agent": "WhatsApp/2.23"}, raise_request_exception=False)
    paper = re.findall(r"/v/\w{50}", browser.get(links.path(shared)).content.decode())[0]
    LinkPreview.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=50")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answers = [browser.get(where).status_code for where in (paper, "/v/unknown", links.path(shared), bill)]
        other.execute("ROLLBACK")
    assert answers == [200, 404, 200, 200]
    assert not Paper.objects.exists(), "drawn, and not kept"
    connection.close()


# --- Logs --------------------------------------------------------------------------------------------------------


def test_the_web_servers_own_log_shows_no_token(capfd: pytest.CaptureFixture[str]) -> None:
    """Gunicorn names the address of a request that fails, and of every request in its access log."""
    conf = run_path("gunicorn.conf.py")
    config = Config()
    config.set("accesslog", "-")
    logger = conf["logger_class"](config)
    token = "0LKyOX8MY4TKPwJJsavRFedCHUpTAu7HP"
    logger.exception("Error handling request %s", f"/i/{token}")
    logger.access_log.info("%(r)s", {"r": f"GET /p/{token} HTTP/1.1"})
    said = "".join(capfd.readouterr())
    assert (said.count("/i/…"), said.count("/p/…"), token in said) == (1, 1, False)

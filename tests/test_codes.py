"""One-time codes: for one browser, five tries, five minutes, once; and nothing on them in any table or log."""

import datetime as dt
import logging
import re
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import drainer, limits, otp
from accounts.limits import LimitReached
from accounts.models import Device, LoginChallenge, Message, User
from accounts.otp import CodeRefused, code_for
from ledger import links
from tests import factories
from tests.gateways import EVERYWHERE, Recording
from tests.threads import in_parallel

MERCHANT, PORTAL = LoginChallenge.Purpose.MERCHANT, LoginChallenge.Purpose.PORTAL
NUMBER = "+919812345678"


class Browser:
    """A browser as `otp` sees it: a session that stays, an address, and cookies."""

    def __init__(self, address: str = "198.51.100.1") -> None:
        self.address = address
        self.session = import_module(django_settings.SESSION_ENGINE).SessionStore()
        self.cookies: dict[str, str] = {}

    def request(self) -> HttpRequest:
        request = RequestFactory().post("/portal/code/", REMOTE_ADDR=self.address)
        request.COOKIES.update(self.cookies)
        request.session = self.session
        return request

    def remember(self, user: User) -> None:
        """What a first login leaves in the browser."""
        device = Device.objects.create(user=user, name="browser", last_login_at=timezone.now(), confirmed=True)
        response = HttpResponse()
        otp.remember(response, device)
        self.cookies[otp.KNOWN_DEVICE_COOKIE] = response.cookies[otp.KNOWN_DEVICE_COOKIE].value

    def ask(self, phone: str = NUMBER, *, purpose: Any = PORTAL, is_known: bool = True) -> str:
        """Ask for a code; returns it, which only the phone would see."""
        return code_for(otp.start(self.request(), purpose, phone, is_known=is_known))

    def enter(self, code: str, purpose: Any = PORTAL) -> bool:
        try:
            otp.redeem(self.request(), purpose, code)
        except CodeRefused:
            return False
        return True


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


# --- One code, one browser ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_right_code_opens_once() -> None:
    browser = Browser()
    code = browser.ask()
    assert re.fullmatch(r"\d{6}", code)
    assert [browser.enter(code), browser.enter(code)] == [True, False]


@pytest.mark.django_db
def test_a_code_works_only_in_the_browser_that_asked() -> None:
    mine, thief = Browser(), Browser()
    code = mine.ask()
    assert not thief.enter(code)
    thief.ask()
    assert not thief.enter(code)
    assert mine.enter(code)


@pytest.mark.django_db
def test_a_customers_code_opens_no_merchants_door() -> None:
    browser = Browser()
    code = browser.ask(purpose=PORTAL)
    assert [browser.enter(code, MERCHANT), browser.enter(code, PORTAL)] == [False, True]


@pytest.mark.django_db
def test_a_newer_code_ends_the_older() -> None:
    browser = Browser()
    first = browser.ask()
    second = browser.ask()
    assert first != second
    assert [browser.enter(first), browser.enter(second)] == [False, True]


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["", "12345", "1234567", "१२३४५६", "abcdef", "12345\x00", "0" * 10_000])
def test_what_is_no_code_is_refused_without_a_fault(typed: str) -> None:
    browser = Browser()
    browser.ask()
    assert not browser.enter(typed)


@pytest.mark.django_db
def test_a_session_whose_challenge_is_gone_is_refused() -> None:
    browser = Browser()
    code = browser.ask()
    LoginChallenge.objects.all().delete()
    assert not browser.enter(code)


# --- Five tries, five minutes -------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(("wrong_tries", "opens"), [(4, True), (5, False), (6, False)])
def test_five_tries(wrong_tries: int, opens: bool) -> None:
    browser = Browser()
    code = browser.ask()
    for _ in range(wrong_tries):
        assert not browser.enter(wrong(code))
    assert browser.enter(code) is opens
    assert LoginChallenge.objects.get().tries == min(wrong_tries + 1, 5)


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "opens"), [(299, True), (300, False), (86_400, False)])
def test_five_minutes(seconds: int, opens: bool) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser = Browser()
        code = browser.ask()
        clock.shift(dt.timedelta(seconds=seconds))
        assert browser.enter(code) is opens


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_share_the_five_tries_and_one_wins() -> None:
    """Forty requests with the right code: one gets in; forty with wrong ones: five are compared."""
    browser = Browser()
    code = browser.ask()
    kept = dict(browser.session.items())

    def enter(typed: str) -> bool:
        twin = Browser()
        twin.session.update(kept)
        return twin.enter(typed)

    assert sum(in_parallel(lambda _n: enter(code), 40)) == 1
    again = Browser()
    code = again.ask()
    kept = dict(again.session.items())
    assert sum(in_parallel(lambda n: enter(f"{(int(code) + 1 + n) % 1_000_000:06d}"), 40)) == 0
    assert LoginChallenge.objects.get(consumed_at=None).tries == 5
    assert not again.enter(code)


# --- Unknown numbers ----------------------------------------------------------------------------------------


def _work_of(browser: Browser, phone: str, is_known: bool) -> tuple[list[str], dict[str, int]]:
    """The kinds of SQL that asking costs, and how many rows each table has gained."""
    tables = connection.introspection.table_names()

    def sizes() -> dict[str, int]:
        with connection.cursor() as cursor:
            found = {}
            for table in tables:
                cursor.execute(f"SELECT count(*) FROM {table}")
                found[table] = cursor.fetchone()[0]
        return found

    before = sizes()
    with CaptureQueriesContext(connection) as queries:
        browser.ask(phone, is_known=is_known)
    after = sizes()
    kinds = [" ".join(query["sql"].split()[: 1 if "SAVEPOINT" in query["sql"] else 3]) for query in queries]
    return kinds, {table: after[table] - before[table] for table in tables if after[table] != before[table]}


@pytest.mark.django_db
def test_an_unknown_number_costs_the_same_queries_and_rows() -> None:
    Browser().ask("+919800000003")
    known, unknown = _work_of(Browser(), "+919800000001", True), _work_of(Browser(), "+919800000002", False)
    assert known == unknown
    assert known[1]["accounts_loginchallenge"] == known[1]["accounts_message"] == 1


@pytest.mark.django_db
def test_an_unknown_number_is_sent_nothing_and_no_code_fits_it(settings: Any) -> None:
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    Recording.sent.clear()
    browser = Browser()
    code = browser.ask(is_known=False)
    assert drainer.drain() == 0
    assert Recording.sent == []
    assert not browser.enter(code)
    assert Message.objects.get().status == "dropped"


def _answers(browser: Client, door: str, phone: str, typed: str) -> list[tuple[int, str, bytes]]:
    """What the screen says to a number and a wrong code, with the number itself taken out."""
    found = []
    asked = browser.post(door, {"phone": phone})
    shown = browser.get(asked["Location"]) if asked.status_code == 302 else asked
    for answer in (asked, shown, browser.post(asked.get("Location", door), {"code": typed})):
        text = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", answer.content)
        text = text.replace(f"{phone[3:8]} {phone[8:]}".encode(), b"NUMBER").replace(phone[3:].encode(), b"NUMBER")
        found.append((answer.status_code, answer.get("Location", ""), text))
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["merchant", "portal link", "invoice link", "general"])
def test_the_screen_says_the_same_to_every_number(door: str) -> None:
    book = factories.make_book()
    address = {
        "merchant": "/m/login/",
        "portal link": links.path(book.portal_link),
        "invoice link": links.path(book.invoice_link) + "/login",
        "general": "/portal/login/",
    }[door]
    saved = str(book.owner.phone) if door == "merchant" else book.owner_phone
    stranger = factories.new_phone()
    assert _answers(Client(), address, saved, "000000x") == _answers(Client(), address, stranger, "000000x")


# --- Limits -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_browser_may_ask_five_times_in_a_quarter_of_an_hour() -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), tick=False) as clock:
        browser = Browser()
        for n in range(5):
            browser.ask(f"+91980000000{n}")
        with pytest.raises(LimitReached):
            browser.ask("+919800000009")
        clock.shift(dt.timedelta(minutes=15))
        browser.ask("+919800000009")


@pytest.mark.django_db
@pytest.mark.parametrize("is_known", [True, False])
def test_a_number_is_sent_ten_codes_in_a_quarter_of_an_hour_whoever_asks(is_known: bool) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), tick=False):
        for n in range(10):
            Browser(f"198.51.100.{n}").ask(is_known=is_known)
        with pytest.raises(LimitReached):
            Browser("198.51.100.99").ask(is_known=is_known)


@pytest.mark.django_db
def test_strangers_who_flood_a_number_do_not_lock_its_owners_known_browser() -> None:
    user = factories.make_user(NUMBER)
    owner, thief = Browser("198.51.100.1"), Browser("203.0.113.1")
    owner.remember(user)
    assert otp.knows_number(owner.request(), NUMBER)
    for _ in range(10):
        Browser("203.0.113.1").ask()
    with pytest.raises(LimitReached):
        thief.ask()
    assert owner.enter(owner.ask())


@pytest.mark.django_db
def test_a_number_is_sent_twenty_codes_a_day_and_a_browser_it_knows_has_twenty_of_its_own() -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 1, tzinfo=dt.UTC), tick=False) as clock:
        known = Browser("198.51.100.1")
        known.remember(factories.make_user(NUMBER))
        for _ in range(4):
            for _ in range(5):
                Browser("203.0.113.1").ask()
            clock.shift(dt.timedelta(minutes=15))
        with pytest.raises(LimitReached) as reached:
            Browser("203.0.113.2").ask()
        assert reached.value.retry_after == 22 * 60 * 60  # midnight UTC, 05:30 in India
        assert Browser("203.0.113.2").ask(purpose=MERCHANT)
        for _ in range(4):
            for _ in range(5):
                known.ask()
            clock.shift(dt.timedelta(minutes=15))
        with pytest.raises(LimitReached):
            known.ask()


@pytest.mark.django_db
def test_who_taps_for_a_new_code_again_and_again_does_not_use_up_the_number() -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), tick=False):
        browser = Browser()
        for n in range(30):
            if n < 5:
                browser.ask()
            else:
                with pytest.raises(LimitReached):
                    browser.ask()
        for _ in range(5):
            Browser().ask()


@pytest.mark.django_db
def test_a_known_browser_is_limited_too() -> None:
    known = Browser()
    known.remember(factories.make_user(NUMBER))
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), tick=False):
        for n in range(11):
            browser = Browser()
            browser.cookies = known.cookies
            if n == 10:
                with pytest.raises(LimitReached):
                    browser.ask()
            else:
                browser.ask()


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["", "x", "x:y:z", "a" * 4000])
def test_a_forged_cookie_knows_no_number(cookie: str) -> None:
    factories.make_user(NUMBER)
    browser = Browser()
    browser.cookies[otp.KNOWN_DEVICE_COOKIE] = cookie
    assert not otp.knows_number(browser.request(), NUMBER)


@pytest.mark.django_db
def test_a_service_wide_flood_of_wrong_codes_closes_the_door() -> None:
    """Guessing across many numbers: whoever it is, beyond the breaker nobody's code is compared."""
    browser = Browser()
    code = browser.ask()
    limits.count("wrong-codes", "service", seconds=otp.HOUR, add=otp.MAX_WRONG_CODES_AN_HOUR)
    with pytest.raises(LimitReached):
        browser.enter(code)
    assert LoginChallenge.objects.get().tries == 0


@pytest.mark.django_db
def test_a_flood_at_the_door_or_of_wrong_codes_does_not_stop_a_known_browser() -> None:
    browser = Browser()
    browser.remember(factories.make_user(NUMBER))
    limits.count("code-door", "portal|", seconds=otp.HOUR, add=500)
    limits.count("wrong-codes", "service", seconds=otp.HOUR, add=otp.MAX_WRONG_CODES_AN_HOUR)
    assert browser.enter(browser.ask())
    with pytest.raises(LimitReached):
        Browser().ask()


@pytest.mark.django_db
def test_an_answer_of_429_leaves_no_session_behind() -> None:
    limits.count("code-address", "198.51.100.7", seconds=otp.QUARTER_HOUR, add=200)
    before = Session.objects.count()
    with pytest.raises(LimitReached):
        Browser("198.51.100.7").ask()
    assert Session.objects.count() == before


@pytest.mark.django_db
def test_wrong_codes_are_counted_for_the_service_and_right_ones_are_not() -> None:
    for typed_right in (True, False, False):
        browser = Browser()
        code = browser.ask()
        browser.enter(code if typed_right else wrong(code))
    assert limits.count("wrong-codes", "service", seconds=otp.HOUR, add=0)[0] == 2


# --- What is kept -------------------------------------------------------------------------------------------


def dump() -> str:
    """Every cell of every table as text, sessions decoded; times left out, whose microseconds look like codes."""
    cells = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in cursor.description]
            cells += [
                f"{table}.{column}={value}"
                for row in cursor.fetchall()
                for column, value in zip(columns, row, strict=True)
                if not column.endswith("_at") and column not in {"at", "last_login", "expire_date", "session_data"}
            ]
    cells += [f"session={row.get_decoded()}" for row in Session.objects.all()]
    return "\n".join(cells)


@pytest.fixture
def log_lines(caplog: pytest.LogCaptureFixture) -> Any:
    """The lines as our log handler would write them, of everything logged at any level."""
    caplog.set_level(logging.DEBUG)
    (handler,) = [h for h in logging.getLogger().handlers if any("Scrub" in type(f).__name__ for f in h.filters)]

    def lines() -> str:
        return "\n".join(handler.format(record) for record in caplog.records if handler.filter(record))

    return lines


@pytest.mark.django_db
def test_after_a_login_no_table_and_no_log_holds_code_token_or_key(settings: Any, log_lines: Any) -> None:
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    Recording.sent.clear()
    book = factories.make_book()
    tokens = [links.token(book.invoice_link), links.token(book.portal_link)]
    browser, codes = Client(), []
    for door in (links.path(book.portal_link), links.path(book.invoice_link) + "/login"):
        asked = browser.post(door, {"phone": book.owner_phone})
        assert asked.status_code == 302
        drainer.drain()
        (text,) = (text for _by, to, text in Recording.sent if to == book.owner_phone and "login code" in text)
        code = re.search(r"\b\d{6}\b", text)
        assert code
        Recording.sent.clear()
        codes.append(code.group())
        browser.post("/portal/code/", {"code": wrong(codes[-1])})
        while_open = dump()
        assert browser.post("/portal/code/", {"code": codes[-1]}).status_code == 302
        browser = Client()
    browser.get(links.path(book.invoice_link)[:-1] + "x")
    browser.get("/p/" + tokens[0])
    links.revoke(book.portal_link, book.owner)
    browser.get(links.path(book.portal_link))
    everything = while_open + dump()
    secrets = [*tokens, *codes, settings.SECRET_KEY, settings.CODE_KEY, *settings.LINK_KEYS]
    assert "accounts_message.kind=login_code" in everything
    assert [s for s in secrets if re.search(rf"(?<![0-9A-Za-z]){re.escape(s)}(?![0-9A-Za-z])", everything)] == []
    log = log_lines()
    assert "Not Found: /i/…" in log
    assert [s for s in [*secrets, book.owner_phone, book.owner_phone[1:], book.owner_phone[3:]] if s in log] == []


@pytest.mark.django_db
def test_a_stolen_table_is_no_code(settings: Any) -> None:
    """Everything a code is made of stands in the row but the key: with another key it is another code."""
    challenge = otp.start(Browser().request(), PORTAL, NUMBER, is_known=True)
    codes = set()
    for n in range(20):
        settings.CODE_KEY = f"key number {n} of many" * 3
        codes.add(code_for(challenge))
    assert len(codes) > 15


@pytest.mark.django_db
def test_codes_are_spread_over_all_digits() -> None:
    codes = [
        code_for(LoginChallenge(purpose=PORTAL, phone=NUMBER, session_hash=str(n), is_known=True)) for n in range(2000)
    ]
    assert len(set(codes)) > 1950
    assert {code[0] for code in codes} == set("0123456789")


def test_a_log_line_keeps_neither_token_nor_number() -> None:
    from accounts.logs import Scrub, scrub

    token = "0aB" * 11
    assert scrub(f"GET /i/{token}/pdf 200") == "GET /i/…/pdf 200"
    assert scrub(f"https://x.in/p/{token}?a=1") == "https://x.in/p/…?a=1"
    assert scrub("to +919812345678 now") == "to …5678 now"
    assert scrub("to 9812345678.") == "to …5678."
    assert scrub("GET /m/ram/parties/?q=98123+45678 200") == "GET /m/ram/parties/?q=…5678 200"
    assert scrub("q=%2B91%2098123%2045678") == "q=%2B91%20…5678"
    assert scrub("to +91 98123 45678.") == "to …5678."
    assert scrub(f"?next=%2Fi%2F{token}%2Fpdf") == "?next=%2Fi%2F…%2Fpdf"
    assert scrub('"POST /hooks/sms?key=secret HTTP/1.1"') == '"POST /hooks/sms?key=… HTTP/1.1"'
    asked = "/hooks/whatsapp/?hub.mode=subscribe&hub.verify_token=secret&hub.challenge=1"
    assert scrub(asked) == asked.replace("secret", "…")
    assert scrub("invoice 42 of 2026-11-22") == "invoice 42 of 2026-11-22"
    try:
        raise ValueError(f"/i/{token} of {NUMBER}")
    except ValueError as error:
        record = logging.LogRecord("x", 40, "f", 1, "%s", (f"/p/{token}",), (ValueError, error, error.__traceback__))
    record.exc_text = f"ValueError: /i/{token} of {NUMBER}"  # as a handler before ours leaves it
    assert Scrub().filter(record)
    text = logging.Formatter().format(record)
    assert token not in text
    assert NUMBER not in text


@pytest.mark.django_db
def test_spent_challenges_and_code_messages_are_forgotten() -> None:
    """Whoever asked for a code, saved or not: the number does not stay for ever."""
    from accounts.tasks import forget_old_rows

    with time_machine.travel(timezone.now(), tick=False) as clock:
        Browser().ask()
        Browser().ask("+919800000002", is_known=False)
        clock.shift(dt.timedelta(days=2))
        forget_old_rows()
        assert not LoginChallenge.objects.exists()
        clock.shift(dt.timedelta(days=40))
        forget_old_rows()
        assert not Message.objects.exists()
        assert not User.objects.exists()

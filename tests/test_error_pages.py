"""Every refusal is a page in plain words with a way on, in the world the address belongs to."""

import datetime as dt
import io
import logging
import re

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client
from django.utils import translation

from accounts import idempotency, limits, otp
from accounts.logs import Scrub
from accounts.views.errors import again
from ledger import links
from tests.factories import (
    customer_client,
    make_business,
    make_invoice,
    make_membership,
    make_party,
    make_user,
    merchant_client,
    new_phone,
)

pytestmark = pytest.mark.django_db

IST = dt.timezone(dt.timedelta(hours=5, minutes=30))


@pytest.fixture(autouse=True)
def english():
    """Whatever language an earlier request has left behind."""
    with translation.override("en"):
        yield


@pytest.fixture
def owner():
    user = make_user(name="Ramesh")
    make_business("Ram Kirana", user, slug="ram")
    return user


def ways(response) -> list[tuple[str, str]]:
    """(address, words) of the buttons of the page."""
    main = response.content.decode().partition("<main")[2]
    return re.findall(r'<a class="btn[^"]*" href="([^"]*)">([^<]*)</a>', main)


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("/nothing/", ("/", "To the front page")),
        ("/m/ram/parties/nobody/", ("/m/", "To your book")),
        ("/portal/nobody/", ("/portal/", "To your shops")),
        ("/i/" + "0" * 33, ("/", "To the front page")),
    ],
)
def test_404_leads_home_in_its_own_world(owner, address, way):
    client = merchant_client(owner, customer_client(new_phone()))
    answer = client.get(address)
    assert answer.status_code == 404
    assert ways(answer) == [way]
    assert ("tap the link itself" in answer.content.decode()) is address.startswith("/i/")


def test_staff_who_may_not_are_told_whom_to_ask(owner):
    staff = make_user()
    make_membership(owner.memberships.get().business, staff, "staff")
    answer = merchant_client(staff).post("/m/ram/settings/", {"name": "Mine"})
    assert answer.status_code == 403
    assert "Ask the owner of the business" in answer.content.decode()
    assert ways(answer) == [("/m/", "To your book")]


def test_a_form_without_its_token_leads_back_to_its_page():
    answer = Client(enforce_csrf_checks=True).post("/m/login/?next=/m/ram/", {"phone": "98765 43210"})
    assert answer.status_code == 403
    assert ways(answer) == [("/m/login/?next=/m/ram/", "Load the page again"), ("/m/", "To your book")]


def test_an_address_that_only_takes_forms_says_so_when_it_is_opened(owner):
    answer = merchant_client(owner).get("/m/logout/")
    assert (answer.status_code, answer["Allow"], answer["Cache-Control"]) == (405, "POST", "no-store, private")
    assert "only takes what a form sends" in answer.content.decode()
    assert ways(answer) == [("/m/", "To your book")]


def test_texts_larger_than_any_form_are_413():
    text = "x" * (django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    answer = Client().post("/m/login/", {"phone": text})
    assert answer.status_code == 413
    assert "too large to send" in answer.content.decode()


def test_what_is_too_large_leaves_one_line_in_the_log_and_a_fault_of_ours_its_traceback():
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.addFilter(Scrub())
    logging.getLogger().addHandler(handler)
    try:
        Client().post("/m/login/", {"phone": "x" * (django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)})
        assert lines.getvalue() == "Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.\n"
        try:
            raise ValueError("ours")
        except ValueError:
            logging.getLogger("django.request").exception("Internal Server Error")
        assert "Traceback" in lines.getvalue()
    finally:
        logging.getLogger().removeHandler(handler)


# --- 429 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (1, "Try again in a minute."),
        (60, "Try again in a minute."),
        (61, "Try again in 2 minutes, at 19:32."),
        (900, "Try again in 15 minutes, at 19:45."),
        (3601, "Try again today at 20:31."),
        (10 * 60 * 60, "Try again tomorrow at 05:30."),
    ],
)
def test_when_to_try_again_is_said_in_minutes_or_by_the_clock(seconds: int, says: str) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 19, 30, tzinfo=IST), tick=False):
        assert again(seconds) == says


def test_nobody_is_asked_to_come_back_before_the_time_is_over() -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 19, 30, 59, tzinfo=IST), tick=False):
        assert again(61) == "Try again in 2 minutes, at 19:32."


def test_who_has_asked_too_often_goes_on_with_the_newest_code(owner):
    client, phone = Client(), str(owner.phone)
    with time_machine.travel(dt.datetime(2026, 11, 22, 19, 31, tzinfo=IST), tick=False):
        answers = [client.post("/m/login/", {"phone": phone}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    page = answers[-1].content.decode()
    assert "Try again in 14 minutes, at 19:45." in page
    assert "on which you have signed in before" in page
    assert ways(answers[-1]) == [("/m/login/code/", "Enter the code"), ("/m/", "To your book")]
    assert client.get("/m/login/code/").status_code == 200


def test_a_customer_who_has_asked_too_often_goes_on_in_the_portal():
    party = make_party(make_business(), phone := new_phone())
    client, door = Client(), links.path(links.for_party(party, None))
    answers = [client.post(door, {"phone": phone}) for _ in range(6)]
    assert answers[-1].status_code == 429
    assert ways(answers[-1]) == [("/portal/code/", "Enter the code"), ("/", "To the front page")]


def test_a_number_that_strangers_have_used_up_has_no_code_to_enter(owner):
    limits.count("code-number", f"merchant|{owner.phone}|", seconds=otp.DAY, add=otp.DAYS_CODES)
    answer = Client().post("/m/login/", {"phone": str(owner.phone)})
    assert answer.status_code == 429
    assert ways(answer) == [("/m/", "To your book")]


def test_where_no_code_is_asked_for_none_is_spoken_of(owner):
    limits.count("new-business", str(owner.pk), seconds=otp.DAY, add=20)
    data = {"name": "Twenty-first", "scheme": "unregistered", "state_code": "27"}
    answer = merchant_client(owner).post("/m/new/", data)
    assert answer.status_code == 429
    assert "code" not in answer.content.decode().partition("<main")[2].lower()
    assert ways(answer) == [("/m/", "To your book")]


# --- 422 ----------------------------------------------------------------------------------------------------


def test_an_invoice_form_sent_twice_with_other_lines_leads_to_the_invoice(owner):
    business = owner.memberships.get().business
    invoice = make_invoice(make_party(business))
    key = idempotency.new_key()
    idempotency.once(business, owner, "invoice", key, {"a": 1}, lambda: invoice.public_id)
    with pytest.raises(idempotency.FormReused) as reused:
        idempotency.once(business, owner, "invoice", key, {"a": 2}, lambda: "never")
    assert (reused.value.business, reused.value.purpose, reused.value.result) == (
        business,
        "invoice",
        invoice.public_id,
    )

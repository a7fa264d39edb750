"""One browser, two roles: merchant and customer carry cookies of their own and never mix."""

import copy
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import otp
from accounts.models import Device, LoginChallenge, User
from accounts.sessions import RoleSessionMiddleware, is_merchant_path, merchant_user_id
from ledger import links
from tests import factories
from tests.factories import Book, Once, customer_client, merchant_client

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _book(once: Once) -> Book:
    with once():
        return factories.make_book()


@pytest.fixture
def book(_book: Book) -> Book:
    return copy.deepcopy(_book)


def session_users(client: Client) -> dict[str, str]:
    """Cookie name -> user id in its session."""
    found = {}
    for name in ("sl_m", "sl_c"):
        if name in client.cookies and client.cookies[name].value:
            row = Session.objects.filter(session_key=client.cookies[name].value).first()
            found[name] = row.get_decoded().get("_auth_user_id", "") if row else ""
    return found


@pytest.mark.parametrize(
    ("path", "merchant"),
    [
        ("/m/", True),
        ("/m/x/invoices/", True),
        ("/admin/", True),
        ("/m", False),
        ("/", False),
        ("/portal/", False),
        ("/i/m/", False),
        ("/mm/", False),
        ("/language/", False),
    ],
)
def test_merchant_paths(path: str, merchant: bool) -> None:
    assert is_merchant_path(path) is merchant


def test_one_browser_is_a_merchant_here_and_a_customer_there(book: Book) -> None:
    browser = customer_client(book.party, client=merchant_client(book.owner))
    assert len(set(session_users(browser).values())) == 2
    home = browser.get(f"/m/{book.business.slug}/settings/")
    assert (home.status_code, home.wsgi_request.user) == (200, book.owner)
    account = browser.get(f"/portal/{book.party.public_id}/")
    customer: Any = account.wsgi_request.user
    assert (account.status_code, str(customer.phone)) == (200, book.owner_phone)


def test_signing_out_of_one_role_leaves_the_other(book: Book) -> None:
    browser = customer_client(book.party, client=merchant_client(book.owner))
    browser.post("/portal/logout/")
    assert browser.get(f"/m/{book.business.slug}/settings/").status_code == 200
    assert browser.get(f"/portal/{book.party.public_id}/").status_code == 302
    customer_client(book.party, client=browser)
    browser.post("/m/logout/")
    assert browser.get(f"/m/{book.business.slug}/settings/").status_code == 302
    assert browser.get(f"/portal/{book.party.public_id}/").status_code == 200


def test_a_merchants_cookie_is_no_customer_and_a_customers_no_merchant(book: Book) -> None:
    """Moved by hand to the other name, a session opens nothing that its user may not open anyway."""
    merchant = merchant_client(book.owner)
    merchant.cookies["sl_c"] = merchant.cookies["sl_m"].value
    assert merchant.get(f"/portal/{book.party.public_id}/").status_code == 404
    customer = customer_client(book.party)
    customer.cookies["sl_m"] = customer.cookies["sl_c"].value
    assert customer.get(f"/m/{book.business.slug}/settings/").status_code == 404


def test_a_session_cookie_without_a_device_is_nobody(book: Book) -> None:
    browser = Client()
    browser.force_login(book.owner)
    browser.cookies["sl_m"] = browser.cookies["sl_m"].value if "sl_m" in browser.cookies else ""
    assert browser.get(f"/m/{book.business.slug}/settings/").status_code == 302


def test_an_ended_device_is_signed_out_at_its_next_request(book: Book) -> None:
    browser = merchant_client(book.owner)
    assert browser.get(f"/m/{book.business.slug}/settings/").status_code == 200
    Device.objects.filter(user=book.owner).update(confirmed=False)
    assert browser.get(f"/m/{book.business.slug}/settings/").status_code == 302


def test_a_closed_user_is_signed_out_at_once(book: Book) -> None:
    browser = merchant_client(book.owner)
    User.objects.filter(pk=book.owner.pk).update(is_active=False)
    assert browser.get(f"/m/{book.business.slug}/settings/").status_code == 302


def test_a_stranger_is_sent_to_the_door_of_the_world_he_knocks_at(book: Book) -> None:
    stranger = Client()
    for path, door in (
        (f"/m/{book.business.slug}/", "/m/login/"),
        (f"/portal/{book.party.public_id}/", "/portal/login/"),
    ):
        answer = stranger.get(path)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, door)


def test_looking_at_pages_makes_no_session(book: Book) -> None:
    stranger = Client()
    for path in ("/", "/m/login/", "/portal/login/", "/m/signup/"):
        answer = stranger.get(path)
        assert answer.status_code == 200, path
        assert {"sl_m", "sl_c"} & set(answer.cookies) == set(), path
    before = Session.objects.count()
    stranger.get("/")
    assert Session.objects.count() == before


def _through(request: HttpRequest, view: Any) -> HttpResponse:
    answer = RoleSessionMiddleware(view)(request)
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.parametrize(("path", "name"), [("/m/login/", "sl_m"), ("/portal/login/", "sl_c"), ("/admin/", "sl_m")])
def test_a_session_is_set_and_deleted_under_the_name_of_its_world(path: str, name: str) -> None:
    def write(request: Any) -> HttpResponse:
        request.session["x"] = 1
        return HttpResponse()

    answer = _through(RequestFactory().get(path), write)
    assert set(answer.cookies) == {name}
    morsel = answer.cookies[name]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")

    def empty(request: Any) -> HttpResponse:
        request.session.flush()
        return HttpResponse()

    request = RequestFactory().get(path)
    request.COOKIES[name] = morsel.value
    deleted = _through(request, empty)
    assert (set(deleted.cookies), deleted.cookies[name].value, deleted.cookies[name]["max-age"]) == ({name}, "", 0)


def test_a_customer_page_can_tell_that_a_merchant_looks(book: Book) -> None:
    browser = merchant_client(book.owner)
    request = browser.get("/").wsgi_request
    assert merchant_user_id(request) == book.owner.pk
    assert not request.user.is_authenticated
    assert merchant_user_id(Client().get("/").wsgi_request) is None
    browser.cookies["sl_m"] = "nosuchsession"
    assert merchant_user_id(browser.get("/").wsgi_request) is None


def test_old_sessions_are_forgotten(book: Book) -> None:
    from accounts.tasks import forget_old_rows

    merchant_client(book.owner)
    assert Session.objects.exists()
    Session.objects.update(expire_date=timezone.now())
    forget_old_rows()
    assert not Session.objects.exists()


def test_signing_in_as_a_customer_leaves_the_merchants_open_form_alone(book: Book) -> None:
    browser = merchant_client(book.owner)
    browser.get(f"/m/{book.business.slug}/parties/new/")
    secret = browser.cookies["sl_csrf"].value
    door = links.path(book.portal_link)
    browser.get(door)
    before = browser.cookies["sl_csrf_c"].value
    browser.post(door, {"phone": str(book.party.people.get(is_main=True).phone)})
    browser.post("/portal/code/", {"code": otp.code_for(LoginChallenge.objects.get())})
    assert browser.cookies["sl_c"].value
    assert browser.cookies["sl_csrf_c"].value not in ("", before)
    assert browser.cookies["sl_csrf"].value == secret

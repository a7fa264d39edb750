"""The operator's admin: behind password and authenticator, looking only, without secrets."""

import io
import time

import pytest
import time_machine
from django.apps import apps
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import LoginChallenge, Message, User
from ledger import links
from ledger.models import ShareLink
from tests.factories import (
    make_business,
    make_invoice,
    make_item,
    make_party,
    make_payment,
    make_user,
    merchant_client,
)

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
PHONE = "+919876543210"


@pytest.fixture(autouse=True)
def _quick_hashes(settings):
    """Thirty operators are made here; how well a password is stretched is Django's matter."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def make_operator(monkeypatch, *args: str) -> tuple[User, str]:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    call_command("operator", PHONE, "--password-stdin", *args, stdout=out)
    return User.objects.get(phone=PHONE), out.getvalue()


def operator_client(monkeypatch) -> Client:
    make_operator(monkeypatch)
    device = TOTPDevice.objects.get()
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time()
    client = Client()
    answer = client.post(
        "/admin/login/?next=/admin/",
        {
            "username": PHONE,
            "password": PASSWORD,
            "otp_token": f"{totp.token():06d}",
        },
    )
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    return client


OURS = [model for model in admin.site._registry if model._meta.app_label in {"accounts", "catalog", "ledger"}]


def test_the_operator_command_prints_the_authenticators_address_once(monkeypatch):
    user, printed = make_operator(monkeypatch)
    assert (user.is_staff, user.is_superuser, user.check_password(PASSWORD)) == (True, True, True)
    assert printed.count("otpauth://totp/") == 1
    with pytest.raises(CommandError, match="--new-device"):
        make_operator(monkeypatch)
    before = TOTPDevice.objects.get().key
    make_operator(monkeypatch, "--new-device")
    assert TOTPDevice.objects.get().key != before


def test_the_operator_command_refuses_a_short_password_and_a_wrong_number(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(CommandError, match="too short"):
        call_command("operator", PHONE, "--password-stdin")
    with pytest.raises(CommandError, match="ten digits"):
        call_command("operator", "12345", "--password-stdin")
    assert not User.objects.exists()


def test_createsuperuser_works_with_a_number(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--phone", PHONE, verbosity=0)
    assert User.objects.get().is_superuser


def test_the_password_alone_does_not_open_the_admin(monkeypatch):
    make_operator(monkeypatch)
    client = Client()
    answer = client.post("/admin/login/", {"username": PHONE, "password": PASSWORD})
    assert answer.status_code == 200
    assert client.get("/admin/").status_code == 302


def test_a_code_by_sms_does_not_open_the_admin(monkeypatch):
    """A verified merchant's session is django-otp's "verified" too; the operator's own number must not profit."""
    operator, _printed = make_operator(monkeypatch)
    make_business(owner=operator)
    client = merchant_client(operator)
    assert client.get("/m/?all=1").status_code == 200
    for address in ("/admin/", "/admin/accounts/user/", "/admin/ledger/entry/"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def test_the_operators_pages_lead_a_stranger_to_the_operators_door():
    for address in ("/admin/", "/admin/accounts/user/", "/admin/accounts/user/1/change/"):
        assert Client().get(address)["Location"] == f"/admin/login/?next={address}"


def test_passwords_at_the_operators_door_are_limited(monkeypatch):
    make_operator(monkeypatch)
    with time_machine.travel(timezone.now().replace(minute=1, second=0), tick=False):
        wrong = {"username": PHONE, "password": "wrong", "otp_token": "123456"}
        statuses = [Client().post("/admin/login/", wrong).status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]


def test_a_right_password_with_a_wrong_code_is_not_sent_back(monkeypatch):
    make_operator(monkeypatch)
    answer = Client().post("/admin/login/", {"username": PHONE, "password": PASSWORD, "otp_token": "12"})
    assert answer.status_code == 200
    assert PASSWORD not in answer.content.decode()


def test_a_merchant_does_not_get_into_the_admin():
    owner = make_user()
    make_business(owner=owner)
    assert merchant_client(owner).get("/admin/").status_code == 302


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_list_and_row_opens_and_shows_no_secret(model, monkeypatch):
    client = operator_client(monkeypatch)
    owner = make_user(name="Ramesh")
    business = make_business("Ram Kirana", owner)
    party = make_party(business, "+919812345678", "Sai Traders")
    make_item(business, stock_milli=1000)
    make_payment(party)
    link = links.for_invoice(make_invoice(party), owner)
    merchant = Client()
    merchant.post("/m/login/", {"phone": str(owner.phone)})
    challenge = LoginChallenge.objects.get()
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    pages = [client.get(address, {"q": "a"}), client.get(address)]
    pages += [client.get(f"{address}{row.pk}/change/") for row in model._default_manager.all()[:2]]
    assert [page.status_code for page in pages] == [200] * len(pages)
    text = "".join(page.content.decode() for page in pages)
    for secret in (str(link.key), links.token(link), challenge.session_hash, "9812345678", str(owner.phone)[3:]):
        assert secret not in text
    assert User.objects.get(phone=PHONE).password not in text


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_the_operator_makes_and_removes_nothing(model, monkeypatch):
    client = operator_client(monkeypatch)
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    assert client.get(address + "add/").status_code == 403
    row = model._default_manager.first()
    if row:
        assert client.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_book_cannot_be_changed_by_the_operator(monkeypatch):
    client = operator_client(monkeypatch)
    invoice = make_invoice()
    entry = invoice.entries.get()
    for address in (f"invoice/{invoice.pk}", f"entry/{entry.pk}", f"openitem/{invoice.open_item.pk}"):
        assert client.post(f"/admin/ledger/{address}/change/", {"total_paise": "1"}).status_code == 403
    invoice.refresh_from_db()
    assert invoice.total_paise == 100_00


def test_the_operator_can_shut_a_user_and_a_business_out(monkeypatch):
    client = operator_client(monkeypatch)
    owner = make_user(name="Ramesh")
    business = make_business("Ram Kirana", owner, slug="ram-kirana")
    merchant = merchant_client(owner)
    inline = {"memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "1"}
    inline |= {"quota-TOTAL_FORMS": "0", "quota-INITIAL_FORMS": "0"}
    membership = business.memberships.get()
    inline |= {
        "memberships-0-id": str(membership.pk),
        "memberships-0-business": str(business.pk),
        "memberships-0-user": str(owner.pk),
        "memberships-0-role": "owner",
    }
    answer = client.post(f"/admin/accounts/business/{business.pk}/change/", inline | {"memberships-0-is_active": "on"})
    assert answer.status_code == 302
    assert merchant.get("/m/ram-kirana/settings/").status_code == 404
    client.post(f"/admin/accounts/user/{owner.pk}/change/", {"is_staff": ""})
    assert merchant.get("/m/").status_code == 302
    owner.refresh_from_db()
    assert (owner.is_active, owner.name) == (False, "Ramesh")


def test_tables_with_secrets_are_not_in_the_admin():
    names = {model._meta.label for model in admin.site._registry}
    hidden = {
        "accounts.LoginChallenge",
        "accounts.LimitCounter",
        "accounts.IdempotencyKey",
        "sessions.Session",
        "otp_totp.TOTPDevice",
    }
    assert names & hidden == set()
    assert {apps.get_model(label)._meta.label for label in hidden} == hidden
    assert Message in admin.site._registry
    assert ShareLink in admin.site._registry

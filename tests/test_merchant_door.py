"""The merchants' door: who gets in, what a stranger can learn, and what it takes."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import otp
from accounts.models import Device, LimitCounter, LoginChallenge, Message, User
from tests.factories import make_business, make_user, merchant_client, new_phone

pytestmark = pytest.mark.django_db


def ask_for_code(client: Client, phone: str, **extra):
    return client.post("/m/login/", {"phone": phone}, **extra)


def newest_code() -> str:
    return otp.code_for(LoginChallenge.objects.latest("created_at"))


def wrong_code() -> str:
    return f"{(int(newest_code()) + 1) % 1_000_000:06d}"


def words(response) -> str:
    """The page without what differs between any two loads: tokens and the number that was typed."""
    text = re.sub(r'value="[A-Za-z0-9]{64}"', "", response.content.decode())
    return re.sub(r"\+91 \d{5} \d{5}", "NUMBER", text)


@pytest.fixture
def owner() -> User:
    user = make_user(name="Ramesh")
    make_business(owner=user, slug="ram-kirana")
    return user


def test_an_owner_signs_in_by_code_and_reaches_the_business(owner):
    client = Client()
    answer = ask_for_code(client, str(owner.phone))
    assert answer.status_code == 302
    assert answer["Location"] == "/m/login/code/"
    answer = client.post("/m/login/code/", {"code": newest_code()})
    assert (answer.status_code, answer["Location"]) == (302, "/m/")
    assert client.get("/m/")["Location"] == "/m/ram-kirana/"
    assert client.get("/m/ram-kirana/settings/").status_code == 200
    assert Device.objects.get(user=owner).confirmed


def test_the_number_may_be_typed_as_people_type_it(owner):
    national = str(owner.phone).removeprefix("+91")
    client = Client()
    ask_for_code(client, f"0{national[:5]} {national[5:]}")
    assert client.post("/m/login/code/", {"code": newest_code()})["Location"] == "/m/"


def test_the_code_may_be_typed_with_a_space(owner):
    client = Client()
    ask_for_code(client, str(owner.phone))
    code = newest_code()
    assert client.post("/m/login/code/", {"code": f" {code[:3]} {code[3:]} "})["Location"] == "/m/"


def test_a_stranger_sees_the_same_pages_as_an_owner_and_gets_no_message(owner, settings):
    settings.SIGNUP_OPEN = False
    known, unknown = Client(), Client()
    stranger = new_phone()
    first, second = ask_for_code(known, str(owner.phone)), ask_for_code(unknown, stranger)
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"]) == (302, "/m/login/code/")
    assert words(known.get("/m/login/code/")) == words(unknown.get("/m/login/code/"))
    wrong = {"code": "000000" if newest_code() != "000000" else "000001"}
    first, second = known.post("/m/login/code/", wrong), unknown.post("/m/login/code/", wrong)
    assert first.status_code == second.status_code == 400
    assert words(first) == words(second)
    assert {m.to: m.status for m in Message.objects.all()} == {str(owner.phone): "queued", stranger: "dropped"}


def test_a_stranger_costs_as_many_queries_as_an_owner(owner, django_assert_num_queries, settings):
    settings.SIGNUP_OPEN = False
    for phone in (str(owner.phone), new_phone()):
        with django_assert_num_queries(17):
            ask_for_code(Client(), phone)


def test_even_the_right_digits_do_not_let_a_stranger_in(settings):
    settings.SIGNUP_OPEN = False
    client = Client()
    ask_for_code(client, new_phone())
    assert client.post("/m/login/code/", {"code": newest_code()}).status_code == 400
    assert not User.objects.exists()


def test_a_customer_without_a_book_is_a_stranger_while_sign_up_is_closed(settings):
    settings.SIGNUP_OPEN = False
    customer = make_user()
    client = Client()
    ask_for_code(client, str(customer.phone))
    assert client.post("/m/login/code/", {"code": newest_code()}).status_code == 400


def test_staff_whose_membership_ended_are_strangers_while_sign_up_is_closed(owner, settings):
    settings.SIGNUP_OPEN = False
    owner.memberships.update(is_active=False)
    ask_for_code(Client(), str(owner.phone))
    assert not LoginChallenge.objects.get().is_known


def test_a_user_shut_out_by_the_operator_gets_no_code(owner):
    User.objects.update(is_active=False)
    for address in ("/m/login/", "/m/signup/"):
        Client().post(address, {"phone": str(owner.phone), "name": "Ramesh"})
    assert set(LoginChallenge.objects.values_list("is_known", flat=True)) == {False}
    assert set(Message.objects.values_list("status", flat=True)) == {"dropped"}


def test_a_wrong_code_says_what_to_do_and_not_what_was_wrong(owner):
    client = Client()
    ask_for_code(client, str(owner.phone))
    answers = [client.post("/m/login/code/", {"code": wrong_code()})]
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        answers.append(client.post("/m/login/code/", {"code": newest_code()}))
    for answer in answers:
        assert answer.status_code == 400
        assert "ask for a new code" in answer.content.decode()
    assert words(answers[0]) == words(answers[1])


def test_after_five_wrong_codes_the_right_one_is_too_late(owner):
    client = Client()
    ask_for_code(client, str(owner.phone))
    for _ in range(5):
        assert client.post("/m/login/code/", {"code": wrong_code()}).status_code == 400
    assert client.post("/m/login/code/", {"code": newest_code()}).status_code == 400
    assert client.get("/m/ram-kirana/settings/").status_code == 302


def test_a_code_opens_only_the_browser_that_asked_for_it(owner):
    ask_for_code(Client(), str(owner.phone))
    thief = Client()
    assert thief.post("/m/login/code/", {"code": newest_code()})["Location"] == "/m/login/"
    ask_for_code(thief, new_phone())
    victims = LoginChallenge.objects.earliest("created_at")
    assert thief.post("/m/login/code/", {"code": otp.code_for(victims)}).status_code == 400


def test_a_code_of_five_digits_costs_no_try(owner):
    client = Client()
    ask_for_code(client, str(owner.phone))
    answer = client.post("/m/login/code/", {"code": "12345"})
    assert answer.status_code == 400
    assert "six digits" in answer.content.decode()
    assert LoginChallenge.objects.get().tries == 0


def test_a_new_code_ends_the_old_one(owner):
    client = Client()
    ask_for_code(client, str(owner.phone))
    old = newest_code()
    answer = client.post("/m/login/again/")
    assert (answer.status_code, answer["Location"]) == (302, "/m/login/code/")
    assert newest_code() != old
    assert client.post("/m/login/code/", {"code": old}).status_code == 400
    assert client.post("/m/login/code/", {"code": newest_code()})["Location"] == "/m/"


def test_asking_again_without_a_number_leads_to_the_door():
    assert Client().post("/m/login/again/")["Location"] == "/m/login/"
    assert Client().get("/m/login/again/").status_code == 405


def test_the_sixth_code_in_a_quarter_of_an_hour_is_refused_with_429(owner):
    with time_machine.travel(timezone.now().replace(minute=1, second=0), tick=False):
        client = Client()
        statuses = [ask_for_code(client, str(owner.phone)).status_code for _ in range(5)]
        answer = ask_for_code(client, str(owner.phone))
    assert statuses == [302] * 5
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 900


def test_the_code_field_is_made_for_phones_and_the_form_needs_no_script(owner):
    client = Client()
    ask_for_code(client, str(owner.phone))
    page = client.get("/m/login/code/").content.decode()
    field = re.search(r'<input[^>]*name="code"[^>]*>', page)
    assert field
    assert 'autocomplete="one-time-code"' in field[0]
    assert 'inputmode="numeric"' in field[0]
    assert '<form class="form" method="post"' in page


def test_looking_at_the_door_writes_nothing(owner):
    client = Client()
    for address in ("/m/login/", "/m/signup/", "/m/login/code/"):
        client.get(address)
        client.head(address)
    assert (Session.objects.count(), LimitCounter.objects.count(), LoginChallenge.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("bad", ["12345", "landline", "020 2445 1234", ""])
def test_a_number_that_cannot_get_a_code_is_refused_in_words_and_kept(bad):
    answer = ask_for_code(Client(), bad)
    assert answer.status_code == 400
    assert 'class="errorlist"' in answer.content.decode()
    assert f'value="{bad}"' in answer.content.decode() or not bad
    assert not LoginChallenge.objects.exists()


@pytest.mark.parametrize(
    "evil",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"],
)
def test_nobody_is_led_to_a_foreign_site_after_signing_in(owner, evil):
    client = Client()
    client.post("/m/login/?" + "next=" + evil, {"phone": str(owner.phone)})
    assert client.post("/m/login/code/", {"code": newest_code()})["Location"] == "/m/"
    assert client.get("/m/login/", {"next": evil})["Location"] == "/m/"


def test_who_asked_for_a_page_lands_there_after_signing_in(owner):
    client = Client()
    answer = client.get("/m/ram-kirana/settings/")
    assert answer["Location"] == "/m/login/?next=/m/ram-kirana/settings/"
    client.post(answer["Location"], {"phone": str(owner.phone)})
    assert client.post("/m/login/code/", {"code": newest_code()})["Location"] == "/m/ram-kirana/settings/"


def test_who_is_signed_in_goes_on(owner):
    client = merchant_client(owner)
    for address in ("/m/login/", "/m/signup/", "/m/login/code/"):
        assert client.get(address)["Location"] == "/m/"


def test_signing_out_ends_the_session_and_needs_a_post(owner):
    client = merchant_client(owner)
    assert client.get("/m/logout/").status_code == 405
    assert client.post("/m/logout/")["Location"] == "/m/login/"
    assert client.get("/m/ram-kirana/settings/")["Location"].startswith("/m/login/")


def test_signing_in_changes_the_session_key(owner):
    client = Client()
    ask_for_code(client, str(owner.phone))
    before = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    client.post("/m/login/code/", {"code": newest_code()})
    assert client.cookies[django_settings.SESSION_COOKIE_NAME].value != before
    assert not Session.objects.filter(session_key=before).exists()


# --- Signing up ---------------------------------------------------------------------------------------------


def test_a_newcomer_signs_up_and_sets_up_a_business():
    client, phone = Client(), new_phone()
    assert client.post("/m/signup/", {"name": "Asha", "phone": phone})["Location"] == "/m/login/code/"
    assert not User.objects.exists()
    assert client.post("/m/login/code/", {"code": newest_code()})["Location"] == "/m/"
    user = User.objects.get()
    assert (str(user.phone), user.name, user.has_usable_password()) == (phone, "Asha", False)
    assert client.get("/m/")["Location"] == "/m/new/"
    assert client.get("/m/new/").status_code == 200


def test_a_newcomer_without_the_code_leaves_no_user():
    client = Client()
    client.post("/m/signup/", {"name": "Asha", "phone": new_phone()})
    assert client.post("/m/login/code/", {"code": wrong_code()}).status_code == 400
    assert not User.objects.exists()


def test_signing_up_with_a_number_that_exists_signs_in_and_tells_nobody(owner):
    known, unknown = Client(), Client()
    first = known.post("/m/signup/", {"name": "Somebody", "phone": str(owner.phone)})
    second = unknown.post("/m/signup/", {"name": "Somebody", "phone": new_phone()})
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert words(known.get("/m/login/code/")) == words(unknown.get("/m/login/code/"))
    owners = LoginChallenge.objects.get(phone=str(owner.phone))
    assert known.post("/m/login/code/", {"code": otp.code_for(owners)})["Location"] == "/m/"
    owner.refresh_from_db()
    assert owner.name == "Ramesh"
    assert known.get("/m/")["Location"] == "/m/ram-kirana/"


def test_a_name_given_at_sign_up_is_not_used_for_another_number(owner):
    client = Client()
    client.post("/m/signup/", {"name": "Asha", "phone": new_phone()})
    ask_for_code(client, str(owner.phone))
    client.post("/m/login/code/", {"code": newest_code()})
    assert list(User.objects.values_list("name", flat=True)) == ["Ramesh"]


def test_sign_up_can_be_closed(settings, owner):
    settings.SIGNUP_OPEN = False
    client = Client()
    assert client.get("/m/signup/").status_code == 404
    assert client.post("/m/signup/", {"name": "Asha", "phone": new_phone()}).status_code == 404
    assert not LoginChallenge.objects.exists()
    assert "/m/signup/" not in client.get("/m/login/").content.decode()


def test_while_sign_up_is_closed_a_user_without_a_book_cannot_begin_one(settings, owner):
    settings.SIGNUP_OPEN = False
    assert merchant_client(make_user()).get("/m/new/").status_code == 403
    assert merchant_client(owner).get("/m/new/").status_code == 200


def test_one_address_signs_up_twenty_times_an_hour_at_most():
    with time_machine.travel(timezone.now().replace(minute=1, second=0), tick=False):
        statuses = [Client().post("/m/signup/", {"name": "Asha", "phone": new_phone()}).status_code for _ in range(21)]
    assert statuses == [302] * 20 + [429]


def test_a_name_is_needed_to_sign_up():
    answer = Client().post("/m/signup/", {"name": " ", "phone": new_phone()})
    assert answer.status_code == 400
    assert not LoginChallenge.objects.exists()


def test_forms_refuse_a_post_from_another_site(owner):
    client = Client(enforce_csrf_checks=True)
    for address in ("/m/login/", "/m/signup/", "/m/login/code/", "/m/login/again/", "/m/logout/"):
        assert client.post(address, {"phone": str(owner.phone)}).status_code == 403


def test_nobody_signs_up_with_a_number_from_abroad():
    """Trap 14: a code to a premium number abroad is what toll fraud lives on."""
    answer = Client().post("/m/signup/", {"name": "Bob", "phone": "+44 7400 123456"})
    page = answer.content.decode()
    assert (answer.status_code, "use an Indian mobile number" in page, "+44 7400 123456" in page) == (400, True, True)
    assert not LoginChallenge.objects.exists()
    assert not Message.objects.exists()

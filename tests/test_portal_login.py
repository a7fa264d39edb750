"""Links, numbers and codes: who gets into the portal, and what strangers can learn at its doors."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import activity, delivery, otp, parties
from accounts.models import Activity, Device, LoginChallenge, Message, Party, PartyPerson, User
from ledger import links
from ledger.models import LinkOpen, ShareLink
from tests import factories as make

pytestmark = pytest.mark.django_db


def sent_code():
    return otp.code_for(LoginChallenge.objects.latest("created_at"))


def wrong_code():
    return f"{(int(sent_code()) + 1) % 1_000_000:06d}"


def portal_path(party):
    return links.path(links.for_party(party, None))


def log_in(party, phone, client=None, path=""):
    """Walk in by the party's portal link; returns the browser and the last answer."""
    client = client or Client()
    assert client.post(path or portal_path(party), {"phone": phone}).status_code == 302
    return client, client.post("/portal/code/", {"code": sent_code()})


def welcome(response, landing):
    """The address of the privacy notice that this answer leads to, which leads on to `landing`."""
    assert response["Location"] == f"/portal/welcome/?{urlencode({'next': landing})}"
    return response["Location"]


def plain_body(response):
    """The page without what differs by itself: the CSRF token, number and code as they were typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
    return re.sub(r"\+91 \d{5} \d{5}|value=\"\d{6}\"", "TYPED", text)


def rows():
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        counts = {}
        for table in tables:
            cursor.execute(f'SELECT COUNT(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
    return counts


@pytest.fixture
def phone():
    return make.new_phone()


@pytest.fixture
def party(phone):
    return make.make_party(make.make_business("Ram Kirana"), phone, "Shree Ganesh")


def test_a_saved_number_comes_in_by_link_and_code_and_lands_at_its_party(party, phone):
    client, response = log_in(party, phone)
    response = client.post(welcome(response, f"/portal/{party.public_id}/"))
    assert response["Location"] == f"/portal/{party.public_id}/"
    assert client.get(response["Location"]).status_code == 200
    assert list(LinkOpen.objects.values_list("event", flat=True)) == ["logged_in"]


def test_the_first_login_records_consent_once(party, phone):
    client, _response = log_in(party, phone)
    page = client.get(f"/portal/{party.public_id}/ledger/")
    text = client.get(welcome(page, f"/portal/{party.public_id}/ledger/")).content.decode()
    assert "What is kept" in text
    assert "Ram Kirana" in text
    assert User.objects.get(phone=phone).consented_at is None
    assert client.post(page["Location"])["Location"] == f"/portal/{party.public_id}/ledger/"
    user = User.objects.get(phone=phone)
    assert user.consented_at is not None
    assert user.consent_version == "2026-11"
    _client, again = log_in(party, phone)
    assert again["Location"] == f"/portal/{party.public_id}/"


def test_one_number_opens_all_shops_that_saved_it_and_no_other(party, phone):
    second = make.make_party(make.make_business("Lakshmi"), phone, "Ganesh too")
    unshared = make.make_party(make.make_business("Secret"), phone, "Hidden", is_shared=False)
    foreign = make.make_party(party.business, make.new_phone(), "Neighbour")
    client, _response = log_in(party, phone)
    client.post("/portal/welcome/")
    text = client.get("/portal/").content.decode()
    assert "Ram Kirana" in text
    assert "Lakshmi" in text
    assert "Secret" not in text
    assert "Neighbour" not in text
    pages = [client.get(f"/portal/{p.public_id}/").status_code for p in (party, second, unshared, foreign)]
    assert pages == [200, 200, 404, 404]


def test_a_known_and_an_unknown_number_get_the_same_answers_and_cost_the_same(party, phone):
    path = portal_path(party)
    seen = []
    for number in (phone, make.new_phone()):
        client = Client()
        client.get(path)
        before = rows()
        with CaptureQueriesContext(connection) as queries:
            asked = client.post(path, {"phone": number})
        page = client.get("/portal/code/")
        wrong = client.post("/portal/code/", {"code": wrong_code()})
        after = rows()
        grown = {table: after[table] - before[table] for table in after if after[table] != before[table]}
        # Counters of door and address are there already when the second number comes.
        del grown["accounts_limitcounter"]
        pages = (plain_body(page), wrong.status_code, plain_body(wrong))
        seen.append((asked.status_code, asked["Location"], len(queries), *pages, grown))
    assert seen[0] == seen[1]
    assert Message.objects.order_by("pk").values_list("status", flat=True)[0] == "queued"
    assert Message.objects.order_by("pk").values_list("status", flat=True)[1] == "dropped"


def test_not_even_the_right_digits_let_an_unknown_number_in(party):
    stranger = make.new_phone()
    client = Client()
    client.post(portal_path(party), {"phone": stranger})
    assert client.post("/portal/code/", {"code": sent_code()}).status_code == 400
    assert not User.objects.filter(phone=stranger).exists()


def test_a_number_of_another_shop_gets_no_code_at_this_shops_door(party):
    elsewhere = make.make_party(make.make_business(), make.new_phone())
    number = str(elsewhere.people.get().phone)
    Client().post(portal_path(party), {"phone": number})
    assert Message.objects.get(to=number).status == "dropped"


def test_a_number_of_an_unshared_party_gets_no_code(party):
    number = make.new_phone()
    make.make_party(party.business, number, is_shared=False)
    Client().post(portal_path(party), {"phone": number})
    assert Message.objects.get(to=number).status == "dropped"


@pytest.mark.parametrize("typed", ["", "12345", "98765", "not a number", "+1 5", "020 2553 1234", "9" * 60])
def test_a_bad_number_is_said_so_with_400_and_nothing_is_sent(party, typed):
    for path in (portal_path(party), "/portal/login/"):
        response = Client().post(path, {"phone": typed})
        assert response.status_code == 400
        assert "errorlist" in response.content.decode()
    assert not Message.objects.exists()


@pytest.mark.parametrize("typed", ["", "1", "12345", "abcdef", "1234567"])
def test_a_code_that_is_none_is_said_so_and_costs_no_try(party, phone, typed):
    client = Client()
    client.post(portal_path(party), {"phone": phone})
    assert client.post("/portal/code/", {"code": typed}).status_code == 400
    assert LoginChallenge.objects.get().tries == 0


def test_a_code_may_be_typed_with_spaces_and_in_hindi_digits(party, phone):
    client = Client()
    client.post(portal_path(party), {"phone": phone})
    typed = sent_code().translate(str.maketrans("0123456789", "०१२३४५६७८९"))
    assert client.post("/portal/code/", {"code": f" {typed[:3]} {typed[3:]} "}).status_code == 302


def test_after_five_wrong_codes_the_right_one_is_too_late(party, phone):
    client = Client()
    client.post(portal_path(party), {"phone": phone})
    for _ in range(5):
        assert client.post("/portal/code/", {"code": wrong_code()}).status_code == 400
    response = client.post("/portal/code/", {"code": sent_code()})
    assert response.status_code == 400
    assert "tried too often" in response.content.decode()


def test_an_old_code_is_refused_in_plain_words(party, phone):
    client = Client()
    client.post(portal_path(party), {"phone": phone})
    code = sent_code()
    LoginChallenge.objects.update(expires_at=timezone.now())
    response = client.post("/portal/code/", {"code": code})
    assert response.status_code == 400
    assert "too old" in response.content.decode()


def test_a_code_works_only_in_the_browser_that_asked_for_it(party, phone):
    Client().post(portal_path(party), {"phone": phone})
    thief = Client()
    thief.post(portal_path(party), {"phone": make.new_phone()})
    code = otp.code_for(LoginChallenge.objects.get(phone=phone))
    assert thief.post("/portal/code/", {"code": code}).status_code == 400
    assert Client().post("/portal/code/", {"code": code})["Location"] == "/portal/login/"


def test_a_code_is_used_once(party, phone):
    client, first = log_in(party, phone)
    assert first.status_code == 302
    again = client.post("/portal/code/", {"code": sent_code()})
    assert again["Location"] == "/portal/"
    assert Device.objects.count() == 1


def test_a_link_that_ends_between_number_and_code_lets_nobody_in(party, phone):
    client = Client()
    client.post(portal_path(party), {"phone": phone})
    links.revoke(ShareLink.objects.get(), make.make_user())
    assert client.post("/portal/code/", {"code": sent_code()}).status_code == 410
    assert not User.objects.filter(phone=phone).exists()


def test_a_closed_user_is_not_let_in(party, phone):
    make.make_user(phone, is_active=False)
    _client, response = log_in(party, phone)
    assert response.status_code == 400


def test_too_many_codes_in_a_while_are_429_with_retry_after(party, phone):
    client = Client()
    answers = [client.post(portal_path(party), {"phone": phone}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 900


def test_by_an_invoice_link_one_lands_on_that_invoice_inside(party, phone):
    invoice = make.make_invoice(party)
    path = links.path(links.for_invoice(invoice, None)) + "/login"
    assert Client().get(path).status_code == 200
    client, response = log_in(party, phone, path=path)
    inside = f"/portal/{party.public_id}/invoices/{invoice.public_id}/"
    assert client.post(welcome(response, inside))["Location"] == inside
    assert client.get(path)["Location"] == inside


def test_one_who_is_in_goes_straight_to_the_party(party):
    client = make.customer_client(party)
    assert client.get(portal_path(party))["Location"] == f"/portal/{party.public_id}/"
    other = make.make_party(party.business, make.new_phone())
    assert client.get(portal_path(other)).status_code == 200


def test_a_party_whose_version_moved_on_asks_for_a_code_again(party, phone):
    client, _response = log_in(party, phone)
    client.post("/portal/welcome/")
    assert client.get(f"/portal/{party.public_id}/").status_code == 200
    parties.end_sessions(party, make.make_user())
    assert client.get(f"/portal/{party.public_id}/").status_code == 404
    assert "Open its link again" in client.get("/portal/").content.decode()
    party.refresh_from_db()
    path = portal_path(party)
    assert client.get(path).status_code == 200
    _client, response = log_in(party, phone, client, path)
    assert response["Location"] == f"/portal/{party.public_id}/"


def test_a_shop_that_saves_the_number_later_needs_a_code_of_its_own(party, phone):
    client, _response = log_in(party, phone)
    client.post("/portal/welcome/")
    later = make.make_party(make.make_business(), phone)
    assert client.get(f"/portal/{later.public_id}/").status_code == 404


# --- the general door ---------------------------------------------------------------------------------------


def test_the_general_door_does_the_same_for_every_number(party, phone):
    seen = []
    for number in (phone, make.new_phone()):
        client, before = Client(), rows()
        with CaptureQueriesContext(connection) as queries:
            response = client.post("/portal/login/", {"phone": number})
        after = rows()
        grown = {table: after[table] - before[table] for table in after if after[table] != before[table]}
        counters = grown.pop("accounts_limitcounter")
        seen.append((response.status_code, plain_body(response), len(queries), grown))
        assert counters >= 2
    assert seen[0] == seen[1]
    assert seen[0][3] == {"accounts_message": 1}


def test_a_saved_number_gets_its_portal_link_by_message(party, phone, capsys):
    Client().post("/portal/login/", {"phone": phone})
    assert delivery.deliver(Message.objects.get().pk)
    line = capsys.readouterr().out
    assert line.startswith(f"[sms to {phone}] Ram Kirana: see all your invoices")
    (path,) = re.findall(r"/p/[0-9A-Za-z]{33}", line)
    _client, response = log_in(party, phone, path=path)
    welcome(response, f"/portal/{party.public_id}/")


def typed_number(client, path):
    """What stands in the field when the door opens, as E.164."""
    shown = client.get(path).context["form"]["phone"].value()
    return f"+91{shown.replace(' ', '')}" if shown else ""


def test_the_number_typed_at_the_general_door_stands_in_the_field_behind_the_link(party, phone):
    client = Client()
    client.post("/portal/login/", {"phone": phone})
    assert typed_number(client, portal_path(party)) == phone
    assert f'value="{phone[3:8]} {phone[8:]}"' in client.get(portal_path(party)).content.decode()
    assert typed_number(Client(), portal_path(party)) == ""
    asked = client.post(portal_path(party), {"phone": phone})
    assert asked["Location"] == "/portal/code/"
    client.post("/portal/code/", {"code": sent_code()})
    client.post("/portal/logout/")
    assert typed_number(client, portal_path(party)) == ""


def test_the_number_is_kept_alike_whether_a_shop_has_it_or_not(party, phone):
    stranger = make.new_phone()
    kept = []
    for number in (phone, stranger):
        client = Client()
        client.post("/portal/login/", {"phone": number})
        cookie = client.cookies["sl_typed"]
        kept.append({name: value for name, value in cookie.items() if name != "expires"} | {"long": len(cookie.value)})
        assert typed_number(client, portal_path(party)) == number
    assert kept[0] == kept[1]
    assert (kept[0]["path"], kept[0]["httponly"], kept[0]["max-age"]) == ("/p/", True, 900)


def test_a_number_that_this_site_has_not_signed_or_that_is_old_is_not_shown(party, phone):
    client = Client()
    client.cookies["sl_typed"] = phone
    assert typed_number(client, portal_path(party)) == ""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.post("/portal/login/", {"phone": phone})
        clock.shift(timedelta(minutes=14))
        assert typed_number(client, portal_path(party)) == phone
        clock.shift(timedelta(minutes=2))
        assert typed_number(client, portal_path(party)) == ""


def test_asking_for_a_new_code_needs_no_typing(party, phone):
    client = Client()
    client.post(portal_path(party), {"phone": phone})
    assert typed_number(client, portal_path(party)) == phone


def test_with_several_shops_one_link_is_sent_that_opens_all(party, phone, capsys):
    make.make_party(make.make_business("Lakshmi"), phone)
    Client().post("/portal/login/", {"phone": phone})
    delivery.deliver(Message.objects.get().pk)
    assert "Lakshmi and 1 more: see all" in capsys.readouterr().out


def test_an_unsaved_number_gets_nothing(party, capsys):
    Client().post("/portal/login/", {"phone": make.new_phone()})
    assert delivery.deliver(Message.objects.get().pk) is False
    assert capsys.readouterr().out == ""
    assert not ShareLink.objects.exists()


def test_a_number_whose_sharing_stopped_gets_nothing(party, phone, capsys):
    parties.set_shared(party, False, make.make_user())
    Client().post("/portal/login/", {"phone": phone})
    assert delivery.deliver(Message.objects.get().pk) is False
    assert capsys.readouterr().out == ""


def test_the_general_door_is_limited_per_number_known_or_not(party, phone):
    for number in (phone, make.new_phone()):
        answers = [Client().post("/portal/login/", {"phone": number}).status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429]


def test_a_known_browser_goes_straight_to_the_code(party, phone):
    client, _response = log_in(party, phone)
    client.post("/portal/welcome/")
    client.post("/portal/logout/")
    assert client.post("/portal/login/", {"phone": phone})["Location"] == "/portal/code/"
    assert client.post("/portal/code/", {"code": sent_code()})["Location"] == "/portal/"
    # The same browser with another number is nobody's.
    client.post("/portal/logout/")
    assert client.post("/portal/login/", {"phone": make.new_phone()}).status_code == 200


def test_the_code_page_opens_only_behind_a_door():
    assert Client().get("/portal/code/")["Location"] == "/portal/login/"


# --- out again, and two roles ---------------------------------------------------------------------------------


def test_signing_out_everywhere_ends_every_browser(party, phone):
    first, _response = log_in(party, phone)
    first.post("/portal/welcome/")
    second = make.customer_client(party)
    page = f"/portal/{party.public_id}/"
    assert second.post("/portal/logout/everywhere/")["Location"] == "/portal/login/"
    for client in (first, second):
        assert client.get(page)["Location"].startswith("/portal/login/")


def test_pages_ask_strangers_to_log_in_at_the_customers_door(party):
    assert Client().get(f"/portal/{party.public_id}/")["Location"] == f"/portal/login/?next=/portal/{party.public_id}/"


def test_a_merchants_login_is_no_customers_login(party):
    owner = make.make_user()
    make.make_membership(party.business, owner)
    client = make.merchant_client(owner)
    assert client.get(f"/portal/{party.public_id}/")["Location"].startswith("/portal/login/")


def test_one_browser_keeps_both_roles_apart(party, phone):
    owner = make.make_user()
    shop = make.make_business("Own shop", owner=owner)
    client = make.merchant_client(owner)
    make.customer_client(party, client=client)
    assert client.get(f"/portal/{party.public_id}/").status_code == 200
    assert client.get(f"/m/{shop.slug}/").status_code == 200
    assert client.get(f"/m/{party.business.slug}/").status_code == 404
    client.post("/portal/logout/")
    assert client.get(f"/portal/{party.public_id}/").status_code == 302
    assert client.get(f"/m/{shop.slug}/").status_code == 200


def test_looking_at_the_doors_makes_no_session(party):
    client = Client()
    for path in (portal_path(party), "/portal/login/", "/portal/code/"):
        client.get(path)
        client.head(path)
    assert "sl_c" not in client.cookies
    assert rows()["django_session"] == 0


def test_people_of_a_party_come_in_under_their_own_numbers(party):
    helper = make.new_phone()
    parties.add_person(party, helper, "Sunil", PartyPerson.Role.ORDERS, None)
    invoice = make.make_invoice(party)
    path = links.path(links.for_invoice(invoice, None)) + "/login"
    client, response = log_in(party, helper, path=path)
    # An invoice is not theirs to see, so they land at their own home.
    welcome(response, f"/portal/{party.public_id}/")
    client.post(response["Location"])


def test_looking_before_agreeing_writes_nothing_and_the_notice_leads_to_no_other_site(party, phone):
    client, _response = log_in(party, phone)
    kept = {row.session_key: row.session_data for row in Session.objects.all()}
    client.get(f"/portal/{party.public_id}/ledger/")
    assert {row.session_key: row.session_data for row in Session.objects.all()} == kept
    for evil in ("https://evil.example/", "//evil.example/portal/", "/m/logout/"):
        assert client.post("/portal/welcome/", query_params={"next": evil})["Location"] == "/portal/"


def logins(*parties):
    """Each party's last login as its shop reads it: (number, device) or None."""
    phone, data = activity.last_login("actor__phone"), activity.last_login("data")
    found = Party.objects.annotate(login_phone=phone, login_data=data).in_bulk([party.pk for party in parties])
    rows = [found[party.pk] for party in parties]
    return [row.login_data and (str(row.login_phone), row.login_data["device"]) for row in rows]


def test_the_shop_sees_the_last_login_through_whatever_door_it_came(party, phone):
    elsewhere = make.make_party(make.make_business(), phone, "Also mine")
    stranger, stopped = make.make_party(party.business, make.new_phone()), make.make_party(party.business, phone)
    parties.set_shared(stopped, False, make.make_user())
    browser = Client(headers={"user-agent": "Mozilla/5.0 (Linux; Android 14) Chrome/130.0"})
    log_in(party, phone, browser)
    seen = (phone, "Chrome, Android")
    assert logins(party, elsewhere, stranger, stopped) == [seen, seen, None, None]

    browser.post("/portal/logout/")
    browser.post("/portal/login/", {"phone": phone})  # the general door; this browser is known
    browser.post("/portal/code/", {"code": wrong_code()})
    assert Activity.objects.filter(verb="logged_in").count() == 2
    browser.post("/portal/code/", {"code": sent_code()})
    assert Activity.objects.filter(verb="logged_in").count() == 4
    assert list(LinkOpen.objects.values_list("link__party", "event")) == [(party.pk, "logged_in")]


def test_a_code_asked_for_at_another_partys_link_is_not_a_login_of_that_party(party, phone):
    neighbour = make.make_party(party.business, make.new_phone(), "Neighbour")
    _client, response = log_in(neighbour, phone)
    welcome(response, "/portal/")
    assert not LinkOpen.objects.exists()


def test_the_language_of_the_link_page_stays_on_the_pages_after_it(party, phone):
    party.language = "hi"
    party.save()
    client = Client(headers={"accept-language": "en"})
    client.post(portal_path(party), {"phone": phone})
    assert '<html lang="hi"' in client.get("/portal/code/").content.decode()


def test_the_language_chosen_goes_with_the_person_to_the_next_browser(party, phone):
    first, _response = log_in(party, phone)
    first.post("/language/", {"language": "hi", "next": "/"})
    assert User.objects.get(phone=phone).language == "hi"
    second, response = log_in(party, phone, Client(headers={"accept-language": "en"}))
    assert response.cookies["sl_lang"].value == "hi"
    assert response.cookies["sl_lang"]["max-age"] == 60 * 60 * 24 * 365
    assert '<html lang="hi"' in second.get("/portal/welcome/").content.decode()


def test_nobodys_language_is_changed_by_a_stranger_or_to_one_we_do_not_have(party, phone):
    client, _response = log_in(party, phone)
    client.post("/language/", {"language": "xx", "next": "/"})
    Client().post("/language/", {"language": "hi", "next": "/"})
    assert User.objects.get(phone=phone).language == ""


@pytest.mark.parametrize("path", ["/portal/login/", "/portal/code/"])
def test_the_doors_can_be_read_in_the_other_language(party, phone, path):
    client = Client()
    client.post(portal_path(party), {"phone": phone})
    text = client.get(path).content.decode()
    assert f'<input type="hidden" name="next" value="{path}">' in text
    assert 'name="language" value="hi"' in text

"""The portal as an app: what it is made of is the same for everybody, and what a browser keeps ends with its session."""

import json

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import parties
from accounts.models import PartyPerson
from portal import kept
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def party():
    return make.make_party(make.make_business("Ram Kirana"), make.new_phone(), "Shree Ganesh")


def home(party):
    return f"/portal/{party.public_id}/"


def may_keep(client):
    """The mark by which this browser shows what it kept; "" when it shows nothing."""
    morsel = client.cookies.get(kept.COOKIE)
    return morsel.value if morsel else ""


def test_manifest_worker_and_offline_page_are_the_same_for_everybody(party):
    make.make_invoice(party, paise=71_317_00)
    owner = make.customer_client(party)
    owner.get(home(party))
    for path in ("/app.webmanifest?lang=hi", "/worker.js?lang=hi", "/portal/offline/?lang=hi"):
        answers = [one.get(path) for one in (Client(), owner, make.merchant_client(make.make_user()))]
        assert [one.status_code for one in answers] == [200] * 3
        assert len({one.content for one in answers}) == 1
        assert b"Ram Kirana" not in answers[1].content
        assert b"71,317" not in answers[1].content
        assert not answers[1].cookies


def test_the_manifest_names_one_app_for_all_shops_with_icons_that_are_there():
    content = json.loads(Client().get("/app.webmanifest?lang=en").content)
    assert (content["id"], content["start_url"], content["scope"]) == ("/portal/",) * 3
    assert {icon["purpose"] for icon in content["icons"]} == {"any", "maskable"}
    for icon in content["icons"]:
        assert (settings.BASE_DIR / icon["src"].lstrip("/")).read_bytes().startswith(b"\x89PNG")
    assert Client().get("/app.webmanifest?lang=xx").content == Client().get("/app.webmanifest").content


def test_the_worker_is_another_one_when_the_language_is(party):
    assert Client().get("/worker.js?lang=hi").content != Client().get("/worker.js?lang=en").content
    answer = Client().get("/worker.js")
    assert answer["Cache-Control"] == "no-cache"
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"


def test_a_browser_may_keep_by_its_session_and_no_longer(party):
    other = make.make_party(party.business, make.new_phone())
    client = make.customer_client(party)
    client.get(f"{home(party)}ledger/")
    assert may_keep(client) == ""  # nothing of that page is kept
    client.get(home(party))
    first = may_keep(client)
    assert first == kept.mark(client.cookies[settings.PORTAL_SESSION_COOKIE_NAME].value, party.people.all())
    morsel = client.cookies[kept.COOKIE]
    assert (morsel["path"], morsel["max-age"], morsel["samesite"]) == ("/portal/", 7 * 24 * 3600, "Lax")
    # Somebody else's session has another mark.
    make.customer_client(other, client=client).get(home(other))
    assert may_keep(client) not in ("", first)


@pytest.mark.parametrize("way", ["logout", "everywhere", "session over", "sharing over", "another's page"])
def test_whatever_ends_a_session_ends_what_was_kept(party, way):
    client = make.customer_client(party)
    client.get(home(party))
    assert may_keep(client) != ""
    if way == "session over":
        Session.objects.filter(pk=client.cookies[settings.PORTAL_SESSION_COOKIE_NAME].value).delete()
    elif way == "sharing over":
        parties.set_shared(party, False, make.make_user())
    if way == "logout":
        client.post("/portal/logout/")
    elif way == "everywhere":
        client.post("/portal/logout/everywhere/")
    elif way == "another's page":
        client.get(home(make.make_party(party.business)))
    else:
        client.get(home(party), follow=True)
    assert may_keep(client) == ""


def test_a_shop_or_a_right_that_was_lost_takes_along_what_was_kept_of_it(party):
    """The app on a phone opens with the list of shops: that is where it learns it, also from the last one."""
    owner, number = make.make_user(), str(party.people.get().phone)
    other = make.make_party(make.make_business("Sita Mills"), number)
    client = make.customer_client(number)
    client.get(home(party))
    marks = [may_keep(client)]
    client.get("/portal/")
    assert may_keep(client) == marks[0]  # nothing changed
    person = party.people.get()
    PartyPerson.objects.filter(pk=person.pk).update(role=PartyPerson.Role.ORDERS)
    client.get("/portal/")
    marks.append(may_keep(client))
    parties.set_shared(party, False, owner)
    client.get(home(other))
    marks.append(may_keep(client))
    parties.set_shared(other, False, owner)
    client.get("/portal/")
    assert may_keep(client) == ""
    assert len({*marks, ""}) == 4


def test_a_helper_for_orders_has_nothing_to_keep_but_what_they_see(party):
    make.make_invoice(party, paise=71_317_00)
    number = make.new_phone()
    parties.add_person(party, number, "", "orders", None)
    text = make.customer_client(number).get(home(party)).content.decode()
    assert 'data-keep="amount"' not in text
    assert 'data-keep="facts"' not in text
    assert "71,317" not in text


def test_a_shortcut_leads_to_the_only_shop_or_to_the_choice(party):
    client = make.customer_client(party)
    assert client.get("/portal/to/ledger/")["Location"] == f"{home(party)}ledger/"
    assert client.get("/portal/to/nonsense/").status_code == 404
    number = make.new_phone()
    parties.add_person(party, number, "", "orders", None)
    helper = make.customer_client(number)
    assert helper.get("/portal/to/pay/")["Location"] == home(party)
    assert helper.get("/portal/to/shop/")["Location"] == f"{home(party)}store/"
    parties.add_person(make.make_party(), number, "", "owner", None)
    assert make.customer_client(number).get("/portal/to/ledger/")["Location"] == "/portal/"
    assert Client().get("/portal/to/ledger/")["Location"].startswith("/portal/login/")

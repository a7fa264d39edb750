"""A customer asks for a correction; the shop takes it over in whole or in part, or says why not; papers stay."""

import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts import asking, corrections, parties
from accounts.asking import ChangedMeanwhile, RequestRefused
from accounts.models import Activity, DataRequest, Message, Notice, Party, PartyPerson
from accounts.phones import pretty
from ledger import links
from tests import factories as make

pytestmark = pytest.mark.django_db
DOORS = 4
OF_27, OF_24, ANOTHER_OF_27 = "27AAPFU0939F1ZV", "24AAACC1206D1ZM", "27AAACR5055K1Z7"


@pytest.fixture
def owner():
    return make.make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make.make_business("Ram Kirana", owner, slug="ram")


@pytest.fixture
def party(shop):
    return make.make_party(shop, make.new_phone(), "Anil Stores", city="Pune", gstin=OF_27)


@pytest.fixture
def desk(owner):
    return make.merchant_client(owner)


def at(party, tail=""):
    return f"/portal/{party.public_id}/{tail}"


def form_of(client, party):
    """The form as a browser would send it unchanged."""
    html = client.get(at(party, "profile/correct/")).content.decode()
    sent = dict(re.findall(r'<input[^>]*?name="(\w+)"[^>]*?value="([^"]*)"', html))
    chosen = re.search(r'<option value="(\d*)" selected', html)
    return sent | {"state_code": chosen[1] if chosen else "", "address": ""}


def ask(client, party, **wanted):
    return client.post(at(party, "profile/correct/"), form_of(client, party) | wanted)


def hidden_of(html):
    """The hidden fields of the first form on a page."""
    return dict(reversed(re.findall(r'name="(form_key|shown)" value="([^"]+)"', html)))


def take(desk, asked, *parts, **more):
    """Press the button of the page with these boxes ticked."""
    html = desk.get(f"/m/ram/requests/{asked.public_id}/").content.decode()
    first = html[: html.index("/accept/") + 2000]
    hidden = hidden_of(first)
    return desk.post(f"/m/ram/requests/{asked.public_id}/accept/", hidden | {"part": parts} | more)


def test_what_a_customer_asks_is_kept_with_what_they_saw_and_told_to_the_shop(party, desk):
    client = make.customer_client(party)
    assert ask(client, party, name="Anil & Sons", city="Nashik", note="We moved").status_code == 302
    asked = DataRequest.objects.get()
    assert asked.asked == {"name": "Anil & Sons", "city": "Nashik"}
    assert {key: asked.seen[key] for key in asked.asked} == {"name": "Anil Stores", "city": "Pune"}
    assert (asked.status, asked.note) == ("open", "We moved")
    assert (Party.objects.get(pk=party.pk).name, Notice.objects.get().kind) == ("Anil Stores", "correction")
    profile = client.get(at(party, "profile/")).content.decode()
    assert ("Anil &amp; Sons" in profile, "Waiting for the shop" in profile) == (True, True)
    assert "asks you to put their details right" in desk.get("/m/ram/news/").content.decode()
    assert "To put right or to erase" in desk.get("/m/ram/").content.decode()
    assert "They ask you to put details right" in desk.get(f"/m/ram/parties/{party.public_id}/").content.decode()
    listed = desk.get("/m/ram/requests/").content.decode()
    assert ("Anil Stores" in listed, "Name, Address" in listed) == (True, True)
    assert list(Activity.objects.filter(verb="correction_asked").values_list("data", flat=True)) == [
        {"parts": ["name", "address"]}
    ]


def test_one_tap_takes_all_over_and_no_paper_changes(party, desk, owner):
    invoice = make.make_invoice(party)
    asked = make.make_correction(party, name="Anil & Sons", city="Nashik", email="a@example.in")
    assert take(desk, asked, "name", "address", "email").status_code == 302
    now = Party.objects.get(pk=party.pk)
    assert (now.name, now.city, now.email) == ("Anil & Sons", "Nashik", "a@example.in")
    assert now.access_version == party.access_version
    invoice.refresh_from_db()
    assert (invoice.buyer["name"], invoice.buyer["city"]) == ("Anil Stores", "Pune")
    asked.refresh_from_db()
    assert (asked.status, asked.taken, asked.answered_by) == ("accepted", ["name", "address", "email"], owner)
    assert Activity.objects.get(verb="correction_accepted").data == {"parts": ["name", "address", "email"]}


def test_a_part_is_taken_and_the_customer_reads_why_the_rest_stays(party, desk):
    asked = make.make_correction(
        party, name="Anil & Sons", city="Nashik", by=make.make_user(str(party.people.get().phone))
    )
    take(desk, asked, "name", answer="Send me the new licence first")
    now = Party.objects.get(pk=party.pk)
    assert (now.name, now.city) == ("Anil & Sons", "Pune")
    profile = make.customer_client(party).get(at(party, "profile/")).content.decode()
    assert ("Send me the new licence first" in profile, profile.count("stays as it was")) == (True, 1)


def test_the_shop_declines_with_words_that_the_customer_reads(party, desk):
    asked = make.make_correction(party, name="Anil & Sons")
    where = f"/m/ram/requests/{asked.public_id}/decline/"
    assert desk.post(where, {"form_key": "k1", "reason": ""}).status_code == 400
    assert desk.post(where, {"form_key": "k1", "reason": "The licence says Anil Stores"}).status_code == 302
    assert desk.post(where, {"form_key": "k1", "reason": "The licence says Anil Stores"}).status_code == 302
    assert Party.objects.get(pk=party.pk).name == "Anil Stores"
    assert "The licence says Anil Stores" in make.customer_client(party).get(at(party, "profile/")).content.decode()
    with pytest.raises(RequestRefused, match="answered or taken back"):
        corrections.accept(asked, make.make_user(), ["name"], shown="x")


def test_a_record_that_changed_meanwhile_is_never_written_over_silently(party, desk, owner):
    asked = make.make_correction(party, name="Anil & Sons", city="Nashik")
    page = desk.get(f"/m/ram/requests/{asked.public_id}/").content.decode()
    form = hidden_of(page)
    Party.objects.filter(pk=party.pk).update(city="Mumbai")  # another of the shop's people, between look and press
    answer = desk.post(f"/m/ram/requests/{asked.public_id}/accept/", form | {"part": ["name", "address"]})
    assert (answer.status_code, "has changed meanwhile" in answer.content.decode()) == (400, True)
    assert list(Party.objects.filter(pk=party.pk).values_list("name", "city")) == [("Anil Stores", "Mumbai")]
    # Looked at anew, what changed is said and not ticked.
    page = desk.get(f"/m/ram/requests/{asked.public_id}/").content.decode()
    assert "It was changed after they asked. They saw:" in page
    ticked = re.findall(r'name="part" value="(\w+)"( checked)?', page)
    assert ticked == [("name", " checked"), ("address", "")]
    take(desk, asked, "name", "address")
    assert list(Party.objects.filter(pk=party.pk).values_list("name", "city")) == [("Anil & Sons", "Nashik")]


def test_a_page_of_the_shop_that_was_open_before_does_not_write_the_old_record_back(party, desk, owner):
    """The old number would get in again, and nobody would know of it."""
    where, old, new = f"/m/ram/parties/{party.public_id}/edit/", str(party.people.get().phone), make.new_phone()
    form = desk.get(where).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields if name != "is_sez"} | {"note": "Pays on Fridays"}
    asked = make.make_correction(party, phone=new, city="Nashik")
    now = corrections.fingerprint(corrections.current(party, old))
    corrections.accept(asked, owner, ["phone", "address"], shown=now)
    assert desk.post(where, typed | {"shown": ""}).status_code == 400  # nor one that does not say what it showed
    answer = desk.post(where, typed)
    assert (answer.status_code, "This party has changed meanwhile." in answer.content.decode()) == (400, True)
    again = answer.context["form"]
    assert {name: list(errors) for name, errors in again.errors.items() if name != "__all__"} == {
        "phone": [f"It reads now: {pretty(new)}"],
        "city": ["It reads now: Nashik"],
    }
    party.refresh_from_db()
    assert (str(party.people.get().phone), party.city, party.note) == (new, "Nashik", "")
    # What was typed is still there; now they know, and choose.
    typed = {name: again[name].value() or "" for name in again.fields if name != "is_sez"}
    assert (typed["note"], typed["city"]) == ("Pays on Fridays", "Pune")
    for _click in range(2):  # the second finds what the first has changed
        assert desk.post(where, typed | {"phone": new})["Location"] == f"/m/ram/parties/{party.public_id}/"
    party.refresh_from_db()
    assert (str(party.people.get().phone), party.city, party.note) == (new, "Pune", "Pays on Fridays")


def test_a_customer_whose_record_changed_while_they_wrote_looks_again(party):
    client = make.customer_client(party)
    form = form_of(client, party)
    Party.objects.filter(pk=party.pk).update(city="Mumbai")
    answer = client.post(at(party, "profile/correct/"), form | {"name": "Anil & Sons"})
    assert (answer.status_code, "has changed your record meanwhile" in answer.content.decode()) == (400, True)
    assert not DataRequest.objects.exists()
    sent = dict(re.findall(r'<input[^>]*?name="(form_key|shown)"[^>]*?value="([^"]*)"', answer.content.decode()))
    again = client.post(at(party, "profile/correct/"), form | sent | {"name": "Anil & Sons", "city": "Mumbai"})
    assert (again.status_code, DataRequest.objects.get().asked) == (302, {"name": "Anil & Sons"})


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"gstin": "27AAPFU9039F1ZV"}, "typing mistake: its last character does not fit"),
        ({"gstin": "28AAPFU0939F1ZT"}, "28: that is no State code"),
        ({"gstin": OF_24, "state_code": "29"}, "This GSTIN is of Gujarat."),
        ({"gstin": ANOTHER_OF_27}, "own GSTIN"),
        ({"email": "anil"}, "name@example.com"),
        ({"pin_code": "12"}, "six digits"),
        ({"phone": "12345"}, "ten digits"),
        ({"name": ""}, "Please fill this in."),
        ({}, "Nothing differs"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_asked(party, wanted, words):
    party.business.scheme, party.business.gstin = "regular", ANOTHER_OF_27
    party.business.save()
    answer = ask(make.customer_client(party), party, **wanted)
    assert (answer.status_code, DataRequest.objects.count()) == (400, 0)
    assert words in answer.content.decode()


def test_a_gstin_brings_its_state_along(party, desk):
    asked = make.make_correction(party, gstin=OF_24, state_code="24")
    assert asked.asked == {"gstin": OF_24}
    take(desk, asked, "gstin")
    now = Party.objects.get(pk=party.pk)
    assert (now.gstin, now.state_code) == (OF_24, "24")


def test_a_new_number_ends_what_was_open_and_logs_in_by_a_code_of_its_own(party, desk, owner):
    client = make.customer_client(party)
    link = links.for_party(party, owner)
    new = make.new_phone()
    ask(client, party, phone=new)
    page = desk.get(f"/m/ram/requests/{DataRequest.objects.get().public_id}/").content.decode()
    assert "A new mobile number ends all links and sessions of this party." in page
    assert (
        "all links and sessions of the party ended"
        in take(desk, DataRequest.objects.get(), "phone").wsgi_request._messages._queued_messages[0].message
    )
    party.refresh_from_db()
    assert (str(party.people.get().phone), party.people.get().is_main, party.access_version) == (new, True, 2)
    assert client.get(at(party)).status_code == 404
    assert client.get(links.path(link)).status_code == 410
    assert make.customer_client(new).get(at(party)).status_code == 200


def test_everybody_asks_for_their_own_number_only(party, owner, desk):
    munim = parties.add_person(party, make.new_phone(), "Munim", PartyPerson.Role.ACCOUNTANT, owner)
    client, new = make.customer_client(str(munim.phone)), make.new_phone()
    ask(client, party, phone=new)
    own = make.customer_client(party).get(at(party, "profile/")).content.decode()
    assert (f"•••• {new[-4:]}" in own, new[3:] in own.replace(" ", "")) == (True, False)
    take(desk, DataRequest.objects.get(), "phone")
    munim.refresh_from_db()
    assert (str(munim.phone), munim.role, party.people.filter(is_main=True).count()) == (new, "accountant", 1)


def test_numbers_and_gstins_that_stand_elsewhere_are_told_to_whom_it_belongs(party, shop, owner, desk):
    munim = parties.add_person(party, make.new_phone(), "Munim", PartyPerson.Role.ACCOUNTANT, owner)
    client = make.customer_client(party)
    assert "saved here already" in ask(client, party, phone=str(munim.phone)).content.decode()
    other = make.make_party(shop, make.new_phone(), "Zebra Mills", gstin=OF_24, state_code="24")
    foreign = make.make_party(make.make_business("Foreign"), name="Foreign Mills", gstin=OF_24, state_code="24")
    answer = ask(client, party, gstin=OF_24, phone=str(other.people.get().phone))
    assert (answer.status_code, "Zebra" in answer.content.decode()) == (302, False)
    page = desk.get(f"/m/ram/requests/{DataRequest.objects.get().public_id}/").content.decode()
    assert (page.count("Zebra Mills"), foreign.name in page) == (2, False)
    # Saved on the party meanwhile: refused, and nothing of it taken over.
    parties.add_person(party, str(other.people.get().phone), "", PartyPerson.Role.ORDERS, owner)
    answer = take(desk, DataRequest.objects.get(), "gstin", "phone")
    assert (answer.status_code, "saved here already" in answer.content.decode()) == (400, True)
    assert Party.objects.get(pk=party.pk).gstin == OF_27


def test_the_newest_wish_of_a_person_takes_the_place_of_the_older(party):
    client = make.customer_client(party)
    ask(client, party, name="Anil & Sons")
    assert form_of(client, party)["name"] == "Anil &amp; Sons"  # as it was asked for
    ask(client, party, name="Anil and Sons")
    assert list(DataRequest.objects.order_by("pk").values_list("status", flat=True)) == ["replaced", "open"]
    asked = DataRequest.objects.get(status="open")
    where = at(party, f"asked/{asked.public_id}/take-back/")
    assert [client.post(where).status_code for _ in range(2)] == [302, 302]
    asked.refresh_from_db()
    assert asked.status == "withdrawn"
    make.make_correction(party, by=asked.asked_by, city="Nashik")
    twin = {"business": party.business, "party": party, "kind": "correction", "asked_by": asked.asked_by}
    with pytest.raises(IntegrityError), transaction.atomic():
        DataRequest.objects.create(**twin, asked={"city": "x"})
    frozen: list[dict[str, Any]] = [
        {"asked": {"city": "Pune"}},
        {"seen": {}},
        {"note": "x"},
        {"asked_by_id": make.make_user().pk},
    ]
    for changed in frozen:
        with pytest.raises(IntegrityError), transaction.atomic():
            DataRequest.objects.filter(status="open").update(**changed)
    with pytest.raises(IntegrityError), transaction.atomic():  # answered once
        DataRequest.objects.filter(pk=asked.pk).update(status="open", answered_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        DataRequest.objects.filter(status="open").update(status="declined", answered_at=asked.asked_at)


def test_a_form_acts_once_and_too_many_wait(party, monkeypatch):
    client = make.customer_client(party)
    form = form_of(client, party) | {"name": "Anil & Sons"}
    assert [client.post(at(party, "profile/correct/"), form).status_code for _ in range(2)] == [302, 302]
    assert DataRequest.objects.count() == 1
    assert client.post(at(party, "profile/correct/"), form | {"name": "B"}).status_code == 422
    monkeypatch.setattr(corrections, "MOST_A_DAY", 1)
    assert ask(client, party, name="Anil again").status_code == 429
    assert list(DataRequest.objects.values_list("asked__name", "status")) == [("Anil & Sons", "open")]


def test_a_helper_for_orders_asks_for_nothing_and_reads_nothing_of_it(party, owner):
    helper = parties.add_person(party, make.new_phone(), "Chhotu", PartyPerson.Role.ORDERS, owner)
    asked = make.make_correction(party, city="Nashik")
    client = make.customer_client(str(helper.phone))
    assert client.get(at(party, "profile/correct/")).status_code == 403
    assert client.post(at(party, "profile/correct/"), {"name": "x"}).status_code == 403
    profile = client.get(at(party, "profile/")).content.decode()
    assert ("Nashik" in profile, "profile/correct" in profile) == (False, False)
    assert client.post(at(party, f"asked/{asked.public_id}/take-back/")).status_code == 404
    assert DataRequest.objects.get().status == "open"


def test_members_who_want_it_are_told_by_message(party, owner):
    owner.memberships.update(notify_by="sms")
    make.make_correction(party, name="Anil & Sons")
    assert list(Message.objects.values_list("kind", "to", "status")) == [("notice", str(owner.phone), "queued")]


@pytest.mark.parametrize("count", [1, 3])
def test_the_shops_pages_ask_the_same_for_few_and_many(shop, desk, count, django_assert_num_queries):
    for n in range(count):
        asked = make.make_correction(make.make_party(shop, make.new_phone(), gstin=OF_27), name=f"Mill {n}", city="Goa")
    with django_assert_num_queries(DOORS + 1):
        assert desk.get("/m/ram/requests/").content.decode().count("Name, Address") == count
    with django_assert_num_queries(DOORS + 3):  # it, its party, the person
        desk.get(f"/m/ram/requests/{asked.public_id}/")


def test_an_answer_is_given_once(party, owner):
    asked = make.make_correction(party, name="Anil & Sons")
    asking.decline(asked, owner, "no")
    for act in (lambda: asking.withdraw(asked, owner), lambda: asking.decline(asked, owner, "again")):
        with pytest.raises(RequestRefused, match="answered or taken back"):
            act()
    with pytest.raises(ChangedMeanwhile):
        corrections.ask(party.people.get(), owner, {}, shown="old")

"""A fresh link for an ended one: only to the saved number of today, one answer for everybody, and no way around a revoke."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts import outbox, parties, quotas
from accounts.models import Message
from ledger import fresh, links
from ledger.models import ShareLink
from tests.factories import make_business, make_invoice, make_party, make_payment, make_user

pytestmark = pytest.mark.django_db
PHONE = "+919876501242"


@pytest.fixture
def party():
    return make_party(make_business("Ram Kirana"), PHONE, "Anil Stores")


@pytest.fixture
def link(party):
    return links.for_invoice(make_invoice(party, paise=4321_00), None)


def by_time(link):
    ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now())


def by_revoking(link):
    links.revoke(link, make_user())


def by_stopping(link):
    parties.set_shared(link.party, False, make_user())


def by_a_new_number(link):
    parties.set_main_number(link.party, "+919876501377", "", None)


def by_signing_out(link):
    parties.end_sessions(link.party, make_user())


def by_removing_the_number(link):
    parties.set_main_number(link.party, "", "", None)


def ask(link, **headers):
    return Client().post(links.path(link) + "/fresh", **headers)


def text_of_message():
    message = Message.objects.select_related("business__sender").get(kind=fresh.KIND)
    return message, outbox.kinds[fresh.KIND].texts([message])[message.pk]


@pytest.mark.parametrize(
    ("end", "to", "digits", "status"),
    [
        (by_time, PHONE, "42", "queued"),
        (by_revoking, PHONE, "42", "queued"),
        (by_signing_out, PHONE, "", "queued"),
        (by_a_new_number, "+919876501377", "", "queued"),
        (by_stopping, "", "", "dropped"),
        (by_removing_the_number, "", "", "dropped"),
    ],
)
def test_it_goes_to_the_number_of_today_only_and_the_page_names_two_digits_at_most(link, end, to, digits, status):
    end(link)
    page = Client().get(links.path(link))
    answer = ask(link)
    assert (page.status_code, answer.status_code) == (410, 200)
    for text in (page.content.decode(), answer.content.decode()):
        assert [said in text for said in ("Anil", "4,321", PHONE[3:], "501377", "377", "1242")] == [False] * 6
        assert (f"ending {digits}" in text) is bool(digits)
    message = Message.objects.get(kind=fresh.KIND)
    assert (message.to, message.status, message.channel) == (to, status, "sms")


def test_looking_sends_nothing(link):
    by_time(link)
    assert Client().get(links.path(link) + "/fresh").status_code == 410
    assert Message.objects.count() == 0


def test_time_over_brings_the_same_paper_and_a_revoked_one_only_the_door(party, link):
    by_time(link)
    ask(link)
    _message, text = text_of_message()
    (new,) = ShareLink.objects.live()
    assert (new.kind, new.invoice_id) == ("invoice", link.invoice_id)
    assert links.url(new) in text.body
    by_revoking(new)
    fresh.ask(ShareLink.objects.select_related("business", "party").get(pk=link.pk), address="x")
    assert Message.objects.count() == 1, "asked a moment ago"
    new.refresh_from_db()
    assert fresh.successor(new).kind == "portal"
    assert Client().get(links.path(new)).status_code == 410


@pytest.mark.parametrize(
    "make",
    [
        lambda party: links.for_receipt(make_payment(party, 5_00), None),
        lambda party: links.for_party(party, None),
    ],
)
def test_the_other_kinds_have_a_successor_of_their_kind(party, make):
    old = make(party)
    by_time(old)
    old.refresh_from_db()
    new = fresh.successor(ShareLink.objects.select_related("business", "party", "invoice", "payment").get(pk=old.pk))
    assert (new.kind, new.payment_id, new.is_live, new.pk == old.pk) == (old.kind, old.payment_id, True, False)
    assert ask(old).status_code == 200


@pytest.mark.parametrize("meanwhile", [by_stopping, by_a_new_number])
def test_it_is_not_sent_when_the_number_or_the_sharing_ended_meanwhile(link, meanwhile):
    by_time(link)
    ask(link)
    meanwhile(link)
    assert text_of_message()[1] is None
    assert not ShareLink.objects.live().exists()


@pytest.mark.parametrize("end", [by_time, by_stopping])
def test_a_double_tap_sends_one_message_and_nobody_may_plague_a_number(link, end):
    end(link)
    assert [ask(link).status_code for _ in range(2)] == [200, 200]
    assert Message.objects.count() == 1
    sent = Message.objects.get().status == Message.Status.QUEUED
    assert quotas.used(link.business_id).messages == int(sent), "counted once among the shop's messages of the day"
    assert [ask(link).status_code for _ in range(20)].count(429) == 2, "twenty a quarter of an hour from one address"
    assert Message.objects.count() == 1


def test_a_link_that_works_is_opened_and_no_link_is_404(link):
    assert ask(link).headers["Location"] == links.path(link)
    assert Client().post(f"/i/{'0' * 33}/fresh").status_code == 404
    assert Message.objects.count() == 0


def test_it_speaks_hindi_and_needs_its_form(link):
    by_time(link)
    client = Client(enforce_csrf_checks=True)
    page = client.get(links.path(link), {"lang": "hi"}).content.decode()
    assert "नया लिंक भेजें" in page
    assert client.post(links.path(link) + "/fresh").status_code == 403

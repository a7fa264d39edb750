"""Pages of reminders and of what the customer wants: the desk's settings, batches and button; the portal's and the link's."""

# ruff: noqa: F811  the fixtures of test_reminders

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts import drainer, limits, optouts, outbox, parties
from accounts.models import Message, Notice, OptOut, PartyPerson, PartyWish
from catalog import orders
from ledger import links
from ledger.models import Batch, Reminder, ReminderSettings
from ledger.reminders import planning, rules
from portal.views.wishes import HOUR, MOST_AN_HOUR
from tests import factories
from tests.test_reminders import DAY, NOON, ask, owing, sent, shop, switch_on  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db


def at(name: str, business: Any, **more: str) -> str:
    return reverse(f"ledger:{name}", kwargs={"slug": business.slug, **more})


@pytest.fixture
def owner(shop: Any) -> Any:
    return shop.memberships.get().user


@pytest.fixture
def desk(owner: Any) -> Client:
    return factories.merchant_client(owner)


# --- The desk -----------------------------------------------------------------------------------------------


def form_of(**changed: str) -> dict[str, str]:
    return {
        "is_on": "on", "before": "3", "on_day": "on", "after": "3, 10", "channel": "sms", "hour": "12",
        "least": "250", "most_per_invoice": "4", "most_per_day": "1", "most_per_week": "3", "statement_day": "5",
    } | changed  # fmt: skip


def test_an_owner_keeps_the_rules_and_staff_only_read_them(shop: Any, desk: Client) -> None:
    where = at("reminder_settings", shop)
    assert desk.post(where, form_of()).status_code == 302
    row = ReminderSettings.objects.get()
    assert (row.is_on, row.channel, row.hour, row.least_paise, row.statement_day) == (True, "sms", 12, 250_00, 5)
    assert (row.most_per_invoice, row.most_per_day, row.most_per_week) == (4, 1, 3)
    assert rules.of_shop(shop) == [-3, 0, 3, 10]
    assert row.statements_on == DAY, "the fifth has passed: statements begin next month"
    page = desk.get(where).content.decode()
    assert 'value="3, 10"' in page
    assert 'value="250.00"' in page
    staff = factories.make_user()
    factories.make_membership(shop, staff, "staff")
    assert factories.merchant_client(staff).get(where).status_code == 200
    assert factories.merchant_client(staff).post(where, form_of()).status_code == 403


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"after": "3; x"}, "Write days with commas"),
        ({"after": "0"}, "Each from 1 to 365 days."),
        ({"before": "61"}, "Each from 1 to 60 days."),
        ({"after": ", ".join(map(str, range(1, 13)))}, "At most 12 reminders for one invoice."),
        ({"hour": "21"}, "Please choose one from the list."),
        ({"most_per_day": "0"}, "This is too little"),
    ],
)
def test_rules_that_cannot_be_are_refused_in_words(shop: Any, desk: Client, changed: Any, says: str) -> None:
    answer = desk.post(at("reminder_settings", shop), form_of(**changed))
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert rules.of_shop(shop) == [-3, 0, 3]


def test_the_preview_says_what_goes_out_and_why_others_stay_silent(shop: Any, desk: Client) -> None:
    due, asked, later = owing(shop, 0), owing(shop, 0), owing(shop, -5)
    ask(asked)
    page = desk.get(at("reminder_list", shop)).content.decode()
    assert due.party.name in page
    assert "a question about it is open" in page
    assert later.party.name not in page, "its turn comes in two days"
    assert "0 of 20,000 messages" in page
    week = page[page.index("This week") :]
    assert week.index("10 Dec") < week.index(">1<")


def test_overdue_bills_are_ticked_reminded_of_and_watched(shop: Any, desk: Client) -> None:
    ticked, left, asked = (owing(shop, days) for days in (9, 8, 7))
    ask(asked)
    page = desk.get(at("reminder_choose", shop)).content.decode()
    assert [f'value="{invoice.public_id}"' in page for invoice in (ticked, left, asked)] == [True, True, False]
    foreign = owing(factories.make_business(), 9)
    answer = desk.post(at("reminder_choose", shop), {"invoice": [ticked.public_id, foreign.public_id]})
    where = at("reminder_list", shop)
    assert answer.headers["Location"] == where
    batch = Batch.objects.get()
    assert batch.chosen == [ticked.pk]
    planning.one_page()
    assert list(Reminder.objects.values_list("invoice_id", flat=True)) == [ticked.pk]
    assert "0 of 1 sent" in desk.get(where).content.decode()
    drainer.drain()
    assert "1 of 1 sent" in desk.get(where).content.decode()
    assert desk.post(at("reminder_choose", shop), {"which": "all"}).status_code == 302
    planning.one_page()
    assert (
        "Not reminded: 1: a question about it is open; 1: it was reminded of today" in desk.get(where).content.decode()
    )
    running = Batch.objects.get(kind="overdue")
    assert desk.post(at("batch_cancel", shop, batch=running.public_id)).status_code == 302
    assert set(Message.objects.filter(campaign_id=running.pk).values_list("status", flat=True)) == {"cancelled"}


def test_the_button_on_the_invoice_reminds_or_says_why_not(shop: Any, desk: Client, owner: Any) -> None:
    invoice = owing(shop, 9)
    with time_machine.travel(NOON - dt.timedelta(days=3)):
        links.for_invoice(invoice, owner)
    page = at("invoice", shop, invoice=invoice.public_id)
    assert "Send a reminder" in desk.get(page).content.decode()
    where = at("invoice_remind", shop, invoice=invoice.public_id)
    assert "A reminder is on its way" in desk.post(where, follow=True).content.decode()
    assert "it was reminded of today" in desk.post(where, follow=True).content.decode()
    drainer.drain()
    assert "Sent by WhatsApp as a reminder" in desk.get(page).content.decode(), "in the trail"


def test_one_party_may_be_left_out_or_have_rules_of_its_own(shop: Any, desk: Client) -> None:
    party = owing(shop, 0).party
    PartyWish.objects.create(business=shop, party=party, channel="email", quiet_until=DAY + dt.timedelta(days=4))
    optouts.stop(str(party.people.get().phone), OptOut.Source.LINK)
    assert "Asked not to get messages" in desk.get(at("party", shop, party=party.public_id)).content.decode()
    where = at("party_reminders", shop, party=party.public_id)
    page = desk.get(where).content.decode()
    for words in (
        "3 days before, on the due date, 3 days after",
        "14 Dec 2026",
        "Asked not to get messages",
        "••",
    ):
        assert words in page
    assert str(party.people.get().phone)[3:] not in page.replace(" ", "")
    assert desk.post(where, {"mode": "own"}).status_code == 400
    desk.post(where, {"mode": "own", "after": "1, 2"})
    assert rules.of_party(party) == ("own", [1, 2])
    desk.post(where, {"mode": "off", "after": "1"})
    assert rules.of_party(party) == ("off", [])
    desk.post(where, {"mode": ""})
    assert rules.of_party(party) == ("", [])


@pytest.mark.parametrize("name", ["reminder_list", "reminder_choose"])
def test_a_list_asks_as_much_for_three_as_for_one(
    shop: Any,
    desk: Client,
    name: str,
    django_assert_num_queries: Any,
    owner: Any,
) -> None:
    counted = []
    for many in (1, 2):
        for _ in range(many):
            owing(shop, 3)
            Batch.objects.create(business=shop, kind="chosen", day=DAY, status="done")
        with django_assert_num_queries({"reminder_list": 21, "reminder_choose": 14}[name]) as asked:
            assert desk.get(at(name, shop)).status_code == 200
        counted.append(len(asked))
    assert counted[0] == counted[1]


# --- The customer -------------------------------------------------------------------------------------------


def test_whoever_has_the_link_pauses_chooses_and_stops_without_login(shop: Any, owner: Any) -> None:
    invoice = owing(shop, 0, email="anil@example.in")
    link = links.for_invoice(invoice, owner)
    where, browser = links.path(link) + "/messages", Client()
    phone = str(invoice.party.people.get().phone)
    page = browser.get(where).content.decode()
    assert phone[3:] not in page.replace(" ", "")
    assert "anil@example.in" not in page
    assert invoice.party.name not in page
    assert "Get messages again" not in page
    until = DAY + dt.timedelta(days=10)
    assert browser.post(where, {"do": "choose", "channel": "sms", "quiet_until": str(until)}).status_code == 302
    wish = PartyWish.objects.get()
    assert (wish.channel, wish.quiet_until, wish.changed_by) == ("sms", until, None)
    late = browser.post(where, {"do": "choose", "channel": "", "quiet_until": "2027-12-01"})
    assert (late.status_code, "At most 90 days" in late.content.decode()) == (400, True)
    browser.post(where, {"do": "stop", "address": "phone"})
    assert (optouts.is_stopped(phone), optouts.is_stopped("anil@example.in")) == (True, False)
    # Getting them again wants a login, whatever is posted here.
    browser.post(where, {"do": "start", "address": "phone"})
    assert optouts.is_stopped(phone)


def test_the_person_undoes_it_after_login_and_only_for_their_own_number(shop: Any) -> None:
    invoice = owing(shop, 0)
    party, phone = invoice.party, str(invoice.party.people.get().phone)
    client = factories.customer_client(party)
    where = reverse("portal:wishes", kwargs={"party": party.public_id})
    other = factories.new_phone()
    for number in (phone, other):
        optouts.stop(number, OptOut.Source.REPLY)
    assert "Get messages again" in client.get(where).content.decode()
    client.post(where, {"do": "start", "address": "phone"})
    assert (optouts.is_stopped(phone), optouts.is_stopped(other)) == (False, True)
    client.post(where, {"do": "stop", "address": "phone"})
    assert list(OptOut.objects.filter(address=phone).order_by("pk").values_list("source", "ended_at")) != []
    assert OptOut.objects.filter(address=phone, ended_at=None).get().source == "portal"
    assert where in client.get(reverse("portal:profile", kwargs={"party": party.public_id})).content.decode()


def test_a_helper_for_orders_silences_nothing_but_their_own_number(shop: Any) -> None:
    """They see no balance: then they do not decide whether the owner is reminded of it either."""
    party = owing(shop, 0).party
    party.email = "owner@example.in"
    party.save()
    optouts.stop(party.email, OptOut.Source.PORTAL)
    number = factories.new_phone()
    parties.add_person(party, number, "Raju", PartyPerson.Role.ORDERS, None)
    helper, where = factories.customer_client(number), f"/portal/{party.public_id}/messages/"
    quiet = {"do": "choose", "channel": "email", "quiet_until": str(DAY + dt.timedelta(days=30))}
    assert helper.post(where, quiet).status_code == 403
    page = helper.get(where).content.decode()
    assert ("quiet_until" in page, "@" in page) == (False, False)
    helper.post(where, {"do": "start", "address": "email"})
    helper.post(where, {"do": "stop", "address": "phone"})
    assert not PartyWish.objects.exists()
    assert [optouts.is_stopped(to) for to in (party.email, number, str(party.people.get(is_main=True).phone))] == [
        True,
        True,
        False,
    ]


def test_messages_are_chosen_so_often_an_hour_and_no_more(shop: Any) -> None:
    """Each choice is told to the shop, each stop is a row."""
    party = owing(shop, 0).party
    browser, where = factories.customer_client(party), f"/portal/{party.public_id}/messages/"
    limits.count("wishes", str(party.pk), seconds=HOUR, add=MOST_AN_HOUR - 1)
    stop = {"do": "stop", "address": "phone"}
    assert [browser.post(where, form).status_code for form in ({"do": "choose"}, stop)] == [302, 429]
    assert not optouts.is_stopped(str(party.people.get().phone))


def test_an_opt_out_counts_for_every_shop_and_codes_still_come(shop: Any, sent: Any, settings: Any) -> None:
    phone = factories.new_phone()
    other = switch_on(factories.make_business(owner=factories.make_user()))
    party = factories.make_party(other, phone)
    outbox.stopped(outbox.Stop("whatsapp", phone, "whatsapp", NOON))
    assert OptOut.objects.get().source == "reply"
    link = links.for_party(party, None)
    assert Client().post(links.path(link), {"phone": phone}).status_code == 302
    assert drainer.drain() == 1
    assert [(channel, to) for channel, to, _text in sent] == [("sms", phone)], "the code they asked for"
    outbox.stopped(outbox.Stop("whatsapp", phone, "whatsapp", NOON, is_stop=False))
    assert not optouts.is_stopped(phone)


# --- News for the shop --------------------------------------------------------------------------------------


def test_the_shop_reads_what_its_customers_did_and_how_much_is_new(shop: Any, desk: Client, owner: Any) -> None:
    invoice = owing(shop, 0)
    party, buyer, rival = invoice.party, factories.make_user(), factories.make_business()
    item = factories.make_item(shop, stock_milli=5_000)
    orders.place(party, buyer, {item.pk: 1000})
    factories.make_claim(party, 77_00, by=buyer)
    ask(invoice)
    link = links.for_invoice(invoice, owner)
    for _ in range(3):
        Client().post(links.path(link) + "/opened")
    factories.make_claim(factories.make_party(rival), 88_00)
    assert list(shop.notices.order_by("pk").values_list("kind", flat=True)) == ["order", "claim", "query", "opened"]
    where = reverse("accounts:notices", kwargs={"slug": shop.slug})
    page = desk.get(where).content.decode()
    for words in (
        f"{party.name} ordered for ₹100.00.",
        f"{party.name} says they have paid ₹77.00.",
        f"{party.name} asks about {invoice.number}.",
        f"{party.name} opened {invoice.number} for the first time.",
    ):
        assert words in page
    assert "₹88.00" not in page
    assert '<span class="badge active num">4<' in page
    newest = Notice.objects.filter(business=shop).order_by("-pk").first()
    assert newest
    theirs = Notice.objects.get(business=rival)
    desk.post(reverse("accounts:notices_seen", kwargs={"slug": shop.slug}), {"newest": theirs.pk})
    assert "badge active num" in desk.get(where).content.decode(), "another shop's number marks nothing"
    desk.post(reverse("accounts:notices_seen", kwargs={"slug": shop.slug}), {"newest": newest.pk})
    assert "badge active num" not in desk.get(where).content.decode()


def test_a_member_who_wants_it_is_also_written_to(shop: Any, desk: Client, owner: Any, sent: Any) -> None:
    by = reverse("accounts:notify_me", kwargs={"slug": shop.slug})
    assert "no e-mail address" in desk.post(by, {"notify_by": "email"}, follow=True).content.decode()
    desk.post(by, {"notify_by": "sms"})
    factories.make_claim(factories.make_party(shop, name="Anil Kirana"), 77_00)
    assert drainer.drain() == 1
    [(channel, to, text)] = sent
    assert (channel, to) == ("sms", str(owner.phone))
    assert text.startswith("Ramesh Traders: Anil Kirana says they have paid. See it here: ")

"""Reminders: who gets one on which day and who is left in peace, one of each, at the hours for it, asked again at sending."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import drainer, optouts, parties, quotas
from accounts.india import TZ
from accounts.models import Message, OptOut, PartyWish, Quota, Usage
from ledger import claims, links, posting, promises, queries, tasks
from ledger.models import Batch, Invoice, PartyReminders, Query, Reminder, ReminderRule, ReminderSettings
from ledger.reminders import hours, planning, rules, silence
from ledger.reminders.silence import Facts, Silence
from tests import factories
from tests.gateways import EVERYWHERE, Recording

DAY = dt.date(2026, 12, 10)
NOON = dt.datetime(2026, 12, 10, 12, tzinfo=TZ)


# --- Pure rules ---------------------------------------------------------------------------------------------

RULES = ReminderSettings(is_on=True, least_paise=100_00, most_per_invoice=6, most_per_day=2, most_per_week=5)
PLAIN = Facts(
    invoice_id=1, business_id=1, party_id=1, due_paise=500_00, due_on=DAY, first_on=dt.date(2026, 11, 25),
    phone="+919812345678", email="Anil@example.in",
)  # fmt: skip
NUMBER, ADDRESS = "+919812345678", "anil@example.in"
STATES: dict[str, tuple[dict[str, Any], Silence | None]] = {
    "unpaid": ({}, None),
    "part paid": ({"due_paise": 100_00}, None),
    "paid": ({"due_paise": 0}, Silence.PAID),
    "an advance covers all": ({"is_covered": True}, Silence.COVERED),
    "nearly paid": ({"due_paise": 99_99}, Silence.SMALL),
    "off for the party": ({"mode": "off"}, Silence.PARTY_OFF),
    "rules of its own": ({"mode": "own"}, None),
    "sharing stopped": ({"is_shared": False}, Silence.NOT_SHARED),
    "neither number nor address": ({"phone": "", "email": ""}, Silence.NO_WAY),
    "no number but an address": ({"phone": ""}, None),
    "number opted out": ({"stopped": frozenset({NUMBER})}, None),
    "both opted out": ({"stopped": frozenset({NUMBER, ADDRESS})}, Silence.OPTED_OUT),
    "quiet until today": ({"quiet_until": DAY}, Silence.PAUSED),
    "quiet until yesterday": ({"quiet_until": dt.date(2026, 12, 9)}, None),
    "a question is open": ({"is_queried": True}, Silence.QUERY),
    "promised": ({"is_promised": True}, Silence.PROMISED),
    "says they have paid": ({"is_claimed": True}, Silence.CLAIMED),
    "issued or shared today": ({"first_on": DAY}, Silence.FIRST_DAY),
    "shared yesterday": ({"first_on": dt.date(2026, 12, 9)}, None),
    "paid and disputed": ({"due_paise": 0, "is_queried": True}, Silence.PAID),
}
BEFORE: dict[str, tuple[dict[str, Any], int, Silence | None]] = {
    "reminded of today": ({"reminded_today": True, "reminded": 1}, 0, Silence.TODAY),
    "five before": ({"reminded": 5}, 0, None),
    "six before": ({"reminded": 6}, 0, Silence.INVOICE_CAP),
    "one to the party today": ({"party_today": 1, "party_week": 1}, 0, None),
    "two to the party today": ({"party_today": 2, "party_week": 2}, 0, Silence.DAY_CAP),
    "one today and one in this round": ({"party_today": 1, "party_week": 1}, 1, Silence.DAY_CAP),
    "four in the week": ({"party_week": 4}, 0, None),
    "five in the week": ({"party_week": 5}, 0, Silence.WEEK_CAP),
    "this rule has reminded": ({"used": frozenset({3})}, 0, Silence.RULE_DONE),
    "another rule has reminded": ({"used": frozenset({-3, 0})}, 0, None),
}


@pytest.mark.parametrize("state", STATES)
def test_who_is_left_in_peace_and_why(state: str) -> None:
    given, expected = STATES[state]
    facts = PLAIN._replace(**given)
    assert silence.why_silent(facts, DAY, RULES) == expected
    # Planning never sends what sending would not.
    assert silence.why_not_planned(facts, DAY, RULES, rule=3) == expected


@pytest.mark.parametrize("state", BEFORE)
def test_what_went_before_keeps_silent(state: str) -> None:
    given, in_this_round, expected = BEFORE[state]
    assert silence.why_not_planned(PLAIN._replace(**given), DAY, RULES, in_this_round, rule=3) == expected


def test_a_rule_asks_on_its_day_and_is_made_up_for_in_the_two_days_after() -> None:
    """Every day from ten before the due date to forty after it."""
    asked = {late: silence.rule_for(late, {-3, 0, 7, 30}) for late in range(-10, 41)}
    assert {late: rule for late, rule in asked.items() if rule is not None} == {
        late: rule for rule in (-3, 0, 7, 30) for late in range(rule, rule + 3)
    }
    assert silence.rule_for(4, {3, 4}) == 4
    assert silence.rule_for(0, ()) is None


@pytest.mark.parametrize(
    ("clock", "opens"),
    [
        ("00:00", "10 10:00"),
        ("09:59", "10 10:00"),
        ("10:00", "10 10:00"),
        ("12:30", "10 12:30"),
        ("20:59", "10 20:59"),
        ("21:00", "11 10:00"),
        ("23:59", "11 10:00"),
    ],
)
def test_reminders_go_out_from_ten_to_nine_in_india(clock: str, opens: str) -> None:
    now = dt.datetime.combine(DAY, dt.time.fromisoformat(clock), tzinfo=TZ).astimezone(dt.UTC)
    assert hours.opens_at(now).astimezone(TZ).strftime("%d %H:%M") == opens
    assert hours.is_open(now) == (hours.opens_at(now) == now)


# --- The book -----------------------------------------------------------------------------------------------


@pytest.fixture
def sent(settings: Any) -> Iterator[list[tuple[str, str, str]]]:
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    Recording.sent.clear()
    Recording.faults.clear()
    with time_machine.travel(NOON, tick=True):
        yield Recording.sent


@pytest.fixture
def shop(sent: Any, db: None) -> Any:
    """A shop that reminds three days before, on the day and three days after."""
    business = factories.make_business("Ramesh Traders", factories.make_user(name="Ramesh"))
    return switch_on(business)


def switch_on(business: Any, days: tuple[int, ...] = (-3, 0, 3), **fields: Any) -> Any:
    owner = business.memberships.get().user
    rules.change(ReminderSettings(business=business, is_on=True, **fields), days, owner)
    return business


def owing(business: Any, late: int, paise: int = 500_00, **fields: Any) -> Invoice:
    """An invoice of a party of its own, due `late` days ago, issued well before."""
    party = factories.make_party(business, factories.new_phone(), **fields)
    due = DAY - dt.timedelta(days=late)
    on = min(due, DAY) - dt.timedelta(days=20)
    with time_machine.travel(dt.datetime.combine(on, dt.time(12), tzinfo=TZ)):
        return factories.make_invoice(party, paise=paise, on=on, due_on=due)


def plan() -> list[tuple[int, int | None]]:
    """A round of the schedule; (invoice, rule) of all reminders decided so far."""
    planning.schedule(timezone.now())
    while planning.one_page():
        pass
    return list(Reminder.objects.order_by("pk").values_list("invoice_id", "days"))


def test_the_schedule_reminds_by_the_rules_once_and_says_why_others_stay_silent(shop: Any, sent: Any) -> None:
    soon, today, late, never = (owing(shop, days) for days in (-3, 0, 4, 9))
    _small, off, own = owing(shop, 0, 50_00), owing(shop, 0), owing(shop, 9, email="own@example.in")
    owner = shop.memberships.get().user
    rules.change_party(off.party, PartyReminders.Mode.OFF, (), owner)
    rules.change_party(own.party, PartyReminders.Mode.OWN, (8,), owner)
    other_shop = factories.make_business(owner=owner)
    owing(other_shop, 0)  # never switched on

    assert plan() == [(soon.pk, -3), (today.pk, 0), (late.pk, 3), (own.pk, 8)]
    batch = Batch.objects.get()
    assert (batch.status, batch.seen, batch.queued) == ("done", 7, 4)
    assert batch.silent == {"no_rule": 1, "small": 1, "party_off": 1}
    assert never.pk not in [pk for pk, _rule in plan()], "nothing more in a second round"
    assert Message.objects.count() == 4
    assert drainer.drain() == 4
    assert [(channel, to) for channel, to, _text in sent] == [
        ("whatsapp", str(invoice.party.people.get().phone)) for invoice in (soon, today, late, own)
    ]
    assert [("is due on" in text, "was due on" in text) for *_way, text in sent] == [
        (True, False),
        (True, False),
        (False, True),
        (False, True),
    ]
    assert all(
        links.url(invoice.links.get()) in text for invoice, (*_way, text) in zip((soon, today), sent, strict=False)
    )
    # Two days later the same rules ask again, and have been answered.
    with time_machine.travel(NOON + dt.timedelta(days=2)):
        assert plan() == [(soon.pk, -3), (today.pk, 0), (late.pk, 3), (own.pk, 8)]
        assert Batch.objects.get(day=DAY + dt.timedelta(days=2)).silent["rule_done"] == 2


def test_a_live_link_is_used_again_and_an_earlier_one_never_ended(shop: Any, sent: Any) -> None:
    invoice = owing(shop, 0)
    with time_machine.travel(NOON - dt.timedelta(days=5)):
        link = links.for_invoice(invoice, shop.memberships.get().user)
    tasks.remind()  # as beat and the embedded drainer do every minute
    assert drainer.drain() == 1
    assert links.url(link) in sent[0][2]
    assert (invoice.links.count(), link.is_live) == (1, True)


CHANGES: dict[str, Any] = {
    "paid": (lambda invoice, owner: factories.make_payment(invoice.party, 500_00), "paid"),
    "paid for later": (lambda invoice, owner: factories.make_payment(invoice.party, 500_00, shares=[]), "covered"),
    "cancelled": (lambda invoice, owner: posting.cancel_invoice(invoice, owner, "wrong"), "paid"),
    "claimed": (lambda invoice, owner: factories.make_claim(invoice.party, 500_00), "claimed"),
    "asked": (lambda invoice, owner: ask(invoice), "query"),
    "promised": (
        lambda invoice, owner: promises.make(
            invoice.party, owner, amount_paise=500_00, promised_on=DAY, invoice=invoice
        ),
        "promised",
    ),
    "quiet": (lambda invoice, owner: quiet(invoice.party), "paused"),
    "switched off": (
        lambda invoice, owner: rules.change(ReminderSettings(business=invoice.business, is_on=False), (0,), owner),
        "off",
    ),
    "party off": (lambda invoice, owner: rules.change_party(invoice.party, "off", (), owner), "party_off"),
    "sharing stopped": (lambda invoice, owner: parties.set_shared(invoice.party, False, owner), "not_shared"),
}


def ask(invoice: Invoice) -> None:
    queries.ask(invoice.party, factories.make_user(), invoice, Query.About.PRICE, queries.Said("Too dear"))


def quiet(party: Any) -> None:
    PartyWish.objects.create(business_id=party.business_id, party=party, quiet_until=DAY)


def test_what_changes_between_queueing_and_sending_is_heard(shop: Any, sent: Any) -> None:
    owner = shop.memberships.get().user
    invoices = {name: owing(shop, 0) for name in CHANGES if name != "switched off"}
    kept = owing(shop, 0)
    plan()
    for name, invoice in invoices.items():
        CHANGES[name][0](invoice, owner)
    assert drainer.drain() == 1
    assert [to for _channel, to, _text in sent] == [str(kept.party.people.get().phone)]
    assert {name: Reminder.objects.get(invoice=invoice).silent_because for name, invoice in invoices.items()} == {
        name: CHANGES[name][1] for name in invoices
    }
    assert Message.objects.filter(status="dropped").count() == len(invoices)


def test_switching_off_stops_what_the_rules_had_queued(shop: Any, sent: Any) -> None:
    invoice = owing(shop, 0)
    plan()
    CHANGES["switched off"][0](invoice, shop.memberships.get().user)
    assert drainer.drain() == 0
    assert Reminder.objects.get().silent_because == "off"


def test_opted_out_numbers_get_nothing_but_the_address_that_did_not_opt_out(shop: Any, sent: Any) -> None:
    both, neither = owing(shop, 0, email="Both@Example.in"), owing(shop, 0)
    for invoice in (both, neither):
        assert optouts.stop(str(invoice.party.people.get().phone), OptOut.Source.PORTAL)
    assert plan() == [(both.pk, 0)]
    assert Batch.objects.get().silent == {"opted_out": 1}
    assert drainer.drain() == 1
    assert [(channel, to) for channel, to, _text in sent] == [("email", "Both@Example.in")]
    assert "/messages" in sent[0][2], "an e-mail says where to stop them"


def test_stop_after_queueing_is_heard_at_delivery(shop: Any, sent: Any) -> None:
    invoice = owing(shop, 0)
    plan()
    optouts.stop(str(invoice.party.people.get().phone), OptOut.Source.REPLY)
    assert drainer.drain() == 0
    assert Message.objects.get().trouble == "opted_out"


def test_the_party_says_which_way_first(shop: Any, sent: Any) -> None:
    invoice = owing(shop, 0, email="anil@example.in", language="hi")
    PartyWish.objects.create(business=shop, party=invoice.party, channel="email")
    plan()
    message = Message.objects.get()
    phone = str(invoice.party.people.get().phone)
    assert (message.channel, message.to, message.fallback) == (
        "email", "anil@example.in", [["whatsapp", phone], ["sms", phone]],
    )  # fmt: skip
    drainer.drain()
    assert "₹500.00" in sent[0][2]
    assert "देने हैं" in sent[0][2]


def test_nothing_leaves_at_night_and_it_leaves_in_the_morning_if_it_is_still_due(shop: Any, sent: Any) -> None:
    first, second = owing(shop, 0), owing(shop, 0)
    plan()
    with time_machine.travel(NOON.replace(hour=21)):
        assert planning.schedule(timezone.now()) == 0
        assert planning.hold_at_night(timezone.now()) == 2
        morning = hours.at(DAY + dt.timedelta(days=1))
        assert set(Message.objects.values_list("due_at", flat=True)) == {morning}
        Message.objects.update(due_at=timezone.now())  # one that came a second too late
        assert drainer.drain() == 0, "the text itself refuses at night"
        assert min(Message.objects.values_list("due_at", flat=True)) >= morning
    with time_machine.travel(NOON + dt.timedelta(days=1, hours=3)):
        factories.make_payment(first.party, 500_00)
        assert drainer.drain() == 1
        assert sent[0][1] == str(second.party.people.get().phone)


def test_a_party_with_many_bills_is_reminded_of_the_oldest_two_in_a_day(shop: Any, sent: Any) -> None:
    with time_machine.travel(NOON - dt.timedelta(days=60)):
        party = factories.make_party(shop, factories.new_phone())
        bills = [
            factories.make_invoice(party, on=DAY - dt.timedelta(days=60), due_on=DAY - dt.timedelta(days=50 - n))
            for n in range(4)
        ]
    owner = shop.memberships.get().user
    planning.begin(shop, Batch.Kind.OVERDUE, owner)
    assert [pk for pk, _rule in plan()] == [bills[0].pk, bills[1].pk]
    assert Batch.objects.get(kind="overdue").silent == {"day_cap": 2}
    with time_machine.travel(NOON + dt.timedelta(days=1)):
        planning.begin(shop, Batch.Kind.OVERDUE, owner)
        assert [pk for pk, _rule in plan()[2:]] == [bills[0].pk, bills[1].pk]


def test_by_hand_one_is_sent_now_or_refused_with_the_reason(shop: Any, sent: Any) -> None:
    owner = shop.memberships.get().user
    invoice, paid = owing(shop, 9, 20_00), owing(shop, 9)
    factories.make_payment(paid.party, 500_00)
    planning.remind_now(invoice, owner)
    for again, why in ((invoice, "it was reminded of today"), (paid, "nothing is due on it")):
        with pytest.raises(planning.ReminderRefused, match=why):
            planning.remind_now(again, owner)
    assert drainer.drain() == 1
    assert Reminder.objects.get().days is None
    free = factories.make_invoice(factories.make_party(shop, factories.new_phone()), paise=0)
    with pytest.raises(planning.ReminderRefused, match="nothing is due on it"):
        planning.remind_now(free, owner)
    new = factories.make_invoice(factories.make_party(shop, factories.new_phone()))
    with pytest.raises(planning.ReminderRefused, match="for the first time today"):
        planning.remind_now(new, owner)


def test_answered_questions_and_promises_that_have_passed_hold_nothing_back(shop: Any, sent: Any) -> None:
    asked, promised = owing(shop, 2), owing(shop, 2)
    owner = shop.memberships.get().user
    with time_machine.travel(NOON - dt.timedelta(days=2)):
        ask(asked)
        yesterday = DAY - dt.timedelta(days=1)
        promises.make(promised.party, owner, amount_paise=500_00, promised_on=yesterday, invoice=promised)
    assert plan() == [(promised.pk, 0)]
    assert Batch.objects.get().silent == {"query": 1}
    queries.write(Query.objects.get(), owner, queries.Said("We look"), is_of_shop=True)
    with pytest.raises(planning.ReminderRefused, match="reminded of today"):
        planning.remind_now(promised, owner)
    planning.remind_now(asked, owner)


def test_the_database_keeps_one_per_invoice_and_day_and_per_rule(shop: Any) -> None:
    invoice = owing(shop, 0)
    row = {"business": shop, "party": invoice.party, "invoice": invoice}
    Reminder.objects.create(**row, day=DAY, days=0)
    for day, days in ((DAY, None), (DAY, 3), (DAY + dt.timedelta(days=1), 0)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Reminder.objects.create(**row, day=day, days=days)
    Reminder.objects.create(**row, day=DAY + dt.timedelta(days=1), days=3)


# --- Batches ------------------------------------------------------------------------------------------------


def test_a_batch_goes_in_pages_is_resumed_after_a_crash_and_doubles_nothing(
    shop: Any, sent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "PAGE", 3)
    invoices = [owing(shop, 9) for _ in range(7)]
    batch = planning.begin(shop, Batch.Kind.OVERDUE, shop.memberships.get().user)
    with pytest.raises(planning.ReminderRefused, match="under way already"):
        planning.begin(shop, Batch.Kind.OVERDUE, shop.memberships.get().user)
    assert planning.one_page()
    batch.refresh_from_db()
    assert (batch.queued, batch.status, Message.objects.count()) == (2, "running", 2)
    # A crash in the middle of the next page: nothing of it is kept.
    with pytest.raises(RuntimeError), transaction.atomic():
        _page_then_crash()
    assert Message.objects.count() == 2
    # A page that was done before and whose mark was lost inserts nothing twice.
    Batch.objects.filter(pk=batch.pk).update(after_id=0)
    while planning.one_page():
        pass
    batch.refresh_from_db()
    assert (batch.status, Message.objects.filter(campaign_id=batch.pk).count()) == ("done", 7)
    assert sorted(Reminder.objects.values_list("invoice_id", flat=True)) == [invoice.pk for invoice in invoices]


def _page_then_crash() -> None:
    planning.one_page()
    assert Message.objects.count() == 4
    raise RuntimeError


def test_batches_of_two_shops_take_turns(shop: Any, sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "PAGE", 3)
    other = factories.make_business(owner=factories.make_user())
    for business, count in ((shop, 9), (other, 2)):
        for _ in range(count):
            owing(business, 9)
        planning.begin(business, Batch.Kind.OVERDUE, business.memberships.get().user)
    planning.one_page()
    planning.one_page()
    assert set(Message.objects.values_list("business_id", flat=True)) == {shop.pk, other.pk}


def test_a_cancelled_batch_takes_back_what_waits_and_the_bills_may_be_reminded_of_again_tomorrow(
    shop: Any, sent: Any
) -> None:
    owner = shop.memberships.get().user
    invoices = [owing(shop, 9) for _ in range(3)]
    batch = planning.begin(shop, Batch.Kind.OVERDUE, owner)
    planning.one_page()
    assert planning.cancel(batch, owner) == 3
    assert drainer.drain() == 0
    assert set(Reminder.objects.values_list("silent_because", flat=True)) == {"cancelled"}
    with time_machine.travel(NOON + dt.timedelta(days=1)):
        planning.remind_now(invoices[0], owner)
        assert drainer.drain() == 1


# --- Quotas -------------------------------------------------------------------------------------------------


def test_a_batch_stops_at_the_quota_says_so_and_goes_on_the_next_day(shop: Any, sent: Any) -> None:
    Quota.objects.create(business=shop, messages_a_day=2)
    for _ in range(5):
        owing(shop, 9)
    owner = shop.memberships.get().user
    batch = planning.begin(shop, Batch.Kind.OVERDUE, owner)
    while planning.one_page():
        pass
    batch.refresh_from_db()
    assert (batch.status, batch.queued, batch.note) == (
        "waiting", 2, "You have used your 2 messages of today. They go on tomorrow.",
    )  # fmt: skip
    assert batch.resume_at == hours.at(DAY + dt.timedelta(days=1))
    usage = Usage.objects.get(business=shop)
    assert (usage.day, usage.messages, usage.paise) == (DAY, 2, 24)
    with pytest.raises(quotas.QuotaReached, match="2 messages of today"):
        planning.remind_now(owing(shop, 9), owner)
    for day, total in ((1, 4), (2, 6)):
        with time_machine.travel(NOON + dt.timedelta(days=day)):
            while planning.one_page():
                pass
            assert Message.objects.count() == total
    assert Batch.objects.get().status == "waiting" or Batch.objects.get().queued == 6


@pytest.mark.parametrize(
    ("ceiling", "words"),
    [
        ({"MESSAGES_PAISE_PER_MONTH": 30}, "which is your limit. They go on next month."),
        ({"SERVICE_PAISE_PER_DAY": 30}, "The service sends no more messages today."),
    ],
)
def test_what_messages_cost_has_a_ceiling(shop: Any, settings: Any, ceiling: dict[str, int], words: str) -> None:
    for name, value in ceiling.items():
        setattr(settings, name, value)
    quotas.reserve(shop.pk, "whatsapp")
    with pytest.raises(quotas.QuotaReached, match=words):
        quotas.reserve(shop.pk, "whatsapp")
    assert Usage.objects.get(business=shop).messages == 1


# --- Statements ---------------------------------------------------------------------------------------------


def test_statements_go_on_their_day_to_parties_that_owe(shop: Any, sent: Any) -> None:
    switch_on(shop, days=(), statement_day=10)
    ReminderSettings.objects.update(statements_on=None)
    debtor = owing(shop, 1)
    settled_up, off = owing(shop, 1), owing(shop, 1)
    factories.make_payment(settled_up.party, 500_00)
    rules.change_party(off.party, "off", (), shop.memberships.get().user)
    plan()
    plan()
    assert drainer.drain() == 1
    [(channel, to, text)] = sent
    assert (channel, to) == ("whatsapp", str(debtor.party.people.get().phone))
    assert "01 Nov" in text or "1 Nov 2026 to 10 Dec 2026" in text
    assert Batch.objects.get(kind="statements").silent == {"party_off": 1}


def test_claims_that_were_answered_hold_nothing_back(shop: Any, sent: Any) -> None:
    invoice = owing(shop, 0)
    claim = factories.make_claim(invoice.party, 500_00)
    claims.decline(claim, shop.memberships.get().user, "no money came")
    assert plan() == [(invoice.pk, 0)]
    assert not ReminderRule.objects.exclude(business=shop).exists()

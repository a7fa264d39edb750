"""Many hands at one promise, one question, one balance, one batch (PostgreSQL)."""

from functools import partial
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts import delivery, parties
from accounts.idempotency import new_key
from accounts.india import today
from accounts.models import Message, Notice
from ledger import confirmations, links, promises, queries, sharing
from ledger.models import BalanceConfirmation, Batch, Promise, Query, QueryMessage, ShareLink
from ledger.reminders import planning
from tests import factories as make
from tests.gateways import EVERYWHERE, Recording
from tests.test_reminders import NOON, owing, switch_on
from tests.threads import in_parallel

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def owner() -> Any:
    return make.make_user()


@pytest.fixture
def party(owner: Any) -> Any:
    return make.make_party(make.make_business(owner=owner), make.new_phone())


def outcome(deeds: list[Any], n: int) -> Any:
    try:
        return deeds[n % len(deeds)]()
    except (
        promises.PromiseRefused,
        queries.QueryRefused,
        confirmations.ConfirmationRefused,
        planning.ReminderRefused,
    ) as refused:
        return str(refused)


def test_promised_and_taken_back_by_many_hands_one_at_most_stands(party: Any, owner: Any) -> None:
    bill = make.make_invoice(party, paise=500_00)
    first = make.make_promise(party, 100_00, invoice=bill, by=owner)
    deeds = [
        partial(promises.make, party, owner, amount_paise=200_00, promised_on=today(), invoice=bill),
        partial(promises.withdraw, first, owner),
    ]
    said = in_parallel(partial(outcome, deeds), 12)
    made = [one for one in said[::2] if isinstance(one, Promise)]
    assert len(made) == 6
    assert Promise.objects.filter(status="made").count() == 1
    first.refresh_from_db()
    assert Promise.objects.filter(status="replaced").count() == 5 + (first.status == "replaced")


def test_ten_promises_a_day_are_ten_for_many_hands_too(party: Any, owner: Any) -> None:
    make.make_invoice(party, paise=500_00)
    deed = partial(promises.make, party, owner, amount_paise=200_00, promised_on=today())
    in_parallel(partial(outcome, [deed]), 16)
    assert Promise.objects.count() == promises.MOST_A_DAY


def test_one_form_of_the_portal_sent_at_once_promises_asks_and_agrees_once(party: Any, owner: Any) -> None:
    bill = make.make_invoice(party, paise=500_00)
    browser = make.customer_client(party)
    key, at = new_key(), f"/portal/{party.public_id}/"
    forms = {
        "promise/": {"form_key": key, "amount": "100", "promised_on": str(today())},
        f"questions/new/?invoice={bill.public_id}": {"form_key": key, "about": "quantity", "text": "torn"},
        "balance/": {"form_key": key, "on": str(today()), "seen_paise": "50000"},
    }

    def send(tail: str, _n: int) -> Any:
        return make.same_browser(browser).post(at + tail, forms[tail])

    for tail in forms:
        answers = in_parallel(partial(send, tail), 8)
        assert {answer.status_code for answer in answers} == {302}, tail
        assert len({answer.headers["Location"] for answer in answers}) == 1
    assert Promise.objects.count() == Query.objects.count() == QueryMessage.objects.count() == 1
    assert BalanceConfirmation.objects.count() == 1
    assert Notice.objects.filter(kind="query").count() == 1


def test_answered_asked_again_and_closed_at_once_every_word_is_kept_and_the_last_decides(
    party: Any, owner: Any
) -> None:
    query = make.make_query(make.make_invoice(party), "torn", by=owner)
    deeds = [
        partial(queries.write, query, owner, queries.Said("we look"), is_of_shop=True),
        partial(queries.write, query, owner, queries.Said("and?"), is_of_shop=False),
        partial(queries.close, query, owner, is_of_shop=True),
    ]
    in_parallel(partial(outcome, deeds), 12)
    query.refresh_from_db()
    last = query.messages.latest("pk")
    expected = "closed" if last.closes else "answered" if last.is_of_shop else "open"
    assert query.status == expected
    assert query.messages.exclude(text="").count() == 9


def test_the_same_line_asked_by_many_hands_is_one_question(party: Any, owner: Any) -> None:
    bill = make.make_invoice(party)
    deed = partial(queries.ask, party, owner, bill, "quantity", queries.Said("torn"))
    said = in_parallel(partial(outcome, [deed]), 8)
    assert [isinstance(one, Query) for one in said].count(True) == 1


def test_a_balance_is_agreed_with_as_it_stood_and_no_other(party: Any, owner: Any) -> None:
    make.make_invoice(party, paise=500_00)
    person = party.people.get()
    deeds = [
        partial(confirmations.confirm, person, owner, as_on=today(), seen_paise=500_00),
        partial(make.make_payment, party, 1_00),
    ]
    in_parallel(partial(outcome, deeds), 12)
    for said in confirmations.of_party(party):
        assert said.balance_paise == 500_00
        before = sum(e.debit_paise - e.credit_paise for e in party.entries.filter(pk__lte=said.last_entry_id))
        assert before == 500_00


@pytest.fixture
def shop(settings: Any) -> Any:
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    Recording.sent.clear()
    with time_machine.travel(NOON, tick=True):
        yield switch_on(make.make_business(owner=make.make_user()))


def test_a_batch_cancelled_while_it_is_planned_and_sent_leaves_nothing_waiting(shop: Any) -> None:
    owner = shop.memberships.get().user
    for _ in range(3):
        invoices = [owing(shop, 9) for _ in range(8)]
        batch = planning.begin(shop, Batch.Kind.CHOSEN, owner, [one.pk for one in invoices])
        deeds = [planning.one_page, partial(planning.cancel, batch, owner), delivery.deliver_due]
        in_parallel(partial(outcome, deeds), 9)
        planning.cancel(batch, owner)
        planning.go_on()
        batch.refresh_from_db()
        assert batch.status in ("cancelled", "done")
        waiting = Message.objects.filter(campaign_id=batch.pk, status__in=("queued", "sending"))
        assert waiting.count() == 0
    assert len(Recording.sent) == len({to for _channel, to, _text in Recording.sent})


def test_one_choice_posted_by_many_hands_reminds_once(shop: Any) -> None:
    owner = shop.memberships.get().user
    invoices = [owing(shop, 9) for _ in range(4)]
    deed = partial(planning.begin, shop, Batch.Kind.CHOSEN, owner, [one.pk for one in invoices])
    in_parallel(partial(outcome, [deed]), 6)
    in_parallel(lambda _n: planning.go_on(), 6)
    assert Message.objects.count() == 4


def test_all_overdue_begun_by_many_hands_is_one_batch(shop: Any) -> None:
    owner = shop.memberships.get().user
    owing(shop, 9)
    in_parallel(partial(outcome, [partial(planning.begin, shop, Batch.Kind.OVERDUE, owner)]), 8)
    assert Batch.objects.count() == 1


def test_sharing_stopped_while_reminders_leave_locks_nobody_out_and_leaves_none_waiting(shop: Any) -> None:
    owner = shop.memberships.get().user
    invoices = [owing(shop, 9) for _ in range(4)]
    for invoice in invoices:
        planning.remind_now(invoice, owner)
    deeds = [delivery.deliver_due, *(partial(parties.set_shared, one.party, False, owner) for one in invoices)]
    in_parallel(partial(outcome, deeds), 10)
    delivery.deliver_due()
    assert Message.objects.filter(status__in=("queued", "sending")).count() == 0


def test_a_link_sent_while_sharing_stops_opens_nothing_whoever_was_first(shop: Any) -> None:
    owner = shop.memberships.get().user
    invoices = [owing(shop, 9) for _ in range(6)]

    def share(n: int) -> None:
        one = invoices[n % 6]
        if n < 6:
            parties.set_shared(one.party, False, owner)
        else:
            shown = sharing.Shown(one.party, one)
            sharing.send(sharing.link_for(shown, owner), "sms", owner)

    in_parallel(share, 12)
    delivery.deliver_due()
    for link in ShareLink.objects.all():
        assert Client().get(links.path(link)).status_code == 410
    assert not Message.objects.filter(status__in=("queued", "sending")).exists()
    sent = len(Recording.sent)
    for one in invoices:
        one.party.refresh_from_db()
        parties.set_shared(one.party, True, owner)
    delivery.deliver_due()
    assert len(Recording.sent) == sent
    assert {Client().get(links.path(link)).status_code for link in ShareLink.objects.all()} <= {410}

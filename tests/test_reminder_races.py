"""Two schedulers at once, and money that comes in the moment a reminder leaves (PostgreSQL)."""

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connections, transaction
from django.utils import timezone

from accounts import delivery
from accounts.models import Message
from ledger.models import Batch, Reminder
from ledger.reminders import planning
from tests import factories
from tests.gateways import EVERYWHERE, Recording
from tests.test_reminders import NOON, owing, switch_on
from tests.threads import in_parallel

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(settings: Any) -> Iterator[Any]:
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    Recording.sent.clear()
    with time_machine.travel(NOON, tick=True):
        yield switch_on(factories.make_business(owner=factories.make_user()))


def test_many_schedulers_at_once_send_each_reminder_once(shop: Any) -> None:
    invoices = [owing(shop, 0) for _ in range(5)]

    def run(_n: int) -> None:
        planning.schedule(timezone.now())
        while planning.one_page():
            pass

    in_parallel(run, 8)
    run(0)
    assert sorted(Reminder.objects.values_list("invoice_id", flat=True)) == [invoice.pk for invoice in invoices]
    assert (Batch.objects.count(), Message.objects.count()) == (1, 5)
    in_parallel(lambda _n: delivery.deliver_due(), 8)
    assert len(Recording.sent) == len({to for _channel, to, _text in Recording.sent}) == 5


def test_a_payment_under_way_while_the_reminder_leaves_is_waited_for(shop: Any) -> None:
    """The payment holds the party's lock when the message is taken; the text is made after it, and says nothing."""
    paid, unpaid = owing(shop, 0), owing(shop, 0)
    planning.schedule(timezone.now())
    planning.one_page()
    under_way, sent = threading.Event(), []

    def send() -> None:
        under_way.wait(20)
        try:
            sent.append(delivery.deliver_due())
        finally:
            connections.close_all()

    sender = threading.Thread(target=send)
    sender.start()
    with transaction.atomic():
        factories.make_payment(paid.party, 500_00)
        under_way.set()
        sender.join(1.0)
        assert sender.is_alive(), "it waits for the party"
    sender.join(20)
    assert sent == [(2, 1)]
    assert [to for _channel, to, _text in Recording.sent] == [str(unpaid.party.people.get().phone)]
    assert Reminder.objects.get(invoice=paid).silent_because == "paid"


def test_the_same_reminder_by_hand_from_many_screens_goes_out_once(shop: Any) -> None:
    invoice, owner = owing(shop, 9), shop.memberships.get().user

    def press(_n: int) -> str:
        try:
            planning.remind_now(invoice, owner)
        except planning.ReminderRefused as refused:
            return str(refused)
        return "sent"

    said = in_parallel(press, 8)
    assert sorted(said).count("sent") == 1
    assert set(said) == {"sent", "No reminder was sent: it was reminded of today."}
    assert Message.objects.count() == 1
    assert Message.objects.get().due_at <= timezone.now() + dt.timedelta(seconds=1)

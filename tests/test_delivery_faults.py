"""The whole way with a gateway that misbehaves: batches over real HTTP, reports back to the running site."""

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import delivery, drainer, outbox, wording
from accounts.models import Message
from accounts.outbox import Draft
from accounts.wording import NAME, URL, Wording
from tests import factories, fake_gateway
from tests.fake_gateway import Fault, Hooks, State
from tests.gateways import send_to

NUMBER = "+91981234{:04d}"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[State, str, int]]:
    with fake_gateway.running() as found:
        yield found


@pytest.fixture
def fake(server: tuple[State, str, int], settings: Any, monkeypatch: pytest.MonkeyPatch) -> State:
    state, address, smtp_port = server
    send_to(settings, address, smtp_port)
    settings.MSG91_TEMPLATES = {"portal_share": "64"}
    monkeypatch.setattr(outbox, "kinds", dict(outbox.kinds))
    monkeypatch.setattr(wording, "wordings", dict(wording.wordings))
    wording.register(Wording("portal_share", {"business": NAME, "party": NAME, "url": URL}))

    def render(message: Message) -> Any:
        values = {"business": "Ram Kirana", "party": "Ganesh", "url": f"{settings.SITE_URL}/p/{message.pk}"}
        return wording.text_for(message, values, "portal_share")

    outbox.register("greeting", render, lambda message: True)
    state.reset()
    return state


@transaction.atomic
def queue(count: int, channel: str = "whatsapp", **fields: Any) -> None:
    shop = factories.make_business()
    outbox.enqueue_many(
        [Draft("greeting", channel, NUMBER.format(n), ("test", str(n)), shop.pk, **fields) for n in range(count)]
    )


def statuses() -> dict[str, int]:
    rows = list(Message.objects.values_list("status", flat=True))
    return {status: rows.count(status) for status in sorted(set(rows))}


@pytest.mark.django_db
def test_when_a_provider_asks_to_wait_the_rest_of_the_batch_waits_too(fake: State, settings: Any) -> None:
    settings.MESSAGES_AT_ONCE = 1
    fake.faults.append(Fault("whatsapp", 429, 130429, retry_after="40"))
    queue(30)
    began = timezone.now()
    assert delivery.deliver_due() == (30, 0)
    assert fake.counts["whatsapp"] == 1, "the others were not even tried"
    rows = list(Message.objects.order_by("attempts"))
    assert [row.attempts for row in rows] == [0] * 29 + [1]
    assert {row.status for row in rows} == {"queued"}
    assert all(dt.timedelta(seconds=39) <= row.due_at - began <= dt.timedelta(seconds=52) for row in rows)


@pytest.mark.django_db
def test_a_batch_meets_every_fault_at_once_and_each_message_has_its_own_end(fake: State) -> None:
    fake.faults.extend(
        [
            Fault("whatsapp", drop=True, times=3),
            Fault("whatsapp", refuse=True, times=2),
            Fault("whatsapp", 500, 131000, times=4),
            Fault("whatsapp", 400, 131026, times=5),
            Fault("whatsapp", 502, times=1),
        ]
    )
    queue(40, fallback=[("sms", "+919800000000")])
    assert delivery.deliver_due() == (40, 25)
    # Dropped after acceptance, closed without a word and a proxy's 502 look the same from here: not known.
    first = Message.objects.filter(follows=None)
    assert first.filter(status="uncertain").count() == 6
    assert first.filter(status="queued", trouble="retry").count() == 4
    assert first.filter(status="failed", trouble="wrong_number").count() == 5
    assert first.filter(status="sent", provider="whatsapp", provider_id__startswith="wamid.").count() == 25
    assert Message.objects.filter(channel="sms", status="queued", follows__in=first).count() == 5
    assert drainer.drain() == 5, "the SMS leave; nothing else is due yet"
    assert max(fake.accepted.values()) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_lost_answers_are_settled_by_reports_that_come_twice_and_in_any_order(
    fake: State, settings: Any, live_server: Any
) -> None:
    """Nothing is sent twice: the reports come before anybody would have to guess."""
    settings.SITE_URL = str(live_server.url)
    keys = {"whatsapp": settings.WHATSAPP_APP_SECRET, "msg91": settings.MSG91_HOOK_SECRET}
    paths = {"whatsapp": "whatsapp", "msg91": "sms"}
    to = {name: (f"{live_server.url}/hooks/{paths[name]}/", key) for name, key in keys.items()}
    fake.hooks = Hooks(to, times=2, delay=0.2, shuffle=True)
    fake.faults.append(Fault(drop=True, times=4))
    queue(4)
    queue(4, "sms")
    drainer.drain()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and statuses() != {"delivered": 4, "read": 4}:
        time.sleep(0.1)
    assert statuses() == {"delivered": 4, "read": 4}
    assert (drainer.drain(), sum(fake.accepted.values())) == (0, 8)
    row = Message.objects.filter(channel="whatsapp").first()
    assert row
    assert (row.attempts, row.resends, row.trouble, row.error) == (1, 0, "", "")

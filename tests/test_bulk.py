"""Many messages: written by one INSERT, by turns between merchants, refused by the opt-out list, and followed up."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import transaction

from accounts import delivery, drainer, outbox, quotas
from accounts.gateways import GatewayError, Text
from accounts.models import Message
from accounts.outbox import Draft
from tests import factories
from tests.gateways import EVERYWHERE, Recording

pytestmark = pytest.mark.django_db
NOW, TODAY, BULK = Message.Priority.NOW, Message.Priority.TODAY, Message.Priority.BULK


@pytest.fixture(autouse=True)
def sent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, str]]]:
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    Recording.sent.clear()
    Recording.faults.clear()
    monkeypatch.setattr(outbox, "kinds", dict(outbox.kinds))
    monkeypatch.setattr(outbox, "_refusals", [])
    monkeypatch.setattr(outbox, "_stops", [])

    def texts(messages: Sequence[Message]) -> dict[int, Text | None]:
        return {message.pk: Text(f"Hello {message.params['name']}") for message in messages if message.params}

    outbox.register_many("greeting", texts)
    yield Recording.sent
    Recording.faults.clear()


def drafts(business_id: int, numbers: Sequence[int], **fields: Any) -> list[Draft]:
    return [
        Draft("greeting", "sms", f"+91{n:010d}", ("test", str(n)), business_id, params={"name": f"N{n}"}, **fields)
        for n in numbers
    ]


@transaction.atomic
def queue(rows: list[Draft], **options: Any) -> int:
    return outbox.enqueue_many(rows, **options)


def test_many_are_written_by_one_insert_as_one_is(django_assert_num_queries: Any) -> None:
    owner = factories.make_user()
    shop = factories.make_business(owner=owner)
    party = factories.make_party(shop)
    with transaction.atomic():
        one = outbox.enqueue(
            kind="greeting", channel="sms", to="+910000000001", subject=("test", "1"), business=shop,
            party_id=party.pk, language="hi", params={"name": "N1"}, by=owner, priority=BULK, fallback=[("email", "a@b.in")],
        )  # fmt: skip
    rows = drafts(shop.pk, [1], party_id=party.pk, language="hi", fallback=[("email", "a@b.in")])
    # One SELECT for the head of the queue, one INSERT for each language.
    more = drafts(shop.pk, [2, 3], party_id=party.pk, language="hi")
    for part, queries in ((rows, 2), ([*rows, *more], 2), ([*drafts(shop.pk, [4]), *rows, *drafts(shop.pk, [5])], 3)):
        with django_assert_num_queries(queries):
            assert outbox.enqueue_many(part, by=owner, campaign_id=7) == len(part)
    many = Message.objects.filter(campaign_id=7).order_by("pk").first()
    assert many
    own = {"id", "reference", "due_at", "created_at", "turn", "campaign_id"}
    fields = {field.attname for field in Message._meta.concrete_fields} - own
    assert {name: getattr(many, name) for name in fields} == {name: getattr(one, name) for name in fields}
    assert len(set(Message.objects.values_list("reference", flat=True))) == 8
    # Whatever their language, each keeps its place in the row.
    last = sorted(Message.objects.order_by("-pk").values_list("turn", "to")[:3])
    assert [to[-1] for _turn, to in last] == ["4", "1", "5"]
    assert [turn - last[0][0] for turn, _to in last] == [0, outbox.BULK_STEP, 2 * outbox.BULK_STEP]


def test_nothing_to_write_is_no_fault() -> None:
    assert queue([]) == 0


def test_merchants_take_turns_and_what_is_urgent_goes_first(sent: list[Any]) -> None:
    big, small, late = (factories.make_business() for _ in range(3))
    assert queue(drafts(big.pk, range(100))) == 100
    assert queue(drafts(big.pk, range(100, 200)), ahead=100) == 100
    assert queue(drafts(small.pk, range(500, 503))) == 3
    first = delivery.claim(6)
    assert [message.business_id for message in first] == [big.pk, small.pk] * 3
    # Whoever comes when the big one has been served for a while is neither put behind it nor before it for long.
    queue(drafts(late.pk, range(600, 610)))
    then = delivery.claim(10)
    assert [message.business_id for message in then] == [big.pk, late.pk] * 5
    with transaction.atomic():
        outbox.enqueue(kind="greeting", channel="sms", to="+911", subject=("t", "1"), params={"name": "x"})
        outbox.enqueue(
            kind="greeting", channel="sms", to="+912", subject=("t", "1"), params={"name": "y"}, priority=NOW
        )
    assert [message.to for message in delivery.claim(3)][:2] == ["+912", "+911"]
    assert [message.priority for message in delivery.claim(3, until=NOW)] == []


def test_one_row_without_text_is_that_rows_trouble(sent: list[Any]) -> None:
    shop = factories.make_business()
    queue([*drafts(shop.pk, range(3)), Draft("greeting", "sms", "+91999", ("test", "9"), shop.pk)])
    assert drainer.drain() == 3
    row = Message.objects.get(to="+91999")
    assert (row.status, row.trouble, row.error) == ("queued", "retry", "no text: left out")


def test_who_has_opted_out_gets_nothing_but_the_code_they_ask_for(sent: list[Any]) -> None:
    asked: list[int] = []

    def asks(messages: Sequence[Message]) -> dict[int, str]:
        asked.append(len(messages))
        return {message.pk: "has opted out" for message in messages if message.to.endswith("2")}

    outbox.register_refusal(asks)
    outbox.register("code", lambda message: Text("123456"), lambda message: True, is_asked_for=True, is_resent=False)
    queue([*drafts(factories.make_business().pk, [1, 2, 3], fallback=[("email", "a@example.in")])])
    with transaction.atomic():
        outbox.enqueue(kind="code", channel="sms", to="+912", subject=("t", "1"))
    assert drainer.drain() == 3
    assert asked == [3], "in one call for the batch, without the code"
    refused = Message.objects.get(status="dropped")
    assert (refused.to, refused.trouble, refused.error) == ("+910000000002", "opted_out", "has opted out")
    assert Message.objects.count() == 4, "no other way is tried"


def test_what_failed_for_good_goes_the_next_way_once(sent: list[Any]) -> None:
    shop = factories.make_business()
    queue(drafts(shop.pk, [1], fallback=[("whatsapp", "+915"), ("email", "a@example.in")]), campaign_id=4)
    Recording.faults[:] = [GatewayError("no such number", Message.Trouble.WRONG_NUMBER)] * 2
    assert drainer.drain() == 1
    first, second, third = Message.objects.order_by("pk")
    assert [(m.channel, m.to, m.status) for m in (first, second, third)] == [
        ("sms", "+910000000001", "failed"),
        ("whatsapp", "+915", "failed"),
        ("email", "a@example.in", "sent"),
    ]
    assert (second.follows_id, third.follows_id, third.campaign_id, third.priority) == (first.pk, first.pk, 4, BULK)
    assert sent == [("email", "a@example.in", "Hello N1")]
    used = quotas.used(shop.pk)
    assert (used.messages, used.paise_month) == (2, quotas.cost("whatsapp") + quotas.cost("email")), (
        "the ways tried next"
    )


def test_an_opt_out_that_a_provider_knows_of_is_told_and_ends_the_ways(sent: list[Any]) -> None:
    stops: list[outbox.Stop] = []
    outbox.register_stop(stops.append)
    queue(drafts(factories.make_business().pk, [1], fallback=[("email", "a@example.in")]))
    Recording.faults.append(GatewayError("unsubscribed", Message.Trouble.OPTED_OUT))
    assert drainer.drain() == 0
    assert [(stop.channel, stop.address, stop.is_stop) for stop in stops] == [("sms", "+910000000001", True)]
    assert Message.objects.get().status == "failed"

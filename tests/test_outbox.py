"""The outbox: a message belongs to what it tells, goes out once, and never claims more than is known."""

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from accounts import delivery, drainer, gateways, gsm, outbox, parties
from accounts.gateways import GatewayError, wire
from accounts.models import Message
from ledger import links, sharing
from tests import factories
from tests.factories import Book
from tests.gateways import EVERYWHERE, Recording
from tests.threads import in_parallel

SENT, QUEUED, SENDING = Message.Status.SENT, Message.Status.QUEUED, Message.Status.SENDING
NUMBER = "+919812345678"


@pytest.fixture(autouse=True)
def sent(settings: Any) -> Iterator[list[tuple[str, str, str]]]:
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    Recording.sent.clear()
    Recording.faults.clear()
    yield Recording.sent
    Recording.sent.clear()
    Recording.faults.clear()


@pytest.fixture(autouse=True)
def _test_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "kinds", dict(outbox.kinds))
    outbox.register("greeting", lambda message: gateways.Text(f"Namaste {message.to}"), lambda message: True)


def queue(**fields: Any) -> Message:
    values = {"kind": "greeting", "channel": "sms", "to": NUMBER, "subject": ("test", "1")} | fields
    with transaction.atomic():
        return outbox.enqueue(**values)


def status(message: Message) -> str:
    return Message.objects.get(pk=message.pk).status


# --- Written with what it tells -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_message_outside_a_transaction_is_a_fault() -> None:
    with pytest.raises(AssertionError, match="transaction"):
        outbox.enqueue(kind="greeting", channel="sms", to=NUMBER, subject=("test", "1"))


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_deed_leaves_no_message_and_wakes_nobody(sent: list[Any]) -> None:
    drainer._work.clear()
    with transaction.atomic():
        outbox.enqueue(kind="greeting", channel="sms", to=NUMBER, subject=("test", "1"))
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert not drainer._work.is_set()
    drainer.drain()
    assert sent == []


@pytest.mark.django_db(transaction=True)
def test_whoever_delivers_is_woken_after_the_commit_and_not_before(settings: Any) -> None:
    settings.REDIS_URL = ""
    drainer._work.clear()
    with transaction.atomic():
        outbox.enqueue(kind="greeting", channel="sms", to=NUMBER, subject=("test", "1"))
        assert not drainer._work.is_set()
    assert drainer._work.is_set()


@pytest.mark.django_db
def test_a_message_to_an_unknown_number_is_written_and_never_sent(sent: list[Any]) -> None:
    message = queue(drop=True)
    assert (delivery.deliver(message.pk), drainer.drain(), sent, status(message)) == (False, 0, [], "dropped")


# --- Sent once ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_delivering_twice_sends_once(sent: list[Any]) -> None:
    message = queue()
    assert [delivery.deliver(message.pk), delivery.deliver(message.pk)] == [True, False]
    assert sent == [("sms", NUMBER, f"Namaste {NUMBER}")]
    row = Message.objects.get()
    assert (row.status, row.provider_id, row.attempts, row.leased_until) == (SENT, f"provider-{row.reference}", 1, None)
    assert row.sent_at is not None


@pytest.mark.django_db(transaction=True)
def test_parallel_workers_send_each_message_once(sent: list[Any]) -> None:
    messages = [queue(to=f"+9198123450{n:02d}") for n in range(20)]

    def work(_n: int) -> int:
        return sum(delivery.deliver(message.pk) for message in messages)

    assert sum(in_parallel(work, 6)) == 20
    assert sorted(to for _channel, to, _text in sent) == sorted(message.to for message in messages)


@pytest.mark.django_db
def test_a_message_that_is_gone_is_no_fault(sent: list[Any]) -> None:
    assert delivery.deliver(10**12) is False
    assert sent == []


@pytest.mark.django_db
def test_the_drainer_sends_everything_that_is_due(sent: list[Any]) -> None:
    for _ in range(3):
        queue()
    later = queue()
    Message.objects.filter(pk=later.pk).update(due_at=timezone.now() + dt.timedelta(minutes=1))
    assert (drainer.drain(), drainer.drain(), len(sent), status(later)) == (3, 0, 3, QUEUED)


@pytest.mark.django_db
def test_what_is_due_first_goes_first() -> None:
    newer, older = queue(), queue()
    at = timezone.now() - dt.timedelta(minutes=1)
    Message.objects.filter(pk=older.pk).update(due_at=at, turn=outbox.turn_of(at))
    outbox_order = [message.pk for message in delivery.claim(10)]
    assert outbox_order == [older.pk, newer.pk]


# --- Answers that were lost ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_message_whose_answer_was_lost_becomes_uncertain_and_is_not_sent_again(sent: list[Any]) -> None:
    """The worker died between the gateway's acceptance and our record: it may have arrived."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        message = queue()
        delivery._hand_over(delivery.claim(1))
        clock.shift(delivery.LEASE - dt.timedelta(seconds=1))
        assert (delivery.sweep(), status(message)) == (0, SENDING)
        clock.shift(dt.timedelta(seconds=2))
        assert (delivery.sweep(), status(message)) == (0, "uncertain")
        assert (delivery.deliver(message.pk), drainer.drain(), sent) == (False, 0, [])


@pytest.mark.django_db
def test_an_answer_after_the_lease_still_counts() -> None:
    """A slow gateway: the sweep has called it uncertain, then the acceptance arrives after all."""
    message = queue()
    claimed = delivery.claim(1)
    delivery._hand_over(claimed)
    Message.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    delivery.sweep()
    assert status(message) == "uncertain"
    delivery.record([delivery.Outcome(claimed[0], SENT, "recording", "their-1")])
    assert (status(message), Message.objects.get().provider_id) == (SENT, "their-1")


@pytest.mark.django_db
def test_an_answer_of_an_earlier_attempt_does_not_overwrite_a_later_one() -> None:
    message = queue()
    Message.objects.update(status=SENDING, attempts=2)
    message.attempts = 1
    delivery.record([delivery.Outcome(message, SENT)])
    assert status(message) == SENDING


# --- Gateways that refuse -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_refused_message_is_tried_again_later_and_later(sent: list[Any]) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        message = queue()
        Recording.faults[:] = [GatewayError("busy")] * 5
        for wait in (20, 40, 80, 160, 320):
            assert delivery.deliver(message.pk) is False
            row = Message.objects.get()
            assert (row.status, row.error, row.leased_until) == (QUEUED, "busy", None)
            assert wait <= (row.due_at - timezone.now()).total_seconds() <= wait * 1.25
            clock.shift(dt.timedelta(seconds=wait - 1))
            assert delivery.deliver(message.pk) is False
            assert delivery.sweep() == 0
            clock.shift(row.due_at - timezone.now())
        assert delivery.deliver(message.pk) is True
        assert len(sent) == 1
        row = Message.objects.get()
        assert (row.status, row.error, row.attempts) == (SENT, "", 6)


@pytest.mark.django_db
def test_after_ten_refusals_it_has_failed() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        message = queue()
        Recording.faults[:] = [GatewayError("busy")] * 14
        for _ in range(14):
            delivery.deliver(message.pk)
            clock.shift(dt.timedelta(hours=2))
        row = Message.objects.get()
        assert (row.status, row.trouble, row.attempts, len(Recording.faults)) == ("failed", "gave_up", 10, 4)


@pytest.mark.django_db
def test_a_final_refusal_is_not_repeated() -> None:
    message = queue()
    Recording.faults.append(GatewayError("no such number " * 30, Message.Trouble.WRONG_NUMBER))
    assert delivery.deliver(message.pk) is False
    row = Message.objects.get()
    assert (row.status, row.trouble, len(row.error)) == ("failed", "wrong_number", 200)


# --- Texts that cannot be made ------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["broken", "of-another-release"])
def test_a_text_that_cannot_be_made_is_no_uncertain_message(kind: str, sent: list[Any], caplog: Any) -> None:
    """Nothing was sent, and that is known: tried again, then failed; the fault is seen in the log each time."""

    def broken(message: Message) -> gateways.Text:
        raise ZeroDivisionError

    outbox.register("broken", broken, lambda message: True)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        message = queue(kind=kind)
        for _ in range(delivery.MAX_ATTEMPTS):
            assert delivery.deliver(message.pk) is False
            clock.shift(dt.timedelta(hours=2))
        assert len([r for r in caplog.records if r.exc_info]) == delivery.MAX_ATTEMPTS
        row = Message.objects.get()
        assert (row.status, sent) == ("failed", [])
        assert row.error.startswith("no text: ")


# --- Asked again at delivery --------------------------------------------------------------------------------


@pytest.fixture
def book(db: None) -> Book:
    book = factories.make_book()
    Message.objects.all().delete()
    return book


def test_a_shared_invoice_goes_out_with_its_link(book: Book, sent: list[Any]) -> None:
    message = sharing.send(book.invoice_link, "whatsapp", book.owner)
    delivery.deliver(message.pk)
    ((channel, to, text),) = sent
    assert (channel, to) == ("whatsapp", book.owner_phone)
    assert links.url(book.invoice_link) in text
    assert book.invoice.number in text
    assert "Rs. 1,234.00" in text


@pytest.mark.parametrize("ended", ["revoked", "stopped", "number changed", "deleted"])
def test_a_link_that_ended_before_delivery_is_not_sent(book: Book, sent: list[Any], ended: str) -> None:
    message = sharing.send(book.portal_link, "sms", book.owner)
    if ended == "revoked":
        links.revoke(book.portal_link, book.owner)
    elif ended == "stopped":
        parties.set_shared(book.party, False, book.owner)
    elif ended == "number changed":
        parties.set_main_number(book.party, factories.new_phone(), "", book.owner)
    else:
        book.portal_link.delete()
    assert (delivery.deliver(message.pk), sent, status(message)) == (False, [], "dropped")


def test_the_text_is_in_the_partys_language_and_reads_what_is_true_at_delivery(book: Book, sent: list[Any]) -> None:
    message = sharing.send(book.portal_link, "sms", book.owner)
    book.business.name = "Renamed Traders"
    book.business.save()
    delivery.deliver(message.pk)
    assert sent[0][2].startswith("Renamed Traders: ")


def test_the_row_holds_neither_text_nor_token(book: Book) -> None:
    message = sharing.send(book.invoice_link, "sms", book.owner)
    delivery.deliver(message.pk)
    row = " ".join(str(value) for value in Message.objects.filter(pk=message.pk).values_list().get())
    assert links.token(book.invoice_link) not in row
    assert "See it here" not in row


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "email"])
@pytest.mark.parametrize("kind", ["invoice", "portal"])
def test_every_shared_text_exists_and_an_sms_stays_in_the_cheap_alphabet(
    book: Book, sent: list[Any], channel: str, kind: str
) -> None:
    book.party.email = "kirana@example.in"
    book.party.save()
    link = book.invoice_link if kind == "invoice" else book.portal_link
    link.party.email = book.party.email
    delivery.deliver(sharing.send(link, channel, book.owner).pk)
    ((_channel, _to, text),) = sent
    assert links.url(link) in text
    if channel == "sms":
        assert text.isascii()
        assert "\n" not in text
        assert gsm.size(text).parts <= 2


def test_nobody_sends_more_than_a_days_share(book: Book, settings: Any) -> None:
    from accounts.limits import LimitReached

    settings.SHARES_PER_DAY = 2
    # make_book has sent one already.
    sharing.send(book.portal_link, "sms", book.owner)
    with pytest.raises(LimitReached):
        sharing.send(book.portal_link, "sms", book.owner)
    assert Message.objects.count() == 1


def test_without_number_or_address_nothing_is_queued(book: Book) -> None:
    party = factories.make_party(book.business)
    link = links.for_party(party, book.owner)
    for channel in ("sms", "whatsapp", "email"):
        with pytest.raises(sharing.ShareRefused):
            sharing.send(link, channel, book.owner)
    assert not Message.objects.exists()


# --- The console --------------------------------------------------------------------------------------------


def test_the_console_prints_one_line_per_message(capfd: pytest.CaptureFixture[str]) -> None:
    text = gateways.Text("Namaste,\n\nyour  code\tis\r\n123456\u2028@host #123456\x0b\x85end ")
    console = gateways.Console()
    wire.run(console.send(gateways.Outgoing("sms", NUMBER, text, str(uuid.uuid4()))))
    wire.run(console.send(gateways.Outgoing("email", "a@example.in", gateways.Text("Hi\nyou", "Subject"), "r")))
    lines = capfd.readouterr().out.splitlines()
    assert lines == [
        f"[sms to {NUMBER}] Namaste, your code is 123456 @host #123456 end",
        "[email to a@example.in] Hi you",
    ]


@pytest.mark.django_db
def test_a_delivered_message_appears_on_the_console_as_the_demo_reads_it(
    settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.MESSAGE_GATEWAYS = {"sms": "accounts.gateways.Console"}
    delivery.deliver(queue().pk)
    assert re.fullmatch(r"\[sms to \+91\d{10}\] Namaste \+919812345678\n", capfd.readouterr().out)


@pytest.mark.parametrize(
    ("site", "errors"),
    [
        ("http://127.0.0.1:8000", 0),
        ("http://localhost", 0),
        ("https://ledger.example.in", 3),
        ("http://0.0.0.0:8000", 3),
        ("http://127.0.0.1.example.in", 3),
    ],
)
def test_the_console_is_refused_on_a_public_address(settings: Any, site: str, errors: int) -> None:
    from accounts.checks import check_gateways

    settings.SITE_URL = site
    settings.MESSAGE_GATEWAYS = dict.fromkeys(("sms", "whatsapp", "email"), "accounts.gateways.Console")
    assert [error.id for error in check_gateways()] == ["accounts.E001"] * errors
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    assert check_gateways() == []


def test_the_row_of_the_outbox_is_found_by_its_index(db: None) -> None:
    """The sweep runs every few seconds over a table that only grows."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "EXPLAIN QUERY PLAN SELECT id FROM accounts_message WHERE status = 'queued' AND due_at <= '2026-01-01' "
                "AND priority <= 3 ORDER BY priority, turn, due_at, id LIMIT 250"
            )
            assert "messages_to_send" in str(cursor.fetchall())

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

from accounts import drainer, gateways, outbox, parties
from accounts.gateways import GatewayError
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
    monkeypatch.setattr(outbox, "_kinds", dict(outbox._kinds))
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
    assert (outbox.deliver(message.pk), drainer.drain(), sent, status(message)) == (False, 0, [], "dropped")


# --- Sent once ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_delivering_twice_sends_once(sent: list[Any]) -> None:
    message = queue()
    assert [outbox.deliver(message.pk), outbox.deliver(message.pk)] == [True, False]
    assert sent == [("sms", NUMBER, f"Namaste {NUMBER}")]
    row = Message.objects.get()
    assert (row.status, row.provider_id, row.attempts, row.leased_until) == (SENT, f"provider-{row.reference}", 1, None)
    assert row.sent_at is not None


@pytest.mark.django_db(transaction=True)
def test_parallel_workers_send_each_message_once(sent: list[Any]) -> None:
    messages = [queue(to=f"+9198123450{n:02d}") for n in range(20)]

    def work(_n: int) -> int:
        return sum(outbox.deliver(message.pk) for message in messages)

    assert sum(in_parallel(work, 6)) == 20
    assert sorted(to for _channel, to, _text in sent) == sorted(message.to for message in messages)


@pytest.mark.django_db
def test_a_message_that_is_gone_is_no_fault(sent: list[Any]) -> None:
    assert outbox.deliver(10**12) is False
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
    Message.objects.filter(pk=older.pk).update(due_at=timezone.now() - dt.timedelta(minutes=1))
    assert outbox.sweep() == [older.pk, newer.pk]
    assert outbox.sweep(limit=1) == [older.pk]


# --- Answers that were lost ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_message_whose_answer_was_lost_becomes_uncertain_and_is_not_sent_again(sent: list[Any]) -> None:
    """The worker died between the gateway's acceptance and our record: it may have arrived."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        message = queue()
        Recording.faults.append(ConnectionResetError("the answer was lost"))
        with pytest.raises(ConnectionResetError):
            outbox.deliver(message.pk)
        clock.shift(outbox.LEASE - dt.timedelta(seconds=1))
        assert (outbox.sweep(), status(message)) == ([], SENDING)
        clock.shift(dt.timedelta(seconds=2))
        assert (outbox.sweep(), status(message)) == ([], "uncertain")
        assert (outbox.deliver(message.pk), drainer.drain(), sent) == (False, 0, [])


@pytest.mark.django_db
def test_an_answer_after_the_lease_still_counts() -> None:
    """A slow gateway: the sweep has called it uncertain, then the acceptance arrives after all."""
    message = queue()

    class Slow(Recording):
        def send(self, *args: Any) -> str:
            Message.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
            outbox.sweep()
            assert status(message) == "uncertain"
            return super().send(*args)

    gateways._load.cache_clear()
    load, gateways._load = gateways._load, lambda path: Slow()  # type: ignore[assignment]
    try:
        assert outbox.deliver(message.pk) is True
    finally:
        gateways._load = load
    assert status(message) == SENT


@pytest.mark.django_db
def test_an_answer_of_an_earlier_attempt_does_not_overwrite_a_later_one() -> None:
    message = queue()
    Message.objects.update(status=SENDING, attempts=2)
    message.attempts = 1
    outbox._record(message, status=SENT)
    assert status(message) == SENDING


# --- Gateways that refuse -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_refused_message_is_tried_again_later_and_later(sent: list[Any]) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        message = queue()
        Recording.faults[:] = [GatewayError("busy")] * 5
        for wait in (20, 40, 80, 160, 320):
            assert outbox.deliver(message.pk) is False
            row = Message.objects.get()
            assert (row.status, row.error, row.leased_until) == (QUEUED, "busy", None)
            assert row.due_at - timezone.now() == dt.timedelta(seconds=wait)
            clock.shift(dt.timedelta(seconds=wait - 1))
            assert outbox.deliver(message.pk) is False
            assert outbox.sweep() == []
            clock.shift(dt.timedelta(seconds=1))
        assert outbox.deliver(message.pk) is True
        assert len(sent) == 1
        row = Message.objects.get()
        assert (row.status, row.error, row.attempts) == (SENT, "", 6)


@pytest.mark.django_db
def test_after_six_refusals_it_has_failed() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        message = queue()
        Recording.faults[:] = [GatewayError("busy")] * 10
        for _ in range(10):
            outbox.deliver(message.pk)
            clock.shift(dt.timedelta(hours=1))
        row = Message.objects.get()
        assert (row.status, row.attempts, len(Recording.faults)) == ("failed", 6, 4)


@pytest.mark.django_db
def test_a_final_refusal_is_not_repeated() -> None:
    message = queue()
    Recording.faults.append(GatewayError("no such number " * 30, is_final=True))
    assert outbox.deliver(message.pk) is False
    row = Message.objects.get()
    assert (row.status, len(row.error)) == ("failed", 200)


# --- Texts that cannot be made ------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["broken", "of-another-release"])
def test_a_text_that_cannot_be_made_is_no_uncertain_message(kind: str, sent: list[Any]) -> None:
    """Nothing was sent, and that is known: tried again, then failed; the fault is seen in the log each time."""

    def broken(message: Message) -> gateways.Text:
        raise ZeroDivisionError

    outbox.register("broken", broken, lambda message: True)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        message = queue(kind=kind)
        for _ in range(outbox.MAX_ATTEMPTS):
            with pytest.raises((ZeroDivisionError, KeyError)):
                outbox.deliver(message.pk)
            clock.shift(dt.timedelta(hours=1))
        outbox.sweep()
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
    outbox.deliver(message.pk)
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
    assert (outbox.deliver(message.pk), sent, status(message)) == (False, [], "dropped")


def test_the_text_is_in_the_partys_language_and_reads_what_is_true_at_delivery(book: Book, sent: list[Any]) -> None:
    message = sharing.send(book.portal_link, "sms", book.owner)
    book.business.name = "Renamed Traders"
    book.business.save()
    outbox.deliver(message.pk)
    assert sent[0][2].startswith("Renamed Traders: ")


def test_the_row_holds_neither_text_nor_token(book: Book) -> None:
    message = sharing.send(book.invoice_link, "sms", book.owner)
    outbox.deliver(message.pk)
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
    outbox.deliver(sharing.send(link, channel, book.owner).pk)
    ((_channel, _to, text),) = sent
    assert links.url(link) in text
    if channel == "sms":
        assert text.isascii()
        assert "\n" not in text
        assert len(text) <= 306, "two parts at most"


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
    gateways.Console().send("sms", NUMBER, text, str(uuid.uuid4()))
    gateways.Console().send("email", "a@example.in", gateways.Text("Hi\nyou", "Subject"), "r")
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
    outbox.deliver(queue().pk)
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
                "EXPLAIN QUERY PLAN SELECT id FROM accounts_message WHERE status IN ('queued', 'sending') "
                "AND status = 'queued' AND due_at <= '2026-01-01' ORDER BY due_at, id"
            )
            assert "messages_to_send" in str(cursor.fetchall())

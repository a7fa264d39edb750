"""Open pages are told what changed, in order, nothing twice, and nobody is told what they may not know."""

import contextlib
import datetime as dt
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import changes, parties
from accounts.models import Change, ChangeCounter, Device, PartyPerson
from catalog import orders
from ledger import links
from portal import live
from tests import factories as make
from tests.servers import free_port

REMOTE = pytest.mark.django_db(transaction=True)


def cookie(client):
    return client.cookies[settings.PORTAL_SESSION_COOKIE_NAME].value


def ticket_of(client, party, since=0):
    return live.admit(cookie(client), party.public_id, since)


def pay(invoice, paise):
    """Money for this very invoice."""
    return make.make_payment(invoice.party, paise, shares=[(invoice.open_item.pk, paise)])


def orders_client(party):
    number = make.new_phone()
    parties.add_person(party, number, "", PartyPerson.Role.ORDERS, None)
    return make.customer_client(number)


@pytest.fixture
def business():
    return make.make_business("Ram Kirana")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.mark.django_db
def test_a_payment_is_a_change_with_a_number_and_without_a_figure(party):
    first = make.make_invoice(party, paise=500_00)
    paid = make.make_payment(party, 123_45)
    rows = Change.objects.filter(party=party).order_by("number").values_list("number", "kind", "subject")
    assert list(rows) == [(1, "balance", first.public_id), (2, "balance", paid.public_id)]
    text = live.event(1, "balance", first.public_id) + live.event(2, "balance", paid.public_id)
    assert live.look([ticket_of(make.customer_client(party), party)]) == [live.Told(text, 2)]


@pytest.mark.django_db
def test_nothing_is_told_of_what_was_rolled_back_and_no_number_is_missing(party):
    ticket = ticket_of(make.customer_client(party), party)
    with transaction.atomic():
        make.make_payment(party, 100_00)
        transaction.set_rollback(True)
    assert live.look([ticket]) == [live.Told("", 0)]
    paid = make.make_payment(party, 100_00)
    assert live.look([ticket]) == [live.Told(live.event(1, "balance", paid.public_id), 1)]


@pytest.mark.django_db
def test_a_helper_for_orders_hears_of_orders_and_never_of_the_balance(party):
    client = orders_client(party)
    party.refresh_from_db()
    ticket = ticket_of(client, party)
    address = f"/portal/{party.public_id}/live/"
    make.make_invoice(party, paise=71_317_00)
    assert live.look([ticket]) == [live.Told("", 1)]
    assert client.get(address).content == b"0"
    item = make.make_item(party.business, in_store=True)
    order = orders.place(party, make.make_user(), {item.pk: 1000})
    assert live.look([ticket]) == [live.Told(live.event(2, "order", order.public_id), 2)]
    assert client.get(address).content == b"2"


@pytest.mark.django_db
def test_whose_rights_change_hears_of_it_in_either_role(party):
    number = make.new_phone()
    parties.add_person(party, number, "", PartyPerson.Role.ACCOUNTANT, None)
    client = make.customer_client(number)
    person = party.people.get(phone=number)
    make.make_invoice(party, paise=500_00)
    address = f"/portal/{party.public_id}/live/"
    assert client.get(address).content == b"1"
    ticket = ticket_of(client, party, since=1)
    parties.change_role(person, PartyPerson.Role.ORDERS, make.make_user())
    assert live.look([ticket]) == [live.Told(live.event(2, "rights", ""), 2)]
    assert client.get(address).content == b"2"
    make.make_invoice(party, paise=500_00)
    parties.change_role(person, PartyPerson.Role.ACCOUNTANT, make.make_user())
    assert client.get(address).content == b"4"


@pytest.mark.django_db
def test_what_was_sent_and_refused_is_not_fetched_over_what_was_typed(party):
    client = make.customer_client(party)
    address = f"/portal/{party.public_id}/paid/"
    assert b"data-live-url" in client.get(address).content
    refused = client.post(address, {"amount": "many"})
    assert (refused.status_code, b"data-live-url" in refused.content) == (400, False)


@pytest.mark.django_db
def test_all_streams_are_looked_after_in_one_query_and_told_in_one_more(business, django_assert_num_queries):
    three = [make.make_party(business, make.new_phone()) for _ in range(3)]
    tickets = [ticket_of(make.customer_client(party), party) for party in three]
    for few in (tickets[:1], tickets):
        with django_assert_num_queries(1):
            assert live.look(few) == [live.Told("", 0)] * len(few)
    for party in three:
        make.make_payment(party)
    for few in (tickets[:1], tickets):
        with django_assert_num_queries(2):
            assert [told and told.last for told in live.look(few)] == [1] * len(few)


@pytest.mark.django_db
def test_whoever_was_away_too_long_is_told_that_all_may_have_changed(party):
    ticket = ticket_of(make.customer_client(party), party)
    for _ in range(3):
        changes.note(party.business_id, party.pk, changes.Kind.BALANCE)
    Change.objects.filter(number=1).update(at=timezone.now() - dt.timedelta(days=3))
    changes.forget_old()
    assert live.look([ticket]) == [live.Told(live.event(3, "all", ""), 3)]


@pytest.mark.django_db
def test_a_stream_ends_with_its_session_its_device_its_number_or_the_sharing(business):
    owner = make.make_user()
    ends = [
        lambda party, ticket: parties.set_shared(party, False, owner),
        lambda party, ticket: parties.end_sessions(party, owner),
        lambda party, ticket: party.people.all().delete(),
        lambda party, ticket: Device.objects.filter(pk=ticket.device_id).update(confirmed=False),
        lambda party, ticket: _session(ticket).delete(),
    ]
    for end in ends:
        party = make.make_party(business, make.new_phone())
        client = make.customer_client(party)
        ticket = ticket_of(client, party)
        assert live.look([ticket]) == [live.Told("", 0)]
        end(party, ticket)
        assert live.look([ticket]) == [None]
        assert ticket_of(client, party) is None


def _session(ticket):
    from django.contrib.sessions.models import Session

    return Session.objects.filter(pk=ticket.session_key)


@pytest.mark.django_db
def test_strangers_and_neighbours_get_no_ticket(business, party):
    neighbour = make.customer_client(make.make_party(business, make.new_phone()))
    assert ticket_of(neighbour, party) is None
    for key in ("", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "' OR 1=1 --"):
        assert live.admit(key, party.public_id, 0) is None


@pytest.mark.django_db
def test_a_page_that_asks_gets_304_until_something_changed_at_no_query_of_its_own(party):
    client = make.customer_client(party)
    address = f"/portal/{party.public_id}/live/"
    for number in (0, 1):
        with CaptureQueriesContext(connection) as found:
            fresh = client.get(address)
        assert (fresh.status_code, fresh.content, fresh["ETag"]) == (200, b"%d" % number, f'"{number}"')
        assert len(found) == 4  # session, user, device and scope
        assert client.get(address, headers={"If-None-Match": f'"{number}"'}).status_code == 304
        assert f'data-live-since="{number}"' in client.get(f"/portal/{party.public_id}/").content.decode()
        make.make_payment(party)


# --- a real server ------------------------------------------------------------------------------------------


class Served:
    """uvicorn with our ASGI application, on the test's database (at `place`, else its own); killed with -9 at the end."""

    def __init__(self, place="", **environment):
        self.place, self.environment = place, environment

    def __enter__(self):
        kept = connection.settings_dict
        place = self.place or f"{kept['HOST']}:{kept['PORT']}"
        url = f"postgres://{kept['USER']}:{kept['PASSWORD']}@{place}/{kept['NAME']}"
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", f"{self.port}"],
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "DATABASE_URL": url, "EMBEDDED_DRAINER": "0", **self.environment},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        return self.port

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()


def listen(port, client, party, last=None):
    """An open stream's answer; waits until the server has come up."""
    headers = {"Cookie": f"{settings.PORTAL_SESSION_COOKIE_NAME}={cookie(client)}"}
    if last is not None:
        headers["Last-Event-ID"] = str(last)
    return listen_at(port, f"/portal/{party.public_id}/live/stream", headers)


def listen_at(port, path, headers):
    for _ in range(150):
        try:
            one = http.client.HTTPConnection("127.0.0.1", port, timeout=8)
            one.request("GET", path, headers=headers)
            return one.getresponse()
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise AssertionError("the server did not come up")


def numbers(answer, how_many):
    found: list[int] = []
    while len(found) < how_many:
        line = answer.fp.readline() if not answer.chunked else answer.readline()
        if line.startswith(b"id: "):
            found.append(int(line[4:]))
    return found


@REMOTE
@pytest.mark.postgres
def test_streams_of_a_real_server(business, party):
    """Told within a second; of fifty payments at once none is lost; a killed server's reader goes on where it was;
    strangers get 404; stopped sharing closes the stream within five seconds."""
    client = make.customer_client(party)
    stranger = make.customer_client(make.make_party(business, make.new_phone()))
    neighbour = make.make_party(business, make.new_phone())
    shared = make.make_invoice(neighbour, paise=500_00)
    link = links.for_invoice(shared, None)
    with Served() as port:
        answer = listen(port, client, party)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
        assert listen(port, stranger, party).status == 404
        make.make_payment(party)
        begun = time.monotonic()
        assert numbers(answer, 1) == [1]
        assert time.monotonic() - begun < 1

        def one_more(_n):
            try:
                make.make_payment(party)
            finally:
                connection.close()

        with ThreadPoolExecutor(10) as pool:
            list(pool.map(one_more, range(50)))
        assert numbers(answer, 50) == list(range(2, 52))
    make.make_payment(party)
    with Served() as port:
        answer = listen(port, client, party, last=51)
        assert numbers(answer, 1) == [52]
        parties.set_shared(party, False, make.make_user())
        begun = time.monotonic()
        answer.read()
        assert time.monotonic() - begun < 5
        assert listen(port, client, party).status == 404
        # Who holds the link to an invoice: told of it within a second, of the next one of its party never.
        answer = listen_at(port, f"/i/{links.token(link)}/live/stream", {})
        assert answer.status == 200
        pay(make.make_invoice(neighbour, paise=77_00), 77_00)
        time.sleep(0.5)
        pay(shared, 500_00)
        begun = time.monotonic()
        text = b""
        while b"id: " not in text:
            text += answer.readline()
        assert time.monotonic() - begun < 1
        links.revoke(link, make.make_user())
        assert (text + answer.read()).count(b"id: ") == 1
        assert time.monotonic() - begun < 5
    assert ChangeCounter.objects.get(party=party).number == 52


class Wire(threading.Thread):
    """A line to the tests' PostgreSQL that can be held: what is sent then arrives nowhere, and nothing is refused."""

    def __init__(self):
        super().__init__(daemon=True)
        self.flows = threading.Event()
        self.flows.set()
        self.door = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self.door.getsockname()[1]}"

    def run(self):
        kept = connection.settings_dict
        while True:
            try:
                here, _address = self.door.accept()
            except OSError:
                return
            there = socket.create_connection((kept["HOST"], int(kept["PORT"])))
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                self.flows.wait()
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


@REMOTE
@pytest.mark.postgres
def test_streams_end_when_the_database_falls_silent_and_come_back_with_it(party):
    """Nobody's rights are known then. A frozen database refuses nothing, so only our own patience ends the wait."""
    client = make.customer_client(party)
    wire = Wire()
    wire.start()
    with Served(wire.place) as port:
        answer = listen(port, client, party)
        make.make_payment(party)
        assert numbers(answer, 1) == [1]
        wire.flows.clear()
        begun = time.monotonic()
        answer.read()
        assert time.monotonic() - begun < 5
        assert listen(port, client, party).status == 503
        wire.flows.set()
        make.make_payment(party)
        while (answer := listen(port, client, party, last=1)).status == 503:
            assert time.monotonic() - begun < 30
        assert numbers(answer, 1) == [2]
    wire.door.close()

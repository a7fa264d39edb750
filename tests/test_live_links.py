"""Whoever holds an invoice's link and has it open is told of that invoice, and of nothing else of its party."""

import asyncio
import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import parties
from ledger import links, posting
from ledger.models import ShareLink
from portal import live, live_links, streams
from tests import factories as make
from tests.test_live import cookie, pay, ticket_of


@pytest.fixture
def business():
    return make.make_business("Ram Kirana")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def invoice(party):
    return make.make_invoice(party, paise=500_00)


@pytest.fixture
def link(invoice):
    return links.for_invoice(invoice, None)


def admitted(link, since=""):
    return live_links.admit(links.token(link), since)


def told(ticket):
    (one,) = live_links.look([ticket])
    if one is not None:
        ticket.last = one.last
    return one


@pytest.mark.django_db
def test_each_change_of_the_invoice_is_told_once_and_its_words_name_no_figure(invoice, link):
    ticket = admitted(link)
    owner = make.make_user()
    assert told(ticket).text == ""
    deeds = [
        lambda: make.make_payment(invoice.party, 200_00),
        lambda: make.make_payment(invoice.party, 300_00),
        lambda: posting.cancel_payment(invoice.party.payments.order_by("pk").last(), owner, "bounced"),
    ]
    marks = {ticket.last}
    for deed in deeds:
        deed()
        news = told(ticket)
        assert news.text == f'id: {news.last}\nevent: change\ndata: {{"kind": "invoice", "subject": ""}}\n\n'
        assert told(ticket).text == ""
        marks.add(ticket.last)
    assert len(marks) == 3  # after the bounce it stands as after the first payment


@pytest.mark.django_db
def test_no_other_paper_of_the_same_party_makes_an_event_or_changes_the_mark(party, invoice, link):
    """A second invoice, its payment, an advance, a credit note and a cancelled bill: the balance moves, this stays."""
    ticket, owner = admitted(link), make.make_user()
    before = ticket.last
    stranger = Client()
    address = f"/i/{links.token(link)}/live/"
    assert stranger.get(address).content.decode() == before
    person = ticket_of(make.customer_client(party), party)
    other = make.make_invoice(party, paise=71_317_00)
    pay(other, 1_317_00)
    make.make_credit_note(original=other, paise=2_000_00)
    make.make_payment(party, 17_00, shares=[])
    posting.cancel_invoice(make.make_invoice(party, paise=9_00), owner, "typed twice")
    assert live_links.look([ticket]) == [live.Told("", before)]
    assert stranger.get(address).content.decode() == before
    assert stranger.get(address, headers={"If-None-Match": f'"{before}"'}).status_code == 304
    (all_of_it,) = live.look([person])
    assert all_of_it is not None
    assert all_of_it.text.count("event: change") >= 6  # to who may know


@pytest.mark.django_db
def test_a_link_that_ends_tells_nothing_more_and_its_page_learns_it(business, link):
    owner = make.make_user()
    ends = [
        lambda one: links.revoke(one, owner),
        lambda one: ShareLink.objects.filter(pk=one.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1)),
        lambda one: parties.set_shared(one.party, False, owner),
        lambda one: parties.end_sessions(one.party, owner),
    ]
    for end in ends:
        party = make.make_party(business, make.new_phone())
        one = links.for_invoice(make.make_invoice(party), None)
        ticket = admitted(one)
        assert told(ticket) == live.Told("", ticket.last)
        end(one)
        assert live_links.look([ticket]) == [None]
        assert admitted(one) is None
        assert Client().get(f"/i/{links.token(one)}/live/").status_code == 410


@pytest.mark.django_db
def test_who_holds_no_link_to_an_invoice_gets_no_ticket(party, link):
    token = links.token(link)
    portal = links.for_party(party, None)
    for wrong in ("", "0" * 33, token[:-1] + ("0" if token[-1] != "0" else "1"), links.token(portal)):
        assert live_links.admit(wrong, "") is None


@pytest.mark.django_db
def test_all_links_are_looked_after_in_one_query_and_a_page_asks_at_one(business, django_assert_num_queries):
    three = [links.for_invoice(make.make_invoice(make.make_party(business, make.new_phone())), None) for _ in range(3)]
    tickets = [admitted(one) for one in three]
    for few in (tickets[:1], tickets):
        with django_assert_num_queries(1):
            assert live_links.look(few) == [live.Told("", ticket.last) for ticket in few]
    with django_assert_num_queries(1):
        assert Client().get(f"/i/{links.token(three[0])}/live/").status_code == 200
    html = Client().get(f"/i/{links.token(three[0])}").content.decode()
    assert f'data-live-since="{tickets[0].last}"' in html


# --- the application itself, in this process ------------------------------------------------------------------


class Reader:
    """One browser's stream, as an ASGI server would hold it."""

    def __init__(self, path, key=""):
        headers = [(b"cookie", f"sl_c={key}".encode())] if key else []
        self.scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
        self.status, self.text, self.gone, self.news = 0, "", asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(streams.application(self.scope, self.receive, self.send))

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.status = message.get("status", self.status)
        self.text += message.get("body", b"").decode()
        self.news.set()

    async def until(self, is_so):
        async with asyncio.timeout(20):
            while not is_so():
                self.news.clear()
                await self.news.wait()


async def _statuses(paths_and_keys):
    """Opens all at once, and lets go of all again."""
    readers = [Reader(path, key) for path, key in paths_and_keys]
    for reader in readers:
        await reader.until(lambda reader=reader: reader.status)
    found = [reader.status for reader in readers]
    for reader in readers:
        reader.gone.set()
    await asyncio.gather(*(reader.task for reader in readers))
    assert not streams._held
    return found


async def _first_beat(path, key):
    reader = Reader(path, key)
    await reader.until(lambda: ": still here" in reader.text)
    reader.gone.set()
    await reader.task
    return reader.text


def _close_own_connection():
    """Of the thread that calls it."""
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_streams_have_caps_per_session_per_link_and_per_process_also_when_all_come_at_once(
    party, link, settings, monkeypatch
):
    monkeypatch.setattr(streams, "HEARTBEAT_TICKS", 2)
    mine = (f"/portal/{party.public_id}/live/stream", cookie(make.customer_client(party)))
    neighbour = make.make_party(party.business, make.new_phone())
    theirs = (f"/portal/{neighbour.public_id}/live/stream", cookie(make.customer_client(neighbour)))
    shared = (f"/i/{links.token(link)}/live/stream", "")
    try:
        found = asyncio.run(_statuses([mine] * 9 + [theirs]))
        assert sorted(found[:9]) == [200] * streams.PER_SESSION + [429] * 3
        assert found[9] == 200  # another's pages are not counted with mine
        found = asyncio.run(_statuses([shared] * 12))
        assert sorted(found) == [200] * streams.PER_LINK + [429] * 2
        settings.LIVE_STREAMS_PER_PROCESS = 4
        found = asyncio.run(_statuses([shared] * 4))
        assert sorted(found) == [200, 200, 429, 429]  # links leave half to who is signed in
        assert sorted(asyncio.run(_statuses([mine] * 6))) == [200, 200, 200, 200, 503, 503]
        assert asyncio.run(_statuses([(mine[0], ""), ("/i/" + "0" * 33 + "/live/stream", "")])) == [404, 404]
        assert asyncio.run(_first_beat(*mine)).startswith("retry: 1000\n\n: still here\n\n")
    finally:
        streams._reader.submit(_close_own_connection).result()


def _lead_nowhere():
    """The thread's own connection, to a database that is not there; the settings that it had."""
    connection.close()
    before = connection.settings_dict
    connection.settings_dict = before | {"NAME": "/not/there/at_all"}
    return before


def _lead_back(before):
    connection.close()
    connection.settings_dict = before


@pytest.mark.django_db(transaction=True)
def test_a_stream_that_is_asked_for_while_the_database_is_away_is_told_to_come_later(party, link):
    paths = [
        (f"/portal/{party.public_id}/live/stream", cookie(make.customer_client(party))),
        (f"/i/{links.token(link)}/live/stream", ""),
    ]
    before = streams._reader.submit(_lead_nowhere).result()
    try:
        assert asyncio.run(_statuses(paths)) == [503, 503]
    finally:
        streams._reader.submit(_lead_back, before).result()
    try:
        assert asyncio.run(_statuses(paths)) == [200, 200]
    finally:
        streams._reader.submit(_close_own_connection).result()

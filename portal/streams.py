"""Event streams of open pages, as a small ASGI application beside Django's: no middleware, thread or database
connection per stream. One poller per process looks after all of them (portal.live, portal.live_links).

`GET /portal/<party>/live/stream` is for who is signed in, `GET /i/<token>/live/stream` for who holds the link; each with
`Last-Event-ID` (or `?since=`) continues after that number or mark, in any process.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import Error as DatabaseAway
from django.db import connection

from portal import live, live_links

logger = logging.getLogger(__name__)
PATH = re.compile(r"/portal/(?P<party>[0-9a-z]{12})/live/stream|/i/(?P<token>[0-9A-Za-z]{33})/live/stream")
TICK_SECONDS, HEARTBEAT_TICKS, SLOW_SECONDS = 0.1, 150, 2.0
# After so long without an answer of the database nobody's rights are known: all streams end.
BLIND_TICKS = 30
PATIENCE_SECONDS = BLIND_TICKS * TICK_SECONDS
# Of one session, and of one link, which several people may hold. Links leave half of a process to who is signed in.
PER_SESSION, PER_LINK = 6, 10
Ticket = live.Ticket | live_links.LinkTicket
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Scope = MutableMapping[str, Any]
FULL = (503, "Many pages are open just now. This page asks from time to time instead.")
CROWDED = (429, "This page is open many times. It asks from time to time instead.")
AWAY = (503, "The book is out of reach just now. This page asks from time to time instead.")
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, private"),
    (b"x-accel-buffering", b"no"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'"),
]

# One thread: one database connection for all streams of this process.
_reader = ThreadPoolExecutor(1, thread_name_prefix="streams")
# All that were admitted, and of these who has got an answer already and is told what changes.
_held: dict[Send, Ticket] = {}
_open: dict[Send, Ticket] = {}
_poller: asyncio.Task[None] | None = None


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """A stream, or the refusal of one. `scope["path"]` fits PATH."""
    global _poller
    found = PATH.fullmatch(scope["path"])
    if found is None or scope["method"] != "GET":
        return await _refuse(send, 404, "Not found.")
    if len(_held) >= settings.LIVE_STREAMS_PER_PROCESS:
        return await _refuse(send, *FULL)
    try:
        ticket = await _read(_admit, found, dict(scope["headers"]), scope["query_string"].decode("latin-1"))
    except (DatabaseAway, TimeoutError) as error:
        logger.warning("no stream while the database is away: %s", error or "it is silent")
        return await _refuse(send, *AWAY)
    if ticket is None:
        return await _refuse(send, 404, "Not found.")
    if refusal := _refusal(ticket):
        return await _refuse(send, *refusal)
    _held[send] = ticket  # counted before anything waits, so that many at once do not pass together
    try:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await _write(send, "retry: 1000\n\n")
        _open[send] = ticket
        if _poller is None or _poller.done():
            _poller = asyncio.create_task(_poll())
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        _open.pop(send, None)
        _held.pop(send, None)


def _admit(found: re.Match[str], headers: dict[bytes, bytes], query: str) -> Ticket | None:
    last_event_id = headers.get(b"last-event-id", b"").decode("latin-1")
    if found["token"]:
        return live_links.admit(found["token"], _since(last_event_id, query, r"[0-9a-f]{16}"))
    number = _since(last_event_id, query, r"[0-9]{1,18}")
    session_key = _session_key(headers.get(b"cookie", b"").decode("latin-1"))
    return live.admit(session_key, found["party"], int(number) if number else None)


def _refusal(ticket: Ticket) -> tuple[int, str] | None:
    """Status and words when one more is too many; None when it is not."""
    if len(_held) >= settings.LIVE_STREAMS_PER_PROCESS:
        return FULL
    if isinstance(ticket, live.Ticket):
        own = sum(isinstance(one, live.Ticket) and one.session_key == ticket.session_key for one in _held.values())
        return CROWDED if own >= PER_SESSION else None
    by_link = [one.link_id for one in _held.values() if isinstance(one, live_links.LinkTicket)]
    is_full = by_link.count(ticket.link_id) >= PER_LINK or len(by_link) >= settings.LIVE_STREAMS_PER_PROCESS // 2
    return CROWDED if is_full else None


def _look(tickets: list[Ticket]) -> list[live.Told | None]:
    """For each ticket what it is to be told now: at most three queries for any number of both kinds."""
    people = live.look([one for one in tickets if isinstance(one, live.Ticket)])
    papers = live_links.look([one for one in tickets if isinstance(one, live_links.LinkTicket)])
    by_kind = iter(people), iter(papers)
    return [next(by_kind[isinstance(one, live_links.LinkTicket)]) for one in tickets]


async def _read(function: Callable[..., Any], *arguments: Any) -> Any:
    """Its result from the thread that reads; TimeoutError when a database refuses nothing and answers nothing."""

    def asked() -> Any:
        try:
            return function(*arguments)
        except Exception:
            connection.close()
            raise

    async with asyncio.timeout(PATIENCE_SECONDS):
        return await asyncio.get_running_loop().run_in_executor(_reader, asked)


async def _poll() -> None:
    ticks = blind = 0
    while _open:
        ticks += 1
        streams = list(_open.items())
        try:
            answers = await _read(_look, [ticket for _send, ticket in streams])
            blind = 0
        except Exception as error:  # the poller must outlive a database that is away for a moment
            blind += BLIND_TICKS if isinstance(error, TimeoutError) else 1
            if blind in (1, BLIND_TICKS):  # not ten times a second
                logger.exception("streams could not be looked after")
            answers = [live.Told("", ticket.last) if blind < BLIND_TICKS else None for _send, ticket in streams]
        beat = ": still here\n\n" if ticks % HEARTBEAT_TICKS == 0 else ""
        busy = []
        for (send, ticket), told in zip(streams, answers, strict=True):
            if told is None:
                busy.append(_end(send))
                continue
            ticket.last = told.last
            if told.text or beat:
                busy.append(_write(send, told.text or beat))
        if busy:
            await asyncio.gather(*busy)
        await asyncio.sleep(TICK_SECONDS)


async def _write(send: Send, text: str) -> None:
    """To a reader that takes nothing for seconds the stream ends; it comes back with its last number."""
    try:
        async with asyncio.timeout(SLOW_SECONDS):
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
    except (TimeoutError, OSError):
        await _end(send)


async def _end(send: Send) -> None:
    _open.pop(send, None)
    try:
        async with asyncio.timeout(SLOW_SECONDS):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    except (TimeoutError, OSError):
        logger.info("a stream ended with its reader gone")


async def _refuse(send: Send, status: int, words: str) -> None:
    headers = [*HEADERS[1:], (b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"60")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})


def _session_key(cookies: str) -> str:
    try:
        found = SimpleCookie(cookies).get(settings.PORTAL_SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""


def _since(last_event_id: str, query: str, form: str) -> str:
    """What the reader was told last, in this form; "" when it says nothing of that kind."""
    for text in (last_event_id, parse_qs(query).get("since", [""])[0]):
        if re.fullmatch(form, text):
            return text
    return ""

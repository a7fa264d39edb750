"""Event streams of open pages, as a small ASGI application beside Django's: no middleware, thread or database
connection per stream. One poller per process looks after all of them (portal.live).

`GET /portal/<party>/live/stream` with `Last-Event-ID` (or `?since=`) continues after that number, in any process.
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
from django.db import connection

from portal import live

logger = logging.getLogger(__name__)
PATH = re.compile(r"/portal/([0-9a-z]{12})/live/stream")
TICK_SECONDS, HEARTBEAT_TICKS, SLOW_SECONDS = 0.1, 150, 2.0
# After so long without an answer of the database nobody's rights are known: all streams end.
BLIND_TICKS = 30
PER_SESSION = 6
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Scope = MutableMapping[str, Any]
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
_open: dict[Send, live.Ticket] = {}
_poller: asyncio.Task[None] | None = None


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """A stream, or the refusal of one. `scope["path"]` fits PATH."""
    global _poller
    found = PATH.fullmatch(scope["path"])
    if found is None or scope["method"] != "GET":
        return await _refuse(send, 404, "Not found.")
    if len(_open) >= settings.LIVE_STREAMS_PER_PROCESS:
        return await _refuse(send, 503, "Many pages are open just now. This page asks from time to time instead.")
    headers = dict(scope["headers"])
    session_key = _session_key(headers.get(b"cookie", b"").decode("latin-1"))
    since = _since(headers.get(b"last-event-id", b"").decode("latin-1"), scope["query_string"].decode("latin-1"))
    ticket = await _read(live.admit, session_key, found[1], since)
    if ticket is None:
        return await _refuse(send, 404, "Not found.")
    if sum(one.session_key == session_key for one in _open.values()) >= PER_SESSION:
        return await _refuse(send, 429, "Many pages are open in this browser. This one asks from time to time instead.")
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await _write(send, "retry: 1000\n\n")
    _open[send] = ticket
    if _poller is None or _poller.done():
        _poller = asyncio.create_task(_poll())
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        _open.pop(send, None)


async def _read(function: Callable[..., Any], *arguments: Any) -> Any:
    def asked() -> Any:
        try:
            return function(*arguments)
        except Exception:
            connection.close()
            raise

    return await asyncio.get_running_loop().run_in_executor(_reader, asked)


async def _poll() -> None:
    ticks = blind = 0
    while _open:
        ticks += 1
        streams = list(_open.items())
        try:
            answers = await _read(live.look, [ticket for _send, ticket in streams])
            blind = 0
        except Exception:  # the poller must outlive a database that is away for a moment
            blind += 1
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


def _since(last_event_id: str, query: str) -> int | None:
    for text in (last_event_id, parse_qs(query).get("since", [""])[0]):
        if re.fullmatch(r"[0-9]{1,18}", text):
            return int(text)
    return None

"""One event loop in a thread of its own per process: batches of all threads send over it, connections stay open.

A forked child makes its own loop at its first batch. `post` is the one place that speaks HTTP, and sorts how a
request can end: certainly not taken (GatewayError), perhaps taken (AnswerLost), or answered.
"""

import asyncio
import os
import ssl
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx2

from accounts.gateways.protocol import AnswerLost, GatewayError
from accounts.models import Message

LONGEST_RETRY_AFTER = 3600.0
MOST_ANSWER_BYTES = 256 * 1024
TIMEOUTS = {"connect": 5.0, "write": 10.0, "read": 15.0, "pool": 25.0}

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_idle: list[httpx2.AsyncHTTPTransport] = []
_made_in = 0


def run[T](coroutine: Coroutine[object, object, T]) -> T:
    """Run it on the process's loop and wait; for threads that are not the loop's own."""
    return asyncio.run_coroutine_threadsafe(coroutine, _running_loop()).result()


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop, _idle, _made_in
    with _lock:
        if _loop is None or _made_in != os.getpid():
            _loop, _idle, _made_in = asyncio.new_event_loop(), [], os.getpid()
            threading.Thread(target=_loop.run_forever, name="wire", daemon=True).start()
        return _loop


def _renew_lock() -> None:
    # Another thread may have held it while the process forked.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


@asynccontextmanager
async def _lane() -> AsyncIterator[httpx2.AsyncHTTPTransport]:
    """A transport nobody else uses now, the one used last first; to be asked for on the process's loop only.

    Each request under way has its own, as a pool looks through all its connections at each request, which with a hundred
    of them costs more than the sending. An idle connection is given up early: a server that closes it as we write
    would leave us not knowing.
    """
    limits = httpx2.Limits(max_connections=4, max_keepalive_connections=4, keepalive_expiry=4)
    lane = _idle.pop() if _idle else httpx2.AsyncHTTPTransport(verify=_tls(), limits=limits, trust_env=False)
    try:
        yield lane
    finally:
        _idle.append(lane)


@cache
def _tls() -> ssl.SSLContext:
    """One for all: to make it takes longer than to send."""
    return httpx2.create_ssl_context()


async def post(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    data: Mapping[str, str] | None = None,
) -> httpx2.Response:
    """The whole answer, whatever its status; a redirect is an answer too.

    Raises GatewayError where nothing has left, AnswerLost where the request may have been taken.
    """
    request = httpx2.Request("POST", url, headers=headers, json=json, data=data, extensions={"timeout": TIMEOUTS})
    try:
        async with _lane() as lane:
            answer = await lane.handle_async_request(request)
            try:
                return await _whole(answer)
            finally:
                await answer.aclose()
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise GatewayError(f"no connection: {type(error).__name__}") from error
    except httpx2.TransportError as error:
        raise AnswerLost(f"no answer: {type(error).__name__}") from error


async def _whole(answer: httpx2.Response) -> httpx2.Response:
    """The answer with its body as it came, for we ask for no compression; without one that is beyond all measure."""
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > MOST_ANSWER_BYTES:
            body.clear()
            break
    headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() != "content-encoding"]
    return httpx2.Response(answer.status_code, headers=headers, content=bytes(body))


def refusal(answer: httpx2.Response, words: str, trouble: Message.Trouble | None = None) -> Exception:
    """What to raise for an answer that is no acceptance; `trouble` is what the provider's own code says, if it does.

    A proxy's 502 and 504 leave open whether the provider behind it has taken the message, and so does a success in
    words that are not the provider's. A redirect, which is never followed, is the operator's trouble to mend.
    """
    status = answer.status_code
    if trouble is None and (status < 300 or status in (502, 504, 408)):
        return AnswerLost(f"{status} {words}")
    if trouble is None:
        again = status < 400 or status in (401, 403, 425, 429) or status >= 500
        trouble = Message.Trouble.RETRY if again else Message.Trouble.REFUSED
    return GatewayError(f"{answer.status_code} {words}".strip(), trouble, retry_after=retry_after(answer.headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After (a number or a date, RFC 9110 section 10.2.3); an hour at most, None without one."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return min(float(value), LONGEST_RETRY_AFTER)
    try:
        wait = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):  # a year or a zone beyond any calendar
        return None
    return min(max(wait, 1.0), LONGEST_RETRY_AFTER)


def words_of(answer: httpx2.Response) -> dict[str, Any]:
    """The answer's JSON object; empty when it is none."""
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

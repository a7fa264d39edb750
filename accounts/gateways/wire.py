"""One event loop in a thread of its own per process: batches of all threads send over it, connections stay open.

A forked child makes its own loop at its first batch. `post` is the one place that speaks HTTP, and sorts how a
request can end: certainly not taken (GatewayError), perhaps taken (AnswerLost), or answered.
"""

import asyncio
import os
import threading
import time
from collections.abc import Coroutine, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
from django.conf import settings

from accounts.gateways.protocol import AnswerLost, GatewayError
from accounts.models import Message

LONGEST_RETRY_AFTER = 3600.0

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_client: httpx2.AsyncClient | None = None
_made_in = 0


def run[T](coroutine: Coroutine[object, object, T]) -> T:
    """Run it on the process's loop and wait; for threads that are not the loop's own."""
    return asyncio.run_coroutine_threadsafe(coroutine, _running_loop()).result()


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop, _client, _made_in
    with _lock:
        if _loop is None or _made_in != os.getpid():
            _loop, _client, _made_in = asyncio.new_event_loop(), None, os.getpid()
            threading.Thread(target=_loop.run_forever, name="wire", daemon=True).start()
        return _loop


def _renew_lock() -> None:
    # Another thread may have held it while the process forked.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


def client() -> httpx2.AsyncClient:
    """The client of the process's loop; to be asked for on that loop only.

    An idle connection is given up early: a server that closes it as we write would leave us not knowing.
    """
    global _client
    if _client is None:
        most = 2 * settings.MESSAGES_AT_ONCE
        _client = httpx2.AsyncClient(
            limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=4),
            timeout=httpx2.Timeout(connect=5, write=10, read=15, pool=25),
            follow_redirects=False,
            trust_env=False,
        )
    return _client


async def post(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    data: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> httpx2.Response:
    """The whole answer, whatever its status. Raises GatewayError where nothing left, AnswerLost where it may have."""
    try:
        by = auth or httpx2.USE_CLIENT_DEFAULT
        return await client().post(url, headers=headers, json=json, data=data, auth=by)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise GatewayError(f"no connection: {type(error).__name__}") from error
    except httpx2.TransportError as error:
        raise AnswerLost(f"no answer: {type(error).__name__}") from error


def refusal(answer: httpx2.Response, words: str, trouble: Message.Trouble | None = None) -> Exception:
    """What to raise for an answer that is no acceptance; `trouble` is what the provider's own code says, if it does.

    A proxy's 502 and 504 leave open whether the provider behind it has taken the message.
    """
    if trouble is None and answer.status_code in (502, 504, 408):
        return AnswerLost(f"{answer.status_code} {words}")
    if trouble is None:
        again = answer.status_code in (401, 403, 425, 429) or answer.status_code >= 500
        trouble = Message.Trouble.RETRY if again else Message.Trouble.REFUSED
    return GatewayError(f"{answer.status_code} {words}".strip(), trouble, retry_after=retry_after(answer.headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After (a number or a date, RFC 9110 section 10.2.3); an hour at most, None without one."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return min(float(value), LONGEST_RETRY_AFTER)
    try:
        wait = parsedate_to_datetime(value).timestamp() - time.time()
    except ValueError:
        return None
    return min(max(wait, 1.0), LONGEST_RETRY_AFTER)


def words_of(answer: httpx2.Response) -> dict[str, Any]:
    """The answer's JSON object; empty when it is none."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

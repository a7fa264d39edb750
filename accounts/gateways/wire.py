"""One event loop in a thread of its own per process: batches of all threads send over it, connections stay open.

Gateways that speak HTTP share `client()`. A forked child makes its own loop at its first batch.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_made_in = 0


def run[T](coroutine: Coroutine[object, object, T]) -> T:
    """Run it on the process's loop and wait; for threads that are not the loop's own."""
    return asyncio.run_coroutine_threadsafe(coroutine, _running_loop()).result()


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop, _made_in
    with _lock:
        if _loop is None or _made_in != os.getpid():
            _loop, _made_in = asyncio.new_event_loop(), os.getpid()
            threading.Thread(target=_loop.run_forever, name="wire", daemon=True).start()
        return _loop


def _renew_lock() -> None:
    # Another thread may have held it while the process forked.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)

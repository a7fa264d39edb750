"""Many threads at once, each with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def in_parallel[T](work: Callable[[int], T], how_many: int) -> list[T]:
    """`work(0)` ... `work(how_many - 1)`, all begun together; the results in that order. The first fault is raised."""
    gate = threading.Barrier(how_many, timeout=60)

    def run(number: int) -> T:
        try:
            gate.wait()
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(how_many) as pool:
        return list(pool.map(run, range(how_many)))

"""Celery tasks of the ledger."""

import logging

from celery import shared_task

from ledger import integrity

logger = logging.getLogger(__name__)


@shared_task
def prove_the_book() -> int:
    """Check the whole book; every problem is logged as an error. Returns how many there are."""
    problems = list(integrity.check())
    for problem in problems:
        logger.error("the book is wrong: %s", problem)
    return len(problems)

"""Celery tasks of the ledger."""

import datetime as dt
import logging
import threading

from celery import shared_task
from django.utils import timezone

from accounts import background
from accounts.models import Party
from ledger import integrity, papers, statement_paper
from ledger.models import Invoice
from ledger.reconciling import kept
from ledger.reminders import planning
from ledger.statements import Period

logger = logging.getLogger(__name__)


@shared_task
def prove_the_book() -> int:
    """Check the whole book; every problem is logged as an error. Returns how many there are."""
    problems = list(integrity.check())
    for problem in problems:
        logger.error("the book is wrong: %s", problem)
    return len(problems)


@shared_task
def make_paper(invoice_id: int) -> None:
    """The PDF of an issued document in its party's language, before somebody asks for it."""
    documents = Invoice.objects.select_related("business__logo", "business__signature", "party", "open_item")
    invoice = documents.exclude(status=Invoice.Status.DRAFT).filter(pk=invoice_id).first()
    if invoice is None:
        return
    try:
        papers.of_invoice(invoice)
    except papers.TooLong as error:
        logger.info("no paper is made of invoice %s: %s", invoice_id, error)


@shared_task
def make_statement(party_id: int, starts_on: str, ends_on: str, language: str) -> None:
    """The PDF of a long statement, for whoever waits for it; days as in ISO 8601."""
    party = Party.objects.select_related("business__logo").filter(pk=party_id).first()
    if party is None:
        return
    period = Period(dt.date.fromisoformat(starts_on), dt.date.fromisoformat(ends_on))
    try:
        statement_paper.of(party, period, language)
    except statement_paper.TooLong:
        logger.info("no paper is made of a statement of party %s: too long", party_id)


@shared_task
def forget_old_papers() -> int:
    """Forget the PDFs that nobody has asked for in 30 days; returns how many."""
    return papers.forget_old()


@shared_task
def forget_old_comparisons() -> int:
    """Forget what customers compared half a year ago; returns how many."""
    return kept.forget_old()


# A process plans so many batches at once at most: threads stay free for the messages themselves. Two batches are
# planned in half the time, as one waits for the database while the other is worked out.
_lanes = threading.BoundedSemaphore(2)


@shared_task
def remind() -> None:
    """Begin what is due today and plan what is under way, for some seconds at a time so that messages get in between."""
    now = timezone.now()
    planning.hold_at_night(now)
    planning.schedule(now)
    if planning.under_way() > 1:
        background.run(plan_on)
    plan_on()


@shared_task
def plan_on() -> None:
    """Go on with the batches under way; another task, or the next round, takes up the rest."""
    if not _lanes.acquire(blocking=False):
        return
    try:
        is_left = planning.go_on(seconds=5)
    finally:
        _lanes.release()
    if is_left:
        background.run(plan_on)

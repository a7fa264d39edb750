"""Celery tasks of the ledger."""

import logging

from celery import shared_task

from ledger import integrity, papers
from ledger.models import Invoice

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
    invoice = documents.filter(status=Invoice.Status.ISSUED, pk=invoice_id).first()
    if invoice is None:
        return
    try:
        papers.of_invoice(invoice)
    except papers.TooLong as error:
        logger.info("no paper is made of invoice %s: %s", invoice_id, error)


@shared_task
def forget_old_papers() -> int:
    """Forget the PDFs that nobody has asked for in 30 days; returns how many."""
    return papers.forget_old()

"""The shop answers what a customer asked about their data, and the customer hears of it, in one transaction."""

from collections.abc import Collection

from django.db import transaction

from accounts import asking, corrections
from accounts.models import DataRequest, User
from ledger import news


@transaction.atomic
def accept(request: DataRequest, by: User, parts: Collection[str], *, shown: str, answer: str = "") -> DataRequest:
    """`corrections.accept`, told by message. Raises as it does."""
    taken = corrections.accept(request, by, parts, shown=shown, answer=answer)
    news.request_answered(taken, by)
    return taken


@transaction.atomic
def decline(request: DataRequest, by: User, why: str) -> DataRequest:
    """`asking.decline`, told by message. Raises as it does."""
    declined = asking.decline(request, by, why)
    news.request_answered(declined, by)
    return declined

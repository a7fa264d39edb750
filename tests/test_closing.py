"""Closing the books while others write: what is under way is finished or refused, and nothing slips in behind."""

import datetime as dt
import threading

import pytest
from django.db import connections, transaction

from accounts.india import today
from ledger import closing, posting
from ledger.models import Entry, Payment
from tests import factories
from tests.threads import in_parallel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
YESTERDAY = today() - dt.timedelta(days=1)


def test_closing_waits_for_a_payment_that_is_being_written() -> None:
    owner = factories.make_user()
    business = factories.make_business(owner=owner)
    party, order = factories.make_party(business), []
    begun = threading.Event()

    def close() -> None:
        try:
            begun.wait(10)
            closing.close(business, YESTERDAY, owner)
            order.append("closed")
        finally:
            connections.close_all()

    thread = threading.Thread(target=close)
    thread.start()
    with transaction.atomic():
        factories.make_payment(party, on=YESTERDAY, by=owner)
        begun.set()
        thread.join(0.5)
        order.append("paid")
    thread.join(20)
    assert order == ["paid", "closed"]
    with pytest.raises(posting.PostingRefused, match="closed up to"):
        factories.make_payment(party, on=YESTERDAY, by=owner)


def test_of_twenty_payments_against_a_closing_each_is_whole_or_refused() -> None:
    owner = factories.make_user()
    business = factories.make_business(owner=owner)
    parties = [factories.make_party(business) for _ in range(20)]

    def work(n: int) -> str:
        if n == 20:
            closing.close(business, YESTERDAY, owner)
            return "closed"
        try:
            posting.record_payment(business, parties[n], amount_paise=100, mode="cash", paid_on=YESTERDAY, by=owner)
        except posting.PostingRefused:
            return "refused"
        return "paid"

    answers = in_parallel(work, 21)
    assert set(answers) <= {"paid", "refused", "closed"}
    assert Payment.objects.count() == Entry.objects.count() == answers.count("paid")
    assert closing.close(business, YESTERDAY, owner).books_closed_on == YESTERDAY

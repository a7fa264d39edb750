"""Promise to pay: what it silences, what becomes of it, and what each side reads."""

import datetime as dt

import pytest

from accounts.india import today
from ledger import promises
from ledger.models import Invoice
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def business():
    return make.make_business("Ram Kirana", make.make_user(name="Ramesh"), slug="ram", upi_id="ram@okaxis")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def bill(party):
    return make.make_invoice(party, paise=1000_00)


def day(days):
    return today() + dt.timedelta(days=days)


def silenced(on=None):
    return set(Invoice.objects.filter(promises.covering(on or today())).values_list("pk", flat=True))


def state(promise):
    return promises.read(promise).state


# --- what it silences ---------------------------------------------------------------------------------------


def test_a_promise_of_one_invoice_silences_that_one_until_the_end_of_its_day(party, bill):
    make.make_invoice(party, paise=500_00)
    make.make_invoice(make.make_party(party.business), paise=500_00)
    make.make_promise(party, 400_00, invoice=bill, days=3)
    assert [silenced(day(n)) for n in (0, 3, 4)] == [{bill.pk}, {bill.pk}, set()]
    assert promises.promised_until(bill) == day(3)


def test_a_promise_of_the_balance_silences_what_was_billed_before_it_and_nothing_later(party, bill):
    draft = make.make_invoice(party, issued=False)
    neighbour = make.make_invoice(make.make_party(party.business), paise=500_00)
    make.make_promise(party, 1000_00)
    later = make.make_invoice(party, paise=300_00)
    assert silenced() == {bill.pk}
    assert [promises.promised_until(one) for one in (bill, later, neighbour)] == [day(3), None, None]
    assert draft.status == Invoice.Status.DRAFT


def test_a_promise_that_was_taken_back_silences_nothing(party, bill):
    promise = make.make_promise(party, 1000_00, invoice=bill)
    promises.withdraw(promise, make.make_user())
    assert silenced() == set()


# --- what becomes of it -------------------------------------------------------------------------------------


def test_talks_union(party, bill, django_assert_num_queries):
    from ledger import talks

    make.make_promise(party, 400_00, invoice=bill)
    make.make_query(bill, line=bill.lines.get())
    make.make_query(make.make_payment(party, 10_00))
    make.make_promise(party, 400_00)
    with django_assert_num_queries(1):
        found = talks.of_party(party)
    assert len(found) == 4
    with django_assert_num_queries(1):
        found = talks.of_document(bill)
    assert len(found) == 3

"""“Something differs”: who may ask what, what both sides say, and what a reminder asks."""

import pytest

from ledger import queries
from ledger.models import Invoice, Query
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def business():
    return make.make_business("Ram Kirana", make.make_user(name="Ramesh"), slug="ram")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def bill(party):
    return make.make_invoice(party, lines=[make.line("Rice", paise=600_00), make.line("Sugar", paise=400_00)])


def paused():
    return set(Invoice.objects.filter(queries.open_about()).values_list("pk", flat=True))


# --- what it pauses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_line", [False, True])
def test_a_query_pauses_reminders_of_its_invoice_while_the_shop_has_not_answered(party, bill, by_line):
    make.make_invoice(party)
    query = make.make_query(bill, line=bill.lines.last() if by_line else None)
    asker, shop = make.make_user(), make.make_user()
    assert paused() == {bill.pk}
    queries.write(query, shop, queries.Said("We look"), is_of_shop=True)
    assert paused() == set()
    queries.write(query, asker, queries.Said("And?"), is_of_shop=False)
    assert (paused(), queries.is_open_about(bill)) == ({bill.pk}, True)
    queries.close(query, asker, is_of_shop=False)
    assert (paused(), queries.is_open_about(bill)) == (set(), False)


def test_a_query_of_a_payment_pauses_no_invoice(party, bill):
    make.make_query(make.make_payment(party, 100_00))
    assert (paused(), Query.objects.count()) == (set(), 1)

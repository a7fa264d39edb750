"""The ledger of a party: balances on any day, and pages that join to the whole whatever their size."""

import copy
import datetime as dt
import itertools
import random

import pytest

from accounts import india
from accounts.models import Party
from ledger import posting, statements
from ledger.models import Entry
from ledger.statements import Period
from tests import factories
from tests.factories import Once, make_credit_note, make_invoice, make_party, make_payment

pytestmark = pytest.mark.django_db
TODAY = india.today()
DAY = dt.timedelta(days=1)
ENTRIES_OF_THE_YEAR = 80


def whole_year() -> Period:
    return Period(TODAY - 365 * DAY, TODAY)


@pytest.fixture
def busy(_busy: Party, db: None) -> Party:
    return copy.deepcopy(_busy)


@pytest.fixture(scope="module")
def _busy(once: Once) -> Party:
    with once():
        return busy_year()


def busy_year() -> Party:
    """A year of bills, payments, refunds, credit notes and cancellations, many back-dated and several on one day."""
    dice = random.Random(20261122)
    owner = factories.make_user()
    business = factories.make_business(owner=owner)
    party, neighbour = make_party(business), make_party(business)
    while Entry.objects.filter(party=party).count() < ENTRIES_OF_THE_YEAR:
        on = TODAY - dice.choice([0, 30, 31, *(dice.randrange(360) for _ in range(6))]) * DAY
        paise = dice.randrange(1, 900_00)
        what = dice.randrange(10)
        if what < 5:
            document = make_invoice(dice.choice([party, party, neighbour]), paise=paise, on=on)
            if dice.random() < 0.2:
                posting.cancel_invoice(document, owner, "wrong")
        elif what < 8:
            payment = make_payment(party, paise, on=on, shares=dice.choice([None, []]))
            if dice.random() < 0.2:
                posting.cancel_payment(payment, owner, "bounced")
        elif what == 8:
            make_credit_note(party, paise=paise, on=on)
        else:
            make_payment(party, paise, on=on, direction="paid")
    return party


def added_up(party: Party, before: dt.date) -> int:
    """The balance by adding up every entry: what the totals must agree with."""
    return sum(
        entry.debit_paise - entry.credit_paise for entry in Entry.objects.filter(party=party, dated_on__lt=before)
    )


def test_what_closes_a_day_opens_the_next_for_every_day_of_a_year(busy: Party) -> None:
    days = [whole_year().start - 5 * DAY + n * DAY for n in range(375)]
    by_hand = {day: added_up(busy, day) for day in days}
    assert statements.balances_before(busy, *days) == [by_hand[day] for day in days]
    assert len(set(by_hand.values())) > 25, "the year must be busy, or this proves nothing"
    for day, following in itertools.pairwise(days[::9]):
        one = statements.page(busy, Period(day, following - DAY), size=500)
        assert (one.opening_paise, one.closing_paise) == (by_hand[day], by_hand[following])
        assert one.closing_paise == statements.page(busy, Period(following, following)).opening_paise
        assert one.rows == [] or one.rows[-1].balance_paise == one.closing_paise


def test_the_balance_is_the_closing_of_all_time(busy: Party) -> None:
    assert statements.balance(busy) == added_up(busy, TODAY + DAY)
    assert statements.page(busy, whole_year()).closing_paise == statements.balance(busy)


def test_a_party_without_entries_has_a_balance_of_zero() -> None:
    party = make_party()
    assert statements.balance(party) == 0
    page = statements.page(party, whole_year())
    assert (page.opening_paise, page.closing_paise, page.rows, page.next_cursor) == (0, 0, [], "")
    assert statements.outstanding(party) == statements.Outstanding(0, 0, 0, 0, 0)


def test_pages_of_any_size_join_to_the_same_rows_and_balances(busy: Party) -> None:
    period = Period(TODAY - 300 * DAY, TODAY - 10 * DAY)
    whole = statements.page(busy, period, size=1000)
    count = len(whole.rows)
    for size in (1, 2, 7, 25, count - 1, count, count + 1):
        rows, cursor, before = [], "", whole.opening_paise
        for turned in itertools.count():
            page = statements.page(busy, period, cursor, size)
            assert (page.before_paise, page.is_first) == (before, turned == 0)
            assert (page.opening_paise, page.closing_paise) == (whole.opening_paise, whole.closing_paise)
            assert len(page.rows) <= size
            rows += page.rows
            before, cursor = page.rows[-1].balance_paise, page.next_cursor
            if not cursor:
                break
        assert [(row.entry.pk, row.balance_paise) for row in rows] == [
            (row.entry.pk, row.balance_paise) for row in whole.rows
        ]
        assert rows[-1].balance_paise == whole.closing_paise


def test_rows_come_by_date_and_then_by_posting(busy: Party) -> None:
    rows = statements.page(busy, whole_year(), size=1000).rows
    keys = [(row.entry.dated_on, row.entry.pk) for row in rows]
    assert keys == sorted(keys)
    assert len(keys) == Entry.objects.filter(party=busy).count()
    assert [row.entry.pk for row in rows] != sorted(row.entry.pk for row in rows), "some must be back-dated"


NO_CURSORS = [
    "x",
    "-",
    "20260101",
    "20260101-",
    "20260101-x",
    "20261301-5",
    "20260230-5",
    "2026-01-01-5",
    "00000000-0",
    "' OR 1=1 --",
    "２０２６0101-5",
    "20260101-5\x00",
    "20260101-" + "9" * 5000,
]


def test_a_cursor_that_is_none_shows_the_first_page(busy: Party) -> None:
    first = statements.page(busy, whole_year())
    assert first.is_first
    assert [cursor for cursor in NO_CURSORS if statements.page(busy, whole_year(), cursor) != first] == []


def test_an_absurd_id_in_a_cursor_never_breaks_the_running_balance(busy: Party) -> None:
    day = TODAY - 31 * DAY
    for pk in (10**25, -(10**25), -1, 0, 2**63):
        page = statements.page(busy, whole_year(), f"{day:%Y%m%d}-{pk}", size=1000)
        assert page.rows[-1].balance_paise == page.closing_paise


def test_a_cursor_from_outside_the_period_never_breaks_the_running_balance(busy: Party) -> None:
    """Someone turned a page and then chose another period."""
    period = Period(TODAY - 300 * DAY, TODAY - 10 * DAY)
    first = statements.page(busy, period)
    for days_ago in (5000, 301, 9, 0, -400):
        assert statements.page(busy, period, f"{TODAY - days_ago * DAY:%Y%m%d}-1") == first


def test_a_period_that_ends_before_it_begins_is_empty(busy: Party) -> None:
    page = statements.page(busy, Period(TODAY, TODAY - 30 * DAY))
    assert page.rows == []


def test_a_page_costs_the_same_with_few_and_many_entries(
    busy: Party, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    quiet = make_party(busy.business)
    make_invoice(quiet)
    for party in (quiet, busy):
        for cursor, cost in (("", 2), (f"{TODAY - 31 * DAY:%Y%m%d}-1", 3)):
            with django_assert_num_queries(cost):  # type: ignore[operator]
                page = statements.page(party, whole_year(), cursor)
                for row in page.rows:
                    source = row.entry.invoice or row.entry.payment
                    assert source is not None
                    assert source.open_item.total_paise >= 0


def test_neighbours_do_not_meet(busy: Party) -> None:
    neighbour = Party.objects.filter(business=busy.business).exclude(pk=busy.pk).get()
    for party in (busy, neighbour):
        rows = statements.page(party, whole_year(), size=1000).rows
        assert rows
        assert {row.entry.party_id for row in rows} == {party.pk}
    assert statements.balance(neighbour) == added_up(neighbour, TODAY + DAY)


def test_outstanding_by_when_it_is_due() -> None:
    party = make_party()
    for days, paise in ((-1, 1_00), (0, 2_00), (7, 4_00), (8, 8_00)):
        make_invoice(party, paise=paise, on=TODAY - 30 * DAY, due_on=TODAY + days * DAY)
    make_payment(party, 16_00, shares=[])
    make_invoice(make_party(party.business), paise=99_00)
    found = statements.outstanding(party)
    assert (found.overdue_paise, found.due_soon_paise, found.later_paise, found.advance_paise) == (
        1_00,
        6_00,
        8_00,
        16_00,
    )
    assert found.due_paise == 15_00
    assert statements.balance(party) == found.due_paise - found.advance_paise


def test_this_financial_year_begins_in_april() -> None:
    period = statements.this_financial_year()
    assert (period.start.month, period.start.day, period.end) == (4, 1, TODAY)

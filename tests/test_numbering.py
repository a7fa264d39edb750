"""Document numbers: consecutive per business, kind, financial year and prefix; never longer than Rule 46(b) allows."""

import datetime as dt

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts import india
from accounts.models import Business
from ledger import numbering, posting
from ledger.models import Invoice, Series
from ledger.numbering import SeriesFull, format_number
from tests import factories
from tests.factories import make_credit_note, make_draft, make_invoice, make_party, make_payment

TODAY = india.today()
YEAR = india.fy_short(TODAY)


@pytest.fixture
def business(db: None) -> Business:
    return factories.make_business()


def test_the_pattern_of_a_number() -> None:
    assert format_number("INV", "2026-27", 1) == "INV/26-27/00001"
    assert format_number("A", "2026-27", 99_999) == "A/26-27/99999"


@given(
    prefix=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=4),
    year=st.integers(2017, 2098),
    sequence=st.integers(1, 99_999),
)
def test_a_number_has_at_most_16_characters_that_rule_46_allows(prefix: str, year: int, sequence: int) -> None:
    number = format_number(prefix, india.financial_year(dt.date(year, 4, 1)), sequence)
    assert len(number) <= 16
    assert numbering.ALLOWED.fullmatch(number)


def test_two_sequences_never_make_one_number() -> None:
    assert len({format_number("INV", "2026-27", n) for n in range(1, 100_000)}) == 99_999


@pytest.mark.parametrize("prefix", ["IN V", "₹", "A_B", ""])
def test_a_prefix_with_another_character_is_a_fault(prefix: str) -> None:
    if prefix == "":
        assert format_number(prefix, "2026-27", 1) == "/26-27/00001"
        return
    with pytest.raises(ValueError, match="Rule 46"):
        format_number(prefix, "2026-27", 1)


def test_numbers_run_from_one_per_kind_business_and_year(business: Business) -> None:
    party, elsewhere = make_party(business), make_party()
    old = india.fy_start(TODAY) - dt.timedelta(days=1)
    made = [
        make_invoice(party).number,
        make_invoice(party).number,
        make_invoice(elsewhere).number,
        make_credit_note(party).number,
        make_payment(party).number,
        make_payment(party, direction="paid").number,
        make_invoice(party, on=old).number,
        make_invoice(party).number,
    ]
    assert made == [
        f"INV/{YEAR}/00001",
        f"INV/{YEAR}/00002",
        f"INV/{YEAR}/00001",
        f"CN/{YEAR}/00001",
        f"RCT/{YEAR}/00001",
        f"PAY/{YEAR}/00001",
        f"INV/{india.fy_short(old)}/00001",
        f"INV/{YEAR}/00003",
    ]


def test_the_year_of_a_number_turns_on_the_first_of_april(business: Business) -> None:
    party = make_party(business)
    year = india.fy_start(TODAY).year
    last, first = dt.date(year, 3, 31), dt.date(year, 4, 1)
    assert make_invoice(party, on=last).financial_year == f"{year - 1}-{year % 100:02d}"
    assert make_invoice(party, on=first).financial_year == f"{year}-{(year + 1) % 100:02d}"


def test_another_prefix_begins_a_series_of_its_own(business: Business) -> None:
    party = make_party(business)
    assert make_invoice(party).number == f"INV/{YEAR}/00001"
    business.invoice_prefix = "B"
    business.save()
    assert make_invoice(party).number == f"B/{YEAR}/00001"
    Business.objects.update(invoice_prefix="INV")
    party.business.refresh_from_db()
    assert make_invoice(party).number == f"INV/{YEAR}/00002"


def test_the_last_number_is_given_and_then_the_series_is_full(business: Business) -> None:
    party, owner = make_party(business), factories.make_user()
    series = Series.objects.create(
        business=business,
        kind="invoice",
        financial_year=india.financial_year(TODAY),
        prefix="INV",
        next_number=99_999,
    )
    with transaction.atomic():
        (taken,) = numbering.take(business, "invoice", TODAY)
        assert taken.number == f"INV/{YEAR}/99999"
    draft = make_draft(party)
    with pytest.raises(SeriesFull, match="another prefix"):
        posting.issue(draft, owner)
    assert Invoice.objects.get(pk=draft.pk).status == "draft"
    series.refresh_from_db()
    assert series.next_number == 100_000
    series.delete()


def test_several_numbers_at_once_follow_each_other(business: Business) -> None:
    with transaction.atomic():
        taken = numbering.take(business, "invoice", TODAY, 3)
        assert [t.sequence for t in taken] == [1, 2, 3]
        assert [t.number for t in taken] == [f"INV/{YEAR}/0000{n}" for n in (1, 2, 3)]
    Series.objects.all().delete()


def test_a_rolled_back_number_is_given_again(business: Business) -> None:
    party = make_party(business)
    first = make_invoice(party)
    with transaction.atomic():
        make_invoice(party)
        transaction.set_rollback(True)
    assert (first.sequence, make_invoice(party).sequence) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_a_number_outside_a_transaction_is_a_fault() -> None:
    with pytest.raises(AssertionError, match="transaction"):
        numbering.take(factories.make_business(), "invoice", TODAY)

"""Document numbers: consecutive per business, kind, financial year and pattern; never longer than Rule 46(b) allows."""

import datetime as dt

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts import india
from accounts.models import Business
from ledger import integrity, numbering, posting
from ledger.models import Adjustment, Invoice, Series
from ledger.numbering import PatternRefused, SeriesFull, check_pattern, format_number, last_number, shorter
from tests import factories
from tests.factories import make_adjustment, make_credit_note, make_draft, make_invoice, make_party, make_payment

TODAY = india.today()
YEAR = india.fy_short(TODAY)
LONG_YEAR = india.financial_year(TODAY)
DAY = dt.timedelta(days=1)
LAST_YEAR = india.fy_start(TODAY) - DAY


@pytest.fixture
def business(db: None) -> Business:
    return factories.make_business()


# --- Patterns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "sequence", "number"),
    [
        ("INV/YY-YY/#####", 1, "INV/26-27/00001"),
        ("INV/YYYY-YY/####", 1, "INV/2026-27/0001"),
        ("INV/YYYY/####", 12, "INV/2026/0012"),
        ("A#", 7, "A7"),
        ("A#", 1_234_567, "A1234567"),
        ("A/YY-YY/#####", 99_999, "A/26-27/99999"),
        ("A/YY-YY/#####", 100_000, "A/26-27/100000"),
        ("####-B2B", 31, "0031-B2B"),
        ("YY-YY/#", 1, "26-27/1"),
    ],
)
def test_a_pattern_is_filled_with_the_year_and_the_counter(pattern: str, sequence: int, number: str) -> None:
    assert format_number(pattern, "2026-27", sequence) == number


def test_a_year_that_ends_a_century_keeps_its_two_digits() -> None:
    assert format_number("A/YY-YY/#", "2099-00", 1) == "A/99-00/1"
    assert format_number("A/YYYY/#", "2099-00", 1) == "A/2099/1"


patterns = st.builds(
    lambda before, year, digits, after: f"{before}{year}{'#' * digits}{after}",
    st.text("ABCXZ0189-/", max_size=4),
    st.sampled_from(["", "YYYY-YY", "YY-YY", "YYYY"]),
    st.integers(1, 6),
    st.text("ABCXZ0189-/", max_size=3),
)


@given(patterns, st.integers(2017, 2098), st.integers(1, 10**9))
def test_a_number_has_at_most_16_characters_that_rule_46_allows_or_is_not_given(
    pattern: str, year: int, sequence: int
) -> None:
    try:
        number = format_number(pattern, india.financial_year(dt.date(year, 4, 1)), sequence)
    except SeriesFull:
        return
    assert len(number) <= 16
    assert numbering.ALLOWED.fullmatch(number)


@given(patterns, st.integers(1, 10**9), st.integers(1, 10**9))
def test_two_sequences_never_make_one_number(pattern: str, one: int, other: int) -> None:
    try:
        numbers = {format_number(pattern, "2026-27", sequence) for sequence in (one, other)}
    except SeriesFull:
        return
    assert len(numbers) == len({one, other})


@given(patterns)
def test_the_last_number_is_the_last_that_fits(pattern: str) -> None:
    last = last_number(pattern, "2026-27")
    if last:
        assert len(format_number(pattern, "2026-27", last)) <= 16
    with pytest.raises(SeriesFull):
        format_number(pattern, "2026-27", last + 1 if last else 10**15)


def test_inv_year_in_full_with_four_digits_has_room_for_9_999() -> None:
    assert last_number("INV/YYYY-YY/####", "2026-27") == 9_999
    assert last_number("INV/YY-YY/#####", "2026-27") == 999_999
    assert last_number("ABCDEFGHIJKLMNOP#", "2026-27") == 0


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("INV/YY-YY/", "one run of #"),
        ("", "one run of #"),
        ("##/YY-YY/##", "one run of #"),
        ("IN V/#", "letters A-Z"),
        ("₹#", "letters A-Z"),
        ("A_B#", "letters A-Z"),
        ("INV.#", "letters A-Z"),
        ("INV#\n", "letters A-Z"),
        ("É#", "letters A-Z"),
        ("INV/YYYY-YY/#####", "17 characters; at most 16 are allowed. Choose a shorter pattern, such as INV/YY-YY/###"),
        ("A" * 16 + "#", "17 characters"),
    ],
)
def test_a_pattern_that_gives_unlawful_numbers_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(PatternRefused, match=says):
        check_pattern(pattern, "2026-27")


def test_a_first_number_below_one_or_beyond_the_room_is_refused() -> None:
    check_pattern("INV/YYYY-YY/####", "2026-27", 9_999)
    with pytest.raises(PatternRefused, match="1 or more"):
        check_pattern("A#", "2026-27", 0)
    with pytest.raises(PatternRefused, match="INV/2026-27/10000 has 17 characters"):
        check_pattern("INV/YYYY-YY/####", "2026-27", 10_000)


@given(patterns)
def test_the_pattern_that_is_proposed_has_more_room(pattern: str) -> None:
    """Whoever follows the advice is not refused again."""
    proposed = shorter(pattern)
    check_pattern(proposed, "2026-27")
    assert last_number(proposed, "2026-27") > last_number(pattern, "2026-27") or last_number(pattern, "2026-27") > 10**6


# --- Series ---------------------------------------------------------------------------------------------------


def test_numbers_run_from_one_per_kind_business_and_year(business: Business) -> None:
    party, elsewhere = make_party(business), make_party()
    made = [
        make_invoice(party).number,
        make_invoice(party).number,
        make_invoice(elsewhere).number,
        make_credit_note(party).number,
        make_payment(party).number,
        make_payment(party, direction="paid").number,
        make_adjustment(party).number,
        make_invoice(party, on=LAST_YEAR).number,
        make_invoice(party).number,
    ]
    assert made == [
        f"INV/{YEAR}/00001",
        f"INV/{YEAR}/00002",
        f"INV/{YEAR}/00001",
        f"CN/{YEAR}/00001",
        f"RCT/{YEAR}/00001",
        f"PAY/{YEAR}/00001",
        f"ADJ/{YEAR}/00001",
        f"INV/{india.fy_short(LAST_YEAR)}/00001",
        f"INV/{YEAR}/00003",
    ]


def test_the_year_of_a_number_turns_on_the_first_of_april(business: Business) -> None:
    party = make_party(business)
    year = india.fy_start(TODAY).year
    last, first = dt.date(year, 3, 31), dt.date(year, 4, 1)
    assert make_invoice(party, on=last).financial_year == f"{year - 1}-{year % 100:02d}"
    assert make_invoice(party, on=first).financial_year == f"{year}-{(year + 1) % 100:02d}"


def test_a_business_that_comes_from_other_software_goes_on_where_it_was(business: Business) -> None:
    party = make_party(business)
    numbering.start(business, "invoice", TODAY, "inv/yy-yy/#### ", 482)
    assert [make_invoice(party).number for _ in range(2)] == [f"INV/{YEAR}/0482", f"INV/{YEAR}/0483"]
    assert make_payment(party).number == f"RCT/{YEAR}/00001"
    assert list(integrity.check()) == []


def test_a_series_that_gave_no_number_yet_may_begin_elsewhere_and_afterwards_no_more(business: Business) -> None:
    party = make_party(business)
    numbering.start(business, "invoice", TODAY, "B/#", 5)
    numbering.start(business, "invoice", TODAY, "B/#", 50)
    assert make_invoice(party).number == "B/50"
    with pytest.raises(PatternRefused, match="B/# has begun already: its next number is B/51"):
        numbering.start(business, "invoice", TODAY, "B/#", 60)
    numbering.start(business, "invoice", TODAY, "B/#", 50)
    numbering.start(business, "invoice", TODAY, "B/#")
    assert make_invoice(party).number == "B/51"
    assert (Series.objects.get().first_number, Series.objects.get().next_number) == (50, 52)


def test_several_series_run_side_by_side_and_one_is_the_default(business: Business) -> None:
    party, owner = make_party(business), factories.make_user()
    shop = numbering.start(business, "invoice", TODAY, "SHOP/#")
    numbering.start(business, "invoice", TODAY, "VAN/#", 100, default=False)
    van = Series.objects.get(pattern="VAN/#")
    assert (shop.is_default, van.is_default) == (True, False)
    numbers = [
        make_invoice(party).number,
        posting.issue(make_draft(party), owner, series=van).number,
        posting.issue(make_draft(party), owner, series=van).number,
        make_invoice(party).number,
    ]
    assert numbers == ["SHOP/1", "VAN/100", "VAN/101", "SHOP/2"]
    numbering.start(business, "invoice", TODAY, "VAN/#")
    assert make_invoice(party).number == "VAN/102"
    assert [row.pattern for row in Series.objects.filter(is_default=True)] == ["VAN/#"]
    assert list(integrity.check()) == []


def test_the_first_series_of_a_year_is_the_default_even_when_not_asked(business: Business) -> None:
    assert numbering.start(business, "invoice", TODAY, "VAN/#", default=False).is_default


def test_a_draft_that_has_chosen_its_series_takes_no_number_before_it_is_issued(business: Business) -> None:
    party, owner = make_party(business), factories.make_user()
    numbering.start(business, "invoice", TODAY, "SHOP/#")
    van = numbering.start(business, "invoice", TODAY, "VAN/#", default=False)
    draft = make_draft(party, series=van)
    assert list(integrity.check()) == []
    assert posting.issue(draft, owner).number == "VAN/1"


def test_a_new_year_begins_with_the_pattern_of_the_year_before(business: Business) -> None:
    party = make_party(business)
    numbering.start(business, "invoice", LAST_YEAR, "KIRANA/YY-YY/#", 77)
    numbering.start(business, "invoice", LAST_YEAR, "VAN/#", default=False)
    assert make_invoice(party, on=LAST_YEAR).number == f"KIRANA/{india.fy_short(LAST_YEAR)}/77"
    assert make_invoice(party).number == f"KIRANA/{YEAR}/1"
    assert Series.objects.get(financial_year=LONG_YEAR).is_default


def test_a_bill_dated_into_an_earlier_year_takes_the_nearest_pattern(business: Business) -> None:
    numbering.start(business, "invoice", TODAY, "KIRANA/YY-YY/#")
    assert make_invoice(make_party(business), on=LAST_YEAR).number == f"KIRANA/{india.fy_short(LAST_YEAR)}/1"


def test_a_series_of_another_year_stands_for_the_same_pattern_in_the_year_of_the_document(business: Business) -> None:
    party, owner = make_party(business), factories.make_user()
    van = numbering.start(business, "invoice", LAST_YEAR, "VAN/YY-YY/#", 9, default=False)
    issued = posting.issue(make_draft(party), owner, series=van)
    assert issued.number == f"VAN/{YEAR}/1"
    assert issued.series is not None
    assert (issued.series.financial_year, issued.series.pattern) == (LONG_YEAR, "VAN/YY-YY/#")


def test_the_default_of_last_year_may_be_chosen_for_the_first_bill_of_this_year(business: Business) -> None:
    party, owner = make_party(business), factories.make_user()
    usual = numbering.start(business, "invoice", LAST_YEAR, "KIRANA/YY-YY/#")
    assert posting.issue(make_draft(party), owner, series=usual).number == f"KIRANA/{YEAR}/1"
    assert make_invoice(party).number == f"KIRANA/{YEAR}/2"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("INV/#", "INV/####"),
        ("INV/YY-YY/###", "INV/YY-YY/#####"),
        ("INV/YYYY/#", f"INV/{TODAY.year if TODAY.month > 3 else TODAY.year - 1}/##"),
    ],
)
def test_two_patterns_that_come_to_the_same_numbers_are_refused(business: Business, first: str, second: str) -> None:
    numbering.start(business, "invoice", TODAY, first)
    with pytest.raises(PatternRefused, match="same numbers"):
        numbering.start(business, "invoice", TODAY, second)
    numbering.start(business, "credit_note", TODAY, second)
    assert Series.objects.filter(kind="invoice").count() == 1


@pytest.mark.parametrize(
    ("first", "second"), [("A#", "A1#"), ("A1#", "A#"), ("A/#1", "A/#"), ("#/26", "7/#"), ("1/#", "#/5")]
)
def test_two_patterns_whose_numbers_can_meet_are_refused(business: Business, first: str, second: str) -> None:
    """A11 is the eleventh of A# and the first of A1#: the second bill would have no number."""
    numbering.start(business, "invoice", TODAY, first)
    with pytest.raises(PatternRefused, match="same numbers"):
        numbering.start(business, "invoice", TODAY, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("A/#", "B/#"), ("A#", "A-#"), ("A/YY-YY/#", "A/YYYY/#"), ("#/A", "#/B"), ("A1#", "A2#"), ("A#1", "A#2")],
)
def test_two_patterns_whose_numbers_never_meet_are_both_good(business: Business, first: str, second: str) -> None:
    numbering.start(business, "invoice", TODAY, first)
    numbering.start(business, "invoice", TODAY, second)
    assert Series.objects.count() == 2


@pytest.mark.parametrize("pattern", ["IN V/#", "INV/", "INV/YYYY-YY/#####"])
def test_a_refused_series_leaves_nothing(business: Business, pattern: str) -> None:
    with pytest.raises(PatternRefused):
        numbering.start(business, "invoice", TODAY, pattern)
    assert not Series.objects.exists()


# --- Full -----------------------------------------------------------------------------------------------------


def test_number_9_999_is_given_and_the_next_is_refused_before_anything_is_written(business: Business) -> None:
    party, owner = make_party(business), factories.make_user()
    numbering.start(business, "invoice", TODAY, "INV/YYYY-YY/####", 9_999)
    assert make_invoice(party).number == f"INV/{LONG_YEAR}/9999"
    draft = make_draft(party)
    with pytest.raises(SeriesFull) as full:
        posting.issue(draft, owner)
    assert str(full.value) == (
        f"The series INV/YYYY-YY/#### of {LONG_YEAR} is full: INV/{LONG_YEAR}/10000 would have more than 16 characters. "
        "Begin a series with a shorter pattern in Settings, such as INV/YY-YY/####."
    )
    kept = Invoice.objects.get(pk=draft.pk)
    assert (kept.status, kept.number) == ("draft", "")
    assert Series.objects.get().next_number == 10_000

    numbering.start(business, "invoice", TODAY, "INV/YY-YY/####", 10_000)
    assert posting.issue(draft, owner).number == f"INV/{YEAR}/10000"


def test_a_batch_that_would_run_over_the_end_takes_no_number(business: Business) -> None:
    numbering.start(business, "invoice", TODAY, "INV/YYYY-YY/####", 9_998)
    with pytest.raises(SeriesFull), transaction.atomic():
        numbering.take(business, "invoice", TODAY, 3)
    assert Series.objects.get().next_number == 9_998
    Series.objects.all().delete()


# --- Without gaps ---------------------------------------------------------------------------------------------


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


def test_a_refused_adjustment_gives_its_number_back(business: Business) -> None:
    party = make_party(business)
    with pytest.raises(posting.PostingRefused), transaction.atomic():
        make_adjustment(party, shares=[(10**15, 1)])
    assert make_adjustment(party).sequence == 1
    assert Adjustment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_number_outside_a_transaction_is_a_fault() -> None:
    with pytest.raises(AssertionError, match="transaction"):
        numbering.take(factories.make_business(), "invoice", TODAY)

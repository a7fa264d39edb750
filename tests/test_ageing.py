"""How old money is: the borders of the buckets to the day, and the buckets of a shop as the sum of its balances."""

import datetime as dt

import pytest
from django.db.models import F, Sum

from accounts import india
from accounts.models import Business
from ledger import ageing, posting
from ledger.models import PartyBalance
from tests.factories import make_business, make_invoice, make_party, make_payment, make_user

ON = dt.date(2026, 3, 31)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-400, "not_due"),
        (-1, "not_due"),
        (0, "not_due"),
        (1, "to_30"),
        (29, "to_30"),
        (30, "to_30"),
        (31, "to_60"),
        (59, "to_60"),
        (60, "to_60"),
        (61, "to_90"),
        (89, "to_90"),
        (90, "to_90"),
        (91, "beyond"),
        (4000, "beyond"),
    ],
)
def test_a_bill_overdue_by_so_many_days_is_in_this_bucket(days: int, bucket: str) -> None:
    assert ageing.bucket(ON - dt.timedelta(days=days), ON) == bucket


def test_the_database_draws_the_same_borders(db: None) -> None:
    """One bill due on each day around every border, each of its own amount: both ways find the same sums."""
    party = make_party(credit_days=0)
    today = india.today()
    expected = dict.fromkeys(ageing.NAMES, 0)
    for number, days in enumerate((0, 1, 2, 29, 30, 31, 32, 59, 60, 61, 62, 89, 90, 91, 92, 500)):
        on = today - dt.timedelta(days=days)
        make_invoice(party, paise=2**number * 100, on=on, due_on=on)
        expected[ageing.bucket(on, today)] += 2**number * 100
    make_invoice(party, paise=7_00, on=today, due_on=today + dt.timedelta(days=9))
    expected["not_due"] += 7_00
    assert ageing.totals(party.business, today) == expected | {"advance": 0}
    (row,) = ageing.parties(party.business, today).values(*ageing.NAMES, "advance")
    assert row == expected | {"advance": 0}
    # In a month from today every one of them is a bucket or so older.
    later = today + dt.timedelta(days=31)
    assert ageing.totals(party.business, later)["not_due"] == 0


def shop_with_debts() -> Business:
    """Bills of all ages, part paid, cancelled; an advance, an opening balance, a refund, a party that is settled."""
    owner = make_user()
    shop = make_business(slug="debts", owner=owner)
    today = india.today()
    ram, sita, gita, done = (make_party(shop, name=name, phone=phone) for name, phone in PEOPLE)
    for days in (0, 10, 30, 31, 45, 60, 61, 90, 91, 200):
        on = today - dt.timedelta(days=days + 5)
        make_invoice(ram, paise=100_00 + days, on=on, due_on=on + dt.timedelta(days=5))
    make_payment(ram, 250_37, by=owner)
    make_invoice(sita, paise=33_00, by=owner)
    make_payment(sita, 80_00, by=owner, shares=[])  # the shop keeps it for another day
    posting.record_adjustment(
        shop, gita, kind="opening", side="D", amount_paise=66_00, dated_on=today - dt.timedelta(days=61), by=owner
    )
    posting.cancel_invoice(make_invoice(gita, paise=999_00), owner, "twice")
    make_invoice(done, paise=50_00)
    make_payment(done, 50_00, by=owner)
    return shop


PEOPLE = [("Ram", "+919812300001"), ("Sita", ""), ("Gita", ""), ("Done", "")]


def test_the_buckets_less_advances_are_the_sum_of_all_balances(db: None) -> None:
    shop = shop_with_debts()
    make_invoice(make_party(name="Of another shop"), paise=5000_00)
    today = india.today()
    sums = ageing.totals(shop, today)
    balances = {row.party_id: row.paise for row in PartyBalance.objects.filter(business=shop)}
    assert sum(sums.values()) == sum(balances.values())
    parties = {party.pk: party for party in ageing.parties(shop, today)}
    assert {pk: sum(getattr(row, name) for name in sums) for pk, row in parties.items()} == {
        pk: paise for pk, paise in balances.items() if pk in parties
    }
    assert [party.name for party in sorted(parties.values(), key=lambda p: p.name)] == ["Gita", "Ram", "Sita"]
    for name in sums:
        assert sums[name] == sum(getattr(row, name) for row in parties.values())
    gita = next(vars(party) for party in parties.values() if party.name == "Gita")
    assert (sums["advance"], gita["to_90"]) == (-80_00, 66_00)
    by_balance = PartyBalance.objects.filter(business=shop).aggregate(n=Sum(F("debit_paise") - F("credit_paise")))
    assert by_balance["n"] == sum(sums.values())

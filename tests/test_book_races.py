"""Fifty hands in one party's book at once, a payment form sent two hundred times, and proof that the races are real."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.test import Client

from accounts import changes
from accounts.idempotency import new_key
from accounts.india import today
from accounts.models import Business, Party, User
from ledger import billing, crediting, integrity, posting, statements
from ledger.crediting import CreditRefused, Want
from ledger.drafting import Draft
from ledger.models import Allocation, Entry, Invoice, OpenItem, Payment, Series
from ledger.posting import PostingRefused, documents, settling
from tests import factories
from tests.threads import in_parallel

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
REFUSALS = (PostingRefused, CreditRefused)


@pytest.fixture
def owner() -> User:
    return factories.make_user()


@pytest.fixture
def business(owner: User) -> Business:
    return factories.make_business(owner=owner)


@pytest.fixture
def party(business: Business) -> Party:
    return factories.make_party(business)


def draft_of(party: Party, paise: int) -> Draft:
    return Draft(party=party, issued_on=today(), due_on=today(), lines=[factories.line(paise=paise)], rounds_off=False)


def attempts[T](work: Callable[[], T]) -> T | None:
    try:
        return work()
    except REFUSALS:
        return None


def test_fifty_hands_on_one_party_leave_a_right_book(business: Business, party: Party, owner: User) -> None:
    """Issue, pay, allocate, reallocate, credit, amend and cancel, all begun together: only the rules may refuse."""
    bills = [factories.make_invoice(party) for _ in range(10)]
    advances = [factories.make_payment(party, 70_00, shares=[]) for _ in range(10)]
    items = [bill.open_item.pk for bill in bills]

    def issue(n: int) -> int:
        billing.save(business, draft_of(party, 10_00 + n), owner, invoice=None, issue=True)
        return 10_00 + n

    def pay(n: int) -> int:
        factories.make_payment(Party.objects.get(pk=party.pk), 30_00 + n)
        return -(30_00 + n)

    def allocate(n: int) -> int:
        attempts(lambda: posting.allocate_payment(advances[n % 10], [(items[n % 3], 40_00)], owner))
        return 0

    def reallocate(n: int) -> int:
        attempts(lambda: posting.reallocate(advances[n % 10], [(items[n % 4], 35_00), (items[5], 5_00)], owner))
        return 0

    def credit(n: int) -> int:
        bill = bills[n // 10 % 2]
        line = bill.lines.get()
        note = attempts(
            lambda: billing.credit(
                bill, [Want(line.pk, quantity_milli=400)], owner, issued_on=today(), reason="returned"
            )
        )
        return -note.total_paise if note else 0

    def amend(n: int) -> int:
        new = attempts(
            lambda: billing.amend(bills[6], draft_of(party, 90_00), owner, reason="wrong", by_credit_note=n % 4 == 1)
        )
        return -10_00 if new else 0

    def cancel(n: int) -> int:
        posting.cancel_invoice(bills[8], owner, "wrong")
        return 0

    deeds = [issue, pay, allocate, reallocate, credit, issue, pay, amend, cancel, allocate]
    changes = in_parallel(lambda n: deeds[n % 10](n), 50)

    assert statements.balance(party) == 10 * 100_00 - 10 * 70_00 + sum(changes) - 100_00
    assert not OpenItem.objects.filter(settled_paise__gt=F("total_paise")).exists()
    assert not Allocation.objects.filter(amount_paise__lte=0).exists()
    assert sum(new is not None for new in [bills[6].replaced_by.first()]) == 1
    assert sum(changes[4::10]) == -4 * 40_00, "of each of two bills 2 x 0.4 of 1 piece can come back, and no more"
    for series in Series.objects.all():
        rows = Payment if series.kind == "receipt" else Invoice
        taken = sorted(rows.objects.filter(series=series).values_list("sequence", flat=True))
        assert taken == list(range(1, series.next_number))
    assert list(integrity.check()) == []


def test_invoices_amended_crosswise_between_two_parties_do_not_deadlock(business: Business, owner: User) -> None:
    two = [factories.make_party(business) for _ in range(2)]
    bills = [factories.make_invoice(two[n % 2]) for n in range(20)]

    def amend(n: int) -> int:
        return billing.amend(bills[n], draft_of(two[(n + 1) % 2], 50_00), owner, reason="wrong party").total_paise

    assert in_parallel(amend, 20) == [50_00] * 20
    assert [statements.balance(party) for party in two] == [500_00, 500_00]


def test_fifty_advances_at_once_do_not_overpay_a_bill(party: Party, owner: User) -> None:
    bill = factories.make_invoice(party)
    advances = [factories.make_payment(party, 30_00, shares=[]) for _ in range(50)]

    def spend(n: int) -> bool:
        return (
            attempts(lambda: posting.allocate_payment(advances[n], [(bill.open_item.pk, 30_00)], owner) or True)
            or False
        )

    assert sum(in_parallel(spend, 50)) == 3
    assert OpenItem.objects.get(invoice=bill).settled_paise == 90_00


def test_ten_invoices_issued_at_once_share_one_advance(party: Party, owner: User) -> None:
    advance = factories.make_payment(party, 250_00)
    drafts = [factories.make_invoice(party, issued=False) for _ in range(10)]
    in_parallel(lambda n: posting.issue(drafts[n], owner).pk, 10)
    settled = OpenItem.objects.filter(invoice__in=drafts).order_by("invoice__sequence")
    assert list(settled.values_list("settled_paise", flat=True)) == [100_00, 100_00, 50_00] + 7 * [0]
    assert OpenItem.objects.get(payment=advance).settled_paise == 250_00


def test_fifty_payments_at_once_are_all_recorded_and_close_the_oldest_bills(party: Party) -> None:
    bills = [factories.make_invoice(party) for _ in range(3)]
    in_parallel(lambda _n: factories.make_payment(Party.objects.get(pk=party.pk), 7_00).pk, 50)
    settled = OpenItem.objects.filter(invoice__in=bills).order_by("pk").values_list("settled_paise", flat=True)
    assert list(settled) == [100_00, 100_00, 100_00]
    assert statements.balance(party) == 300_00 - 350_00
    assert statements.outstanding(party).advance_paise == 50_00


def test_one_invoice_is_credited_once_by_ten_hands(party: Party, owner: User) -> None:
    bill = factories.make_invoice(party)

    def credit(_n: int) -> bool:
        return bool(
            attempts(lambda: billing.credit(bill, None, owner, issued_on=today(), reason="returned").total_paise)
        )

    assert sum(in_parallel(credit, 10)) == 1
    assert statements.balance(party) == 0


# --- One form ------------------------------------------------------------------------------------------------


def payment_form(**fields: str) -> dict[str, str]:
    return {
        "form_key": new_key(),
        "direction": "received",
        "amount": "150",
        "paid_on": today().isoformat(),
        "mode": "upi",
        "reference": "",
        "note": "",
        "do": "save",
    } | fields


def browsers(owner: User, how_many: int) -> list[Client]:
    first = factories.merchant_client(owner)
    twins = [Client() for _ in range(how_many)]
    for twin in twins:
        twin.cookies = first.cookies.copy()  # type: ignore[assignment]
    return twins


def test_a_payment_form_posted_two_hundred_times_makes_one_entry(business: Business, party: Party, owner: User) -> None:
    bill = factories.make_invoice(party, paise=400_00)
    url, form = f"/m/{business.slug}/payments/new/?party={party.public_id}", payment_form()
    hands = browsers(owner, 50)

    def click(n: int) -> list[tuple[int, str]]:
        answers = [hands[n].post(url, form) for _ in range(4)]
        return [(answer.status_code, answer.headers.get("Location", "")) for answer in answers]

    answers = Counter(answer for four in in_parallel(click, 50) for answer in four)
    payment = Payment.objects.get()
    assert answers == {(302, f"/m/{business.slug}/payments/{payment.public_id}/"): 200}
    assert Entry.objects.filter(kind="payment").count() == 1
    assert statements.balance(party) == 250_00
    assert OpenItem.objects.get(invoice=bill).settled_paise == 150_00


def test_one_key_with_two_amounts_at_once_pays_one_of_them(business: Business, party: Party, owner: User) -> None:
    """Whoever comes first wins; the other contents are refused with 422 and change nothing."""
    url, form = f"/m/{business.slug}/payments/new/?party={party.public_id}", payment_form()
    hands = browsers(owner, 20)

    def click(n: int) -> tuple[str, int]:
        amount = "150" if n % 2 else "151"
        return amount, hands[n].post(url, form | {"amount": amount}).status_code

    answers = Counter(in_parallel(click, 20))
    won = {15000: "150", 15100: "151"}[Payment.objects.get().amount_paise]
    lost = "151" if won == "150" else "150"
    assert answers == {(won, 302): 10, (lost, 422): 10}


# --- Controls: the races are real -----------------------------------------------------------------------------


def without_lock(business_id: int, party_id: int) -> Party:
    return Party.objects.select_related("business").get(business_id=business_id, pk=party_id)


def together(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, how_many: int) -> None:
    """All threads stand after `module.name` before any of them goes on."""
    gate, original = threading.Barrier(how_many, timeout=20), getattr(module, name, None) or __builtins__[name]  # type: ignore[index]

    def meet(*args: Any, **options: Any) -> Any:
        result = original(*args, **options)
        gate.wait()
        return result

    monkeypatch.setattr(module, name, meet, raising=False)


@pytest.mark.broken_book
def test_without_the_party_lock_an_invoice_is_credited_twice(
    party: Party, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: both hands see that nothing is credited yet. No constraint can see it; check_ledger does."""
    bill = factories.make_invoice(party)
    notes = [factories.make_credit_note(original=bill, issued=False) for _ in range(2)]
    monkeypatch.setattr(documents, "lock_party", without_lock)
    together(monkeypatch, crediting, "credited", 2)
    in_parallel(lambda n: posting.issue(notes[n], owner).pk, 2)
    assert statements.balance(party) == -100_00
    assert "credit notes give back no more than their invoice" in {problem.rule for problem in integrity.check()}


def test_without_any_lock_a_bill_would_be_overpaid_but_for_its_constraint(
    party: Party, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: both hands see 100 due, both allocate 60. The database refuses the second."""
    bill = factories.make_invoice(party)
    advances = [factories.make_payment(party, 60_00, shares=[]) for _ in range(2)]
    monkeypatch.setattr(settling, "lock_party", without_lock)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows.all())
    together(monkeypatch, settling, "sorted", 2)

    def spend(n: int) -> str:
        try:
            posting.allocate_payment(advances[n], [(bill.open_item.pk, 60_00)], owner)
        except IntegrityError as error:
            return str(error)
        return ""

    allowed, refused = sorted(in_parallel(spend, 2))
    assert allowed == ""
    assert "settled_is_between_nothing_and_all" in refused
    assert OpenItem.objects.get(invoice=bill).settled_paise == 60_00


def test_without_the_party_lock_a_payment_is_refused_for_what_another_has_just_settled(
    party: Party, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: one hand has seen the oldest bill open, then the other closes it; good money is not recorded."""
    bill = factories.make_invoice(party)
    advance = factories.make_payment(party, 60_00, shares=[])
    see = settling.oldest_first

    def see_and_wait(*args: Any) -> Any:
        shares = see(*args)
        in_parallel(lambda _n: posting.allocate_payment(advance, [(bill.open_item.pk, 60_00)], owner), 1)
        return shares

    for module in (posting.payments, settling):
        monkeypatch.setattr(module, "lock_party", without_lock)
    # The number of the change is a lock of the party too, held until commit (accounts.changes).
    monkeypatch.setattr(changes, "note", lambda *_args: None)
    monkeypatch.setattr(settling, "oldest_first", see_and_wait)
    with pytest.raises(PostingRefused, match="more than is still due"):
        factories.make_payment(party, 60_00)
    assert Payment.objects.get() == advance


def test_a_total_that_is_read_and_then_written_loses_an_update(party: Party) -> None:
    """The control for the upsert: what `+= amount` in Python would do to the balance of a party."""
    factories.make_payment(party, 1_00)
    gate = threading.Barrier(2, timeout=20)

    def add(_n: int) -> None:
        with transaction.atomic():
            row = Party.objects.get(pk=party.pk).balance
            gate.wait()
            row.credit_paise += 5_00
            row.save()

    in_parallel(add, 2)
    party.balance.refresh_from_db()
    assert party.balance.credit_paise == 6_00, "11.00 without the lost update"
    type(party.balance).objects.filter(party=party).update(credit_paise=1_00)

"""A form acts once, however often and however parallel it arrives."""

from typing import Any

import pytest

from accounts import idempotency
from accounts.idempotency import FormReused, once
from accounts.models import Business, IdempotencyKey, Party, User
from ledger.models import Entry, Payment
from tests import factories
from tests.threads import in_parallel

CONTENTS = {"amount": 5_00, "mode": "cash"}


@pytest.fixture
def owner(db: None) -> User:
    return factories.make_user()


@pytest.fixture
def business(owner: User) -> Business:
    return factories.make_business(owner=owner)


def test_a_repeat_returns_the_first_result_and_does_nothing(business: Business, owner: User) -> None:
    done: list[str] = []

    def act() -> str:
        done.append("x")
        return f"result {len(done)}"

    assert once(business, owner, "payment", "k", CONTENTS, act) == ("result 1", True)
    assert once(business, owner, "payment", "k", dict(reversed(CONTENTS.items())), act) == ("result 1", False)
    assert done == ["x"]


def test_the_same_key_with_other_contents_is_refused(business: Business, owner: User) -> None:
    once(business, owner, "payment", "k", CONTENTS, lambda: 1)
    with pytest.raises(FormReused):
        once(business, owner, "payment", "k", CONTENTS | {"amount": 6_00}, lambda: 2)
    assert IdempotencyKey.objects.get().result == 1


def test_two_parties_of_one_name_are_other_contents(business: Business, owner: User) -> None:
    first, second = (factories.make_party(business, name="Sharma Kirana") for _ in range(2))
    once(business, owner, "payment", "k", {"party": first}, lambda: 1)
    assert once(business, owner, "payment", "k", {"party": Party.objects.get(pk=first.pk)}, lambda: 1) == (1, False)
    with pytest.raises(FormReused):
        once(business, owner, "payment", "k", {"party": second}, lambda: 2)


def test_keys_belong_to_business_user_and_purpose(business: Business, owner: User) -> None:
    other = factories.make_user()
    elsewhere = factories.make_business(owner=owner)
    scopes: list[tuple[Any, Any, str]] = [
        (business, owner, "payment"),
        (business, owner, "invoice"),
        (business, other, "payment"),
        (elsewhere, owner, "payment"),
    ]
    acted = [once(b, u, purpose, "k", CONTENTS | {"n": n}, lambda: 1)[1] for n, (b, u, purpose) in enumerate(scopes)]
    assert acted == [True] * 4


def test_a_form_that_was_refused_may_be_mended_and_sent_again(business: Business, owner: User) -> None:
    def refuse() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        once(business, owner, "payment", "k", CONTENTS, refuse)
    assert not IdempotencyKey.objects.exists()
    assert once(business, owner, "payment", "k", CONTENTS | {"amount": 7_00}, lambda: 3) == (3, True)


def test_a_deed_and_its_record_stand_or_fall_together(business: Business, owner: User) -> None:
    party = factories.make_party(business)

    def pay_and_fail() -> None:
        factories.make_payment(party, 5_00)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        once(business, owner, "payment", "k", CONTENTS, pay_and_fail)
    assert not Payment.objects.exists()


def test_keys_cannot_be_guessed() -> None:
    keys = {idempotency.new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(20 <= len(key) <= 64 for key in keys)


@pytest.mark.django_db(transaction=True)
def test_sixty_parallel_posts_of_one_payment_make_one_entry(business: Business, owner: User) -> None:
    party = factories.make_party(business)

    def post(_n: int) -> tuple[Any, bool]:
        def act() -> str:
            return factories.make_payment(Party.objects.get(pk=party.pk), 5_00).public_id

        return once(business, owner, "payment", "k", CONTENTS, act)

    answers = in_parallel(post, 60)
    assert sum(acted for _result, acted in answers) == 1
    assert {result for result, _acted in answers} == {Payment.objects.get().public_id}
    assert Entry.objects.get().credit_paise == 5_00

"""Many hands at one claim, and one transfer told by two parties in one moment."""

from functools import partial

import pytest

from ledger import claims
from ledger.claims import ClaimRefused
from ledger.models import Payment, PaymentClaim
from tests import factories
from tests.threads import in_parallel

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def owner():
    return factories.make_user()


@pytest.fixture
def party(owner):
    return factories.make_party(factories.make_business(owner=owner))


def outcome(deed):
    try:
        return deed().status
    except ClaimRefused as refused:
        return str(refused)


def nth_outcome(deeds, n):
    return outcome(deeds[n % len(deeds)])


def test_accepted_by_many_hands_at_once_it_is_one_payment(party, owner):
    bill = factories.make_invoice(party, paise=500_00)
    claim = factories.make_claim(party, 100_00)
    said = in_parallel(lambda _n: outcome(lambda: claims.accept(claim, owner)), 12)
    assert set(said) == {"accepted"}
    assert Payment.objects.get().amount_paise == 100_00
    bill.open_item.refresh_from_db()
    assert bill.due_paise == 400_00


def test_accepted_declined_and_taken_back_at_once_one_answer_stands_and_all_others_hear_it(party, owner):
    for _ in range(5):
        claim = factories.make_claim(party, 100_00)
        deeds = [
            partial(claims.accept, claim, owner),
            partial(claims.decline, claim, owner, "not there"),
            partial(claims.take_back, claim, owner),
        ]
        said = in_parallel(partial(nth_outcome, deeds), 9)
        claim.refresh_from_db()
        stands = claim.status
        assert said.count(stands) == 3
        assert len(set(said)) == 2
        assert Payment.objects.filter(claim=claim).count() == (stands == "accepted")


def test_one_transfer_told_by_many_people_of_many_parties_at_once_is_told_once(party, owner):
    parties = [party, *(factories.make_party(party.business) for _ in range(5))]
    teller = factories.make_user()
    said = in_parallel(
        lambda n: outcome(lambda: factories.make_claim(parties[n % 6], reference="412077812201", by=teller)), 12
    )
    assert said.count("pending") == 1
    assert PaymentClaim.objects.count() == 1
    (holder,) = PaymentClaim.objects.values_list("party_id", flat=True)
    others = [words for n, words in enumerate(said) if parties[n % 6].pk != holder]
    assert {words.split(".")[0] for words in others} == {"This reference cannot be used here"}

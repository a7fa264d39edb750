"""The shop's side of “I have paid”: accept, accept what differs, decline, and what becomes of it later."""

import datetime as dt

import pytest

from accounts.idempotency import new_key
from accounts.india import today
from ledger import claims, closing, posting, statements
from ledger.claims import ClaimRefused
from ledger.models import Payment, PaymentClaim
from tests import factories as make

pytestmark = pytest.mark.django_db
DOORS = 4
UTR = "412077812201"


@pytest.fixture
def owner():
    return make.make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make.make_business("Ram Kirana", owner, slug="ram")


@pytest.fixture
def client(owner, shop):
    return make.merchant_client(owner)


@pytest.fixture
def party(shop):
    return make.make_party(shop, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def bills(party):
    """Three open bills of ₹100, ₹200, ₹300, the oldest first."""
    days = [today() - dt.timedelta(days=60 - n) for n in range(3)]
    return [
        make.make_invoice(party, paise=paise, on=on, due_on=on)
        for paise, on in zip((100_00, 200_00, 300_00), days, strict=True)
    ]


def at(claim, tail=""):
    return f"/m/ram/claims/{claim.public_id}/{tail}"


def accept(client, claim, **fields):
    return client.post(at(claim, "accept/"), {"form_key": new_key(), "amount": "", "paid_on": ""} | fields)


def decline(client, claim, **fields):
    return client.post(at(claim, "decline/"), {"form_key": new_key(), "reason": "Not in the bank."} | fields)


def dues(bills):
    for bill in bills:
        bill.open_item.refresh_from_db()
    return [bill.due_paise // 100 for bill in bills]


# --- accept -------------------------------------------------------------------------------------------------


def test_one_tap_makes_it_a_payment_of_its_day_that_closes_the_oldest_bills(client, party, bills, owner):
    on = today() - dt.timedelta(days=3)
    claim = make.make_claim(party, 150_00, reference=UTR, on=on, note="by Raju")
    assert accept(client, claim).headers["Location"] == at(claim)
    payment = Payment.objects.get()
    claim.refresh_from_db()
    assert (claim.status, claim.payment, claim.answered_by) == ("accepted", payment, owner)
    assert (payment.amount_paise, payment.paid_on, payment.mode, payment.reference, payment.note) == (
        150_00,
        on,
        "upi",
        UTR,
        "by Raju",
    )
    assert dues(bills) == [0, 150, 300]
    assert payment.number in client.get(at(claim)).content.decode()
    assert at(claim) in client.get(f"/m/ram/payments/{payment.public_id}/").content.decode()


def test_the_invoice_it_was_written_for_is_closed_first(client, party, bills):
    claim = make.make_claim(party, 350_00, invoice=bills[2])
    shown = client.get(at(claim)).context["closes"]
    assert shown == [(bills[2].number, "₹300.00", ""), (bills[0].number, "₹50.00", "₹50.00")]
    accept(client, claim)
    assert dues(bills) == [50, 200, 0]


def test_another_amount_and_day_are_entered_and_told(client, party, bills):
    claim = make.make_claim(party, 150_00)
    on = today() - dt.timedelta(days=1)
    assert accept(client, claim, amount="149.50", paid_on=on.isoformat()).status_code == 302
    payment = Payment.objects.get()
    assert (payment.amount_paise, payment.paid_on) == (149_50, on)
    claim.refresh_from_db()
    assert claim.amount_paise == 150_00
    assert "Not as told: your customer sees both." in client.get(at(claim)).content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "0"}, "The amount must be more than zero."),
        ({"amount": "x"}, "This is not a number we can read."),
        ({"paid_on": (today() + dt.timedelta(days=1)).isoformat()}, "The date lies in the future."),
        ({"paid_on": "1999-01-01"}, "Choose a day after"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_recorded(client, party, fields, words):
    claim = make.make_claim(party)
    response = accept(client, claim, **fields)
    assert response.status_code == 400
    assert words in response.content.decode()
    assert not Payment.objects.exists()


def test_accepting_twice_or_the_same_form_twice_is_one_payment(client, party, bills):
    claim = make.make_claim(party, 150_00)
    key = new_key()
    answers = [accept(client, claim, form_key=form_key) for form_key in (key, key, new_key())]
    assert {answer.headers["Location"] for answer in answers} == {at(claim)}
    assert accept(client, claim, form_key=key, amount="7").status_code == 422
    assert Payment.objects.count() == 1


def test_far_more_than_is_due_is_asked_once_more(client, party, bills):
    claim = make.make_claim(party, 99_000_00)
    asked = accept(client, claim)
    assert asked.status_code == 400
    assert asked.context["asked"].startswith("₹99,000.00 is more than the ₹600.00 that is due")
    assert not Payment.objects.exists()
    assert accept(client, claim, sure="5").status_code == 400
    assert accept(client, claim, sure=str(asked.context["sure"])).status_code == 302
    assert Payment.objects.get().unallocated_paise == 98_400_00


def test_what_was_typed_under_another_amount_is_asked_about_there_and_the_one_tap_carries_no_amount(
    client, party, bills
):
    claim = make.make_claim(party, 150_00)
    first, second = client.get(at(claim)).content.decode().split(f'action="{at(claim, "accept/")}"')[1:]
    assert 'name="amount"' not in first.split("</form>")[0]
    assert 'name="amount"' in second.split("</form>")[0]
    asked = accept(client, claim, amount="99000")
    second = asked.content.decode().split(f'action="{at(claim, "accept/")}"')[2].split("</form>")[0]
    assert 'name="sure" value="9900000"' in second
    assert 'value="99000"' in second


def test_in_closed_books_it_is_entered_today_and_says_so(client, shop, party, bills, owner):
    on = today() - dt.timedelta(days=5)
    claim = make.make_claim(party, 50_00, on=on)
    closing.close(shop, today() - dt.timedelta(days=1), owner)
    assert "it is entered on" in client.get(at(claim)).content.decode()
    assert accept(client, claim).status_code == 302
    assert Payment.objects.get().paid_on == today()


def test_books_closed_up_to_today_refuse_it_in_words_and_it_goes_on_waiting(client, shop, party, owner):
    claim = make.make_claim(party)
    closing.close(shop, today(), owner)
    response = accept(client, claim)
    assert response.status_code == 400
    assert "The books are closed up to" in response.content.decode()
    claim.refresh_from_db()
    assert claim.status == "pending"


def test_a_payment_entered_meanwhile_under_the_reference_is_joined_and_not_doubled(client, party, bills):
    claim = make.make_claim(party, 150_00, reference=UTR)
    payment = make.make_payment(party, 150_00, mode="bank", reference="4120 7781 2201")
    assert "Accepting joins the two and records nothing more." in client.get(at(claim)).content.decode()
    accept(client, claim)
    claim.refresh_from_db()
    assert (claim.status, claim.payment) == ("accepted", payment)
    assert Payment.objects.count() == 1


def test_the_same_amount_of_these_days_is_pointed_at(client, party, bills):
    claim = make.make_claim(party, 150_00)
    payment = make.make_payment(party, 150_00)
    page = client.get(at(claim))
    assert [row[0] for row in page.context["alike"]] == [payment.number]
    accept(client, claim)
    assert Payment.objects.count() == 2


def test_cash_without_a_receipt_leaves_no_reference_on_the_payment(client, party, bills):
    accept(client, make.make_claim(party, 20_00, mode="cash"))
    accept(client, make.make_claim(party, 30_00, mode="cash"))
    assert [payment.reference for payment in Payment.objects.all()] == ["", ""]


# --- decline, and one answer only ---------------------------------------------------------------------------


def test_a_decline_needs_a_reason_and_the_customer_reads_it(client, party):
    claim = make.make_claim(party)
    assert decline(client, claim, reason=" ").status_code == 400
    assert decline(client, claim).status_code == 302
    claim.refresh_from_db()
    assert (claim.status, claim.answer) == ("declined", "Not in the bank.")
    page = make.customer_client(party).get(f"/portal/{party.public_id}/paid/{claim.public_id}/")
    assert "Not in the bank." in page.content.decode()


def test_the_first_answer_stands(client, party, owner):
    declined, accepted, taken = (make.make_claim(party) for _ in range(3))
    decline(client, declined)
    accept(client, accepted)
    claims.take_back(taken, owner)
    for claim, answer, words in [
        (declined, accept, "This payment was declined already."),
        (accepted, decline, "This payment is accepted already."),
        (taken, accept, "The customer has taken this back."),
        (taken, decline, "The customer has taken this back."),
    ]:
        response = answer(client, claim)
        assert response.status_code == 400
        assert words in response.content.decode()
    with pytest.raises(ClaimRefused, match="accepted already"):
        claims.take_back(PaymentClaim.objects.get(pk=accepted.pk), owner)
    assert Payment.objects.count() == 1


def test_a_cancelled_payment_shows_on_its_claim_and_the_bill_is_due_again(client, party, bills, owner):
    claim = make.make_claim(party, 100_00)
    accept(client, claim)
    posting.cancel_payment(Payment.objects.get(), owner, "Bounced")
    assert dues(bills) == [100, 200, 300]
    text = client.get(at(claim)).content.decode()
    assert "Accepted, later cancelled" in text
    assert "Bounced" in text


# --- where it is seen ---------------------------------------------------------------------------------------


def test_what_waits_is_seen_at_home_at_the_party_and_beside_the_payments(client, shop, party, bills):
    claim = make.make_claim(party, 150_00)
    make.make_claim(make.make_party(), 987_00)
    for where in ("/m/ram/", f"/m/ram/parties/{party.public_id}/", "/m/ram/claims/"):
        text = client.get(where).content.decode()
        assert f'href="{at(claim)}"' in text, where
        assert "987" not in text
    chips = client.get("/m/ram/payments/").context["chips"]
    assert [(chip.name, chip.href) for chip in chips[:2]] == [("All", "?"), ("Waiting (1)", "/m/ram/claims/")]
    assert statements.balance(party) == 600_00
    accept(client, claim)
    for where in ("/m/ram/", f"/m/ram/parties/{party.public_id}/", "/m/ram/claims/"):
        assert f'href="{at(claim)}"' not in client.get(where).content.decode(), where
    assert "Waiting" not in [chip.name[:7] for chip in client.get("/m/ram/payments/").context["chips"]]


def test_the_list_is_searched_by_party_and_reference_and_narrowed_by_answer(client, party, shop):
    found = make.make_claim(party, reference=UTR)
    other = make.make_claim(make.make_party(shop, name="Zeta"))
    decline(client, other)

    def rows(query):
        return [row.href for row in client.get(f"/m/ram/claims/{query}").context["rows"]]

    assert rows("?q=4120 7781") == rows("?q=ganesh") == rows("") == [at(found)]
    assert rows("?q=zeta") == []
    assert rows("?show=declined") == [at(other)]
    assert rows("?show=all") == [at(other), at(found)]


def test_claims_of_another_shop_answer_like_absent_ones(client):
    foreign = make.make_claim(make.make_party())
    absent = client.get("/m/ram/claims/zzzzzzzzzzz9/")
    assert (
        client.get(at(foreign)).content.decode().replace(foreign.public_id, "zzzzzzzzzzz9") == absent.content.decode()
    )
    for answer in (client.get(at(foreign)), client.get(at(foreign, "image")), accept(client, foreign)):
        assert answer.status_code == absent.status_code == 404
    assert decline(client, foreign).status_code == 404
    foreign.refresh_from_db()
    assert foreign.status == "pending"


@pytest.mark.parametrize("count", [1, 3])
def test_list_and_page_ask_the_same_queries_whatever_there_is(client, party, count, django_assert_num_queries):
    for _ in range(count):
        make.make_invoice(party, paise=100_00)
        claim = make.make_claim(party, 250_00)
    with django_assert_num_queries(DOORS + 1):
        assert len(client.get("/m/ram/claims/").context["rows"]) == count
    # claim, party; open bills with their invoices; payments like it: by reference, by amount
    with django_assert_num_queries(DOORS + 6):
        client.get(at(claim))

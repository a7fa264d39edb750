"""The merchant's payments: entry with what it closes, one payment, cancel, advances."""

import datetime as dt

import pytest

from accounts.idempotency import new_key
from accounts.india import today
from ledger import statements
from ledger.models import Payment
from tests.factories import (
    make_business,
    make_invoice,
    make_party,
    make_payment,
    make_user,
    merchant_client,
)

pytestmark = pytest.mark.django_db
DOORS = 4


@pytest.fixture
def shop():
    return make_business("Ram Kirana", make_user(name="Ramesh"), slug="ram")


@pytest.fixture
def client(shop):
    return merchant_client(shop.memberships.get().user)


@pytest.fixture
def party(shop):
    return make_party(shop, name="Shree Ganesh")


@pytest.fixture
def bills(party):
    """Three open bills of ₹100, ₹200, ₹300, the oldest first."""
    day = today() - dt.timedelta(days=60)
    return [
        make_invoice(party, paise=paise, on=day + dt.timedelta(days=i), due_on=day + dt.timedelta(days=i))
        for i, paise in enumerate((100_00, 200_00, 300_00))
    ]


def payment(**fields):
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


def url(party, **more):
    return f"/m/ram/payments/new/?party={party.public_id}"


def dues(bills):
    for bill in bills:
        bill.open_item.refresh_from_db()
    return [bill.due_paise // 100 for bill in bills]


def test_a_payment_closes_the_oldest_bills_first(client, party, bills):
    response = client.post(url(party), payment(amount="1,50.00".replace(",", "")))
    made = Payment.objects.get()
    assert response.headers["Location"] == f"/m/ram/payments/{made.public_id}/"
    assert (made.amount_paise, made.mode, dues(bills)) == (150_00, "upi", [0, 150, 300])


def test_the_preview_shows_what_would_be_closed_and_records_nothing(client, party, bills):
    response = client.post(url(party), payment(amount="650", do="preview"))
    closes = response.context["closes"]
    assert [(row["title"], row["part"], row["is_closed"]) for row in closes["rows"]] == [
        (bills[0].number, "₹100.00", True),
        (bills[1].number, "₹200.00", True),
        (bills[2].number, "₹300.00", True),
    ]
    assert closes["advance"] == "₹50.00"
    assert Payment.objects.count() == 0


# --- more than is due ---------------------------------------------------------------------------------------


def test_an_amount_far_above_what_is_due_is_asked_about_and_nothing_is_recorded_or_lost(client, party, bills):
    response = client.post(url(party), payment(amount="990000000", reference="UTR9", note="by Raju"))
    page = response.content.decode()
    assert response.status_code == 400
    assert response.context["asked"] == (
        "₹99,00,00,000.00 is more than the ₹600.00 that is due: ₹98,99,99,400.00 would stay as an advance. Record it?"
    )
    assert [row["is_closed"] for row in response.context["closes"]["rows"]] == [True, True, True]
    assert response.context["form"]["reference"].value() == "UTR9"
    assert response.context["form"]["note"].value() == "by Raju"
    assert '<button class="btn primary" name="sure" value="99000000000">Yes, record ₹99,00,00,000.00</button>' in page
    assert Payment.objects.count() == 0


def test_the_second_button_records_it_once_whichever_button_is_pressed_again(client, party, bills):
    data = payment(amount="990000000")
    asked = client.post(url(party), data)
    assert asked.context["form"]["form_key"].value() == data["form_key"]
    yes = {name: value for name, value in data.items() if name != "do"} | {"sure": asked.context["sure"]}
    answers = [client.post(url(party), again) for again in (yes, yes, data)]
    made = Payment.objects.get()
    assert (made.amount_paise, dues(bills)) == (99_00_00_000_00, [0, 0, 0])
    assert {answer.headers["Location"] for answer in answers} == {f"/m/ram/payments/{made.public_id}/"}


def test_a_yes_counts_for_the_amount_it_was_said_of_and_for_no_other(client, party, bills):
    data = payment(amount="990000000")
    yes = {"sure": client.post(url(party), data).context["sure"]}
    assert client.post(url(party), data | yes | {"amount": "880000000"}).status_code == 400
    assert Payment.objects.count() == 0
    client.post(url(party), data | yes | {"amount": "600"})
    assert Payment.objects.get().amount_paise == 600_00


@pytest.mark.parametrize(
    ("amount", "is_asked"),
    [("1200", False), ("1600", False), ("1600.01", True), ("6000", True)],
    ids=["an advance as large as the dues", "a small advance", "above both", "one nought too many"],
)
def test_a_shop_that_takes_advances_is_not_asked_about_every_one(client, party, bills, amount, is_asked):
    response = client.post(url(party), payment(amount=amount))
    assert (response.status_code, Payment.objects.count()) == ((400, 0) if is_asked else (302, 1))


def test_an_advance_is_measured_by_what_the_party_was_billed_and_paid_before(client, shop, party):
    make_payment(party, 20_000_00, shares=[])
    make_payment(make_party(shop), 90_000_00)
    assert client.post(url(party), payment(amount="20000")).status_code == 302
    response = client.post(url(party), payment(amount="20001"))
    assert response.context["asked"] == (
        "Nothing is due: all of ₹20,001.00 would stay with you as an advance. Record it?"
    )


def test_the_first_advance_of_a_new_party_is_measured_by_the_payments_of_the_shop(client, shop, party):
    make_payment(make_party(make_business()), 999_000_00)
    assert client.post(url(party), payment(amount="10001")).status_code == 400
    assert client.post(url(party), payment(amount="10000")).status_code == 302
    other = make_party(shop)
    make_payment(make_party(shop), 30_000_00)
    assert client.post(url(other), payment(amount="30001")).status_code == 400
    assert client.post(url(other), payment(amount="30000")).status_code == 302


def test_paying_back_more_than_the_party_has_with_the_shop_is_asked_about(client, party):
    make_payment(party, 500_00)
    back = payment(direction="paid", amount="500.01")
    response = client.post(url(party) + "&direction=paid", back)
    assert response.status_code == 400
    assert response.context["asked"] == ("They have ₹500.00 with you: ₹0.01 would be due from them. Record it?")
    client.post(url(party) + "&direction=paid", back | {"sure": response.context["sure"]})
    assert statements.balance(party) == 1


def test_the_preview_marks_an_advance_out_of_the_ordinary(client, party, bills):
    for amount, is_unusual in (("700", False), ("990000000", True)):
        data = payment(amount=amount, do="preview")
        for headers in ({"X-Preview": "1"}, {}):
            closes = client.post(url(party), data, headers=headers).context["closes"]
            assert closes["is_unusual"] is is_unusual


def test_the_form_says_what_is_due(client, party, bills):
    assert "₹600.00 is due on 3 bills." in client.get(url(party)).content.decode()
    make_payment(party, 600_00)
    assert "Nothing is due." in client.get(url(party)).content.decode()


def test_opened_from_an_invoice_it_closes_that_one_first(client, party, bills):
    address = f"/m/ram/payments/new/?invoice={bills[2].public_id}"
    assert client.get(address).context["form"]["amount"].value() == "300.00"
    client.post(address, payment(amount="350"))
    assert dues(bills) == [50, 200, 0]


def test_bills_chosen_by_hand_are_the_ones_that_count(client, party, bills):
    client.post(url(party), payment(**{f"bill_{bills[1].open_item.pk}": "120"}))
    assert dues(bills) == [100, 80, 300]
    assert Payment.objects.get().open_item.settled_paise == 120_00


def test_all_of_it_can_stay_an_advance(client, party, bills):
    client.post(url(party), payment(as_advance="on"))
    assert dues(bills) == [100, 200, 300]
    assert statements.outstanding(party).advance_paise == 150_00


def test_more_than_is_due_on_a_bill_is_refused_at_its_field(client, party, bills):
    name = f"bill_{bills[0].open_item.pk}"
    response = client.post(url(party), payment(**{name: "101"}))
    assert response.status_code == 400
    assert response.context["form"].errors == {name: ["Only ₹100.00 is due here."]}
    assert Payment.objects.count() == 0


def test_more_bills_than_money_are_refused(client, party, bills):
    chosen = {f"bill_{bill.open_item.pk}": "100" for bill in bills}
    response = client.post(url(party), payment(**chosen))
    assert response.context["form"].non_field_errors() == [
        "You are settling ₹300.00 with a payment of ₹150.00. Lower one of the bills."
    ]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("amount", "", "Write the amount."),
        ("amount", "0", "The amount must be more than zero."),
        ("amount", "-5", "The amount cannot be negative."),
        ("amount", "1e9", "This is not a number we can read. Write it like 1,18,000.50."),
        ("amount", "99999999999999", "This amount is too large: at most 999 crore rupees."),
        ("paid_on", "2999-01-01", "The date lies in the future. Choose today or an earlier day."),
        ("paid_on", "31/02/2026", "This is not a date we can read. Write it like 22/11/2026."),
    ],
)
def test_a_wrong_value_is_explained_at_its_field_and_kept(client, party, field, value, words):
    response = client.post(url(party), payment(note="by Raju", **{field: value}))
    assert response.status_code == 400
    assert response.context["form"].errors[field] == [words]
    assert response.context["form"]["note"].value() == "by Raju"
    assert Payment.objects.count() == 0


def test_a_reference_that_stands_on_another_payment_is_refused_by_name(client, party):
    first = make_payment(party, 10_00, mode="upi", reference="UTR 1234")
    response = client.post(url(party), payment(reference=" UTR  1234 "))
    assert response.status_code == 400
    (words,) = response.context["form"].non_field_errors()
    assert first.number in words
    assert Payment.objects.count() == 1


def test_a_double_click_records_one_payment(client, party):
    data = payment()
    first, second = client.post(url(party), data), client.post(url(party), data)
    assert first.headers["Location"] == second.headers["Location"]
    assert Payment.objects.count() == 1


def test_the_same_key_with_another_amount_is_refused(client, party):
    data = payment()
    client.post(url(party), data)
    refused = client.post(url(party), data | {"amount": "151"})
    assert refused.status_code == 422
    saved = Payment.objects.get()
    assert saved.amount_paise == 150_00
    assert f'href="/m/{party.business.slug}/payments/{saved.public_id}/">See what was saved' in refused.content.decode()


def test_closed_books_refuse_the_payment(client, shop, party):
    shop.books_closed_on = today()
    shop.save()
    response = client.post(url(party), payment())
    assert response.status_code == 400
    assert response.context["form"].non_field_errors()[0].startswith("The books are closed up to")


def test_an_advance_can_be_paid_back(client, party):
    make_payment(party, 500_00)
    page = client.get(url(party) + "&direction=paid")
    assert page.context["is_refund"] is True
    client.post(url(party) + "&direction=paid", payment(direction="paid", amount="200"))
    assert statements.balance(party) == -300_00


def test_a_foreign_party_or_bill_cannot_be_paid_here(client, shop, party):
    foreign = make_invoice(make_party(make_business()), paise=100_00)
    assert client.get(url(foreign.party)).status_code == 404
    assert client.post(url(foreign.party), payment()).status_code == 404
    assert client.post(f"/m/ram/payments/new/?invoice={foreign.public_id}", payment()).status_code == 404
    client.post(url(party), payment(**{f"bill_{foreign.open_item.pk}": "100"}))
    foreign.open_item.refresh_from_db()
    assert foreign.open_item.settled_paise == 0


# --- one payment --------------------------------------------------------------------------------------------


def test_the_page_says_what_the_payment_settled(client, party, bills):
    made = make_payment(party, 150_00)
    response = client.get(f"/m/ram/payments/{made.public_id}/")
    assert [(row["title"], row["amount"]) for row in response.context["settled"]] == [
        (bills[0].number, "₹100.00"),
        (bills[1].number, "₹50.00"),
    ]
    assert response.context["balance_words"] == "You will get ₹450.00"


def test_an_advance_is_used_for_the_oldest_bills_when_asked(client, party, bills):
    made = make_payment(party, 150_00, shares=[])
    page = client.get(f"/m/ram/payments/{made.public_id}/")
    assert (page.context["free"], page.context["can_settle"]) == ("₹150.00", True)
    client.post(f"/m/ram/payments/{made.public_id}/settle/")
    client.post(f"/m/ram/payments/{made.public_id}/settle/")
    assert dues(bills) == [0, 150, 300]


def test_using_an_advance_of_which_nothing_is_left_says_and_changes_nothing(client, party, bills):
    made = make_payment(party, 100_00)
    back = make_payment(party, 50_00, direction="paid")
    for one in (made, back):
        response = client.post(f"/m/ram/payments/{one.public_id}/settle/", follow=True)
        assert [str(message) for message in response.context["messages"]] == []
    assert dues(bills) == [0, 200, 300]


def test_cancelling_an_advance_does_not_speak_of_bills(client, party, bills):
    for made, words in (
        (make_payment(party, 50_00, shares=[]), "Cancelled."),
        (make_payment(party, 50_00), "Cancelled. The bills it had settled are due again."),
    ):
        data = {"form_key": new_key(), "reason": "Mistake"}
        response = client.post(f"/m/ram/payments/{made.public_id}/cancel/", data, follow=True)
        assert [str(message) for message in response.context["messages"]] == [words]


def test_cancelling_needs_a_reason_and_opens_the_bills_again(client, party, bills):
    made = make_payment(party, 150_00)
    address = f"/m/ram/payments/{made.public_id}/cancel/"
    assert client.post(address, {"form_key": new_key(), "reason": ""}).status_code == 400
    client.post(address, {"form_key": new_key(), "reason": "Cheque bounced"})
    made.refresh_from_db()
    assert (made.status, made.cancel_reason, dues(bills)) == ("cancelled", "Cheque bounced", [100, 200, 300])


def test_a_foreign_payment_and_one_that_does_not_exist_give_the_same_404(client, shop):
    foreign = make_payment(make_party(make_business()))
    for name in ("", "cancel/"):
        answers = [client.get(f"/m/ram/payments/{which}/{name}") for which in (foreign.public_id, "zzzzzzzzzzzz")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    assert client.post(f"/m/ram/payments/{foreign.public_id}/settle/").status_code == 404
    reason = {"form_key": new_key(), "reason": "x"}
    assert client.post(f"/m/ram/payments/{foreign.public_id}/cancel/", reason).status_code == 404


def test_the_list_searches_and_shows_advances(client, shop, party):
    make_invoice(party, paise=50_00)
    used = make_payment(party, 50_00, mode="upi", reference="UTR77")
    free = make_payment(party, 60_00)
    make_payment(make_party(make_business(), name="Shree Ganesh"), reference="UTR77")
    rows = client.get("/m/ram/payments/?q=utr77").context["rows"]
    assert [row.number for row in rows] == [used.number]
    rows = client.get("/m/ram/payments/?show=advance").context["rows"]
    assert [(row.number, row.state) for row in rows] == [(free.number, "Advance ₹60.00")]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_one_query_whatever_its_length(client, shop, count, django_assert_num_queries):
    for _ in range(count):
        make_payment(make_party(shop))
    with django_assert_num_queries(DOORS + 2):  # and how many claims wait
        assert len(client.get("/m/ram/payments/").context["rows"]) == count


def test_a_reference_entered_twice_leads_to_the_payment_that_has_it(client, party):
    first = make_payment(party, 5_00, mode="upi", reference="UTR 77")
    again = client.post(url(party), payment(mode="upi", reference="UTR 77"))
    assert again.status_code == 400
    page = again.content.decode()
    assert f"This reference stands already on payment {first.number}" in page
    assert f'<a href="/m/ram/payments/{first.public_id}/">Look at it</a>' in page


def test_what_they_kept_back_stands_apart_from_what_the_money_settled(client, party):
    make_invoice(party, paise=100_00)
    found = make_payment(party, 90_00, tds_paise=10_00)
    page = client.get(f"/m/ram/payments/{found.public_id}/").content.decode()
    settled, kept = page.index('id="settled"'), page.index('id="tds"')
    assert settled < page.index("₹90.00", settled) < kept < page.index("₹10.00", kept)
    assert "₹10.00" not in page[settled:kept]


def test_money_paid_out_is_found_beside_money_received(client, party):
    page = client.get(url(party)).content.decode()
    assert f'href="/m/ram/payments/new/?party={party.public_id}&amp;direction=paid">You paid them</a>' in page
    assert "Record what was paid back" in client.get(f"{url(party)}&direction=paid").content.decode()


def test_money_paid_out_without_an_advance_is_said_to_be_due(client, party):
    given = make_payment(party, 5_00, direction=Payment.Direction.PAID)
    page = client.get(f"/m/ram/payments/{given.public_id}/").content.decode()
    assert "No advance or credit of theirs: it is due from them now." in page

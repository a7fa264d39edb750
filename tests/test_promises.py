"""Promise to pay: what it silences, what becomes of it, and what each side reads."""

import csv
import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.formats import date_format

from accounts import parties
from accounts.idempotency import new_key
from accounts.india import show_date, today
from accounts.models import Business, PartyPerson
from ledger import links, posting, promises
from ledger.models import Invoice, Promise
from tests import factories as make

pytestmark = pytest.mark.django_db
DOORS = 4


@pytest.fixture
def business():
    return make.make_business("Ram Kirana", make.make_user(name="Ramesh"), slug="ram", upi_id="ram@okaxis")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def bill(party):
    return make.make_invoice(party, paise=1000_00)


def day(days):
    return today() + dt.timedelta(days=days)


def silenced(on=None):
    return set(Invoice.objects.filter(promises.covering(on or today())).values_list("pk", flat=True))


def state(promise):
    return promises.read(promise).state


def at(party, tail=""):
    return f"/portal/{party.public_id}/{tail}"


def said(**fields):
    return {"form_key": new_key(), "amount": "400", "promised_on": day(3).isoformat(), "note": ""} | fields


def errors(response):
    return {name: list(words) for name, words in response.context["form"].errors.items()}


def text_of(response):
    return response.content.decode()


@pytest.fixture
def client(party, bill):
    return make.customer_client(party)


@pytest.fixture
def desk(business):
    return make.merchant_client(business.memberships.get().user)


# --- what it silences ---------------------------------------------------------------------------------------


def test_a_promise_of_one_invoice_silences_that_one_until_the_end_of_its_day(party, bill):
    make.make_invoice(party, paise=500_00)
    make.make_invoice(make.make_party(party.business), paise=500_00)
    make.make_promise(party, 400_00, invoice=bill, days=3)
    assert [silenced(day(n)) for n in (0, 3, 4)] == [{bill.pk}, {bill.pk}, set()]
    assert promises.promised_until(bill) == day(3)


def test_a_promise_of_the_balance_silences_what_was_billed_before_it_and_nothing_later(party, bill):
    draft = make.make_invoice(party, issued=False)
    neighbour = make.make_invoice(make.make_party(party.business), paise=500_00)
    make.make_promise(party, 1000_00)
    later = make.make_invoice(party, paise=300_00)
    assert silenced() == {bill.pk}
    assert [promises.promised_until(one) for one in (bill, later, neighbour)] == [day(3), None, None]
    assert draft.status == Invoice.Status.DRAFT


def test_a_promise_that_was_taken_back_silences_nothing(party, bill):
    promise = make.make_promise(party, 1000_00, invoice=bill)
    promises.withdraw(promise, make.make_user())
    assert silenced() == set()


# --- what becomes of it -------------------------------------------------------------------------------------


def later(days):
    """The world so many days from now, at noon in India."""
    return time_machine.travel(dt.datetime.combine(day(days), dt.time(6, 30), dt.UTC), tick=False)


@pytest.mark.parametrize("whole", [False, True])
def test_kept_is_read_from_what_came_by_the_day(party, bill, whole):
    make.make_payment(party, 50_00)  # before it: counts for nothing
    promise = make.make_promise(party, 400_00, invoice=None if whole else bill)
    make.make_payment(party, 150_00)
    assert promises.read(promise) == promises.Standing("waiting", 150_00, 250_00)
    last = make.make_payment(party, 250_00)
    assert promises.read(promise) == promises.Standing("kept", 400_00, 0)
    posting.cancel_payment(last, make.make_user(), "bounced")
    assert promises.read(promise) == promises.Standing("waiting", 150_00, 250_00)


@pytest.mark.parametrize("whole", [False, True])
def test_money_that_comes_after_the_day_does_not_keep_it_and_money_of_the_day_entered_later_does(party, bill, whole):
    late = make.make_promise(party, 400_00, invoice=None if whole else bill)
    with later(4):
        assert state(late) == "broken"
        payment = make.make_payment(party, 400_00)
        assert state(late) == "broken"
        posting.cancel_payment(payment, make.make_user(), "wrong day")
        make.make_payment(party, 400_00, on=today() - dt.timedelta(days=1))
        assert state(late) == "kept"


def test_a_new_promise_replaces_the_old_one_which_stays_and_one_that_was_broken_stays_broken(party, bill):
    first = make.make_promise(party, 400_00, invoice=bill)
    second = make.make_promise(party, 300_00, invoice=bill, days=2)
    with later(3):
        third = make.make_promise(party, 300_00, invoice=bill, days=5)
    for promise in (first, second, third):
        promise.refresh_from_db()
    assert [promise.status for promise in (first, second, third)] == ["replaced", "replaced", "made"]
    assert [state(promise) for promise in (first, second, third)] == ["replaced", "broken", "waiting"]


def test_nothing_of_a_promise_can_be_changed_or_deleted(party, bill):
    promise = make.make_promise(party, 400_00, invoice=bill)
    found = Promise.objects.filter(pk=promise.pk)
    for change in ({"amount_paise": 1}, {"promised_on": day(9)}, {"note": "x"}, {"made_by": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            found.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        found.delete()
    promises.withdraw(promise, make.make_user())
    with pytest.raises(IntegrityError), transaction.atomic():
        found.update(status="made", ended_at=None)


# --- promising from the portal ------------------------------------------------------------------------------


def test_a_customer_promises_for_an_invoice_and_both_sides_see_it(client, desk, party, bill):
    where = at(party, f"promise/?invoice={bill.public_id}")
    assert client.get(where).context["form"]["amount"].value() == "1000.00"
    assert client.post(where, said(note="after harvest")).status_code == 302
    promise = Promise.objects.get()
    assert (promise.invoice_id, promise.amount_paise, promise.promised_on, promise.status) == (
        bill.pk, 400_00, day(3), "made",
    )  # fmt: skip
    row = {"title": f"₹400.00 by {date_format(day(3), 'DATE_FORMAT')}", "state": "Promised"}
    pages = (
        (client, at(party)), (client, at(party, f"invoices/{bill.public_id}/")), (client, at(party, "ledger/")),
        (desk, f"/m/ram/invoices/{bill.public_id}/"), (desk, f"/m/ram/parties/{party.public_id}/"),
    )  # fmt: skip
    for browser, page in pages:
        (shown,) = browser.get(page).context["talks"]
        assert {"title": shown.title, "state": shown.state} == row
    assert "after harvest" in text_of(desk.get("/m/ram/promises/"))
    waiting = desk.get("/m/ram/").context["waiting"]
    assert (waiting.week, waiting.week_paise, waiting.late) == (1, 400_00, 0)


def test_sent_twice_it_stands_once_and_other_contents_are_refused(client, party):
    first = said()
    assert [client.post(at(party, "promise/"), first).status_code for _ in range(2)] == [302, 302]
    assert client.post(at(party, "promise/"), first | {"amount": "500"}).status_code == 422
    assert Promise.objects.values_list("amount_paise", flat=True).get() == 400_00


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"amount": "0"}, {"amount": ["The amount must be more than zero."]}),
        ({"amount": "1000.01"}, {"amount": ["Only ₹1,000.00 is due. Promise at most that."]}),
        ({"amount": "x"}, {"amount": ["This is not an amount we can read. Write it like 1,18,000.50."]}),
        ({"promised_on": ""}, {"promised_on": ["Choose the day."]}),
        ({"promised_on": day(-1).isoformat()}, {"promised_on": ["This day has passed. Choose today or a later day."]}),
        ({"note": "x" * 201}, {"note": ["This is too long: at most 200 characters."]}),
    ],
)
def test_what_cannot_be_promised_is_said_next_to_the_field(client, party, fields, wrong):
    answer = client.post(at(party, "promise/"), said(**fields))
    assert (answer.status_code, set(errors(answer))) == (400, set(wrong))
    if fields["amount" if "amount" in fields else next(iter(fields))] != "x":
        assert errors(answer) == wrong
    assert Promise.objects.count() == 0


def test_the_shop_limits_the_day_or_takes_no_promises(client, party, business, bill):
    Business.objects.filter(pk=business.pk).update(promise_days=2)
    late = errors(client.post(at(party, "promise/"), said()))
    assert late == {"promised_on": [f"The shop takes promises up to {show_date(day(2))}. Choose an earlier day."]}
    Business.objects.filter(pk=business.pk).update(promise_days=0)
    assert "takes no promises here" in text_of(client.get(at(party, "promise/")))
    assert client.post(at(party, "promise/"), said()).status_code == 400
    assert "promise" not in text_of(client.get(at(party, f"invoices/{bill.public_id}/"))).lower()


def test_nothing_is_promised_where_nothing_is_due(client, party, bill):
    make.make_payment(party, 1000_00)
    assert not client.get(at(party, "promise/")).context["can_promise"]
    answer = client.post(at(party, f"promise/?invoice={bill.public_id}"), said())
    assert errors(answer) == {"__all__": ["Nothing is due here any more."]}


def test_taking_it_back_lets_the_shop_remind_again(client, party, bill):
    promise = make.make_promise(party, 400_00, invoice=bill)
    for _ in range(2):
        assert client.post(at(party, f"promise/{promise.public_id}/take-back/")).status_code == 302
    assert (state(promise), silenced()) == ("withdrawn", set())


def test_the_shop_may_wait_no_longer(desk, party, bill):
    promise = make.make_promise(party, 400_00, invoice=bill)
    assert desk.post(f"/m/ram/promises/{promise.public_id}/end/").status_code == 302
    assert (state(promise), silenced()) == ("withdrawn", set())


def test_ten_promises_a_day_are_enough(party, bill):
    for _ in range(10):
        make.make_promise(party, 10_00)
    with pytest.raises(promises.PromiseRefused, match="often today"):
        make.make_promise(party, 10_00)


def test_a_helper_for_orders_promises_nothing_and_reads_nothing(party, bill):
    helper, munim = make.new_phone(), make.new_phone()
    parties.add_person(party, helper, "", PartyPerson.Role.ORDERS, None)
    parties.add_person(party, munim, "", PartyPerson.Role.ACCOUNTANT, None)
    promise = make.make_promise(party, 333_00, invoice=bill)
    browser = make.customer_client(helper)
    for tail in ("promise/", f"promise/{promise.public_id}/take-back/"):
        assert browser.post(at(party, tail), said()).status_code == 403
    assert "333" not in text_of(browser.get(at(party)))
    assert make.customer_client(munim).post(at(party, "promise/"), said()).status_code == 302


# --- through the link of an invoice -------------------------------------------------------------------------


@pytest.fixture
def link(bill):
    return links.path(links.for_invoice(bill, None))


def test_whoever_holds_the_link_promises_for_that_invoice_alone(link, party, bill):
    other = make.make_invoice(party, paise=777_00)
    make.make_promise(party, 55_00, note="private")
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(f"{link}/promise")
    assert (page.status_code, page.cookies) == (200, {})
    assert [word in text_of(page) for word in ("777", "1,777", other.number, "private", "55.00")] == [False] * 5
    assert browser.post(f"{link}/promise", said()).status_code == 302
    promise = Promise.objects.latest("pk")
    assert (promise.invoice_id, promise.made_by_id, promise.amount_paise) == (bill.pk, None, 400_00)
    assert silenced() == {bill.pk, other.pk}
    assert "₹400.00 by" in text_of(browser.get(f"{link}/promise"))


def test_behind_a_link_a_form_acts_once_and_other_contents_are_refused(link):
    first, browser = said(), Client()
    assert [browser.post(f"{link}/promise", first).status_code for _ in range(2)] == [302, 302]
    assert browser.post(f"{link}/promise", first | {"amount": "500"}).status_code == 422
    assert browser.post(f"{link}/promise", said(amount="5000")).status_code == 400
    assert Promise.objects.values_list("amount_paise", flat=True).get() == 400_00


def test_an_ended_link_promises_nothing_and_a_credit_notes_neither(link, party, bill):
    note = make.make_credit_note(original=bill, lines=[make.line(paise=10_00)])
    assert Client().post(links.path(links.for_invoice(note, None)) + "/promise", said()).status_code == 404
    parties.set_shared(party, False, make.make_user())
    assert Client().post(f"{link}/promise", said()).status_code == 410
    assert Promise.objects.count() == 0


def test_a_stranger_with_the_link_cannot_use_up_what_the_owner_may_promise(link, client, party):
    answers = [Client().post(f"{link}/promise", said(amount=str(n))).status_code for n in range(10, 21)]
    assert answers == [302] * 10 + [400]
    assert client.post(at(party, "promise/"), said()).status_code == 302


# --- expected cash ------------------------------------------------------------------------------------------


def test_expected_cash_is_told_by_day_less_what_has_come(desk, business, party, bill):
    other = make.make_party(business, name="Sita Stores")
    make.make_invoice(other, paise=900_00)
    stranger = make.make_party(make.make_business())
    make.make_invoice(stranger, paise=5000_00)
    make.make_promise(stranger, 5000_00)
    make.make_promise(party, 400_00, invoice=bill, days=3)
    make.make_promise(other, 900_00, days=20)
    make.make_payment(party, 150_00)
    page = desk.get("/m/ram/promises/")
    days = [(date_format(day(n), "DATE_FORMAT"), paise, "1 promise") for n, paise in ((3, "₹250.00"), (20, "₹900.00"))]
    assert (page.context["days"], page.context["total"]) == (days, "₹1,150.00")
    with later(4):
        expected = promises.expected(business)
        late = desk.get("/m/ram/promises/?show=late").context["rows"]
    assert (expected.late_paise, expected.week_paise, expected.later_paise) == (250_00, 0, 900_00)
    assert [(row.party, row.state) for row in late] == [("Shree Ganesh", "Not kept")]
    rows = list(csv.reader(b"".join(desk.get("/m/ram/reports/promised.csv")).decode("utf-8-sig").splitlines()))
    assert [row[:7] for row in rows[1:3]] == [
        [day(3).isoformat(), "Shree Ganesh", bill.number, "400.00", "150.00", "250.00", "Promised"],
        [day(20).isoformat(), "Sita Stores", "Balance", "900.00", "0.00", "900.00", "Promised"],
    ]


@pytest.mark.parametrize("rows", [1, 3])
def test_pages_cost_the_same_with_one_promise_as_with_three(client, desk, party, rows, django_assert_num_queries):
    for _ in range(rows):
        make.make_promise(party, 10_00, invoice=make.make_invoice(party))
    with django_assert_num_queries(DOORS + 1):
        client.get(at(party, "promise/"))
    with django_assert_num_queries(DOORS + 2):
        desk.get("/m/ram/promises/")

"""Many at once: no number twice or missing, no code twice, no last piece twice; and proof that the races are real."""

import time
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import Client

from accounts import asking, corrections, drainer, india, parties
from accounts.asking import RequestRefused
from accounts.models import DataRequest, Device, IdempotencyKey, LoginChallenge, Party, User
from catalog import orders
from catalog.models import Item, Order
from catalog.orders import OrderRefused
from ledger import links, posting, statements
from ledger.models import Allocation, Entry, Invoice, OpenItem, Series
from ledger.posting import PostingRefused
from tests import factories
from tests.gateways import EVERYWHERE, Recording
from tests.threads import in_parallel

pytestmark = pytest.mark.django_db(transaction=True)


# --- Numbers ------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_fifty_threads_issue_invoices_1_to_50_without_a_gap() -> None:
    """Ten parties, and every fifth draft is refused in the middle of it: a refusal gives its number back."""
    owner = factories.make_user()
    business = factories.make_business(owner=owner)
    customers = [factories.make_party(business) for _ in range(10)]
    drafts = [factories.make_draft(customers[n % 10], paise=100 + n) for n in range(50)]

    def issue(n: int) -> int:
        try:
            with transaction.atomic():
                posting.issue(drafts[n], owner)
                if n % 5 == 0:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        sequence = posting.issue(drafts[n], owner).sequence
        assert sequence is not None
        return sequence

    assert sorted(in_parallel(issue, 50)) == list(range(1, 51))
    assert Series.objects.get().next_number == 51
    assert Invoice.objects.filter(status="issued").values("number").distinct().count() == 50


@pytest.mark.postgres
def test_without_the_lock_two_threads_take_the_same_number() -> None:
    """The control: read, then write, is the race that the locked series row prevents."""
    business = factories.make_business()
    year = india.financial_year(india.today())
    series = Series.objects.create(business=business, kind="invoice", financial_year=year, pattern="INV/####")

    def take(_n: int) -> int:
        with transaction.atomic():
            mine = Series.objects.get(pk=series.pk).next_number
            time.sleep(0.02)
            Series.objects.filter(pk=series.pk).update(next_number=mine + 1)
        return mine

    taken = in_parallel(take, 10)
    assert len(set(taken)) < 10
    Series.objects.all().delete()


@pytest.mark.postgres
def test_one_draft_issued_by_twenty_threads_is_one_invoice() -> None:
    owner = factories.make_user()
    draft = factories.make_draft(factories.make_party())
    assert set(in_parallel(lambda _n: posting.issue(draft, owner).sequence, 20)) == {1}
    assert Entry.objects.count() == 1


@pytest.mark.postgres
def test_bills_and_payments_of_one_party_at_once_leave_a_right_book() -> None:
    owner = factories.make_user()
    party = factories.make_party(factories.make_business(owner=owner))

    def work(n: int) -> None:
        mine = Party.objects.get(pk=party.pk)
        if n % 2:
            factories.make_payment(mine, 70_00)
        else:
            invoice = factories.make_invoice(mine)
            if n % 8 == 0:
                posting.cancel_invoice(invoice, owner, "wrong")

    in_parallel(work, 32)
    assert statements.balance(party) == (16 - 4) * 100_00 - 16 * 70_00
    assert not OpenItem.objects.filter(settled_paise__gt=F("total_paise")).exists()


@pytest.mark.postgres
def test_one_advance_is_spent_once_by_ten_threads() -> None:
    owner = factories.make_user()
    party = factories.make_party(factories.make_business(owner=owner))
    bills = [factories.make_invoice(party) for _ in range(10)]
    advance = factories.make_payment(party, 100_00, shares=[])

    def spend(n: int) -> bool:
        try:
            posting.allocate_payment(advance, [(bills[n].open_item.pk, 60_00)], owner)
        except PostingRefused:
            return False
        return True

    assert sum(in_parallel(spend, 10)) == 1
    assert Allocation.objects.get().amount_paise == 60_00


# --- Logging in ---------------------------------------------------------------------------------------------


@pytest.fixture
def _recorded(settings: Any) -> None:
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    Recording.sent.clear()
    Recording.faults.clear()


def _code_sent() -> str:
    drainer.drain()
    (text,) = (text for _by, _to, text in Recording.sent if "login code" in text)
    (digits,) = (word for word in text.split() if word.isdigit() and len(word) == 6)
    return digits


def _twin(browser: Client) -> Client:
    twin = Client()
    twin.cookies = browser.cookies.copy()  # type: ignore[assignment]
    return twin


@pytest.mark.usefixtures("_recorded")
def test_one_code_sent_forty_times_at_once_logs_a_merchant_in_once() -> None:
    user = factories.make_user()
    factories.make_business(owner=user)
    browser = Client()
    browser.post("/m/login/", {"phone": str(user.phone)})
    code = _code_sent()
    twins = [_twin(browser) for _ in range(40)]
    answers = in_parallel(lambda n: twins[n].post("/m/login/code/", {"code": code}), 40)
    assert sum(answer.status_code == 302 and answer.headers["Location"] == "/m/" for answer in answers) == 1
    assert {answer.status_code for answer in answers} <= {302, 400}
    assert Device.objects.count() == 1
    assert LoginChallenge.objects.get().consumed_at is not None
    signed_in = [twin for twin in twins if twin.get("/m/new/").status_code == 200]
    assert len(signed_in) == 1


@pytest.mark.usefixtures("_recorded")
def test_one_code_sent_forty_times_at_once_logs_a_customer_in_once() -> None:
    book = factories.make_book()
    Recording.sent.clear()
    User.objects.filter(phone=book.owner_phone).update(consented_at=None)
    browser = Client()
    assert browser.post(links.path(book.portal_link), {"phone": book.owner_phone}).status_code == 302
    code = _code_sent()
    twins = [_twin(browser) for _ in range(40)]
    answers = in_parallel(lambda n: twins[n].post("/portal/code/", {"code": code}), 40)
    assert sum(answer.status_code == 302 and "welcome" in answer.headers["Location"] for answer in answers) == 1
    assert Device.objects.filter(user__phone=book.owner_phone).count() == 1
    assert LoginChallenge.objects.filter(consumed_at=None).count() == 0


@pytest.mark.usefixtures("_recorded")
def test_parallel_wrong_codes_end_the_challenge_after_five() -> None:
    user = factories.make_user()
    factories.make_business(owner=user)
    browser = Client()
    browser.post("/m/login/", {"phone": str(user.phone)})
    code = _code_sent()
    twins = [_twin(browser) for _ in range(30)]
    in_parallel(lambda n: twins[n].post("/m/login/code/", {"code": f"{(int(code) + 1 + n) % 10**6:06d}"}), 30)
    assert LoginChallenge.objects.get().tries == 5
    assert browser.post("/m/login/code/", {"code": code}).status_code == 400
    assert not Device.objects.exists()


# --- Orders -------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_many_customers_order_the_last_piece_and_one_gets_it() -> None:
    business = factories.make_business()
    item = factories.make_item(business, stock_milli=1_000)
    buyers = [(factories.make_party(business), factories.make_user()) for _ in range(12)]

    def order(n: int) -> bool:
        try:
            orders.place(*buyers[n], {item.pk: 1_000})
        except OrderRefused:
            return False
        return True

    assert sum(in_parallel(order, 12)) == 1
    assert Order.objects.get().number == 1
    item.refresh_from_db()
    assert (item.reserved_milli, item.available_milli) == (1_000, 0)


@pytest.mark.postgres
def test_without_the_conditional_update_the_last_piece_is_sold_twice() -> None:
    """The control: look, then reserve."""
    item = factories.make_item(factories.make_business(), stock_milli=1_000)

    def order(_n: int) -> bool:
        with transaction.atomic():
            seen = Item.objects.get(pk=item.pk)
            time.sleep(0.02)
            if seen.available_milli == 1_000:
                Item.objects.filter(pk=item.pk).update(reserved_milli=F("reserved_milli") + 1_000)
                return True
        return False

    assert sum(in_parallel(order, 6)) > 1
    Item.objects.update(reserved_milli=0)


@pytest.mark.postgres
def test_two_items_ordered_crosswise_do_not_deadlock() -> None:
    business = factories.make_business()
    items = [factories.make_item(business, stock_milli=1_000_000) for _ in range(2)]
    buyers = [(factories.make_party(business), factories.make_user()) for _ in range(10)]

    def order(n: int) -> int:
        wanted = items if n % 2 else items[::-1]
        return orders.place(*buyers[n], {item.pk: 1_000 for item in wanted}).number

    assert sorted(in_parallel(order, 10)) == list(range(1, 11))


@pytest.mark.postgres
def test_an_order_is_answered_once() -> None:
    business = factories.make_business()
    item, owner = factories.make_item(business, stock_milli=5_000), factories.make_user()
    order = orders.place(factories.make_party(business), owner, {item.pk: 2_000})
    answers = [Order.Status.DECLINED, Order.Status.CANCELLED] * 5

    def close(n: int) -> bool:
        try:
            orders.close(order, answers[n], owner)
        except OrderRefused:
            return False
        return True

    assert sum(in_parallel(close, 10)) == 5, "a repeat of the answer that won is no refusal"
    item.refresh_from_db()
    assert item.reserved_milli == 0


# --- Forms --------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_without_the_unique_key_a_double_click_pays_twice() -> None:
    """The control for test_idempotency: look for the key, then act."""
    owner = factories.make_user()
    business = factories.make_business(owner=owner)
    party = factories.make_party(business)

    def post(_n: int) -> None:
        scope = {"business": business, "user": owner, "purpose": "payment"}
        with transaction.atomic():
            if not IdempotencyKey.objects.filter(**scope, fingerprint="f").exists():
                time.sleep(0.02)
                IdempotencyKey.objects.create(**scope, key=str(time.perf_counter_ns()), fingerprint="f")
                factories.make_payment(Party.objects.get(pk=party.pk), 5_00)

    in_parallel(post, 6)
    assert Entry.objects.count() > 1


@pytest.mark.postgres
def test_one_number_saved_for_two_parties_at_once_by_two_hands() -> None:
    """The second main number waits for the first one's party row and finds it taken."""
    owner = factories.make_user()
    party = factories.make_party(factories.make_business(owner=owner))

    def add(n: int) -> bool:
        try:
            return parties.add_person(party, factories.new_phone(), "", "owner", owner).is_main
        except IntegrityError:
            return False

    assert sum(in_parallel(add, 8)) == 1
    assert party.people.count() == 8


# --- What customers ask about their data --------------------------------------------------------------------


@pytest.mark.postgres
def test_a_correction_is_answered_once_whoever_presses_and_asked_once_whoever_sends() -> None:
    """Ten of the shop's people take it over or decline at once, then ten browsers of one person ask at once."""
    owner, buyer = factories.make_user(), factories.make_user()
    party = factories.make_party(factories.make_business(owner=owner), factories.new_phone(), "Anil Stores")
    asked = factories.make_correction(party, name="Anil & Sons", by=buyer)
    shown = corrections.fingerprint(corrections.current(party, str(party.people.get().phone)))

    def answer(n: int) -> str:
        try:
            if n % 2:
                return asking.decline(asked, owner, "no").status
            return corrections.accept(asked, owner, ["name"], shown=shown).status
        except RequestRefused:
            return "refused"

    answers = in_parallel(answer, 10)
    assert answers.count("refused") == 9
    status = DataRequest.objects.get().status
    name = "Anil & Sons" if status == "accepted" else "Anil Stores"
    assert (status in answers, Party.objects.get(pk=party.pk).name) == (True, name)

    in_parallel(lambda n: factories.make_correction(party, city=f"Pune {n}", by=buyer).pk, 10)
    again = DataRequest.objects.exclude(pk=asked.pk)
    assert (again.filter(status="open").count(), again.filter(status="replaced").count()) == (1, 9)

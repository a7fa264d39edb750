"""The customer's pages: the right figures for the right people, in few queries, and nothing of anybody else."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import parties
from accounts.india import fy_start, today
from accounts.models import Party, PartyPerson
from catalog import orders
from ledger import links, posting, sharing
from ledger.models import LinkOpen
from tests import factories as make

pytestmark = pytest.mark.django_db

# Beside session, user, device and scope.
BASE = 4


@pytest.fixture
def business():
    return make.make_business("Ram Kirana", upi_id="ram@okaxis")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def client(party):
    return make.customer_client(party)


def at(party, tail=""):
    return f"/portal/{party.public_id}/{tail}"


def text_of(client, path, status=200):
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def person(party, role):
    """A browser of one more number of this party."""
    number = make.new_phone()
    parties.add_person(party, number, "", role, None)
    return make.customer_client(number)


def days_ago(n):
    return today() - dt.timedelta(days=n)


# --- the dashboard ------------------------------------------------------------------------------------------


def test_one_who_owes_reads_how_much_and_by_when(client, party):
    make.make_invoice(party, paise=200_00, on=days_ago(30), due_on=days_ago(1))
    make.make_invoice(party, paise=150_00, on=days_ago(3), due_on=days_ago(-7))
    make.make_invoice(party, paise=50_00, on=days_ago(3), due_on=days_ago(-8))
    text = text_of(client, at(party))
    assert "You owe Ram Kirana" in text
    for amount in ("₹400.00", "₹200.00", "₹150.00", "₹50.00"):
        assert amount in text
    assert 'width="50%"' in text
    assert 'width="88%"' in text
    assert f'href="{at(party, "pay/")}">Pay</a>' in text


def test_one_in_credit_reads_that_the_shop_owes_them_and_is_not_asked_to_pay(client, party):
    make.make_payment(party, 75_00)
    text = text_of(client, at(party))
    assert "Ram Kirana owes you" in text
    assert "₹75.00" in text
    assert "upi://" not in text


def test_one_who_is_even_reads_so(client, party):
    make.make_invoice(party, paise=100_00)
    make.make_payment(party, 100_00)
    assert "All settled with Ram Kirana" in text_of(client, at(party))


def test_a_new_customer_sees_kind_empty_pages(client, party):
    assert "No invoices yet" in text_of(client, at(party))
    assert "Nothing was billed or paid in this period." in text_of(client, at(party, "ledger/"))
    assert "No orders yet" in text_of(client, at(party, "orders/"))


# --- invoices -----------------------------------------------------------------------------------------------


def test_drafts_are_the_merchants_own_business(client, party):
    draft = make.make_invoice(party, issued=False, paise=987_00)
    assert "987" not in text_of(client, at(party, "invoices/"))
    assert client.get(at(party, f"invoices/{draft.public_id}/")).status_code == 404
    assert client.get(at(party, f"invoices/{draft.public_id}/pdf")).status_code == 404


def test_the_list_filters_by_status_and_number(client, party):
    on = {"on": days_ago(9)}
    overdue = make.make_invoice(party, due_on=days_ago(1), **on)
    unpaid, part, paid = make.make_invoice(party, **on), make.make_invoice(party, **on), make.make_invoice(party, **on)
    note = make.make_credit_note(party)
    user = make.make_user()
    for invoice, amount in ((part, 40_00), (paid, 100_00)):
        make.make_payment(party, amount, shares=[(invoice.open_item.pk, amount)], by=user)
    bills = {overdue, unpaid, part, paid}

    def listed(query):
        text = text_of(client, at(party, f"invoices/{query}"))
        return {invoice for invoice in {*bills, note} if f">{invoice.number}<" in text}

    assert listed("") == bills
    assert listed("?status=overdue") == {overdue}
    assert listed("?status=unpaid") == {overdue, unpaid}
    assert listed("?status=part_paid") == {part}
    assert listed("?status=paid") == {paid}
    assert listed("?status=credit") == {note}
    assert listed("?status=nonsense") == bills
    assert listed(f"?q={part.number[-5:]}&status=part_paid") == {part}
    assert listed("?q=no-such-number") == set()


@pytest.mark.parametrize("query", ["q=%00", "q=" + "x" * 300, "after=zzz", "before=%00", "after='", "status[]=1"])
def test_nonsense_in_the_address_of_a_list_does_no_harm(client, party, query):
    make.make_invoice(party)
    assert client.get(at(party, f"invoices/?{query}")).status_code == 200
    assert client.get(at(party, f"store/?{query}&category=x")).status_code == 200
    assert client.get(at(party, f"ledger/?{query}")).status_code == 200


def test_long_lists_go_on_by_page_and_back(client, party):
    numbers = [make.make_invoice(party, on=days_ago(n)).number for n in range(23)]
    first = client.get(at(party, "invoices/"))
    assert numbers[19] in first.content.decode()
    assert numbers[20] not in first.content.decode()
    second = client.get(at(party, "invoices/") + first.context["listed"].older)
    assert [number in second.content.decode() for number in numbers[19:]] == [False, True, True, True]
    back = client.get(at(party, "invoices/") + second.context["listed"].newer)
    assert [row.number for row in back.context["invoices"]] == numbers[:20]


def test_an_invoice_inside_names_the_payments_that_settled_it(client, party):
    invoice = make.make_invoice(party, paise=500_00)
    payment = make.make_payment(party, 200_00, mode="upi", reference="UTR4120")
    text = text_of(client, at(party, f"invoices/{invoice.public_id}/"))
    for word in (payment.number, "UTR4120", "₹200.00", "₹300.00", "still due of ₹500.00"):
        assert word in text


def test_settled_is_not_called_paid_where_something_but_money_settled_it(client, party):
    paid, credited, gift = (make.make_invoice(party, paise=paise) for paise in (100_00, 200_00, 0))
    make.make_payment(party, 100_00)
    make.make_payment(party, 150_00, tds_paise=10_00)
    make.make_credit_note(original=credited, paise=40_00)
    words = {row.number: row.status for row in client.get(at(party, "invoices/?status=paid")).context["invoices"]}
    assert words == {paid.number: "Paid", credited.number: "Settled", gift.number: "Settled"}
    text = text_of(client, at(party, f"invoices/{credited.public_id}/"))
    assert "Settled: ₹150.00 paid, ₹40.00 credited, ₹10.00 TDS. Nothing is due." in text
    assert "Paid in full. Nothing is due." in text_of(client, at(party, f"invoices/{paid.public_id}/"))
    ledger = text_of(client, at(party, "ledger/"))
    assert '<span class="badge paid">' not in ledger


def test_the_pdf_is_named_by_the_number(client, party):
    invoice = make.make_invoice(party)
    response = client.get(at(party, f"invoices/{invoice.public_id}/pdf"))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="{invoice.number.replace("/", "-")}.pdf"'


# --- the ledger ---------------------------------------------------------------------------------------------


def test_the_ledger_runs_from_opening_to_closing(client, party):
    make.make_invoice(party, paise=1000_00, on=days_ago(40))
    make.make_payment(party, 300_00, on=days_ago(20), mode="upi", reference="UTR77")
    invoice = make.make_invoice(party, paise=50_00, on=days_ago(10))
    response = client.get(at(party, f"ledger/?start={days_ago(30)}&end={days_ago(5)}"))
    text = response.content.decode()
    assert [(row.title, row.balance) for row in response.context["rows"]] == [
        ("Payment, UPI", "₹700.00 Dr"),
        (f"Invoice {invoice.number}", "₹750.00 Dr"),
    ]
    assert (response.context["opening"], response.context["closing"]) == ("₹1,000.00 Dr", "₹750.00 Dr")
    assert "UTR77" in text
    assert at(party, f"invoices/{invoice.public_id}/") in text


def test_an_advance_is_shown_as_credit_with_what_is_not_used(client, party):
    make.make_payment(party, 500_00)
    response = client.get(at(party, "ledger/"))
    (row,) = response.context["rows"]
    assert row.balance == "₹500.00 Cr"
    assert "₹500.00 not used for a bill yet" in row.note


def test_a_cancelled_invoice_and_its_reversal_both_stand_in_the_ledger(client, party):
    invoice = make.make_invoice(party, paise=80_00)
    posting.cancel_invoice(invoice, make.make_user(), "typed twice")
    response = client.get(at(party, "ledger/"))
    titles = [row.title for row in response.context["rows"]]
    assert titles == [f"Invoice {invoice.number}", f"Cancelled: Invoice {invoice.number}"]
    assert response.context["closing"] == "₹0.00"
    assert "typed twice" not in response.content.decode()


def test_days_stand_under_their_year_where_a_period_has_several(client, party):
    year = today().year
    for day in (dt.date(year - 2, 12, 30), dt.date(year - 2, 12, 31), dt.date(year - 1, 1, 1)):
        make.make_invoice(party, on=day)

    def read(query):
        context = client.get(at(party, f"ledger/?{query}")).context
        return context["first_year"], [(row.year, row.date) for row in context["rows"]], context["last_year"]

    before, last, now = str(year - 2), str(year - 1), str(year)
    assert read("period=all") == ("", [(before, "30 Dec"), ("", "31 Dec"), (last, "1 Jan")], now)
    assert read(f"start={before}-12-01&end={last}-01-31") == (
        before,
        [("", "30 Dec"), ("", "31 Dec"), (last, "1 Jan")],
        "",
    )
    assert read(f"start={before}-12-01&end={before}-12-31") == ("", [("", "30 Dec"), ("", "31 Dec")], "")


def test_own_days_stand_as_chosen_and_stay_open_for_everything(client, party):
    assert 'value="2026' not in text_of(client, at(party, "ledger/?period=all"))
    assert "2000" not in text_of(client, at(party, "ledger/?period=all"))
    assert f'value="{today():%Y-%m-%d}"' in text_of(client, at(party, "ledger/?period=this-month"))


def test_named_periods_are_what_they_say(client, party):
    day, year = today(), fy_start(today())
    last_month_end = day.replace(day=1) - dt.timedelta(days=1)
    expected = {
        "this-month": (day.replace(day=1), day),
        "last-month": (last_month_end.replace(day=1), last_month_end),
        "this-year": (year, day),
        "last-year": (dt.date(year.year - 1, 4, 1), dt.date(year.year, 3, 31)),
        "all": (dt.date(2000, 1, 1), day),
        "": (year, day),
        "nonsense": (year, day),
    }
    for name, (start, end) in expected.items():
        period = client.get(at(party, f"ledger/?period={name}")).context["book"].period
        assert (period.start, period.end) == (start, end)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("start=2026-05-01&end=2026-04-01", "The last day is before the first"),
        ("start=2026-05-01", "Choose the last day."),
        ("start=yesterday&end=2026-04-01", "This is not a date we can read."),
        ("start=0001-01-01&end=9999-12-31", "Choose a day between 2000 and next year."),
    ],
)
def test_own_dates_that_make_no_sense_are_said_so(client, party, query, says):
    assert says in text_of(client, at(party, f"ledger/?{query}"), status=400)


def test_a_long_ledger_goes_on_with_its_balance(client, party):
    for _ in range(27):
        make.make_invoice(party, paise=10_00)
    first = client.get(at(party, "ledger/"))
    assert first.context["rows"][-1].balance == "₹250.00 Dr"
    second = client.get(at(party, "ledger/") + first.context["older"])
    assert second.context["before"] == "₹250.00 Dr"
    assert [row.balance for row in second.context["rows"]] == ["₹260.00 Dr", "₹270.00 Dr"]
    assert (second.context["closing"], second.context["older"]) == ("₹270.00 Dr", "")


# --- few queries --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tail", "count"),
    [
        ("", 4),
        ("invoices/", 1),
        ("ledger/", 6),
        ("pay/", 3),
        ("paid/", 1),
        ("orders/", 1),
        ("store/", 3),
        ("store/cart/", 1),
        ("profile/", 3),
        ("profile/correct/", 1),
        ("data/", 4),
        ("data/erase/", 1),
    ],
)
@pytest.mark.parametrize("rows", [1, 3])
def test_pages_cost_the_same_with_one_row_as_with_three(business, party, client, tail, count, rows):
    user = make.make_user()
    for _ in range(rows):
        invoice = make.make_invoice(party, on=days_ago(1))
        make.make_payment(party, 10_00, shares=[(invoice.open_item.pk, 10_00)], by=user)
        item = make.make_item(business)
        orders.place(party, user, {item.pk: 1000})
        make.make_correction(party, name=f"Shree Ganesh {item.pk}", by=user)
        link = links.for_invoice(invoice, user)
        sharing.send(link, "sms", user)
        LinkOpen.objects.create(business=business, link=link, event=LinkOpen.Event.OPENED)
    client.get(at(party, tail))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(at(party, tail)).status_code == 200
    assert len(queries) == BASE + count


@pytest.mark.parametrize("rows", [1, 3])
def test_one_invoice_costs_the_same_with_one_line_as_with_three(party, client, rows):
    invoice = make.make_invoice(party, lines=[make.line() for _ in range(rows)])
    with CaptureQueriesContext(connection) as queries:
        client.get(at(party, f"invoices/{invoice.public_id}/"))
    assert len(queries) == BASE + 4


def test_the_chooser_costs_one_query_for_any_number_of_shops():
    phone = make.new_phone()
    for name in ("A", "B", "C"):
        make.make_invoice(make.make_party(make.make_business(name), phone), paise=100_00)
    client = make.customer_client(phone)
    with CaptureQueriesContext(connection) as queries:
        text = text_of(client, "/portal/")
    assert len(queries) == BASE
    assert text.count("₹100.00") == 3
    assert "Search" not in text


def test_many_shops_are_searched_by_name_and_each_says_what_one_may_there(business):
    phone = make.new_phone()
    for n in range(9):
        make.make_party(make.make_business(f"Mill {n}"), phone, "Shree Ganesh")
    parties.add_person(make.make_party(business, make.new_phone(), "Anil"), phone, "", PartyPerson.Role.ORDERS, None)
    client = make.customer_client(phone)
    text = text_of(client, "/portal/")
    assert ("Search" in text, text.count("Mill ")) == (True, 9)
    assert text.count("Orders only: no balance") == 1
    found = text_of(client, "/portal/?q=mill 7")
    assert (found.count("Mill "), "Ram Kirana" in found) == (1, False)
    assert "Ram Kirana" in text_of(client, "/portal/?q=anil")
    assert "Nothing found" in text_of(client, "/portal/?q=zebra")


def test_with_one_shop_the_chooser_opens_it(client, party):
    assert client.get("/portal/")["Location"] == at(party)


# --- who sees what ------------------------------------------------------------------------------------------

TAILS = [
    "",
    "invoices/",
    "invoices/{invoice}/",
    "invoices/{invoice}/pdf",
    "ledger/",
    "gst/",
    "compare/",
    "store/",
    "store/cart/",
    "store/{item}/image",
    "orders/",
    "orders/{order}/",
    "profile/",
]
POSTS = ["store/cart/{item}/", "store/checkout/", "orders/{order}/cancel/", "orders/{order}/again/"]


def things(party):
    """One of everything of this party."""
    item = make.make_item(party.business)
    order = orders.place(party, make.make_user(), {item.pk: 1000})
    return {
        "invoice": make.make_invoice(party, paise=31337_00).public_id,
        "item": item.public_id,
        "order": order.public_id,
    }


@pytest.mark.parametrize("tail", TAILS)
def test_a_foreign_party_is_404_like_an_absent_one(business, client, tail):
    neighbour = make.make_party(business, make.new_phone())
    elsewhere = make.make_party(make.make_business(), make.new_phone())
    bodies = set()
    for other in (neighbour, elsewhere):
        response = client.get(at(other, tail.format(**things(other))))
        assert response.status_code == 404
        bodies.add(response.content)
    absent = client.get(f"/portal/000000000000/{tail.format(invoice='0' * 12, item='0' * 12, order='0' * 12)}")
    assert absent.status_code == 404
    assert bodies == {absent.content}


@pytest.mark.parametrize("tail", POSTS)
def test_nothing_is_done_at_a_foreign_party(business, client, tail):
    neighbour = make.make_party(business, make.new_phone())
    ids = things(neighbour)
    assert client.post(at(neighbour, tail.format(**ids)), {"quantity": "1"}).status_code == 404
    order = neighbour.orders.get()
    assert order.status == "placed"


@pytest.mark.parametrize("tail", [tail for tail in TAILS + POSTS if "{" in tail])
def test_things_of_others_are_404_inside_ones_own_pages(business, party, client, tail):
    neighbour = make.make_party(make.make_business(), make.new_phone())
    path = at(party, tail.format(**things(neighbour)))
    assert (client.post if tail in POSTS else client.get)(
        path, {"quantity": "1"} if tail in POSTS else {}
    ).status_code == 404
    # Of the same shop: papers are the party's own, goods are the shop's.
    if "item" not in tail:
        same_shop = make.make_party(business, make.new_phone())
        path = at(party, tail.format(**things(same_shop)))
        assert (client.post if tail in POSTS else client.get)(path).status_code == 404


def test_lists_hold_ones_own_rows_only(business, party, client):
    neighbour = make.make_party(business, make.new_phone())
    ids = things(neighbour)
    make.make_payment(neighbour, 4242_00)
    for tail in ("", "invoices/", "invoices/?q=INV", "invoices/?status=unpaid", "ledger/", "orders/"):
        text = text_of(client, at(party, tail))
        assert "31,337" not in text
        assert "4,242" not in text
        assert ids["invoice"] not in text
        assert ids["order"] not in text


@pytest.mark.parametrize("tail", ["", "ledger/", "invoices/", "store/", "orders/", "profile/"])
def test_stopped_sharing_ends_every_page_at_once(client, party, tail):
    assert client.get(at(party, tail)).status_code == 200
    parties.set_shared(party, False, make.make_user())
    assert client.get(at(party, tail)).status_code == 404
    parties.set_shared(party, True, make.make_user())
    assert client.get(at(party, tail)).status_code == 404


def test_a_removed_number_sees_nothing_more(party):
    owner, helper = make.customer_client(party), person(party, PartyPerson.Role.ACCOUNTANT)
    assert helper.get(at(party)).status_code == 200
    parties.remove_person(party.people.get(is_main=False), make.make_user())
    assert helper.get(at(party)).status_code == 404
    assert owner.get(at(party)).status_code == 404


def test_a_closed_business_is_gone(client, party):
    type(party.business).objects.update(is_active=False)
    assert client.get(at(party)).status_code == 404


def test_one_who_may_only_order_sees_no_money(party):
    helper = person(party, PartyPerson.Role.ORDERS)
    ids = things(party)
    for tail in ("invoices/", "invoices/{invoice}/", "invoices/{invoice}/pdf", "ledger/"):
        assert helper.get(at(party, tail.format(**ids))).status_code == 403
    for tail in ("", "store/", "store/cart/", "orders/", "orders/{order}/", "profile/"):
        text = text_of(helper, at(party, tail.format(**ids)))
        assert "31,337" not in text
        assert "/ledger/" not in text
    other = make.make_party(make.make_business(), make.new_phone())
    parties.add_person(other, str(party.people.get(is_main=False).phone), "", PartyPerson.Role.ORDERS, None)
    make.make_invoice(other, paise=31337_00)
    assert "31,337" not in text_of(make.customer_client(str(party.people.get(is_main=False).phone)), "/portal/")


def test_an_accountant_sees_everything_and_orders_nothing(party):
    accountant = person(party, PartyPerson.Role.ACCOUNTANT)
    ids = things(party)
    for tail in ("", "invoices/", "ledger/", "store/", "orders/", "orders/{order}/"):
        assert accountant.get(at(party, tail.format(**ids))).status_code == 200
    assert accountant.get(at(party, "store/cart/")).status_code == 403
    for tail in POSTS:
        assert accountant.post(at(party, tail.format(**ids)), {"quantity": "1"}).status_code == 403
    assert party.orders.get().status == "placed"


def test_the_profile_says_what_is_not_saved(client, party):
    assert text_of(client, at(party, "profile/")).count("not saved") == 3
    Party.objects.update(city="Pune", gstin="27AAPFU0939F1ZV", email="ganesh@example.in")
    text = text_of(client, at(party, "profile/"))
    assert "not saved" not in text
    assert "ganesh@example.in" in text


def test_an_empty_list_of_invoices_is_not_searched(client, party):
    assert 'role="search"' not in text_of(client, at(party, "invoices/"))
    assert 'role="search"' in text_of(client, at(party, "invoices/?q=nothing"))
    make.make_invoice(party)
    assert 'role="search"' in text_of(client, at(party, "invoices/"))


def test_the_profile_masks_the_numbers_of_others(party):
    owner = make.customer_client(party)
    helper = person(party, PartyPerson.Role.ORDERS)
    other = str(party.people.get(is_main=False).phone)
    text = text_of(owner, at(party, "profile/"))
    own = str(party.people.get(is_main=True).phone)
    assert f"+91 {own[3:8]} {own[8:]}" in text
    assert other[3:] not in text.replace(" ", "")
    assert f"•••• {other[-4:]}" in text
    assert f"•••• {own[-4:]}" not in text_of(helper, at(party, "profile/"))


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(client, party, tail, method):
    path = at(party, tail.format(**things(party)))
    with CaptureQueriesContext(connection) as queries:
        getattr(client, method)(path)
    assert make.changes(queries) == []

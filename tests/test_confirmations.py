"""Balance confirmation: what each side says, what is kept of it, and what is told when the book changes later."""

import csv
import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils.formats import date_format

from accounts import parties
from accounts.idempotency import new_key
from accounts.india import today
from accounts.models import PartyPerson
from ledger import confirmations, posting, talks
from ledger.models import BalanceConfirmation, ConfirmationRequest
from tests import factories as make

pytestmark = pytest.mark.django_db
DOORS = 4
ON = today() - dt.timedelta(days=10)


@pytest.fixture
def business():
    return make.make_business("Ram Kirana", make.make_user(name="Ramesh"), slug="ram")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def bill(party):
    """₹1,000 before the day, and ₹500 after it."""
    make.make_invoice(party, paise=500_00)
    return make.make_invoice(party, paise=1000_00, on=ON)


@pytest.fixture
def client(party, bill):
    return make.customer_client(party)


@pytest.fixture
def desk(business):
    return make.merchant_client(business.memberships.get().user)


def at(party, tail="balance/"):
    return f"/portal/{party.public_id}/{tail}"


def agrees(**fields):
    return {"form_key": new_key(), "on": ON.isoformat(), "seen_paise": "100000", "note": ""} | fields


def differs(**fields):
    return agrees(differs="1", theirs_amount="900", side="owe") | fields


def errors(response, form):
    return {name: list(words) for name, words in response.context[form].errors.items()}


def test_a_customer_agrees_with_the_balance_of_a_day_and_it_is_kept(client, desk, party):
    page = client.get(at(party), {"on": ON.isoformat()})
    assert (page.context["paise"], page.context["amount"]) == (1000_00, "₹1,000.00")
    assert client.post(at(party), agrees()).status_code == 302
    said = BalanceConfirmation.objects.get()
    assert (said.as_on, said.agrees, said.balance_paise, said.theirs_paise, said.role) == (
        ON, True, 1000_00, 1000_00, "owner",
    )  # fmt: skip
    for browser, where in ((client, at(party)), (desk, f"/m/ram/parties/{party.public_id}/confirm/")):
        (shown,) = browser.get(where).context["said"]
        assert (shown.state, shown.ours, shown.changed) == ("Agrees", "₹1,000.00 Dr", "")
    for browser, where in ((client, at(party, "balance/")), (desk, "/m/ram/confirmations/")):
        printed = browser.get(f"{where}{said.public_id}/")
        assert (printed.status_code, printed.context["one"].theirs) == (200, "₹1,000.00 Dr")


@pytest.mark.parametrize(("side", "theirs", "shown"), [("owe", 900_00, "₹900.00 Dr"), ("owed", -900_00, "₹900.00 Cr")])
def test_a_customer_says_what_theirs_is(client, party, side, theirs, shown):
    assert client.post(at(party), differs(side=side, note="TDS is missing")).status_code == 302
    said = BalanceConfirmation.objects.get()
    assert (said.agrees, said.balance_paise, said.theirs_paise, said.note) == (
        False, 1000_00, theirs, "TDS is missing",
    )  # fmt: skip
    assert client.get(at(party)).context["said"][0].theirs == shown


def test_the_balance_is_that_of_the_book_and_not_of_the_form(client, party, bill):
    posting.cancel_invoice(bill, make.make_user(), "mistake")
    answer = client.post(at(party), agrees())
    assert answer.status_code == 400
    assert "has changed while you looked" in answer.content.decode()
    assert answer.context["agree"]["seen_paise"].value() == "0"
    assert BalanceConfirmation.objects.count() == 0


def test_sent_twice_it_is_kept_once_and_other_contents_are_refused(client, party):
    first = differs()
    assert [client.post(at(party), first).status_code for _ in range(2)] == [302, 302]
    assert client.post(at(party), first | {"theirs_amount": "800"}).status_code == 422
    assert BalanceConfirmation.objects.values_list("theirs_paise", flat=True).get() == 900_00


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"theirs_amount": ""}, {"theirs_amount": ["Write the amount."]}),
        ({"theirs_amount": "1000"}, {"theirs_amount": ["This is the shop's balance too. Then you agree."]}),
        ({"side": "x"}, {"side": ["Please choose one from the list."]}),
        ({"note": "x" * 301}, {"note": ["This is too long: at most 300 characters."]}),
    ],
)
def test_what_is_wrong_is_said_next_to_the_field(client, party, fields, wrong):
    answer = client.post(at(party), differs(**fields))
    assert (answer.status_code, errors(answer, "differ")) == (400, wrong)


def test_a_day_to_come_cannot_be_confirmed(client, party):
    tomorrow = (today() + dt.timedelta(days=1)).isoformat()
    page = client.get(at(party), {"on": tomorrow})
    assert (page.status_code, errors(page, "day_form")) == (
        400, {"on": ["This day has not come yet. Choose today or an earlier one."]},
    )  # fmt: skip
    assert client.post(at(party), agrees(on=tomorrow)).status_code == 400
    for nonsense in ("", "x", "\x00", "0001-01-01", "9999-12-31"):
        assert client.post(at(party), agrees(on=nonsense)).status_code == 400
        assert client.get(at(party), {"on": nonsense}).status_code == 400
    assert client.post(at(party), agrees(seen_paise="9" * 40)).status_code == 400
    assert BalanceConfirmation.objects.count() == 0


def test_it_is_told_when_the_book_was_changed_since(client, party, bill):
    first = make.make_confirmation(party, on=ON)
    make.make_payment(party, 50_00)  # of today: no change of that day
    shown = [one.changed for one in client.get(at(party)).context["said"]]
    make.make_payment(party, 300_00, on=ON)
    shown += [one.changed for one in client.get(at(party)).context["said"]]
    make.make_invoice(party, paise=300_00, on=ON)
    shown += [one.changed for one in client.get(at(party)).context["said"]]
    assert shown == [
        "",
        "The book was changed since: ₹700.00 Dr now.",
        "Entries of that time were added since; the balance is the same.",
    ]
    first.refresh_from_db()
    assert (first.balance_paise, first.theirs_paise) == (1000_00, 1000_00)


def test_nothing_of_it_can_be_changed_or_deleted(party, bill):
    said = BalanceConfirmation.objects.filter(pk=make.make_confirmation(party, on=ON).pk)
    for deed in (lambda: said.update(note="x"), lambda: said.update(theirs_paise=1, agrees=False), said.delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            deed()


def test_the_shop_asks_once_per_day_and_the_customer_sees_it_until_it_is_answered(client, desk, party):
    where = f"/m/ram/parties/{party.public_id}/confirm/"
    form = {"form_key": new_key(), "on": ON.isoformat()}
    assert [desk.post(where, form).status_code for _ in range(2)] == [302, 302]
    assert desk.post(where, form | {"on": today().isoformat()}).status_code == 422
    assert desk.post(where, {"form_key": new_key(), "on": ON.isoformat()}).status_code == 302
    assert party.confirmation_requests.count() == 1
    assert [row.title.split()[0] for row in client.get(at(party, "")).context["talks"]] == ["Balance"]
    page = client.get(at(party))
    assert (page.context["asked"], page.context["on"]) == (ON, ON)
    client.post(at(party), differs())
    assert client.get(at(party)).context["asked"] is None
    assert client.get(at(party, "")).context["talks"] == []
    late = desk.post(where, {"form_key": new_key(), "on": (today() + dt.timedelta(days=1)).isoformat()})
    assert (late.status_code, "on" in late.context["form"].errors) == (400, True)


def test_a_shop_that_asks_for_every_day_fills_no_page(client, desk, party, business):
    owner = business.memberships.get().user
    make.make_query(make.make_invoice(party), "torn bags", by=make.make_user())
    days = [today() - dt.timedelta(days=n) for n in range(150)]
    ConfirmationRequest.objects.bulk_create(
        ConfirmationRequest(business=business, party=party, as_on=on, asked_by=owner) for on in reversed(days)
    )
    for browser, where in ((client, at(party, "")), (desk, f"/m/ram/parties/{party.public_id}/")):
        rows = browser.get(where).context["talks"]
        assert len(rows) == talks.MOST_SHOWN
        assert sum(row.title.startswith("Balance") for row in rows) == talks.MOST_SHOWN - 1
        assert rows[0].title.endswith(date_format(days[0], "DATE_FORMAT"))


def test_both_auditors_take_it_as_a_file(client, desk, party, bill):
    make.make_confirmation(party, on=ON, theirs=900_00, note="=cmd|' /C calc'!A0")
    make.make_payment(party, 300_00, on=ON)
    stranger = make.make_party(party.business, make.new_phone(), "Sita Stores")
    make.make_invoice(stranger)
    make.make_confirmation(stranger)

    def rows(browser, where):
        return list(csv.reader(b"".join(browser.get(where)).decode("utf-8-sig").splitlines()))[1:]

    (own,) = rows(client, at(party, "balance.csv"))
    assert [*own[:6], own[9], own[10]] == [
        ON.isoformat(), "Shree Ganesh", "Differs", "1000.00", "900.00", "-100.00", "'=cmd|' /C calc'!A0", "700.00",
    ]  # fmt: skip
    assert [row[1] for row in rows(desk, "/m/ram/reports/confirmations.csv")] == ["Shree Ganesh", "Sita Stores"]
    assert b"".join(client.get(at(party, "balance.xlsx")))[:2] == b"PK"
    assert client.get(at(party, "balance.pdf")).status_code == 404


def test_an_accountant_confirms_and_a_helper_for_orders_sees_nothing(party, bill, business):
    helper, munim = make.new_phone(), make.new_phone()
    parties.add_person(party, helper, "", PartyPerson.Role.ORDERS, None)
    parties.add_person(party, munim, "Munim ji", PartyPerson.Role.ACCOUNTANT, None)
    said = make.make_confirmation(party, on=ON)
    browser, neighbour = make.customer_client(helper), make.customer_client(make.make_party(business, make.new_phone()))
    for tail in ("balance/", "balance.csv", f"balance/{said.public_id}/"):
        assert [one.get(at(party, tail)).status_code for one in (browser, neighbour)] == [403, 404]
    assert browser.post(at(party), agrees()).status_code == 403
    assert make.customer_client(munim).post(at(party), agrees()).status_code == 302
    newest = BalanceConfirmation.objects.latest("pk")
    assert (newest.name, newest.role) == ("Munim ji", "accountant")


@pytest.mark.parametrize("rows", [1, 3])
def test_pages_cost_the_same_with_one_answer_as_with_three(client, desk, party, rows, django_assert_num_queries):
    for _ in range(rows):
        said = make.make_confirmation(party, on=ON)
    # what the shop asks for, the balance, what was said
    with django_assert_num_queries(DOORS + 3):
        client.get(at(party))
    with django_assert_num_queries(DOORS + 1):
        client.get(at(party, f"balance/{said.public_id}/"))
    with django_assert_num_queries(DOORS + 3):
        desk.get(f"/m/ram/parties/{party.public_id}/confirm/")
    with django_assert_num_queries(DOORS + 1):
        desk.get(f"/m/ram/confirmations/{said.public_id}/")
    with django_assert_num_queries(DOORS + 1):
        desk.get("/m/ram/reports/confirmations/")


def test_the_last_entry_counts_and_not_the_clock(party, bill):
    said = make.make_confirmation(party, on=ON)
    assert confirmations.change_words(confirmations.of_party(party).get()) == ""
    assert said.last_entry_id == max(party.entries.values_list("pk", flat=True))

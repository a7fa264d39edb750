"""The merchant's parties: list, form, one party with its ledger, and the numbers that may log in."""

import datetime as dt

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.utils.formats import date_format
from django.utils.timezone import localtime, now

from accounts import activity
from accounts.idempotency import new_key
from accounts.models import Activity, Message, Party
from ledger import links, sharing, statements
from ledger.models import ShareLink
from tests.factories import (
    customer_client,
    make_business,
    make_credit_note,
    make_invoice,
    make_item,
    make_party,
    make_payment,
    make_user,
    merchant_client,
    new_phone,
)

pytestmark = pytest.mark.django_db
# session, user, device, membership with business
DOORS = 4


@pytest.fixture
def owner():
    return make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make_business("Ram Kirana", owner, slug="ram", scheme="regular", gstin="27AAPFU0939F1ZV")


@pytest.fixture
def client(owner):
    return merchant_client(owner)


def form(**fields):
    blank = dict.fromkeys(
        [
            "phone",
            "person_name",
            "gstin",
            "state_code",
            "address",
            "city",
            "pin_code",
            "email",
            "credit_days",
            "credit_limit_paise",
            "reference",
            "note",
        ],
        "",
    )
    return blank | {"name": "Shree Ganesh", "language": "en", "form_key": new_key()} | fields


def edit(client, party, **fields):
    """Sent from the page as it stands now."""
    where = f"/m/ram/parties/{party.public_id}/edit/"
    return client.post(where, form(**fields) | {"shown": client.get(where).context["form"]["shown"].value()})


def balances(response):
    return [(row.name, row.balance, row.word) for row in response.context["rows"]]


# --- list ---------------------------------------------------------------------------------------------------


def test_the_list_shows_own_parties_with_balance_and_masked_number(client, shop):
    make_party(make_business(), new_phone(), "Shree Foreign")
    debtor = make_party(shop, "+919876543210", "Anand")
    advance = make_party(shop, name="Balaji")
    make_party(shop, name="Chetan")
    make_invoice(debtor, paise=118_000_00)
    make_payment(advance, 500_00)

    response = client.get("/m/ram/parties/")

    assert balances(response) == [
        ("Anand", "₹1,18,000.00", "to collect"),
        ("Balaji", "₹500.00", "to pay"),
        ("Chetan", "₹0.00", "settled"),
    ]
    page = response.content.decode()
    assert "+91 98•••• 3210" in page
    assert "9876543210" not in page
    assert "98765 43210" not in page
    assert "Foreign" not in page


@pytest.mark.parametrize("text", ["ganesh", "pune", "24aaach", "543210"])
def test_search_finds_a_party_by_name_city_gstin_or_a_part_of_the_number(client, shop, text):
    make_party(shop, "+919876543210", "Shree Ganesh", city="Pune", gstin="24AAACH7409R2Z6")
    make_party(shop, new_phone(), "Sai", city="Surat")
    make_party(make_business(), "+919876543210", "Ganesh elsewhere", city="Pune")

    response = client.get("/m/ram/parties/", {"q": text})

    assert [row.name for row in response.context["rows"]] == ["Shree Ganesh"]


def test_the_list_can_show_only_those_who_owe_or_only_those_who_are_owed(client, shop):
    make_invoice(make_party(shop, name="Owes"))
    make_payment(make_party(shop, name="Is owed"))
    make_party(shop, name="Quiet")

    assert [row.name for row in client.get("/m/ram/parties/?show=collect").context["rows"]] == ["Owes"]
    assert [row.name for row in client.get("/m/ram/parties/?show=pay").context["rows"]] == ["Is owed"]


def test_the_list_can_show_those_with_money_or_credit_notes_for_no_bill_yet(client, shop):
    settled = make_party(shop, name="All used")
    make_invoice(settled, paise=100_00)
    make_payment(settled, 100_00)
    both = make_party(shop, name="Owes and has")
    make_invoice(both, paise=100_00)
    make_payment(both, 30_00, shares=[])
    make_credit_note(make_party(shop, name="Returned"))
    make_invoice(make_party(shop, name="Owes"))
    make_payment(make_party(make_business(), name="Foreign"))
    assert [row.name for row in client.get("/m/ram/parties/?show=ahead").context["rows"]] == [
        "Owes and has",
        "Returned",
    ]


def test_a_search_that_makes_no_sense_shows_everything(client, shop):
    make_party(shop, name="Anand")
    response = client.get("/m/ram/parties/?show=nonsense&after=zz&q=%00")
    assert response.status_code == 200
    assert [row.name for row in response.context["rows"]] == ["Anand"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_one_query_whatever_its_length(client, shop, count, django_assert_num_queries):
    for _ in range(count):
        make_invoice(make_party(shop, new_phone()))
    with django_assert_num_queries(DOORS + 1):
        assert len(client.get("/m/ram/parties/").context["rows"]) == count


# --- form ---------------------------------------------------------------------------------------------------


def test_a_new_party_is_saved_with_its_number_and_the_state_of_its_gstin(client, shop):
    response = client.post(
        "/m/ram/parties/new/",
        form(phone="98765 43210", person_name="Ganesh", gstin="24aaach7409r2z6", credit_limit_paise="50,000"),
    )
    party = Party.objects.get(business=shop)
    assert response.headers["Location"] == f"/m/ram/parties/{party.public_id}/"
    assert (party.name, party.gstin, party.state_code) == ("Shree Ganesh", "24AAACH7409R2Z6", "24")
    assert party.credit_limit_paise == 50_000_00
    person = party.people.get()
    assert (str(person.phone), person.name, person.is_main) == ("+919876543210", "Ganesh", True)


def test_the_same_form_sent_twice_makes_one_party(client, shop):
    data = form()
    first, second = client.post("/m/ram/parties/new/", data), client.post("/m/ram/parties/new/", data)
    assert first.headers["Location"] == second.headers["Location"]
    assert Party.objects.filter(business=shop).count() == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Please fill this in."),
        ("phone", "12345", "Write a mobile number with ten digits, such as 98765 43210."),
        (
            "gstin",
            "27AAPFU9039F1ZV",
            "This GSTIN has a typing mistake: its last character does not fit. Compare the certificate.",
        ),
        ("gstin", "27AAPFU0939F1ZV", "This is your own GSTIN. Write the customer's."),
        ("credit_limit_paise", "-5", "The amount cannot be negative."),
        ("credit_limit_paise", "99999999999999", "This amount is too large: at most 999 crore rupees."),
        ("credit_days", "400", "This is too much: at most 365."),
        ("pin_code", "0123", "A PIN code has six digits."),
        ("reference", "K1", "Taken has this code already."),
    ],
)
def test_a_wrong_value_is_explained_at_its_field_and_nothing_is_lost(client, shop, field, value, words):
    make_party(shop, name="Taken", reference="K1")
    response = client.post("/m/ram/parties/new/", form(city="Pune", **{field: value}))
    assert response.status_code == 400
    assert response.context["form"].errors[field] == [words]
    assert response.context["form"]["city"].value() == "Pune"
    assert list(Party.objects.filter(business=shop).values_list("name", flat=True)) == ["Taken"]


def test_a_state_that_is_not_the_gstins_is_refused(client, shop):
    response = client.post("/m/ram/parties/new/", form(gstin="24AAACH7409R2Z6", state_code="27"))
    assert response.context["form"].errors["state_code"] == ["This GSTIN is of Gujarat."]


def test_another_business_may_use_the_same_code(client, shop):
    make_party(make_business(), reference="K1")
    assert client.post("/m/ram/parties/new/", form(reference="K1")).status_code == 302


def test_changing_the_number_ends_the_links_of_the_old_one(client, shop, owner):
    party = make_party(shop, "+919876543210", "Shree Ganesh")
    links.for_party(party, owner)
    response = edit(client, party, phone="98765 43211")
    assert response.status_code == 302
    assert str(party.people.get().phone) == "+919876543211"
    assert ShareLink.objects.live().count() == 0


def test_saving_without_changing_the_number_keeps_the_links(client, shop, owner):
    party = make_party(shop, "+919876543210", "Shree Ganesh")
    links.for_party(party, owner)
    page = client.get(f"/m/ram/parties/{party.public_id}/edit/")
    assert page.context["form"]["phone"].value() == "98765 43210"
    edit(client, party, phone="+91 98765 43210", city="Pune")
    party.refresh_from_db()
    assert party.city == "Pune"
    assert ShareLink.objects.live().count() == 1


# --- one party ----------------------------------------------------------------------------------------------


def test_the_page_says_the_balance_in_words_and_shows_the_full_number(client, shop):
    party = make_party(shop, "+919876543210", "Anand")
    make_invoice(party, paise=100_00)
    make_payment(party, 30_00)
    page = client.get(f"/m/ram/parties/{party.public_id}/").content.decode()
    assert "You will get" in page
    assert "₹70.00" in page
    assert "+91 98765 43210" in page


def test_the_ledger_of_a_period_begins_with_what_was_before(client, shop):
    party = make_party(shop)
    make_invoice(party, paise=100_00, on=dt.date(2026, 1, 31), due_on=dt.date(2026, 2, 15))
    make_invoice(party, paise=50_00, on=dt.date(2026, 2, 1), due_on=dt.date(2026, 2, 15))
    make_payment(party, 20_00, on=dt.date(2026, 3, 1))
    response = client.get(f"/m/ram/parties/{party.public_id}/?start=2026-02-01&end=2026-02-28")
    assert response.context["opening"] == "₹100.00 Dr"
    assert [(row.debit, row.credit, row.balance) for row in response.context["rows"]] == [("₹50.00", "", "₹150.00 Dr")]
    assert response.context["closing"] == "₹150.00 Dr"


def test_a_period_that_ends_before_it_begins_is_explained(client, shop):
    party = make_party(shop)
    response = client.get(f"/m/ram/parties/{party.public_id}/?start=2026-02-01&end=2026-01-01")
    assert response.context["period_form"].errors["end"] == ["The end lies before the beginning."]


def test_a_long_ledger_goes_on_where_the_page_ended(client, shop):
    party = make_party(shop)
    for paise in range(1, 31):
        make_invoice(party, paise=paise * 100)
    address = f"/m/ram/parties/{party.public_id}/"
    first = client.get(address)
    second = client.get(address, {"after": first.context["page"].next_cursor})
    assert (len(first.context["rows"]), len(second.context["rows"])) == (25, 5)
    assert second.context["opening"] == first.context["rows"][-1].balance == "₹325.00 Dr"
    assert second.context["rows"][-1].balance == second.context["closing"] == "₹465.00 Dr"
    assert 'rel="prev" href="?#ledger"' in second.content.decode()


def test_pages_of_a_ledger_go_back_as_they_went_forth(client, shop):
    party, period = make_party(shop), statements.this_financial_year()
    for paise in range(1, 8):
        make_invoice(party, paise=paise * 100)
    cursors = [""]
    while cursor := statements.page(party, period, cursors[-1], 2).next_cursor:
        cursors.append(cursor)
    assert len(cursors) == 4
    assert [statements.earlier(party, period, cursor, 2) for cursor in cursors[1:]] == cursors[:-1]
    assert statements.earlier(party, period, "nonsense", 2) == ""


def test_a_foreign_party_and_one_that_does_not_exist_give_the_same_404(client, shop):
    foreign = make_party(make_business(), name="Secret Stores")
    answers = [client.get(f"/m/ram/parties/{which}/") for which in (foreign.public_id, "zzzzzzzzzzzz")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    for name in ("edit/", "share/"):
        assert client.get(f"/m/ram/parties/{foreign.public_id}/{name}").status_code == 404
    for name in ("people/", "people/remove/", "sharing/", "sessions/end/", "share/"):
        assert client.post(f"/m/ram/parties/{foreign.public_id}/{name}", {"do": "stop"}).status_code == 404
    foreign.refresh_from_db()
    assert (foreign.is_shared, foreign.access_version) == (True, 1)


def test_the_keeper_of_another_book_gets_404(shop):
    stranger = make_user()
    make_business(owner=stranger)
    party = make_party(shop)
    assert merchant_client(stranger).get(f"/m/ram/parties/{party.public_id}/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_a_party_asks_the_same_queries_whatever_happened(
    client, shop, owner, count, django_assert_num_queries
):
    party = make_party(shop, new_phone())
    for _ in range(count):
        links.for_invoice(make_invoice(party), owner)
        make_payment(party, 10_00)
    # party with last login; balances, entries; open bills; open sums; people; links; what was seen; what was sent; claims;
    # what is promised and asked
    with django_assert_num_queries(DOORS + 11):
        assert len(client.get(f"/m/ram/parties/{party.public_id}/").context["rows"]) == 2 * count


def test_the_page_says_when_somebody_logged_in_last_and_who(client, shop):
    party = make_party(shop, "+919876543210", "Anand")
    address = f"/m/ram/parties/{party.public_id}/"
    assert "Nobody has logged in yet." in client.get(address).content.decode()
    party.people.update(name="Raju")
    activity.record_login(make_user("+919876543210"), [party, make_party(shop)], "Chrome, Android")
    at = date_format(localtime(), "DATE_FORMAT")
    page = client.get(address).content.decode()
    assert f"Last login: {at}" in page
    assert "Raju (Chrome, Android)" in page
    party.people.all().delete()
    assert "Raju" not in client.get(address).content.decode()


def test_a_party_without_entries_this_year_offers_to_see_everything(client, shop):
    party = make_party(shop)
    make_invoice(party, on=dt.date(2020, 5, 1), due_on=dt.date(2020, 5, 1))
    address = f"/m/ram/parties/{party.public_id}/"
    assert 'href="?period=all#ledger"' in client.get(address).content.decode()
    assert len(client.get(address + "?period=all").context["rows"]) == 1


def test_the_parts_of_the_form_are_folded_until_something_is_in_them(client, shop):
    def opened(page) -> list[bool]:
        return [part.is_open for part in page.context["form"].parts()]

    assert opened(client.get("/m/ram/parties/new/")) == [False, False, False]
    wrong = client.post("/m/ram/parties/new/", form(pin_code="0123", language="hi"))
    assert opened(wrong) == [True, False, True]
    party = make_party(shop, credit_days=0, state_code="")
    assert opened(client.get(f"/m/ram/parties/{party.public_id}/edit/")) == [False, True, False]


# --- people -------------------------------------------------------------------------------------------------


def test_a_second_number_may_be_added_once_and_taken_away(client, shop):
    party = make_party(shop, "+919876543210")
    address = f"/m/ram/parties/{party.public_id}/people/"
    new = {"phone": "98220 12345", "name": "Sunita", "role": "accountant", "form_key": new_key()}
    assert [client.post(address, new).status_code for _ in range(2)] == [302, 302]  # a double click
    assert party.people.count() == 2
    again = client.post(address, new | {"form_key": new_key()})
    assert again.status_code == 400
    assert again.context["person_form"].errors["phone"] == ["This number is saved here already."]
    added = party.people.get(phone="+919822012345")
    assert (added.role, added.is_main) == ("accountant", False)

    version = Party.objects.get(pk=party.pk).access_version
    client.post(f"{address}remove/", {"person": added.pk})
    with pytest.raises(ObjectDoesNotExist):
        added.refresh_from_db()
    assert Party.objects.get(pk=party.pk).access_version == version + 1


def test_a_number_of_another_party_cannot_be_taken_away_from_here(client, shop):
    party, other = make_party(shop, new_phone()), make_party(make_business(), new_phone())
    person = other.people.get()
    assert client.post(f"/m/ram/parties/{party.public_id}/people/remove/", {"person": person.pk}).status_code == 302
    assert other.people.get() == person


def test_a_landline_cannot_be_added(client, shop):
    party = make_party(shop)
    response = client.post(
        f"/m/ram/parties/{party.public_id}/people/", {"phone": "020 2345 6789", "role": "owner", "form_key": new_key()}
    )
    assert response.status_code == 400
    assert response.context["person_form"].errors["phone"] == [
        "Only a mobile number can get a code. Indian ones begin with 6, 7, 8 or 9."
    ]
    assert party.people.count() == 0


def test_who_changed_a_party_is_kept(client, shop, owner):
    client.post("/m/ram/parties/new/", form(phone="98765 43210"))
    party = Party.objects.get(business=shop)
    edit(client, party, phone="98765 43211")
    rows = Activity.objects.filter(business=shop, subject_kind="party", subject_id=str(party.pk), actor=owner)
    assert list(rows.order_by("id").values_list("verb", flat=True)) == [
        "party_added",
        "party_changed",
        "number_changed",
    ]


# --- home ---------------------------------------------------------------------------------------------------


def figures(context):
    return [(tile["label"], tile["value"], tile["note"]) for tile in context["tiles"]]


def test_home_sums_up_what_is_owed_overdue_and_received(client, shop):
    party = make_party(shop, name="Late Stores")
    long_ago = dt.date(2026, 1, 5)
    make_invoice(party, paise=100_00, on=long_ago, due_on=long_ago)
    make_invoice(party, paise=50_00)
    make_payment(make_party(shop), 20_00)
    make_invoice(make_party(make_business(), name="Foreign"), paise=999_00, on=long_ago, due_on=long_ago)
    context = client.get("/m/ram/").context
    assert figures(context) == [
        ("To collect", "₹150.00", "from 1 party"),
        ("Overdue", "₹100.00", "from 1 party"),
        ("Advances and credit notes", "₹20.00", "not used yet, 1 party"),
        ("Received this month", "₹20.00", "1 payment"),
        ("New orders", "0", "nothing waits"),
    ]
    assert [(row["name"], row["amount"], row["note"]) for row in context["overdue"]] == [
        ("Late Stores", "₹100.00", "1 bill")
    ]


def test_what_is_overdue_is_a_part_of_what_is_to_collect_and_advances_stand_beside_it(client, shop):
    """Home, the party's page and the customer's own count alike: bills whole, unused money a line of its own."""
    party = make_party(shop, new_phone(), "Late Stores")
    long_ago = dt.date(2026, 1, 5)
    make_invoice(party, paise=100_00, on=long_ago, due_on=long_ago)
    make_invoice(party, paise=7_00)
    make_payment(party, 30_00, shares=[])
    make_credit_note(party, paise=5_00)
    make_payment(make_party(shop, name="Pays ahead"), 900_00)
    assert figures(client.get("/m/ram/").context)[:3] == [
        ("To collect", "₹107.00", "from 1 party"),
        ("Overdue", "₹100.00", "from 1 party"),
        ("Advances and credit notes", "₹935.00", "not used yet, 2 parties"),
    ]
    page = client.get(f"/m/ram/parties/{party.public_id}/").context
    seen = customer_client(party).get(f"/portal/{party.public_id}/").context
    for open_now in (page["open"], seen["open"]):
        assert (open_now.overdue_paise, open_now.due_paise, open_now.advance_paise) == (100_00, 107_00, 35_00)
    assert (page["balance"], seen["balance"].paise) == (72_00, 72_00)


def test_home_says_nothing_of_advances_where_there_are_none(client, shop):
    make_invoice(make_party(shop))
    assert [label for label, _value, _note in figures(client.get("/m/ram/").context)] == [
        "To collect",
        "Overdue",
        "Received this month",
        "New orders",
    ]


def test_a_new_business_sees_its_first_steps_until_they_are_done(client, shop):
    def done() -> list[bool]:
        return [step["done"] for step in client.get("/m/ram/").context["steps"]]

    assert done() == [False, False, False, False, False]
    shop.city, shop.upi_id = "Pune", "ram@okaxis"
    shop.save()
    assert done() == [True, False, False, False, False]
    make_party(shop)
    assert done() == [True, True, False, False, False]


def test_the_first_steps_end_with_the_first_shared_invoice_even_without_an_address(client, shop):
    make_item(shop)
    invoice = make_invoice(make_party(shop))
    assert [step["done"] for step in client.get("/m/ram/").context["steps"]] == [False, True, True, True, False]
    links.for_invoice(invoice, None)
    assert client.get("/m/ram/").context["steps"] == []


@pytest.mark.parametrize("count", [1, 3])
def test_home_asks_the_same_queries_whatever_happened(client, shop, count, django_assert_num_queries):
    for _ in range(count):
        day = dt.date(2026, 1, 5)
        make_invoice(make_party(shop), on=day, due_on=day)
        make_payment(make_party(shop))
    # newest invoices; orders; claims; most overdue; open items, received; first steps; promised and asked
    with django_assert_num_queries(DOORS + 8):
        assert len(client.get("/m/ram/").context["invoices"]) == count


def test_the_page_shows_what_was_sent_to_this_party_and_how_far_it_came(client, shop, owner):
    party, other = make_party(shop, new_phone()), make_party(shop, new_phone())
    for one, status in ((party, "read"), (other, "failed")):
        message = sharing.send(links.for_invoice(make_invoice(one), owner), "whatsapp", owner)
        Message.objects.filter(pk=message.pk).update(status=status, sent_at=now(), read_at=now())
    page = client.get(f"/m/ram/parties/{party.public_id}/").content.decode()
    assert "Invoice link: Read in WhatsApp" in page
    assert "Not sent by WhatsApp" not in page

"""What is stored about a customer, as page and file, by right; and erasure: what goes, what stays."""

import csv
import io
import zipfile
from typing import Any

import pytest

from accounts import asking, optouts, parties, wishes
from accounts.asking import RequestRefused
from accounts.models import (
    Activity,
    DataRequest,
    Device,
    Image,
    Message,
    Notice,
    OptOut,
    Party,
    PartyPerson,
    PartyWish,
    User,
)
from accounts.money import amount
from catalog import orders
from catalog.models import Order
from ledger import answering, erasing, integrity, links, sharing, statements
from ledger.models import Comparison, Entry, Invoice, LinkOpen, Paper, PaymentClaim, QueryMessage, ShareLink
from ledger.reconciling import kept
from portal import stored
from tests import factories as make

pytestmark = pytest.mark.django_db
SECRET = 7_654_321


@pytest.fixture
def owner():
    return make.make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make.make_business("Ram Kirana", owner, slug="ram")


@pytest.fixture
def party(shop):
    fields = {"city": "Pune", "address": "7 Mill Road", "email": "anil@example.in", "note": "pays late"}
    return make.make_party(shop, make.new_phone(), "Anil Stores", gstin="27AAPFU0939F1ZV", **fields)


@pytest.fixture
def phone(party):
    return str(party.people.get(is_main=True).phone)


@pytest.fixture
def buyer(phone):
    return make.make_user(phone, "Anil himself", email="own@example.in")


@pytest.fixture
def helper(party, owner):
    return parties.add_person(party, make.new_phone(), "Chhotu", PartyPerson.Role.ORDERS, owner)


@pytest.fixture
def whole(party, owner, buyer):
    """Everything that a party can leave behind, its balance settled."""
    invoice = make.make_invoice(party, paise=SECRET)
    make.make_payment(party, SECRET, reference="UTR77")
    make.make_query(invoice, "Two bags were torn", by=buyer)
    item = make.make_item(party.business)
    orders.place(party, buyer, {item.pk: 1000}, note="behind the temple")
    picture = Image.objects.create(
        business=party.business, data=make.PIXEL, content_type="image/png", width=1, height=1
    )
    claim = make.make_claim(party, 5_00, by=buyer, note="from my brother's account")
    PaymentClaim.objects.filter(pk=claim.pk).update(screenshot=picture)
    make.make_comparison(party, by=buyer)
    wishes.choose(party, buyer, channel="sms", quiet_until=None)
    link = links.for_invoice(invoice, owner)
    sharing.send(link, "sms", owner)
    LinkOpen.objects.create(business=party.business, link=link, event="opened", device="Redmi, Android")
    make.make_correction(party, city="Nashik", by=buyer)
    optouts.stop(str(party.people.get(is_main=True).phone), OptOut.Source.PORTAL)
    return invoice


def at(party, tail=""):
    return f"/portal/{party.public_id}/{tail}"


def how_many(client, party):
    """What the page says of how much there is: part -> number."""
    return {part.key: count for part, count in client.get(at(party, "data/")).context["parts"]}


def files(client, party):
    """File -> its rows, of the download."""
    answer = client.get(at(party, "data.zip"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as packed:
        assert packed.testzip() is None
        texts = {name: packed.read(name).decode("utf-8-sig") for name in packed.namelist()}
    return {name: list(csv.reader(io.StringIO(text))) if name.endswith("csv") else text for name, text in texts.items()}


# --- what is stored -----------------------------------------------------------------------------------------


def test_the_owner_reads_and_saves_all_that_is_kept(party, whole, buyer, phone, helper):
    client = make.customer_client(phone)
    page = client.get(at(party, "data/")).content.decode()
    for words in ("72 months", "At least a year", "Invoice link", "Redmi, Android", "Save all of it as a file"):
        assert words in page
    found = files(client, party)
    assert list(found) == [
        "read-me.txt",
        *(
            f"{name}.csv"
            for name in [
                "profile",
                "people",
                "devices",
                "logins",
                "messages",
                "opened-links",
                "asked",
                "orders",
                "invoices",
                "payments",
                "ledger",
                "promises",
                "questions",
                "confirmations",
                "payments-told",
                "uploaded-ledgers",
            ]
        ),
    ]
    assert how_many(client, party) == {"profile": ""} | {
        name.removesuffix(".csv"): str(len(rows) - 1)
        for name, rows in found.items()
        if name not in ("read-me.txt", "profile.csv")
    }
    assert "invoices.csv: Invoices and credit notes" in found["read-me.txt"]
    profile = dict(found["profile.csv"][1:])
    assert (profile["Name"], profile["E-mail"], profile["GSTIN"]) == ("Anil Stores", "anil@example.in", party.gstin)
    assert profile["No messages wanted"].endswith("in the portal")
    assert found["invoices.csv"][1][1:] == [whole.number, "Invoice", str(whole.due_on), "76543.21", "Issued"]
    assert [row[3:] for row in found["ledger.csv"][1:]] == [["76543.21", ""], ["", "76543.21"]]
    assert found["payments.csv"][1][3:5] == ["UTR77", "76543.21"]
    assert found["opened-links.csv"][1][1:] == [f"Invoice {whole.number}", "Opened", "Redmi, Android"]
    assert found["messages.csv"][1][1:5] == ["Invoice link", "SMS", f"'+91 98•••• {phone[-4:]}", "Queued"]
    assert found["questions.csv"][1][-1] == "Two bags were torn"
    assert found["orders.csv"][1][-1] == "behind the temple"
    assert found["asked.csv"][1][1:3] == ["Correction", "Address: Nashik"]
    assert str(helper.phone)[3:] not in str(found)
    assert "pays late" not in str(found) + page  # the shop's own note


def test_a_helper_for_orders_gets_no_figure_of_the_book_on_the_page_or_in_the_file(party, whole, helper):
    client = make.customer_client(str(helper.phone))
    page, found = client.get(at(party, "data/")).content.decode(), files(client, party)
    assert list(found) == [
        "read-me.txt",
        *(f"{name}.csv" for name in ["profile", "devices", "logins", "messages", "asked", "orders"]),
    ]
    text = page + str(found)
    for secret in (amount(SECRET), "76543.21", whole.number, "UTR77", "torn", "Redmi", "Nashik", "Invoice link"):
        assert secret not in text
    assert found["messages.csv"][1:] == []
    assert "behind the temple" in text
    nothing = {"profile": "", "messages": "0", "asked": "0", "logins": "0"}
    assert how_many(client, party) == nothing | {"devices": "1", "orders": "1"}


def test_an_accountant_gets_the_book_and_neither_the_people_nor_others_files(party, whole, owner):
    munim = parties.add_person(party, make.new_phone(), "Munim", PartyPerson.Role.ACCOUNTANT, owner)
    found = files(make.customer_client(str(munim.phone)), party)
    assert "people.csv" not in found
    assert found["uploaded-ledgers.csv"][1:] == []
    assert found["invoices.csv"][1][4] == "76543.21"


def test_nothing_of_another_party_or_shop_and_formulas_stay_words(party, whole, shop, phone):
    foreign = make.make_party(make.make_business("Zebra"), phone, "Zebra Stores")
    other = make.make_party(shop, make.new_phone(), "Zebra Mills")
    for one in (foreign, other):
        make.make_invoice(one, paise=9_999_99)
    PaymentClaim.objects.update(note="=HYPERLINK(1)")
    text = str(files(make.customer_client(phone), party))
    assert ("Zebra" in text, "9999.99" in text) == (False, False)
    assert "'=HYPERLINK(1)" in text


def test_nobody_waits_for_more_to_be_counted_than_is_shown(party, phone, whole, monkeypatch):
    for _ in range(2):
        make.make_payment(party, 5_00)
    monkeypatch.setattr(stored, "MOST_COUNTED", 2)
    counts = how_many(make.customer_client(phone), party)
    assert (counts["payments"], counts["ledger"], counts["invoices"]) == ("2+", "2+", "1")


def test_downloads_are_limited_and_change_nothing(party, phone, whole):
    client = make.customer_client(phone)
    answers = [client.get(at(party, "data.zip")) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 6 + [429]
    assert list(Activity.objects.filter(verb__contains="data")) == []


# --- erasure ------------------------------------------------------------------------------------------------


def book_of(party):
    """What must stay, to the last field."""
    rows: dict[str, Any] = {}
    for model in (Invoice, Entry, QueryMessage):
        rows[model.__name__] = list(model.objects.filter(party=party).order_by("pk").values())
    rows["payments"] = list(party.payments.order_by("pk").values())
    return rows


def test_at_the_customers_wish_all_goes_that_no_law_keeps(party, whole, owner, buyer, phone, helper):
    client, desk = make.customer_client(phone), make.merchant_client(owner)
    page = client.get(at(party, "data/erase/")).content.decode()
    assert ("tax law asks for 72 months" in page, "for everybody of your business" in page) == (True, True)
    assert [client.post(at(party, "data/erase/")).status_code for _ in range(2)] == [302, 302]
    asked = DataRequest.objects.get(kind="erasure")
    assert (asked.status, asked.asked, asked.asked_by) == ("open", {"of": "party"}, buyer)
    assert "Waiting for the shop" in client.get(at(party, "data/")).content.decode()
    assert "asks you to erase their data" in desk.get("/m/ram/news/").content.decode()
    before, version = book_of(party), party.access_version
    shown = desk.get(f"/m/ram/requests/{asked.public_id}/").content.decode()
    assert ("it cannot be undone" in shown, " disabled" in shown) == (True, False)
    form = {"form_key": "erase-once", "shown": "-"}
    where = f"/m/ram/requests/{asked.public_id}/accept/"
    assert [desk.post(where, form).status_code for _ in range(2)] == [302, 302]

    assert book_of(party) == before
    assert list(integrity.check()) == []
    assert (statements.balance(party), party.orders.count()) == (0, 1)
    now = Party.objects.get(pk=party.pk)
    assert (now.name, now.gstin, now.state_code) == ("Anil Stores", party.gstin, "27")
    assert (now.email, now.address, now.city, now.pin_code, now.note) == ("", "", "", "", "")
    assert (now.is_shared, now.access_version) == (False, version + 1)
    assert not (now.people.exists())
    assert not (PartyWish.objects.exists())
    assert not (Comparison.objects.exists())
    assert not (DataRequest.objects.filter(kind="correction").exists())
    assert not (Paper.objects.exists())
    assert not Notice.objects.filter(kind="correction").exists()
    assert set(ShareLink.objects.live()) == set()
    assert list(LinkOpen.objects.values_list("event", "device")) == [("opened", "")]
    assert list(Message.objects.values_list("kind", "to", "params", "fallback", "status")) == [
        ("invoice_share", "", {}, [], "cancelled")
    ]
    claim = PaymentClaim.objects.get()
    assert (claim.note, claim.screenshot_id, claim.amount_paise) == ("", None, 5_00)
    assert list(Order.objects.values_list("note", flat=True)) == [""]
    assert not Image.objects.filter(business=party.business).exists()
    user = User.objects.get(pk=buyer.pk)
    assert (str(user.phone), user.name, user.email, user.is_active) == (f"+911{buyer.pk:09d}", "", "", False)
    assert not Device.objects.filter(user=user).exists()
    assert OptOut.objects.filter(address=phone, ended_at=None).exists()
    deed = Activity.objects.get(verb="erased")
    assert (deed.actor, deed.data, DataRequest.objects.get().status) == (owner, {"of": "party"}, "accepted")

    assert client.get(at(party)).status_code == 302
    assert make.customer_client(str(helper.phone)).get(at(party)).status_code == 404
    for tail in (
        f"parties/{party.public_id}/",
        "messages/",
        "news/",
        "links/",
        "requests/?show=all",
        f"requests/{asked.public_id}/",
    ):
        text = desk.get(f"/m/ram/{tail}")
        assert (text.status_code, phone[-4:] in text.content.decode()) == (200, False), tail
    # The next person with that number begins anew.
    assert User.objects.filter(phone=phone).count() == 0


def test_money_that_is_open_keeps_it_waiting_and_the_shop_says_so(party, owner, buyer, phone):
    make.make_invoice(party, paise=SECRET)
    asked = erasing.ask(party.people.select_related("party__business").get(), buyer)
    desk, where = make.merchant_client(owner), f"/m/ram/requests/{asked.public_id}/"
    clerk = make.make_user()
    make.make_membership(party.business, clerk, "staff")
    staff = make.merchant_client(clerk)
    assert "Only an owner of the business can erase." in staff.get(where).content.decode()
    assert staff.post(f"{where}accept/", {"form_key": "k", "shown": "-"}).status_code == 403
    assert " disabled" in desk.get(where).content.decode()
    answer = desk.post(f"{where}accept/", {"form_key": "k", "shown": "-"})
    assert (answer.status_code, f"₹{amount(SECRET)} is open between you" in answer.content.decode()) == (400, True)
    assert party.people.count() == 1
    desk.post(f"{where}decline/", {"form_key": "k", "reason": "Once the bill is paid"})
    told = make.customer_client(phone).get(at(party, "data/")).content.decode()
    assert ("Once the bill is paid" in told, "Not done" in told) == (True, True)


def test_a_helper_has_only_what_is_theirs_erased(party, whole, owner, buyer, helper, phone):
    chhotu = str(helper.phone)
    client = make.customer_client(chhotu)
    user = User.objects.get(phone=chhotu)
    assert "only what is yours" in client.get(at(party, "data/erase/")).content.decode()
    client.post(at(party, "data/erase/"))
    asked = DataRequest.objects.get(kind="erasure")
    assert asked.asked == {"of": "person"}
    erasing.erase(asked, owner)
    assert [str(person.phone) for person in party.people.all()] == [phone]
    assert list(Party.objects.filter(pk=party.pk).values_list("email", "city")) == [("anil@example.in", "Pune")]
    assert User.objects.get(pk=user.pk).is_active is False
    assert User.objects.get(pk=buyer.pk).is_active is True
    assert (Comparison.objects.count(), DataRequest.objects.filter(kind="correction").count()) == (1, 1)
    assert list(Message.objects.values_list("to", flat=True)) == [phone]
    with pytest.raises(RequestRefused, match="answered or taken back"):
        erasing.erase(asked, owner)


def test_a_login_that_another_shop_needs_stays_whole(party, owner, buyer, phone):
    make.make_party(make.make_business("Sita Mills"), phone, "Also Anil")
    client = make.customer_client(phone)
    erasing.erase(erasing.ask(party.people.select_related("party__business").get(), buyer), owner)
    user = User.objects.get(pk=buyer.pk)
    assert (str(user.phone), user.is_active, user.device_set.filter(confirmed=True).count()) == (phone, True, 1)
    assert client.get(at(party)).status_code == 404
    assert client.get("/portal/").status_code == 302  # the one shop that is left


def test_a_message_on_its_way_and_a_number_that_changed_are_waited_for(party, whole, owner, buyer):
    asked = erasing.ask(party.people.select_related("party__business").get(), buyer)
    Message.objects.update(status="sending")
    with pytest.raises(RequestRefused, match="on its way"):
        erasing.erase(asked, owner)
    Message.objects.update(status="sent")
    parties.set_main_number(party, make.new_phone(), "Other", owner)
    with pytest.raises(RequestRefused, match="not the party's main number any more"):
        erasing.erase(asked, owner)
    assert (party.people.count(), Comparison.objects.count()) == (1, 1)


def test_what_went_with_an_erasure_is_not_found_by_a_page_that_was_open_before(party, owner, buyer):
    """The row was read before the erasure and is acted on after it: not found, and no fault."""
    comparison, correction = make.make_comparison(party, by=buyer), make.make_correction(party, by=buyer, city="Nashik")
    Comparison.objects.filter(pk=comparison.pk).delete()
    DataRequest.objects.filter(pk=correction.pk).delete()
    for act, refusal in (
        (lambda: kept.show_to_shop(comparison, buyer, shown=True), Comparison.DoesNotExist),
        (lambda: kept.compare(comparison, buyer, kept.mapping_of(comparison)), Comparison.DoesNotExist),
        (lambda: asking.withdraw(correction, buyer), RequestRefused),
        (lambda: answering.accept(correction, owner, ["address"], shown="-"), RequestRefused),
    ):
        with pytest.raises(refusal):
            act()

"""Businesses of a user: choosing, setting up, settings, and what was sent."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import businesses, outbox
from accounts.models import Activity, Business, Membership, Message, Sender
from tests.factories import make_business, make_membership, make_party, make_user, merchant_client, new_phone

pytestmark = pytest.mark.django_db

NEW = {"name": "Ram Kirana", "scheme": "unregistered", "state_code": "27"}
GSTIN = "27AAPFU0939F1ZV"
DAY = dt.timedelta(days=1)


@pytest.fixture
def owner():
    return make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make_business("Ram Kirana", owner, slug="ram-kirana", scheme="regular", gstin=GSTIN, city="Pune")


# --- Choosing -----------------------------------------------------------------------------------------------


def test_the_only_business_opens_at_once(owner, shop):
    client = merchant_client(owner)
    assert client.get("/m/")["Location"] == "/m/ram-kirana/"
    assert "Ram Kirana" in client.get("/m/?all=1").content.decode()


def test_who_has_none_sets_one_up(owner):
    assert merchant_client(owner).get("/m/")["Location"] == "/m/new/"


def test_the_chooser_lists_my_businesses_and_no_others(owner, shop):
    make_business("Second Shop", owner)
    make_business("Closed Shop", owner, is_active=False)
    ended = make_business("Ended Shop")
    Membership.objects.create(business=ended, user=owner, is_active=False)
    make_business("Foreign Shop", make_user())
    page = merchant_client(owner).get("/m/").content.decode()
    shown = [name for name in ("Ram", "Second", "Closed", "Ended", "Foreign") if f"{name} " in page]
    assert shown == ["Ram", "Second"]


@pytest.mark.parametrize("count", [2, 4])
def test_the_chooser_costs_the_same_for_few_and_many(owner, count, django_assert_num_queries):
    for _ in range(count):
        make_business(owner=owner)
    client = merchant_client(owner)
    with django_assert_num_queries(4):  # session, user, device, memberships
        client.get("/m/")


# --- Setting up ---------------------------------------------------------------------------------------------


def test_a_new_business_has_its_owner_and_a_slug_from_its_name(owner):
    answer = merchant_client(owner).post("/m/new/", NEW)
    assert (answer.status_code, answer["Location"]) == (302, "/m/ram-kirana/")
    business = Business.objects.get()
    assert (business.slug, business.state_code, business.scheme) == ("ram-kirana", "27", "unregistered")
    assert [(m.user, m.role, m.is_active) for m in business.memberships.all()] == [(owner, "owner", True)]
    assert [(a.verb, a.actor) for a in business.activities.all()] == [("opened", owner)]


def test_a_double_click_makes_one_business(owner):
    client = merchant_client(owner)
    assert client.post("/m/new/", NEW)["Location"] == client.post("/m/new/", NEW)["Location"]
    assert Business.objects.count() == 1


def test_two_shops_of_one_name_get_slugs_of_their_own(owner):
    for user in (owner, make_user(), make_user()):
        merchant_client(user).post("/m/new/", NEW)
    assert list(Business.objects.order_by("pk").values_list("slug", flat=True)) == [
        "ram-kirana",
        "ram-kirana-2",
        "ram-kirana-3",
    ]


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Login", "login-2"), ("new", "new-2"), ("राम किराना", "shop"), ("!!!", "shop"), ("A" * 120, "a" * 40)],
)
def test_a_slug_never_takes_an_address_of_our_own(owner, name, slug):
    merchant_client(owner).post("/m/new/", NEW | {"name": name})
    assert Business.objects.get().slug == slug


@pytest.mark.parametrize("slug", ["login", "ram-kirana", "new", "a", "with space", "../x", "RAM-kirana"])
def test_a_chosen_slug_that_is_taken_or_wrong_is_refused_with_all_else_kept(owner, shop, slug):
    answer = merchant_client(make_user()).post("/m/new/", NEW | {"name": "Other Shop", "slug": slug})
    assert answer.status_code == 400
    assert 'value="Other Shop"' in answer.content.decode()
    assert Business.objects.count() == 1


def test_the_state_is_filled_in_from_the_gstin(owner):
    merchant_client(owner).post(
        "/m/new/", {"name": "Ram Kirana", "scheme": "regular", "gstin": " 27aapfu 0939f1zv", "state_code": ""}
    )
    business = Business.objects.get()
    assert (business.gstin, business.state_code) == (GSTIN, "27")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"scheme": "regular"}, "needs its GSTIN"),
        ({"gstin": GSTIN}, "choose regular or composition"),
        ({"scheme": "regular", "gstin": "27AAPFU9039F1ZV"}, "typing mistake"),
        ({"scheme": "regular", "gstin": "99"}, "15 characters"),
        ({"scheme": "regular", "gstin": GSTIN, "state_code": "29"}, "belongs to Maharashtra"),
        ({"scheme": "regular", "gstin": "9919USA29003OSW"}, "not the GSTIN of a shop"),
        ({"state_code": ""}, "Choose your State"),
        ({"scheme": ""}, "Please choose one."),
        ({"name": ""}, "Please fill this in."),
        ({"pin_code": "012345"}, "six digits"),
        ({"upi_id": "not a upi id"}, "looks like"),
        ({"scheme": "imaginary"}, "Please choose one from the list."),
        ({"name": "A\x00B"}, "cannot be saved"),
    ],
)
def test_wrong_business_data_is_refused_in_plain_words(owner, changed, says):
    answer = merchant_client(owner).post("/m/new/", NEW | changed)
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert not Business.objects.exists()


def test_nobody_opens_books_without_end(owner):
    client = merchant_client(owner)
    statuses = [client.post("/m/new/", NEW | {"name": f"Shop {n}"}).status_code for n in range(21)]
    assert statuses == [302] * 20 + [429]


def test_setting_up_needs_a_sign_in():
    assert Client().get("/m/new/")["Location"] == "/m/login/?next=/m/new/"
    assert Client().post("/m/new/", NEW).status_code == 302
    assert not Business.objects.exists()


def test_a_chosen_slug_taken_in_the_same_moment_makes_no_business(owner):
    make_business(slug="ram-kirana")
    with pytest.raises(IntegrityError):
        businesses.open_business(owner, Business(name="Ram Kirana", slug="ram-kirana", state_code="27"))
    assert not owner.memberships.exists()


# --- Settings -----------------------------------------------------------------------------------------------

SAID = {
    "name": "Ram Kirana",
    "scheme": "regular",
    "gstin": GSTIN,
    "state_code": "27",
    "city": "Pune",
    "default_credit_days": "15",
    "promise_days": "30",
    "hsn_digits": "4",
}


def test_an_owner_changes_the_settings_and_the_record_names_no_contents(owner, shop):
    client = merchant_client(owner)
    answer = client.post(
        "/m/ram-kirana/settings/",
        SAID
        | {
            "name": "Ram & Sons",
            "upi_id": "ram@okaxis",
            "bank_account": "12345678",
            "bank_ifsc": "hdfc0001234",
            "phone": "020 2445 1234",
            "terms": "Goods once sold are taken back with a smile.",
            "promise_days": "0",
        },
    )
    assert (answer.status_code, answer["Location"]) == (302, "/m/ram-kirana/settings/")
    shop.refresh_from_db()
    assert (shop.name, shop.upi_id, shop.bank_ifsc, str(shop.phone), shop.slug) == (
        "Ram & Sons",
        "ram@okaxis",
        "HDFC0001234",
        "+912024451234",
        "ram-kirana",
    )
    assert shop.promise_days == 0
    record = Activity.objects.get(verb="settings_changed")
    assert "12345678" not in str(record.data)
    assert "bank_account" in record.data["fields"]


def test_saving_without_a_change_writes_nothing(owner, shop):
    merchant_client(owner).post("/m/ram-kirana/settings/", SAID)
    assert not Activity.objects.filter(verb="settings_changed").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"gstin": "27AAPFU9039F1ZV"},
        {"hsn_digits": "5"},
        {"default_credit_days": "-1"},
        {"default_credit_days": "366"},
        {"promise_days": "181"},
        {"bank_ifsc": "HDFC"},
        {"phone": "12"},
        {"email": "nobody"},
        {"scheme": "unregistered"},
    ],
)
def test_wrong_settings_are_refused_and_the_page_keeps_its_name(owner, shop, wrong):
    answer = merchant_client(owner).post("/m/ram-kirana/settings/", SAID | {"name": "Typed Name"} | wrong)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert 'value="Typed Name"' in page
    assert "<title>Settings · Ram Kirana</title>" in page
    shop.refresh_from_db()
    assert shop.name == "Ram Kirana"


def test_staff_see_the_settings_and_cannot_change_them(owner, shop):
    staff = make_user()
    make_membership(shop, staff, "staff")
    client = merchant_client(staff)
    page = client.get("/m/ram-kirana/settings/").content.decode()
    assert "Only an owner" in page
    assert ">Save<" not in page
    assert client.post("/m/ram-kirana/settings/", SAID | {"upi_id": "thief@okaxis"}).status_code == 403
    shop.refresh_from_db()
    assert shop.upi_id == ""


@pytest.mark.parametrize("page", ["settings", "messages", "items", "orders", "store"])
def test_a_strangers_shop_is_as_absent_as_one_that_never_was(shop, page):
    client = merchant_client(make_user())
    foreign, absent = client.get(f"/m/ram-kirana/{page}/"), client.get(f"/m/never-was/{page}/")
    assert foreign.status_code == absent.status_code == 404
    assert foreign.content == absent.content


# --- Messages -----------------------------------------------------------------------------------------------


def make_message(business, party=None, status="sent", **fields):
    with transaction.atomic():
        message = outbox.enqueue(
            kind=fields.pop("kind", "invoice_share"),
            channel=fields.pop("channel", "sms"),
            to=fields.pop("to", "+919876501234"),
            subject=("link", "1"),
            business=business,
            party_id=party.pk if party else None,
            drop=True,
        )
    Message.objects.filter(pk=message.pk).update(status=status, **fields)
    return message


def test_the_merchant_sees_what_was_sent_with_masked_numbers(owner, shop):
    party = make_party(shop, new_phone(), "Sai Traders")
    make_message(shop, party, to="+919876501234", status="failed", error="The number cannot receive SMS")
    make_message(shop, party, to="ganesh@example.com", channel="email", status="delivered")
    page = merchant_client(owner).get("/m/ram-kirana/messages/").content.decode()
    assert "+91 98•••• 1234" in page
    assert "9876501234" not in page
    assert "g•••@example.com" in page
    assert f"/m/ram-kirana/parties/{party.public_id}/" in page
    assert 'class="badge failed">Not sent<' in page
    assert 'class="badge delivered">Delivered<' in page
    assert "The number cannot receive SMS" in page


def test_messages_of_another_shop_and_login_codes_are_not_shown(owner, shop):
    other = make_business("Other")
    make_message(other, make_party(other, name="Foreign Party"), to="+919876500000")
    make_message(None, to="+919876511111", kind="login_code")
    page = merchant_client(owner).get("/m/ram-kirana/messages/").content.decode()
    assert "Foreign Party" not in page
    assert "No messages yet" in page


def test_a_party_id_of_another_shop_names_nobody(owner, shop):
    foreign = make_party(make_business(), name="Foreign Party")
    message = make_message(shop)
    Message.objects.filter(pk=message.pk).update(kind="something_new")
    assert "Foreign Party" not in merchant_client(owner).get("/m/ram-kirana/messages/").content.decode()
    assert foreign.business_id != shop.pk


ALL_STATES = ["queued", "sending", "sent", "delivered", "read", "failed", "uncertain", "dropped", "cancelled"]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("", ALL_STATES),
        ("waiting", ["queued", "sending"]),
        ("sent", ["sent", "delivered", "read"]),
        ("failed", ["failed", "dropped", "cancelled"]),
        ("uncertain", ["uncertain"]),
        ("nonsense", ALL_STATES),
    ],
)
def test_messages_are_filtered_by_state(owner, shop, state, shown):
    for status in Message.Status.values:
        make_message(shop, make_party(shop, name=f"Party {status}."), status=status)
    page = merchant_client(owner).get("/m/ram-kirana/messages/", {"state": state}).content.decode()
    assert [status for status in Message.Status.values if f"Party {status}." in page] == shown


@pytest.mark.parametrize("count", [1, 3])
def test_the_messages_page_asks_the_same_for_few_and_many(owner, shop, count, django_assert_num_queries):
    for _ in range(count):
        make_message(shop, make_party(shop))
    client = merchant_client(owner)
    # session, user, device, membership, messages, parties, how many are uncertain
    with django_assert_num_queries(7):
        assert client.get("/m/ram-kirana/messages/").status_code == 200


def test_every_message_is_on_exactly_one_page_forth_and_back(owner, shop):
    for n in range(120):
        make_message(shop, make_party(shop, name=f"Party-{n}."))
    client = merchant_client(owner)

    def parties(response):
        return [row.party for row in response.context["rows"]]

    first = client.get("/m/ram-kirana/messages/")
    second = client.get("/m/ram-kirana/messages/" + first.context["page"].older)
    third = client.get("/m/ram-kirana/messages/" + second.context["page"].older)
    assert parties(first) + parties(second) + parties(third) == [f"Party-{n}." for n in reversed(range(120))]
    assert (first.context["page"].newer, third.context["page"].older) == ("", "")
    back = client.get("/m/ram-kirana/messages/" + third.context["page"].newer)
    assert parties(back) == parties(second)
    front = client.get("/m/ram-kirana/messages/" + back.context["page"].newer)
    assert parties(front) == parties(first)
    assert front.context["page"].newer == ""


def test_the_merchant_sees_each_step_and_why_not(owner, shop):
    at = dt.datetime(2026, 11, 28, 5, 0, tzinfo=dt.UTC)
    minute = dt.timedelta(minutes=1)
    read = make_message(shop, status="read", sent_at=at + minute, delivered_at=at + 2 * minute, read_at=at + DAY)
    lost = make_message(shop, status="uncertain", sent_at=None)
    make_message(shop, status="failed", trouble="wrong_number", error="131026 not on WhatsApp")
    stopped = make_message(shop, status="failed", trouble="opted_out")
    Message.objects.update(created_at=at)
    page = merchant_client(owner).get("/m/ram-kirana/messages/").content.decode()
    assert "Queued 10:30 · Sent 10:31 · Delivered 10:32 · Read 29 Nov 10:30" in page
    assert "It left, but no answer came." in page
    assert "No such number or address · 131026 not on WhatsApp" in page
    assert "1 message may not have arrived." in page
    assert page.count("Send again") == 2, "not to who wants no messages, not what arrived"
    assert f"/messages/{lost.reference}/again/" in page
    assert f"/messages/{stopped.reference}/again/" not in page
    assert f"/messages/{read.reference}/again/" not in page


def test_a_merchant_sends_an_uncertain_message_again_once(owner, shop):
    message = make_message(shop, status="uncertain", attempts=1)
    sent = make_message(shop, status="sent", attempts=1)
    client = merchant_client(owner)
    for _ in range(2):
        assert client.post(f"/m/ram-kirana/messages/{message.reference}/again/").status_code == 302
    assert client.post(f"/m/ram-kirana/messages/{sent.reference}/again/").status_code == 302
    message.refresh_from_db()
    sent.refresh_from_db()
    assert (message.status, message.resends, sent.status) == ("queued", 1, "sent")
    assert Activity.objects.filter(business=shop, verb="sent_again").count() == 1


def test_an_owner_says_in_whose_name_the_shop_sends(owner, shop):
    client, where = merchant_client(owner), "/m/ram-kirana/settings/messages/"
    assert "Ram Kirana: invoice" in client.get(where).content.decode()
    data = {"sms_name": "RAM Kirana", "sms_header": "ramkir", "whatsapp_phone_id": "106540352242922"}
    assert client.post(where, data | {"reply_to": "ram@example.in"}).status_code == 302
    assert client.post(where, data | {"reply_to": "ram@example.in"}).status_code == 302
    sender = Sender.objects.get()
    assert (sender.business, sender.sms_name, sender.sms_header) == (shop, "RAM Kirana", "RAMKIR")
    assert "RAM Kirana: invoice" in client.get(where).content.decode()
    for wrong in ({"sms_name": "राम"}, {"sms_header": "RAM1"}, {"whatsapp_phone_id": "+9198"}, {"reply_to": "x"}):
        assert client.post(where, data | wrong).status_code == 400
    assert Activity.objects.filter(business=shop, verb="settings_changed").count() == 1


def test_a_page_that_never_was_is_the_first_page(owner, shop):
    make_message(shop, make_party(shop, name="Sai Traders"))
    for query in ("?after=nonsense", "?before=\x00", "?after=00000000-0000-0000-0000-000000000000"):
        answer = merchant_client(owner).get("/m/ram-kirana/messages/" + query)
        assert answer.status_code == 200
        assert "Sai Traders" in answer.content.decode()

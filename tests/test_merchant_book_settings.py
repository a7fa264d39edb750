"""Number series and closing the books, as an owner sets them; the fields of the book in other forms."""

import datetime as dt

import pytest

from accounts.idempotency import new_key
from accounts.india import financial_year, today
from accounts.models import Activity, Membership, Party
from catalog.models import Item
from ledger import closing, numbering, posting
from ledger.models import Series
from tests.factories import (
    make_business,
    make_invoice,
    make_item,
    make_membership,
    make_party,
    make_payment,
    make_user,
    merchant_client,
)

pytestmark = pytest.mark.django_db
DOORS = 4
NUMBERS, BOOKS = "/m/ram/settings/numbers/", "/m/ram/settings/books/"
YEAR = financial_year(today())[2:]


@pytest.fixture
def owner():
    return make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make_business("Ram Kirana", owner, slug="ram", scheme="regular", gstin="27AAPFU0939F1ZV")


@pytest.fixture
def client(owner):
    return merchant_client(owner)


@pytest.fixture
def staff(shop):
    user = make_user(name="Asha")
    make_membership(shop, user, Membership.Role.STAFF)
    return merchant_client(user)


def series(**fields):
    data = {"form_key": new_key(), "kind": "invoice", "pattern": "shop/yy-yy/####", "first_number": "42"}
    return data | {"is_default": "on"} | fields


def begin(client, **fields):
    """Both steps: what is typed, then the first number agreed to."""
    data = series(**fields)
    return client.post(NUMBERS, data | {"confirmed": client.post(NUMBERS, data).context["asked"]})


def rows(client, kind="Invoices"):
    kinds = client.get(NUMBERS).context["kinds"]
    return next(one["rows"] for one in kinds if one["name"] == kind)


# --- series -------------------------------------------------------------------------------------------------


def test_before_the_first_document_the_numbers_to_come_are_shown_and_nothing_is_written(client, shop):
    shown = [(row["pattern"], row["next"]) for kind in client.get(NUMBERS).context["kinds"] for row in kind["rows"]]
    assert shown == [(f"{name}/YY-YY/#####", f"{name}/{YEAR}/00001") for name in ("INV", "CN", "RCT", "PAY", "ADJ")]
    assert Series.objects.filter(business=shop).count() == 0


def test_a_series_goes_on_from_the_old_bill_book(client, shop):
    assert begin(client).headers["Location"] == NUMBERS
    (row,) = rows(client)
    assert (row["pattern"], row["next"], row["left"], row["is_default"]) == (
        "SHOP/YY-YY/####", f"SHOP/{YEAR}/0042", "99,958", True,
    )  # fmt: skip
    assert make_invoice(make_party(shop)).number == f"SHOP/{YEAR}/0042"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"pattern": "SHOP"}, "pattern"),
        ({"pattern": "SHOP/##/##"}, "pattern"),
        ({"pattern": "SHOP_####"}, "pattern"),
        ({"pattern": "SHOPPING/YYYY-YY/####"}, "pattern"),
        ({"pattern": ""}, "pattern"),
        ({"first_number": "0"}, "first_number"),
        ({"first_number": "x"}, "first_number"),
        ({"kind": "other"}, "kind"),
    ],
)
def test_a_wrong_series_is_refused_next_to_its_field(client, shop, typed, field):
    response = client.post(NUMBERS, series(**typed))
    assert (response.status_code, list(response.context["form"].errors)) == (400, [field])
    assert Series.objects.filter(business=shop).count() == 0


def test_another_series_is_begun_beside_the_first_and_chosen_later(client, shop):
    make_invoice(make_party(shop))
    begin(client, is_default="")
    first, second = rows(client)
    assert [(row["pattern"], row["is_default"]) for row in (first, second)] == [
        ("INV/YY-YY/#####", True), ("SHOP/YY-YY/####", False),
    ]  # fmt: skip
    client.post(f"{NUMBERS}default/", {"series": second["pk"]})
    assert [(row["pattern"], row["is_default"]) for row in rows(client)] == [
        ("SHOP/YY-YY/####", True), ("INV/YY-YY/#####", False),
    ]  # fmt: skip
    verbs = Activity.objects.filter(business=shop, verb__startswith="series").values_list("verb", flat=True)
    assert sorted(verbs) == ["series_chosen", "series_started"]


def test_a_series_is_begun_only_when_its_first_number_was_seen(client, shop):
    asked = client.post(NUMBERS, series())
    assert (asked.status_code, asked.context["asked"]) == (200, f"SHOP/{YEAR}/0042")
    assert f'name="confirmed" value="SHOP/{YEAR}/0042"' in asked.content.decode()
    assert Series.objects.filter(business=shop).count() == 0
    other = client.post(NUMBERS, series(confirmed=f"SHOP/{YEAR}/0042", first_number="43"))
    assert (other.status_code, other.context["asked"]) == (200, f"SHOP/{YEAR}/0043")
    assert Series.objects.filter(business=shop).count() == 0


def test_numbers_another_series_gives_are_refused_before_anything_is_asked(client, shop):
    begin(client)
    answer = client.post(NUMBERS, series(pattern="SHOP/YY-YY/###"))
    assert (answer.status_code, answer.context["asked"], list(answer.context["form"].errors)) == (400, "", ["pattern"])


def test_a_series_that_has_given_no_number_can_be_removed(client, shop):
    make_invoice(make_party(shop))
    begin(client)
    (new, old) = rows(client)
    assert (new["is_removable"], old["is_removable"]) == (True, False)
    client.post(f"{NUMBERS}remove/", {"series": new["pk"]})
    assert [(row["pattern"], row["is_default"]) for row in rows(client)] == [("INV/YY-YY/#####", True)]
    assert make_invoice(make_party(shop)).number == f"INV/{YEAR}/00002"
    assert Activity.objects.get(business=shop, verb="series_removed").data == {"pattern": "SHOP/YY-YY/####"}


def test_the_only_series_can_be_removed_before_its_first_number(client, shop):
    begin(client)
    client.post(f"{NUMBERS}remove/", {"series": rows(client)[0]["pk"]})
    assert [row["pattern"] for row in rows(client)] == ["INV/YY-YY/#####"]
    assert make_invoice(make_party(shop)).number == f"INV/{YEAR}/00001"


def test_a_series_that_gave_a_number_or_that_a_draft_names_stays(client, shop):
    used = make_invoice(make_party(shop)).series
    waiting = numbering.start(shop, "invoice", today(), "W/####", default=False)
    make_invoice(make_party(shop), issued=False, series=waiting)
    assert used
    for row, words in ((used, "has given numbers already"), (waiting, "A draft is to take its number")):
        page = client.post(f"{NUMBERS}remove/", {"series": row.pk}, follow=True).content.decode()
        assert words in page
    assert Series.objects.filter(business=shop).count() == 2


def test_the_page_says_the_last_number_and_the_next(client, shop):
    make_invoice(make_party(shop))
    (row,) = rows(client)
    assert (row["last"], row["next"], row["left"], row["is_low"]) == (
        f"INV/{YEAR}/00001", f"INV/{YEAR}/00002", "", False,
    )  # fmt: skip


def test_a_series_of_another_shop_or_none_is_404(client, shop):
    foreign = numbering.start(make_business(), "invoice", today(), "X/####")
    for pk in (foreign.pk, "", "x", "9" * 30, "٣"):
        assert client.post(f"{NUMBERS}default/", {"series": pk}).status_code == 404
        assert client.post(f"{NUMBERS}remove/", {"series": pk}).status_code == 404
    assert numbering.upcoming(shop, today())[0].pk is None


def test_a_series_begun_twice_by_a_double_click_is_one(client, shop):
    data = series(confirmed=f"SHOP/{YEAR}/0042")
    assert {client.post(NUMBERS, data).status_code for _ in range(2)} == {302}
    assert client.post(NUMBERS, data | {"pattern": "OTHER/####"}).status_code == 422
    assert Series.objects.filter(business=shop).count() == 1


def test_staff_see_the_series_and_the_books_and_change_neither(staff, shop):
    assert [staff.get(where).status_code for where in (NUMBERS, BOOKS)] == [200, 200]
    assert '<button class="btn primary">' not in staff.get(NUMBERS).content.decode()
    posts = {NUMBERS: series(), f"{NUMBERS}default/": {}, f"{NUMBERS}remove/": {}, BOOKS: {"closed_on": ""}}
    assert [staff.post(where, data).status_code for where, data in posts.items()] == [403] * 4
    assert Series.objects.filter(business=shop).count() == 0


def test_a_full_series_says_so(client, shop):
    made = numbering.start(shop, "invoice", today(), "ABCDEFGHIJKLMN##", 98)
    make_invoice(make_party(shop))
    assert [(row["next"], row["left"], row["is_low"]) for row in rows(client)] == [("ABCDEFGHIJKLMN99", "1", True)]
    make_invoice(make_party(shop))
    assert [(row["next"], row["left"]) for row in rows(client)] == [("", "0")]
    assert made.pattern in client.get(NUMBERS).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_settings_of_the_book_ask_few_queries(client, shop, owner, count, django_assert_num_queries):
    for n in range(count):
        numbering.start(shop, "invoice", today(), f"S{n}/####")
        closing.close(shop, today() - dt.timedelta(days=30 - n), owner)
    with django_assert_num_queries(DOORS + 2):
        client.get(NUMBERS)
    with django_assert_num_queries(DOORS + 1):
        client.get(BOOKS)


# --- closed books -------------------------------------------------------------------------------------------


def close(client, on, **fields):
    return client.post(BOOKS, {"closed_on": on and on.isoformat()} | fields)


def test_in_closed_books_nothing_is_written_until_they_are_opened(client, shop):
    yesterday, party = today() - dt.timedelta(days=1), make_party(shop)
    assert close(client, yesterday).headers["Location"] == BOOKS
    party.business.refresh_from_db()
    with pytest.raises(posting.PostingRefused, match="closed up to"):
        make_payment(party, on=yesterday)
    asked = close(client, "")
    assert (asked.status_code, list(asked.context["form"].errors)) == (400, ["sure"])
    assert 'name="sure"' in asked.content.decode()
    shop.refresh_from_db()
    assert shop.books_closed_on == yesterday
    close(client, "", sure="on")
    shop.refresh_from_db()
    assert shop.books_closed_on is None
    make_payment(make_party(shop), on=yesterday)
    deeds = Activity.objects.filter(business=shop, verb__startswith="books").order_by("pk")
    assert [(deed.verb, deed.data["up_to"], deed.data["before"]) for deed in deeds] == [
        ("books_closed", yesterday.isoformat(), None),
        ("books_reopened", None, yesterday.isoformat()),
    ]
    assert client.get(BOOKS).context["closings"][0]["words"] == "Opened, all days"


def test_closing_further_asks_nothing_and_an_earlier_day_asks_once_more(client, shop):
    first, later = today() - dt.timedelta(days=60), today() - dt.timedelta(days=30)
    assert [close(client, day).status_code for day in (first, later, first)] == [302, 302, 400]
    assert close(client, first, sure="on").status_code == 302
    shop.refresh_from_db()
    assert shop.books_closed_on == first


@pytest.mark.parametrize("on", [today() + dt.timedelta(days=1), None])
def test_a_day_to_come_and_nonsense_are_refused(client, shop, on):
    answer = close(client, on) if on else client.post(BOOKS, {"closed_on": "31-02-2026"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["closed_on"])


# --- fields in other forms ----------------------------------------------------------------------------------


def test_an_owner_says_the_turnover_and_the_letter_of_undertaking(client, shop):
    data = {"name": "Ram Kirana", "scheme": "regular", "gstin": "27AAPFU0939F1ZV", "state_code": "27"}
    data |= {
        "invoice_prefix": "INV",
        "default_credit_days": "15",
        "promise_days": "30",
        "hsn_digits": "6",
        "lut_number": "AD270326000123X",
    }
    assert client.post("/m/ram/settings/", data).status_code == 302
    shop.refresh_from_db()
    assert (shop.hsn_digits, shop.lut_number) == (6, "AD270326000123X")


def test_a_buyer_in_a_sez_has_a_gstin_and_one_abroad_another_country(client, shop):
    data = {"form_key": new_key(), "name": "Nova", "language": "en", "is_sez": "on"}
    refused = client.post("/m/ram/parties/new/", data)
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["gstin"])
    client.post("/m/ram/parties/new/", data | {"form_key": new_key(), "gstin": "27AAACB2894G1ZN"})
    client.post("/m/ram/parties/new/", {"form_key": new_key(), "name": "Dubai", "language": "en", "state_code": "96"})
    assert list(Party.objects.filter(business=shop).order_by("pk").values_list("name", "is_sez", "state_code")) == [
        ("Nova", True, "27"), ("Dubai", False, "96"),
    ]  # fmt: skip


def test_an_item_may_bear_cess_by_rate_and_by_unit(client, shop):
    data = {"name": "Cola", "unit": "PCS", "unit_price_e4": "40", "gst_rate_bp": "40", "is_active": "on"}
    data["low_milli"] = "5"
    item = make_item(shop, "Cola")
    where = f"/m/ram/items/{item.public_id}/"

    def send(**cess: str) -> int:
        return int(client.post(where, data | cess | {"form_key": new_key()}).status_code)

    assert send(cess_rate_bp="1001") == 400
    assert send(cess_rate_bp="290", cess_per_unit_e4="2.5") == 302
    assert Item.objects.values_list("cess_rate_bp", "cess_per_unit_e4").get() == (29_000, 25_000)
    assert send(cess_rate_bp="", cess_per_unit_e4="") == 302
    assert Item.objects.values_list("cess_rate_bp", "cess_per_unit_e4").get() == (0, 0)

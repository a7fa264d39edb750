"""Items as the merchant keeps them: list, form, stock, store."""

import pytest

from accounts.idempotency import new_key
from accounts.models import Activity
from catalog import rates
from catalog.models import Category, Item, StockMovement, Storefront
from tests.factories import make_business, make_item, make_membership, make_user, merchant_client

pytestmark = pytest.mark.django_db

ITEMS = "/m/ram-kirana/items/"


@pytest.fixture
def owner():
    return make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make_business("Ram Kirana", owner, slug="ram-kirana", scheme="regular", gstin="27AAPFU0939F1ZV")


@pytest.fixture
def client(owner, shop):
    return merchant_client(owner)


SALT = {
    "name": "Tata Salt",
    "unit": "PCS",
    "unit_price_e4": "1,234.5678",
    "gst_rate_bp": "5",
    "hsn": "2501",
    "in_store": "on",
    "is_active": "on",
}


def salt(**changed: str) -> dict[str, str]:
    """The form of an item as it is sent, with a key of its own."""
    return SALT | {"form_key": new_key()} | changed


def names(response) -> list[str]:
    return [row.name for row in response.context["rows"]]


# --- New and changed ----------------------------------------------------------------------------------------


def test_a_new_item_is_kept_to_the_last_decimal(client, shop):
    answer = client.post(ITEMS + "new/", salt() | {"category_name": "Grocery", "code": "S-1"})
    assert (answer.status_code, answer["Location"]) == (302, ITEMS)
    item = shop.items.get()
    assert (item.name, item.unit_price_e4, item.gst_rate_bp, item.hsn, item.code, str(item.category)) == (
        "Tata Salt",
        12_345_678,
        500,
        "2501",
        "S-1",
        "Grocery",
    )
    assert (item.in_store, item.is_active, item.tracks_stock, item.stock_milli) == (True, True, False, 0)


def test_an_item_with_a_count_begins_with_a_movement(client, shop, owner):
    client.post(ITEMS + "new/", salt() | {"tracks_stock": "on", "counted": "12.5"})
    item = shop.items.get()
    assert item.stock_milli == 12_500
    movement = StockMovement.objects.get()
    assert (movement.delta_milli, movement.reason, movement.subject_id) == (12_500, "counted", str(owner.pk))


def test_a_count_without_keeping_stock_counts_nothing(client, shop):
    client.post(ITEMS + "new/", salt() | {"counted": "12"})
    assert (shop.items.get().stock_milli, StockMovement.objects.count()) == (0, 0)


@pytest.mark.parametrize("code", ["", "S-1"])
def test_a_double_click_makes_one_item_with_a_code_or_without(client, shop, code):
    form = salt(code=code, tracks_stock="on", counted="12")
    answers = [client.post(ITEMS + "new/", form) for _ in range(2)]
    assert [answer["Location"] for answer in answers] == [ITEMS, ITEMS]
    assert (shop.items.get().stock_milli, StockMovement.objects.count()) == (12_000, 1)
    page = client.get(ITEMS).content.decode()
    assert page.count("Tata Salt is saved.") == 2
    assert client.post(ITEMS + "new/", form | {"name": "Something else"}).status_code == 422
    assert client.post(ITEMS + "new/", salt(code="")).status_code == 302
    assert shop.items.count() == 2


def test_a_repeated_change_does_not_undo_a_later_one(client, shop):
    item = make_item(shop, "Salt")
    address = f"{ITEMS}{item.public_id}/"
    early = salt(name="Early")
    for form in (early, salt(name="Late"), early):
        assert client.post(address, form)["Location"] == address
    item.refresh_from_db()
    assert item.name == "Late"


def test_an_item_has_its_own_mark_of_low_stock(client, shop):
    client.post(ITEMS + "new/", salt(tracks_stock="on", counted="40", low_milli="40"))
    client.post(ITEMS + "new/", salt(name="Usual", tracks_stock="on", counted="6", low_milli=""))
    assert list(shop.items.order_by("pk").values_list("low_milli", flat=True)) == [40_000, 5_000]
    assert names(client.get(ITEMS, {"show": "low"})) == ["Tata Salt"]
    assert client.post(ITEMS + "new/", salt(low_milli="-1")).status_code == 400
    item = shop.items.get(name="Usual")
    client.post(f"{ITEMS}{item.public_id}/", salt(name="Usual", tracks_stock="on", low_milli="0"))
    item.refresh_from_db()
    assert item.low_milli == 0


def test_a_name_without_a_picture_is_shown_by_its_first_letter(client, shop):
    for name in ("12 PENCILS", "*Boombox", "नमक", "4711", "tea"):
        make_item(shop, name)
    found = {row.name: row.letter for row in client.get(ITEMS).context["rows"]}
    assert found == {"12 PENCILS": "P", "*Boombox": "B", "नमक": "न", "4711": "", "tea": "T"}


def test_the_parts_of_the_form_are_folded_until_something_is_in_them(client, shop):
    def opened(page) -> list[bool]:
        return [part.is_open for part in page.context["form"].parts()]

    assert opened(client.get(ITEMS + "new/")) == [False, False, False]
    assert opened(client.post(ITEMS + "new/", salt(name="", low_milli="5"))) == [False, False, False]
    assert opened(client.post(ITEMS + "new/", salt(low_milli="-1"))) == [False, True, False]
    hidden = make_item(shop, in_store=False)
    assert opened(client.get(f"{ITEMS}{hidden.public_id}/")) == [True, False, False]
    counted = make_item(shop, stock_milli=1000)
    assert opened(client.get(f"{ITEMS}{counted.public_id}/")) == [False, True, False]
    taxed = make_item(shop, cess_rate_bp=1200)
    assert opened(client.get(f"{ITEMS}{taxed.public_id}/")) == [False, False, True]


def test_several_items_in_a_row(client):
    assert client.post(ITEMS + "new/", salt() | {"another": "1"})["Location"] == ITEMS + "new/"


def test_a_category_is_found_in_any_case_and_made_once(client, shop):
    for n, name in enumerate(("Grocery", "grocery ", "  GROCERY", "Soaps")):
        client.post(ITEMS + "new/", salt() | {"name": f"Item {n}", "category_name": name})
    assert list(Category.objects.order_by("name").values_list("business", "name")) == [
        (shop.pk, "Grocery"),
        (shop.pk, "Soaps"),
    ]


def test_the_same_category_name_in_two_shops_is_two_categories(client, shop):
    foreign = Category.objects.create(business=make_business(), name="Grocery")
    client.post(ITEMS + "new/", salt() | {"category_name": "Grocery"})
    assert shop.items.get().category != foreign


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"name": ""}, "required"),
        ({"unit_price_e4": "-5"}, "cannot be negative"),
        ({"unit_price_e4": "1.23456"}, "at most four decimals"),
        ({"unit_price_e4": "99999999999999"}, "too large"),
        ({"unit_price_e4": "ten"}, "not a number"),
        ({"gst_rate_bp": "81"}, "higher than 40%"),
        ({"gst_rate_bp": "5.001"}, "such as 18 or 0.25"),
        ({"gst_rate_bp": ""}, "required"),
        ({"hsn": "123"}, "4, 6 or 8 digits"),
        ({"unit": "XXX"}, "choose one from the list"),
        ({"name": "x" * 201}, "at most 200"),
        ({"tracks_stock": "on", "counted": "-1"}, "cannot be negative"),
        ({"name": "A\x00B"}, "cannot be saved"),
    ],
)
def test_wrong_item_data_is_refused_in_plain_words_and_kept(client, shop, changed, says):
    answer = client.post(ITEMS + "new/", salt() | {"description": "Typed text"} | changed)
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert "Typed text" in answer.content.decode()
    assert not shop.items.exists()


def test_a_code_is_used_once_per_shop(client, shop):
    make_item(make_business(), code="S-1")
    assert client.post(ITEMS + "new/", salt() | {"code": "S-1"}).status_code == 302
    answer = client.post(ITEMS + "new/", salt() | {"code": "S-1"})
    assert answer.status_code == 400
    assert "Another item has this code" in answer.content.decode()
    assert shop.items.count() == 1


def test_changing_an_item_never_sets_its_stock_back(client, shop):
    item = make_item(shop, "Salt", stock_milli=5000)
    Item.objects.filter(pk=item.pk).update(reserved_milli=0)
    client.post(
        f"{ITEMS}{item.public_id}/", salt() | {"tracks_stock": "on", "stock_milli": "99", "reserved_milli": "7"}
    )
    item.refresh_from_db()
    assert (item.name, item.stock_milli, item.reserved_milli) == ("Tata Salt", 5000, 0)


def test_an_item_can_be_taken_out_of_use_and_back(client, shop):
    item = make_item(shop, "Salt")
    out = {name: value for name, value in salt().items() if name not in {"is_active", "in_store"}}
    client.post(f"{ITEMS}{item.public_id}/", out)
    assert names(client.get(ITEMS)) == []
    assert names(client.get(ITEMS, {"show": "unused"})) == ["Tata Salt"]
    client.post(f"{ITEMS}{item.public_id}/", salt())
    assert names(client.get(ITEMS)) == ["Tata Salt"]


def test_a_shop_without_gst_is_not_asked_for_rates(client, shop):
    make_business("Small", shop.memberships.get().user, slug="small")
    page = client.get("/m/small/items/new/").content.decode()
    assert "gst_rate_bp" not in page
    plain = {name: value for name, value in salt().items() if name != "gst_rate_bp"}
    assert client.post("/m/small/items/new/", plain).status_code == 302
    assert Item.objects.get().gst_rate_bp == 0


@pytest.mark.parametrize(("typed", "bp"), [("18", 1800), ("18 %", 1800), ("0.25%", 25), ("1.5", 150), ("१८", 1800)])
def test_a_rate_is_read_as_people_write_it(typed, bp):
    assert rates.parse_percent(typed) == bp


def test_an_item_of_another_shop_is_as_absent_as_none(client):
    foreign = make_item(make_business(), "Foreign")
    for end in ("", "stock/"):
        answers = [client.post(f"{ITEMS}{name}/{end}", salt()) for name in (foreign.public_id, "neverwas0000")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    foreign.refresh_from_db()
    assert foreign.name == "Foreign"


# --- Stock --------------------------------------------------------------------------------------------------


def count(client, item, typed, key="key-1"):
    return client.post(f"{ITEMS}{item.public_id}/stock/", {"counted": typed, "form_key": key})


def test_a_count_sets_the_stock_by_a_movement(client, shop, owner):
    item = make_item(shop, stock_milli=5000)
    assert count(client, item, "3.25")["Location"] == f"{ITEMS}{item.public_id}/"
    item.refresh_from_db()
    assert item.stock_milli == 3250
    assert StockMovement.objects.latest("pk").delta_milli == -1750
    assert [(a.actor, a.data) for a in Activity.objects.filter(verb="counted")] == [
        (owner, {"difference_milli": -1750})
    ]


def test_a_count_sent_twice_moves_once(client, shop):
    item = make_item(shop, stock_milli=5000)
    count(client, item, "3")
    Item.objects.filter(pk=item.pk)  # a sale in between would come from catalog.stock
    assert count(client, item, "3").status_code == 302
    assert StockMovement.objects.count() == 2
    refused = count(client, item, "4")
    assert refused.status_code == 422
    assert f'href="{ITEMS}{item.public_id}/">See what was saved' in refused.content.decode()


def test_a_count_begins_the_keeping_of_stock(client, shop):
    item = make_item(shop)
    count(client, item, "7")
    item.refresh_from_db()
    assert (item.tracks_stock, item.stock_milli) == (True, 7000)


@pytest.mark.parametrize("typed", ["", "-1", "many", "1.2345"])
def test_a_wrong_count_is_refused_and_the_item_is_still_there(client, shop, typed):
    item = make_item(shop, "Salt", stock_milli=5000)
    answer = count(client, item, typed)
    assert answer.status_code == 400
    assert "Salt" in answer.content.decode()
    item.refresh_from_db()
    assert item.stock_milli == 5000


def test_the_item_page_tells_what_moved(client, shop):
    item = make_item(shop, stock_milli=5000)
    count(client, item, "3")
    page = client.get(f"{ITEMS}{item.public_id}/").content.decode()
    assert "−2 pcs" in page
    assert "+5 pcs" in page


# --- The list -----------------------------------------------------------------------------------------------


def test_items_are_found_by_name_code_and_hsn(client, shop):
    make_item(shop, "Tata Salt", code="S-1", hsn="2501")
    make_item(shop, "Surf Excel", code="W-9", hsn="3402")
    make_item(make_business(), "Foreign Salt", code="S-1", hsn="2501")
    for text in ("salt", "s-1", "2501"):
        assert names(client.get(ITEMS, {"q": text})) == ["Tata Salt"]
    assert names(client.get(ITEMS, {"q": "nothing like it"})) == []


def test_items_are_filtered_by_category_stock_and_store(client, shop):
    soaps = Category.objects.create(business=shop, name="Soaps")
    make_item(shop, "A plenty", stock_milli=500_000, category=soaps)
    make_item(shop, "B low", stock_milli=5000)
    make_item(shop, "C out", stock_milli=0, in_store=False)
    make_item(shop, "D uncounted")
    assert names(client.get(ITEMS)) == ["A plenty", "B low", "C out", "D uncounted"]
    assert names(client.get(ITEMS, {"category": "Soaps"})) == ["A plenty"]
    assert names(client.get(ITEMS, {"show": "low"})) == ["B low", "C out"]
    assert names(client.get(ITEMS, {"show": "store"})) == ["A plenty", "B low", "D uncounted"]
    assert names(client.get(ITEMS, {"category": "Nowhere", "show": "nonsense", "q": "\x00"})) == [
        "A plenty",
        "B low",
        "C out",
        "D uncounted",
    ]
    words = {row.name: row.badge_word for row in client.get(ITEMS).context["rows"]}
    assert words == {"A plenty": "", "B low": "Low stock", "C out": "Out of stock", "D uncounted": ""}


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_the_same_for_few_and_many(client, shop, rows, django_assert_num_queries):
    for n in range(rows):
        make_item(shop, category=Category.objects.create(business=shop, name=f"C{n}"), stock_milli=1000)
    with django_assert_num_queries(6):  # session, user, device, membership, categories, items
        assert client.get(ITEMS).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_the_item_page_asks_the_same_for_few_and_many_movements(client, shop, rows, django_assert_num_queries):
    item = make_item(shop, stock_milli=1000)
    for n in range(rows):
        count(client, item, str(10 + n), key=f"key-{n}")
    client.get(ITEMS)  # shows the messages
    with django_assert_num_queries(7):  # session, user, device, membership, item, categories, movements
        assert client.get(f"{ITEMS}{item.public_id}/").status_code == 200


def test_items_of_one_name_are_all_listed_over_the_pages(client, shop):
    for n in range(70):
        make_item(shop, "Same name" if n % 2 else f"Item {n:02}", code=str(n))
    first = client.get(ITEMS)
    second = client.get(ITEMS + first.context["page"].older)
    codes = [row.code for page in (first, second) for row in page.context["rows"]]
    assert len(codes) == len(set(codes)) == 70
    assert names(client.get(ITEMS + second.context["page"].newer)) == names(first)


def test_a_filter_stays_on_the_next_page(client, shop):
    for n in range(51):
        make_item(shop, f"Salt {n:02}")
        make_item(shop, f"Rice {n:02}")
    older = client.get(ITEMS, {"q": "salt"}).context["page"].older
    assert names(client.get(ITEMS + older)) == ["Salt 50"]


def test_a_name_with_markup_is_text(client, shop):
    make_item(shop, "<script>alert(1)</script>")
    page = client.get(ITEMS).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


# --- The store's settings -----------------------------------------------------------------------------------


def test_looking_at_the_store_makes_no_row_and_saving_does(client, shop):
    page = client.get("/m/ram-kirana/store/").content.decode()
    assert "checked" in page
    assert not Storefront.objects.exists()
    answer = client.post("/m/ram-kirana/store/", {"minimum_order_paise": "500"})
    assert answer["Location"] == "/m/ram-kirana/store/"
    store = Storefront.objects.get()
    assert (store.business, store.is_open, store.minimum_order_paise) == (shop, False, 500_00)
    client.post("/m/ram-kirana/store/", {"is_open": "on", "minimum_order_paise": ""})
    store.refresh_from_db()
    assert (store.is_open, store.minimum_order_paise) == (True, 0)


def test_a_wrong_smallest_order_is_refused(client):
    answer = client.post("/m/ram-kirana/store/", {"is_open": "on", "minimum_order_paise": "-5"})
    assert answer.status_code == 400
    assert not Storefront.objects.exists()


def test_staff_cannot_close_the_store(shop):
    staff = make_user()
    make_membership(shop, staff, "staff")
    client = merchant_client(staff)
    assert "Only an owner" in client.get("/m/ram-kirana/store/").content.decode()
    assert client.post("/m/ram-kirana/store/", {"minimum_order_paise": ""}).status_code == 403
    assert not Storefront.objects.exists()

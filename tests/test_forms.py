"""How every form looks and speaks: our own words, said once, the focus on what is to be mended, +91 before a number."""

import re

import pytest
from django import forms
from django.test import Client
from django.utils import translation

from accounts.forms import DateField, MobileField, PhoneField
from tests import factories
from tests.factories import make_business, make_party, make_user, merchant_client

pytestmark = pytest.mark.django_db


def test_joiners_within_a_word_are_letters() -> None:
    assert Everything({"text": "क्\u200dष"}).fields["text"].clean("क्\u200dष") == "क्\u200dष"


class Everything(forms.Form):
    text = forms.CharField(max_length=5, min_length=2)
    whole = forms.IntegerField(min_value=1, max_value=9)
    day = DateField()
    mail = forms.EmailField()
    one = forms.ChoiceField(choices=[("a", "A")])
    tick = forms.BooleanField()
    file = forms.FileField()


@pytest.fixture(autouse=True)
def english():
    """Whatever language an earlier request has left behind."""
    with translation.override("en"):
        yield


@pytest.fixture
def owner():
    user = make_user(name="Ramesh")
    make_business("Ram Kirana", user, slug="ram")
    return user


def test_an_empty_form_is_answered_in_our_own_words_by_kind_of_field() -> None:
    assert Everything({}).errors == {
        "text": ["Please fill this in."],
        "whole": ["Please fill this in."],
        "day": ["Please choose a date."],
        "mail": ["Please fill this in."],
        "one": ["Please choose one."],
        "tick": ["Please tick this to go on."],
        "file": ["Please choose a file."],
    }


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("text", "abcdef", "This is too long: at most 5 characters."),
        ("text", "a", "This is too short: at least 2 characters."),
        ("text", "a\x00b", "There is a character in this that cannot be saved. Write it again."),
        ("text", "a\u202eb", "There is a character in this that cannot be saved. Write it again."),
        ("text", "\u200b\u200d", "There is a character in this that cannot be saved. Write it again."),
        ("whole", "many", "Write a whole number, such as 15."),
        ("whole", "10", "This is too much: at most 9."),
        ("whole", "0", "This is too little: at least 1."),
        ("day", "31/31/2026", "This is not a date we can read. Write it like 22/11/2026."),
        ("mail", "nobody", "An e-mail address looks like name@example.com."),
        ("one", "b", "Please choose one from the list."),
    ],
)
def test_what_is_wrong_is_said_in_our_own_words(field: str, typed: str, says: str) -> None:
    assert Everything({field: typed}).errors[field] == [says]


def test_the_words_follow_the_language() -> None:
    with translation.override("hi"):
        assert Everything({}).errors["text"] == ["कृपया इसे भरें।"]
        assert Everything({"text": "abcdef"}).errors["text"] == ["यह बहुत लंबा है: ज़्यादा से ज़्यादा 5 अक्षर।"]


def fields(html: str, *, mark: str) -> list[str]:
    """The names of the fields that carry an attribute."""
    tags = re.findall(r"<(?:input|select|textarea)\b[^>]*>", html)
    return [name[1] for tag in tags if re.search(rf"\s{mark}[\s=>]", tag) if (name := re.search(r'name="(\w+)"', tag))]


def test_the_first_field_with_an_error_has_the_focus_and_names_its_error() -> None:
    page = Client().post("/m/signup/", {"name": "Asha", "phone": "12"}).content.decode()
    assert fields(page, mark="autofocus") == ["phone"]
    assert fields(page, mark="aria-invalid") == ["phone"]


def test_before_anything_is_sent_the_first_field_of_a_door_has_the_focus() -> None:
    assert fields(Client().get("/m/signup/").content.decode(), mark="autofocus") == ["name"]
    assert fields(Client().get("/m/login/").content.decode(), mark="autofocus") == ["phone"]


def test_no_field_is_invalid_before_anything_was_sent() -> None:
    assert fields(str(Everything()), mark="autofocus") == fields(str(Everything()), mark="aria-invalid") == []


@pytest.mark.parametrize("address", ["/m/login/", "/m/signup/", "/m/new/"])
def test_a_short_form_says_an_error_once(address: str, owner) -> None:
    client = merchant_client(owner) if address == "/m/new/" else Client()
    response = client.post(address, {})
    page = response.content.decode()
    said = re.findall(r'<ul class="errorlist"[^>]*><li>(.*?)</li>', page)
    assert said == [errors[0] for errors in response.context["form"].errors.values()]
    assert 'role="alert"' not in page


def test_a_long_form_names_the_fields_above_and_says_what_is_wrong_at_the_field(owner) -> None:
    page = merchant_client(owner).post("/m/ram/settings/", {"name": "Ram", "upi_id": "x"}).content.decode()
    above = page.partition('role="alert"')[2].partition("</div></div>")[0]
    assert '<a href="#id_upi_id">UPI id</a>' in above
    assert "looks like" not in above
    assert page.count("A UPI id looks like ramkirana@okaxis.") == 1


# --- Phone numbers ------------------------------------------------------------------------------------------


class Numbers(forms.Form):
    mobile = MobileField(required=False)
    phone = PhoneField(region="IN", required=False)


PREFIX = '<span aria-hidden="true">+91</span>'


def value(form: forms.Form, name: str) -> str:
    return str(form[name].value())


@pytest.mark.parametrize("typed", ["98200 00001", "+91 98200 00001", "098200-00001", "00919820000001", "९८२०० ००००१"])
def test_a_number_may_be_typed_with_or_without_its_prefix(typed: str) -> None:
    form = Numbers({"mobile": typed, "phone": typed})
    assert form.is_valid()
    assert {str(number) for number in form.cleaned_data.values()} == {"+919820000001"}


def test_a_saved_number_stands_without_its_prefix_which_stands_before_the_field() -> None:
    form = Numbers(initial={"mobile": "+919820000001", "phone": "+912024451234"})
    assert (value(form, "mobile"), value(form, "phone")) == ("98200 00001", "20 2445 1234")
    assert str(form).count(PREFIX) == 2


def test_a_number_from_abroad_stays_whole_and_has_no_indian_prefix() -> None:
    form = Numbers(initial={"mobile": "+6581234567"})
    assert value(form, "mobile") == "+65 8123 4567"
    assert form["mobile"].as_field_group().count(PREFIX) == 0
    assert Numbers({"mobile": value(form, "mobile")}).is_valid()


def test_the_same_number_written_otherwise_is_no_change() -> None:
    initial = {"mobile": "+919820000001", "phone": "+912024451234"}
    assert Numbers({"mobile": "9820000001", "phone": "20-2445 1234"}, initial=initial).changed_data == []
    assert Numbers({"mobile": "9820000002", "phone": ""}, initial=initial).changed_data == ["mobile", "phone"]
    abroad = Numbers({"mobile": "6581234567"}, initial={"mobile": "+6581234567"})
    assert abroad.changed_data == ["mobile"]


def test_every_phone_field_of_the_shop_and_of_the_customer_shows_the_prefix(owner) -> None:
    business = owner.memberships.get().business
    party = make_party(business, "+919811112222")
    shop = merchant_client(owner)
    pages = [
        Client().get("/m/login/"),
        Client().get("/m/signup/"),
        Client().get("/portal/login/"),
        shop.get("/m/ram/settings/"),
        shop.get("/m/ram/parties/new/"),
        shop.get(f"/m/ram/parties/{party.public_id}/edit/"),
        shop.get(f"/m/ram/parties/{party.public_id}/"),
    ]
    assert [PREFIX in page.content.decode() for page in pages] == [True] * 7
    assert 'value="98111 12222"' in pages[5].content.decode()


# --- searches -----------------------------------------------------------------------------------------------

LISTS = ("parties/", "invoices/", "payments/", "adjustments/", "items/", "invoices/new/", "reports/statement/")


@pytest.mark.parametrize("where", LISTS)
def test_a_search_that_is_too_long_is_told_so_kept_and_finds_nothing(where: str) -> None:
    book, typed = factories.make_book("Asha"), "asha" * 20
    page = factories.merchant_client(book.owner).get(f"/m/{book.business.slug}/{where}", {"q": typed}).content.decode()
    assert "This is too long: at most 60 characters." in page
    assert f'value="{typed}"' in page
    assert "Asha Kirana" not in page
    assert "Asha Rice" not in page


@pytest.mark.parametrize("where", ["invoices/", "store/"])
def test_a_customers_search_that_is_too_long_finds_nothing_either(where: str) -> None:
    book, typed = factories.make_book("Asha"), "asha" * 20
    address = f"/portal/{book.party.public_id}/{where}"
    page = factories.customer_client(book.party).get(address, {"q": typed}).content.decode()
    assert "This is too long: at most 60 characters." in page
    assert f'value="{typed}"' in page
    assert book.invoice.number not in page
    assert "Asha Rice" not in page

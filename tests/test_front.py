"""The pages of no app."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_only_the_front_page_may_be_kept_by_search_engines():
    assert Client().get("/").headers["X-Robots-Tag"] == "all"
    assert Client().get("/portal/login/").headers["X-Robots-Tag"] == "noindex, nofollow"
    assert Client().get("/robots.txt").content == b"User-agent: *\nDisallow: /\nAllow: /$\n"


def test_the_icon_is_found_where_browsers_look_for_it():
    response = Client().get("/favicon.ico")
    assert (response.status_code, response.headers["Location"]) == (301, "/static/img/favicon.svg")


def test_health_answers_ok_without_a_session():
    response = Client().get("/health")
    assert (response.status_code, response.content, dict(response.cookies)) == (200, b"ok", {})


def test_the_component_sheet_shows_wrong_fields_with_their_errors():
    response = Client().get("/components/")
    assert response.status_code == 200
    assert set(response.context["wrong_form"].errors) == {"form_key", "amount", "phone", "gstin", "date"}


@pytest.mark.parametrize(("chosen", "kept"), [("hi", "hi"), ("xx", None)])
def test_a_language_is_kept_in_a_cookie_if_we_have_it(chosen, kept):
    response = Client(enforce_csrf_checks=True).post("/language/", {"language": chosen, "next": "/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert (response.cookies["sl_lang"].value if "sl_lang" in response.cookies else None) == kept


def test_the_choice_of_language_leads_to_no_other_site():
    response = Client().post("/language/", {"language": "hi", "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"

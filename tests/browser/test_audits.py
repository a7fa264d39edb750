"""Every page of the portal in English and Hindi, and of the shop, held against WCAG 2.2 AA and the rules of HTML.

The tools come with `bin/setup --dev`; tests/audits has them, and Lighthouse, which `python -m tests.audits` runs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.audits import access, nu, pages
from tests.audits.browsing import Reader
from tests.audits.pages import Sheet
from tests.browser.test_pages import Shown

pytestmark = pytest.mark.django_db
NewContext = Callable[..., Any]


@pytest.fixture
def shown() -> Shown:
    return pages.make()


def reader(new_context: NewContext, **context: Any) -> Reader:
    phone = {
        "viewport": {"width": 360, "height": 740},
        "is_mobile": True,
        "has_touch": True,
        "reduced_motion": "reduce",
    }
    return Reader(new_context(**(phone | context)).new_page())


def test_every_page_is_html_as_it_should_be(shown: Shown, tmp_path: Path) -> None:
    sheets = [*pages.portal(shown, "en"), *pages.portal(shown, "hi"), *pages.merchant(shown)]
    assert len(sheets) > 200
    assert len({sheet.file_name for sheet in sheets}) == len(sheets)
    assert nu.faults(sheets, tmp_path) == []


@pytest.mark.parametrize("language", ["en", "hi"])
def test_every_page_of_the_portal_is_open_to_everybody(new_context: NewContext, shown: Shown, language: str) -> None:
    assert faults(reader(new_context), pages.portal(shown, language), dark=language == "en") == []


def test_every_page_of_the_shop_is_open_to_everybody(new_context: NewContext, shown: Shown) -> None:
    assert faults(reader(new_context), pages.merchant(shown)) == []


def faults(reader: Reader, sheets: list[Sheet], *, dark: bool = False) -> list[str]:
    """All that is wrong with the pages; `dark`: their colours in the dark too, which are the same in every language."""
    found = []
    for sheet in sheets:
        reader.show(sheet)
        page = reader.page
        wrong = access.axe(page) + access.own(page, mistaken=sheet.is_mistaken) + access.reflow(page)
        if dark:
            page.emulate_media(color_scheme="dark")
            wrong += [f"dark: {fault}" for fault in access.axe(page, colours_only=True)]
            page.emulate_media(color_scheme="light")
        found += [f"{sheet.name}: {fault}" for fault in wrong]
    return found + reader.faults


def test_nothing_moves_for_those_who_asked_for_it_and_a_line_says_what_a_colour_said(
    new_context: NewContext, shown: Shown
) -> None:
    quiet = reader(new_context, forced_colors="active")
    client = factories.customer_client(shown.book.owner_phone)
    address = f"/portal/{shown.book.party.public_id}/"
    quiet.show(Sheet("dashboard", address, "en", client.get(address).content.decode(), client))
    moves = """() => [...document.querySelectorAll("*")].map((el) => getComputedStyle(el))
      .filter(({ animationName, transitionProperty }) => animationName !== "none" || transitionProperty !== "none").length"""
    assert quiet.page.evaluate(moves) == 0
    current, primary = quiet.page.locator(".dock [aria-current=page]"), quiet.page.locator(".btn.primary").first
    assert current.evaluate("el => getComputedStyle(el).textDecorationLine") == "underline"
    assert primary.evaluate("el => getComputedStyle(el).borderTopStyle") == "double"

"""The customer's papers as lists: what fits the filter, added up over all of it and not over the page."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.india import today
from ledger import posting
from portal import lists
from tests import factories as make
from tests.test_portal_pages import BASE, at, days_ago, person, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def party():
    return make.make_party(make.make_business("Ram Kirana"), make.new_phone(), "Shree Ganesh")


@pytest.fixture
def client(party):
    return make.customer_client(party)


def figures(text):
    """The sums above a list: word -> figure."""
    found = re.search(r'<dl class="facts figures" aria-label="Sums of what fits">(.*?)</dl>', text, re.DOTALL)
    return dict(re.findall(r'<dt>([^<]*)</dt><dd class="num">([^<]*)</dd>', found[1])) if found else None


def test_sums_are_of_all_that_fits_and_not_of_the_page(client, party):
    """Twenty-three bills of which twenty are shown, one part paid, one cancelled (listed, and not added up)."""
    bills = [make.make_invoice(party, paise=(100 + n) * 100, on=days_ago(n)) for n in range(23)]
    make.make_payment(party, 40_00, shares=[(bills[22].open_item.pk, 40_00)])
    posting.cancel_invoice(bills[0], make.make_user(), "typed twice")
    make.make_invoice(party, paise=9_99_999_00, on=days_ago(60))
    other = make.make_party(party.business, make.new_phone())
    make.make_invoice(other, paise=7_77_777_00, on=days_ago(1))
    since = f"?since={days_ago(22)}&until={today()}"
    total = sum(100 + n for n in range(1, 23))
    sums = {"How many": "23", "Billed": f"₹{total:,}.00", "Settled": "₹40.00", "Still due": f"₹{total - 40:,}.00"}
    for path in (f"invoices/{since}", since, f"invoices/{since}&after={bills[19].public_id}"):
        assert figures(text_of(client, at(party, path))) == sums
    assert figures(text_of(client, at(party, "invoices/"))) is None  # unfiltered: the balance says it
    part_paid = {"How many": "1", "Billed": "₹122.00", "Settled": "₹40.00", "Still due": "₹82.00"}
    assert figures(text_of(client, at(party, "invoices/?status=part_paid"))) == part_paid


def test_beyond_a_bound_no_sums_are_shown_and_the_page_says_how_to_get_them(client, party, monkeypatch):
    monkeypatch.setattr(lists, "MOST_SUMMED", 2)
    for n in range(3):
        make.make_invoice(party, on=days_ago(n))
    text = text_of(client, at(party, f"invoices/?since={days_ago(5)}"))
    assert figures(text) is None
    assert "Choose days, and their sums stand here." in text
    assert figures(text_of(client, at(party, f"invoices/?since={days_ago(1)}")))["How many"] == "2"


def test_days_that_make_no_sense_are_said_at_their_field_and_hide_nothing(client, party):
    number = make.make_invoice(party).number
    for query in ("since=2026-02-31", f"since={today()}&until={days_ago(3)}", "until=%00"):
        text = text_of(client, at(party, f"invoices/?{query}"))
        assert number in text
        assert 'class="errorlist"' in text
        assert figures(text) is None


def test_credit_notes_have_a_list_and_sums_of_their_own(client, party):
    bill = make.make_invoice(party, paise=500_00)
    note = make.make_credit_note(party, paise=130_00)
    text = text_of(client, at(party, f"invoices/?status=credit&since={days_ago(1)}"))
    assert f">{note.number}<" in text
    assert f">{bill.number}<" not in text
    assert figures(text) == {"How many": "1", "Credited": "₹130.00", "Not used yet": "₹130.00"}


def test_receipts_are_listed_searched_and_added_up_and_each_opens(client, party):
    make.make_invoice(party, paise=300_00)
    used = make.make_payment(party, 300_00, on=days_ago(3), mode="upi", reference="UTR777")
    advance = make.make_payment(party, 55_00, shares=[])
    bounced = make.make_payment(party, 9_00, mode="cheque", reference="CHQ1")
    posting.cancel_payment(bounced, make.make_user(), "bounced")
    stranger = make.make_payment(make.make_party(party.business, make.new_phone()), 71_317_00)
    text = text_of(client, at(party, f"payments/?since={days_ago(9)}"))
    assert figures(text) == {"How many": "3", "Received": "₹355.00", "Paid in advance": "₹55.00"}
    for one in (used, advance, bounced):
        assert f'href="{at(party, f"payments/{one.public_id}/")}"' in text
    assert stranger.public_id not in text
    assert "71,317" not in text
    text = text_of(client, at(party, "payments/?q=utr777"))
    assert used.public_id in text
    assert advance.public_id not in text


def test_statements_of_each_month_end_where_the_ledger_of_its_days_does(client, party):
    make.make_invoice(party, paise=500_00, on=dt.date(2024, 3, 30))
    make.make_invoice(party, paise=200_00, on=dt.date(2024, 4, 30))
    make.make_payment(party, 150_00, on=dt.date(2024, 6, 2))
    text = text_of(client, at(party, "statements/?year=2024"))
    for month, closing in (
        ("2024-04-01&amp;end=2024-04-30", "₹700.00 Dr"),
        ("2024-06-01&amp;end=2024-06-30", "₹550.00 Dr"),
    ):
        href = f"{at(party, 'ledger/')}?start={month}"
        assert f'href="{href}"' in text
        assert f'<td class="n">{closing}</td>' in text
        assert closing in text_of(client, href.replace("&amp;", "&"))
    assert f"{at(party, 'ledger.pdf')}?start=2024-04-01&amp;end=2025-03-31" in text
    assert 'href="?year=2023"' in text
    assert 'href="?year=2022"' not in text_of(client, at(party, "statements/?year=2023"))
    for nonsense in ("year=x", "year=20999", "year=%00", "year=2099"):
        assert client.get(at(party, f"statements/?{nonsense}")).status_code == 200


def test_every_list_is_reached_from_every_other_and_helpers_for_orders_reach_none(client, party):
    make.make_invoice(party, paise=71_317_00)
    ways = ("invoices/", "invoices/?status=credit", "payments/", "statements/")
    helper = person(party, "orders")
    for page in ("", *ways):
        text = text_of(client, at(party, page))
        assert [way for way in ways if f'href="{at(party, way)}"' not in text] == []
    for way in ways:
        assert helper.get(at(party, way)).status_code == 403
    assert not [way for way in ways if at(party, way) in text_of(helper, at(party))]


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("", 4),
        ("?since=2020-01-01", 5),
        ("invoices/?status=unpaid", 2),
        ("payments/?since=2020-01-01", 2),
        ("statements/", 2),
    ],
)
def test_a_list_costs_the_same_for_one_row_and_for_three(client, party, path, queries):
    for rows in (1, 3):
        while party.invoices.count() < rows:
            make.make_invoice(party)
            make.make_payment(party, 10_00, shares=[])
        with CaptureQueriesContext(connection) as found:
            text_of(client, at(party, path))
        assert len(found) == BASE + queries

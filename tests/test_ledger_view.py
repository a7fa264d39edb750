"""The customer's ledger: what unfolds in a row, what is pending, and files of exactly the rows that are shown."""

import csv
import datetime as dt
import io

import pytest
import time_machine
from openpyxl import load_workbook
from pypdf import PdfReader

from accounts.money import rupees, with_side
from ledger import posting
from ledger.drafting import DraftLine
from portal.forms import preset
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 29, 6, tzinfo=dt.UTC)


@pytest.fixture
def party():
    business = make.make_business(
        "Ram Kirana", make.make_user(name="Ramesh"), slug="ram", scheme="regular", gstin="27AAACR5055K1Z7"
    )
    return make.make_party(business, make.new_phone(), "Shree Ganesh", credit_days=10)


@pytest.fixture
def ledger(party):
    """Since May: 40 bills with a payment each, one of freight and round-off, a TDS, a cancelled bill, an advance."""
    with time_machine.travel(NOW, tick=False):
        for at in range(28):
            on = dt.date(2026, 5, 1) + dt.timedelta(days=7 * at)
            bill = make.make_invoice(party, paise=1_000_00 + at * 100, on=on)
            make.make_payment(party, 900_00, on=on, reference=f"UTR{at:05}", shares=[(bill.open_item.pk, 900_00)])
        freight = DraftLine(
            description="Freight",
            quantity_milli=1000,
            unit_price_e4=50_0000,
            unit="OTH",
            hsn="996511",
            gst_rate_bp=1800,
            is_charge=True,
        )
        lines = [make.line("Rice", paise=999_99, gst_rate_bp=1800), freight]
        taxed = make.make_invoice(party, lines=lines, on=dt.date(2026, 11, 20), rounds_off=True)
        make.make_payment(party, 90_00, on=dt.date(2026, 11, 21), tds_paise=10_00)
        posting.cancel_invoice(make.make_invoice(party, on=dt.date(2026, 11, 22)), make.make_user(), "mistake")
        yield taxed


def shown(client, where, query):
    """The rows of all pages: (title, debit, credit, balance)."""
    rows, address = [], f"{where}?{query}"
    while address:
        context = client.get(address).context
        rows += [(row.debit, row.credit, row.balance) for row in context["rows"]]
        address = where + context["older"] if context["older"] else ""
    return rows, context["opening"], context["closing"]


@pytest.mark.parametrize(
    "query", ["period=this-year", "period=last-month", "period=all", "start=2026-07-10&end=2026-11-21"]
)
def test_csv_xlsx_and_pdf_have_exactly_the_rows_that_are_shown(party, ledger, query):
    client, where = make.customer_client(party), f"/portal/{party.public_id}/ledger"
    rows, opening, closing = shown(client, f"{where}/", query)

    answer = client.get(f"{where}.csv?{query}")
    table = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))[1:]
    written = [tuple(round(float(cell or 0) * 100) for cell in row[4:7]) for row in table]
    assert [
        (rupees(debit) if debit else "", rupees(credit) if credit else "", with_side(balance))
        for debit, credit, balance in written[1:-1]
    ] == rows
    assert (with_side(written[0][2]), with_side(written[-1][2])) == (opening, closing)

    book = load_workbook(io.BytesIO(client.get(f"{where}.xlsx?{query}").getvalue()))
    cells = list(book.active.iter_rows(min_row=2, values_only=True))
    assert [tuple(round(float(cell or 0) * 100) for cell in row[4:7]) for row in cells] == written
    assert [row[2] or "" for row in cells] == [row[2] for row in table]

    paper = PdfReader(io.BytesIO(client.get(f"{where}.pdf?{query}").getvalue()))
    words = "".join("".join(page.extract_text().split()) for page in paper.pages)
    numbers = [row[2] for row in table if row[2]]
    assert [number for number in numbers if number not in words] == []
    assert sum(words.count(number) for number in set(numbers)) == len(numbers)


def test_a_row_unfolds_to_its_voucher(party, ledger):
    client = make.customer_client(party)
    rows = client.get(f"/portal/{party.public_id}/ledger/?period=this-month").context["rows"]
    by_title = {row.title: row.voucher for row in rows}
    assert by_title[f"Invoice {ledger.number}"] == (
        ("Taxable value", "₹1,049.99"),
        ("of which freight and charges", "₹50.00"),
        ("CGST", "₹94.50"),
        ("SGST/UTGST", "₹94.50"),
        ("Round-off", "₹0.01"),
    )
    paid = next(voucher for title, voucher in by_title.items() if title.startswith("Payment, Cash"))
    assert [amount for _name, amount in paid] == ["₹90.00"]
    assert paid[0][0].startswith("settles Invoice ")
    tds = next(row for row in rows if row.title == "TDS deducted")
    page = client.get(tds.href)
    assert page.context["amount"] == "₹10.00"
    assert page.context["pairs"] == tds.voucher
    cancelled = [row.voucher for row in rows if row.title.startswith("Cancelled")]
    assert cancelled == [()]


def test_what_is_pending_adds_up_by_how_late_it_is(party, ledger):
    client = make.customer_client(party)
    context = client.get(f"/portal/{party.public_id}/ledger/").context
    ageing = context["ageing"]
    sums = [round(float(amount[1:].replace(",", "")) * 100) for _name, amount, _late in ageing["buckets"]]
    assert sum(sums) == round(float(ageing["total"][1:].replace(",", "")) * 100)
    assert ageing["total"] + " Dr" == context["closing"]
    assert [len(ageing["pending"]), ageing["more"]] == [10, True]
    assert [row["days_late"] for row in ageing["pending"]] == sorted(
        (row["days_late"] for row in ageing["pending"]), reverse=True
    )


@pytest.mark.parametrize(
    ("name", "day", "start", "end"),
    [
        ("this-quarter", (2026, 11, 29), (2026, 10, 1), (2026, 11, 29)),
        ("last-quarter", (2026, 11, 29), (2026, 7, 1), (2026, 9, 30)),
        ("last-quarter", (2027, 2, 1), (2026, 10, 1), (2026, 12, 31)),
        ("last-quarter", (2026, 4, 1), (2026, 1, 1), (2026, 3, 31)),
        ("this-quarter", (2026, 4, 1), (2026, 4, 1), (2026, 4, 1)),
        ("last-year", (2026, 4, 1), (2025, 4, 1), (2026, 3, 31)),
    ],
)
def test_quarters_are_those_of_the_financial_year(name, day, start, end):
    with time_machine.travel(dt.datetime(day[0], day[1], day[2], 6, tzinfo=dt.UTC), tick=False):
        period = preset(name)
    assert period is not None
    assert (period.start.timetuple()[:3], period.end.timetuple()[:3]) == (start, end)

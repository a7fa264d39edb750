"""What goes out to the accountant: figures that tie to the ledger, files no spreadsheet runs, one business only."""

import copy
import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts import india, money
from accounts.models import Business, Party
from accounts.money import plain
from ledger import billing, export, posting, reports, statements
from ledger.crediting import Want
from ledger.models import Entry, Invoice, InvoiceLine, PartyBalance
from ledger.reports import Column, Kind, hsn, receivables, sales, statement
from ledger.statements import Period
from tests import factories
from tests.factories import Once, line, make_business, make_invoice, make_party, make_user, merchant_client
from tests.test_ageing import shop_with_debts
from tests.test_journal import everything

ALWAYS = Period(dt.date(2000, 1, 1), dt.date(2100, 1, 1))
TITLES = [str(column.title) for column in sales.REPORT.columns]


@pytest.fixture(scope="module")
def _shop(once: Once) -> Business:
    """A book with everything in it; beside it another shop's, of which nothing may be seen."""
    with once():
        make_invoice(make_party(name="Somebody else's"), paise=777_77)
        return everything()


@pytest.fixture
def shop(_shop: Business, db: None) -> Business:
    return copy.deepcopy(_shop)


def of(report: reports.Report, business: Business, period: Period = ALWAYS) -> list[dict[str, Any]]:
    names = [str(column.title) for column in report.columns]
    return [dict(zip(names, row, strict=True)) for row in report.rows(business, period)]


# --- The sales register -------------------------------------------------------------------------------------


def test_the_register_of_any_period_is_what_the_ledger_moved_by_documents(shop: Business) -> None:
    """Also across the day on which the books were closed: no period that was reported changes later."""
    days = sorted(set(Entry.objects.filter(business=shop).values_list("dated_on", flat=True)))
    periods = [ALWAYS, *(Period(a, b) for a in days for b in days if a <= b)]
    assert len(periods) > 5
    for period in periods:
        moved = Entry.objects.filter(
            business=shop, invoice__isnull=False, dated_on__gte=period.start, dated_on__lte=period.end
        ).aggregate(n=Sum(F("debit_paise") - F("credit_paise"), default=0))["n"]
        rows = of(sales.REPORT, shop, period)
        assert sum(row["Total"] for row in rows) == moved
        sums = sales.totals(shop, period)
        assert sums["total_paise"] == moved
        assert [sums[name] for name in sales.AMOUNTS] == [
            sum(row[title] for row in rows) for title in TITLES[10:]
        ]  # the page's figures are those of the rows


def test_every_number_that_was_given_stands_in_the_register_once(shop: Business) -> None:
    rows = [row for row in of(sales.REPORT, shop) if row["Cancelled"] != "Cancellation"]
    given = Invoice.objects.filter(business=shop).exclude(status="draft")
    assert sorted((row["Document"], row["Number"]) for row in rows) == sorted(
        (doc.get_kind_display(), doc.number) for doc in given
    )
    days = [row["Date"] for row in of(sales.REPORT, shop)]
    assert days == sorted(days)


def test_a_row_says_all_that_a_return_asks_for(db: None) -> None:
    owner = make_user()
    shop = make_business(slug="row", scheme="regular", gstin="27AAPFU0939F1ZV")
    party = make_party(shop, name="Gujarat Traders", gstin="24AAPFU0939F1Z1", state_code="24")
    lines = [
        line(paise=100_10, gst_rate_bp=1800, cess_rate_bp=100),
        line("Toll", paise=7_00, is_charge=True, in_taxable_value=False),
    ]
    bill = make_invoice(party, lines=lines, rounds_off=True, on=dt.date(2026, 5, 2))
    billing.credit(
        bill, [Want(bill.lines.all()[0].pk, value_paise=10_01)], owner, issued_on=dt.date(2026, 5, 3), reason="cheaper"
    )
    first, second = of(sales.REPORT, shop)
    assert first == {
        "Date": dt.date(2026, 5, 2),
        "Number": bill.number,
        "Document": "Invoice",
        "Cancelled": "",
        "For invoice": "",
        "Party": "Gujarat Traders",
        "GSTIN": "24AAPFU0939F1Z1",
        "Place of supply": "24 Gujarat",
        "Supply": "Within India",
        "Reverse charge": "No",
        "Taxable value": 100_10,
        "CGST": 0,
        "SGST/UTGST": 0,
        "IGST": 18_02,
        "Cess": 1_00,
        "Charges without tax": 7_00,
        "Round-off": -12,
        "Total": 126_00,
    }
    assert (second["Document"], second["For invoice"], second["Taxable value"], second["IGST"]) == (
        "Credit note", bill.number, -10_01, -1_80,
    )  # fmt: skip


def test_a_cancelled_invoice_stands_with_zeros_and_one_of_closed_books_is_taken_back_later(db: None) -> None:
    owner, today = make_user(), india.today()
    shop = make_business(slug="closed")
    party = make_party(shop)
    before = today - dt.timedelta(days=50)
    first = make_invoice(party, paise=10_00, on=before)
    now, late = make_invoice(party, paise=20_00, on=before), make_invoice(party, paise=30_00, on=before)
    posting.cancel_invoice(now, owner, "typed wrong")
    Business.objects.update(books_closed_on=before + dt.timedelta(days=1))
    posting.cancel_invoice(late, owner, "came back")
    rows = [(row["Date"], row["Number"], row["Cancelled"], row["Total"]) for row in of(sales.REPORT, shop)]
    assert rows == [
        (before, first.number, "", 10_00),
        (before, now.number, "Cancelled", 0),
        (before, late.number, f"Cancelled on {india.show_date(today)}", 30_00),
        (today, late.number, "Cancellation", -30_00),
    ]


# --- HSN ----------------------------------------------------------------------------------------------------


def test_the_hsn_summary_comes_to_what_the_register_says(shop: Business) -> None:
    days = sorted(set(Entry.objects.filter(business=shop).values_list("dated_on", flat=True)))
    for period in (ALWAYS, *(Period(day, day) for day in days)):
        sums = sales.totals(shop, period)
        rows = of(hsn.REPORT, shop, period)
        for title, name in (
            ("Taxable value", "taxable_paise"),
            ("CGST", "cgst_paise"),
            ("SGST/UTGST", "sgst_paise"),
            ("IGST", "igst_paise"),
            ("Cess", "cess_paise"),
        ):
            assert sum(row[title] for row in rows) == sums[name]


def test_hsn_rows_are_by_code_unit_and_rate_less_what_came_back(db: None) -> None:
    owner = make_user()
    shop = make_business(slug="hsn", scheme="regular", gstin="27AAPFU0939F1ZV")
    party = make_party(shop)
    rice: dict[str, Any] = {"hsn": "1006", "unit": "KGS", "gst_rate_bp": 500}
    bill = make_invoice(
        party,
        lines=[
            line("Rice", paise=50_00, quantity_milli=10_000, **rice),
            line("Rice", paise=60_00, quantity_milli=2_500, **rice),
            line("Rice in bags", paise=500_00, quantity_milli=1_000, **rice | {"unit": "BAG"}),
            line("Ghee", paise=100_00, hsn="0405", unit="KGS", gst_rate_bp=1800),
            line("Toll", paise=9_00, is_charge=True, in_taxable_value=False),
        ],
    )
    lines = list(bill.lines.all())
    billing.credit(bill, [Want(lines[0].pk, quantity_milli=4_000)], owner, issued_on=india.today(), reason="came back")
    billing.credit(bill, [Want(lines[1].pk, value_paise=10_00)], owner, issued_on=india.today(), reason="cheaper")
    posting.cancel_invoice(make_invoice(party, lines=[line(paise=1_00, **rice)]), owner, "twice")
    make_invoice(party, lines=[line("Draft", paise=1_00, **rice)], issued=False)
    rows = [tuple(row.values()) for row in of(hsn.REPORT, shop)]
    assert rows == [
        ("0405", "KGS", 1800, 1_000, 100_00, 9_00, 9_00, 0, 0, 118_00),
        ("1006", "BAG", 500, 1_000, 500_00, 12_50, 12_50, 0, 0, 525_00),
        ("1006", "KGS", 500, 8_500, 440_00, 11_00, 11_00, 0, 0, 462_00),
    ]


# --- Receivables and statements -----------------------------------------------------------------------------


def test_ageing_and_outstanding_both_come_to_the_sum_of_all_balances(db: None) -> None:
    shop = shop_with_debts()
    make_invoice(make_party(name="Of another shop"), paise=5000_00)
    balances = PartyBalance.objects.filter(business=shop)
    total = sum(row.paise for row in balances)
    rows = of(receivables.AGEING, shop)
    assert {row["Party"]: row["Balance"] for row in rows} == {
        row.party.name: row.paise for row in balances if row.party.name != "Done"
    }
    assert [row["Mobile"] for row in rows] == ["", "98123 00001", ""]
    assert (rows[0]["61–90 days"], rows[2]["Advances"], rows[2]["Not yet due"]) == (66_00, -80_00, 33_00)
    found = of(receivables.OUTSTANDING, shop)
    assert sum(row["Still open"] for row in found) == sum(row["Balance"] for row in rows) == total
    assert [row["Due"] for row in found if row["Due"]] == sorted(row["Due"] for row in found if row["Due"])
    opening = next(row for row in found if row["Party"] == "Gita")
    assert (opening["Document"], opening["Days overdue"], opening["Age"]) == (
        "Opening balance",
        61,
        "61–90 days overdue",
    )
    advance = next(row for row in found if row["Party"] == "Sita" and row["Age"] == "Advance")
    assert (advance["Document"], advance["Due"], advance["Still open"]) == ("Payment", None, -80_00)


def test_a_statement_runs_from_the_opening_to_the_closing_balance_of_any_period(shop: Business) -> None:
    parties = Party.objects.filter(business=shop)
    today = india.today()
    for party in parties:
        for start, end in ((today, today), (today - dt.timedelta(days=39), today), (dt.date(2000, 1, 1), today)):
            rows = list(statement.rows(party, Period(start, end)))
            opening, closing = statements.balances_before(party, start, end + dt.timedelta(days=1))
            assert (rows[0][6], rows[-1][6]) == (opening, closing)
            assert rows[-2][6] == closing
            assert opening + sum((row[4] or 0) - (row[5] or 0) for row in rows[1:-1]) == closing


# --- Files --------------------------------------------------------------------------------------------------


DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "\u200b=1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_is_never_a_formula(text: str) -> None:
    assert export.text(text)[0] == "'"


@pytest.mark.parametrize("text", ["Ram & Sons", "27AAPFU0939F1ZV", "0402", "98123 00001", "a=b", "राम", "", "'x"])
def test_text_that_is_no_danger_stays_as_it_is(text: str) -> None:
    assert export.text(text) == text


def test_what_no_file_can_hold_is_left_out() -> None:
    assert export.text("a\x00b\x0bc\ud800d\uffff") == "abcd"


COLUMNS = [
    Column("Name"), Column("On", Kind.DATE), Column("Rupees", Kind.PAISE), Column("Kilos", Kind.MILLI),
    Column("Percent", Kind.RATE), Column("Days", Kind.COUNT),
]  # fmt: skip
ROWS = [
    ('=cmd()|"x", y\nz', dt.date(2026, 4, 1), -118_05, 1_500, 25, 7),
    ("0402", None, 99_99_99_99_999_99, -1, 1800, None),
]


def test_csv_holds_numbers_as_numbers_and_dates_as_dates() -> None:
    text = "".join(export.csv_chunks(COLUMNS, ROWS))
    assert text[0] == "\ufeff"
    assert list(csv.reader(io.StringIO(text[1:]))) == [
        ["Name", "On", "Rupees", "Kilos", "Percent", "Days"],
        ['\'=cmd()|"x", y\nz', "2026-04-01", "-118.05", "1.500", "0.25", "7"],
        ["0402", "", "99999999999.99", "-0.001", "18.00", ""],
    ]


def test_xlsx_holds_numbers_as_numbers_and_dates_as_dates() -> None:
    with export.xlsx_file("A/B: [x]", COLUMNS, ROWS) as file:
        sheet = load_workbook(file).active
    assert sheet is not None
    _head, first, second = sheet.iter_rows()
    assert sheet.title == "A B   x"
    assert [cell.value for cell in first] == [
        '\'=cmd()|"x", y\nz',
        dt.datetime(2026, 4, 1),  # noqa: DTZ001  a cell has no zone
        -118.05,
        1.5,
        0.25,
        7,
    ]
    assert [cell.data_type for cell in first] == ["s", "d", "n", "n", "n", "n"]
    assert [cell.number_format for cell in first] == ["@", "dd-mm-yyyy", "0.00", "0.000", "0.00", "0"]
    assert [cell.value for cell in second] == ["0402", None, 99_99_99_99_999.99, -0.001, 18, None]
    assert second[0].data_type == "s"


def test_a_file_too_long_for_xlsx_is_refused_and_csv_has_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_XLSX_ROWS", 2)
    columns, rows = [Column("Name")], [("a",)] * 3
    with pytest.raises(export.TooLong):
        export.xlsx_file("x", columns, rows)
    with export.xlsx_file("x", columns, rows[:2]) as file:
        assert file.read(2) == b"PK"
    assert "".join(export.csv_chunks(columns, rows)).count("a\r\n") == 3


def test_csv_comes_in_pieces_while_rows_are_read() -> None:
    read = 0

    def rows() -> Any:
        nonlocal read
        for read in range(1, 100_001):  # noqa: B007
            yield ("x" * 50,)

    pieces = export.csv_chunks([Column("Name")], rows())
    first = next(pieces)
    assert 64_000 < len(first) < 70_000
    assert read < 2_000


# --- Pages --------------------------------------------------------------------------------------------------


@pytest.fixture
def keeper(shop: Business) -> Client:
    return merchant_client(shop.memberships.get().user)


KEYS = ["sales", "hsn", "ageing", "outstanding"]


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def csv_rows(answer: Any) -> list[dict[str, str]]:
    text = body_of(answer).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("key", KEYS)
def test_page_csv_and_xlsx_of_a_report_hold_the_same(shop: Business, keeper: Client, key: str) -> None:
    report = reports.REPORTS[key]
    where = f"/m/{shop.slug}/reports/{key}"
    dates = f"?start=01-01-2020&end={india.today():%d-%m-%Y}" if report.has_period else ""
    period = Period(dt.date(2020, 1, 1), india.today())
    page = keeper.get(f"{where}/{dates}")
    assert page.status_code == 200
    assert "Somebody else" not in page.content.decode()
    rows = list(report.rows(shop, period))
    answer = keeper.get(f"{where}.csv{dates}")
    assert (answer["Content-Type"], "no-store" in answer["Cache-Control"]) == ("text/csv; charset=utf-8", True)
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{shop.slug}_{key}_20')
    found = csv_rows(answer)
    assert len(found) == len(rows) + 1
    sheet = load_workbook(io.BytesIO(body_of(keeper.get(f"{where}.xlsx{dates}")))).active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0] == list(found[0])
    assert len(cells) == len(rows) + 2
    for place, column in enumerate(report.columns):
        if column.is_summed:
            total = sum(row[place] for row in rows)
            title = str(column.title)
            assert found[-1][title] == plain(total)
            assert Decimal(str(cells[-1][place])) == Decimal(total) / 100
            assert [Decimal(str(row[place])) for row in cells[1:-1]] == [Decimal(row[place]) / 100 for row in rows]
    figures = {figure.label: figure.paise for figure in report.figures(shop, period)}
    assert list(figures.values())[-1] == sum(
        row[next(p for p, column in reversed(list(enumerate(report.columns))) if column.is_summed)] for row in rows
    )


def test_a_party_statement_is_a_page_and_files_too(shop: Business, keeper: Client) -> None:
    party = Party.objects.get(business=shop, name='R "Best" Stores; (Pvt): Ltd | 50% \\ off')
    where = f"/m/{shop.slug}/reports/statement/{party.public_id}"
    page = keeper.get(f"{where}/").content.decode()
    assert "Party statement" in page
    assert "Opening balance" in page
    found = csv_rows(keeper.get(f"{where}.csv?period=all"))
    balance = PartyBalance.objects.get(party=party).paise
    assert (found[0]["Entry"], found[0]["Balance"]) == ("Opening balance", "0.00")
    assert found[0]["Date"] == found[1]["Date"], "not a day long before the shop"
    assert (found[-1]["Entry"], found[-1]["Balance"]) == ("Closing balance", plain(balance))
    assert keeper.get(f"{where}.xlsx?period=all")["Content-Disposition"].endswith('.xlsx"')


def test_from_and_to_show_the_days_in_force_and_named_days_keep_their_name(shop: Business, keeper: Client) -> None:
    year, today = india.fy_start(india.today()), india.today()
    for query in ("?period=year", f"?start={year}&end={today}"):
        page = keeper.get(f"/m/{shop.slug}/reports/sales/{query}")
        text = page.content.decode()
        assert f'name="start" value="{year}"' in text
        assert f'name="end" value="{today}"' in text
        assert [chip.name for chip in page.context["chips"] if chip.is_current] == ["This year"]
    wrong = keeper.get(f"/m/{shop.slug}/reports/sales/?start=nonsense&end={today}").content.decode()
    assert 'value="nonsense"' in wrong


def test_rows_lead_to_the_document_or_party_they_are_about(shop: Business, keeper: Client) -> None:
    invoice = Invoice.objects.filter(business=shop, status="issued", kind="invoice").earliest("issued_on", "id")
    party = invoice.party
    of_party = f"statement/{party.public_id}"
    for report, where in (
        ("sales", f"invoices/{invoice.public_id}"),
        ("ageing", "parties/"),
        ("outstanding", "invoices/"),
        (of_party, f"invoices/{invoice.public_id}"),
    ):
        page = keeper.get(f"/m/{shop.slug}/reports/{report}/?start={invoice.issued_on}&end={india.today()}")
        hrefs = [row["href"] for row in page.context["rows"] if row["href"]]
        assert any(href.startswith(f"/m/{shop.slug}/{where}") for href in hrefs), report
        assert {keeper.get(href).status_code for href in hrefs} == {200}


@pytest.mark.parametrize("key", ["sales", "hsn", "ageing"])
def test_the_totals_stand_above_the_rows_and_are_their_sums(shop: Business, keeper: Client, key: str) -> None:
    report, period = reports.REPORTS[key], Period(dt.date(2020, 1, 1), india.today())
    sums = keeper.get(f"/m/{shop.slug}/reports/{key}/?start=2020-01-01&end={india.today()}").context["sums"]
    rows = list(report.rows(shop, period))
    shown = [place for place, column in enumerate(report.columns) if column.shown]
    summed = [place for place in shown if report.columns[place].is_summed]
    assert [sums[shown.index(place)][0] for place in summed] == [
        money.amount(sum(row[place] for row in rows)) for place in summed
    ]


def test_a_statement_is_found_by_a_search_of_its_own_and_keeps_the_days(shop: Business, keeper: Client) -> None:
    where = f"/m/{shop.slug}/reports/statement/"
    party = Party.objects.get(business=shop, name='R "Best" Stores; (Pvt): Ltd | 50% \\ off')
    page = keeper.get(f"{where}?period=last_month")
    (row,) = [row for row in page.context["rows"] if row[0].name == party.name]
    assert row[1:] == (
        f"{where}{party.public_id}/?period=last_month",
        f"{where}{party.public_id}.csv?period=last_month",
        f"{where}{party.public_id}.xlsx?period=last_month",
    )
    one = keeper.get(where, {"q": party.name, "start": "2026-05-01", "end": "2026-05-31"})
    assert one["Location"] == f"{where}{party.public_id}/?start=2026-05-01&end=2026-05-31"
    assert keeper.get(row[1]).context["files"]["csv"] == row[2]
    assert where in keeper.get(f"/m/{shop.slug}/reports/").content.decode()
    assert keeper.get(where, {"q": "nobody at all"}).context["rows"] == []


@pytest.mark.parametrize("many", [1, 3])
def test_choosing_a_statement_asks_the_same_for_few_and_many(db: None, many: int, django_assert_num_queries) -> None:
    owner = make_user()
    shop = make_business(slug="flat", owner=owner)
    for _ in range(many):
        make_invoice(make_party(shop))
    browser = merchant_client(owner)
    with django_assert_num_queries(4 + 2):
        assert len(browser.get("/m/flat/reports/statement/").context["rows"]) == many


def test_a_stranger_gets_404_for_every_report_and_for_anothers_party(shop: Business, keeper: Client) -> None:
    stranger = make_user()
    other = make_business("Other", stranger)
    theirs = make_party(other)
    ours = Party.objects.filter(business=shop)[0]
    addresses = [f"/m/{shop.slug}/reports/"] + [
        f"/m/{shop.slug}/reports/{key}{end}" for key in KEYS for end in ("/", ".csv", ".xlsx")
    ]
    for address in (*addresses, f"/m/{shop.slug}/reports/statement/{ours.public_id}.csv"):
        assert merchant_client(stranger).get(address).status_code == 404
        assert keeper.get(address).status_code == 200
    for end in ("/", ".csv", ".xlsx"):
        assert keeper.get(f"/m/{shop.slug}/reports/statement/{theirs.public_id}{end}").status_code == 404
        assert keeper.get(f"/m/{shop.slug}/reports/nothing{end}").status_code == 404
    assert keeper.get(f"/m/{shop.slug}/reports/sales.pdf").status_code == 404
    assert keeper.post(f"/m/{shop.slug}/reports/sales.csv").status_code == 405


def test_wrong_days_are_explained_and_make_no_file(shop: Business, keeper: Client) -> None:
    answer = keeper.get(f"/m/{shop.slug}/reports/sales.csv?start=02-05-2026&end=01-05-2026")
    assert "The end lies before the beginning." in answer.content.decode()
    assert answer["Content-Type"].startswith("text/html")


def test_too_much_for_excel_is_said_on_the_page(
    shop: Business, keeper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST_XLSX_ROWS", 3)
    answer = keeper.get(f"/m/{shop.slug}/reports/sales.xlsx?period=year")
    assert (answer.status_code, "take the CSV file" in answer.content.decode()) == (422, True)


# Besides session, user, device and membership: 4.
QUERIES = {"sales": (5, 3), "hsn": (4, 2), "ageing": (2, 1), "outstanding": (2, 1), "statement": (3, 2)}


@pytest.mark.parametrize(("key", "of_page", "of_file"), [(key, *many) for key, many in QUERIES.items()])
def test_pages_and_files_take_as_many_queries_for_three_rows_as_for_one(
    db: None, key: str, of_page: int, of_file: int
) -> None:
    owner = make_user()
    shop = make_business(slug="flat", owner=owner)
    browser = merchant_client(owner)
    first = make_party(shop)
    where = f"/m/flat/reports/{key if key != 'statement' else f'statement/{first.public_id}'}"
    for many in (1, 2):
        for number in range(many):
            party = first if key == "statement" else make_party(shop)
            make_invoice(party, lines=[line(paise=100_00, hsn=f"10{many}{number}")])
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"{where}/").content.decode().count("100.00") >= many
        extra = 1 if key == "statement" else 0  # the party
        assert len(queries) == 4 + extra + of_page
        with CaptureQueriesContext(connection) as queries:
            assert len(csv_rows(browser.get(f"{where}.csv"))) > many
        assert len(queries) == 4 + extra + of_file


def test_a_long_register_is_read_in_batches_by_keyset_without_offset(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts import paging

    monkeypatch.setattr(paging, "SIZE", 2)
    monkeypatch.setattr(paging, "BATCH", 3)
    shop = make_business(slug="long")
    party, today = make_party(shop), india.today()
    for number in range(11):
        make_invoice(party, paise=100_00 + number, on=today - dt.timedelta(days=number % 3))
    with CaptureQueriesContext(connection) as queries:
        rows = of(sales.REPORT, shop)
    assert len(queries) == 5 + 1 + 1  # 2 + 3 + 3 + 3 + 0 invoices; no credit notes; no reversals
    assert not any("OFFSET" in query["sql"] for query in queries)
    expected = Invoice.objects.filter(business=shop).order_by("issued_on", "id").values_list("number", flat=True)
    assert [row["Number"] for row in rows] == list(expected)
    assert len(of(receivables.OUTSTANDING, shop)) == 11
    assert len(list(statement.rows(party, ALWAYS))) == 13


def test_credit_notes_of_value_name_their_line(db: None) -> None:
    """What the HSN summary relies on."""
    owner = make_user()
    bill = make_invoice(paise=100_00)
    billing.credit(
        bill, [Want(bill.lines.all()[0].pk, value_paise=5_00)], owner, issued_on=india.today(), reason="cheaper"
    )
    note = InvoiceLine.objects.get(invoice__kind="credit_note", invoice__party=bill.party)
    assert (note.is_charge, note.original_line_id) == (True, bill.lines.all()[0].pk)
    assert factories.make_payment(bill.party, 1_00).amount_paise == 1_00

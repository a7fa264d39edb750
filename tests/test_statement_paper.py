"""The statement on paper: the ledger's own figures, whole rows, right page numbers, and files for what is too long."""

import csv
import datetime as dt
import io
import re
import subprocess

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from pypdf import PdfReader

from accounts import limits
from accounts.models import Party
from accounts.money import amount, rupees
from ledger import drafting, paper, posting, receipts, statement_paper, statements, verifying
from ledger.drafting import Draft
from ledger.models import Invoice, Paper, Payment
from ledger.statement_paper import HOUR, MOST_DRAWN_AN_HOUR
from ledger.statements import Period
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.drawn]

APRIL = Period(dt.date(2026, 4, 1), dt.date(2026, 4, 30))


@pytest.fixture
def shop():
    return make.make_business("राम किराना", make.make_user(), slug="ram", upi_id="ram@okaxis")


@pytest.fixture
def party(shop):
    return make.make_party(shop, make.new_phone(), "अन्नपूर्णा भंडार", city="नागपुर")


def pages_of(content):
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


def text_of(party, period=APRIL, language="en"):
    return " ".join(pages_of(statement_paper.of(party, period, language)))


def month(party):
    """April 2026: 1,000 billed before it, 500.50 and 300 billed in it, 700 paid in it, 40 billed after it."""
    make.make_invoice(party, paise=1000_00, on=dt.date(2026, 3, 31))
    make.make_invoice(party, paise=500_50, on=APRIL.start)
    make.make_payment(party, 700_00, on=dt.date(2026, 4, 15), mode="upi", reference="UTR0042")
    make.make_invoice(party, paise=300_00, on=APRIL.end)
    make.make_invoice(party, paise=40_00, on=dt.date(2026, 5, 1))


def test_it_shows_opening_rows_totals_and_closing_of_its_days_to_the_paisa(party):
    month(party)
    text = text_of(party)
    book = statements.page(party, APRIL)
    assert (book.opening_paise, book.closing_paise) == (1000_00, 1100_50)
    assert "1 Apr 2026 Opening balance 1,000.00 Dr" in text
    for row in book.rows:
        assert f"{amount(row.balance_paise)} Dr" in text
        assert row.entry.document.number in text
    assert "UPI UTR0042" in text
    assert "Total of these days 800.50 700.00" in text
    assert "30 Apr 2026 Closing balance 1,100.50 Dr" in text
    assert "40.00 " not in text.replace("1,140.50", "")


def test_what_is_open_and_the_code_are_of_today_not_of_the_period(party):
    month(party)
    text = text_of(party)
    assert "To pay ₹1,140.50" in text
    assert "ram@okaxis" in text
    assert "Over 90 days overdue" in text


def test_a_balance_in_the_customers_favour_asks_for_no_money(party):
    make.make_payment(party, 50_00, on=APRIL.start)
    text = text_of(party)
    assert "advance with the shop" in text
    assert "To pay" not in text
    assert "ram@okaxis" not in text


@pytest.mark.parametrize("day", [dt.date(2026, 3, 31), APRIL.start, dt.date(2026, 4, 15), APRIL.end])
def test_the_closing_of_a_day_is_the_opening_of_the_next(party, day):
    month(party)
    after = day + dt.timedelta(days=1)
    closing = re.search(r"Closing balance ([\d,.]+(?: [DC]r)?)(?= Dr:)", text_of(party, Period(day, day)))
    opening = re.search(r"Opening balance ([\d,.]+(?: [DC]r)?)", text_of(party, Period(after, after)))
    assert closing
    assert opening
    assert closing[1] == opening[1]


def test_names_in_hindi_and_the_rupee_sign_are_text_in_both_languages(party):
    month(party)
    english, hindi = text_of(party), text_of(party, language="hi")
    for text in (english, hindi):
        assert "₹1,100.50" in text
        for word in ("राम", "नागपुर"):
            assert word in text
    assert "Dr" in english
    assert "नामे" in hindi


def test_a_cancelled_bill_stands_in_both_columns(party):
    from ledger import posting

    invoice = make.make_invoice(party, paise=77_00, on=APRIL.start)
    posting.cancel_invoice(invoice, make.make_user(), "secret reason of the shop")
    text = text_of(party)
    assert f"Cancelled {invoice.number}" in text
    assert "Total of these days 77.00 77.00" in text
    assert "secret" not in text


def test_it_is_drawn_once_and_again_when_the_book_has_changed(party):
    month(party)
    first = statement_paper.of(party, APRIL, "en")
    assert statement_paper.of(party, APRIL, "en") == first
    assert Paper.objects.count() == 1
    make.make_payment(party, 1_00, on=APRIL.end)
    assert statement_paper.of(party, APRIL, "en") != first
    assert Paper.objects.count() == 2


def test_logo_and_colour_of_the_shop_stand_at_its_head(shop, party):
    from accounts.models import Image

    image = Image.objects.create(business=shop, data=make.PIXEL, content_type="image/png", width=1, height=1)
    shop.logo, shop.colour = image, "#19605f"
    shop.save()
    reader = PdfReader(io.BytesIO(statement_paper.of(Party.objects.get(pk=party.pk), APRIL, "en")))
    sizes = [image.image.size for image in reader.pages[0].images if image.image]
    assert sizes.count((1, 1)) == 1  # the logo; the other is the code to check the paper by
    assert len(sizes) == 2


@pytest.mark.parametrize("rows", [1, 3])
def test_a_statement_costs_as_many_queries_with_one_row_as_with_three(party, rows):
    for _ in range(rows):
        make.make_invoice(party, on=APRIL.start)
    statement_paper.of(party, APRIL, "en")
    kept = Party.objects.select_related("business").get(pk=party.pk)
    with CaptureQueriesContext(connection) as queries:
        statement_paper.of(kept, APRIL, "en")
    assert len(queries) == 5  # opening, rows, ageing, balance, the kept paper


# --- long ones ----------------------------------------------------------------------------------------------


@pytest.fixture
def long_one(party, monkeypatch):
    """90 bills in April, drawn in parts of 70 rows at a time."""
    bills = []
    for n in range(90):
        on, invoice = dt.date(2026, 4, 1 + n // 4), Invoice()
        draft = Draft(party, on, on, [make.line(paise=(n + 1) * 100)])
        bills.append(posting.Prepared(invoice, drafting.apply(invoice, party.business, draft)))
    posting.post_batch(party.business, bills, by=None)
    monkeypatch.setattr(statement_paper, "ONE_PIECE_ROWS", 70)
    monkeypatch.setattr(statement_paper, "PART_ROWS", 70)
    return party


def test_a_long_one_has_every_row_once_whole_and_pages_counted_through(long_one):
    pages = pages_of(statement_paper.of(long_one, APRIL, "en"))
    assert len(pages) >= 3
    for at, page in enumerate(pages, start=1):
        assert f"Page {at} of {len(pages)}" in page
    assert all("Balance ₹" in page for page in pages[:-1])  # the heads of the table again
    text = " ".join(pages)
    numbers = list(Invoice.objects.filter(party=long_one).order_by("pk").values_list("number", flat=True))
    assert re.findall(r"Invoice (\S+)", text) == numbers
    assert text.count("Opening balance") == 1
    assert f"Closing balance {amount(sum(range(1, 91)) * 100)} Dr" in text


def test_parts_are_filled_to_the_end_of_their_pages(long_one):
    """Only the last page may have room left: the next part begins where the last whole page ended."""
    pages = pages_of(statement_paper.of(long_one, APRIL, "en"))
    rows = [len(re.findall(r"Invoice \S+", page)) for page in pages]
    assert min(rows[1:-2], default=rows[0]) >= rows[0]
    assert sum(rows) == 90


def test_a_long_one_is_made_in_the_background_while_a_page_asks_again(long_one, monkeypatch):
    monkeypatch.setattr(statement_paper, "AT_ONCE_ROWS", 80)
    browser = make.customer_client(long_one)
    where = f"/portal/{long_one.public_id}/ledger.pdf?start=2026-04-01&end=2026-04-30"
    asked = browser.get(where)
    assert asked.status_code == 202
    assert "waited=1" in asked.content.decode()
    from ledger import tasks

    tasks.make_statement(long_one.pk, "2026-04-01", "2026-04-30", "en")
    assert browser.get(f"{where}&waited=1")["Content-Type"] == "application/pdf"


def test_who_has_waited_long_gets_it_made_at_once(long_one, monkeypatch):
    monkeypatch.setattr(statement_paper, "AT_ONCE_ROWS", 80)
    where = f"/portal/{long_one.public_id}/ledger.pdf?start=2026-04-01&end=2026-04-30&waited=30"
    assert make.customer_client(long_one).get(where)["Content-Type"] == "application/pdf"


def test_a_party_has_so_many_statements_drawn_an_hour_and_what_is_drawn_stays_to_be_had(party):
    """Each choice of days is a drawing, and a row that is kept for a month."""
    make.make_invoice(party, on=APRIL.start)
    browser, at = make.customer_client(party), f"/portal/{party.public_id}/ledger.pdf?start=2026-04-01&end=2026-04-"
    limits.count("statement-papers", str(party.pk), seconds=HOUR, add=MOST_DRAWN_AN_HOUR - 1)
    assert [browser.get(f"{at}{day}").status_code for day in (29, 30, 29, 28)] == [200, 429, 200, 429]
    assert Paper.objects.filter(party=party).count() == 1
    desk = make.merchant_client(party.business.memberships.get().user)
    where = f"/m/ram/reports/statement/{party.public_id}.pdf?start=2026-04-01&end=2026-04-28"
    assert desk.get(where).status_code == 200


def test_beyond_the_cap_both_sides_are_offered_a_csv_and_no_error(long_one, monkeypatch):
    monkeypatch.setattr(statement_paper, "MAX_ROWS", 89)
    browser = make.customer_client(long_one)
    days = "?start=2026-04-01&end=2026-04-30"
    page = browser.get(f"/portal/{long_one.public_id}/ledger.pdf{days}", follow=True)
    assert page.redirect_chain == [(f"/portal/{long_one.public_id}/ledger/{days}&long=pdf", 302)]
    assert "take the CSV file" in page.content.decode()
    rows = list(csv.reader(io.StringIO(_body(browser.get(f"/portal/{long_one.public_id}/ledger.csv{days}")))))
    assert len(rows) == 93  # titles, opening, 90 bills, closing
    owner = make.merchant_client(long_one.business.memberships.get().user)
    answer = owner.get(f"/m/ram/reports/statement/{long_one.public_id}.pdf{days}")
    assert answer.status_code == 422
    assert "take the CSV file" in answer.content.decode()
    monkeypatch.setattr(statement_paper, "MAX_ROWS", 90)
    assert browser.get(f"/portal/{long_one.public_id}/ledger.pdf{days}")["Content-Type"] == "application/pdf"


# --- files of the customer ----------------------------------------------------------------------------------


def _body(answer):
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_the_customers_csv_and_excel_have_the_ledgers_rows_and_run_no_formula(party):
    make.make_adjustment(party, 10_00, kind="adjustment", side="D", reason="=HYPERLINK(evil)", on=APRIL.start)
    make.make_payment(party, 25_00, on=APRIL.end, mode="upi", reference="+91000")
    browser = make.customer_client(party)
    days = "?start=2026-04-01&end=2026-04-30"
    answer = browser.get(f"/portal/{party.public_id}/ledger.csv{days}")
    assert answer["Content-Disposition"].startswith('attachment; filename="statement_')
    rows = list(csv.reader(io.StringIO(_body(answer))))
    assert rows[0] == ["Date", "Entry", "Number", "Details", "Debit", "Credit", "Balance"]
    assert [row[4:] for row in rows[1:]] == [
        ["", "", "0.00"],
        ["10.00", "", "10.00"],
        ["", "25.00", "-15.00"],
        ["", "", "-15.00"],
    ]
    assert rows[2][3] == "'=HYPERLINK(evil)"
    book = load_workbook(io.BytesIO(b"".join(list(browser.get(f"/portal/{party.public_id}/ledger.xlsx{days}")))))
    assert [row[6].value for row in book.active.iter_rows(min_row=2)] == [0, 10, -15, -15]


def test_the_customers_file_is_of_the_days_the_page_shows(party):
    month(party)
    browser = make.customer_client(party)
    page = browser.get(f"/portal/{party.public_id}/ledger/?start=2026-04-01&end=2026-04-30")
    for kind, href in page.context["files"]:
        assert href == f"/portal/{party.public_id}/ledger.{kind}?start=2026-04-01&end=2026-04-30"
    content = browser.get(dict(page.context["files"])["pdf"]).content
    assert "1 Apr 2026 – 30 Apr 2026" in pages_of(content)[0]
    assert rupees(1100_50) in pages_of(content)[0]


def test_days_that_make_no_sense_lead_back_to_their_field(party):
    where = f"/portal/{party.public_id}/ledger"
    answer = make.customer_client(party).get(f"{where}.pdf?start=2026-05-01&end=2026-04-01")
    assert answer["Location"] == f"{where}/?start=2026-05-01&end=2026-04-01"


def test_an_unknown_kind_of_file_is_404(party):
    assert make.customer_client(party).get(f"/portal/{party.public_id}/ledger.exe").status_code == 404


def test_the_merchants_pdf_is_in_the_partys_language_and_the_customers_in_the_readers(shop, party):
    month(party)
    Party.objects.filter(pk=party.pk).update(language="hi")
    owner = make.merchant_client(shop.memberships.get().user)
    days = "?start=2026-04-01&end=2026-04-30"
    theirs = pages_of(owner.get(f"/m/ram/reports/statement/{party.public_id}.pdf{days}").content)[0]
    ours = pages_of(make.customer_client(party).get(f"/portal/{party.public_id}/ledger.pdf{days}").content)[0]
    assert "नामे" in theirs
    assert " Dr" in ours
    assert Payment.objects.count() == 1


def test_the_codes_on_a_statement_and_a_receipt_read_back_as_the_exact_addresses(party, tmp_path, settings):
    language = "hi"
    settings.SITE_URL = "https://portal.sharedledger.example.in"  # as long as a real one
    month(party)
    pay = paper.ways_to_pay(party.business, 1140_50, note=party.name)
    assert pay
    assert "am=1140.50" in pay.upi_uri
    payment = party.payments.select_related("business", "party", "open_item").get()
    slot = statement_paper._read(party, APRIL, language)[1]["verify"]
    for name, content, codes in (
        ("statement", statement_paper.of(party, APRIL, language), {pay.upi_uri, slot["url"]}),
        ("receipt", receipts.pdf_of(payment, language), {verifying.receipt_slot(payment)["url"]}),
    ):
        (tmp_path / f"{name}.pdf").write_bytes(content)
        subprocess.run(["pdftoppm", "-r", "200", "-png", tmp_path / f"{name}.pdf", tmp_path / name], check=True)
        pictures = sorted(tmp_path.glob(f"{name}*.png"))
        found = subprocess.run(["zbarimg", "-q", "--raw", *pictures], capture_output=True, check=True, text=True)
        assert set(found.stdout.split()) == codes

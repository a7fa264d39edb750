"""“Upload my ledger” on its pages: whose it is, what it says, what the shop sees, and what a wrong file is told."""

import csv
import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import load_workbook

from accounts import parties
from accounts.idempotency import new_key
from accounts.models import PartyPerson
from ledger import posting
from ledger.models import Comparison
from ledger.reconciling import book, kept
from ledger.statements import Period
from tests import factories as make
from tests import their_books
from tests.conftest import REAL_REGISTER
from tests.test_end_to_end import papers_of

pytestmark = pytest.mark.django_db
DOORS = 4  # session, user, device, scope

TALLY = (
    "Ram Kirana,,,,,,\nLedger Account\n1-Nov-2026 to 29-Nov-2026\n\nDate,Particulars,,Vch Type,Vch No.,Debit,Credit\n"
    '{day},By,Purchase,Purchase,{bill},,"1,000.00"\n'
    "{day},By,=HYPERLINK(1),Purchase,=Q-77,,250.00\n"
    "{day},To,Bank,Payment,,300.00,\n"
)


@pytest.fixture
def business():
    return make.make_business("Ram Kirana", make.make_user(name="Ramesh"), slug="ram")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def bill(party):
    return make.make_invoice(party, lines=[make.line("Rice", paise=1_000_00)])


@pytest.fixture
def client(party, bill):
    return make.customer_client(party)


def at(party, tail=""):
    return f"/portal/{party.public_id}/compare/{tail}"


def upload(client, party, content, name="ledger.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    file = SimpleUploadedFile(name, data)
    return client.post(at(party), {"form_key": new_key(), "file": file})


def guessed(client, where):
    """The form of the columns as it is first shown."""
    form = client.get(where).context["form"]
    return {name: form[name].value() or "" for name in form.fields if name != "leave_out"}


@pytest.fixture
def compared(client, party, bill):
    """Their bill stands, one bill is theirs alone, and so is a payment; (address, row)."""
    text = TALLY.format(day=f"{bill.issued_on:%d-%b-%y}", bill=bill.number)
    where = upload(client, party, text).url
    response = client.post(where, guessed(client, where))
    assert response.status_code == 302, response.context["form"].errors
    return response.url, Comparison.objects.get()


def test_a_tally_file_is_compared_and_the_bridge_leads_to_the_shops_balance(client, compared, bill):
    where, row = compared
    page = client.get(where)
    assert [(group.kind.value, group.count, group.difference) for group in page.context["groups"]] == [
        ("missing_shop", 2, "+₹50.00")
    ]
    assert page.context["bridge"] == [
        ("Closing balance in your file", "", "₹950.00 Dr"),
        ("Not in the shop's book", "2", "+₹50.00"),
        ("Closing balance in the shop's book", "", "₹1,000.00 Dr"),
    ]
    assert (page.context["same"], row.their_paise, row.our_paise, row.differences) == (1, 950_00, 1_000_00, 2)
    assert "it is taken from the shop's book" in page.content.decode()


def test_what_is_saved_says_the_same_and_is_no_formula(client, compared):
    where, _row = compared
    answer = client.get(f"{where}differences.csv")
    table = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(b"".join(client.get(f"{where}differences.xlsx").streaming_content)))
    cells = [["" if cell is None else str(cell) for cell in row] for row in sheet.active.iter_rows(values_only=True)]
    assert [row[0] for row in table[1:]] == [row[0] for row in cells[1:]]
    assert [row[4] for row in table if "HYPERLINK" in row[4]] == ["By =HYPERLINK(1) Purchase"]
    assert [row[3] for row in table if "Q-77" in row[3]] == [row[3] for row in cells if "Q-77" in row[3]] == ["'=Q-77"]
    assert sum(round(float(row[-1]) * 100) for row in table[1:-1]) == round(float(table[-1][-1]) * 100) == 1_000_00


def test_money_the_shop_does_not_know_leads_to_i_have_paid_with_all_of_it_filled_in(client, compared, bill):
    where, _row = compared
    asks = [line.ask for group in client.get(where).context["groups"] for line in group.lines]
    assert asks[0] == ""  # a bill the shop does not have has no page to ask about
    form = client.get(asks[1]).context["form"]
    assert (form["amount"].value(), form["paid_on"].value()) == ("300.00", bill.issued_on.isoformat())


def test_a_differing_row_is_asked_about_with_the_words_filled_in(client, party, bill):
    text = f"Date,Bill No,Particulars,Debit,Credit\n{bill.issued_on:%d/%m/%Y},{bill.number},Purchase,,900\n"
    where = upload(client, party, text).url
    page = client.get(client.post(where, guessed(client, where)).url)
    ((line,),) = [group.lines for group in page.context["groups"]]
    assert (line.difference, line.theirs, line.shops) == ("+₹100.00", "+₹900.00", "+₹1,000.00")
    asking = client.get(line.ask)
    form = asking.context["form"]
    assert form["about"].value() == "price"
    assert f"Invoice {bill.number}" in form["text"].value()
    assert "In my book" in form["text"].value()
    said = {"form_key": new_key(), "line": "", "about": form["about"].value(), "text": form["text"].value()}
    assert client.post(line.ask, said).status_code == 302
    assert bill.queries.get().about == "price"


def test_what_was_guessed_is_said_and_its_fields_are_open_only_where_something_lacks_or_was_refused(client, party):
    folded = '<details class="fold"><summary>Correct the columns</summary>'
    opened = '<details class="fold" open><summary>Correct the columns</summary>'
    where = upload(client, party, "Date,Bill No,Particulars,Debit,Credit\n02/05/2026,A1,Purchase,,900\n").url
    page = client.get(where)
    assert page.context["form"].reading == [
        ("Date", "A: Date"),
        ("Number of the bill or payment", "B: Bill No"),
        ("Details", "C: Particulars"),
        ("Debit", "D: Debit"),
        ("Credit", "E: Credit"),
        ("Dates like 04/05/2026 are", "4 May: the day first"),
    ]
    assert folded in page.content.decode()
    refused = client.post(where, guessed(client, where) | {"credit": "3"})
    assert (refused.status_code, opened in refused.content.decode()) == (400, True)
    lacking = upload(client, party, "Day book,Bill No\nMonday,A1\n").url
    assert opened in client.get(lacking).content.decode()


def test_the_columns_can_be_corrected_and_wrong_rows_are_said_at_their_field(client, party, bill):
    text = f"A,B,C,D,E\n{bill.issued_on:%d/%m/%Y},{bill.number},Rice,,1000\n31/02/2026,X,Rice,,5\n{bill.issued_on:%d/%m/%Y},Y,Dal,,12x\n"
    where = upload(client, party, text).url
    columns = {"head": "0", "date": "0", "number": "1", "text": "2", "debit": "3", "credit": "4", "mirrored": "1"}
    refused = client.post(where, columns)
    assert refused.status_code == 400
    assert {name: list(words) for name, words in refused.context["form"].errors.items()} == {
        "date": ["Row 3: “31/02/2026” is not a date we can read."],
        "credit": ["Row 4: “12x” is not an amount we can read."],
        "leave_out": ["Mend these rows in your file, or leave them out."],
    }
    assert client.post(where, columns | {"leave_out": "on"}).status_code == 302
    assert Comparison.objects.get().differences == 0
    twice = client.post(where, columns | {"credit": "3"})
    assert list(twice.context["form"].errors) == ["credit"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "This file is empty."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99, "This is an old Excel file (.xls) or one with a password. Save it as .xlsx or CSV, without."),
        (b"%PDF-1.7", "This is a PDF. Export the ledger as Excel (.xlsx) or CSV."),
        (b"PK\x03\x04broken", "This Excel file is damaged, or it is not one. Save it again, or as CSV."),
        (b"<html><table>", "This is a web page, not a table. Save it as .xlsx or CSV."),
        (b"a,b\n" * 20_001, "This file has more than 20,000 rows. Save fewer months of it."),
    ],
)  # fmt: skip
def test_a_file_that_is_no_ledger_is_refused_beside_its_field(client, party, content, words):
    response = upload(client, party, content)
    assert (response.status_code, response.context["form"].errors) == (400, {"file": [words]})
    assert not Comparison.objects.exists()


def test_only_the_person_sees_it_until_it_is_shown_and_the_shop_then_too(client, compared, party, business):
    where, row = compared
    owner = parties.add_person(party, make.new_phone(), "Munim", PartyPerson.Role.ACCOUNTANT, None)
    other = make.customer_client(str(owner.phone), party)
    desk, seen = make.merchant_client(business.memberships.get().user), f"/m/ram/comparisons/{row.public_id}/"
    assert (other.get(where).status_code, desk.get(seen).status_code) == (404, 404)
    assert other.get(at(party)).context["rows"] == []

    client.post(f"{where}show/", {"do": "show"})
    assert other.get(where).status_code == 404
    assert "₹950.00 Dr" in desk.get(seen).content.decode()
    assert row.public_id in desk.get(f"/m/ram/parties/{party.public_id}/comparisons/").content.decode()
    client.post(f"{where}show/", {"do": "hide"})
    assert desk.get(seen).status_code == 404

    client.post(f"{where}show/", {"do": "show"})
    client.post(f"{where}delete/")
    assert (client.get(where).status_code, desk.get(seen).status_code) == (404, 404)
    assert not Comparison.objects.exists()


def test_the_same_file_sent_twice_is_kept_once_and_old_ones_are_forgotten(client, party):
    key, content = new_key(), b"Date,Amount\n01/11/2026,5\n"
    both = [client.post(at(party), {"form_key": key, "file": SimpleUploadedFile("a.csv", content)}) for _ in range(2)]
    assert both[0].url == both[1].url
    assert kept.forget_old() == 0
    old = timezone.now() - dt.timedelta(days=kept.KEPT_DAYS + 1)
    Comparison.objects.update(uploaded_at=old)
    assert (kept.forget_old(), Comparison.objects.count()) == (1, 0)


def test_a_bill_taken_back_is_named_so(client, party, bill):
    posting.cancel_invoice(bill, make.make_user(), "mistake")
    text = f"Date,Bill No,Debit,Credit\n{bill.issued_on:%d/%m/%Y},{bill.number},,1000\n"
    where = upload(client, party, text).url
    page = client.get(client.post(where, guessed(client, where)).url)
    assert [(group.kind.value, group.difference) for group in page.context["groups"]] == [("cancelled", "−₹1,000.00")]


@pytest.mark.parametrize("files", [1, 3])
def test_the_list_and_the_result_cost_the_same_whatever_they_show(
    client, compared, party, files, django_assert_num_queries
):
    where, row = compared
    for _ in range(files - 1):
        row.pk, row.public_id = None, f"copy{files}{_}"
        row.save(force_insert=True)
    client.get(at(party))
    with django_assert_num_queries(DOORS + 1):
        client.get(at(party))
    with django_assert_num_queries(DOORS + 1):
        client.get(where)


@pytest.mark.real_data
def test_a_real_customers_ledger_is_uploaded_with_thirty_differences_and_all_are_shown(django_assert_max_num_queries):
    """The whole road, in the book: a wholesaler's customer with their bills, money and TDS; their file by Tally."""
    papers = sorted(papers_of(REAL_REGISTER).items(), key=lambda item: (-len(item[1]), item[0]))
    bills = next(found for customer, found in papers[2:] if customer and 30 <= len(found) <= 60)
    business = make.make_business("Real", make.make_user(), scheme="regular", gstin="27AAACR5055K1Z7")
    party = make.make_party(business, make.new_phone(), "Real customer")
    for at, paper in enumerate(bills):
        on, paise = dt.date.fromisoformat(paper.on) + dt.timedelta(days=15 * 365), int(paper.total * 100)
        lines = [make.line("Goods", paise=abs(paise), gst_rate_bp=1800)]
        if paise < 0:
            make.make_credit_note(party, lines=lines, on=on, reference=paper.number)
        elif paise > 0:
            made = make.make_invoice(party, lines=lines, on=on, reference=paper.number)
            tds = made.total_paise // 1000 if at % 2 else 0
            paid, utr = made.total_paise - tds, f"N17850{at * 7919 % 999_983:06}"
            make.make_payment(party, paid, on=on + dt.timedelta(days=5), reference=utr, tds_paise=tds, shares=[])
    side = book.side_of(party, Period(dt.date(2025, 11, 1), dt.date(2026, 8, 1)))
    seeds = their_books.sow(side.rows, lambda row: row.number if row.is_document else row.reference, seed=5)

    client = make.customer_client(party)
    where = upload(client, party, their_books.tally(seeds.rows)).url
    with django_assert_max_num_queries(20):
        result_url = client.post(where, guessed(client, where))["Location"]
    result = kept.result_of(Comparison.objects.get())
    assert their_books.differences(result) == their_books.expected(seeds)
    context = client.get(result_url).context
    assert {group.kind: group.count for group in context["groups"]} == dict.fromkeys(their_books.SOWN, 3)
    assert result.our_paise == side.closing_paise

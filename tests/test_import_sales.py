"""A wholesaler's register becomes a book: every row is accounted for, nothing comes twice."""

import csv
import datetime as dt
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models

from accounts import activity, india, phones
from accounts.models import Activity, Business, Party, PartyPerson
from catalog.models import Item, StockMovement
from ledger import drafting, integrity, posting, statements
from ledger.imports import sales
from ledger.imports.register import COLUMNS, Reason, Register, RegisterRefused
from ledger.models import (
    Allocation,
    DayTotal,
    Entry,
    Invoice,
    InvoiceLine,
    MonthTotal,
    OpenItem,
    PartyBalance,
    Payment,
    Series,
)
from tests import databases, gateways, journals
from tests.factories import (
    line,
    make_business,
    make_draft,
    make_item,
    make_membership,
    make_party,
    make_payment,
    make_user,
)
from tests.test_end_to_end import assert_the_largest_customers_read_their_ledger_to_the_paisa

ROOT = Path(__file__).parent.parent

# What each row is, then its eight cells. 700001 comes back at the end, with rows of others in between.
MESSY: list[tuple[str, str]] = [
    ("line", "700001,22041,RECORD FRAME 7 INCH,6,2010-12-01 08:26,2.55,17850,United Kingdom"),
    ("line", "700001,22041,RECORD FRAME 7 INCH,6,2010-12-01 08:26,2.55,17850,United Kingdom"),
    ("line", "700001,PADS,PADS TO MATCH ALL CUSHIONS,5,2010-12-01 08:26,0.001,17850,United Kingdom"),
    ("line", "C700002,22041,RECORD FRAME 7 INCH,-1,2010-12-01 09:41,2.55,17850,United Kingdom"),
    ("line", "700003,POST,POSTAGE,1,2010-12-01 10:00,18,,United Kingdom"),
    ("line", '700003,22041,"FRAME, ""RECORD"" 7 INCH",3,2010-12-01 10:00,4.2125,,United Kingdom'),
    ("line", "C700004,POST,POSTAGE,-1,2010-12-02 10:00,18,,United Kingdom"),
    ("stock_correction", "700005,22041,damaged,-10,2010-12-02 11:00,0,,United Kingdom"),
    ("bad_debt", "A700006,B,Adjust bad debt,1,2010-12-02 12:00,11062.06,,United Kingdom"),
    ("negative_price", "700007,B,Adjust bad debt,1,2010-12-02 12:01,-11062.06,,United Kingdom"),
    ("line", "700008,84050,,4,2010-12-02 13:00,0,,United Kingdom"),
    ("line", "700009,84050,PINK HEART,2.5,2010-12-03 08:00,0.05,12431.0,Belgium"),
    ("line", "700009,84050,,1,2010-12-03 08:01,1.01,,Belgium"),
    ("other_customer", "700009,84050,PINK HEART,1,2010-12-03 08:01,1,99999,Belgium"),
    ("zero_quantity", "700009,84050,PINK HEART,0,2010-12-03 08:01,1,12431,Belgium"),
    ("price", "700009,84050,PINK HEART,1,2010-12-03 08:01,1.00001,12431,Belgium"),
    ("price", "700009,84050,PINK HEART,1,2010-12-03 08:01,1e3,12431,Belgium"),
    ("quantity", "700009,84050,PINK HEART,many,2010-12-03 08:01,1,12431,Belgium"),
    ("quantity", "700009,84050,PINK HEART,0.0001,2010-12-03 08:01,1,12431,Belgium"),
    ("date", "700009,84050,PINK HEART,1,2010-02-30 08:01,1,12431,Belgium"),
    ("date", "700009,84050,PINK HEART,1,12/3/2010 8:01,1,12431,Belgium"),
    ("future", "700009,84050,PINK HEART,1,2999-12-03 08:01,1,12431,Belgium"),
    ("no_number", ",84050,PINK HEART,1,2010-12-03 08:01,1,12431,Belgium"),
    ("columns", "700009,84050,PINK HEART,1,2010-12-03 08:01,1,12431,Belgium,more"),
    ("columns", "700009,84050,PINK HEART"),
    ("columns", '700009,84050,"PINK HEART,1,2010-12-03 08:01,1,12431,Belgium'),
    ("sold_on_credit_note", "C700010,84050,PINK HEART,1,2010-12-03 08:01,1,12431,Belgium"),
    ("nameless", "700009,,,1,2010-12-03 08:01,1,12431,Belgium"),
    ("too_long", f"{'7' * 41},84050,PINK HEART,1,2010-12-03 08:01,1,12431,Belgium"),
    ("too_much", "700009,84050,PINK HEART,999999,2010-12-03 08:01,99999999,12431,Belgium"),
    ("text", "700009,84050,\udce9,1,2010-12-03 08:01,1,12431,Belgium"),
    ("line", '700011,22041,"RECORD FRAME\n7 INCH",1,2011-04-01 08:01,1.005,12431,Belgium'),
    ("line", "700001,22041,RECORD FRAME 7 INCH,1,2010-12-04 08:26,0.10,17850,United Kingdom"),
]
REPORT = {
    "rows_read": 33,
    "rows_on_documents": 12,
    "rows_rejected": 21,
    "documents": 7,
    "total_paise": 3071 + 3064 + 0 + 114 + 101 - 255 - 1800,
    "invoices": 5,
    "invoices_paise": 3071 + 3064 + 0 + 114 + 101,
    "credit_notes": 2,
    "credit_notes_paise": 255 + 1800,
    "rejected": {
        kind: sum(1 for other, _text in MESSY if other == kind) for kind in sorted({k for k, _text in MESSY} - {"line"})
    },
    "documents_created": 7,
    "parties_created": 3,
    "items_created": 4,
}


def write_register(path: Path, rows: Sequence[str], header: str = ",".join(COLUMNS)) -> Path:
    data = "\r\n".join([header, *rows, ""]).encode("utf-8", "surrogateescape")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.fixture
def shop(db: None) -> Business:
    return make_business("Wholesaler", slug="wholesaler", scheme="regular", gstin="27AAPFU0939F1ZV")


@pytest.fixture(params=["register.csv", "register.csv.gz"])
def messy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_register(tmp_path / request.param, [text for _kind, text in MESSY])


@pytest.fixture
def register(tmp_path: Path) -> Path:
    """A small clean one: ten invoices of one customer with a line each."""
    return write_register(
        tmp_path / "clean.csv",
        [f"80{n:02d},A{n % 3},Thing {n},2,2011-03-{n + 20} 10:00,1.5,500,India" for n in range(10)],
    )


def run(capsys: pytest.CaptureFixture[str], *args: str | Path) -> dict[str, Any]:
    """The command's one JSON object; nothing else may stand on stdout."""
    call_command("import_sales", *map(str, args), "--json")
    out = capsys.readouterr().out
    return dict(json.loads(out))


# --- What becomes of the rows -------------------------------------------------------------------------------


def test_every_row_of_a_messy_register_is_a_line_or_rejected_with_its_reason(
    shop: Business, messy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rejects = tmp_path / "rejects.csv"
    assert run(capsys, shop.slug, messy, "--rejects", rejects) == REPORT
    assert InvoiceLine.objects.count() == REPORT["rows_on_documents"]
    with rejects.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["line", "reason", *COLUMNS]
    # 700011 has a line break in it, so 700001's last row stands on line 36.
    kinds = [kind for kind, _text in MESSY if kind != "line"]
    reasons = [str(Reason(kind).label) for kind in kinds]
    assert [row[1] for row in rows] == reasons
    assert [int(row[0]) for row in rows] == [n for n, (kind, _text) in enumerate(MESSY, 2) if kind != "line"]
    assert rows[0][2:] == ["700005", "22041", "damaged", "-10", "2010-12-02 11:00", "0", "", "United Kingdom"]
    assert list(integrity.check()) == []


def test_documents_come_in_the_order_of_their_first_row_with_numbers_of_our_own(shop: Business, messy: Path) -> None:
    sales.import_sales(shop, messy)
    found = Invoice.objects.order_by("pk").values_list("reference", "number", "issued_on", "total_paise")
    assert list(found) == [
        ("700001", "INV/10-11/00001", dt.date(2010, 12, 1), 3071),  # 15.30 + 15.30 + 0.01 + 0.10
        ("C700002", "CN/10-11/00001", dt.date(2010, 12, 1), 255),
        ("700003", "INV/10-11/00002", dt.date(2010, 12, 1), 3064),  # 18.00 + 3 x 4.2125 = 12.6375
        ("C700004", "CN/10-11/00002", dt.date(2010, 12, 2), 1800),
        ("700008", "INV/10-11/00003", dt.date(2010, 12, 2), 0),
        ("700009", "INV/10-11/00004", dt.date(2010, 12, 3), 114),  # 0.125 -> 0.13, 1.01
        ("700011", "INV/11-12/00001", dt.date(2011, 4, 1), 101),  # 1.005, half up
    ]


def test_a_document_has_its_rows_from_wherever_they_stood_with_the_prices_as_they_were(
    shop: Business, messy: Path
) -> None:
    sales.import_sales(shop, messy)
    fields = ("position", "item__code", "description", "quantity_milli", "unit_price_e4", "total_paise")

    def lines(reference: str) -> list[tuple[Any, ...]]:
        return list(InvoiceLine.objects.filter(invoice__reference=reference).values_list(*fields))

    assert lines("700001") == [
        (1, "22041", "RECORD FRAME 7 INCH", 6000, 25500, 1530),
        (2, "22041", "RECORD FRAME 7 INCH", 6000, 25500, 1530),
        (3, "PADS", "PADS TO MATCH ALL CUSHIONS", 5000, 10, 1),
        (4, "22041", "RECORD FRAME 7 INCH", 1000, 1000, 10),
    ]
    assert lines("700003") == [
        (1, "POST", "POSTAGE", 1000, 180000, 1800),
        (2, "22041", 'FRAME, "RECORD" 7 INCH', 3000, 42125, 1264),
    ]
    # A line without a description gets the item's, which is the first that is not blank.
    assert lines("700008") == [(1, "84050", "PINK HEART", 4000, 0, 0)]
    assert lines("700009")[1] == (2, "84050", "PINK HEART", 1000, 10100, 101)
    assert lines("700011") == [(1, "22041", "RECORD FRAME 7 INCH", 1000, 10050, 101)]
    assert lines("C700002") == [(1, "22041", "RECORD FRAME 7 INCH", 1000, 25500, 255)]


def test_imported_documents_carry_no_tax_no_round_off_and_no_original(shop: Business, messy: Path) -> None:
    sales.import_sales(shop, messy)
    kept = Invoice.objects.values_list(
        "status", "rounds_off", "round_off_paise", "cgst_paise", "sgst_paise", "igst_paise", "original", "label"
    )
    assert set(kept) == {
        ("issued", False, 0, 0, 0, 0, None, "Bill of Supply"),
        ("issued", False, 0, 0, 0, 0, None, "Credit Note"),
    }
    belgian = Invoice.objects.get(reference="700009")
    assert (belgian.place_of_supply, belgian.buyer["address"], belgian.due_on) == (
        "96",
        "Belgium",
        dt.date(2010, 12, 18),
    )


def test_cash_sales_go_to_one_walk_in_party_and_are_settled_the_same_day(shop: Business, messy: Path) -> None:
    sales.import_sales(shop, messy)
    walk_in = Party.objects.get(business=shop, is_walk_in=True)
    assert walk_in.people.count() == 0
    paid = walk_in.payments.order_by("pk").values_list("number", "direction", "mode", "paid_on", "amount_paise")
    assert list(paid) == [
        ("RCT/10-11/00001", "received", "cash", dt.date(2010, 12, 1), 3064),
        ("PAY/10-11/00001", "paid", "cash", dt.date(2010, 12, 2), 1800),
    ]
    assert statements.balance(walk_in) == 0
    assert {(item.total_paise, item.settled_paise) for item in walk_in.open_items.all()} == {
        (3064, 3064),
        (1800, 1800),
        (0, 0),
    }
    assert [doc.due_on == doc.issued_on for doc in walk_in.invoices.all()] == [True] * 3
    assert Payment.objects.exclude(party=walk_in).count() == 0


def test_a_customer_gets_a_made_up_name_and_number_and_the_note_says_so(shop: Business, messy: Path) -> None:
    sales.import_sales(shop, messy)
    party = Party.objects.get(business=shop, reference="17850")
    number = str(party.people.get(is_main=True).phone)
    assert (party.name, number, party.address) == ("Customer 17850", "+919000017850", "United Kingdom")
    assert "made up" in party.note
    assert "17850" in party.note
    assert Party.objects.filter(business=shop, reference="12431").count() == 1  # 12431.0 in one row
    assert statements.balance(party) == 3071 - 255


def test_made_up_numbers_are_valid_and_each_customers_own() -> None:
    ids = ["1", "12345", "99999999", "012345", "123456789", "AB-12", "17850", "१२"]
    numbers = [sales.demo_mobile(customer) for customer in ids]
    assert [phones.parse_mobile(number) for number in numbers] == numbers
    assert len(set(numbers)) == len(ids)


def test_no_number_is_made_up_on_a_public_site_where_it_might_be_a_strangers(
    shop: Business, messy: Path, settings: Any
) -> None:
    settings.SITE_URL = "https://ledger.example.in"
    sales.import_sales(shop, messy)
    assert Party.objects.filter(business=shop).count() == 3
    assert PartyPerson.objects.filter(business=shop).count() == 0


def test_items_take_the_first_description_and_the_last_price_and_charges_stay_out_of_the_store(
    shop: Business, messy: Path
) -> None:
    sales.import_sales(shop, messy)
    assert list(Item.objects.order_by("code").values_list("code", "name", "unit_price_e4", "in_store")) == [
        ("22041", "RECORD FRAME 7 INCH", 1000, True),
        ("84050", "PINK HEART", 10100, True),
        ("PADS", "PADS TO MATCH ALL CUSHIONS", 10, False),
        ("POST", "POSTAGE", 180000, False),
    ]


def test_parties_and_items_that_the_book_has_already_are_used(shop: Business, register: Path) -> None:
    party = make_party(shop, name="Anand", reference="500", credit_days=7)
    item = make_item(shop, "Thing", code="A1", stock_milli=100_000, hsn="1006", unit="KGS")
    report = sales.import_sales(shop, register)
    assert (report.parties_created, report.items_created) == (0, 2)
    assert party.invoices.count() == 10
    assert set(party.invoices.values_list("due_on", flat=True)) == {dt.date(2011, 3, n + 27) for n in range(5)} | {
        dt.date(2011, 4, n) for n in range(1, 6)
    }
    sold = InvoiceLine.objects.filter(item=item)
    assert {(row.hsn, row.unit, row.description) for row in sold} == {
        ("1006", "KGS", "Thing 1"),
        ("1006", "KGS", "Thing 4"),
        ("1006", "KGS", "Thing 7"),
    }
    item.refresh_from_db()
    assert item.stock_milli == 100_000 - 3 * 2000  # its stock is counted, so the sales count


def test_rejected_rows_are_harmless_in_a_spreadsheet(shop: Business, tmp_path: Path) -> None:
    rows = ["1,=1+1,@SUM(A1),-5,2011-01-01,1,,-cmd", "2,A,B,1,nonsense,-2.50,,+1"]
    sales.import_sales(shop, write_register(tmp_path / "r.csv", rows), tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [row[2:] for row in csv.reader(file)][1:] == [
            ["1", "'=1+1", "'@SUM(A1)", "-5", "2011-01-01", "1", "", "'-cmd"],
            ["2", "A", "B", "1", "nonsense", "-2.50", "", "'+1"],
        ]


@pytest.mark.parametrize(
    "rows",
    [
        # A mark that is never closed swallows nothing but its own row ...
        ['1,A,"B,1,2011-01-01,1,,X', "2,A,B,1,2011-01-01,1,,X", "3,A,B,1,2011-01-01,1,,X"],
        # ... not even when a later row has a mark in it.
        ['1,A,"B,1,2011-01-01,1,,X', '2,A,5" B,1,2011-01-01,1,,X', '3,A,"B",1,2011-01-01,1,,X'],
        ['1,A,"B,1,2011-01-01,1,,X', *[f"{n},A,B,1,2011-01-01,1,,X" for n in (2, 3)]],
    ],
)
def test_a_forgotten_quotation_mark_costs_one_row(shop: Business, tmp_path: Path, rows: list[str]) -> None:
    report = sales.import_sales(shop, write_register(tmp_path / "r.csv", rows))
    assert (report.rows_read, report.rejected, report.documents) == (3, {"columns": 1}, 2)


def test_blank_lines_are_no_rows_and_a_byte_order_mark_is_no_column(shop: Business, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"\ufeff{','.join(COLUMNS)}\n\n1,A,B,1,2011-01-01,1,,X\n  \n", encoding="utf-8")
    report = sales.import_sales(shop, path)
    assert (report.rows_read, report.rows_on_documents) == (1, 1)


# --- Running it again ---------------------------------------------------------------------------------------


def test_running_it_twice_adds_nothing_and_says_the_same(
    shop: Business, messy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run(capsys, shop.slug, messy)
    before = everything(shop)
    second = run(capsys, shop.slug, messy)
    assert second == first | {"documents_created": 0, "parties_created": 0, "items_created": 0}
    assert everything(shop) == before


def test_an_interrupted_import_goes_on_and_ends_as_if_nothing_had_happened(
    shop: Business, register: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales, "ROWS_AT_ONCE", 3)

    def pull_the_plug(what: str, done: int, of: int) -> None:
        if what == "post" and done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sales.import_sales(shop, register, tell=pull_the_plug)
    assert Invoice.objects.filter(business=shop).count() == 6  # whole batches
    report = sales.import_sales(shop, register)
    assert (report.documents, report.documents_created, report.parties_created) == (10, 4, 0)
    twin = make_business(shop.name, slug="twin", scheme=shop.scheme, gstin=shop.gstin)
    sales.import_sales(twin, register)
    assert everything(shop) == everything(twin)


def test_a_fault_within_a_batch_leaves_nothing_of_it(
    shop: Business, register: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(activity, "record_all", fail)  # the last thing a batch does
    with pytest.raises(OSError, match="disk full"):
        sales.import_sales(shop, register)
    assert [model.objects.count() for model in (Invoice, Party, Item, Entry, Series)] == [0, 0, 0, 0, 0]


def test_a_second_import_beside_this_one_adds_nothing_twice(shop: Business, register: Path) -> None:
    with Register(register) as read:
        documents = list(read.documents.values())
        assert sales.post(shop, read, documents, lambda *_: None).documents == 10
        # This one had looked at the book before the other posted.
        assert sales.post(shop, read, documents, lambda *_: None).documents == 0


def test_a_longer_register_adds_only_what_is_new(shop: Business, register: Path, tmp_path: Path) -> None:
    sales.import_sales(shop, register)
    rows = register.read_text(encoding="utf-8").splitlines()[1:]
    longer = write_register(tmp_path / "longer.csv", [*rows, "8010,A1,Thing 1,1,2011-04-05,2,501,India"])
    report = sales.import_sales(shop, longer)
    assert (report.documents, report.documents_created, report.parties_created) == (11, 1, 1)


def test_a_document_cancelled_since_does_not_come_back(shop: Business, register: Path) -> None:
    sales.import_sales(shop, register)
    posting.cancel_invoice(Invoice.objects.get(reference="8003"), make_user(), "mistake")
    report = sales.import_sales(shop, register)
    assert (report.documents, report.documents_created) == (10, 0)


def test_an_invoice_of_the_shops_own_with_the_same_reference_is_not_taken_for_the_registers(
    shop: Business, register: Path, tmp_path: Path
) -> None:
    draft = make_draft(make_party(shop), reference="8004", paise=99_00)
    posting.issue(draft, None)
    report = sales.import_sales(shop, register, tmp_path / "rejects.csv")
    assert (report.documents, report.rejected) == (9, {"known_otherwise": 1})
    assert report.rows_read == report.rows_on_documents + report.rows_rejected == 10
    with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as file:
        assert [row[:3] for row in csv.reader(file)][1:] == [
            ["6", str(Reason.KNOWN_OTHERWISE.label), "8004"],
        ]
    assert sales.import_sales(shop, register).documents_created == 0


# --- The file as a whole ------------------------------------------------------------------------------------


def _absent(folder: Path) -> Path:
    return folder / "absent.csv"


def _cut_short(folder: Path) -> Path:
    path = write_register(folder / "cut.csv.gz", [f"{n},A,B,1,2011-01-01,1,,X" for n in range(5000)])
    path.write_bytes(path.read_bytes()[:-200])
    return path


def _damaged(folder: Path) -> Path:
    path = write_register(folder / "damaged.csv.gz", [f"{n},A,B,1,2011-01-01,1,,X" for n in range(5000)])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    return path


def _empty(folder: Path) -> Path:
    (folder / "empty.csv").write_bytes(b"")
    return folder / "empty.csv"


def _wrong_header(folder: Path) -> Path:
    return write_register(
        folder / "header.csv", ["1,A,B,1,2011-01-01,1,,X"], header="Number,Code,Text,Qty,Date,Price,Id,Land"
    )


def _utf16(folder: Path) -> Path:
    (folder / "utf16.csv").write_text(",".join(COLUMNS) + "\n", encoding="utf-16")
    return folder / "utf16.csv"


def _endless_line(folder: Path) -> Path:
    return write_register(folder / "long.csv", ["1,A,B,1,2011-01-01,1,,X", "x" * 100_000])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_absent, "There is no file {path}."),
        (Path, "{path} is not a file."),
        (_empty, "The file empty.csv is empty."),
        (_cut_short, "The file cut.csv.gz is damaged or was cut short; nothing was imported."),
        (_damaged, "The file damaged.csv.gz is damaged or was cut short; nothing was imported."),
        (_wrong_header, f"The first row of header.csv must be {','.join(COLUMNS)}."),
        (_utf16, f"The first row of utf16.csv must be {','.join(COLUMNS)}."),
        (_endless_line, "The file has a line that is too long for a register."),
    ],
)
def test_a_file_that_is_no_register_is_refused_in_one_sentence(
    shop: Business, tmp_path: Path, make: Callable[[Path], Path], says: str
) -> None:
    path = make(tmp_path)
    with pytest.raises(CommandError) as refused:
        call_command("import_sales", shop.slug, str(path), "--rejects", str(tmp_path / "rejects.csv"))
    assert str(refused.value) == says.format(path=path)
    assert refused.value.returncode == 1
    assert (Invoice.objects.count(), Party.objects.count(), Item.objects.count()) == (0, 0, 0)
    assert not (tmp_path / "rejects.csv").exists()


def test_a_business_that_does_not_exist_is_named(db: None, register: Path) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("import_sales", "nobody", str(register))
    assert str(refused.value) == "There is no business nobody."


def test_closed_books_refuse_the_register_before_anything_is_posted(shop: Business, register: Path) -> None:
    Business.objects.update(books_closed_on=dt.date(2011, 3, 25))
    shop.refresh_from_db()
    with pytest.raises(CommandError) as refused:
        call_command("import_sales", shop.slug, str(register))
    assert str(refused.value) == (
        "The books are closed up to 25 Mar 2011 and the register begins on 20 Mar 2011; nothing was imported."
    )
    assert Invoice.objects.count() == 0


def test_books_closed_after_an_import_do_not_hinder_running_it_again(shop: Business, register: Path) -> None:
    sales.import_sales(shop, register)
    Business.objects.update(books_closed_on=dt.date(2011, 4, 25))
    shop.refresh_from_db()
    assert sales.import_sales(shop, register).documents_created == 0


@pytest.mark.parametrize(
    ("change", "says"), [({"state_code": ""}, "needs its own State"), ({"is_active": False}, "closed")]
)
def test_a_business_that_cannot_bill_is_told_before_anything_is_posted(
    shop: Business, register: Path, change: dict[str, Any], says: str
) -> None:
    Business.objects.update(**change)
    shop.refresh_from_db()
    with pytest.raises(RegisterRefused, match=says):
        sales.import_sales(shop, register)
    assert (Invoice.objects.count(), Party.objects.count()) == (0, 0)


def test_the_rejects_cannot_overwrite_the_register_nor_go_nowhere(
    shop: Business, register: Path, tmp_path: Path
) -> None:
    before = register.read_bytes()
    for rejects in (register, tmp_path / "no" / "such" / "folder.csv", tmp_path):
        with pytest.raises(RegisterRefused):
            sales.import_sales(shop, register, rejects)
    assert register.read_bytes() == before
    assert Invoice.objects.count() == 0


# --- Many at once is the same as one by one -----------------------------------------------------------------

BOOK: tuple[type[models.Model], ...] = (
    Party, PartyPerson, Item, StockMovement, Series, Invoice, InvoiceLine, Payment, OpenItem, Entry, Allocation,
    MonthTotal, DayTotal, PartyBalance, Activity,
)  # fmt: skip
MOMENTS = {"created_at", "issued_at", "posted_at", "allocated_at", "at", "public_id"}


# Rows of these come into being in another order when many are written at once; nothing hangs on it.
ORDER: dict[type[models.Model], tuple[str, ...]] = {
    Series: ("kind", "financial_year", "pattern"),
    MonthTotal: ("party", "starts_on"),
    DayTotal: ("party", "starts_on"),
    PartyBalance: ("party",),
}


def everything(business: Business) -> dict[str, list[dict[str, Any]]]:
    """All rows of a business's book; ids are given as the how-many-eth row of its table it is."""
    rows: dict[type[models.Model], list[Any]] = {
        model: list(model._default_manager.filter(business=business).order_by(*ORDER.get(model, ("pk",))))
        for model in BOOK
    }
    ranks = {model: {row.pk: n for n, row in enumerate(found)} for model, found in rows.items()}
    kinds = {"invoice": Invoice, "credit_note": Invoice, "payment": Payment, "item": Item, "party": Party}

    def shown(model: type[models.Model], row: Any) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field in model._meta.concrete_fields:
            value = getattr(row, field.attname)
            if field.name in MOMENTS or field.name == "business":
                continue
            target: Any = model if field.primary_key else field.related_model
            if value is not None and target in ranks:
                value = ranks[target][value]
            elif field.name == "subject_id" and row.subject_kind in kinds:
                value = ranks[kinds[row.subject_kind]][int(value)]
            values[field.name] = value
        return values

    return {model.__name__: [shown(model, row) for row in found] for model, found in rows.items()}


def a_days_documents(business: Business) -> list[tuple[str, drafting.Draft, bool]]:
    """(kind, draft, whether it is settled in cash): several parties, years and kinds, taxed, counted, worth nothing, paid ahead."""
    walk_in = Party.objects.create(business=business, name="Cash", is_walk_in=True)
    local = make_party(business, name="Local", phone="+919812300001")
    abroad = make_party(business, name="Abroad", state_code="96", gstin="")
    gujarat = make_party(business, name="Gujarat", state_code="24", gstin="24AAPFU0939F1Z1")
    rice = make_item(business, "Rice", stock_milli=50_000, gst_rate_bp=500)
    pen = make_item(business, "Pen")
    for party, paise in ((gujarat, 20_00), (gujarat, 7_00), (abroad, 1_00)):
        make_payment(party, paise, on=dt.date(2026, 3, 1))  # in advance
    make_payment(walk_in, 3_00, on=dt.date(2026, 3, 1))  # whose, nobody knows

    def draft(party: Party, on: dt.date, *lines: drafting.DraftLine, **fields: Any) -> drafting.Draft:
        return drafting.Draft(party=party, issued_on=on, due_on=on + dt.timedelta(days=5), lines=lines, **fields)

    day, before = dt.date(2026, 4, 2), dt.date(2026, 3, 31)
    taxed = line("Rice", item=rice, quantity_milli=2500, paise=33_33, gst_rate_bp=500)
    plain = line("Pen", item=pen, paise=10_05)
    return [
        (Invoice.Kind.INVOICE, draft(local, day, taxed, plain, reference="R1"), False),
        (Invoice.Kind.INVOICE, draft(walk_in, before, plain, plain, rounds_off=False), True),
        (Invoice.Kind.CREDIT_NOTE, draft(walk_in, before, plain, rounds_off=False), True),
        (Invoice.Kind.INVOICE, draft(gujarat, day, taxed, line("Loose", paise=0)), False),
        (Invoice.Kind.INVOICE, draft(walk_in, day, line("Gift", paise=0)), True),
        (Invoice.Kind.CREDIT_NOTE, draft(local, day, taxed), False),
        (Invoice.Kind.INVOICE, draft(abroad, before, plain, taxed), True),
        (Invoice.Kind.INVOICE, draft(local, day, plain), True),
    ]


def one_by_one(business: Business) -> None:
    for kind, draft, settles in a_days_documents(business):
        invoice = posting.issue(drafting.save(business, draft, None, kind=kind), None)
        if settles and (rest := invoice.open_item.total_paise - invoice.open_item.settled_paise):
            make_payment(
                draft.party,
                rest,
                on=invoice.issued_on,
                direction="received" if kind == Invoice.Kind.INVOICE else "paid",
                shares=[(invoice.open_item.pk, rest)],
            )


def all_at_once(business: Business) -> None:
    prepared = []
    for kind, draft, settles in a_days_documents(business):
        invoice = Invoice(kind=kind)
        prepared.append(posting.Prepared(invoice, drafting.apply(invoice, business, draft), settles))
    posting.post_batch(business, prepared, None)


def test_many_at_once_leave_the_same_book_as_one_by_one(db: None) -> None:
    books = []
    for slug, post in (("one-by-one", one_by_one), ("at-once", all_at_once)):
        business = make_business("Twin", slug=slug, scheme="regular", gstin="27AAPFU0939F1ZV", upi_id="twin@okaxis")
        post(business)
        books.append(everything(business))
    single, batch = books
    for model in BOOK:
        assert batch[model.__name__] == single[model.__name__], model.__name__


@pytest.mark.parametrize(
    ("on", "says"),
    [(india.today() + dt.timedelta(days=1), "future"), (dt.date(2020, 1, 1), "books are closed")],
)
def test_one_document_that_is_refused_takes_the_whole_batch_with_it(shop: Business, on: dt.date, says: str) -> None:
    Business.objects.update(books_closed_on=dt.date(2020, 1, 1))
    party = make_party(shop)
    prepared = []
    for day in (india.today(), on):
        invoice = Invoice(kind=Invoice.Kind.INVOICE)
        draft = drafting.Draft(party=party, issued_on=day, due_on=day, lines=[line()])
        prepared.append(posting.Prepared(invoice, drafting.apply(invoice, shop, draft)))
    with pytest.raises(posting.PostingRefused, match=says):
        posting.post_batch(shop, prepared, None)
    assert (Invoice.objects.count(), Entry.objects.count(), Series.objects.count()) == (0, 0, 0)


# --- The real file ------------------------------------------------------------------------------------------


def expected(path: Path, most: int | None = None) -> dict[str, tuple[str, int, int]]:
    """InvoiceNo -> (date of its first row, signed paise, rows), by other means than the import's."""
    documents: dict[str, list[Any]] = defaultdict(lambda: ["", 0, 0])
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for n, row in enumerate(csv.DictReader(file)):
            if n == most:
                break
            quantity = Decimal(row["Quantity"])
            if quantity < 0 and not row["InvoiceNo"].startswith("C"):
                continue
            document = documents[row["InvoiceNo"]]
            amount = quantity * Decimal(row["UnitPrice"]) * 100
            document[0] = document[0] or row["InvoiceDate"][:10]
            document[1] += int(amount.quantize(Decimal(1), ROUND_HALF_UP))
            document[2] += 1
    return {reference: (on, paise, rows) for reference, (on, paise, rows) in documents.items()}


@pytest.mark.real_data
def test_the_first_weeks_of_the_real_register_agree_with_it(
    shop: Business, real_register: Path, tmp_path: Path
) -> None:
    with gzip.open(real_register, "rt", encoding="utf-8", newline="") as file:
        header, *rows = [next(file).rstrip("\r\n") for _ in range(12_001)]
    part = write_register(tmp_path / "part.csv.gz", rows, header)
    report = sales.import_sales(shop, part)
    wanted = expected(part)
    assert (report.rows_read, report.documents) == (12_000, len(wanted))
    assert report.total_paise == sum(paise for _on, paise, _rows in wanted.values())
    found = {
        doc.reference: (str(doc.issued_on), -doc.total_paise if doc.kind == "credit_note" else doc.total_paise, doc.n)
        for doc in Invoice.objects.annotate(n=models.Count("lines"))
    }
    assert found == wanted


#: Runs its arguments, then prints its child's peak memory in KiB and seconds of processor time. Linux counts the memory of
#: the process that starts another into the peak of the one started, so the one that measures must be small itself.
MEASURED = """
import json, resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
took = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([took.ru_maxrss, took.ru_utime]))
"""


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="measured on SQLite, the embedded default")
def test_the_real_register_survives_a_kill_and_agrees_to_the_paisa_in_the_book_its_journal_and_on_the_customers_pages(
    real_register: Path, tmp_path: Path, settings: Any, django_db_setup: None, django_db_blocker: Any
) -> None:
    """kill -9 in the middle, run to the end, run again: one book, below 500 MB, at 2,000 rows a second of one core."""
    environment = os.environ | {"VAR_DIR": str(tmp_path), "DEBUG": "0", "SITE_URL": "http://127.0.0.1:8000"}
    manage = [sys.executable, "manage.py"]

    def do(*args: str) -> str:
        return subprocess.run(
            [*manage, *args], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        ).stdout

    do("migrate", "--verbosity", "0")
    do(
        "shell", "-v0", "-c",
        "from accounts.models import Business; Business.objects.create(slug='real', name='Real', state_code='27')",
    )  # fmt: skip
    command = ["import_sales", "real", str(real_register), "--json"]
    with subprocess.Popen([*manage, *command], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        while "posting" not in (told := first.stderr.readline()):
            assert told, "it ended before it was killed"
        first.send_signal(signal.SIGKILL)
    book = sqlite3.connect(tmp_path / "sharedledger.sqlite3")
    (killed_at,) = book.execute("SELECT count(*) FROM ledger_invoice").fetchone()
    assert 0 < killed_at < 12_000

    second = subprocess.run(
        [sys.executable, "-c", MEASURED, *manage, *command],
        cwd=ROOT, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    told, took = second.stdout.splitlines()
    report, (peak_kib, seconds) = json.loads(told), json.loads(took)
    wanted = expected(real_register)
    assert report["documents_created"] == len(wanted) - killed_at
    assert peak_kib < 500_000
    rows_posted = sum(rows for _on, _paise, rows in list(wanted.values())[killed_at:])
    assert rows_posted / seconds > 2_000

    assert {key: report[key] for key in ("rows_read", "rows_on_documents", "rows_rejected", "documents")} == {
        "rows_read": 245_903,
        "rows_on_documents": sum(rows for _on, _paise, rows in wanted.values()),
        "rows_rejected": 758,
        "documents": len(wanted),
    }
    assert report["total_paise"] == sum(paise for _on, paise, _rows in wanted.values())
    found = book.execute(
        "SELECT i.reference, i.issued_on, CASE i.kind WHEN 'invoice' THEN 1 ELSE -1 END * i.total_paise, count(l.id)"
        " FROM ledger_invoice i JOIN ledger_invoiceline l ON l.invoice_id = i.id GROUP BY i.id ORDER BY i.id"
    )
    assert [(row[0], row[1:]) for row in found] == list(wanted.items())  # in the order of their first row, too
    assert json.loads(do(*command)) == report | {"documents_created": 0, "parties_created": 0, "items_created": 0}
    assert "The book is right" in do("check_ledger")

    # The same book as a journal: both tools accept it, and every party owes there what it owes here.
    for form, complaints in (
        ("hledger", journals.complaints_of_hledger),
        ("beancount", journals.complaints_of_beancount),
    ):
        path = tmp_path / f"real.{form}"
        do("export_journal", "real", "--format", form, "--output", str(path))
        assert complaints(path) == ""
    balances = dict(book.execute("SELECT party_id, debit_paise - credit_paise FROM ledger_partybalance"))
    assert len(balances) > 2_000
    assert journals.by_party(tmp_path / "real.hledger") == balances

    # And as its customers see it, from the merchant's link on.
    book.close()
    settings.MESSAGE_GATEWAYS = gateways.EVERYWHERE
    with django_db_blocker.unblock(), databases.lent(tmp_path / "sharedledger.sqlite3"):
        shop = Business.objects.get(slug="real")
        make_membership(shop, make_user(name="Owner"))
        assert_the_largest_customers_read_their_ledger_to_the_paisa(shop, real_register)

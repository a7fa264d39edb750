"""The journal as accountants' own tools see it: hledger and beancount accept it, and every party owes what we say."""

import copy
import datetime as dt
import io
import re
from collections import defaultdict
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from accounts import india
from accounts.models import Business, Party
from ledger import billing, journal, posting
from ledger.crediting import Want
from ledger.drafting import Draft
from ledger.journal.writing import Beancount, Hledger, one_moment
from ledger.models import Adjustment, Entry, Invoice, PartyBalance, Payment
from tests import factories, journals
from tests.factories import Once, line, make_business, make_invoice, make_party, make_payment, make_user
from tests.threads import in_parallel

NAMES = [
    "Ramesh Kirana",
    "Ramesh Kirana",
    'R "Best" Stores; (Pvt): Ltd | 50% \\ off',
    "राम किराना स्टोर्स",
    "ß-Waren; é cole",
    "  two  spaces\tand tabs ",
    "12 Dots...",
    "🙂",
    "=cmd()|' /C calc'!A0",
    "-",
    "a:b",
    "ǆungla",
]


def everything(slug: str = "everything") -> Business:
    """A book with every kind of document, cancelled ones, closed books and names no format likes."""
    owner = make_user(name="Owner")
    shop = make_business(
        'Ram & "Sons"', owner, slug=slug, scheme="regular", gstin="27AAPFU0939F1ZV", lut_number="AD270326000001X"
    )
    year = india.fy_start(india.today())
    on = max(year, india.today() - dt.timedelta(days=40))
    parties = [make_party(shop, name=name) for name in NAMES]
    for number, party in enumerate(parties):
        make_invoice(
            party, lines=[line(paise=101_37 + number, gst_rate_bp=1800), line(paise=33_33, gst_rate_bp=500)], on=on
        )
    first, second, third, fourth = parties[:4]
    rates = [line(paise=999_99, gst_rate_bp=rate, quantity_milli=1500) for rate in (0, 25, 500, 1800)]
    cess = line(paise=10_00, gst_rate_bp=4000, cess_rate_bp=1200, cess_per_unit_e4=4_1700)
    freight = line("Freight", paise=50_00, gst_rate_bp=1800, is_charge=True)
    toll = line("Toll", paise=12_34, is_charge=True, in_taxable_value=False)
    big = make_invoice(
        first, lines=[*rates, cess, freight, toll], on=on, rounds_off=True, discount_paise=77_77, by=owner
    )
    gujarat = make_party(shop, name="Gujarat", state_code="24", gstin="24AAPFU0939F1Z1")
    ladakh = make_party(shop, name="Abroad", state_code="96")
    sez = make_party(shop, name="Zone", is_sez=True, state_code="24", gstin="24AAPFU0939F2Z0")
    for party in (gujarat, ladakh, sez):
        make_invoice(party, lines=[line(paise=555_55, gst_rate_bp=1800)], on=on, rounds_off=True)
    make_invoice(gujarat, lines=[line(paise=100_00, gst_rate_bp=500)], on=on, reverse_charge=True)
    make_invoice(second, lines=[line(paise=49)], on=on, rounds_off=True)  # rounded away
    make_invoice(second, lines=[line("Gift", paise=0)], on=on)

    # money: by hand, oldest first, in advance, with TDS, cancelled, paid back
    for mode, party in zip(Payment.Mode.values, parties, strict=False):
        make_payment(party, 60_00, mode=mode, on=on + dt.timedelta(days=1), reference=f'U"{mode}')
    make_payment(third, 5000_00, on=on, by=owner)
    make_payment(fourth, 10_00, shares=[], by=owner)
    make_payment(first, 100_00, tds_paise=7_01, by=owner)
    bounced = make_payment(first, 200_00, mode="cheque", reference="C1", tds_paise=2_00, by=owner)
    posting.cancel_payment(bounced, owner, "bounced")
    make_payment(third, 123_45, direction=Payment.Direction.PAID, by=owner)
    moved = make_payment(first, 30_00, by=owner)
    posting.reallocate(moved, [], owner)

    # adjustments of each kind and side
    kinds = [
        ("opening", "D"),
        ("write_off", "C"),
        ("write_off", "D"),
        ("tds", "C"),
        ("adjustment", "C"),
        ("adjustment", "D"),
    ]
    for number, (kind, side) in enumerate(kinds):
        posting.record_adjustment(
            shop, parties[5 + number % 3], kind=kind, side=side, amount_paise=11_11 + number, dated_on=on, by=owner,
            reason=f'because; "{number}"', shares=None,
        )  # fmt: skip
    posting.record_adjustment(
        shop, fourth, kind=Adjustment.Kind.OPENING, side="C", amount_paise=70_00, dated_on=on, by=owner
    )
    wrong = posting.record_adjustment(
        shop, first, kind="adjustment", side="D", amount_paise=9_99, dated_on=on, by=owner, reason="typed wrong"
    )
    posting.cancel_adjustment(wrong, owner, "typed wrong")

    # corrections: by line, on paid bills, cancelled, amended in both ways
    lines = list(big.lines.all())
    billing.credit(big, [Want(lines[3].pk, quantity_milli=500)], owner, issued_on=on, reason="came back")
    gone = billing.credit(big, [Want(lines[2].pk, value_paise=100)], owner, issued_on=on, reason="cheaper")
    posting.cancel_invoice(gone, owner, "not cheaper")
    factories.make_credit_note(third, lines=[line(paise=40_00, gst_rate_bp=1800)], on=on, by=owner)
    posting.cancel_invoice(make_invoice(second, lines=rates, on=on, by=owner), owner, "twice")
    for by_credit_note in (False, True):
        old = make_invoice(second, paise=500_00, on=on, by=owner)
        make_payment(second, 50_00, shares=[(old.open_item.pk, 50_00)], on=on, by=owner)
        new = Draft(party=second, issued_on=india.today(), due_on=india.today(), lines=[line(paise=450_00)])
        billing.amend(old, new, owner, reason="price", by_credit_note=by_credit_note)

    # the books are closed; what is cancelled there is taken back today
    late, paid = make_invoice(fourth, lines=rates, on=on, by=owner), make_payment(fourth, 33_00, on=on, by=owner)
    Business.objects.filter(pk=shop.pk).update(books_closed_on=on + dt.timedelta(days=5))
    posting.cancel_invoice(late, owner, "goods never left")
    posting.cancel_payment(paid, owner, "another's money")
    return Business.objects.get(pk=shop.pk)


@pytest.fixture(scope="module")
def _shop(once: Once) -> Business:
    with once():
        other = make_invoice(make_party(name="Somebody else's"), paise=777_00)
        assert other.business.slug != "everything"
        return everything()


@pytest.fixture
def shop(_shop: Business, db: None) -> Business:
    return copy.deepcopy(_shop)


def export(business: Business, form: str, folder: Path) -> Path:
    path = folder / f"book.{form}"
    call_command("export_journal", business.slug, "--format", form, "--output", str(path))
    return path


def our_balances(business: Business) -> dict[int, int]:
    return {row.party_id: row.paise for row in PartyBalance.objects.filter(business=business)}


# --- The tools ----------------------------------------------------------------------------------------------


def test_hledger_accepts_a_book_with_everything_and_every_party_owes_what_we_say(
    shop: Business, tmp_path: Path
) -> None:
    path = export(shop, "hledger", tmp_path)
    assert journals.complaints_of_hledger(path) == ""
    assert dict(journals.by_party(path)) == our_balances(shop)
    assert "Somebody else" not in path.read_text(encoding="utf-8")


def test_beancount_accepts_it_too_and_says_the_same(shop: Business, tmp_path: Path) -> None:
    from beancount import loader
    from beancount.core import data

    path = export(shop, "beancount", tmp_path)
    assert journals.complaints_of_beancount(path) == ""
    entries, errors, _options = loader.load_file(str(path))
    assert errors == []
    found: dict[int, int] = defaultdict(int)
    for entry in entries:
        for one in entry.postings if isinstance(entry, data.Transaction) else ():
            if one.account.startswith((f"{journal.RECEIVABLE}:", f"{journal.ADVANCES}:")):
                assert one.units is not None
                assert one.units.number is not None
                assert one.units.currency == "INR"
                found[int(one.account.rpartition("-")[2])] += int(one.units.number * 100)
    assert dict(found) == our_balances(shop)


@pytest.mark.parametrize("form", ["hledger", "beancount"])
def test_a_paisa_too_much_is_refused_by_the_tool_itself(shop: Business, tmp_path: Path, form: str) -> None:
    """The journal states what each party's accounts come to: a changed amount that balances is still noticed."""
    path = export(shop, form, tmp_path)
    complaints = journals.complaints_of_hledger if form == "hledger" else journals.complaints_of_beancount
    text = path.read_text(encoding="utf-8")
    pattern = r"( +Assets:Receivable:Ramesh[^\n]*?)60\.00 INR"
    before = re.search(r"( +Assets:Cash) +60\.00 INR", text)
    assert before
    changed = text.replace(before.group(), f"{before.group(1)}  60.01 INR", 1)
    assert "sum" in complaints(_written(tmp_path, changed)) or complaints(_written(tmp_path, changed))
    changed, n = re.subn(pattern, r"\g<1>60.01 INR", changed, count=1)
    assert n == 1
    assert complaints(_written(tmp_path, changed)) != ""


def _written(folder: Path, text: str) -> Path:
    path = folder / "changed"
    path.write_text(text, encoding="utf-8")
    return path


# --- What stands in it --------------------------------------------------------------------------------------


def test_every_account_comes_to_what_the_documents_say(shop: Business, tmp_path: Path) -> None:
    """Sales and taxes less what was cancelled, money by its way, TDS; asked of the documents, not of the entries."""
    path = export(shop, "hledger", tmp_path)
    found = journals.balances(path, "Income", "Liabilities:GST", "Assets:Cash", "Assets:TDS", "Equity", "Expenses")
    issued = Invoice.objects.filter(business=shop, status="issued")

    def net(name: str) -> int:
        sums = {row["kind"]: row["n"] for row in issued.values("kind").annotate(n=Sum(name)).order_by()}
        return sums.get("invoice", 0) - sums.get("credit_note", 0)

    def total(prefix: str) -> int:
        return -sum(value for account, value in found.items() if account.startswith(prefix))

    assert total("Income:Sales:") == net("taxable_paise")
    assert total("Liabilities:GST:CGST") == net("cgst_paise") == net("sgst_paise") == total("Liabilities:GST:SGST")
    assert total("Liabilities:GST:IGST") == net("igst_paise")
    assert total("Liabilities:GST:Cess") == net("cess_paise")
    assert total("Income:ChargesWithoutTax") == net("untaxed_paise") == 12_34
    assert total("Income:RoundOff") == net("round_off_paise")
    adjustments = Adjustment.objects.filter(business=shop, status="recorded")
    tds = adjustments.filter(kind="tds").aggregate(n=Sum("amount_paise"))["n"]
    assert found["Assets:TDS"] == tds
    assert found["Equity:Opening"] == 70_00 - 11_11
    assert found["Expenses:WriteOffs"] == 11_12 - 11_13
    assert found["Expenses:Adjustments"] == 11_15 - 11_16
    cash = Payment.objects.filter(business=shop, status="recorded", mode="cash")
    received = sum(p.amount_paise if p.direction == "received" else -p.amount_paise for p in cash)
    assert found["Assets:Cash"] == received
    assert sum(1 for account in found if account.startswith("Income:Sales:GST-18")) == 3


def test_a_payment_in_advance_is_owed_to_the_party_until_it_settles_a_bill(db: None) -> None:
    shop = make_business(slug="advance")
    party = make_party(shop, name="Sita")
    make_payment(party, 100_00)
    assert _postings(shop) == [[("Liabilities:Advances", -100_00), ("Assets:Cash", 100_00)]]
    make_invoice(party, paise=60_00)
    assert _postings(shop) == [
        [("Assets:Receivable", -60_00), ("Liabilities:Advances", -40_00), ("Assets:Cash", 100_00)],
        [("Assets:Receivable", 60_00), ("Income:Sales:GST-0", -60_00)],
    ]


def _postings(shop: Business) -> list[list[tuple[str, int]]]:
    return [[(one.account, one.paise) for one in what.postings] for what in journal.happenings(shop)]


def test_lines_of_one_rate_are_one_posting_and_every_transaction_balances(shop: Business) -> None:
    for what in journal.happenings(shop):
        assert sum(one.paise for one in what.postings) == 0
        accounts = [(one.account, one.party_id) for one in what.postings]
        assert len(accounts) == len(set(accounts))


def test_what_happened_stands_in_the_order_of_date_and_entry(shop: Business) -> None:
    days = [what.on for what in journal.happenings(shop)]
    assert days == sorted(days)
    assert len(days) == Entry.objects.filter(business=shop).count() + 1  # the invoice that was rounded away


def test_what_was_rounded_away_is_sold_all_the_same(db: None) -> None:
    shop = make_business(slug="rounded")
    make_invoice(make_party(shop), lines=[line(paise=49)], rounds_off=True)
    assert Entry.objects.filter(business=shop).count() == 0
    assert _postings(shop) == [[("Income:Sales:GST-0", -49), ("Income:RoundOff", 49)]]


# --- Names, cost, command -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "", "\u200f", "a\nb", "x" * 120, "ÉCOLE", "ñandu", "٣ things", "ﬁne"])
def test_any_name_makes_a_valid_account_of_its_own(name: str) -> None:
    from beancount.core import account

    assert account.is_valid(f"Assets:Receivable:{Beancount().leaf(name, 7)}")
    for leaf in (Beancount().leaf, Hledger().leaf):
        assert len({leaf(name, 1), leaf(name, 11), leaf(f"{name} 1", 1), leaf(name, 2)} | {leaf(name, 21)}) == 5
        assert "  " not in leaf(name, 7)
        assert not re.search(r"[:;\n\t|]", leaf(name, 7))


def test_the_journal_takes_as_many_queries_for_three_documents_as_for_one(db: None) -> None:
    shop = make_business(slug="flat")
    for many in (1, 2):
        for _ in range(many):
            make_invoice(make_party(shop), paise=100_00)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert "100.00" in "".join(journal.journal(shop, "hledger"))
        assert len(queries) == 4  # entries, those rounded away, sales by rate, what is open


def test_an_empty_book_is_a_journal_too(db: None, tmp_path: Path) -> None:
    shop = make_business(slug="empty")
    assert journals.complaints_of_hledger(export(shop, "hledger", tmp_path)) == ""
    assert journals.complaints_of_beancount(export(shop, "beancount", tmp_path)) == ""


def test_without_a_file_the_command_writes_to_its_output(db: None) -> None:
    shop = make_business(slug="out")
    make_invoice(make_party(shop), paise=100_00)
    out = io.StringIO()
    call_command("export_journal", "out", "--format", "beancount", stdout=out)
    assert out.getvalue() == "".join(journal.journal(shop, "beancount"))


def test_an_unknown_business_and_a_folder_that_is_not_there_are_refused(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no business nobody"):
        call_command("export_journal", "nobody", "--format", "hledger")
    make_business(slug="some")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_journal", "some", "--format", "hledger", "--output", str(tmp_path / "no" / "file"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_the_journal_tells_of_one_moment_while_others_write() -> None:
    shop = make_business(slug="moment")
    party = make_party(shop)
    make_invoice(party, paise=100_00)
    with one_moment():
        before = list(journal.happenings(shop))
        # Another connection writes and commits meanwhile.
        in_parallel(lambda _n: make_invoice(Party.objects.get(), paise=5_00), 1)
        assert list(journal.happenings(shop)) == before
    assert len(list(journal.happenings(shop))) == 2

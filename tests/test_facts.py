"""The hash of a document's facts: the same for the same facts, another for any other, whatever engine kept them."""

import json

import pytest

from ledger import facts, posting
from ledger.models import Invoice, InvoiceLine
from tests.factories import line, make_business, make_credit, make_invoice, make_party, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def party():
    shop = make_business("Ram Kirana", make_user(), scheme="regular", gstin="27AAPFU0939F1ZV")
    return make_party(shop, name="श्री गणेश")


def again(invoice: Invoice) -> str:
    """From the rows as they stand in the database."""
    fresh = Invoice.objects.select_related("original").get(pk=invoice.pk)
    return facts.hash_of(fresh, fresh.lines.all())


def test_the_hash_taken_at_issue_is_that_of_the_stored_rows(party):
    bill = make_invoice(party, lines=[line("Rice", gst_rate_bp=1800, price_includes_tax=True), line("आटा")])
    bill.refresh_from_db()
    assert len(bill.facts_hash) == 64
    assert again(bill) == bill.facts_hash


def test_a_credit_note_names_its_original_in_its_facts(party):
    bill = make_invoice(party)
    note = make_credit(bill)
    assert again(note) == note.facts_hash
    said = json.loads(facts.canonical(note, note.lines.all()))
    assert said["original"] == [bill.number, f"{bill.issued_on:%Y-%m-%d}"]


def test_payments_and_cancelling_leave_the_hash_as_it_was(party):
    bill = make_invoice(party)
    before = bill.facts_hash
    posting.cancel_invoice(bill, make_user(), "Mistake")
    bill.refresh_from_db()
    assert (bill.status, bill.facts_hash, again(bill)) == ("cancelled", before, before)


def test_a_draft_has_no_hash(party):
    assert make_invoice(party, issued=False).facts_hash == ""


OF_THE_LIFE = {  # what happens to a document, or says the same once more
    "id", "public_id", "business", "party", "status", "original", "replaces", "order", "series", "sequence",
    "financial_year", "rounds_off", "discount_bp", "created_by", "created_at", "issued_at", "cancelled_at", "cancelled_on",
    "cancel_reason", "facts_hash",
}  # fmt: skip
OF_THE_LINE = {"id", "business", "invoice", "item", "original_line", "in_taxable_value"}


def test_every_printed_column_is_a_fact():
    """A new column is a fact, or is named here as none."""
    columns = {field.name for field in Invoice._meta.concrete_fields}
    assert columns - OF_THE_LIFE == {*facts.HEAD, "issued_on", "due_on"}
    assert {field.name for field in InvoiceLine._meta.concrete_fields} - OF_THE_LINE == set(facts.LINE)


@pytest.mark.parametrize("name", [*facts.HEAD, "issued_on", "due_on"])
def test_any_other_fact_of_the_head_gives_another_hash(party, name):
    bill = make_invoice(party)
    value = getattr(bill, name)
    others = {str: f"{value}x", bool: not value, int: 1, dict: {"name": "Somebody else"}}
    other = others.get(type(value)) or (bill.issued_on.replace(year=1999) if name.endswith("_on") else f"{value}x")
    setattr(bill, name, other if other != value else 2)
    assert facts.hash_of(bill, bill.lines.all()) != bill.facts_hash


@pytest.mark.parametrize("name", facts.LINE)
def test_any_other_fact_of_a_line_gives_another_hash(party, name):
    bill = make_invoice(party)
    row = bill.lines.get()
    value = getattr(row, name)
    setattr(row, name, f"{value}x" if isinstance(value, str) else not value if isinstance(value, bool) else value + 1)
    assert facts.hash_of(bill, [row]) != bill.facts_hash

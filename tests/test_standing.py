"""The badge, the figure and the sentence at the head of a document: where it stands, in words both sides read."""

import datetime as dt

import pytest
from django.utils import translation

from accounts.india import today
from ledger import paper, settled
from ledger.models import Invoice, OpenItem

NOTE, BILL = Invoice.Kind.CREDIT_NOTE, Invoice.Kind.INVOICE


def document(kind=BILL, status="issued", days=0, settled_paise=0, total=1000_00):
    due_on = today() + dt.timedelta(days=days)
    made = Invoice(kind=kind, status=status, number="INV/1", due_on=due_on, issued_on=today(), total_paise=total)
    made.open_item = OpenItem(total_paise=total, settled_paise=settled_paise, open_paise=total - settled_paise)
    return made


def part(kind, paise):
    return settled.Part(kind, paise, today(), "upi", "", "1")


@pytest.mark.parametrize(
    ("made", "parts", "badge", "label", "amount"),
    [
        (document(days=15), (), "unpaid", "Due in 15 days", "₹1,000.00"),
        (document(days=1), (), "unpaid", "Due in 1 day", "₹1,000.00"),
        (document(days=0), (), "unpaid", "Due today", "₹1,000.00"),
        (document(days=-1), (), "overdue", "Overdue by 1 day", "₹1,000.00"),
        (document(days=-20), (), "overdue", "Overdue by 20 days", "₹1,000.00"),
        (document(days=9, settled_paise=400_00), [part("payment", 400_00)], "part_paid", "Part paid", "₹600.00"),
        (document(days=0, settled_paise=400_00), [part("payment", 400_00)], "part_paid", "Due today", "₹600.00"),
        (document(days=-20, settled_paise=1), [part("payment", 1)], "overdue", "Overdue by 20 days", "₹999.99"),
        (document(days=-20, settled_paise=1000_00), [part("payment", 1000_00)], "paid", "Paid", "₹1,000.00"),
        (
            document(days=5, settled_paise=1000_00),
            [part("payment", 900_00), part("tds", 100_00)],
            "paid",
            "Settled",
            "₹1,000.00",
        ),
        (document(status="cancelled", days=-20), (), "cancelled", "Cancelled", "₹1,000.00"),
        (document(status="draft"), (), "draft", "Draft", "₹1,000.00"),
        (document(NOTE), (), "pending", "Not used yet", "₹1,000.00"),
        (document(NOTE, settled_paise=1000_00), (), "done", "Used", "₹1,000.00"),
    ],
)
def test_badge_and_figure_say_where_it_stands(made, parts, badge, label, amount):
    if made.status != "issued":
        made.open_item.open_paise = 0
    standing = paper.standing_of(made, parts)
    assert (standing.badge, standing.label, standing.amount) == (badge, label, amount)


def test_days_are_counted_in_hindi_too():
    with translation.override("hi"):
        assert [paper.standing_of(document(days=days)).label for days in (15, -20)] == [
            "15 दिन में देना है",
            "तारीख निकले 20 दिन",
        ]

"""Entries of the ledger as balanced transactions, whatever they are written in later. All amounts are paise."""

import datetime as dt
import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db.models import Sum

from accounts import states
from accounts.models import Business
from accounts.money import percent
from ledger.gst import SupplyKind
from ledger.models import Adjustment, Entry, Invoice, InvoiceLine, Payment

RECEIVABLE, ADVANCES = "Assets:Receivable", "Liabilities:Advances"
AT_ONCE = 1_000
MODES = {
    Payment.Mode.CASH: "Assets:Cash",
    Payment.Mode.UPI: "Assets:UPI",
    Payment.Mode.BANK: "Assets:Bank",
    Payment.Mode.CHEQUE: "Assets:Cheque",
    Payment.Mode.CARD: "Assets:Card",
}
ADJUSTMENTS = {
    Adjustment.Kind.OPENING: "Equity:Opening",
    Adjustment.Kind.WRITE_OFF: "Expenses:WriteOffs",
    Adjustment.Kind.TDS: "Assets:TDS",
    Adjustment.Kind.ADJUSTMENT: "Expenses:Adjustments",
}
ABROAD = {SupplyKind.SEZ: ":SEZ", SupplyKind.EXPORT: ":Export"}

_INVOICE = (
    "kind",
    "number",
    "status",
    "reference",
    "place_of_supply",
    "supply_kind",
    "reverse_charge",
    "cgst_paise",
    "sgst_paise",
    "igst_paise",
    "cess_paise",
    "untaxed_paise",
    "round_off_paise",
)
_FIELDS = (
    "id",
    "dated_on",
    "party_id",
    "party__name",
    "kind",
    "debit_paise",
    "credit_paise",
    "invoice_id",
    *(f"invoice__{name}" for name in _INVOICE),
    "invoice__open_item__settled_paise",
    "payment__number",
    "payment__status",
    "payment__mode",
    "payment__reference",
    "payment__open_item__settled_paise",
    "adjustment__kind",
    "adjustment__number",
    "adjustment__status",
    "adjustment__reason",
    "adjustment__open_item__settled_paise",
)
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Posting:
    """A debit (`paise` > 0) or a credit. `party_id` names the account below Receivable or Advances; 0: none."""

    account: str
    paise: int
    party_id: int = 0


@dataclass(frozen=True, slots=True)
class Happening:
    """One transaction; its postings add up to 0."""

    on: dt.date
    number: str
    party_id: int
    party: str
    words: str
    postings: list[Posting]


def happenings(business: Business) -> Iterator[Happening]:
    """All that happened, by (date, id), streamed; for each thousand entries one query for their sales by rate."""
    entries = Entry.objects.filter(business=business).order_by("dated_on", "id").values(*_FIELDS)
    every = heapq.merge(
        entries.iterator(chunk_size=AT_ONCE),
        _rounded_away(business),
        key=lambda facts: (facts["dated_on"], facts["id"] is None, facts["id"] or facts["invoice_id"]),
    )
    for some in batched(every, AT_ONCE):
        sales = _sales(business, {facts["invoice_id"] for facts in some if facts["invoice_id"]})
        for facts in some:
            yield _happening(facts, sales)


def _rounded_away(business: Business) -> Iterator[Facts]:
    """Documents that rounding brought to 0: they owe nothing, so they have no entry, but something was sold."""
    found = Invoice.objects.filter(
        business=business, status=Invoice.Status.ISSUED, total_paise=0, round_off_paise__lt=0
    ).order_by("issued_on", "id")
    for row in found.values("id", "issued_on", "party_id", "party__name", *_INVOICE).iterator(chunk_size=AT_ONCE):
        yield dict.fromkeys(_FIELDS) | {
            "dated_on": row["issued_on"],
            "party_id": row["party_id"],
            "party__name": row["party__name"],
            "kind": row["kind"],
            "debit_paise": 0,
            "credit_paise": 0,
            "invoice_id": row["id"],
            **{f"invoice__{name}": row[name] for name in _INVOICE},
        }


def _sales(business: Business, invoices: set[int]) -> dict[int, list[tuple[int, int]]]:
    """(rate in basis points, taxable paise) of each document."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    lines = InvoiceLine.objects.filter(business=business, invoice__in=invoices, taxable_paise__gt=0)
    by_rate = lines.order_by("invoice_id", "gst_rate_bp").values_list("invoice_id", "gst_rate_bp")
    for invoice, rate, paise in by_rate.annotate(Sum("taxable_paise")):
        found[invoice].append((rate, paise))
    return found


def _happening(facts: Facts, sales: dict[int, list[tuple[int, int]]]) -> Happening:
    if facts["invoice_id"]:
        number, words, others = _of_invoice(facts, sales[facts["invoice_id"]])
    elif facts["payment__number"]:
        number = facts["payment__number"]
        mode = Payment.Mode(facts["payment__mode"])
        words = " ".join(filter(None, (str(mode.label), facts["payment__reference"])))
        others = [Posting(MODES[mode], facts["credit_paise"] - facts["debit_paise"])]
    else:
        number, words = facts["adjustment__number"], facts["adjustment__reason"]
        account = ADJUSTMENTS[Adjustment.Kind(facts["adjustment__kind"])]
        others = [Posting(account, facts["credit_paise"] - facts["debit_paise"])]
    title = str(Entry.Kind(facts["kind"]).label)
    return Happening(
        on=facts["dated_on"],
        number=number,
        party_id=facts["party_id"],
        party=facts["party__name"],
        words=f"{title}: {words}" if words else title,
        postings=[posting for posting in (*_of_party(facts), *others) if posting.paise],
    )


def _of_party(facts: Facts) -> list[Posting]:
    """A debit is receivable; of a credit, what settles nothing now is an advance. Cancelled ones and their reversals
    cancel out on one account."""
    party, paise = facts["party_id"], facts["debit_paise"] - facts["credit_paise"]
    source = "invoice" if facts["invoice_id"] else "payment" if facts["payment__number"] else "adjustment"
    if paise >= 0 or facts[f"{source}__status"] == "cancelled":
        return [Posting(RECEIVABLE, paise, party)]
    settled = facts[f"{source}__open_item__settled_paise"]
    return [Posting(RECEIVABLE, -settled, party), Posting(ADVANCES, paise + settled, party)]


def _of_invoice(facts: Facts, sales: list[tuple[int, int]]) -> tuple[str, str, list[Posting]]:
    is_invoice, is_reversal = facts["invoice__kind"] == Invoice.Kind.INVOICE, facts["kind"] == Entry.Kind.REVERSAL
    sign = -1 if is_invoice != is_reversal else 1  # what a sale earns is a credit
    utgst = states.is_utgst(facts["invoice__place_of_supply"])
    parts = [(sales_account(rate, facts), paise) for rate, paise in sales]
    parts += [
        ("Liabilities:GST:CGST", facts["invoice__cgst_paise"]),
        ("Liabilities:GST:UTGST" if utgst else "Liabilities:GST:SGST", facts["invoice__sgst_paise"]),
        ("Liabilities:GST:IGST", facts["invoice__igst_paise"]),
        ("Liabilities:GST:Cess", facts["invoice__cess_paise"]),
        ("Income:ChargesWithoutTax", facts["invoice__untaxed_paise"]),
        ("Income:RoundOff", facts["invoice__round_off_paise"]),
    ]
    title = str(Invoice.Kind(facts["invoice__kind"]).label) if is_reversal else ""
    words = " ".join(filter(None, (title, facts["invoice__reference"])))
    return facts["invoice__number"], words, [Posting(account, sign * paise) for account, paise in parts]


def sales_account(rate_bp: int, facts: Facts) -> str:
    """By rate; below it what bears no tax although it has a rate, so that the rest times the rate is the tax."""
    name = percent(rate_bp).removesuffix("%").replace(".", "-")
    below = ABROAD.get(facts["invoice__supply_kind"], "")
    return f"Income:Sales:GST-{name}{below or (':ReverseCharge' if facts['invoice__reverse_charge'] else '')}"

"""What the shop's book says of a paper, for whoever holds it: genuine or not, standing or not, and where to pay.

Nothing of the buyer, the lines or what is owed: no more than the paper's own head. Amounts are paise.
"""

import datetime as dt
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Business, Party
from accounts.money import rupees
from ledger import facts, statement_facts
from ledger.models import Invoice, Payment
from ledger.statement_facts import StatementFacts
from ledger.statement_paper import balance_words, words_of
from ledger.verifying import Asked, Unknown, short_hash

DETAILS: dict[str, str | Promise] = {
    "upi_id": gettext_lazy("UPI id"),
    "bank_account": gettext_lazy("Account number"),
    "bank_ifsc": gettext_lazy("IFSC"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the book says of one paper. `tone`: good, warn, bad; `kind`: invoice, receipt, statement.

    `agrees`: what is kept is what was issued, so `facts` may be told. `pay` are the shop's details of today ([]: nothing
    is to be paid on this paper), `before` those at issue. `paise` and `dated_on` are what its reader may compare;
    `meaning` says who owes the amount.
    """

    kind: str
    business: Business
    tone: str
    heading: str
    sentence: str
    facts: list[tuple[str, str]]
    paise: int
    dated_on: dt.date
    meaning: str = ""
    hash: str = ""
    agrees: bool = True
    pay: list[tuple[str, str]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    before: Mapping[str, Any] = field(default_factory=dict)

    @property
    def copied(self) -> list[str]:
        """The labels of what a payer copies into an app or a form."""
        return [str(label) for label in DETAILS.values()]

    @property
    def is_payable(self) -> bool:
        return bool(self.pay or self.gone)


def answer(asked: Asked) -> Answer:
    """What to tell of what a token names (ledger.verifying.read_token): one to four queries. Raises Unknown."""
    if asked.invoice:
        return of_invoice(_invoice(asked.invoice))
    if asked.receipt:
        return of_receipt(_receipt(asked.receipt))
    assert asked.statement is not None, "a token names one paper"
    return of_statement(_party(asked.statement.party_id), asked.statement)


# --- the invoice and the credit note ------------------------------------------------------------------------


def _invoice(public_id: str) -> Invoice:
    """With business, original, `is_replaced` and `credited_paise`."""
    found = Invoice.objects.exclude(status=Invoice.Status.DRAFT).filter(business__is_active=True)
    found = found.select_related("business", "original").annotate(
        is_replaced=Exists(_same_party(replaces_id=OuterRef("pk"))), credited_paise=_credited()
    )
    invoice = found.filter(public_id=public_id).first()
    if invoice is None:
        raise Unknown
    return invoice


def _same_party(**which: Any) -> QuerySet[Invoice]:
    return Invoice.objects.filter(
        business_id=OuterRef("business_id"), party_id=OuterRef("party_id"), status=Invoice.Status.ISSUED, **which
    )


def _credited() -> Any:
    notes = _same_party(original_id=OuterRef("pk"), kind=Invoice.Kind.CREDIT_NOTE).order_by()
    return notes.values("original_id").annotate(paise=Sum("total_paise")).values("paise")


def of_invoice(invoice: Invoice) -> Answer:
    """Of a document with `is_replaced` and `credited_paise`: one query (its lines), to compute its hash anew."""
    agrees = hmac.compare_digest(facts.hash_of(invoice, invoice.lines.all()), invoice.facts_hash)
    tone, heading, sentence = _verdict(invoice, agrees)
    payable = agrees and invoice.kind == Invoice.Kind.INVOICE and _stands(invoice)
    changed, gone = _changes(invoice.seller, invoice.business) if payable else ([], [])
    return Answer(
        kind="invoice",
        business=invoice.business,
        tone=tone,
        heading=heading,
        sentence=sentence,
        agrees=agrees,
        facts=[
            (_("Shop"), invoice.seller.get("name", "")),
            (_("Number"), invoice.number),
            (_("Date"), _day(invoice.issued_on)),
            (_("Total"), rupees(invoice.total_paise)),
        ],
        paise=invoice.total_paise,
        dated_on=invoice.issued_on,
        hash=short_hash(invoice.facts_hash),
        pay=pay_details(invoice.business) if payable else [],
        changed=changed,
        gone=gone,
        before=invoice.seller if payable else {},
    )


def _stands(invoice: Any) -> bool:
    if invoice.status != Invoice.Status.ISSUED or invoice.is_replaced:
        return False
    return not invoice.credited_paise or invoice.credited_paise < invoice.total_paise


def _verdict(invoice: Any, agrees: bool) -> tuple[str, str, str]:
    """(tone, heading, sentence)."""
    ask = _("Pay nothing on this paper before you have asked the shop on a number you know.")
    if not agrees:
        what = _("What is kept of this document is not what was issued.")
        return "bad", _("This document cannot be confirmed"), f"{what} {ask}"
    if invoice.status == Invoice.Status.CANCELLED:
        day = {"day": _day(localtime(invoice.cancelled_at).date())}
        words = _("The shop cancelled it on %(day)s. Nothing is to be paid on it.") % day
        newer = " " + _("A newer invoice took its place.") if invoice.is_replaced else ""
        return "bad", _("This paper was cancelled"), words + newer
    if invoice.is_replaced:
        return (
            "bad",
            _("This invoice was replaced"),
            _("A newer invoice took its place. Nothing is to be paid on this one."),
        )
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return "good", _("This credit note is genuine"), _("The shop issued it, and it was not cancelled.")
    if not _stands(invoice):
        return (
            "warn",
            _("This invoice was credited in full"),
            _("A credit note took all of it back. Nothing is to be paid on it."),
        )
    if invoice.credited_paise:
        text = _("The shop issued it. A part of it was taken back by a credit note: less is to be paid than it says.")
        return "warn", _("This invoice was credited in part"), text
    return "good", _("This invoice is genuine"), _("The shop issued it, and it was neither cancelled nor replaced.")


def pay_details(business: Business) -> list[tuple[str, str]]:
    """The details that are right today; the name is what the payer's app or bank will show."""
    rows = [(_("UPI id"), business.upi_id)]
    if business.bank_account:
        rows += [
            (_("Account number"), business.bank_account),
            (_("IFSC"), business.bank_ifsc),
            (_("Bank"), business.bank_name),
        ]
    rows = [row for row in rows if row[1]]
    return [*rows, (_("Name"), business.name)] if rows else []


def _changes(at_issue: Mapping[str, Any], business: Business) -> tuple[list[str], list[str]]:
    """Which details are others than at issue, and which the shop no longer has; none that were not there at issue."""
    changed: list[str] = []
    gone: list[str] = []
    for name, label in DETAILS.items():
        then, now = at_issue.get(name) or "", getattr(business, name)
        if then and then != now:
            (changed if now else gone).append(str(label))
    return changed, gone


# --- the receipt --------------------------------------------------------------------------------------------


def _receipt(public_id: str) -> Payment:
    found = Payment.objects.filter(business__is_active=True, public_id=public_id).select_related("business").first()
    if found is None:
        raise Unknown
    return found


def of_receipt(payment: Payment) -> Answer:
    """Of a payment with its business: no query. Payments never change, so their facts need no hash."""
    paid_back = payment.direction == Payment.Direction.PAID
    tone, heading = "good", _("This payment advice is genuine") if paid_back else _("This receipt is genuine")
    sentence = _("The payment stands in the shop’s book, and it was not cancelled.")
    if payment.cancelled_at:
        tone, heading = "bad", _("This paper was cancelled")
        day = {"day": _day(localtime(payment.cancelled_at).date())}
        sentence = _("The shop cancelled this payment on %(day)s. It does not count in its book any more.") % day
    return Answer(
        kind="receipt",
        business=payment.business,
        tone=tone,
        heading=heading,
        sentence=sentence,
        facts=[
            (_("Shop"), payment.business.name),
            (_("Number"), payment.number),
            (_("Date"), _day(payment.paid_on)),
            (_("Amount"), rupees(payment.amount_paise)),
        ],
        paise=payment.amount_paise,
        dated_on=payment.paid_on,
    )


# --- the statement ------------------------------------------------------------------------------------------


def _party(public_id: str) -> Party:
    found = Party.objects.filter(business__is_active=True, public_id=public_id).select_related("business").first()
    if found is None:
        raise Unknown
    return found


def of_statement(party: Party, said: StatementFacts) -> Answer:
    """Of what a genuine statement says; at most three queries, to ask the book whether it still says so."""
    if statement_facts.still_says(party, said):
        tone, heading = "good", _("This statement is genuine")
        sentence = _("The shop’s book says the same of these days today.")
    else:
        tone, heading = "warn", _("This statement is genuine, but it is out of date")
        sentence = _(
            "The shop’s book has changed since: something of these days was entered later, or cancelled. "
            "Ask the shop for a new statement."
        )
    return Answer(
        kind="statement",
        business=party.business,
        tone=tone,
        heading=heading,
        sentence=sentence,
        facts=[
            (_("Shop"), party.business.name),
            (_("Statement of account"), words_of(said.period)),
            (_("Made on"), _day(said.made_on)),
            (_("Closing balance"), rupees(abs(said.closing_paise))),
        ],
        meaning=balance_words(said.closing_paise),
        paise=abs(said.closing_paise),
        dated_on=said.made_on,
        hash=short_hash(said.hash.hex()),
        pay=pay_details(party.business),
    )


def _day(day: dt.date) -> str:
    return date_format(day, "DATE_FORMAT")

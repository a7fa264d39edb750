"""Lists as the merchant's pages show them: rows formatted once in Python."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Expression, F, Q
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.india import today
from accounts.money import MINUS, amount, rupees, with_side
from accounts.phones import mask
from ledger import paper, statements, talks
from ledger.models import Adjustment, Allocation, Entry, Invoice, OpenItem, Payment

# --- choices above a list ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice above a list."""

    name: str
    href: str
    is_current: bool


def chips(query: QueryDict, key: str, choices: Iterable[tuple[str, Any]], current: str) -> list[Chip]:
    """Links that set `key` and keep the search."""
    made = []
    for value, name in choices:
        kept = query.copy()
        for gone in ("after", "before", key):
            kept.pop(gone, None)
        if value:
            kept[key] = value
        made.append(Chip(str(name), f"?{kept.urlencode()}", value == current))
    return made


# --- words --------------------------------------------------------------------------------------------------


def day(value: dt.date) -> str:
    return date_format(value, "DATE_FORMAT")


def short_day(value: dt.date) -> str:
    """For a phone: this year's days without the year."""
    return date_format(value, "MONTH_DAY_FORMAT") if value.year == today().year else day(value)


def net_balance() -> Expression:
    """A party's balance for annotate(): paise, positive = to collect, 0 when nothing was ever posted."""
    return Coalesce(F("balance__debit_paise") - F("balance__credit_paise"), 0, output_field=BigIntegerField())


def balance_words(paise: int) -> str:
    """The balance as a sentence of the shop's side."""
    if paise > 0:
        return _("You will get %(amount)s") % {"amount": rupees(paise)}
    if paise < 0:
        return _("You will give %(amount)s") % {"amount": rupees(-paise)}
    return _("Nothing is open")


# --- rows ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PartyRow:
    href: str
    name: str
    place: str
    phone: str
    gstin: str
    balance: str
    word: str
    tone: str


def party_rows(parties: Iterable[Any], slug: str) -> list[PartyRow]:
    """Rows of parties annotated with `phone` and `net` (numbers masked: a list is seen over the shoulder)."""
    words = {1: (_("to collect"), "good"), -1: (_("to pay"), "bad"), 0: (_("settled"), "soft")}
    rows = []
    for party in parties:
        word, tone = words[(party.net > 0) - (party.net < 0)]
        rows.append(
            PartyRow(
                href=reverse("ledger:party", kwargs={"slug": slug, "party": party.public_id}),
                name=party.name,
                place=party.city,
                phone=mask(str(party.phone)) if party.phone else "",
                gstin=party.gstin,
                balance=rupees(abs(party.net)),
                word=word,
                tone=tone,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    href: str
    party: str
    number: str
    date: str
    short_date: str
    due: str
    total: str
    open: str
    badge: str
    state: str
    is_cancelled: bool
    public_id: str


def invoice_rows(invoices: Iterable[Invoice], slug: str) -> list[InvoiceRow]:
    """Rows of invoices read with party and open_item; `public_id` is that of an issued document, else ""."""
    rows = []
    for invoice in invoices:
        badge, state = paper.condition(invoice)
        due = invoice.due_paise
        number = invoice.number or _("Draft")
        if invoice.kind == Invoice.Kind.CREDIT_NOTE:
            number = _("Credit note %(number)s") % {"number": invoice.number} if invoice.number else _("Draft")
        rows.append(
            InvoiceRow(
                href=reverse("ledger:invoice", kwargs={"slug": slug, "invoice": invoice.public_id}),
                party=invoice.party.name,
                number=number,
                date=day(invoice.issued_on),
                short_date=short_day(invoice.issued_on),
                due=day(invoice.due_on) if invoice.kind == Invoice.Kind.INVOICE else "",
                total=rupees(invoice.total_paise),
                open=rupees(due) if due and due != invoice.total_paise else "",
                badge=badge,
                state=state,
                is_cancelled=invoice.status == Invoice.Status.CANCELLED,
                public_id="" if invoice.status == Invoice.Status.DRAFT else invoice.public_id,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class PaymentRow:
    href: str
    party: str
    number: str
    date: str
    short_date: str
    how: str
    reference: str
    amount: str
    badge: str
    state: str
    is_cancelled: bool


def payment_rows(payments: Iterable[Payment], slug: str) -> list[PaymentRow]:
    """Rows of payments read with party and open_item."""
    rows = []
    for payment in payments:
        cancelled = payment.status == Payment.Status.CANCELLED
        paid_back = payment.direction == Payment.Direction.PAID
        badge, state = "paid", _("Paid back") if paid_back else _("Settled")
        if cancelled:
            badge, state = "cancelled", _("Cancelled")
        elif payment.unallocated_paise and not paid_back:
            badge, state = "part_paid", _("Advance %(amount)s") % {"amount": rupees(payment.unallocated_paise)}
        rows.append(
            PaymentRow(
                href=reverse("ledger:payment", kwargs={"slug": slug, "payment": payment.public_id}),
                party=payment.party.name,
                number=payment.number,
                date=day(payment.paid_on),
                short_date=short_day(payment.paid_on),
                how=payment.get_mode_display(),
                reference=payment.reference,
                amount=rupees(-payment.amount_paise if paid_back else payment.amount_paise),
                badge=badge,
                state=state,
                is_cancelled=cancelled,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class LedgerRow:
    date: str
    title: str
    href: str
    note: str
    debit: str
    credit: str
    change: str
    balance: str
    is_cancelled: bool
    query: str = ""


def ledger_rows(
    rows: Iterable[statements.Row], slug: str, asked: dict[tuple[str, int], str] | None = None
) -> list[LedgerRow]:
    """`asked`: the queries that live, by what they are about (ledger.talks.asked_about)."""
    made = []
    for row in rows:
        entry = row.entry
        title, href, note, cancelled = _entry_words(entry, slug)
        source = next(name for name in entry.SOURCES if getattr(entry, f"{name}_id"))
        query = (asked or {}).get((source, getattr(entry, f"{source}_id")))
        made.append(
            LedgerRow(
                date=day(entry.dated_on),
                title=title,
                href=href,
                note=note,
                debit=rupees(entry.debit_paise) if entry.debit_paise else "",
                credit=rupees(entry.credit_paise) if entry.credit_paise else "",
                change=f"+{amount(entry.debit_paise)}" if entry.debit_paise else f"{MINUS}{amount(entry.credit_paise)}",
                balance=with_side(row.balance_paise),
                is_cancelled=cancelled,
                query=reverse("ledger:query", kwargs={"slug": slug, "query": query}) if query else "",
            )
        )
    return made


def talk_rows(found: list[talks.Talk], slug: str, party: str) -> list[talks.Row]:
    """What is promised and asked of `party`, as rows of the shop's side."""

    def address(talk: talks.Talk) -> str:
        if talk.is_promise:
            return reverse("ledger:promises", kwargs={"slug": slug})
        if talk.talk == "balance":
            return reverse("ledger:party_confirm", kwargs={"slug": slug, "party": party})
        return reverse("ledger:query", kwargs={"slug": slug, "query": talk.public_id})

    return talks.rows(found, address)


def address_of(document: Invoice | Payment | Adjustment, slug: str) -> str:
    """The merchant's page about a document."""
    name = {Invoice: "invoice", Payment: "payment", Adjustment: "adjustment"}[type(document)]
    return reverse(f"ledger:{name}", kwargs={"slug": slug, name: document.public_id})


def _entry_words(entry: Entry, slug: str) -> tuple[str, str, str, bool]:
    """Title, address, note and whether the entry and its document cancel out."""
    kind = entry.get_kind_display()
    if entry.invoice:
        invoice = entry.invoice
        href = reverse("ledger:invoice", kwargs={"slug": slug, "invoice": invoice.public_id})
        cancelled = invoice.status == Invoice.Status.CANCELLED
        note = invoice.cancel_reason if cancelled else paper.condition(invoice)[1]
        return f"{kind} {invoice.number}", href, note, cancelled
    href, document = address_of(entry.document, slug), entry.document
    if isinstance(document, Adjustment):
        cancelled = document.status == Adjustment.Status.CANCELLED
        return f"{kind} {document.number}", href, document.cancel_reason if cancelled else document.reason, cancelled
    assert isinstance(document, Payment)
    payment = document
    cancelled = payment.status == Payment.Status.CANCELLED
    how = " · ".join(filter(None, (payment.get_mode_display(), payment.reference)))
    return f"{kind} {payment.number}", href, payment.cancel_reason if cancelled else how, cancelled


@dataclass(frozen=True, slots=True)
class BillRow:
    href: str
    title: str
    due: str
    is_overdue: bool
    total: str
    rest: str


def bill_rows(items: Iterable[OpenItem], slug: str, today: dt.date) -> list[BillRow]:
    """Open items (read with invoice and payment) as rows."""
    return [
        BillRow(
            href=address_of(item.document, slug),
            title=item.document.number,
            due=day(item.due_on),
            is_overdue=item.due_on < today,
            total=rupees(item.total_paise),
            rest=rupees(item.total_paise - item.settled_paise),
        )
        for item in items
    ]


def search_documents(text: str) -> Q:
    """Documents by number, reference or party's name; the scope must have been applied before."""
    return Q(number__icontains=text) | Q(reference__icontains=text) | Q(party__name__icontains=text)


def settlement_row(allocation: Allocation, other: OpenItem, slug: str) -> dict[str, str]:
    """One allocation seen from one side: the document on the other side, and how much."""
    document = other.document
    note = document.get_mode_display() if isinstance(document, Payment) else document.get_kind_display()
    return {
        "href": address_of(document, slug),
        "title": document.number,
        "note": f"{note} · {day(other.dated_on)}",
        "amount": rupees(allocation.amount_paise),
    }

"""The papers of one party as lists: invoices, credit notes, receipts; searched, narrowed by state and days, and added up.

Each list is one query (two more beyond its first page), and its sums are one more, asked only where something narrows it.
Sums are over all rows that fit, not over the page; beyond MOST_SUMMED rows none are shown, so that a party with two
hundred thousand bills costs no more than one with two thousand.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet, Sum
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts import paging
from accounts.forms import DateField
from accounts.india import fy_start, today
from accounts.models import Party
from accounts.money import rupees
from ledger import paper, settled
from ledger.models import Invoice, Payment
from portal.forms import SearchForm

ROWS = 20
MOST_SUMMED = 2_000
STATUSES: dict[str, str | Promise] = {
    "": gettext_lazy("All"),
    "overdue": gettext_lazy("Overdue"),
    "unpaid": gettext_lazy("Unpaid"),
    "part_paid": gettext_lazy("Part paid"),
    "paid": gettext_lazy("Settled"),
}
CREDIT = "credit"


class PaperFilter(SearchForm):
    """What is looked for above a list; days that make no sense are said so at their field, and narrow nothing."""

    since = DateField(label=pgettext_lazy("period", "From"), required=False)
    until = DateField(label=pgettext_lazy("period", "To"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            raise ValidationError({"until": _("The last day is before the first. Turn them around.")})
        return data

    @property
    def days(self) -> tuple[dt.date | None, dt.date | None]:
        if {"since", "until"} & set(self.errors):
            return None, None
        return self.cleaned_data.get("since"), self.cleaned_data.get("until")

    @property
    def is_used(self) -> bool:
        return bool(self.text or any(self.days))

    @property
    def is_open(self) -> bool:
        """Whether the days are to be seen unfolded."""
        return bool(any(self.days) or {"since", "until"} & set(self.errors))

    def among(self, found: QuerySet[Any], column: str) -> QuerySet[Any]:
        since, until = self.days
        if since:
            found = found.filter(**{f"{column}__gte": since})
        return found.filter(**{f"{column}__lte": until}) if until else found

    def fields_of_days(self) -> list[forms.BoundField]:
        return [self["since"], self["until"]]


def usual_days() -> list[tuple[str, dict[str, str]]]:
    """(name, days as the query has them) of what is asked for most."""
    day = today()
    month = day.replace(day=1)
    last = month - dt.timedelta(days=1)
    return [
        (_("This month"), {"since": str(month), "until": str(day)}),
        (_("Last month"), {"since": str(last.replace(day=1)), "until": str(last)}),
        (_("This financial year"), {"since": str(fy_start(day)), "until": str(day)}),
    ]


# --- invoices and credit notes ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    href: str
    number: str
    date: str
    due: str
    amount: str
    rest: str
    badge: str
    status: str
    is_cancelled: bool
    public_id: str


def invoices(party: Party, scope: QuerySet[Invoice], query: QueryDict) -> dict[str, Any]:
    """The context of portal/_invoices.html; `scope` is what of the party's documents may be seen, `query` request.GET."""
    form = PaperFilter(query, placeholder=_("Invoice number"))
    status = query.get("status", "")
    is_credit = status == CREDIT
    found = _with_status(scope, status)
    if form.text:
        found = found.filter(paper.search(form.text))
    found = form.among(found, "issued_on")
    shown = settled.marked(found.select_related("open_item"))
    listed = paging.page(shown, query, ("-issued_on", "-pk"), size=ROWS)
    narrowed = form.is_used or (status in STATUSES and status != "")
    return {
        "invoices": [_invoice_row(party, invoice) for invoice in listed.rows],
        "listed": listed,
        "search": form,
        "status": status if is_credit or status in STATUSES else "",
        "statuses": STATUSES.items(),
        "is_credit": is_credit,
        "filtered": narrowed,
        "totals": _invoice_totals(found, is_credit=is_credit) if narrowed and listed.rows else (),
        "usual_days": usual_days(),
    }


def _with_status(found: Any, status: str) -> Any:
    if status == CREDIT:
        return found.filter(kind=Invoice.Kind.CREDIT_NOTE)
    narrowed = {
        "overdue": found.overdue,
        "unpaid": lambda: found.open().filter(open_item__settled_paise=0),
        "part_paid": found.part_paid,
        "paid": found.paid,
    }.get(status)
    return narrowed() if narrowed else found.invoices()


def _invoice_row(party: Party, invoice: Invoice) -> InvoiceRow:
    badge, status = paper.condition(invoice)
    due = invoice.due_paise
    is_note = invoice.kind == Invoice.Kind.CREDIT_NOTE
    return InvoiceRow(
        href=reverse("portal:invoice", kwargs={"party": party.public_id, "invoice": invoice.public_id}),
        number=invoice.number,
        date=_day(invoice.issued_on),
        due="" if is_note else _day(invoice.due_on),
        amount=rupees(-invoice.total_paise if is_note else invoice.total_paise),
        rest=rupees(due) if due and due != invoice.total_paise else "",
        badge=badge,
        status=status,
        is_cancelled=invoice.status == Invoice.Status.CANCELLED,
        public_id=invoice.public_id,
    )


Totals = tuple[tuple[str, str], ...]
TOO_MANY: Totals = (("", ""),)


def _invoice_totals(found: QuerySet[Invoice], *, is_credit: bool) -> Totals:
    """(word, figure) of all that fit: how many, and sums of those that were not cancelled. TOO_MANY beyond MOST_SUMMED."""
    stands = Q(status=Invoice.Status.ISSUED)
    sums = _first(found, "-issued_on").aggregate(
        n=Count("pk"), total=Sum("total_paise", filter=stands), rest=Sum("open_item__open_paise", filter=stands)
    )
    total, rest = sums["total"] or 0, sums["rest"] or 0
    if sums["n"] > MOST_SUMMED:
        return TOO_MANY
    if is_credit:
        return (_count(sums["n"]), (_("Credited"), rupees(total)), (_("Not used yet"), rupees(rest)))
    return (
        _count(sums["n"]),
        (_("Billed"), rupees(total)),
        (_("Settled"), rupees(total - rest)),
        (_("Still due"), rupees(rest)),
    )


def _first(found: QuerySet[Any], day: str) -> QuerySet[Any]:
    """So many rows as are added up, and one more by which it is known that there are others."""
    return found.order_by(day, "-pk")[: MOST_SUMMED + 1]


def _count(n: int) -> tuple[str, str]:
    return _("How many"), str(n)


def _day(day: dt.date) -> str:
    return date_format(day, "DATE_FORMAT")


# --- receipts -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    href: str
    number: str
    date: str
    how: str
    amount: str
    rest: str
    badge: str
    status: str
    is_cancelled: bool


def receipts(party: Party, query: QueryDict) -> dict[str, Any]:
    """The context of portal/receipts.html: what the party has paid, and what was paid back to it."""
    form = PaperFilter(query, placeholder=_("Number or UTR"))
    found = Payment.objects.filter(business_id=party.business_id, party=party)
    if form.text:
        found = found.filter(Q(number__icontains=form.text) | Q(reference__icontains=form.text))
    found = form.among(found, "paid_on")
    listed = paging.page(found.select_related("open_item"), query, ("-paid_on", "-pk"), size=ROWS)
    return {
        "receipts": [_receipt_row(party, payment) for payment in listed.rows],
        "listed": listed,
        "search": form,
        "filtered": form.is_used,
        "totals": _receipt_totals(found) if form.is_used and listed.rows else (),
        "usual_days": usual_days(),
    }


def _receipt_row(party: Party, payment: Payment) -> ReceiptRow:
    paid_back = payment.direction == Payment.Direction.PAID
    cancelled = payment.status == Payment.Status.CANCELLED
    badge, status, advance = "paid", _("Paid back to you") if paid_back else _("Received"), ""
    if cancelled:
        badge, status = "cancelled", _("Cancelled")
    elif not paid_back and (rest := payment.unallocated_paise):
        badge, status, advance = "part_paid", _("In advance"), rupees(rest) if rest != payment.amount_paise else ""
    return ReceiptRow(
        href=reverse("portal:receipt", kwargs={"party": party.public_id, "payment": payment.public_id}),
        number=payment.number,
        date=_day(payment.paid_on),
        how=" · ".join(filter(None, (payment.get_mode_display(), payment.reference))),
        amount=rupees(-payment.amount_paise if paid_back else payment.amount_paise),
        rest=advance,
        badge=badge,
        status=status,
        is_cancelled=cancelled,
    )


def _receipt_totals(found: QuerySet[Payment]) -> Totals:
    stands = Q(status=Payment.Status.RECORDED)
    paid_back = Q(direction=Payment.Direction.PAID)
    sums = _first(found, "-paid_on").aggregate(
        n=Count("pk"),
        paid=Sum("amount_paise", filter=stands & ~paid_back),
        back=Sum("amount_paise", filter=stands & paid_back),
        rest=Sum("open_item__open_paise", filter=stands & ~paid_back),
    )
    if sums["n"] > MOST_SUMMED:
        return TOO_MANY
    rows = [_count(sums["n"]), (_("Received"), rupees(sums["paid"] or 0))]
    if sums["rest"]:
        rows.append((_("Paid in advance"), rupees(sums["rest"])))
    if sums["back"]:
        rows.append((_("Paid back to you"), rupees(sums["back"])))
    return tuple(rows)

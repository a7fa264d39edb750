"""The receipt of a payment, or the payment advice when money was paid back: for pages and for paper."""

from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.money import rupees
from ledger import letterhead, papers, pdf, verifying
from ledger.models import Adjustment, Allocation, Invoice, OpenItem, Payment
from ledger.words import in_words

SHOWN = 500  # a payment that settles more bills than this names the first of them


@dataclass(frozen=True, slots=True)
class Part:
    """A paper that the payment settled (or came from), and how much of it. `invoice`: its public id, or ""."""

    title: str
    date: str
    amount: str
    invoice: str


def context_of(payment: Payment) -> dict[str, Any]:
    """What `partials/_receipt.html` shows; `payment` with business, party and open item.

    Two queries (what it settled, TDS); a cancelled one settles nothing and costs none.
    """
    paid_back = payment.direction == Payment.Direction.PAID
    cancelled = payment.status == Payment.Status.CANCELLED
    parts, more = ([], 0) if cancelled else _parts(payment, paid_back)
    tds = [] if cancelled or paid_back else _tds(payment)
    free = 0 if cancelled or paid_back else payment.unallocated_paise
    return {
        "payment": payment,
        "title": _("Payment advice") if paid_back else _("Receipt"),
        "paid_back": paid_back,
        "cancelled_on": date_format(payment.cancelled_at, "DATE_FORMAT") if payment.cancelled_at else "",
        "date": date_format(payment.paid_on, "DATE_FORMAT"),
        "amount": rupees(payment.amount_paise),
        "words": in_words(payment.amount_paise, get_language() or "en"),
        "mode": payment.get_mode_display(),
        "parts": parts,
        "more": more,
        "tds": tds,
        "advance": rupees(free) if free else "",
        "from": letterhead.of(payment.business),
        "to": letterhead.to(payment.party),
        "verify": verifying.receipt_slot(payment),
    }


def _parts(payment: Payment, paid_back: bool) -> tuple[list[Part], int]:
    here, there = ("debit", "credit") if paid_back else ("credit", "debit")
    rows = Allocation.objects.filter(business_id=payment.business_id, **{here: payment.open_item})
    read = rows.select_related(*(f"{there}__{name}" for name in OpenItem.SOURCES)).order_by(f"{there}__dated_on", "pk")
    found = list(read[: SHOWN + 1])
    more = rows.count() - SHOWN if len(found) > SHOWN else 0
    return [_part(row, getattr(row, there)) for row in found[:SHOWN]], more


def _part(row: Allocation, item: OpenItem) -> Part:
    document = item.document
    kind = _("Payment") if isinstance(document, Payment) else document.get_kind_display()
    return Part(
        title=f"{kind} {document.number}",
        date=date_format(item.dated_on, "DATE_FORMAT"),
        amount=rupees(row.amount_paise),
        invoice=document.public_id if isinstance(document, Invoice) else "",
    )


def _tds(payment: Payment) -> list[Part]:
    kept_back = payment.adjustments.filter(business_id=payment.business_id, status=Adjustment.Status.RECORDED)
    return [
        Part(row.number, date_format(row.dated_on, "DATE_FORMAT"), rupees(row.amount_paise), "")
        for row in kept_back.order_by("pk")
    ]


def name_of(payment: Payment) -> str:
    """The file's name without its ending."""
    return payment.number.replace("/", "-")


def pdf_of(payment: Payment, language: str) -> bytes:
    """The PDF of a receipt (see `context_of`), made once for all that it shows."""
    with translation.override(language):
        context = context_of(payment) | {"from": letterhead.of(payment.business, with_logo=True)}
        context["verify"] |= {"qr": pdf.code(context["verify"]["url"])}
    shows = {name: value for name, value in context.items() if name not in {"payment", "from", "to", "parts", "tds"}}
    shows |= {
        "paper": "receipt",
        "language": language,
        "number": payment.number,
        "reference": payment.reference,
        **{side: repr(context[side]) for side in ("from", "to", "parts", "tds")},
    }
    return papers.kept(payment.business_id, payment.party_id, shows, lambda: pdf.write("receipt", context, language))

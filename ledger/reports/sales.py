"""The sales register: every invoice and credit note of a period, as a GST return wants them.

Credit notes are negative. A document that was cancelled on its own date counts nothing: its row stands with zeros, so
that no number is missing. One cancelled later, because the books were closed, keeps its amounts in its period, which
has been reported, and is taken back by a second row on the day of its cancellation: as in the ledger. So the totals
of any period are what the ledger of all parties moved in it by invoices and credit notes.
"""

import datetime as dt
import heapq
from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import paging, states
from accounts.india import show_date
from accounts.models import Business
from ledger.gst import SupplyKind
from ledger.models import Invoice
from ledger.reports.table import Column, Figure, Kind, Report, Row, leading
from ledger.statements import Period

AMOUNTS = (
    "taxable_paise",
    "cgst_paise",
    "sgst_paise",
    "igst_paise",
    "cess_paise",
    "untaxed_paise",
    "round_off_paise",
    "total_paise",
)
FACTS = ("number", "kind", "original__number", "buyer", "place_of_supply", "supply_kind", "reverse_charge")
ISSUED = (Invoice.Status.ISSUED, Invoice.Status.CANCELLED)


def of_period(business: Business, period: Period) -> QuerySet[Invoice]:
    """Issued documents dated in a period, cancelled ones too."""
    return Invoice.objects.filter(
        business=business, status__in=ISSUED, issued_on__gte=period.start, issued_on__lte=period.end
    )


def counts(prefix: str = "") -> Q:
    """Whether a document counts on its own date: issued, or cancelled on a later one."""
    later = Q(**{f"{prefix}cancelled_on__gt": F(f"{prefix}issued_on")})
    return Q(**{f"{prefix}status": Invoice.Status.ISSUED}) | later


def taken_back(business: Business, period: Period) -> QuerySet[Invoice]:
    """Documents of earlier dates whose cancellation is dated in a period."""
    return Invoice.objects.filter(
        business=business,
        cancelled_on__gte=period.start,
        cancelled_on__lte=period.end,
        cancelled_on__gt=F("issued_on"),
    )


def rows(business: Business, period: Period) -> Iterator[Row]:
    """By date: three streams, each in the order of its own index."""
    documents = of_period(business, period)
    streams: list[Iterator[tuple[dt.date, int, Row]]] = [
        _documents(documents.filter(kind=kind), place)
        for place, kind in enumerate((Invoice.Kind.INVOICE, Invoice.Kind.CREDIT_NOTE))
    ]
    streams.append(_cancellations(taken_back(business, period)))
    for _day, _place, row in heapq.merge(*streams, key=lambda found: found[:2]):
        yield row


def _documents(documents: QuerySet[Invoice], place: int) -> Iterator[tuple[dt.date, int, Row]]:
    columns = ("public_id", "cancelled_on", *FACTS, *AMOUNTS)
    for day, _pk, public_id, cancelled_on, *values in paging.stream(documents, ("issued_on", "id"), columns):
        facts, amounts = values[: len(FACTS)], values[len(FACTS) :]
        state = ""
        if cancelled_on:
            gone = cancelled_on == day
            state = _("Cancelled") if gone else _("Cancelled on %(day)s") % {"day": show_date(cancelled_on)}
            amounts = [0] * len(amounts) if gone else amounts
        yield day, place, leading(_row(day, facts, state, amounts, back=False), "invoice", public_id)


def _cancellations(documents: QuerySet[Invoice]) -> Iterator[tuple[dt.date, int, Row]]:
    columns = ("public_id", *FACTS, *AMOUNTS)
    for day, _pk, public_id, *values in paging.stream(documents, ("cancelled_on", "id"), columns):
        facts, amounts = values[: len(FACTS)], values[len(FACTS) :]
        yield day, 2, leading(_row(day, facts, _("Cancellation"), amounts, back=True), "invoice", public_id)


def _row(day: dt.date, facts: list[Any], state: str, amounts: list[int], *, back: bool) -> Row:
    number, kind, original, buyer, place, supply, reverse_charge = facts
    sign = -1 if (kind == Invoice.Kind.CREDIT_NOTE) != back else 1
    return (
        day,
        number,
        str(Invoice.Kind(kind).label),
        state,
        original or "",
        buyer.get("name", ""),
        buyer.get("gstin", ""),
        states.coded(place),
        str(SupplyKind(supply).label),
        _("Yes") if reverse_charge else _("No"),
        *(sign * paise for paise in amounts),
    )


def totals(business: Business, period: Period) -> dict[str, int]:
    """The sums of the amounts of `rows`, by field: two queries."""
    found = dict.fromkeys(AMOUNTS, 0)
    issued = of_period(business, period).filter(counts()).values(document=F("kind")).order_by()
    back = taken_back(business, period).values(document=F("kind")).order_by()
    for queryset, sign in ((issued, 1), (back, -1)):
        for group in queryset.annotate(**{f"sum_{name}": Sum(name) for name in AMOUNTS}):
            turn = sign if group["document"] == Invoice.Kind.INVOICE else -sign
            sums: dict[str, Any] = dict(group)
            for name in AMOUNTS:
                found[name] += turn * sums[f"sum_{name}"]
    return found


def figures(business: Business, period: Period) -> list[Figure]:
    sums = totals(business, period)
    other = sums["untaxed_paise"] + sums["round_off_paise"]
    return [
        Figure(_("Taxable value"), sums["taxable_paise"], column=10),
        Figure(_("CGST"), sums["cgst_paise"], column=11),
        Figure(_("SGST/UTGST"), sums["sgst_paise"], column=12),
        Figure(_("IGST"), sums["igst_paise"], column=13),
        *([Figure(_("Cess"), sums["cess_paise"])] if sums["cess_paise"] else []),
        *([Figure(_("Charges without tax, round-off"), other)] if other else []),
        Figure(_("Total"), sums["total_paise"], strong=True, column=17),
    ]


def _under(row: Row) -> str:
    return " · ".join(filter(None, (row[1], show_date(row[0]), row[3])))


REPORT = Report(
    key="sales",
    title=gettext_lazy("Sales register"),
    about=gettext_lazy("Every invoice and credit note with its tax, as the GST return wants them."),
    empty=gettext_lazy("No invoice and no credit note in these days."),
    columns=(
        Column(gettext_lazy("Date"), Kind.DATE, "wide"),
        Column(gettext_lazy("Number"), shown="wide"),
        Column(gettext_lazy("Document")),
        Column(gettext_lazy("Cancelled")),
        Column(gettext_lazy("For invoice")),
        Column(gettext_lazy("Party"), shown="main"),
        Column(gettext_lazy("GSTIN")),
        Column(gettext_lazy("Place of supply")),
        Column(gettext_lazy("Supply")),
        Column(gettext_lazy("Reverse charge")),
        Column(gettext_lazy("Taxable value"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("CGST"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("SGST/UTGST"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("IGST"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("Cess"), Kind.PAISE, is_summed=True),
        Column(gettext_lazy("Charges without tax"), Kind.PAISE, is_summed=True),
        Column(gettext_lazy("Round-off"), Kind.PAISE, is_summed=True),
        Column(gettext_lazy("Total"), Kind.PAISE, "n", is_summed=True),
    ),
    rows=rows,
    figures=figures,
    under=_under,
)

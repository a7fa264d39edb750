"""What is to be collected as on today: ageing by party, and every open document."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import paging
from accounts.india import show_date, today
from accounts.models import Business
from accounts.phones import pretty
from ledger import ageing
from ledger.models import Adjustment, Invoice, OpenItem, Payment
from ledger.reports.table import Column, Figure, Kind, Report, Row, leading
from ledger.statements import Period


def ageing_rows(business: Business, _period: Period) -> Iterator[Row]:
    """By party: the buckets, advances below zero, and the balance, which is their sum."""
    parties = ageing.parties(business, today())
    columns = ("public_id", "phone", "gstin", "city", *ageing.NAMES, "advance")
    for name, _pk, public_id, phone, gstin, city, *amounts in paging.stream(parties, ("name", "id"), columns):
        row = (name, local(str(phone)) if phone else "", gstin, city, *amounts, sum(amounts))
        yield leading(row, "party", public_id)


def local(phone: str) -> str:
    """A number as it is dialled here; "+" would make a spreadsheet count."""
    return pretty(phone).removeprefix("+91 ")


def ageing_figures(business: Business, _period: Period) -> list[Figure]:
    sums = ageing.totals(business, today())
    return [
        *(Figure(str(ageing.NAMES[name]), sums[name], column=place) for place, name in enumerate(ageing.NAMES, 4)),
        Figure(_("Advances"), sums["advance"], column=9),
        Figure(_("Balance of all parties"), sum(sums.values()), strong=True, column=10),
    ]


def _ageing_under(row: Row) -> str:
    """The oldest money first: that is whom to call."""
    overdue = sum(row[5:9])
    names = list(ageing.NAMES.values())
    oldest = next((place for place in range(4, 0, -1) if row[4 + place]), 0)
    if overdue:
        return str(names[oldest])
    return str(names[0]) if row[4] else _("Advance")


HINT = gettext_lazy(
    "Days are counted from the day on which a bill was due. An advance is money that no bill has used yet."
)
AGEING = Report(
    key="ageing",
    title=gettext_lazy("Receivables ageing"),
    about=gettext_lazy("Who owes how much, and for how long it has been due. As on today."),
    empty=gettext_lazy("Nothing is open: nobody owes you anything."),
    columns=(
        Column(gettext_lazy("Party"), shown="main"),
        Column(gettext_lazy("Mobile")),
        Column(gettext_lazy("GSTIN")),
        Column(gettext_lazy("City")),
        Column(gettext_lazy("Not yet due"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("0–30 days"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("31–60 days"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("61–90 days"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("90+ days"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("Advances"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("Balance"), Kind.PAISE, "n", is_summed=True),
    ),
    rows=ageing_rows,
    figures=ageing_figures,
    under=_ageing_under,
    has_period=False,
    hint=HINT,
)


# --- by document --------------------------------------------------------------------------------------------

ITEM = (
    "party__name",
    "party__gstin",
    "side",
    "dated_on",
    "total_paise",
    "settled_paise",
    "invoice__kind",
    "invoice__number",
    "payment__direction",
    "payment__number",
    "adjustment__kind",
    "adjustment__number",
    "invoice__public_id",
    "payment__public_id",
    "adjustment__public_id",
)


PAGES = ("invoice", "payment", "adjustment")  # in the order of the ids at the end of ITEM


def outstanding_rows(business: Business, _period: Period) -> Iterator[Row]:
    """Oldest due first. What a party has to its credit is negative, so that the sum is the balance of all parties."""
    on = today()
    for due_on, _pk, *values in paging.stream(ageing.open_items(business), ("due_on", "id"), ITEM):
        party, gstin, side, dated_on, total, settled, *source = values[:-3]
        title, number = _named(source)
        sign = 1 if side == OpenItem.Side.DEBIT else -1
        late = max((on - due_on).days, 0) if sign > 0 else None
        where = ageing.NAMES[ageing.bucket(due_on, on)] if sign > 0 else _("Advance")
        row = (
            party, gstin, title, number, dated_on, due_on if sign > 0 else None, late, str(where),
            sign * total, sign * settled, sign * (total - settled),
        )  # fmt: skip
        kind, public_id = next(filter(lambda page: page[1], zip(PAGES, values[-3:], strict=True)))
        yield leading(row, kind, public_id)


def _named(source: list[Any]) -> tuple[str, str]:
    """What an open item comes from, and its number."""
    invoice, invoice_number, payment, payment_number, adjustment, adjustment_number = source
    if invoice:
        return str(Invoice.Kind(invoice).label), invoice_number
    if payment:
        paid_back = payment == Payment.Direction.PAID
        return _("Refund") if paid_back else _("Payment"), payment_number
    return str(Adjustment.Kind(adjustment).label), adjustment_number


def outstanding_figures(business: Business, _period: Period) -> list[Figure]:
    sums = ageing.totals(business, today())
    advance = sums.pop("advance")
    not_due = sums.pop(ageing.NOT_DUE)
    return [
        Figure(_("Overdue"), sum(sums.values())),
        Figure(_("Not yet due"), not_due),
        Figure(_("Advances"), advance),
        Figure(_("Balance of all parties"), sum(sums.values()) + not_due + advance, strong=True, column=10),
    ]


def _outstanding_under(row: Row) -> str:
    due: dt.date | None = row[5]
    when = _("due %(day)s") % {"day": show_date(due)} if due else _("advance")
    return f"{row[3]} · {when}"


OUTSTANDING = Report(
    key="outstanding",
    title=gettext_lazy("Outstanding by invoice"),
    about=gettext_lazy("Every open invoice with what is still due, the oldest first. As on today."),
    empty=gettext_lazy("Nothing is open: every invoice is paid."),
    columns=(
        Column(gettext_lazy("Party"), shown="main"),
        Column(gettext_lazy("GSTIN")),
        Column(gettext_lazy("Document"), shown="wide"),
        Column(gettext_lazy("Number"), shown="wide"),
        Column(gettext_lazy("Date"), Kind.DATE),
        Column(gettext_lazy("Due"), Kind.DATE, "wide"),
        Column(gettext_lazy("Days overdue"), Kind.COUNT, "wide n"),
        Column(gettext_lazy("Age")),
        Column(gettext_lazy("Total"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("Settled"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("Still open"), Kind.PAISE, "n", is_summed=True),
    ),
    rows=outstanding_rows,
    figures=outstanding_figures,
    under=_outstanding_under,
    has_period=False,
    hint=HINT,
)

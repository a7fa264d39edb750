"""What is left of an invoice to be credited, line by line, and the lines of a credit note. Posts nothing.

A credit note takes back goods (a quantity of a line) or makes a line cheaper (a part of its taxable value). Each of
its amounts is that part of what is left of the line's own amount, rounded half up, so that the last credit takes
exactly the rest and all credits together equal the invoice (CGST Act section 34, Rule 53). All amounts are paise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from accounts.money import divide_half_up, line_amount, rupees
from ledger.models import Invoice, InvoiceLine

AMOUNTS = ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise", "cess_paise", "untaxed_paise", "total_paise")


class CreditRefused(ValueError):
    """More than is left, or nothing: the message is for people."""


@dataclass(frozen=True, slots=True)
class LineLeft:
    """What no issued credit note has taken back of a line yet."""

    line: InvoiceLine
    quantity_milli: int
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    cess_paise: int
    untaxed_paise: int
    total_paise: int

    @property
    def value_paise(self) -> int:
        """What can still be taken off before tax."""
        return self.taxable_paise + self.untaxed_paise


def left_of(original: Invoice) -> list[LineLeft]:
    """Every line of an issued invoice with what is left of it: two queries."""
    credited = {
        row["original_line"]: row
        for row in InvoiceLine.objects.filter(
            business_id=original.business_id,
            invoice__original=original,
            invoice__status=Invoice.Status.ISSUED,
            original_line__isnull=False,
        )
        .values("original_line")
        .annotate(
            quantity=Sum("quantity_milli", filter=Q(is_charge=False), default=0),
            **{f"sum_{name}": Sum(name) for name in AMOUNTS},
        )
        .order_by()
    }
    return [_left(line, credited.get(line.pk)) for line in original.lines.all()]


def _left(line: InvoiceLine, credited: Any) -> LineLeft:
    gone = credited or {"quantity": 0, **{f"sum_{name}": 0 for name in AMOUNTS}}
    return LineLeft(
        line=line,
        quantity_milli=line.quantity_milli - gone["quantity"],
        **{name: getattr(line, name) - gone[f"sum_{name}"] for name in AMOUNTS},
    )


def beyond_what_is_left(note: Invoice, lines: Iterable[InvoiceLine]) -> LineLeft | None:
    """The first line of the original of which this note's `lines` take more than is left; None when all is well."""
    wanted = [line for line in lines if line.original_line_id]
    if not wanted or note.original is None:
        return None
    for left in left_of(note.original):
        mine = [line for line in wanted if line.original_line_id == left.line.pk]
        too_much = any(sum(getattr(line, name) for line in mine) > getattr(left, name) for name in AMOUNTS)
        if too_much or sum(line.quantity_milli for line in mine if not line.is_charge) > left.quantity_milli:
            return left
    return None


@dataclass(frozen=True, slots=True)
class Want:
    """What to credit of one line: a quantity that comes back, or a part of its value before tax. One of them is 0."""

    line_id: int
    quantity_milli: int = 0
    value_paise: int = 0


def everything(left: Sequence[LineLeft]) -> list[Want]:
    """All that is left of every line: goods where there are any, else value."""
    return [
        Want(row.line.pk, quantity_milli=row.quantity_milli)
        if row.quantity_milli and not row.line.is_charge
        else Want(row.line.pk, value_paise=row.value_paise)
        for row in left
        if row.total_paise or (row.quantity_milli and not row.line.is_charge)
    ]


def lines_for(left: Sequence[LineLeft], wants: Sequence[Want]) -> list[InvoiceLine]:
    """The unsaved lines of a credit note. Raises CreditRefused."""
    by_id = {row.line.pk: row for row in left}
    lines: list[InvoiceLine] = []
    for want in wants:
        row = by_id.get(want.line_id)
        if row is None:
            raise CreditRefused(_("One of the lines is not on this invoice."))
        if want.quantity_milli < 0 or want.value_paise < 0:
            raise CreditRefused(_("A credit cannot be negative."))
        if want.quantity_milli or want.value_paise:
            lines.append(_line(row, want, position=len(lines) + 1))
    if not lines:
        raise CreditRefused(_("Nothing is credited yet: write a quantity or an amount on at least one line."))
    return lines


def _line(left: LineLeft, want: Want, position: int) -> InvoiceLine:
    line = left.line
    goods = want.quantity_milli > 0
    part, whole = (want.quantity_milli, left.quantity_milli) if goods else (want.value_paise, left.value_paise)
    if part > whole:
        rest = rupees(left.value_paise)
        raise CreditRefused(
            _("Of “%(line)s” only %(rest)s are left to credit.") % {"line": line.description, "rest": rest}
        )
    amounts = {name: divide_half_up(getattr(left, name) * part, whole) for name in AMOUNTS if name != "total_paise"}
    price_e4 = line.unit_price_e4 if goods else want.value_paise * 100
    quantity = want.quantity_milli if goods else 1000
    gross = line_amount(quantity, price_e4)
    value = amounts["taxable_paise"] + amounts["untaxed_paise"]
    return InvoiceLine(
        business_id=line.business_id,
        position=position,
        item_id=line.item_id if goods else None,
        original_line=line,
        is_charge=line.is_charge or not goods,
        in_taxable_value=line.in_taxable_value,
        description=line.description,
        hsn=line.hsn,
        unit=line.unit if goods else "OTH",
        quantity_milli=quantity,
        unit_price_e4=price_e4,
        price_includes_tax=line.price_includes_tax and goods,
        discount_paise=_discount(left, want) if line.price_includes_tax else max(gross - value, 0),
        gst_rate_bp=line.gst_rate_bp,
        cess_rate_bp=line.cess_rate_bp,
        cess_per_unit_e4=line.cess_per_unit_e4 if goods else 0,
        **amounts,
        total_paise=sum(amounts.values()),
    )


def _discount(left: LineLeft, want: Want) -> int:
    """The part of a tax-inclusive line's discounts that goes back with a quantity of it."""
    line = left.line
    given = line.discount_paise + line.document_discount_paise
    return divide_half_up(given * want.quantity_milli, line.quantity_milli) if want.quantity_milli else 0


def set_totals(note: Invoice, original: Invoice, left: Sequence[LineLeft], lines: Sequence[InvoiceLine]) -> None:
    """The note's amounts from its lines; rounded to the rupee as the original was, and never beyond what is left.

    The note that takes the last of everything also takes back what rounding had added or left. Raises CreditRefused
    when notes written by hand leave less than these lines take.
    """
    rest_paise = original.total_paise - credited(original)
    for name in AMOUNTS:
        setattr(note, name, sum(getattr(line, name) for line in lines))
    exact = note.total_paise
    most = sum(row.total_paise for row in left) - credited_by_hand(original)
    if exact > most:
        raise CreditRefused(
            _("You cannot credit more than the invoice: of %(total)s, %(rest)s are left.")
            % {"total": rupees(original.total_paise), "rest": rupees(rest_paise)}
        )
    is_last = exact == most
    rounded = divide_half_up(exact, 100) * 100 if original.rounds_off else exact
    note.rounds_off = original.rounds_off
    note.total_paise = rest_paise if is_last else min(rounded, rest_paise)
    note.round_off_paise = note.total_paise - exact


def credited(original: Invoice) -> int:
    """What issued credit notes have given back of an invoice."""
    notes = original.credit_notes.filter(status=Invoice.Status.ISSUED)
    return notes.aggregate(paise=Sum("total_paise", default=0))["paise"]


def credited_by_hand(original: Invoice) -> int:
    """What lines of issued credit notes give back of an invoice without naming a line of it."""
    lines = InvoiceLine.objects.filter(
        business_id=original.business_id,
        invoice__original=original,
        invoice__status=Invoice.Status.ISSUED,
        original_line__isnull=True,
    )
    return lines.aggregate(paise=Sum("total_paise", default=0))["paise"]

"""A document as people read it: one context for the merchant's page, the customer's page and the PDF.

Formatted once in Python, so that a page of a thousand lines calls no filter per cell. `partials/_paper.html` and
`pdf/invoice.html` show what `context_of` gives.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import segno
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from accounts import states
from accounts.india import today
from accounts.models import Business
from accounts.money import amount, percent, plain, rupees, unit_price
from accounts.phones import pretty
from catalog.units import Units
from ledger import gst, settled, snapshots, upi, verifying
from ledger.models import Invoice, InvoiceLine
from ledger.words import in_words

CREDIT_NOTE = "Credit Note"
CONDITIONS: dict[str, str | Promise] = {
    "paid": gettext_lazy("Paid"),
    "settled": gettext_lazy("Settled"),
    "part_paid": gettext_lazy("Part paid"),
    "unpaid": gettext_lazy("Unpaid"),
    "overdue": gettext_lazy("Overdue"),
    "cancelled": gettext_lazy("Cancelled"),
    "draft": gettext_lazy("Draft"),
    "open": gettext_lazy("Not used yet"),
    "used": gettext_lazy("Used"),
}
# How components.css names the colour of a state that has no class of its own.
BADGES = {"open": "pending", "used": "done"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is printed; amounts without a currency sign. Empty text: there is nothing to show."""

    position: int
    description: str
    hsn: str
    quantity: str
    price: str
    including: str
    discount: str
    taxable: str
    rate: str
    tax: str
    total: str


@dataclass(frozen=True, slots=True)
class HsnLine:
    """A row of the HSN summary as it is printed."""

    hsn: str
    quantity: str
    rate: str
    taxable: str
    cgst: str
    sgst: str
    igst: str
    tax: str


@dataclass(frozen=True, slots=True)
class Side:
    """Seller or buyer as printed: the snapshot of an issued document, the living row for a draft."""

    name: str
    address: str
    state: str
    gstin: str
    phone: str
    email: str


def context_of(invoice: Invoice) -> dict[str, Any]:
    """What `partials/_paper.html` needs. One query (the lines) for an issued invoice with business and party at hand.

    Keys: invoice, title, lines, has_hsn, has_discount, taxed, tax_rows, state_tax, words, hsn_rows, seller, buyer,
    ship_to, place, original, has_newer, remarks, terms, verify (ledger.verifying.slot: where to ask about it).
    """
    lines = list(invoice.lines.all())
    is_draft = invoice.status == Invoice.Status.DRAFT
    seller = snapshots.of_business(invoice.business) if is_draft else invoice.seller
    buyer = invoice.buyer or snapshots.of_party(invoice.party)
    units = Units()
    label = invoice.label or snapshots.label_for(invoice, lines)
    taxed = seller.get("scheme") == Business.Scheme.REGULAR and not _is_bill_of_supply(invoice, label)
    charges_tax = taxed and not invoice.reverse_charge and not invoice.under_lut
    return {
        "invoice": invoice,
        "title": _title(label),
        "lines": [_line(line, units, taxed, charges_tax) for line in lines],
        "has_hsn": any(line.hsn for line in lines),
        "has_discount": any(line.discount_paise for line in lines),
        "taxed": taxed,
        "tax_rows": tax_rows(invoice, taxed),
        "state_tax": _state_tax(invoice),
        "words": in_words(invoice.total_paise, get_language() or "en"),
        "hsn_rows": [_hsn_line(row, units) for row in gst.hsn_summary(lines)] if any(ln.hsn for ln in lines) else [],
        "seller": _side(seller),
        "buyer": _side(buyer),
        "ship_to": _side(invoice.ship_to) if invoice.ship_to else None,
        "place": states.coded(invoice.place_of_supply),
        "original": invoice.original,
        "remarks": _remarks(invoice, seller, lines),
        "has_newer": has_newer(invoice),
        # Conditions of sale: what is taken back, interest on what is late. A credit note sells nothing.
        "terms": seller.get("terms", "") if invoice.kind == Invoice.Kind.INVOICE else "",
        "verify": verifying.slot(invoice),
    }


def _remarks(invoice: Invoice, seller: dict[str, str], lines: list[InvoiceLine]) -> list[str]:
    """What the law wants in words: composition (Rule 5), reverse charge (46(p)), export and SEZ (46, third proviso)."""
    words = []
    if seller.get("scheme") == Business.Scheme.COMPOSITION:
        words.append(_("Composition taxable person, not eligible to collect tax on supplies."))
    if invoice.reverse_charge:
        tax = sum(sum(gst.tax(line.taxable_paise, line.gst_rate_bp, invoice.is_inter_state)) for line in lines)
        words.append(_("The buyer pays the tax on this supply under reverse charge: %(tax)s.") % {"tax": rupees(tax)})
    if invoice.supply_kind != gst.SupplyKind.DOMESTIC and seller.get("scheme") == Business.Scheme.REGULAR:
        words.append(_endorsement(invoice, seller))
    words += _replaced(invoice)
    if invoice.reason:
        words.append(_("Reason: %(reason)s") % {"reason": invoice.reason})
    return words


def _replaced(invoice: Invoice) -> list[str]:
    """Which document this one replaces."""
    old = invoice.replaces
    if old is None:
        return []
    words = _("Replaces %(number)s of %(date)s") % {"number": old.number, "date": _day(old.issued_on)}
    return [words] if old.party_id == invoice.party_id else []


def has_newer(invoice: Invoice) -> bool:
    """Whether a newer invoice replaced this one: one query, only where there can be one and none behind a link.

    The newer one is not named: whoever holds the link of one paper learns of no other.
    """
    settled = invoice.status == Invoice.Status.ISSUED and not invoice.due_paise
    if invoice.kind != Invoice.Kind.INVOICE or not (settled or invoice.status == Invoice.Status.CANCELLED):
        return False
    known: bool | None = getattr(invoice, "is_replaced", None)
    if known is not None:
        return known
    return Invoice.objects.filter(
        business_id=invoice.business_id, party_id=invoice.party_id, replaces=invoice, status=Invoice.Status.ISSUED
    ).exists()


def _endorsement(invoice: Invoice, seller: dict[str, str]) -> str:
    """The sentence an export or SEZ invoice bears, in the law's own English."""
    sez = "SUPPLY TO SEZ UNIT OR SEZ DEVELOPER FOR AUTHORISED OPERATIONS"
    to = "EXPORT" if invoice.supply_kind == gst.SupplyKind.EXPORT else sez
    if not invoice.under_lut:
        return f"SUPPLY MEANT FOR {to} ON PAYMENT OF INTEGRATED TAX"
    words = f"SUPPLY MEANT FOR {to} UNDER BOND OR LETTER OF UNDERTAKING WITHOUT PAYMENT OF INTEGRATED TAX"
    return f"{words} (LUT {seller['lut_number']})" if seller.get("lut_number") else words


def _title(label: str) -> str:
    return _("Credit Note") if label == CREDIT_NOTE else str(gst.DocumentLabel(label).label)


def _line(line: Any, units: Units, taxed: bool, charges_tax: bool) -> Line:
    tax = line.cgst_paise + line.sgst_paise + line.igst_paise + line.cess_paise
    # Where no tax is charged the price is taken as it is (gst.compute), and is said to hold none.
    has_tax = charges_tax and line.in_taxable_value and (line.gst_rate_bp or line.cess_rate_bp or line.cess_per_unit_e4)
    including = _("incl. GST") if line.price_includes_tax and has_tax else ""
    return Line(
        position=line.position,
        description=line.description,
        hsn=line.hsn,
        quantity="" if line.is_charge else units.measured(line.quantity_milli, line.unit),
        price=unit_price(line.unit_price_e4),
        including=including,
        discount=amount(line.discount_paise) if line.discount_paise else "",
        taxable=amount(line.taxable_paise or line.untaxed_paise),
        rate=percent(line.gst_rate_bp) if taxed and line.in_taxable_value else "",
        tax=amount(tax) if taxed else "",
        total=amount(line.total_paise),
    )


def _hsn_line(row: gst.HsnRow, units: Units) -> HsnLine:
    return HsnLine(
        hsn=row.hsn,
        quantity=units.measured(row.quantity_milli, row.unit),
        rate=percent(row.gst_rate_bp),
        taxable=amount(row.taxable_paise),
        cgst=amount(row.cgst_paise),
        sgst=amount(row.sgst_paise),
        igst=amount(row.igst_paise),
        tax=amount(row.total_paise - row.taxable_paise),
    )


def _is_bill_of_supply(invoice: Invoice, label: str) -> bool:
    """A Bill of Supply shows no tax (Rule 49), and neither does a credit note for one."""
    if invoice.kind == Invoice.Kind.CREDIT_NOTE and invoice.original:
        label = invoice.original.label
    return label == gst.DocumentLabel.BILL_OF_SUPPLY.value


def tax_rows(invoice: Invoice, taxed: bool) -> list[tuple[str, str]]:
    """(label, amount) from the discount on the whole document to the total; the discount is in the taxable value."""
    rows = [(_("Taxable value") if taxed else _("Amount"), rupees(invoice.taxable_paise))]
    if invoice.discount_paise:
        rows.insert(0, (_("Discount on the whole bill, taken off above"), rupees(invoice.discount_paise)))
    if taxed and invoice.is_inter_state:
        rows.append((_("IGST"), rupees(invoice.igst_paise)))
    elif taxed:
        rows += [(_("CGST"), rupees(invoice.cgst_paise)), (_state_tax(invoice), rupees(invoice.sgst_paise))]
    if invoice.cess_paise:
        rows.append((_("Cess"), rupees(invoice.cess_paise)))
    if invoice.untaxed_paise:
        rows.append((_("Other charges, without tax"), rupees(invoice.untaxed_paise)))
    if invoice.round_off_paise:
        rows.append((_("Round off"), rupees(invoice.round_off_paise)))
    return rows


def _state_tax(invoice: Invoice) -> str:
    return _("UTGST") if states.is_utgst(invoice.place_of_supply) else _("SGST")


def _side(kept: dict[str, str]) -> Side:
    place = " ".join(filter(None, [kept.get("city", ""), kept.get("pin_code", "")]))
    return Side(
        name=kept.get("name", ""),
        address=", ".join(filter(None, [kept.get("address", ""), place])),
        state=states.coded(kept.get("state_code", "")),
        gstin=kept.get("gstin", ""),
        phone=pretty(kept["phone"]) if kept.get("phone") else "",
        email=kept.get("email", ""),
    )


# --- where it stands ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a document stands today, in words. `amount` is the figure that matters: what is due, else the total."""

    state: str
    badge: str
    label: str
    amount: str
    sentence: str
    due_paise: int


def condition(invoice: Invoice, parts: Sequence[settled.Part] | None = None) -> tuple[str, str]:
    """(class of the badge, its word) for lists: "Paid" only where it is known that money alone settled it."""
    state = invoice.state
    word = state if state != "paid" or settled.by_money_alone(invoice, parts) else "settled"
    return BADGES.get(state, state), str(CONDITIONS[word])


def standing_of(invoice: Invoice, parts: Sequence[settled.Part] | None = None) -> Standing:
    """The head of the document's page: badge, figure, one sentence. Needs the invoice with its open item.

    `parts`: what has settled it (`settled.parts_of`), to be told when nothing is due any more.
    """
    state, due = invoice.state, invoice.due_paise
    badge, label = condition(invoice, parts)
    total = rupees(invoice.total_paise)
    owed = invoice.kind == Invoice.Kind.INVOICE and due > 0
    if owed:
        label = _due_label(state, (invoice.due_on - today()).days) or label
    return Standing(
        state=state,
        badge=badge,
        label=label,
        amount=rupees(due) if owed else total,
        sentence=_sentence(invoice, state, due, total, parts or ()),
        due_paise=due if owed else 0,
    )


def _due_label(state: str, days: int) -> str:
    if days < 0:
        return ngettext("Overdue by %(n)d day", "Overdue by %(n)d days", -days) % {"n": -days}
    if days == 0:
        return _("Due today")
    return "" if state == "part_paid" else ngettext("Due in %(n)d day", "Due in %(n)d days", days) % {"n": days}


def _sentence(invoice: Invoice, state: str, due: int, total: str, parts: Sequence[settled.Part]) -> str:
    day = _day(invoice.due_on).replace(" ", "\u00a0")
    if state == "cancelled":
        return _("Cancelled by the shop. Nothing is to be paid on it.")
    if state == "draft":
        return _("A draft: not issued yet.")
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        if due:
            return _("Credit in your favour; %(rest)s of it is not used yet.") % {"rest": rupees(due)}
        return _("Credit in your favour, used in full.")
    if not due:
        return _nothing_due(invoice, parts)
    was = invoice.due_on < today()
    if due == invoice.total_paise:
        return (_("to be paid, was due on %(day)s") if was else _("to be paid by %(day)s")) % {"day": day}
    text = _("still due of %(total)s, was due on %(day)s") if was else _("still due of %(total)s, by %(day)s")
    return text % {"total": total, "day": day}


def _nothing_due(invoice: Invoice, parts: Sequence[settled.Part]) -> str:
    if not parts:
        return _("Settled. Nothing is due.") if invoice.total_paise else _("Nothing is due.")
    if settled.by_money_alone(invoice, parts):
        return _("Paid in full. Nothing is due.")
    return _("Settled: %(how)s. Nothing is due.") % {"how": settled.in_words(parts)}


def _day(day: dt.date) -> str:
    return date_format(day, "DATE_FORMAT")


# --- how to pay ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WaysToPay:
    """How an amount reaches the business today. `amount_plain` is for copying into another app.

    `upi_most`: what UPI takes at once when the amount is more, else "".
    """

    amount: str
    amount_plain: str
    upi_id: str
    upi_uri: str
    upi_most: str
    bank: list[tuple[str, str]]

    @property
    def upi_qr(self) -> str:
        """The code of `upi_uri` as a data: URI of an SVG, or "" without one."""
        return _qr(self.upi_uri) if self.upi_uri else ""


@lru_cache(maxsize=64)
def _qr(uri: str) -> str:
    return str(segno.make(uri, error="m").svg_data_uri(border=2, light="#fff"))


def ways_to_pay(business: Business, due_paise: int, *, number: str = "", note: str = "") -> WaysToPay | None:
    """UPI and bank details for what is due; None when nothing is due or the business has given neither.

    They are the business's details of today and not those of the day of issue: money for an old bill must not go to
    an account that was closed since.
    """
    if due_paise <= 0:
        return None
    uri = ""
    if business.upi_id:
        uri = upi.upi_uri(business.upi_id, business.name, due_paise, tr=upi.reference(number), tn=number or note)
    bank = [
        (_("Account number"), business.bank_account),
        (_("IFSC"), business.bank_ifsc),
        (_("Bank"), business.bank_name),
        (_("Name"), business.name),
    ]
    if not uri and not business.bank_account:
        return None
    return WaysToPay(
        amount=rupees(due_paise),
        amount_plain=plain(due_paise),
        upi_id=business.upi_id,
        upi_uri=uri,
        upi_most=rupees(upi.AT_ONCE) if uri and due_paise > upi.AT_ONCE else "",
        bank=[row for row in bank if row[1]] if business.bank_account else [],
    )


def search(text: str) -> Q:
    """Documents by number or the merchant's reference; the scope must have been applied before."""
    return Q(number__icontains=text) | Q(reference__icontains=text)

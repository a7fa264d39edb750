"""Drafts: what a form says becomes lines with tax. Nothing here touches the book."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Business, Party, User
from catalog.models import Order
from ledger import gst
from ledger.models import Invoice, InvoiceLine, Series


class DraftRefused(Exception):
    """The draft cannot be saved like this; the message is for people."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line as typed: thousandths, ten-thousandths of a rupee, paise, basis points.

    `is_charge`: freight, packing and the like; with `in_taxable_value` False it is added after tax.
    """

    description: str
    quantity_milli: int
    unit_price_e4: int
    gst_rate_bp: int = 0
    discount_paise: int = 0
    price_includes_tax: bool = False
    unit: str = "PCS"
    hsn: str = ""
    item_id: int | None = None
    cess_rate_bp: int = 0
    cess_per_unit_e4: int = 0
    is_charge: bool = False
    in_taxable_value: bool = True


@dataclass(frozen=True, slots=True)
class Draft:
    """A whole document as typed. `discount_paise` is off the whole document, `discount_bp` the percentage by which it was written (0: in rupees); `ship_to` as in `Invoice`, or empty."""

    party: Party
    issued_on: dt.date
    due_on: dt.date
    lines: Sequence[DraftLine]
    notes: str = ""
    reference: str = ""
    rounds_off: bool = True
    discount_paise: int = 0
    discount_bp: int = 0
    ship_to: Mapping[str, str] = field(default_factory=dict)
    reverse_charge: bool = False
    series: Series | None = None  # None: the default one

    def under_lut(self, supply: gst.Supply) -> bool:
        """Zero-rated without paying IGST first (section 16(3)(a)): what a business with a letter of undertaking does."""
        return supply.kind != gst.SupplyKind.DOMESTIC and bool(self.party.business.lut_number)


def supply_of(business: Business, party: Party, ship_to: Mapping[str, str] | None = None) -> gst.Supply:
    """Where the supply takes place (IGST Act sections 10 and 12). Raises DraftRefused."""
    try:
        return gst.place_of_supply(
            business.state_code,
            recipient_gstin=party.gstin,
            billing_state=party.state_code,
            delivery_state=(ship_to or {}).get("state_code", ""),
            is_sez=party.is_sez,
            supplier_gstin=business.gstin,
        )
    except ValueError as error:
        raise DraftRefused(str(error)) from error


def compute(business: Business, draft: Draft) -> tuple[list[gst.LineOut], gst.Totals, gst.Supply]:
    """Tax and totals of a draft; reads no database. Raises DraftRefused."""
    supply = supply_of(business, draft.party, draft.ship_to)
    if draft.reverse_charge and not business.charges_tax:
        raise DraftRefused(_("Reverse charge is for a business that is registered under GST as regular."))
    try:
        lines, totals = gst.compute(
            [
                gst.LineIn(
                    quantity_milli=line.quantity_milli,
                    unit_price_e4=line.unit_price_e4,
                    discount_paise=line.discount_paise,
                    gst_rate_bp=line.gst_rate_bp,
                    cess_rate_bp=line.cess_rate_bp,
                    price_includes_tax=line.price_includes_tax,
                    cess_per_unit_e4=line.cess_per_unit_e4,
                    in_taxable_value=line.in_taxable_value,
                )
                for line in draft.lines
            ],
            supply,
            discount_paise=draft.discount_paise,
            round_off=draft.rounds_off,
            charges_tax=business.charges_tax and not draft.reverse_charge and not draft.under_lut(supply),
        )
    except ValueError as error:
        raise DraftRefused(str(error)) from error
    return lines, totals, supply


def is_out_of_date(invoice: Invoice, lines: Sequence[InvoiceLine]) -> bool:
    """Whether a draft's tax no longer follows from what business and party are now: State, GSTIN, scheme, LUT."""
    business, party = invoice.business, invoice.party
    if was_untaxed(invoice):
        return True
    supply = supply_of(business, party, invoice.ship_to)
    under_lut = business.charges_tax and supply.kind != gst.SupplyKind.DOMESTIC and bool(business.lut_number)
    if (supply.place_of_supply, supply.inter_state, supply.kind, under_lut) != (
        invoice.place_of_supply,
        invoice.is_inter_state,
        invoice.supply_kind,
        invoice.under_lut,
    ):
        return True
    rated = any(line.gst_rate_bp or line.cess_rate_bp or line.cess_per_unit_e4 for line in lines)
    return (rated or invoice.reverse_charge) and not business.charges_tax


def was_untaxed(invoice: Invoice) -> bool:
    """Whether a document was written while its business charged no tax, and it does now: its rates of 0 say nothing."""
    scheme = invoice.seller.get("scheme", Business.Scheme.REGULAR)
    return bool(scheme != Business.Scheme.REGULAR and invoice.business.charges_tax)


def hsn_problems(business: Business, party: Party, lines: Sequence[DraftLine | InvoiceLine]) -> dict[int, str]:
    """What is wrong with the HSN of a tax invoice's lines, by their place (0 for the first). Asked before issue only:
    imports and old books keep what they have. Charges go with the goods they are charged for."""
    registered = bool(party.gstin)
    label = gst.document_label(lines, business.scheme, registered)
    if not business.charges_tax or label == gst.DocumentLabel.BILL_OF_SUPPLY:
        return {}
    return {
        index: problem
        for index, line in enumerate(lines)
        if not line.is_charge and (problem := gst.hsn_problem(line.hsn, business.hsn_digits, registered))
    }


def apply(invoice: Invoice, business: Business, draft: Draft) -> list[InvoiceLine]:
    """Set the draft's head and totals on `invoice` and return its (unsaved) lines."""
    computed, totals, supply = compute(business, draft)
    invoice.business, invoice.party = business, draft.party
    invoice.seller = {"scheme": business.scheme}  # all that a draft remembers of its seller; `snapshots` at issue
    invoice.issued_on, invoice.due_on = draft.issued_on, draft.due_on
    invoice.notes, invoice.reference, invoice.rounds_off = draft.notes, draft.reference, draft.rounds_off
    invoice.place_of_supply, invoice.is_inter_state = supply.place_of_supply, supply.inter_state
    invoice.supply_kind, invoice.under_lut = supply.kind, business.charges_tax and draft.under_lut(supply)
    invoice.series = draft.series
    invoice.reverse_charge, invoice.ship_to = draft.reverse_charge, dict(draft.ship_to)
    invoice.discount_paise, invoice.untaxed_paise = draft.discount_paise, totals.untaxed_paise
    invoice.discount_bp = draft.discount_bp
    invoice.taxable_paise, invoice.cgst_paise, invoice.sgst_paise = (
        totals.taxable_paise,
        totals.cgst_paise,
        totals.sgst_paise,
    )
    invoice.igst_paise, invoice.cess_paise = totals.igst_paise, totals.cess_paise
    invoice.round_off_paise, invoice.total_paise = totals.round_off_paise, totals.total_paise
    return [
        InvoiceLine(
            business=business,
            invoice=invoice,
            position=position,
            item_id=line.item_id,
            is_charge=line.is_charge,
            in_taxable_value=line.in_taxable_value,
            description=line.description,
            hsn=line.hsn,
            unit=line.unit,
            quantity_milli=line.quantity_milli,
            unit_price_e4=line.unit_price_e4,
            price_includes_tax=line.price_includes_tax,
            discount_paise=out.discount_paise,
            document_discount_paise=out.document_discount_paise,
            gst_rate_bp=line.gst_rate_bp if business.charges_tax else 0,
            cess_rate_bp=line.cess_rate_bp if business.charges_tax else 0,
            cess_per_unit_e4=line.cess_per_unit_e4 if business.charges_tax else 0,
            taxable_paise=out.taxable_paise,
            cgst_paise=out.cgst_paise,
            sgst_paise=out.sgst_paise,
            igst_paise=out.igst_paise,
            cess_paise=out.cess_paise,
            untaxed_paise=out.untaxed_paise,
            total_paise=out.total_paise,
        )
        for position, (line, out) in enumerate(zip(draft.lines, computed, strict=True), start=1)
    ]


@transaction.atomic
def save(
    business: Business,
    draft: Draft,
    by: User | None,
    *,
    invoice: Invoice | None = None,
    kind: str = Invoice.Kind.INVOICE,
    original: Invoice | None = None,
    order: Order | None = None,
    replaces: Invoice | None = None,
) -> Invoice:
    """Write a new draft, or replace the contents of one. Raises DraftRefused when it was issued meanwhile."""
    if invoice is None:
        invoice = Invoice(kind=kind, original=original, order=order, replaces=replaces, created_by=by)
    else:
        invoice = Invoice.objects.select_for_update().get(business=business, pk=invoice.pk)
        if invoice.status != Invoice.Status.DRAFT:
            raise DraftRefused(_("This invoice has been issued meanwhile and can no longer be changed."))
        invoice.lines.all().delete()
    lines = apply(invoice, business, draft)
    invoice.save()
    InvoiceLine.objects.bulk_create(lines)
    return invoice


@transaction.atomic
def discard(invoice: Invoice) -> bool:
    """Delete a draft; an issued invoice stays (the database refuses it as well). False when it was gone already.

    Lock order: what stands above the invoice first; `billing.discard` does so for a draft that came from an order.
    """
    found = Invoice.objects.select_for_update().filter(business_id=invoice.business_id, pk=invoice.pk).first()
    if found is None:
        return False
    if found.status != Invoice.Status.DRAFT:
        raise DraftRefused(_("An issued invoice is cancelled, not deleted."))
    found.delete()
    return True

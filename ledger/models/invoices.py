"""Invoices and credit notes with their lines."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.india import today
from accounts.models import Business, Party
from accounts.models.ids import PublicIdField
from accounts.states import STATE_CHOICES
from accounts.walls import tenant_key
from catalog.models import UNITS, Item, Order
from ledger.gst import SupplyKind
from ledger.models.keys import document_key, party_key
from ledger.models.series import Series


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def invoices(self) -> Self:
        return self.filter(kind=Invoice.Kind.INVOICE)

    def shown_to_customer(self) -> Self:
        """Drafts are the merchant's own business."""
        return self.exclude(status=Invoice.Status.DRAFT)

    def open(self) -> Self:
        """Issued invoices on which something is still due."""
        return self.filter(
            kind=Invoice.Kind.INVOICE,
            status=Invoice.Status.ISSUED,
            open_item__open_paise__gt=0,
        )

    def overdue(self) -> Self:
        return self.open().filter(due_on__lt=today())

    def paid(self) -> Self:
        return self.filter(
            kind=Invoice.Kind.INVOICE,
            status=Invoice.Status.ISSUED,
            open_item__open_paise=0,
        )

    def part_paid(self) -> Self:
        return self.open().filter(open_item__settled_paise__gt=0)


class Invoice(models.Model):
    """An invoice or a credit note. Once issued it never changes but for being cancelled (trigger).

    `seller` and `buyer` are snapshots taken at issue, dicts of text with the keys name, gstin, address, city,
    pin_code, state_code, phone, email; the seller's also scheme, upi_id, bank_name, bank_account, bank_ifsc, terms.
    `ship_to` is where the goods go when that is not the buyer's address: a dict of name, address, city, pin_code,
    state_code, or empty. All amounts are paise. What is settled stands in the row's OpenItem.
    `cancelled_on` is the date from which it does not count: its own, or a later one when the books were closed there.
    `facts_hash` is taken at issue (ledger.facts).
    `replaces` is the invoice that this one amends: it was cancelled or credited in full in the same transaction.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Issued")
        CANCELLED = "cancelled", _("Cancelled")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.PROTECT, related_name="invoices")
    party = models.ForeignKey(Party, models.PROTECT, related_name="invoices", db_constraint=False)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.INVOICE)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    original = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="credit_notes", db_constraint=False
    )
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", db_constraint=False
    )
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="invoices", db_constraint=False
    )
    series = models.ForeignKey(Series, models.PROTECT, null=True, related_name="invoices", db_constraint=False)
    sequence = models.PositiveIntegerField(null=True)
    number = models.CharField(_("number"), max_length=16, blank=True)
    financial_year = models.CharField(max_length=7, blank=True)
    issued_on = models.DateField(_("date"))
    due_on = models.DateField(_("due date"))
    reference = models.CharField(_("reference"), max_length=40, blank=True)
    notes = models.TextField(_("note printed on the document"), max_length=1000, blank=True)
    label = models.CharField(max_length=40, blank=True)
    place_of_supply = models.CharField(_("place of supply"), max_length=2, blank=True, choices=STATE_CHOICES)
    is_inter_state = models.BooleanField(default=False)
    supply_kind = models.CharField(max_length=8, choices=SupplyKind, default=SupplyKind.DOMESTIC)
    under_lut = models.BooleanField(_("without IGST, under a letter of undertaking"), default=False)
    reverse_charge = models.BooleanField(_("tax is payable on reverse charge"), default=False)
    rounds_off = models.BooleanField(_("round to the rupee"), default=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    seller = models.JSONField(default=dict)
    buyer = models.JSONField(default=dict)
    ship_to = models.JSONField(default=dict, blank=True)
    discount_paise = models.BigIntegerField(_("discount on the whole document"), default=0)
    discount_bp = models.PositiveIntegerField(default=0)
    taxable_paise = models.BigIntegerField(default=0)
    cgst_paise = models.BigIntegerField(default=0)
    sgst_paise = models.BigIntegerField(default=0)
    igst_paise = models.BigIntegerField(default=0)
    cess_paise = models.BigIntegerField(default=0)
    untaxed_paise = models.BigIntegerField(default=0)
    round_off_paise = models.BigIntegerField(default=0)
    total_paise = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    issued_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_on = models.DateField(null=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    facts_hash = models.CharField(max_length=64, blank=True)

    objects: ClassVar[InvoiceQuerySet] = InvoiceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["business", "kind", "-issued_on", "-id"], name="invoices_of_business"),
            models.Index(fields=["business", "party", "kind", "-issued_on", "-id"], name="invoices_of_party"),
            models.Index(fields=["business", "reference"], condition=~Q(reference=""), name="invoices_by_reference"),
            models.Index(
                fields=["business", "cancelled_on", "id"],
                condition=Q(cancelled_on__gt=F("issued_on")),
                name="invoices_taken_back_later",
            ),
        ]
        constraints = [
            models.UniqueConstraint(name="invoice_in_business", fields=["business", "id"]),
            models.UniqueConstraint(name="invoice_in_party", fields=["business", "party", "id"]),
            models.UniqueConstraint(
                name="invoice_number_once_per_year",
                fields=["business", "kind", "financial_year", "number"],
                condition=~Q(number=""),
            ),
            models.UniqueConstraint(name="invoice_sequence_once_per_series", fields=["series", "sequence"]),
            models.UniqueConstraint(
                name="an_invoice_is_replaced_once",
                fields=["replaces"],
                condition=Q(replaces__isnull=False) & ~Q(status="cancelled"),
            ),
            models.UniqueConstraint(
                name="an_order_is_billed_once",
                fields=["order"],
                condition=Q(order__isnull=False) & ~Q(status="cancelled"),
            ),
            models.CheckConstraint(
                name="only_drafts_have_no_number",
                condition=Q(status="draft", number="", sequence__isnull=True, issued_at__isnull=True)
                | (~Q(status="draft") & ~Q(number="") & Q(sequence__isnull=False, issued_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="cancelled_invoice_has_its_time",
                condition=Q(status="cancelled", cancelled_at__isnull=False, cancelled_on__gte=F("issued_on"))
                | (~Q(status="cancelled") & Q(cancelled_at__isnull=True, cancelled_on__isnull=True)),
            ),
            models.CheckConstraint(
                name="invoice_amounts_are_not_negative",
                condition=Q(
                    taxable_paise__gte=0,
                    cgst_paise__gte=0,
                    sgst_paise__gte=0,
                    igst_paise__gte=0,
                    cess_paise__gte=0,
                    untaxed_paise__gte=0,
                    discount_paise__gte=0,
                    total_paise__gte=0,
                ),
            ),
            models.CheckConstraint(
                name="invoice_total_is_the_sum_of_its_parts",
                condition=Q(
                    total_paise=F("taxable_paise")
                    + F("cgst_paise")
                    + F("sgst_paise")
                    + F("igst_paise")
                    + F("cess_paise")
                    + F("untaxed_paise")
                    + F("round_off_paise")
                ),
            ),
            models.CheckConstraint(
                name="zero_rated_supply_is_inter_state",
                condition=Q(supply_kind="domestic", under_lut=False)
                | (~Q(supply_kind="domestic") & Q(is_inter_state=True)),
            ),
            models.CheckConstraint(
                name="no_tax_is_charged_on_reverse_charge_or_under_lut",
                condition=Q(reverse_charge=False, under_lut=False)
                | Q(cgst_paise=0, sgst_paise=0, igst_paise=0, cess_paise=0),
            ),
            models.CheckConstraint(
                name="igst_or_cgst_with_sgst", condition=Q(igst_paise=0) | Q(cgst_paise=0, sgst_paise=0)
            ),
            models.CheckConstraint(name="due_date_is_not_before_date", condition=Q(due_on__gte=F("issued_on"))),
            party_key("invoice_of_party_of_same_business"),
            document_key("credit_note_of_original_of_same_party", "original_id", "ledger_invoice"),
            tenant_key("invoice_replaces_one_of_same_business", "replaces_id", "ledger_invoice"),
            tenant_key("invoice_series_of_same_business", "series_id", "ledger_series"),
            tenant_key("invoice_order_of_same_business", "order_id", "catalog_order"),
        ]

    def __str__(self) -> str:
        return self.number or f"draft {self.pk}"

    @property
    def due_paise(self) -> int:
        """What is still due on an issued invoice (or unused of a credit note); 0 for drafts and cancelled ones."""
        if self.status != self.Status.ISSUED:
            return 0
        return self.open_item.total_paise - self.open_item.settled_paise

    @property
    def state(self) -> str:
        """draft, cancelled, paid, part_paid, overdue or unpaid; for a credit note used or open instead of the paid ones."""
        if self.status != self.Status.ISSUED:
            return self.status
        due = self.due_paise
        if self.kind == self.Kind.CREDIT_NOTE:
            return "open" if due else "used"
        if not due:
            return "paid"
        if self.due_on < today():
            return "overdue"
        return "part_paid" if self.open_item.settled_paise else "unpaid"


class InvoiceLine(models.Model):
    """One line. Quantity in thousandths, unit price and cess per unit in ten-thousandths of a rupee, the rest in paise.

    `is_charge`: freight, packing and the like, printed below the goods; only such a line may stand outside the
    taxable value. `document_discount_paise` is its part of the document's discount. On a credit note `original_line`
    is the line that is taken back, a part of it, or made cheaper.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="+", db_constraint=False)
    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines", db_constraint=False)
    position = models.PositiveIntegerField()
    item = models.ForeignKey(Item, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False)
    original_line = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="credited_by", db_constraint=False
    )
    is_charge = models.BooleanField(default=False)
    in_taxable_value = models.BooleanField(default=True)
    description = models.CharField(_("description"), max_length=200)
    hsn = models.CharField(_("HSN/SAC"), max_length=8, blank=True)
    unit = models.CharField(_("unit"), max_length=3, choices=UNITS, default="PCS")
    quantity_milli = models.BigIntegerField(_("quantity"))
    unit_price_e4 = models.BigIntegerField(_("price"))
    price_includes_tax = models.BooleanField(default=False)
    discount_paise = models.BigIntegerField(_("discount"), default=0)
    document_discount_paise = models.BigIntegerField(default=0)
    gst_rate_bp = models.PositiveSmallIntegerField(_("GST rate"), default=0)
    cess_rate_bp = models.PositiveIntegerField(_("cess rate"), default=0)
    cess_per_unit_e4 = models.BigIntegerField(_("cess per unit"), default=0)
    taxable_paise = models.BigIntegerField()
    cgst_paise = models.BigIntegerField(default=0)
    sgst_paise = models.BigIntegerField(default=0)
    igst_paise = models.BigIntegerField(default=0)
    cess_paise = models.BigIntegerField(default=0)
    untaxed_paise = models.BigIntegerField(default=0)
    total_paise = models.BigIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(name="one_line_per_position", fields=["invoice", "position"]),
            models.CheckConstraint(name="line_quantity_is_positive", condition=Q(quantity_milli__gt=0)),
            models.CheckConstraint(
                name="line_amounts_are_not_negative",
                condition=Q(
                    unit_price_e4__gte=0,
                    discount_paise__gte=0,
                    document_discount_paise__gte=0,
                    cess_per_unit_e4__gte=0,
                    taxable_paise__gte=0,
                    untaxed_paise__gte=0,
                    total_paise__gte=0,
                    cgst_paise__gte=0,
                    sgst_paise__gte=0,
                    igst_paise__gte=0,
                    cess_paise__gte=0,
                ),
            ),
            models.CheckConstraint(
                name="line_total_is_the_sum_of_its_parts",
                condition=Q(
                    total_paise=F("taxable_paise")
                    + F("cgst_paise")
                    + F("sgst_paise")
                    + F("igst_paise")
                    + F("cess_paise")
                    + F("untaxed_paise")
                ),
            ),
            models.CheckConstraint(
                name="only_charges_stand_outside_the_taxable_value",
                condition=Q(in_taxable_value=True, untaxed_paise=0)
                | Q(in_taxable_value=False, is_charge=True, taxable_paise=0),
            ),
            tenant_key("line_of_invoice_of_same_business", "invoice_id", "ledger_invoice"),
            tenant_key("line_item_of_same_business", "item_id", "catalog_item"),
        ]

    def __str__(self) -> str:
        return self.description

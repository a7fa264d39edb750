"""Documents: number series, invoices and credit notes with their lines, payments."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.india import today
from accounts.models import Business, Party
from accounts.models.ids import PublicIdField
from accounts.states import STATE_CHOICES
from accounts.walls import TenantKey
from catalog.models import UNITS, Item, Order


def party_key(name: str) -> TenantKey:
    """The row's party belongs to the row's business."""
    return TenantKey(
        name=name,
        columns=["business_id", "party_id"],
        target="accounts_party",
        target_columns=["business_id", "id"],
    )


def document_key(name: str, column: str, table: str) -> TenantKey:
    """The row's document belongs to the row's business and party."""
    return TenantKey(
        name=name,
        columns=["business_id", "party_id", column],
        target=table,
        target_columns=["business_id", "party_id", "id"],
    )


class Series(models.Model):
    """A run of numbers without gaps: per business, kind, financial year and prefix. Written by ledger.numbering."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoices")
        CREDIT_NOTE = "credit_note", _("Credit notes")
        RECEIPT = "receipt", _("Payments received")
        PAYOUT = "payout", _("Payments made")

    business = models.ForeignKey(Business, models.CASCADE, related_name="series")
    kind = models.CharField(max_length=12, choices=Kind)
    financial_year = models.CharField(max_length=7)
    prefix = models.CharField(max_length=4)
    next_number = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(
                name="one_series_per_kind_year_and_prefix", fields=["business", "kind", "financial_year", "prefix"]
            ),
            models.UniqueConstraint(name="series_in_business", fields=["business", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.financial_year}"


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
            open_item__settled_paise__lt=F("open_item__total_paise"),
        )

    def overdue(self) -> Self:
        return self.open().filter(due_on__lt=today())

    def paid(self) -> Self:
        return self.filter(
            kind=Invoice.Kind.INVOICE,
            status=Invoice.Status.ISSUED,
            open_item__settled_paise=F("open_item__total_paise"),
        )

    def part_paid(self) -> Self:
        return self.open().filter(open_item__settled_paise__gt=0)


class Invoice(models.Model):
    """An invoice or a credit note. Once issued it never changes but for being cancelled (trigger).

    `seller` and `buyer` are snapshots taken at issue, dicts of text with the keys name, gstin, address, city,
    pin_code, state_code, phone, email; the seller's also scheme, upi_id, bank_name, bank_account, bank_ifsc, terms.
    All amounts are paise. What is settled stands in the row's OpenItem.
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
    rounds_off = models.BooleanField(_("round to the rupee"), default=True)
    seller = models.JSONField(default=dict)
    buyer = models.JSONField(default=dict)
    taxable_paise = models.BigIntegerField(default=0)
    cgst_paise = models.BigIntegerField(default=0)
    sgst_paise = models.BigIntegerField(default=0)
    igst_paise = models.BigIntegerField(default=0)
    cess_paise = models.BigIntegerField(default=0)
    round_off_paise = models.BigIntegerField(default=0)
    total_paise = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    issued_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    objects: ClassVar[InvoiceQuerySet] = InvoiceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["business", "kind", "-issued_on", "-id"], name="invoices_of_business"),
            models.Index(fields=["business", "party", "kind", "-issued_on", "-id"], name="invoices_of_party"),
            models.Index(fields=["business", "reference"], condition=~Q(reference=""), name="invoices_by_reference"),
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
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | (~Q(status="cancelled") & Q(cancelled_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="invoice_amounts_are_not_negative",
                condition=Q(
                    taxable_paise__gte=0,
                    cgst_paise__gte=0,
                    sgst_paise__gte=0,
                    igst_paise__gte=0,
                    cess_paise__gte=0,
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
                    + F("round_off_paise")
                ),
            ),
            models.CheckConstraint(
                name="igst_or_cgst_with_sgst", condition=Q(igst_paise=0) | Q(cgst_paise=0, sgst_paise=0)
            ),
            models.CheckConstraint(name="due_date_is_not_before_date", condition=Q(due_on__gte=F("issued_on"))),
            party_key("invoice_of_party_of_same_business"),
            document_key("credit_note_of_original_of_same_party", "original_id", "ledger_invoice"),
            TenantKey(
                name="invoice_series_of_same_business",
                columns=["business_id", "series_id"],
                target="ledger_series",
                target_columns=["business_id", "id"],
            ),
            TenantKey(
                name="invoice_order_of_same_business",
                columns=["business_id", "order_id"],
                target="catalog_order",
                target_columns=["business_id", "id"],
            ),
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
    """One line. Quantity in thousandths, unit price in ten-thousandths of a rupee, the rest in paise."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="+", db_constraint=False)
    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines", db_constraint=False)
    position = models.PositiveIntegerField()
    item = models.ForeignKey(Item, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False)
    description = models.CharField(_("description"), max_length=200)
    hsn = models.CharField(_("HSN/SAC"), max_length=8, blank=True)
    unit = models.CharField(_("unit"), max_length=3, choices=UNITS, default="PCS")
    quantity_milli = models.BigIntegerField(_("quantity"))
    unit_price_e4 = models.BigIntegerField(_("price"))
    price_includes_tax = models.BooleanField(default=False)
    discount_paise = models.BigIntegerField(_("discount"), default=0)
    gst_rate_bp = models.PositiveSmallIntegerField(_("GST rate"), default=0)
    taxable_paise = models.BigIntegerField()
    cgst_paise = models.BigIntegerField(default=0)
    sgst_paise = models.BigIntegerField(default=0)
    igst_paise = models.BigIntegerField(default=0)
    cess_paise = models.BigIntegerField(default=0)
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
                    taxable_paise__gte=0,
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
                ),
            ),
            TenantKey(
                name="line_of_invoice_of_same_business",
                columns=["business_id", "invoice_id"],
                target="ledger_invoice",
                target_columns=["business_id", "id"],
            ),
            TenantKey(
                name="line_item_of_same_business",
                columns=["business_id", "item_id"],
                target="catalog_item",
                target_columns=["business_id", "id"],
            ),
        ]

    def __str__(self) -> str:
        return self.description


class Payment(models.Model):
    """Money received from a party or paid to it (refund). Its amount, date and reference never change (trigger)."""

    class Direction(models.TextChoices):
        RECEIVED = "received", _("Received")
        PAID = "paid", _("Paid")

    class Mode(models.TextChoices):
        CASH = "cash", _("Cash")
        UPI = "upi", _("UPI")
        BANK = "bank", _("Bank transfer")
        CHEQUE = "cheque", _("Cheque")
        CARD = "card", _("Card")

    class Status(models.TextChoices):
        RECORDED = "recorded", _("Recorded")
        CANCELLED = "cancelled", _("Cancelled")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.PROTECT, related_name="payments")
    party = models.ForeignKey(Party, models.PROTECT, related_name="payments", db_constraint=False)
    direction = models.CharField(max_length=8, choices=Direction, default=Direction.RECEIVED)
    status = models.CharField(max_length=10, choices=Status, default=Status.RECORDED)
    series = models.ForeignKey(Series, models.PROTECT, related_name="payments", db_constraint=False)
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=16)
    financial_year = models.CharField(max_length=7)
    paid_on = models.DateField(_("date"))
    mode = models.CharField(_("how"), max_length=8, choices=Mode, default=Mode.CASH)
    amount_paise = models.BigIntegerField(_("amount"))
    reference = models.CharField(_("reference (UTR, cheque number)"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["business", "-paid_on", "-id"], name="payments_of_business"),
            models.Index(fields=["business", "party", "-paid_on", "-id"], name="payments_of_party"),
        ]
        constraints = [
            models.UniqueConstraint(name="payment_in_party", fields=["business", "party", "id"]),
            models.UniqueConstraint(
                name="payment_number_once_per_year", fields=["business", "direction", "financial_year", "number"]
            ),
            models.UniqueConstraint(name="payment_sequence_once_per_series", fields=["series", "sequence"]),
            models.UniqueConstraint(
                name="a_payment_reference_once_per_party",
                fields=["business", "party", "mode", "reference"],
                condition=~Q(reference="") & Q(status="recorded"),
            ),
            models.CheckConstraint(name="payment_amount_is_positive", condition=Q(amount_paise__gt=0)),
            models.CheckConstraint(
                name="cancelled_payment_has_its_time",
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | Q(status="recorded", cancelled_at__isnull=True),
            ),
            party_key("payment_of_party_of_same_business"),
            TenantKey(
                name="payment_series_of_same_business",
                columns=["business_id", "series_id"],
                target="ledger_series",
                target_columns=["business_id", "id"],
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def unallocated_paise(self) -> int:
        """What of this payment settles no document yet: an advance."""
        return self.open_item.total_paise - self.open_item.settled_paise

"""The book: entries, open items, allocations and the totals that make any period cheap. Written by ledger.posting only."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Party
from accounts.walls import TenantKey
from ledger.models.invoices import Invoice
from ledger.models.keys import document_key, party_key
from ledger.models.payments import Adjustment, Payment

ONE_SOURCE = (
    Q(invoice__isnull=False, payment__isnull=True, adjustment__isnull=True)
    | Q(invoice__isnull=True, payment__isnull=False, adjustment__isnull=True)
    | Q(invoice__isnull=True, payment__isnull=True, adjustment__isnull=False)
)


class OfDocument(models.Model):
    """A row that has exactly one source: an invoice or credit note, a payment, or an adjustment."""

    SOURCES = ("invoice", "payment", "adjustment")

    class Meta:
        abstract = True

    @property
    def document(self) -> Invoice | Payment | Adjustment:
        source: Any = self
        found: Invoice | Payment | Adjustment = source.invoice or source.payment or source.adjustment
        return found


class Entry(OfDocument):
    """One row of a party's ledger: debit (they owe more) or credit (they owe less), in paise. Append-only by trigger."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        PAYMENT = "payment", _("Payment")
        REFUND = "refund", _("Refund")
        OPENING = "opening", _("Opening balance")
        WRITE_OFF = "write_off", _("Written off")
        TDS = "tds", _("TDS deducted")
        ADJUSTMENT = "adjustment", _("Adjustment")
        REVERSAL = "reversal", _("Cancelled")

    business = models.ForeignKey(Business, models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, models.PROTECT, related_name="entries", db_constraint=False)
    dated_on = models.DateField()
    kind = models.CharField(max_length=12, choices=Kind)
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="entries", db_constraint=False)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="entries", db_constraint=False)
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, null=True, related_name="entries", db_constraint=False)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    debit_paise = models.BigIntegerField(default=0)
    credit_paise = models.BigIntegerField(default=0)
    posted_at = models.DateTimeField(auto_now_add=True)
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name_plural = "entries"
        indexes = [
            models.Index(
                fields=["business", "party", "dated_on", "id"],
                include=["debit_paise", "credit_paise"],
                name="entries_of_party_by_date",
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="entry_is_debit_or_credit",
                condition=Q(debit_paise__gt=0, credit_paise=0) | Q(debit_paise=0, credit_paise__gt=0),
            ),
            models.CheckConstraint(
                name="entry_has_one_source",
                condition=ONE_SOURCE,
            ),
            models.CheckConstraint(
                name="reversals_and_only_they_reverse",
                condition=Q(kind="reversal", reverses__isnull=False) | (~Q(kind="reversal") & Q(reverses__isnull=True)),
            ),
            models.UniqueConstraint(
                name="an_invoice_posts_once",
                fields=["invoice"],
                condition=Q(reverses__isnull=True, invoice__isnull=False),
            ),
            models.UniqueConstraint(
                name="a_payment_posts_once",
                fields=["payment"],
                condition=Q(reverses__isnull=True, payment__isnull=False),
            ),
            models.UniqueConstraint(
                name="an_adjustment_posts_once",
                fields=["adjustment"],
                condition=Q(reverses__isnull=True, adjustment__isnull=False),
            ),
            party_key("entry_of_party_of_same_business"),
            document_key("entry_of_invoice_of_same_party", "invoice_id", "ledger_invoice"),
            document_key("entry_of_payment_of_same_party", "payment_id", "ledger_payment"),
            document_key("entry_of_adjustment_of_same_party", "adjustment_id", "ledger_adjustment"),
        ]


class OpenItem(OfDocument):
    """What a posted document still has to settle (open item accounting).

    Debit items (invoices, refunds, opening balances) are settled by credit items (payments, credit notes, TDS,
    write-offs) through allocations.
    A cancelled document's item has total and settled 0. Balance of a party = open debits - open credits.
    """

    class Side(models.TextChoices):
        DEBIT = "D"
        CREDIT = "C"

    business = models.ForeignKey(Business, models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, models.PROTECT, related_name="open_items", db_constraint=False)
    side = models.CharField(max_length=1, choices=Side)
    invoice = models.OneToOneField(Invoice, models.PROTECT, null=True, related_name="open_item", db_constraint=False)
    payment = models.OneToOneField(Payment, models.PROTECT, null=True, related_name="open_item", db_constraint=False)
    adjustment = models.OneToOneField(
        Adjustment, models.PROTECT, null=True, related_name="open_item", db_constraint=False
    )
    dated_on = models.DateField()
    due_on = models.DateField()
    total_paise = models.BigIntegerField()
    settled_paise = models.BigIntegerField(default=0)
    # A column, so that the database knows how few are open: it takes any comparison of two columns for a third of all.
    open_paise = models.GeneratedField(
        expression=F("total_paise") - F("settled_paise"), output_field=models.BigIntegerField(), db_persist=True
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["business", "party", "due_on", "id"],
                condition=Q(open_paise__gt=0),
                name="items_still_open",
            )
        ]
        constraints = [
            models.UniqueConstraint(name="open_item_in_party_and_side", fields=["business", "party", "side", "id"]),
            models.CheckConstraint(
                name="settled_is_between_nothing_and_all",
                condition=Q(settled_paise__gte=0, settled_paise__lte=F("total_paise")),
            ),
            models.CheckConstraint(
                name="open_item_has_one_source",
                condition=ONE_SOURCE,
            ),
            party_key("open_item_of_party_of_same_business"),
            document_key("open_item_of_invoice_of_same_party", "invoice_id", "ledger_invoice"),
            document_key("open_item_of_payment_of_same_party", "payment_id", "ledger_payment"),
            document_key("open_item_of_adjustment_of_same_party", "adjustment_id", "ledger_adjustment"),
        ]


class Allocation(models.Model):
    """So much of a credit item settles so much of a debit item of the same party."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, models.PROTECT, related_name="+", db_constraint=False)
    debit = models.ForeignKey(OpenItem, models.PROTECT, related_name="settled_by", db_constraint=False)
    credit = models.ForeignKey(OpenItem, models.PROTECT, related_name="settles", db_constraint=False)
    debit_side = models.CharField(max_length=1, default="D", editable=False)
    credit_side = models.CharField(max_length=1, default="C", editable=False)
    amount_paise = models.BigIntegerField()
    allocated_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_allocation_per_pair", fields=["debit", "credit"]),
            models.CheckConstraint(name="allocated_amount_is_positive", condition=Q(amount_paise__gt=0)),
            models.CheckConstraint(name="credit_settles_debit", condition=Q(debit_side="D", credit_side="C")),
            TenantKey(
                name="allocated_debit_of_same_party",
                columns=["business_id", "party_id", "debit_side", "debit_id"],
                target="ledger_openitem",
                target_columns=["business_id", "party_id", "side", "id"],
            ),
            TenantKey(
                name="allocated_credit_of_same_party",
                columns=["business_id", "party_id", "credit_side", "credit_id"],
                target="ledger_openitem",
                target_columns=["business_id", "party_id", "side", "id"],
            ),
        ]


class Total(models.Model):
    """Sums of entries, kept in the transaction of the entry so that no page adds up history."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="+", db_constraint=False)
    party = models.ForeignKey(Party, models.PROTECT, related_name="+", db_constraint=False)
    debit_paise = models.BigIntegerField(default=0)
    credit_paise = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class MonthTotal(Total):
    starts_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_month_total_per_party", fields=["business", "party", "starts_on"]),
            party_key("month_total_of_party_of_same_business"),
        ]


class DayTotal(Total):
    starts_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_day_total_per_party", fields=["business", "party", "starts_on"]),
            party_key("day_total_of_party_of_same_business"),
        ]


class PartyBalance(Total):
    """The current sums of one party; balance = debit - credit (positive: receivable)."""

    party = models.OneToOneField(Party, models.PROTECT, related_name="balance", db_constraint=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_balance_per_party", fields=["business", "party"]),
            party_key("balance_of_party_of_same_business"),
        ]

    @property
    def paise(self) -> int:
        return self.debit_paise - self.credit_paise

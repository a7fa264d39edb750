"""Payments, and adjustments that change a balance without goods or money."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Party
from accounts.models.ids import PublicIdField
from accounts.walls import tenant_key
from ledger.models.keys import document_key, party_key
from ledger.models.series import Series


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
            tenant_key("payment_series_of_same_business", "series_id", "ledger_series"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def unallocated_paise(self) -> int:
        """What of this payment settles no document yet: an advance."""
        return self.open_item.total_paise - self.open_item.settled_paise


class Adjustment(models.Model):
    """What changes a balance without goods or money: opening balance, write-off, TDS, or a correction with its reason.

    `side` is that of its entry: debit raises what the party owes. `payment` is the payment from which the party
    deducted this tax (TDS). Its amount, date and side never change (trigger); a wrong one is cancelled.
    """

    class Kind(models.TextChoices):
        OPENING = "opening", _("Opening balance")
        WRITE_OFF = "write_off", _("Written off")
        TDS = "tds", _("TDS deducted")
        ADJUSTMENT = "adjustment", _("Adjustment")

    class Side(models.TextChoices):
        DEBIT = "D", _("They owe more")
        CREDIT = "C", _("They owe less")

    class Status(models.TextChoices):
        RECORDED = "recorded", _("Recorded")
        CANCELLED = "cancelled", _("Cancelled")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.PROTECT, related_name="adjustments")
    party = models.ForeignKey(Party, models.PROTECT, related_name="adjustments", db_constraint=False)
    kind = models.CharField(_("what"), max_length=10, choices=Kind)
    side = models.CharField(_("direction"), max_length=1, choices=Side)
    status = models.CharField(max_length=10, choices=Status, default=Status.RECORDED)
    series = models.ForeignKey(Series, models.PROTECT, related_name="adjustments", db_constraint=False)
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=16)
    financial_year = models.CharField(max_length=7)
    dated_on = models.DateField(_("date"))
    amount_paise = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200)
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="adjustments", db_constraint=False
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["business", "-dated_on", "-id"], name="adjustments_of_business"),
            models.Index(fields=["business", "party", "-dated_on", "-id"], name="adjustments_of_party"),
        ]
        constraints = [
            models.UniqueConstraint(name="adjustment_in_party", fields=["business", "party", "id"]),
            models.UniqueConstraint(
                name="adjustment_number_once_per_year", fields=["business", "financial_year", "number"]
            ),
            models.UniqueConstraint(name="adjustment_sequence_once_per_series", fields=["series", "sequence"]),
            models.UniqueConstraint(
                name="one_opening_balance_per_party",
                fields=["business", "party"],
                condition=Q(kind="opening", status="recorded"),
            ),
            models.CheckConstraint(name="adjustment_amount_is_positive", condition=Q(amount_paise__gt=0)),
            models.CheckConstraint(
                name="adjustment_has_a_reason", condition=Q(kind__in=["opening", "tds"]) | ~Q(reason="")
            ),
            models.CheckConstraint(name="tds_is_a_credit", condition=~Q(kind="tds") | Q(side="C")),
            models.CheckConstraint(
                name="only_tds_comes_with_a_payment", condition=Q(payment__isnull=True) | Q(kind="tds")
            ),
            models.CheckConstraint(
                name="cancelled_adjustment_has_its_time",
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | Q(status="recorded", cancelled_at__isnull=True),
            ),
            party_key("adjustment_of_party_of_same_business"),
            document_key("adjustment_of_payment_of_same_party", "payment_id", "ledger_payment"),
            tenant_key("adjustment_series_of_same_business", "series_id", "ledger_series"),
        ]

    def __str__(self) -> str:
        return self.number

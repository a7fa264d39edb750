"""Number series of documents."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Business


class Series(models.Model):
    """A run of numbers without gaps: per business, kind, financial year and pattern. Written by ledger.numbering.

    The numbers `first_number` to `next_number - 1` are taken. One series of a kind and year is the one new documents
    take their number from unless another is chosen.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoices")
        CREDIT_NOTE = "credit_note", _("Credit notes")
        RECEIPT = "receipt", _("Payments received")
        PAYOUT = "payout", _("Payments made")
        ADJUSTMENT = "adjustment", _("Adjustments")

    business = models.ForeignKey(Business, models.CASCADE, related_name="series")
    kind = models.CharField(max_length=12, choices=Kind)
    financial_year = models.CharField(max_length=7)
    pattern = models.CharField(_("pattern"), max_length=24)
    first_number = models.PositiveIntegerField(_("first number"), default=1)
    next_number = models.PositiveIntegerField(default=1)
    is_default = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(
                name="one_series_per_kind_year_and_pattern", fields=["business", "kind", "financial_year", "pattern"]
            ),
            models.UniqueConstraint(
                name="one_default_series_per_kind_and_year",
                fields=["business", "kind", "financial_year"],
                condition=Q(is_default=True),
            ),
            models.UniqueConstraint(name="series_in_business", fields=["business", "id"]),
            models.CheckConstraint(
                name="series_begins_at_its_first_number",
                condition=Q(first_number__gte=1, next_number__gte=F("first_number")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pattern} {self.financial_year}"

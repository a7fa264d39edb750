"""The customer's own ledger beside the shop's, as one of their people has uploaded it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Party
from accounts.models.ids import PublicIdField
from ledger.models.keys import party_key


class Comparison(models.Model):
    """A file of `uploaded_by` and what came out of it; theirs alone until `shared_at`, theirs to delete at any time.

    `table` is the file as rows of text, `result` what differs (both JSON, deflated; ledger.reconciling.kept has their
    form), `mapping` what stands in which column. `start_on`, `end_on`, the balances (paise, positive when the party
    owes) and `result` are set together when it has been compared.
    """

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.CASCADE, related_name="comparisons")
    party = models.ForeignKey(Party, models.CASCADE, related_name="comparisons", db_constraint=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(_("file"), max_length=100)
    rows = models.PositiveIntegerField()
    table = models.BinaryField()
    mapping = models.JSONField(default=dict)
    compared_at = models.DateTimeField(null=True)
    start_on = models.DateField(null=True)
    end_on = models.DateField(null=True)
    their_paise = models.BigIntegerField(null=True)
    our_paise = models.BigIntegerField(null=True)
    differences = models.PositiveIntegerField(null=True)
    result = models.BinaryField(null=True)
    shared_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["business", "party", "uploaded_by", "-id"], name="comparisons_of_person"),
            models.Index(fields=["uploaded_at"], name="comparisons_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_comparison_is_compared_as_a_whole",
                condition=Q(
                    compared_at__isnull=True,
                    start_on__isnull=True,
                    end_on__isnull=True,
                    their_paise__isnull=True,
                    our_paise__isnull=True,
                    differences__isnull=True,
                    result__isnull=True,
                )
                | Q(
                    compared_at__isnull=False,
                    start_on__isnull=False,
                    end_on__isnull=False,
                    their_paise__isnull=False,
                    our_paise__isnull=False,
                    differences__isnull=False,
                    result__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="only_what_is_compared_is_shown_to_the_shop",
                condition=Q(shared_at__isnull=True) | Q(compared_at__isnull=False),
            ),
            party_key("comparison_of_party_of_same_business"),
        ]

    def __str__(self) -> str:
        return f"comparison {self.pk}"

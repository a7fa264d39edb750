"""What changed for a party, numbered, so that open pages can be told (accounts.changes)."""

from django.db import models
from django.utils import timezone

from accounts.models.business import Business, Party
from accounts.walls import tenant_key


class ChangeCounter(models.Model):
    """The number of a party's newest change; `order_number` is that of its newest one that helpers for orders hear of."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    party = models.OneToOneField(Party, models.CASCADE, related_name="live", db_constraint=False)
    number = models.BigIntegerField(default=0)
    order_number = models.BigIntegerField(default=0)

    class Meta:
        constraints = [tenant_key("change_counter_of_party_of_same_business", "party_id", "accounts_party")]


class Change(models.Model):
    """Something a customer's open page may show has changed: which kind, and of what (public id); never a figure."""

    class Kind(models.TextChoices):
        BALANCE = "balance"
        ORDER = "order"
        CLAIM = "claim"
        PROMISE = "promise"
        QUERY = "query"
        CONFIRMATION = "confirmation"
        PROFILE = "profile"
        RIGHTS = "rights"

    business = models.ForeignKey(Business, models.CASCADE, related_name="+", db_index=False)
    party = models.ForeignKey(Party, models.CASCADE, related_name="+", db_constraint=False)
    number = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    subject = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_change_per_number", fields=["business", "party", "number"]),
            tenant_key("change_of_party_of_same_business", "party_id", "accounts_party"),
        ]

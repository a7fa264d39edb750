"""What both sides say the balance was on a day, for the auditor."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Party, PartyPerson
from accounts.models.ids import PublicIdField
from ledger.models.keys import party_key


class ConfirmationRequest(models.Model):
    """The shop asks what the balance at the end of a day is. It is answered by a confirmation as on that day."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="confirmation_requests")
    party = models.ForeignKey(Party, models.PROTECT, related_name="confirmation_requests", db_constraint=False)
    as_on = models.DateField(_("as on"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["business", "party", "-id"], name="confirmations_asked_of_party")]
        constraints = [
            models.UniqueConstraint(name="a_day_is_asked_for_once", fields=["business", "party", "as_on"]),
            party_key("confirmation_asked_of_party_of_same_business"),
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"


class BalanceConfirmation(models.Model):
    """“Agree Rs. X as on a day” or “differs, mine is Rs. Y”; append-only by trigger.

    Balances are paise at the end of the day, positive when the party owes. `balance_paise` is what the book said under
    the party's lock, `last_entry_id` the newest of the party's entries then: later ones dated up to `as_on` changed
    the book since. `name` and `role` are those of the person when they said it.
    """

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.PROTECT, related_name="confirmations")
    party = models.ForeignKey(Party, models.PROTECT, related_name="confirmations", db_constraint=False)
    as_on = models.DateField(_("as on"))
    balance_paise = models.BigIntegerField()
    theirs_paise = models.BigIntegerField()
    agrees = models.BooleanField()
    note = models.CharField(_("note"), max_length=300, blank=True)
    last_entry_id = models.BigIntegerField()
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=10, choices=PartyPerson.Role)
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    said_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["business", "-id"], name="confirmations_of_business"),
            models.Index(fields=["business", "party", "-id"], name="confirmations_of_party"),
        ]
        constraints = [
            models.CheckConstraint(
                name="who_agrees_has_the_same_balance",
                condition=Q(agrees=True, theirs_paise=F("balance_paise"))
                | (Q(agrees=False) & ~Q(theirs_paise=F("balance_paise"))),
            ),
            party_key("confirmation_of_party_of_same_business"),
        ]

    def __str__(self) -> str:
        return f"confirmation {self.pk}"

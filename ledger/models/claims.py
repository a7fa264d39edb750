"""What a customer says they have paid, until the shop says whether it came."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Image, Party
from accounts.models.ids import PublicIdField
from accounts.walls import tenant_key
from ledger.models.invoices import Invoice
from ledger.models.keys import document_key, party_key
from ledger.models.payments import Payment


class PaymentClaim(models.Model):
    """“I have paid”: a row both sides see. It is no money in the book until it is accepted and becomes `payment`.

    `reference` is the bank's number of the transfer (UTR), kept in capitals; of all that wait or were accepted it
    stands once in a business (a cheque's number, and cash, once in a party). `answer` is why it was declined: the customer reads it. `invoice` is the one it was
    written for, if any.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting for the shop")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Taken back")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.PROTECT, related_name="claims")
    party = models.ForeignKey(Party, models.PROTECT, related_name="claims", db_constraint=False)
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="claims", db_constraint=False)
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    amount_paise = models.BigIntegerField(_("amount"))
    mode = models.CharField(_("how"), max_length=8, choices=Payment.Mode, default=Payment.Mode.UPI)
    reference = models.CharField(_("UTR or reference"), max_length=40)
    paid_on = models.DateField(_("date"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    screenshot = models.ForeignKey(Image, models.PROTECT, null=True, related_name="+", db_constraint=False)
    answer = models.CharField(_("reason"), max_length=200, blank=True)
    payment = models.OneToOneField(Payment, models.PROTECT, null=True, related_name="claim", db_constraint=False)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    claimed_at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["business", "-id"], condition=Q(status="pending"), name="claims_that_wait"),
            models.Index(fields=["business", "party", "-id"], name="claims_of_party"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="a_transfer_is_claimed_once",
                fields=["business", "reference"],
                condition=Q(status__in=["pending", "accepted"]),
            ),
            models.CheckConstraint(name="claimed_amount_is_positive", condition=Q(amount_paise__gt=0)),
            models.CheckConstraint(name="a_claim_has_a_reference", condition=~Q(reference="")),
            models.CheckConstraint(
                name="accepted_claims_and_only_they_are_payments",
                condition=Q(status="accepted", payment__isnull=False)
                | (~Q(status="accepted") & Q(payment__isnull=True)),
            ),
            models.CheckConstraint(
                name="answered_claims_have_their_time",
                condition=Q(status="pending", answered_at__isnull=True)
                | (~Q(status="pending") & Q(answered_at__isnull=False)),
            ),
            models.CheckConstraint(name="a_declined_claim_says_why", condition=~Q(status="declined") | ~Q(answer="")),
            party_key("claim_of_party_of_same_business"),
            document_key("claim_of_invoice_of_same_party", "invoice_id", "ledger_invoice"),
            document_key("claim_of_payment_of_same_party", "payment_id", "ledger_payment"),
            tenant_key("claim_screenshot_of_same_business", "screenshot_id", "accounts_image"),
        ]

    def __str__(self) -> str:
        return self.shown_reference

    @property
    def shown_reference(self) -> str:
        """The reference as people know it: what tells it apart from other parties' (ledger.claims.kept) left out."""
        return self.reference.partition("@")[0]

"""Share links and what was seen through them."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Party
from accounts.models.ids import PublicIdField
from accounts.walls import tenant_key
from ledger.models.invoices import Invoice
from ledger.models.keys import document_key, party_key
from ledger.models.payments import Payment


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def live(self) -> Self:
        """Neither revoked nor expired, and sharing with the party not stopped or changed since."""
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()),
            revoked_at__isnull=True,
            party__is_shared=True,
            party__access_version=F("access_version"),
        )


class ShareLink(models.Model):
    """One link of a party: to one paper, or to its portal's door. The token is made from `key` (ledger.links).

    A paper is an invoice or credit note, the receipt of a payment, or the statement from `starts_on` to `ends_on`.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice link")
        PORTAL = "portal", _("Portal link")
        RECEIPT = "receipt", _("Receipt link")
        STATEMENT = "statement", _("Statement link")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.CASCADE, related_name="links")
    party = models.ForeignKey(Party, models.CASCADE, related_name="links", db_constraint=False)
    kind = models.CharField(max_length=9, choices=Kind)
    invoice = models.ForeignKey(Invoice, models.CASCADE, null=True, related_name="links", db_constraint=False)
    payment = models.ForeignKey(Payment, models.CASCADE, null=True, related_name="links", db_constraint=False)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    key = models.BigIntegerField(unique=True)
    access_version = models.PositiveIntegerField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ShareLinkQuerySet] = ShareLinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["business", "party", "-id"], name="links_of_party"),
            models.Index(fields=["business", "-id"], condition=Q(revoked_at=None), name="links_not_revoked"),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_link_names_what_its_kind_shows",
                condition=Q(kind="invoice", invoice__isnull=False, payment=None, starts_on=None, ends_on=None)
                | Q(kind="portal", invoice=None, payment=None, starts_on=None, ends_on=None)
                | Q(kind="receipt", invoice=None, payment__isnull=False, starts_on=None, ends_on=None)
                | Q(kind="statement", invoice=None, payment=None, starts_on__lte=F("ends_on")),
            ),
            models.UniqueConstraint(name="link_in_business", fields=["business", "id"]),
            party_key("link_of_party_of_same_business"),
            document_key("link_of_invoice_of_same_party", "invoice_id", "ledger_invoice"),
            document_key("link_of_payment_of_same_party", "payment_id", "ledger_payment"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} link {self.pk}"

    @property
    def is_live(self) -> bool:
        """The same rule as `live()`, for a row with its party at hand."""
        return (
            self.revoked_at is None
            and (self.expires_at is None or self.expires_at > timezone.now())
            and self.party.is_shared
            and self.party.access_version == self.access_version
        )


class LinkOpen(models.Model):
    """One thing a person did through a link. Every open is kept; a merchant's own does not count."""

    class Event(models.TextChoices):
        OPENED = "opened", _("Opened")
        SAVED = "saved", _("PDF saved")
        LOGGED_IN = "logged_in", _("Logged in")

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    link = models.ForeignKey(ShareLink, models.CASCADE, related_name="opens")
    event = models.CharField(max_length=10, choices=Event)
    device = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["business", "link", "-id"], name="opens_of_link")]
        constraints = [
            tenant_key("open_of_link_of_same_business", "link_id", "ledger_sharelink"),
        ]


class LinkPreview(models.Model):
    """A messenger's robot fetched the page behind a link (ledger.previews): a line of an access log, and no open."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    link = models.ForeignKey(ShareLink, models.CASCADE, related_name="previews", db_constraint=False)
    messenger = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["business", "link", "-id"], name="previews_of_link")]
        constraints = [
            tenant_key("preview_of_link_of_same_business", "link_id", "ledger_sharelink"),
        ]

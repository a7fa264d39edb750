"""What a customer says is different, and what both sides say about it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Image, Party
from accounts.models.ids import PublicIdField
from accounts.walls import TenantKey, tenant_key
from ledger.models.book import ONE_SOURCE, OfDocument
from ledger.models.invoices import Invoice
from ledger.models.keys import document_key, party_key
from ledger.models.payments import Adjustment, Payment


class Query(OfDocument):
    """“Something differs”: about an invoice or one line of it (`line_position`), a payment or an adjustment.

    A row of the ledger is its document here. Open: the shop has to answer. What is said stands in its messages;
    `status` follows the last of them.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        ANSWERED = "answered", _("Answered")
        CLOSED = "closed", _("Closed")

    class About(models.TextChoices):
        QUANTITY = "quantity", _("Quantity differs")
        PRICE = "price", _("Price or amount differs")
        GOODS = "goods", _("Goods missing, damaged or sent back")
        PAID = "paid", _("I have paid this")
        OTHER = "other", _("Something else")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.PROTECT, related_name="queries")
    party = models.ForeignKey(Party, models.PROTECT, related_name="queries", db_constraint=False)
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="queries", db_constraint=False)
    line_position = models.PositiveIntegerField(null=True)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="queries", db_constraint=False)
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, null=True, related_name="queries", db_constraint=False)
    about = models.CharField(_("what differs"), max_length=8, choices=About)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "queries"
        indexes = [
            models.Index(fields=["business", "-id"], condition=Q(status="open"), name="queries_that_wait"),
            models.Index(fields=["business", "party", "-id"], name="queries_of_party"),
        ]
        constraints = [
            models.UniqueConstraint(name="query_in_party", fields=["business", "party", "id"]),
            models.CheckConstraint(name="query_has_one_source", condition=ONE_SOURCE),
            models.CheckConstraint(
                name="only_invoices_are_queried_by_line",
                condition=Q(line_position__isnull=True) | Q(invoice__isnull=False),
            ),
            party_key("query_of_party_of_same_business"),
            document_key("query_of_invoice_of_same_party", "invoice_id", "ledger_invoice"),
            document_key("query_of_payment_of_same_party", "payment_id", "ledger_payment"),
            document_key("query_of_adjustment_of_same_party", "adjustment_id", "ledger_adjustment"),
            TenantKey(
                name="query_of_line_of_same_invoice",
                columns=["invoice_id", "line_position"],
                target="ledger_invoiceline",
                target_columns=["invoice_id", "position"],
            ),
        ]

    def __str__(self) -> str:
        return f"query {self.pk}"


class QueryMessage(models.Model):
    """One word in a query, of the customer or of the shop; append-only by trigger. `closes`: with it the query closed."""

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, models.PROTECT, related_name="+", db_constraint=False)
    query = models.ForeignKey(Query, models.PROTECT, related_name="messages", db_constraint=False)
    is_of_shop = models.BooleanField()
    closes = models.BooleanField(default=False)
    text = models.CharField(_("message"), max_length=1000, blank=True)
    image = models.ForeignKey(Image, models.PROTECT, null=True, related_name="+", db_constraint=False)
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    said_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["query", "id"], name="messages_of_query")]
        constraints = [
            models.CheckConstraint(name="a_message_says_something_or_closes", condition=~Q(text="") | Q(closes=True)),
            party_key("query_message_of_party_of_same_business"),
            document_key("message_of_query_of_same_party", "query_id", "ledger_query"),
            tenant_key("query_image_of_same_business", "image_id", "accounts_image"),
        ]

    def __str__(self) -> str:
        return self.text[:40]

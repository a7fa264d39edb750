"""What a customer promises to pay, and by when."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Party
from accounts.models.ids import PublicIdField
from accounts.walls import tenant_key
from ledger.models.invoices import Invoice
from ledger.models.keys import document_key, party_key
from ledger.models.sharing import ShareLink


class Promise(models.Model):
    """So much by a day, for one invoice or (none named) for what the party owes. It is no money in the book.

    What was promised never changes (trigger): another promise replaces it, and it stays in the history. Whether it
    was kept or broken is not kept here but read from the book (ledger.promises). `settled_paise` is what was settled
    on the invoice when it was made; money for a balance counts when it is dated from `counts_from` on. `made_by` is nobody when whoever held the invoice's link made it: then `link` is
    that link and `form_key` the key of the form, which acts once.
    """

    class Status(models.TextChoices):
        MADE = "made", _("Promised")
        REPLACED = "replaced", _("Promised anew")
        WITHDRAWN = "withdrawn", _("Taken back")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.PROTECT, related_name="promises")
    party = models.ForeignKey(Party, models.PROTECT, related_name="promises", db_constraint=False)
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="promises", db_constraint=False)
    amount_paise = models.BigIntegerField(_("amount"))
    promised_on = models.DateField(_("by which day"))
    settled_paise = models.BigIntegerField(default=0)
    counts_from = models.DateField()
    note = models.CharField(_("note"), max_length=200, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.MADE)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    link = models.ForeignKey(ShareLink, models.PROTECT, null=True, related_name="+", db_constraint=False)
    form_key = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["business", "party", "-id"], name="promises_of_party"),
            models.Index(
                fields=["business", "promised_on", "id"], condition=Q(status="made"), name="promises_that_stand"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="one_promise_stands_per_invoice",
                fields=["business", "invoice"],
                condition=Q(status="made", invoice__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_promise_stands_for_a_balance",
                fields=["business", "party"],
                condition=Q(status="made", invoice__isnull=True),
            ),
            models.UniqueConstraint(
                name="a_form_behind_a_link_promises_once",
                fields=["business", "link", "form_key"],
                condition=Q(link__isnull=False),
            ),
            models.CheckConstraint(name="promised_amount_is_positive", condition=Q(amount_paise__gt=0)),
            models.CheckConstraint(
                name="a_promise_is_made_by_somebody_or_through_a_link",
                condition=Q(made_by__isnull=False, link__isnull=True, form_key="")
                | (Q(made_by__isnull=True, link__isnull=False, invoice__isnull=False) & ~Q(form_key="")),
            ),
            models.CheckConstraint(
                name="ended_promises_have_their_time",
                condition=Q(status="made", ended_at__isnull=True) | (~Q(status="made") & Q(ended_at__isnull=False)),
            ),
            party_key("promise_of_party_of_same_business"),
            document_key("promise_of_invoice_of_same_party", "invoice_id", "ledger_invoice"),
            tenant_key("promise_through_link_of_same_business", "link_id", "ledger_sharelink"),
        ]

    def __str__(self) -> str:
        return f"promise {self.pk}"

"""What customers ask about the data kept of them: to put it right, or to erase it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.business import Business, Party
from accounts.models.ids import PublicIdField
from accounts.walls import tenant_key


class DataRequest(models.Model):
    """One wish of a customer, answered by the shop once; what was asked is frozen (trigger).

    A correction: `asked` has field -> wanted value, `seen` field -> what stood there when it was asked (texts as in the
    party's row, `phone` in E.164: the number of whoever asks); `taken` names the parts taken over. A newer one of the
    same person replaces it. An erasure: `asked` is {"of": "party"} from the main number, else {"of": "person"}.
    """

    class Kind(models.TextChoices):
        CORRECTION = "correction", _("Correction")
        ERASURE = "erasure", _("Erasure")

    class Status(models.TextChoices):
        OPEN = "open", _("Waiting for the shop")
        ACCEPTED = "accepted", _("Done")
        DECLINED = "declined", _("Not done")
        WITHDRAWN = "withdrawn", _("Taken back")
        REPLACED = "replaced", _("Replaced by a newer one")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.CASCADE, related_name="data_requests")
    party = models.ForeignKey(Party, models.CASCADE, related_name="data_requests", db_constraint=False)
    kind = models.CharField(max_length=10, choices=Kind)
    seen = models.JSONField(default=dict)
    asked = models.JSONField()
    taken = models.JSONField(default=list)
    note = models.CharField(_("note for the shop"), max_length=300, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["business", "-id"], condition=Q(status="open"), name="requests_that_wait"),
            models.Index(fields=["business", "party", "-id"], name="requests_of_party"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="a_person_asks_for_one_thing_of_a_kind_at_a_time",
                fields=["business", "party", "kind", "asked_by"],
                condition=Q(status="open"),
            ),
            models.CheckConstraint(
                name="answered_requests_have_their_time",
                condition=Q(status="open", answered_at__isnull=True)
                | (~Q(status="open") & Q(answered_at__isnull=False)),
            ),
            models.CheckConstraint(name="a_declined_request_says_why", condition=~Q(status="declined") | ~Q(answer="")),
            tenant_key("request_of_party_of_same_business", "party_id", "accounts_party"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

"""What people want to hear and what they are told: opt-outs, wishes of a party, notices to the shop, what was spent."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.business import Business, Party
from accounts.models.ids import PublicIdField
from accounts.models.sending import Message
from accounts.walls import tenant_key


class OptOut(models.Model):
    """This number (E.164) or e-mail address wants no messages, from no business of ours, until `ended_at`.

    The row stays when it has ended: when somebody said what is what the law asks about.
    """

    class Source(models.TextChoices):
        PORTAL = "portal", _("in the portal")
        LINK = "link", _("from a shared link")
        REPLY = "reply", _("by answering STOP")
        PROVIDER = "provider", _("told by the provider")

    address = models.CharField(max_length=254)
    source = models.CharField(max_length=10, choices=Source)
    since = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="an_address_has_one_live_opt_out", fields=["address"], condition=Q(ended_at=None)
            ),
        ]


class PartyWish(models.Model):
    """What a party's people chose for themselves: the way they want to be written to, and quiet until a day."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    party = models.OneToOneField(Party, models.CASCADE, related_name="wish", db_constraint=False)
    channel = models.CharField(max_length=10, choices=Message.Channel, blank=True)
    quiet_until = models.DateField(null=True)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [tenant_key("wish_of_party_of_same_business", "party_id", "accounts_party")]


class Notice(models.Model):
    """Something a customer did, for the shop's people to read in the app (accounts.notices)."""

    class Kind(models.TextChoices):
        ORDER = "order", _("New order")
        CLAIM = "claim", _("Payment reported")
        QUERY = "query", _("Question asked")
        OPENED = "opened", _("Invoice opened for the first time")
        CORRECTION = "correction", _("Correction asked for")
        ERASURE = "erasure", _("Erasure asked for")
        COMPARISON = "comparison", _("Ledgers compared")
        AGREED = "agreed", _("Balance agreed")
        DIFFERS = "differs", _("Balance differs")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.CASCADE, related_name="notices")
    party = models.ForeignKey(Party, models.CASCADE, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=10, choices=Kind)
    subject_id = models.CharField(max_length=40)
    # What is read without asking again: {"number": ..., "paise": ...}.
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_shop_is_told_once", fields=["business", "kind", "subject_id"]),
            tenant_key("notice_about_party_of_same_business", "party_id", "accounts_party"),
        ]
        indexes = [models.Index(fields=["business", "-id"], name="notices_of_business")]


class Usage(models.Model):
    """Messages of a business on a day in India, and what they cost; reserved in the transaction that queues them.

    One row per business and day, counted up by upsert (accounts.quotas).
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    day = models.DateField()
    messages = models.PositiveIntegerField(default=0)
    paise = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["day"], include=["messages", "paise"], name="usage_by_day")]
        constraints = [models.UniqueConstraint(name="one_usage_per_business_and_day", fields=["business", "day"])]


class Quota(models.Model):
    """Other limits for one business than the service's settings; an empty field means the service's."""

    business = models.OneToOneField(Business, models.CASCADE, related_name="quota")
    messages_a_day = models.PositiveIntegerField(_("messages a day"), null=True, blank=True)
    paise_a_month = models.BigIntegerField(_("cost a month, in paise"), null=True, blank=True)

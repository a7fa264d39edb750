"""What must go out: the outbox, and in whose name a business sends."""

import uuid

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.business import Business
from accounts.walls import tenant_key


def now_in_turns() -> int:
    """The place in the queue of whoever comes now: milliseconds since 1970."""
    return int(timezone.now().timestamp() * 1000)


class Message(models.Model):
    """Outbox row, written in the transaction of what it tells. Never holds text, code or token (accounts.outbox).

    `reference` is ours and is echoed by the providers' reports; `provider_id` is theirs. `priority` decides who goes
    first, `turn` (accounts.outbox) who goes first of the same priority. `attempts` numbers the claims of this row, so
    that a late answer of an earlier one changes nothing. `handed_at` is set just before the gateway is called: a row
    whose lease ran out without it was certainly not sent.
    """

    class Channel(models.TextChoices):
        WHATSAPP = "whatsapp", _("WhatsApp")
        SMS = "sms", _("SMS")
        EMAIL = "email", _("E-mail")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        READ = "read", _("Read")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")
        DROPPED = "dropped", _("Not sent: no longer needed")
        CANCELLED = "cancelled", _("Not sent: cancelled")

    class Priority(models.IntegerChoices):
        """Smaller goes first."""

        NOW = 0  # somebody waits before a screen: codes, links asked for at a door
        TODAY = 1  # one message of a person's deed: shares, receipts, notifications
        SCHEDULED = 2  # reminders and statements of the schedule
        BULK = 3

    class Trouble(models.TextChoices):
        """Why it was not sent, or not yet (`error` has the words)."""

        NONE = "", ""
        RETRY = "retry", _("tried again later")
        REFUSED = "refused", _("refused by the provider")
        WRONG_NUMBER = "wrong_number", _("no such number or address")
        OPTED_OUT = "opted_out", _("wants no messages")
        NO_TEXT = "no_text", _("no text could be made")
        GAVE_UP = "gave_up", _("tried too often")

    # The indexes below begin with it, or are for the few rows that have one: a bulk writes each index 100,000 times.
    business = models.ForeignKey(Business, models.CASCADE, null=True, related_name="messages", db_index=False)
    kind = models.CharField(max_length=30)
    channel = models.CharField(max_length=10, choices=Channel)
    to = models.CharField(max_length=254)
    language = models.CharField(max_length=10, default="en")
    subject_kind = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=40)
    party_id = models.BigIntegerField(null=True)
    params = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.TODAY)
    turn = models.BigIntegerField(default=now_in_turns)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True)
    provider = models.CharField(max_length=20, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    trouble = models.CharField(max_length=12, choices=Trouble, default=Trouble.NONE, blank=True)
    error = models.CharField(max_length=200, blank=True)
    # The ways still to be tried when this one fails for good: [[channel, to], ...]; and which message this one follows.
    fallback = models.JSONField(default=list)
    follows = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="followed_by", db_index=False, db_constraint=False
    )
    campaign_id = models.BigIntegerField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["priority", "turn", "due_at", "id"], condition=Q(status="queued"), name="messages_to_send"
            ),
            models.Index(fields=["handed_at", "id"], condition=Q(status="uncertain"), name="messages_uncertain"),
            models.Index(fields=["leased_until"], condition=Q(status="sending"), name="messages_under_way"),
            models.Index(
                fields=["business", "party_id", "-id"],
                condition=Q(party_id__isnull=False),
                name="messages_of_party",
            ),
            models.Index(fields=["follows"], condition=Q(follows__isnull=False), name="messages_that_follow"),
            models.Index(fields=["created_by"], condition=Q(created_by__isnull=False), name="messages_by_user"),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="messages_by_provider_id"),
            models.Index(fields=["business", "subject_kind", "subject_id"], name="messages_about"),
            models.Index(
                fields=["campaign_id", "status"], condition=Q(campaign_id__isnull=False), name="messages_of_campaign"
            ),
        ]
        constraints = [
            models.UniqueConstraint(name="message_in_business", fields=["business", "id"]),
            tenant_key("message_about_party_of_same_business", "party_id", "accounts_party"),
            tenant_key("message_follows_one_of_same_business", "follows_id", "accounts_message"),
        ]


class Sender(models.Model):
    """In whose name a business sends, where it is not the service's. Nothing here is secret: keys stand in the environment."""

    business = models.OneToOneField(Business, models.CASCADE, related_name="sender")
    sms_name = models.CharField(
        _("shop's name in SMS"),
        max_length=30,
        blank=True,
        validators=[RegexValidator(r"\A[A-Za-z0-9 &.,'()/-]*\Z", _("Use English letters, digits and simple signs."))],
    )
    sms_header = models.CharField(
        _("SMS header (DLT)"),
        max_length=6,
        blank=True,
        validators=[RegexValidator(r"\A[A-Za-z]{6}\Z", _("A header has six letters, as registered."))],
    )
    whatsapp_phone_id = models.CharField(
        _("WhatsApp phone number id"),
        max_length=20,
        blank=True,
        validators=[RegexValidator(r"\A[0-9]{5,20}\Z", _("Only digits: the id of the number, not the number."))],
    )
    reply_to = models.EmailField(_("answers to e-mails go to"), blank=True)

"""What happened and what must go out: outbox, activity, idempotency, images."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.business import Business
from accounts.models.ids import PublicIdField
from accounts.walls import tenant_key


class Message(models.Model):
    """Outbox row, written in the transaction of what it tells. Never holds text, code or token (accounts.outbox)."""

    class Channel(models.TextChoices):
        WHATSAPP = "whatsapp", _("WhatsApp")
        SMS = "sms", _("SMS")
        EMAIL = "email", _("E-mail")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")
        DROPPED = "dropped", _("Not sent: no longer needed")

    business = models.ForeignKey(Business, models.CASCADE, null=True, related_name="messages")
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
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=100, blank=True)
    error = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(status__in=["queued", "sending"]), name="messages_to_send"
            ),
            models.Index(fields=["business", "-id"], name="messages_of_business"),
            models.Index(fields=["business", "subject_kind", "subject_id"], name="messages_about"),
        ]
        constraints = [
            tenant_key("message_about_party_of_same_business", "party_id", "accounts_party"),
        ]


class Activity(models.Model):
    """Who did what when, for the business's own eyes. Append-only by trigger."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="activities")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "activities"
        indexes = [
            models.Index(fields=["business", "-id"], name="activity_of_business"),
            models.Index(fields=["business", "subject_kind", "subject_id", "-id"], name="activity_about"),
        ]


class IdempotencyKey(models.Model):
    """The first result of a form that must act once (accounts.idempotency)."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=30)
    key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    result = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_form_acts_once", fields=["business", "user", "purpose", "key"]),
        ]


class Image(models.Model):
    """A small picture, re-encoded by us, kept privately and served through a view that checks who asks."""

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.CASCADE, related_name="images")
    data = models.BinaryField()
    content_type = models.CharField(max_length=20, default="image/webp")
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="image_in_business", fields=["business", "id"])]

"""What happened: activity, idempotency, images."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models.business import Business
from accounts.models.ids import PublicIdField


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

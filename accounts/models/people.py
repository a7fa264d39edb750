"""Who signs in: users, their devices, and the one-time codes that let them in."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device as OtpDevice
from django_otp.models import DeviceManager
from phonenumber_field.modelfields import PhoneNumberField


class UserManager(BaseUserManager["User"]):
    def create_user(self, phone: str, name: str = "", password: str | None = None, **fields: Any) -> "User":
        """A user without password signs in by one-time code only."""
        user = self.model(phone=phone, name=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, phone: str, password: str, **fields: Any) -> "User":
        return self.create_user(phone, password=password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    """Someone who signs in: one mobile number. What they may see follows from memberships and party people."""

    phone = PhoneNumberField(_("mobile number"), unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(max_length=10, blank=True)
    is_staff = models.BooleanField(_("operator"), default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    consented_at = models.DateTimeField(_("agreed to the privacy notice at"), null=True, blank=True)
    consent_version = models.CharField(max_length=20, blank=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "phone"

    def __str__(self) -> str:
        return self.name or f"user {self.pk}"


class Device(OtpDevice):
    """A browser in which a user has entered a right code; django-otp's device, so `user.is_verified()` holds.

    Ending it (`confirmed=False`) signs that browser out at its next request.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    summary = models.CharField(_("browser and phone"), max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_login_at = models.DateTimeField()

    objects: ClassVar[DeviceManager] = DeviceManager()


class LoginChallenge(models.Model):
    """One request for a code, bound to one browser session. The code itself is derived (accounts.otp), never stored.

    Unknown numbers get a row as well (`is_known` false), so that both cost the same and look the same.
    """

    class Purpose(models.TextChoices):
        MERCHANT = "merchant"
        PORTAL = "portal"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose)
    phone = models.CharField(max_length=16)
    session_hash = models.CharField(max_length=64)
    is_known = models.BooleanField()
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    consumed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="challenge_has_at_most_five_tries", condition=Q(tries__lte=5)),
        ]


class LimitCounter(models.Model):
    """How often something happened in one window; written by upsert only (accounts.limits)."""

    key = models.CharField(max_length=64)
    window_start = models.BigIntegerField()
    expires_at = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_counter_per_key_and_window", fields=["key", "window_start"]),
        ]

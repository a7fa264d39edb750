"""Signing up and setting up a business."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts import activity
from accounts.models import Business, Membership, User
from accounts.models.business import RESERVED_SLUGS

SLUG_LENGTH = 40
DOUBLE_CLICK = timedelta(seconds=30)


def may_sign_in(phone: str) -> bool:
    """Whether the merchants' door knows this number: it keeps a book, or has signed up and may still begin one."""
    users = User.objects.filter(phone=phone, is_active=True)
    if not settings.SIGNUP_OPEN:
        users = users.filter(memberships__is_active=True, memberships__business__is_active=True)
    return users.exists()


def may_sign_up(phone: str) -> bool:
    """Everybody but a number that the operator has shut out."""
    return not User.objects.filter(phone=phone, is_active=False).exists()


def user_with(phone: str, name: str = "") -> User | None:
    """The active user of a number that has proved itself by its code; with `name` a new one is made."""
    if name:
        user, _created = User.objects.get_or_create(
            phone=phone, defaults={"name": name, "password": make_password(None)}
        )
        if not user.name:
            User.objects.filter(pk=user.pk, name="").update(name=name)
    return User.objects.filter(phone=phone, is_active=True).first()


def may_open_business(user: User) -> bool:
    """Who keeps a book may open another one; a newcomer only while sign-up is open."""
    return settings.SIGNUP_OPEN or Business.objects.of_user(user).filter(is_active=True).exists()


def free_slug(name: str) -> str:
    """A slug made from `name` that nobody has: "ram-kirana", "ram-kirana-2"."""
    base = slugify(name)[:SLUG_LENGTH].strip("-") or "shop"
    taken = set(Business.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED_SLUGS
    if base not in taken:
        return base
    return next(slug for n in range(2, len(taken) + 3) if (slug := f"{base}-{n}") not in taken)


def open_business(user: User, business: Business) -> Business:
    """Save a new business with `user` as its owner; an empty slug is made from the name.

    A second click within half a minute gets the first one's business. Raises IntegrityError when a slug of the
    user's own choice was taken meanwhile.
    """
    chosen = business.slug
    for attempt in range(3):
        try:
            return _open(user, business)
        except IntegrityError:
            if chosen or attempt == 2:
                raise
            business.pk, business.slug = None, ""
    raise AssertionError("the loop returns or raises")


@transaction.atomic
def _open(user: User, business: Business) -> Business:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    just_now = Business.objects.of_user(user).filter(
        name=business.name, created_at__gt=timezone.now() - DOUBLE_CLICK, is_active=True
    )
    if first := just_now.first():
        return first
    business.slug = business.slug or free_slug(business.name)
    business.save(force_insert=True)
    Membership.objects.create(business=business, user=user, role=Membership.Role.OWNER)
    activity.record(business, user, "opened", ("business", str(business.pk)))
    return business


@transaction.atomic
def change(business: Business, changed: list[str], by: User) -> None:
    """Keep what an owner has changed in the settings; the record names the fields, never their contents."""
    if changed:
        business.save(update_fields=_columns(business, changed))
        activity.record(business, by, "settings_changed", ("business", str(business.pk)), fields=changed)


def _columns(business: Any, changed: list[str]) -> list[str]:
    """Scheme, GSTIN and State hang together: all are written when one is."""
    return sorted({*changed, "scheme", "gstin", "state_code"})

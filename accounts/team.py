"""Who keeps a business's book: members come and go, and one owner always stays.

What a member may do follows from the membership at each request (accounts.access), so a removed one is out at once,
in whatever browser.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import CharField, OuterRef, Subquery
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts import activity
from accounts.models import Activity, Business, Membership, User
from accounts.phones import pretty

KIND = "membership"
ADDED = "member_added"


class TeamRefused(Exception):
    """This would leave the business without an owner, or there is nothing to add; the message is for people."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the team page shows them. `last_login` is the newest sign-in at the merchants' door, or None."""

    pk: int
    name: str
    phone: str
    role: str
    role_word: str
    is_you: bool
    is_only_owner: bool
    last_login: Any


def members(business: Business, viewer: User) -> list[Member]:
    """Owners first, in the order they came: one query.

    Whoever was added by number is called as the owner wrote until they have signed in: else anybody could look up the
    name of any number.
    """
    deeds = Activity.objects.filter(
        business=OuterRef("business"), subject_kind=KIND, subject_id=Cast(OuterRef("pk"), CharField())
    ).order_by("-id")
    rows = list(
        business.memberships.filter(is_active=True)
        .select_related("user")
        .annotate(
            last_login=Subquery(deeds.filter(verb=activity.LOGGED_IN).values("at")[:1]),
            added=Subquery(deeds.filter(verb=ADDED).values("data")[:1]),
        )
        .order_by("role", "pk")
    )
    owners = sum(row.role == Membership.Role.OWNER for row in rows)
    return [_member(row, viewer, owners) for row in rows]


def _member(row: Any, viewer: User, owners: int) -> Member:
    written = (row.added or {}).get("name", "")
    is_unknown = row.added is not None and row.last_login is None
    return Member(
        pk=row.pk,
        name=written if is_unknown else row.user.name or written,
        phone=pretty(str(row.user.phone)),
        role=row.role,
        role_word=row.get_role_display(),
        is_you=row.user_id == viewer.pk,
        is_only_owner=owners == 1 and row.role == Membership.Role.OWNER,
        last_login=row.last_login,
    )


@transaction.atomic
def add(business: Business, phone: str, name: str, role: str, by: User) -> Membership:
    """Let the user of a number (E.164; made now when there is none) keep the book. Raises TeamRefused.

    `name` is what the owner calls them; it becomes the user's own only when they come in and have none.
    """
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    user, _made = User.objects.get_or_create(phone=phone, defaults={"password": make_password(None)})
    if not user.is_active:
        raise TeamRefused(_("This number cannot sign in here."))
    found = Membership.objects.filter(business=business, user=user).first()
    if found and found.is_active:
        raise TeamRefused(_("This number is in your team already."))
    member = found or Membership(business=business, user=user)
    member.role, member.is_active = role, True
    member.save()
    activity.record(business, by, ADDED, (KIND, str(member.pk)), name=name, role=role)
    return member


@transaction.atomic
def change_role(business: Business, pk: int, role: str, by: User) -> Membership | None:
    """None when there is no such member (any more). Raises TeamRefused for the last owner."""
    member = _locked(business, pk)
    if member and member.role != role:
        _keep_an_owner(member)
        member.role = role
        member.save(update_fields=["role"])
        activity.record(business, by, "member_changed", (KIND, str(member.pk)), role=role)
    return member


@transaction.atomic
def remove(business: Business, pk: int, by: User) -> Membership | None:
    """End a membership; the row stays for the record. None when it has ended. Raises TeamRefused for the last owner."""
    member = _locked(business, pk)
    if member:
        _keep_an_owner(member)
        member.is_active = False
        member.save(update_fields=["is_active"])
        activity.record(business, by, "member_removed", (KIND, str(member.pk)))
    return member


def _locked(business: Business, pk: int) -> Membership | None:
    """The business first: two owners who remove each other come one after the other."""
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    return Membership.objects.select_related("user").filter(business=business, pk=pk, is_active=True).first()


def _keep_an_owner(member: Membership) -> None:
    owners = Membership.objects.filter(business=member.business_id, role=Membership.Role.OWNER, is_active=True)
    if member.role == Membership.Role.OWNER and not owners.exclude(pk=member.pk).exists():
        raise TeamRefused(_("A business needs an owner. Make somebody else an owner first."))


@transaction.atomic
def record_login(user: User, device: str) -> None:
    """A member came in at the merchants' door: each of their businesses reads when, and with what."""
    memberships = list(Membership.objects.filter(user=user, is_active=True, business__is_active=True))
    if memberships and not user.name:
        _take_name(user, memberships)
    Activity.objects.bulk_create(
        Activity(
            business_id=member.business_id,
            actor=user,
            verb=activity.LOGGED_IN,
            subject_kind=KIND,
            subject_id=str(member.pk),
            data={"device": device},
        )
        for member in memberships
    )


def _take_name(user: User, memberships: list[Membership]) -> None:
    """Whoever was added by number is called as their owner wrote."""
    added = Activity.objects.filter(
        business__in=[member.business_id for member in memberships],
        subject_kind=KIND,
        subject_id__in=[str(member.pk) for member in memberships],
        verb=ADDED,
    )
    if newest := added.order_by("-id").first():
        user.name = newest.data["name"]
        user.save(update_fields=["name"])

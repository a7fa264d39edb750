"""The operator's view: looking things up, shutting somebody out. Secrets and whole numbers are not shown."""

from typing import Any

import django.contrib.auth.admin  # noqa: F401  registers Group first, so that it can be taken out
import django_otp.plugins.otp_totp.admin  # noqa: F401  shows the secret of each device
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import phones
from accounts.models import (
    Activity,
    Business,
    Device,
    Membership,
    Message,
    OptOut,
    Party,
    PartyPerson,
    Quota,
    Usage,
    User,
)
from accounts.views.messages import masked

admin.site.unregister(Group)
admin.site.unregister(TOTPDevice)
admin.site.site_header = admin.site.site_title = "SharedLedger, operator"


class NoDeletion(admin.ModelAdmin):
    """Rows are neither made nor removed here; few fields can be changed."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LookOnly(NoDeletion):
    """Rows that only the product itself writes."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(NoDeletion):
    list_display = ("name", "masked_phone", "is_active", "is_staff", "created_at", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("phone", "name")
    fields = (
        "masked_phone",
        "name",
        "language",
        "is_active",
        "is_staff",
        "is_superuser",
        "created_at",
        "last_login",
        "consented_at",
        "consent_version",
    )
    readonly_fields = tuple(field for field in fields if field not in {"is_active", "is_staff"})

    @admin.display(description="mobile number")
    def masked_phone(self, user: User) -> str:
        return phones.mask(str(user.phone))


class MembershipInline(admin.TabularInline):
    model = Membership
    autocomplete_fields = ("user",)
    extra = 0
    can_delete = False


class QuotaInline(admin.StackedInline):
    """Other limits for this business; an empty field means the service's (settings)."""

    model = Quota
    can_delete = False


@admin.register(Business)
class BusinessAdmin(NoDeletion):
    list_display = ("name", "slug", "scheme", "gstin", "city", "is_active", "created_at")
    list_filter = ("is_active", "scheme")
    search_fields = ("name", "slug", "gstin")
    fields = (
        "name",
        "slug",
        "scheme",
        "gstin",
        "address",
        "city",
        "pin_code",
        "state_code",
        "phone",
        "email",
        "default_credit_days",
        "promise_days",
        "books_closed_on",
        "created_at",
        "is_active",
    )
    readonly_fields = tuple(field for field in fields if field != "is_active")
    inlines = (MembershipInline, QuotaInline)


@admin.register(Party)
class PartyAdmin(LookOnly):
    list_display = ("name", "business", "city", "gstin", "is_shared", "created_at")
    list_filter = ("is_shared",)
    list_select_related = ("business",)
    search_fields = ("name", "gstin", "public_id", "business__name")
    exclude = ("note", "credit_limit_paise")


@admin.register(PartyPerson)
class PartyPersonAdmin(LookOnly):
    list_display = ("name", "masked_phone", "party", "business", "role", "is_main")
    list_select_related = ("party", "business")
    search_fields = ("phone", "name", "party__name")
    fields = ("name", "masked_phone", "party", "business", "role", "is_main", "created_at")

    @admin.display(description="mobile number")
    def masked_phone(self, person: PartyPerson) -> str:
        return phones.mask(str(person.phone))


@admin.register(Device)
class DeviceAdmin(NoDeletion):
    """A browser that is no longer confirmed is signed out at its next request."""

    list_display = ("summary", "user", "confirmed", "created_at", "last_login_at")
    list_select_related = ("user",)
    search_fields = ("user__phone", "user__name")
    fields = ("summary", "user", "created_at", "last_login_at", "confirmed")
    readonly_fields = ("summary", "user", "created_at", "last_login_at")


@admin.register(Message)
class MessageAdmin(LookOnly):
    list_display = ("created_at", "kind", "channel", "masked_to", "status", "attempts", "business", "error")
    list_filter = ("status", "channel", "kind")
    list_select_related = ("business",)
    search_fields = ("to", "reference", "provider_id")
    fields = (
        "kind",
        "channel",
        "masked_to",
        "language",
        "subject_kind",
        "subject_id",
        "business",
        "status",
        "attempts",
        "due_at",
        "leased_until",
        "reference",
        "provider_id",
        "error",
        "created_by",
        "created_at",
        "sent_at",
    )

    @admin.display(description="to")
    def masked_to(self, message: Message) -> str:
        return masked(message.to)


@admin.register(Activity)
class ActivityAdmin(LookOnly):
    list_display = ("at", "business", "actor", "verb", "subject_kind", "subject_id")
    list_filter = ("verb",)
    list_select_related = ("business", "actor")
    search_fields = ("business__name", "business__slug", "=subject_id")


@admin.register(Usage)
class UsageAdmin(LookOnly):
    """Messages and their cost, by business and day; a business at its limit stands here with its full count."""

    list_display = ("day", "business", "messages", "paise")
    list_select_related = ("business",)
    ordering = ("-day", "-messages")


@admin.register(OptOut)
class OptOutAdmin(LookOnly):
    """Who wants no messages. Nobody here can undo it: only the person can."""

    list_display = ("masked_address", "source", "since", "ended_at")
    fields = list_display
    readonly_fields = list_display

    @admin.display(description="number or address")
    def masked_address(self, row: OptOut) -> str:
        return masked(row.address)

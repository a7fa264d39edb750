"""The businesses of one user, setting up another one, and a business's settings."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import businesses, limits, otp
from accounts.access import MerchantRequest, business_page
from accounts.business_forms import NewBusinessForm, SettingsForm
from accounts.models import Membership

MOST_NEW_A_DAY = 20


@require_safe
def business_list(request: MerchantRequest) -> HttpResponse:
    """The chooser; who keeps one book only goes straight to it, a newcomer begins one."""
    memberships = list(
        Membership.objects.filter(user=request.user, is_active=True, business__is_active=True)
        .select_related("business")
        .order_by("business__name", "pk")
    )
    wants_list = "all" in request.GET
    if len(memberships) == 1 and not wants_list:
        return redirect("ledger:home", slug=memberships[0].business.slug)
    if not memberships:
        return redirect("accounts:business_new")
    may_open = businesses.may_open_business(request.user)
    return render(request, "accounts/businesses.html", {"memberships": memberships, "may_open": may_open})


@require_http_methods(["GET", "HEAD", "POST"])
def business_new(request: MerchantRequest) -> HttpResponse:
    if not businesses.may_open_business(request.user):
        return render(request, "accounts/signup_closed.html", status=403)
    form = NewBusinessForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        limits.hit("new-business", str(request.user.pk), most=MOST_NEW_A_DAY, seconds=otp.DAY)
        try:
            business = businesses.open_business(request.user, form.save(commit=False))
        except IntegrityError:
            form.add_error("slug", _("This short name is taken. Choose another one."))
        else:
            messages.success(request, _("Your book is open. Save your first party, then write an invoice."))
            return redirect("ledger:home", slug=business.slug)
    status = 400 if request.method == "POST" else 200
    return render(request, "accounts/business_new.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def settings(request: MerchantRequest) -> HttpResponse:
    """Owners change the business's data; staff see it."""
    is_owner = request.membership.role == Membership.Role.OWNER
    if request.method == "POST" and not is_owner:
        raise PermissionDenied
    form = SettingsForm(request.POST or None, instance=request.business, is_owner=is_owner)
    if request.method == "POST" and form.is_valid():
        businesses.change(form.instance, form.changed_data, request.user)
        messages.success(request, _("Saved."))
        return redirect("accounts:settings", slug=request.business.slug)
    status = 200
    if request.method == "POST":
        # The chrome of the page shows what is saved, not what was typed.
        request.business.refresh_from_db()
        status = 400
    context: dict[str, Any] = {"form": form, "is_owner": is_owner, "section": "settings"}
    return render(request, "accounts/settings.html", context, status=status)

"""The online store's settings."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import MerchantRequest, business_page
from accounts.models import Membership
from catalog import orders
from catalog.forms import StoreForm


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def store_settings(request: MerchantRequest) -> HttpResponse:
    """Owners open and close the store; staff see how it is."""
    is_owner = request.membership.role == Membership.Role.OWNER
    if request.method == "POST" and not is_owner:
        raise PermissionDenied
    store = orders.store_shown(request.business)
    shown = {"is_open": store.is_open, "minimum_order_paise": store.minimum_order_paise or None}
    form = StoreForm(request.POST or None, initial=shown, is_owner=is_owner)
    if request.method == "POST" and form.is_valid():
        orders.change_store(request.business, request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("catalog:store_settings", slug=request.business.slug)
    status = 400 if request.method == "POST" else 200
    context = {"section": "settings", "form": form, "is_owner": is_owner}
    return render(request, "catalog/store_settings.html", context, status=status)

"""Billing an order that a customer placed in the store."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import MerchantRequest, business_page
from catalog.models import Order
from catalog.orders import OrderRefused
from ledger import billing
from ledger.drafting import DraftRefused
from ledger.models import Invoice


@require_POST
@business_page
def order_bill(request: MerchantRequest, order: str) -> HttpResponse:
    """Make the order's draft invoice (once) and open it; a refusal goes back to the order in words."""
    found = get_object_or_404(Order, business=request.business, public_id=order)
    try:
        invoice = billing.bill_order(found, request.user)
    except (OrderRefused, DraftRefused) as error:
        messages.error(request, str(error))
        return redirect("catalog:order", slug=request.business.slug, order=found.public_id)
    if invoice.status == Invoice.Status.DRAFT:
        messages.success(request, _("The order is billed as this draft. Check it, then issue it."))
    return redirect("ledger:invoice", slug=request.business.slug, invoice=invoice.public_id)

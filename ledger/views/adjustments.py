"""The merchant's pages about adjustments: opening balance, write-off, TDS, corrections."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import MerchantRequest, business_page


@require_safe
@business_page
def adjustment_page(request: MerchantRequest, adjustment: str) -> HttpResponse:
    found = get_object_or_404(request.business.adjustments.select_related("party", "payment"), public_id=adjustment)
    return render(request, "ledger/adjustment.html", {"adjustment": found})

"""The receipt of a payment: its page and its PDF."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import MerchantRequest, business_page
from ledger import receipts
from ledger.models import Payment


@require_safe
@business_page
def receipt(request: MerchantRequest, payment: str) -> HttpResponse:
    found = _payment(request, payment)
    context = receipts.context_of(found) | {"section": "payments", "is_shared": found.party.is_shared}
    return render(request, "ledger/receipt.html", context)


@require_safe
@business_page
def receipt_pdf(request: MerchantRequest, payment: str) -> HttpResponse:
    found = _payment(request, payment)
    headers = {"Content-Disposition": f'inline; filename="{receipts.name_of(found)}.pdf"'}
    content = receipts.pdf_of(found, found.party.language)
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _payment(request: MerchantRequest, public_id: str) -> Payment:
    found = get_object_or_404(request.business.payments.select_related("open_item", "party"), public_id=public_id)
    found.business = found.party.business = request.business
    return found

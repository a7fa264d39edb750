"""The receipt of a payment, or the payment advice, for the customer who is logged in."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from ledger import receipts
from ledger.models import Payment
from portal import talks
from portal.access import PortalRequest, page, party_page
from portal.views.papers import receipt_response


@require_safe
@party_page(money=True)
def receipt(request: PortalRequest, payment: str) -> HttpResponse:
    found = _payment(request, payment)
    context = receipts.context_of(found) | {"talks": talks.of_document(request.party, found)}
    return page(request, "portal/receipt.html", "ledger", context)


@require_safe
@party_page(money=True)
def receipt_pdf(request: PortalRequest, payment: str) -> HttpResponse:
    return receipt_response(_payment(request, payment))


def _payment(request: PortalRequest, public_id: str) -> Payment:
    scope = Payment.objects.filter(business=request.business, party=request.party)
    found = get_object_or_404(scope.select_related("open_item"), public_id=public_id)
    found.business, found.party = request.business, request.party
    return found

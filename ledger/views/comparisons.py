"""What customers show to the shop of their own books."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import MerchantRequest, business_page
from accounts.models import Party
from ledger.reconciling import kept, shown


@require_safe
@business_page
def party_comparisons(request: MerchantRequest, party: str) -> HttpResponse:
    """All that people of this party show, newest first."""
    found: Party = get_object_or_404(request.business.parties, public_id=party)
    listed = kept.listed(kept.shown_to(request.business)).filter(party=found).select_related("uploaded_by")[:50]
    context = {"section": "parties", "party": found, "listed": listed}
    return render(request, "ledger/party_comparisons.html", context)


@require_safe
@business_page
def comparison(request: MerchantRequest, comparison: str) -> HttpResponse:
    """One of them, as the customer sees it."""
    scope = kept.shown_to(request.business).select_related("party", "uploaded_by")
    found = get_object_or_404(scope, public_id=comparison)
    result = kept.result_of(found)
    context = {
        "section": "parties",
        "party": found.party,
        "one": found,
        "groups": shown.groups(result),
        "bridge": shown.bridge(result),
        "same": len(result.findings) - len(result.differences),
        "says_opening": kept.says_opening(found),
        "is_shop": True,
    }
    return render(request, "ledger/comparison.html", context)

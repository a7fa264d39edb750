"""Several invoices as one file."""

from typing import Any

from django.http import Http404, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import limits
from accounts.access import MerchantRequest, business_page
from accounts.india import today
from ledger import zips


@require_safe
@business_page
def invoice_zip(request: MerchantRequest) -> Any:
    """The documents ticked in the list; what is wrong is said above the list."""
    try:
        found = zips.chosen(request.business.invoices.select_related("party"), request.GET)
    except zips.NotThere as error:
        raise Http404 from error
    except zips.ZipRefused as error:
        query = {"pick": "1", "zip": error.why}
        return redirect(reverse("ledger:invoice_list", kwargs={"slug": request.business.slug}, query=query))
    limits.hit_by_looking("zips", f"shop {request.business.pk}", most=zips.MOST_AN_HOUR, seconds=zips.HOUR)
    for invoice in found:
        invoice.business = invoice.party.business = request.business
    name = f"{request.business.slug}_invoices_{today()}.zip"
    return StreamingHttpResponse(
        zips.chunks(found),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )

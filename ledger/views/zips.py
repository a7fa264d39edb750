"""Several invoices as one file."""

from typing import Any

from django.contrib import messages
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

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
        messages.error(request, str(error))
        return redirect("ledger:invoice_list", slug=request.business.slug)
    for invoice in found:
        invoice.business = invoice.party.business = request.business
    name = f"{request.business.slug}_invoices_{today()}.zip"
    return StreamingHttpResponse(
        zips.chunks(found),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )

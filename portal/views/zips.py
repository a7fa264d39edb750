"""Several invoices of a customer as one file."""

from typing import Any

from django.http import Http404, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from accounts import limits
from accounts.india import today
from ledger import zips
from portal.access import PortalRequest, party_page
from portal.views.account import scoped_invoices


@require_safe
@party_page(money=True)
def invoice_zip(request: PortalRequest) -> Any:
    """The documents ticked in the list; what is wrong is said above the list."""
    try:
        found = zips.chosen(scoped_invoices(request), request.GET)
    except zips.NotThere as error:
        raise Http404 from error
    except zips.ZipRefused as error:
        query = {"pick": "1", "zip": error.why}
        return redirect(reverse("portal:invoices", kwargs={"party": request.party.public_id}, query=query))
    limits.hit_by_looking("zips", str(request.party.pk), most=zips.MOST_AN_HOUR, seconds=zips.HOUR)
    for invoice in found:
        invoice.business, invoice.party = request.business, request.party
    return StreamingHttpResponse(
        zips.chunks(found, translation.get_language() or "en"),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{request.business.slug}_invoices_{today()}.zip"'},
    )

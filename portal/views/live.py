"""Has anything changed? Asked by open pages where there are no streams."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from ledger.models import ShareLink
from portal import live_links
from portal.access import PortalRequest, number_for, party_page
from portal.views.links import link_page


@require_safe
@party_page()
def changed(request: PortalRequest) -> HttpResponse:
    """The number of the newest change this person may know of; 304 when the page has that one. No query of its own."""
    return _answer(request, str(number_for(request.person)))


@require_safe
@link_page(ShareLink.Kind.INVOICE)
def invoice_changed(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """The same for who holds the link to an invoice: the mark of its state (portal.live_links)."""
    return _answer(request, live_links.mark(link))


def _answer(request: HttpRequest, newest: str) -> HttpResponse:
    tag = f'"{newest}"'
    response: HttpResponse
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(newest, content_type="text/plain")
    response["ETag"] = tag
    return response

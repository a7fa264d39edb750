"""Has anything changed? Asked by open pages where there are no streams."""

from django.http import HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from portal.access import PortalRequest, number_for, party_page


@require_safe
@party_page()
def changed(request: PortalRequest) -> HttpResponse:
    """The number of the newest change this person may know of; 304 when the page has that one. No query of its own."""
    number = number_for(request.person)
    tag = f'"{number}"'
    response: HttpResponse
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(str(number), content_type="text/plain")
    response["ETag"] = tag
    return response

"""The merchant's gatekeeper: everything under `/m/<slug>/` starts from `request.business`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from accounts import notices
from accounts.models import Business, Membership, User


class MerchantRequest(HttpRequest):
    """A request whose user keeps `business`'s book (for types only)."""

    user: User
    business: Business
    membership: Membership


def business_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Sets request.business and request.membership; a stranger gets the 404 of a slug that does not exist."""

    @wraps(view)
    def inner(request: Any, slug: str, **kwargs: Any) -> HttpResponse:
        membership = (
            Membership.objects.select_related("business__sender")
            .annotate(unread=notices.unread())
            .filter(user=request.user, is_active=True, business__slug=slug, business__is_active=True)
            .first()
        )
        if membership is None:
            raise Http404
        request.membership = membership
        request.business = membership.business
        return view(request, **kwargs)

    return inner

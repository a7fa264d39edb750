"""Error pages in plain words."""

import datetime as dt
import sys
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from accounts.idempotency import FormReused
from accounts.limits import LimitReached


class TooLarge(BadRequest):
    """More than anything a page of ours sends."""


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, TooLarge | RequestDataTooBig):
        return render(request, "413.html", status=413)
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    """An address that only takes a form was opened as a page (a page shown after a mistake, loaded again)."""
    response = render(request, "405.html", status=405)
    response["Allow"] = allowed
    return response


def form_reused(request: HttpRequest, error: FormReused) -> HttpResponse:
    return render(request, "422.html", {"back": _saved(request, error)}, status=422)


def _saved(request: HttpRequest, error: FormReused) -> str:
    """The page of what the first sending has made, by what it was sent for (idempotency.once)."""
    address = request.resolver_match.kwargs if request.resolver_match else {}
    made, slug = error.purpose.split("-")[0], error.business.slug
    if "slug" not in address and "party" in address:
        return _saved_by_customer(made, {"party": address["party"]}, address.get("query") or error.result)
    match made:
        case "invoice" | "payment" | "adjustment" | "party" | "claim":
            return reverse(f"ledger:{made}", kwargs={"slug": slug, made: error.result})
        case "query":
            return reverse("ledger:query", kwargs={"slug": slug, "query": address["query"]})
        case "balance":
            return reverse("ledger:party_confirm", kwargs={"slug": slug, "party": address["party"]})
        case "item":
            return reverse("catalog:item", kwargs={"slug": slug, "item": error.result})
        case "share":
            return reverse("accounts:messages", kwargs={"slug": slug})
        case "count":
            return reverse("catalog:item", kwargs={"slug": slug, "item": address["item"]})
    return ""


def _saved_by_customer(made: str, where: dict[str, str], public_id: Any) -> str:
    match made:
        case "claim" | "order" | "query":
            return reverse(f"portal:{made}", kwargs=where | {made: public_id})
        case "promise" | "balance":
            return reverse(f"portal:{made}", kwargs=where)
    return ""


def too_often(request: HttpRequest, error: LimitReached) -> HttpResponse:
    context = {"again": again(error.retry_after), "is_door": error.name.startswith(("code-", "wrong-codes", "signup-"))}
    response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(error.retry_after)
    return response


def again(seconds: int) -> str:
    """When it may be tried again, in words: in some minutes, else at a time of the clock."""
    if seconds <= 60:
        return _("Try again in a minute.")
    # Not a second before the time that is named.
    at = timezone.localtime() + dt.timedelta(seconds=seconds + 59)
    clock = time_format(at)
    if seconds <= 60 * 60:
        return _("Try again in %(n)d minutes, at %(clock)s.") % {"n": -(-seconds // 60), "clock": clock}
    if at.date() == timezone.localdate():
        return _("Try again today at %(clock)s.") % {"clock": clock}
    return _("Try again tomorrow at %(clock)s.") % {"clock": clock}


def server_error(request: HttpRequest) -> HttpResponse:
    """Without context, so that it can be shown whatever is broken. A database out of reach will be back: 503."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return HttpResponse(render_to_string("500.html"), status=503, headers={"Retry-After": "30"})
    return HttpResponse(render_to_string("500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)

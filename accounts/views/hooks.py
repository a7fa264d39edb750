"""The addresses that providers call: no session, no CSRF; the signature says who it is."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import hooks, limits, outbox, reports
from accounts.hooks import email as email_hook
from accounts.hooks import msg91 as msg91_hook
from accounts.hooks import twilio as twilio_hook
from accounts.hooks import whatsapp as whatsapp_hook

# Meta's payloads may have 3 MB; those of the others are small.
MOST_BYTES = 3 * 1024 * 1024
REFUSALS_AN_HOUR = 300
HOUR = 60 * 60


def _take(request: HttpRequest, read: Callable[[HttpRequest, bytes], hooks.Told]) -> HttpResponse:
    """200 for all that is signed, known to us or not: who is answered otherwise sends it again for days."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        told = read(request, request.read(MOST_BYTES + 1))
    except hooks.NotSigned:
        return _refuse(request)
    except hooks.NotRead:
        return HttpResponse(status=400)
    # Each on its own: two bodies that name the same messages or shops in another order would lock each other out.
    # What a crash leaves undone the provider sends again, and what is done already changes nothing.
    reports.take(told.reports)
    for stop in told.stops:
        with transaction.atomic():
            outbox.stopped(stop)
    return HttpResponse(content_type="text/plain")


def _refuse(request: HttpRequest) -> HttpResponse:
    limits.hit("hook-refused", limits.client_address(request), most=REFUSALS_AN_HOUR, seconds=HOUR)
    return HttpResponse(status=403)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def whatsapp(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _take(request, whatsapp_hook.read)
    try:
        return HttpResponse(whatsapp_hook.challenge(request), content_type="text/plain")
    except hooks.NotSigned:
        return HttpResponse(status=403)  # uncounted: a GET changes nothing


@csrf_exempt
@login_not_required
@require_POST
def sms(request: HttpRequest) -> HttpResponse:
    return _take(request, msg91_hook.read)


@csrf_exempt
@login_not_required
@require_POST
def twilio(request: HttpRequest) -> HttpResponse:
    response = _take(request, twilio_hook.read)
    if response.status_code == 200:
        response.status_code = 204  # a text would be sent back to the customer as an SMS
    return response


@csrf_exempt
@login_not_required
@require_POST
def email(request: HttpRequest) -> HttpResponse:
    return _take(request, email_hook.read)

"""Pages of no app: the front page, health, robots, choice of language, and the component sheet (DEBUG)."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from accounts import languages
from accounts.forms import DateField, GstinField, MobileField, OnceForm, RupeesField


@login_not_required
@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """The only page that search engines may keep."""
    response = render(request, "front.html")
    response["X-Robots-Tag"] = "all"
    return response


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it on pages that name no icon (PDFs, the admin)."""
    return redirect(static("img/favicon.svg"), permanent=True)


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nDisallow: /\nAllow: /$\n", content_type="text/plain")


@csrf_exempt
@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Django's own: checks `next` and `language`, sets the cookie. A signed-in customer's choice is kept with them.

    Exempt from CSRF, because public pages carry no token and a stranger could change but a language.
    """
    languages.keep(request.user, request.POST.get("language", ""))
    return set_language(request)


class SampleForm(OnceForm):
    amount = RupeesField(label="Amount", help_text="What you received.")
    phone = MobileField(label="Mobile number")
    gstin = GstinField(label="GSTIN", required=False)
    date = DateField(label="Date")


@login_not_required
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Every component in every state; wrong values show the fields' errors."""
    wrong = SampleForm({"amount": "-5", "phone": "12345", "gstin": "27AAPFU9039F1ZV", "date": "2026-02-31"})
    return render(request, "components.html", {"form": SampleForm(), "wrong_form": wrong})

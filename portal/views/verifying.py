"""Behind the small code on a paper: does the shop's book know it, does it stand, where may be paid to?"""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import limits
from accounts.forms import DateField, RupeesField
from ledger import verifying

HOUR = 60 * 60
MOST_WRONG_AN_HOUR = 60


class CompareForm(forms.Form):
    """What stands on the reader's paper; by GET, as it asks and changes nothing."""

    total = RupeesField(label=gettext_lazy("Total on your paper"))
    date = DateField(label=gettext_lazy("Date on your paper"))


@require_safe
@login_not_required
def verify(request: HttpRequest, token: str) -> HttpResponse:
    try:
        invoice = verifying.read(token)
    except verifying.Unknown as error:
        # Who guesses is stopped by the token's length; this only keeps the noise down.
        limits.hit("verify-unknown", limits.client_address(request), most=MOST_WRONG_AN_HOUR, seconds=HOUR)
        raise Http404 from error
    with translation.override(_language(request)):
        form = CompareForm(request.GET if "total" in request.GET else None)
        context: dict[str, Any] = {
            "invoice": invoice,
            "answer": verifying.answer(invoice),
            "hash": verifying.short_hash(invoice.facts_hash),
            "form": form,
            "languages": settings.LANGUAGES,
        }
        if form.is_valid():
            said = form.cleaned_data
            context["differences"] = verifying.compare(invoice, said["total"], said["date"])
        return render(request, "portal/verify.html", context)


def _language(request: HttpRequest) -> str:
    """What the reader chose in the address, else what their browser or cookie says."""
    chosen = request.GET.get("lang", "")
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language() or "en"

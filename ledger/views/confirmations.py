"""Balance confirmations on the shop's side: asking for one, and one as a page to print for the auditor."""

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MerchantRequest, business_page
from accounts.forms import DateField, OnceForm
from accounts.idempotency import once
from accounts.india import today
from accounts.models import Party
from ledger import confirmations, confirmed
from ledger.confirmations import ConfirmationRefused
from ledger.listing import day
from ledger.models import ConfirmationRequest


class AskForm(OnceForm):
    """Which day's balance the customer should confirm."""

    on = DateField(label=gettext_lazy("Balance at the end of"))


def last_month_end() -> dt.date:
    return today().replace(day=1) - dt.timedelta(days=1)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def party_confirm(request: MerchantRequest, party: str) -> HttpResponse:
    """What this party has confirmed, and asking for another day."""
    found: Party = get_object_or_404(request.business.parties, public_id=party)
    found.business = request.business
    form = AskForm(request.POST or None, initial={"on": last_month_end()})
    if request.method == "POST" and form.is_valid() and _asked(request, form, found):
        return redirect("ledger:party_confirm", slug=request.business.slug, party=found.public_id)
    asked = ConfirmationRequest.objects.filter(business=request.business, party=found).order_by("-as_on")
    said = [confirmed.shown(one) for one in confirmations.of_party(found)[:50]]
    answered = {one.as_on for one in said}
    context = {
        "section": "parties",
        "party": found,
        "form": form,
        "said": said,
        "open": [day(one.as_on) for one in asked[:20] if one.as_on not in answered],
        "share": reverse("ledger:party_share", kwargs={"slug": request.business.slug, "party": found.public_id}),
    }
    return render(request, "ledger/party_confirm.html", context, status=400 if form.is_bound else 200)


def _asked(request: MerchantRequest, form: AskForm, party: Party) -> bool:
    on, said = form.cleaned_data["on"], form.contents() | {"party": party.pk}

    def act() -> int:
        return confirmations.ask(party, on, request.user).pk

    try:
        once(request.business, request.user, "balance-ask", form.cleaned_data["form_key"], said, act)
    except ConfirmationRefused as refused:
        form.add_error(refused.field, str(refused))
        return False
    messages.success(request, _("Asked: your customer sees it when the portal is opened. Share the link to tell them."))
    return True


@require_safe
@business_page
def confirmation(request: MerchantRequest, confirmation: str) -> HttpResponse:
    """One answer as it was given, to read and to print."""
    scope = confirmations.of_business(request.business).select_related("party")
    found = get_object_or_404(scope, public_id=confirmation)
    found.business = found.party.business = request.business
    context = {"section": "reports", "party": found.party, "one": confirmed.shown(found), "is_shop": True}
    return render(request, "ledger/confirmation.html", context)

"""Settings > Messages: in whose name the shop sends; owners alone."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import senders
from accounts.access import MerchantRequest
from accounts.views.team import owners_only


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def sender(request: MerchantRequest) -> HttpResponse:
    form = senders.SenderForm(request.POST or None, request.business)
    if request.method == "POST" and form.is_valid():
        senders.change(request.business, form, request.user)
        messages.success(request, _("Saved."))
        return redirect("accounts:sender", slug=request.business.slug)
    text, size = senders.example(request.business)
    context = {"form": form, "section": "settings", "text": text, "size": size}
    return render(request, "accounts/sender.html", context, status=400 if request.method == "POST" else 200)

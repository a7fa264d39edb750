"""Settings > Look: logo, signature, colour and style of the papers; owners alone. And the colour's style sheet."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import branding, colours, images, themes
from accounts.access import MerchantRequest, business_page
from accounts.models import Image
from accounts.views.team import owners_only


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def look(request: MerchantRequest) -> HttpResponse:
    form = branding.LookForm(request.POST or None, request.FILES or None, request.business)
    if request.method == "POST" and form.is_valid():
        chosen = form.chosen_colour()
        used = branding.usable(chosen)
        branding.change(request.business, form.cleaned_data | {"colour": used}, request.user)
        messages.success(request, _("Saved."))
        if used != chosen:
            words = _("White letters cannot be read on %(chosen)s, so your papers wear the darker %(used)s.")
            messages.warning(request, words % {"chosen": chosen, "used": used})
        return redirect("accounts:look", slug=request.business.slug)
    status = 400 if request.method == "POST" else 200
    return render(request, "accounts/look.html", _context(request, form), status=status)


def _context(request: MerchantRequest, form: branding.LookForm) -> dict[str, Any]:
    business = request.business
    ids = {name: getattr(business, f"{name}_id") for name in ("logo", "signature")}
    names = dict(
        Image.objects.filter(business=business, pk__in=filter(None, ids.values())).values_list("pk", "public_id")
    )
    return {
        "form": form,
        "section": "settings",
        "colour": branding.usable(business.colour) or colours.USUAL,
        "pictures": {name: names.get(pk, "") for name, pk in ids.items()},
        "styles": business.PaperStyle.values,
    }


@require_safe
@business_page
def logo(request: MerchantRequest) -> HttpResponse:
    """The logo by an address that needs no id, for pages that print it; a new one may stand there tomorrow."""
    answer = images.answer(get_object_or_404(request.business.images, pk=request.business.logo_id))
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@require_safe
@login_not_required
def theme(request: HttpRequest, name: str) -> HttpResponse:
    """The style sheet of one colour: an address of one content, kept by every browser and cache for ever."""
    try:
        css = themes.sheet_named(name)
    except themes.Unknown as error:
        raise Http404 from error
    return HttpResponse(
        css, content_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=31536000, immutable"}
    )

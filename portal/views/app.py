"""The portal as an app on a phone: its manifest, its worker, and the page for no connection. None knows who asks."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal import access

DAY = 24 * 60 * 60
# What the page for no connection is made of.
OFFLINE_FILES = (
    "css/tokens.css",
    "css/reset.css",
    "css/base.css",
    "css/components.css",
    "css/utilities.css",
    "js/kept.js",
    "img/mark.svg",
    "img/favicon.svg",
)
# Where the long press of the app's icon leads: name -> (page of the portal, whether it is for people who see money).
SHORTCUTS = {"ledger": ("portal:ledger", True), "pay": ("portal:pay", True), "shop": ("portal:store", False)}


def _language(request: HttpRequest) -> str:
    chosen = request.GET.get("lang", "")
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """One app for all shops of a number, in the language that its address names; the same for everybody."""
    with translation.override(language := _language(request)):
        words = {"ledger": _("Ledger"), "pay": _("Pay"), "shop": _("Shop")}
        content: dict[str, Any] = {
            "id": "/portal/",
            "name": "SharedLedger",
            "short_name": "SharedLedger",
            "description": _("The same account book for the shop and its customer."),
            "lang": language,
            "start_url": reverse("portal:chooser"),
            "scope": reverse("portal:chooser"),
            "display": "standalone",
            "background_color": "#f6f0e4",
            "theme_color": "#9f1d2d",
            "categories": ["business", "finance"],
            "icons": [
                {"src": static(f"img/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"}
                for size in (192, 512)
            ]
            + [
                {
                    "src": static("img/app-maskable-512.png"),
                    "sizes": "512x512",
                    "type": "image/png",
                    "purpose": "maskable",
                }
            ],
            "shortcuts": [
                {"name": words[name], "url": reverse("portal:shortcut", kwargs={"page": name})} for name in SHORTCUTS
            ],
        }
    response = JsonResponse(content, content_type="application/manifest+json")
    response["Cache-Control"] = f"public, max-age={DAY}"
    return response


@login_not_required
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: our file, headed by what it keeps; another name or text of these makes it a new one."""
    code = (settings.BASE_DIR / "static" / "js" / "worker.js").read_text(encoding="utf-8")
    kept = {
        "page": reverse("portal:offline", query={"lang": _language(request)}),
        "files": [static(name) for name in OFFLINE_FILES],
    }
    kept["version"] = hashlib.sha256((json.dumps(kept) + code + _offline_page(request)).encode()).hexdigest()[:12]
    response = HttpResponse(f"const KEPT = {json.dumps(kept)};\n{code}", content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown without a connection. Figures come from the browser's own keeping (static/js/kept.js)."""
    return HttpResponse(_offline_page(request))


def _offline_page(request: HttpRequest) -> str:
    with translation.override(_language(request)):
        return render(request, "portal/offline.html").content.decode()


@require_safe
def shortcut(request: HttpRequest, page: str) -> HttpResponse:
    """To the page of the only shop; with several the customer chooses one first."""
    if page not in SHORTCUTS:
        raise Http404
    people = access.people_of(request)
    name, needs_money = SHORTCUTS[page]
    if len(people) != 1:
        return redirect("portal:chooser")
    is_open = access.sees_money(people[0]) or not needs_money
    return redirect(name if is_open else "portal:dashboard", party=people[0].party.public_id)

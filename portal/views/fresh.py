"""The pages of an ended link: what happened, and a fresh link to the number the shop has saved."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_http_methods

from accounts import limits
from ledger import fresh, links
from ledger.models import ShareLink
from portal.views.links import ended_page, language_of


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """POST: a fresh link in place of this ended one goes to the saved number. A link that works is simply opened."""
    try:
        return redirect(links.path(links.open_link(kind, token)))
    except links.LinkUnknown as error:
        raise Http404 from error
    except links.LinkEnded as ended:
        return _asked(request, ended.link) if request.method == "POST" else ended_page(request, ended.link)


def _asked(request: HttpRequest, link: ShareLink) -> HttpResponse:
    fresh.ask(link, address=limits.client_address(request))
    with translation.override(language_of(request, link.party)):
        context = {"business": link.business, "ending": fresh.ending(link)}
        return render(request, "portal/fresh_sent.html", context)

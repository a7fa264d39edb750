"""The cockpit of all live links of a business: filtered, paged, and ended one by one or many at once."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import paging
from accounts.access import MerchantRequest, business_page
from accounts.models import Party
from ledger import cockpit, links
from ledger.forms import SearchForm
from ledger.listing import chips
from ledger.models import ShareLink
from ledger.views.sharing import link_rows

SHOW = [
    ("", gettext_lazy("All")),
    (ShareLink.Kind.PORTAL, gettext_lazy("Portal")),
    (ShareLink.Kind.INVOICE, gettext_lazy("Invoices")),
    (ShareLink.Kind.RECEIPT, gettext_lazy("Receipts")),
    (ShareLink.Kind.STATEMENT, gettext_lazy("Statements")),
    ("soon", gettext_lazy("Ending within 14 days")),
]
KEPT = ("q", "show", "party")


@require_safe
@business_page
def link_list(request: MerchantRequest) -> HttpResponse:
    """Live links, the newest first; those that end soon by their day. `?party=` narrows to one."""
    search = SearchForm(request.GET, label=_("Name of the party"), choices=SHOW)
    found = cockpit.live(request.business)
    order: tuple[str, ...] = ("-pk",)
    party = _party(request)
    if party:
        found = found.filter(party=party)
    if search.text:
        found = found.filter(party__name__icontains=search.text)
    if search.chosen == "soon":
        found, order = cockpit.ending_soon(found), ("expires_at", "pk")
    elif search.chosen:
        found = found.filter(kind=search.chosen)
    page = paging.page(found, request.GET, order)
    context: dict[str, Any] = {
        "section": "parties",
        "search": search,
        "chips": chips(request.GET, "show", SHOW, search.chosen),
        "page": page,
        "rows": link_rows(page.rows, request.business.slug),
        "party": party,
        "kept": {name: request.GET[name] for name in KEPT if request.GET.get(name)},
        "is_filtered": bool(search.text or search.chosen),
    }
    return render(request, "ledger/links.html", context)


def _party(request: MerchantRequest) -> Party | None:
    """The party of `?party=`; 404 for one that is not of this business."""
    public_id = request.GET.get("party", "")
    return get_object_or_404(request.business.parties, public_id=public_id) if public_id else None


@require_POST
@business_page
def chosen_revoke(request: MerchantRequest) -> HttpResponse:
    """End the ticked links, back to the list as it was filtered. Ended already is as good as ended."""
    chosen = request.POST.getlist("link")
    if len(chosen) > paging.SIZE:
        raise Http404
    count = links.revoke_chosen(request.business, chosen, request.user)
    if chosen:
        words = ngettext("%(n)d link does not work any more.", "%(n)d links do not work any more.", count)
        messages.success(request, words % {"n": count})
    else:
        messages.error(request, _("Tick the links first."))
    kept = {name: request.POST[name] for name in KEPT if request.POST.get(name)}
    return HttpResponseRedirect(reverse("ledger:links", kwargs={"slug": request.business.slug}, query=kept or None))

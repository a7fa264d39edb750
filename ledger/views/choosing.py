"""Choosing the party for a new invoice or payment: type, Enter, go on."""

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import MerchantRequest
from accounts.models import Business, Party
from ledger.forms import SearchForm
from ledger.listing import net_balance, party_rows

OFFERED = 20


def chosen_party(request: MerchantRequest) -> Party | None:
    """The party named by ?party=, 404 for a foreign one, None when none is named."""
    public_id = request.GET.get("party", "")
    if not public_id:
        return None
    party = get_object_or_404(request.business.parties.annotate(net=net_balance()), public_id=public_id)
    party.business = request.business
    return party


def choose_party(request: MerchantRequest, target: str, question: str, section: str) -> HttpResponse:
    """The page that asks for the party; a search with one answer goes straight on to `target`."""
    business = request.business
    search = SearchForm(request.GET, label=_("Name, city, GSTIN or number"))
    search.fields["q"].widget.attrs["autofocus"] = True
    rows = offered(business, search.text)
    where = reverse(target, kwargs={"slug": business.slug})
    if search.text and len(rows) == 1:
        return redirect(f"{where}?party={rows[0].public_id}")
    picks = [
        (f"{where}?party={party.public_id}", row)
        for party, row in zip(rows, party_rows(rows, business.slug), strict=True)
    ]
    context = {
        "section": section,
        "question": question,
        "search": search,
        "picks": picks,
        "then": "invoice" if target == "ledger:invoice_new" else "",
    }
    return render(request, "ledger/choose_party.html", context)


def offered(business: Business, text: str) -> list[Party]:
    """The first parties that fit what was typed, with number and balance; before that, the likely ones."""
    found = business.parties.with_contact().annotate(net=net_balance())
    return list(found.search(text).order_by("name", "id")[:OFFERED]) if text else _likely(found, business)


def _likely(parties: QuerySet[Party], business: Business) -> list[Party]:
    """Those with the newest invoices first; without any invoice, the first by name."""
    recent = business.invoices.invoices().order_by("-issued_on", "-id").values_list("party_id", flat=True)[:60]
    order = list(dict.fromkeys(recent))[:OFFERED]
    if not order:
        return list(parties.order_by("name", "id")[:OFFERED])
    return sorted(parties.filter(pk__in=order), key=lambda party: order.index(party.pk))

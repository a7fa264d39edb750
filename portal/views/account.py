"""What stands between the customer and the shop: chooser, dashboard, invoices."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import images
from accounts.models import Party, PartyPerson
from accounts.money import rupees
from catalog.models import Order
from ledger import paper, paying, promises, settled, statements, zips
from ledger.models import Invoice
from ledger.views.papers import invoice_answer
from portal import access, kept, lists, talks, told
from portal.access import PortalRequest, page, party_page
from portal.forms import SearchForm

MANY_SHOPS = 8  # so many are searched


@require_safe
def chooser(request: PortalRequest) -> HttpResponse:
    """One number, many shops: all that this session may see; a single one opens at once, many are searched by name."""
    people = access.people_of(request)
    if len(people) == 1:
        return redirect("portal:dashboard", party=people[0].party.public_id)
    form = SearchForm(request.GET, placeholder=_("Name of the shop"))
    words = form.text.casefold()
    rows = [
        (person.party, balance_of(person.party) if access.sees_money(person) else None, _limits_of(person))
        for person in people
        if words in f"{person.party.business.name} {person.party.name}".casefold()
    ]
    is_long = len(people) >= MANY_SHOPS
    context = {"rows": rows, "has_any": bool(people), "search": form if is_long or words else None}
    return kept.renew(request, render(request, "portal/chooser.html", context), people)


def _limits_of(person: PartyPerson) -> str:
    """What this person may there, where it is not everything."""
    return "" if person.role == access.Role.OWNER else person.get_role_display()


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance from the customer's side: `tone` is bad when they owe."""

    paise: int
    sentence: str
    amount: str
    tone: str


def balance_of(party: Party) -> Balance:
    """Read with the scope (`party.balance`); no query."""
    row = getattr(party, "balance", None)
    paise = row.paise if row else 0
    if paise > 0:
        return Balance(paise, _("You owe %(shop)s") % {"shop": party.business.name}, rupees(paise), "bad")
    if paise < 0:
        return Balance(paise, _("%(shop)s owes you") % {"shop": party.business.name}, rupees(-paise), "good")
    return Balance(0, _("All settled with %(shop)s") % {"shop": party.business.name}, rupees(0), "")


@require_safe
@party_page()
def dashboard(request: PortalRequest) -> HttpResponse:
    if not access.sees_money(request.person):
        orders = Order.objects.filter(business=request.business, party=request.party).order_by("-pk")[:5]
        return page(request, "portal/dashboard_orders.html", "home", {"orders": orders})
    open_now = statements.outstanding(request.party)
    due = open_now.due_paise
    balance = balance_of(request.party)
    first = round(100 * open_now.overdue_paise / due) if due else 0
    second = round(100 * (open_now.overdue_paise + open_now.due_soon_paise) / due) if due else 0
    context = {
        "balance": balance,
        "open": open_now,
        "first": first,
        "second": second,
        "can_promise": balance.paise > 0 and request.business.promise_days,
        "can_pay": balance.paise > 0 and paying.can_be_paid(request.business),
        "told": told.lately(request.party, balance.paise),
        "talks": talks.of_party(request.party),
    }
    found = _invoice_list(request)
    return page(
        request, "portal/dashboard.html", "home", context | found, status=400 if found["search"].errors else 200
    )


@require_safe
@party_page(money=True)
def invoices(request: PortalRequest) -> HttpResponse:
    return page(request, "portal/invoices.html", "invoices", _invoice_list(request))


def _invoice_list(request: PortalRequest) -> dict[str, Any]:
    """The list with its search, chips, sums and pager, and what is said of a ZIP file that was refused."""
    return lists.invoices(request.party, scoped_invoices(request), request.GET) | {
        "picking": "pick" in request.GET,
        "zip_refused": zips.words(request.GET.get("zip", "")),
    }


def scoped_invoices(request: PortalRequest) -> QuerySet[Invoice]:
    return Invoice.objects.shown_to_customer().filter(business=request.business, party=request.party)


def _one(request: PortalRequest, invoice: str) -> Invoice:
    found = get_object_or_404(
        scoped_invoices(request).select_related("open_item", "original", "replaces"), public_id=invoice
    )
    found.business, found.party = request.business, request.party
    return found


@require_safe
@party_page(money=True)
def invoice(request: PortalRequest, invoice: str) -> HttpResponse:
    found = _one(request, invoice)
    parts = settled.parts_of(found)
    standing = paper.standing_of(found, parts)
    context = paper.context_of(found) | {
        "standing": standing,
        "settlements": parts,
        "pay": paper.ways_to_pay(request.business, standing.due_paise, number=found.number),
        "told": told.waiting(request.party, balance_of(request.party).paise, invoice=found),
        "talks": talks.of_document(request.party, found),
        "can_promise": can_promise(request, found),
    }
    return page(request, "portal/invoice.html", "invoices", context)


def can_promise(request: PortalRequest, invoice: Invoice) -> bool:
    return bool(request.business.promise_days) and promises.due_of(request.party, invoice) > 0


@require_safe
@party_page()
def logo(request: PortalRequest) -> HttpResponse:
    """The shop's logo, for every customer of it."""
    return images.answer(get_object_or_404(request.business.images, pk=request.business.logo_id))


@require_safe
@party_page(money=True)
def invoice_pdf(request: PortalRequest, invoice: str) -> HttpResponse:
    back = reverse("portal:invoice", kwargs={"party": request.party.public_id, "invoice": invoice})
    return invoice_answer(request, _one(request, invoice), back)

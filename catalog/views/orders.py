"""Orders as the merchant sees them: those that wait for an answer first."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import paging
from accounts.access import MerchantRequest, business_page
from accounts.money import percent, rupees, unit_price
from catalog import orders
from catalog.forms import DeclineForm
from catalog.models import Order
from catalog.units import Units

WAITING_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Row:
    number: str
    href: str
    party: str
    total: str
    placed_at: Any
    status: str
    status_word: str


def status_words() -> dict[str, str]:
    return {
        Order.Status.PLACED: _("New order"),
        Order.Status.BILLED: _("Billed"),
        Order.Status.DECLINED: _("Declined"),
        Order.Status.CANCELLED: _("Cancelled"),
    }


def _rows(found: list[Order], slug: str) -> list[Row]:
    words = status_words()
    return [
        Row(
            number=order.display_number,
            href=reverse("catalog:order", args=[slug, order.public_id]),
            party=order.party.name,
            total=rupees(order.total_paise),
            placed_at=order.placed_at,
            status=order.status,
            status_word=words[order.status],
        )
        for order in found
    ]


@require_safe
@business_page
def order_list(request: MerchantRequest) -> HttpResponse:
    """Without a filter: first what waits for an answer, oldest first, then the answered ones, newest first."""
    slug, chosen = request.business.slug, request.GET.get("status", "")
    words = status_words()
    every = request.business.orders.select_related("party")
    if chosen in words:
        waiting, listed = [], every.filter(status=chosen)
    else:
        chosen = ""
        is_first_page = not {"before", "after"} & request.GET.keys()
        waiting = list(every.waiting().order_by("pk")[: WAITING_SHOWN + 1]) if is_first_page else []
        listed = every.exclude(status=Order.Status.PLACED)
    page = paging.page(listed, request.GET, ("-pk",))
    context = {
        "section": "orders",
        "waiting": _rows(waiting[:WAITING_SHOWN], slug),
        "more_wait": len(waiting) > WAITING_SHOWN,
        "rows": _rows(page.rows, slug),
        "page": page,
        "chosen": chosen,
        "filters": [("?", _("All"), ""), *((f"?status={name}", word, name) for name, word in words.items())],
    }
    return render(request, "catalog/orders.html", context)


@require_safe
@business_page
def order(request: MerchantRequest, order: str) -> HttpResponse:
    return _page(request, _get(request, order), DeclineForm(), 200)


@require_POST
@business_page
def order_decline(request: MerchantRequest, order: str) -> HttpResponse:
    row = _get(request, order)
    form = DeclineForm(request.POST)
    if form.is_valid():
        try:
            orders.close(row, Order.Status.DECLINED, request.user, form.cleaned_data["answer"])
        except orders.OrderRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Declined. Your customer sees the reason under the order."))
            return redirect("catalog:order", slug=request.business.slug, order=row.public_id)
    return _page(request, _get(request, order), form, 400)


def _get(request: MerchantRequest, public_id: str) -> Order:
    found = request.business.orders.select_related("party", "placed_by", "business")
    return get_object_or_404(found, public_id=public_id)


def _page(request: MerchantRequest, row: Order, form: DeclineForm, status: int) -> HttpResponse:
    units = Units()
    lines = [
        {
            "name": line.description,
            "amount": rupees(line.amount_paise),
            "sum": f"{units.measured(line.quantity_milli, line.unit)} × ₹{unit_price(line.unit_price_e4)}",
            "tax": percent(line.gst_rate_bp) if request.business.charges_tax and line.gst_rate_bp else "",
            "includes_tax": line.price_includes_tax,
        }
        for line in row.lines.all()
    ]
    person = row.party.people.filter(phone=str(row.placed_by.phone)).first()
    context = {
        "section": "orders",
        "order": row,
        "status_word": status_words()[row.status],
        "lines": lines,
        "placed_by": (person.name if person else "") or row.placed_by.name,
        "adds_tax": any(line["tax"] and not line["includes_tax"] for line in lines),
        "decline_form": form,
    }
    return render(request, "catalog/order.html", context, status=status)

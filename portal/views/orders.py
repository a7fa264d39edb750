"""What a party has ordered: the list, one order, taking it back, the same again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import paging
from accounts.money import rupees, unit_price
from catalog import orders as order_book
from catalog.models import Order, OrderLine
from catalog.units import Units
from ledger import estimates
from ledger.models import Invoice
from portal import access
from portal import cart as carts
from portal.access import PortalRequest, page, party_page

ROWS = 24


@require_safe
@party_page()
def orders(request: PortalRequest) -> HttpResponse:
    found = Order.objects.filter(business=request.business, party=request.party)
    listed = paging.page(found, request.GET, ("-pk",), size=ROWS)
    return page(request, "portal/orders.html", "orders", {"orders": listed.rows, "listed": listed})


def _order(request: PortalRequest, order: str) -> Order:
    return get_object_or_404(Order.objects.filter(business=request.business, party=request.party), public_id=order)


@require_safe
@party_page()
def order(request: PortalRequest, order: str) -> HttpResponse:
    found = _order(request, order)
    lines = list(found.lines.select_related("item"))
    context = {
        "order": found,
        "lines": _lines(lines),
        "bill": _bill(request, found),
        "with_gst": _with_gst(request, found, lines),
    }
    return page(request, "portal/order.html", "orders", context)


def _with_gst(request: PortalRequest, order: Order, lines: list[OrderLine]) -> str:
    """About what the bill will be while there is none; "" where it will be the total."""
    if order.status != Order.Status.PLACED or not estimates.adds_tax(request.business, request.party, lines):
        return ""
    return rupees(estimates.of_order(request.business, request.party, lines))


def _lines(lines: list[OrderLine]) -> list[dict[str, str]]:
    units = Units()
    return [
        {
            "name": line.description,
            "amount": rupees(line.amount_paise),
            "detail": f"{units.measured(line.quantity_milli, line.unit)} × ₹{unit_price(line.unit_price_e4)}",
        }
        for line in lines
    ]


def _bill(request: PortalRequest, order: Order) -> Invoice | None:
    """The invoice made of this order, for those who may see invoices; a draft is none yet."""
    if not access.sees_money(request.person):
        return None
    shown = Invoice.objects.shown_to_customer()
    return shown.filter(business=request.business, party=request.party, order=order).order_by("-pk").first()


@require_POST
@party_page(ordering=True)
def order_cancel(request: PortalRequest, order: str) -> HttpResponse:
    """Take an order back that the shop has not answered yet."""
    found = _order(request, order)
    try:
        order_book.close(found, Order.Status.CANCELLED, request.user)
    except order_book.OrderRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The order is taken back."))
    return redirect("portal:order", party=request.party.public_id, order=found.public_id)


@require_POST
@party_page(ordering=True)
def order_reorder(request: PortalRequest, order: str) -> HttpResponse:
    """The same again: what is in the store today goes into the cart, at today's prices."""
    lines = list(_order(request, order).lines.select_related("item"))
    sold = [line for line in lines if line.item.is_active and line.item.in_store]
    back = redirect("portal:cart", party=request.party.public_id)
    try:
        carts.write(request, carts.read(request) | {line.item_id: line.quantity_milli for line in sold})
    except order_book.OrderRefused as refused:
        messages.error(request, str(refused))
        return back
    if len(sold) < len(lines):
        messages.warning(request, _("Some of it is not sold any more and was left out."))
    changed = [line.item.name for line in sold if line.item.unit_price_e4 != line.unit_price_e4]
    if changed:
        messages.warning(request, _("Prices have changed since: %(items)s") % {"items": ", ".join(changed)})
    return back

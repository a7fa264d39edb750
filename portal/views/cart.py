"""The cart of one party, and placing the order."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.idempotency import once
from accounts.models import Party
from accounts.money import quantity, rupees, unit_price
from catalog import orders as order_book
from catalog.models import Item
from catalog.units import Units, is_broken, step
from ledger import estimates
from portal import access
from portal import cart as carts
from portal.access import PortalRequest, page, party_page
from portal.forms import OrderForm, QuantityForm, whole_words
from portal.views.store import few_left, tax_note

DAY, MOST_ORDERS_A_DAY = 24 * 60 * 60, 50


@require_safe
@party_page(ordering=True)
def cart(request: PortalRequest) -> HttpResponse:
    return _cart_page(request, None)


def _cart_page(
    request: PortalRequest, form: OrderForm | None, *, typed: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    """The cart; `typed` holds what was wrongly typed for an item: item (public_id), name, text, error."""
    now = carts.today(request)
    store = order_book.store_shown(request.business)
    lines = _lines(request, now, typed or {})
    missing = store.minimum_order_paise - now.total_paise
    context = {
        "cart": now,
        "lines": lines,
        "typed": typed if typed and not any(line["error"] for line in lines) else None,
        "form": form or OrderForm(initial={"seen_total_paise": now.total_paise}),
        "credit": carts.credit_of(request.party, now.bill_paise) if access.sees_money(request.person) else None,
        "is_open": store.is_open,
        "least": rupees(store.minimum_order_paise) if missing > 0 else "",
        "missing": rupees(missing),
        "with_gst": _with_gst(now, lines),
    }
    return page(request, "portal/cart.html", "shop", context, status=status)


def _with_gst(cart: carts.Cart, lines: list[dict[str, Any]]) -> str:
    """About what the bill will be; "" where it will be the total."""
    return rupees(cart.bill_paise) if any(line["adds_tax"] for line in lines) else ""


def _lines(request: PortalRequest, cart: carts.Cart, typed: dict[str, str]) -> list[dict[str, Any]]:
    units, taxed = Units(), estimates.bears_tax(request.business, request.party)
    return [_line(line, units, typed if typed.get("item") == line.item.public_id else {}, taxed) for line in cart.lines]


def _line(line: carts.Line, units: Units, typed: dict[str, str], taxed: bool) -> dict[str, Any]:
    # A cart may have been filled before the shop began to sell this whole.
    broken = whole_words(units, line.item.unit) if is_broken(line.quantity_milli, line.item.unit) else ""
    return {
        "item": line.item,
        "quantity": typed.get("text", quantity(line.quantity_milli, grouping=False)),
        "error": typed.get("error", broken),
        "step": step(line.item.unit),
        "amount": rupees(line.amount_paise),
        "price": f"₹{unit_price(line.item.unit_price_e4)}",
        "unit": units.name(line.item.unit),
        "tax_note": tax_note(line.item, taxed),
        "adds_tax": taxed
        and not line.item.price_includes_tax
        and estimates.is_taxable(line.item, line.item.gst_rate_bp),
        "short": "" if line.short_milli is None else _short(units, line.short_milli, line.item),
    }


def _short(units: Units, milli: int, item: Item) -> str:
    return few_left(units, milli, item) if milli > 0 else _("Out of stock")


@require_POST
@party_page(ordering=True)
def cart_line(request: PortalRequest, item: str) -> HttpResponse:
    """Put an item into the cart, change how much of it, or (0) take it out."""
    found = get_object_or_404(Item.objects.in_store().filter(business=request.business), public_id=item)
    form = QuantityForm(request.POST, found.unit)
    if form.is_valid():
        try:
            carts.put(request, found, form.cleaned_data["quantity"], add=form.cleaned_data["add"])
        except order_book.OrderRefused as refused:
            form.add_error("quantity", str(refused))
    if not form.is_valid():
        error = " ".join(str(message) for errors in form.errors.values() for message in errors)
        typed = {"item": item, "name": found.name, "text": request.POST.get("quantity", ""), "error": error}
        return _cart_page(request, None, typed=typed, status=400)
    if not form.cleaned_data["add"]:
        return redirect("portal:cart", party=request.party.public_id)
    messages.success(request, _("%(item)s is in your cart.") % {"item": found.name})
    return redirect(_back_to_store(request))


def _back_to_store(request: PortalRequest) -> str:
    """The page of the store the customer was on; nothing else is believed."""
    store_page = reverse("portal:store", kwargs={"party": request.party.public_id})
    here = request.POST.get("here", "")
    return here if here.startswith(f"{store_page}?") else store_page


@require_http_methods(["GET", "HEAD", "POST"])
@party_page(ordering=True)
def checkout(request: PortalRequest) -> HttpResponse:
    """Place the order. Opened as a page (loaded again, or kept as a bookmark) it leads back to the cart."""
    if request.method != "POST":
        return redirect("portal:cart", party=request.party.public_id)
    form = OrderForm(request.POST)
    if not form.is_valid():
        return _cart_page(request, form, status=400)
    try:
        order, placed = once(
            request.business,
            request.user,
            f"order-{request.party.pk}",
            form.cleaned_data["form_key"],
            form.contents(),
            lambda: _place(request, form),
        )
    except order_book.OrderRefused as refused:
        return _cart_page(request, _refused(request, refused), status=400)
    if placed:
        carts.write(request, {})
        messages.success(request, _("Your order is with the shop."))
    return redirect("portal:order", party=request.party.public_id, order=order)


def _refused(request: PortalRequest, refusal: order_book.OrderRefused) -> OrderForm:
    """The form as it was typed, with the reason, ready to agree to today's total."""
    typed = request.POST.copy()
    typed["seen_total_paise"] = str(carts.today(request).total_paise)
    form = OrderForm(typed)
    form.add_error(None, str(refusal))
    return form


def _place(request: PortalRequest, form: OrderForm) -> str:
    # Locked before its room is read: two orders at once must not both use the same rest of the credit limit.
    party = Party.objects.select_for_update(no_key=True).get(business=request.business, pk=request.party.pk)
    party.business = request.business
    limits.hit("orders", str(party.pk), most=MOST_ORDERS_A_DAY, seconds=DAY)  # the shop pays to be told of each
    room, cart = carts.room_paise(party), carts.today(request)
    if room is not None and cart.bill_paise > room and not access.sees_money(request.person):
        # The amount that is left would tell the balance.
        raise order_book.OrderRefused(_("This order goes beyond the credit limit. Ask the owner of your business."))
    order = order_book.place(
        request.party,
        request.user,
        cart.quantities,
        note=form.cleaned_data["note"],
        seen_total_paise=form.cleaned_data["seen_total_paise"],
        room_paise=room,
        bill_paise=cart.bill_paise,
    )
    return order.public_id

"""The shop's online store for one party: catalogue, cart, orders."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import paging
from accounts.idempotency import once
from accounts.models import Party
from accounts.money import percent, quantity, rupees, unit_price
from catalog import orders as order_book
from catalog.models import UNITS, Category, Item, Order, Storefront
from portal import access
from portal import cart as carts
from portal.access import PortalRequest, page, party_page
from portal.forms import OrderForm, QuantityForm, SearchForm

ROWS = 24
FEW_MILLI = 5_000


@dataclass(frozen=True, slots=True)
class Good:
    """An item on the shelf, as it is shown."""

    public_id: str
    name: str
    description: str
    price: str
    unit: str
    tax_note: str
    stock: str
    badge: str
    is_out: bool
    image: str
    in_cart: str


def _goods(request: PortalRequest, items: Iterable[Item]) -> list[Good]:
    units = {code: str(name) for code, name in UNITS}
    cart = carts.read(request)
    return [_good(request, item, units, cart) for item in items]


def _good(request: PortalRequest, item: Item, units: dict[str, str], cart: dict[int, int]) -> Good:
    stock, badge = _stock_words(item, units)
    place = {"party": request.party.public_id, "item": item.public_id}
    return Good(
        public_id=item.public_id,
        name=item.name,
        description=item.description,
        price=f"₹{unit_price(item.unit_price_e4)}",
        unit=units.get(item.unit, item.unit),
        tax_note=tax_note(request, item),
        stock=stock,
        badge=badge,
        is_out=badge == "out",
        image=reverse("portal:item_image", kwargs=place) if item.image_id else "",
        in_cart=quantity(cart[item.pk]) if item.pk in cart else "",
    )


def _stock_words(item: Item, units: dict[str, str]) -> tuple[str, str]:
    left = item.available_milli
    if left is None:
        return "", ""
    if left <= 0:
        return _("Out of stock"), "out"
    shown = {"quantity": quantity(left), "unit": units.get(item.unit, item.unit)}
    if left <= FEW_MILLI:
        return _("Only %(quantity)s %(unit)s left") % shown, "low"
    return _("In stock"), ""


def tax_note(request: PortalRequest, item: Item) -> str:
    """What GST does to this price; nothing to say when the shop charges none."""
    if not request.business.charges_tax or not item.gst_rate_bp:
        return ""
    rate = {"rate": percent(item.gst_rate_bp)}
    return _("incl. %(rate)s GST") % rate if item.price_includes_tax else _("+ %(rate)s GST") % rate


def _store_is_open(request: PortalRequest) -> bool:
    store = Storefront.objects.filter(business=request.business).first()
    return store is None or store.is_open


@require_safe
@party_page()
def store(request: PortalRequest) -> HttpResponse:
    form = SearchForm(request.GET, placeholder=_("What are you looking for?"))
    category = request.GET.get("category", "")
    items = Item.objects.in_store().filter(business=request.business)
    if form.text:
        items = items.search(form.text)
    if category.isdecimal() and len(category) < 18:
        items = items.filter(category_id=int(category))
    listed = paging.page(items, request.GET, ("name", "pk"), size=ROWS)
    context = {
        "goods": _goods(request, listed.rows),
        "listed": listed,
        "search": form,
        "category": category,
        "categories": _categories(request),
        "filtered": bool(form.text or category),
        "is_open": _store_is_open(request),
        "cart_count": len(carts.read(request)),
        "here": request.get_full_path(),
    }
    return page(request, "portal/store.html", "shop", context)


def _categories(request: PortalRequest) -> list[Category]:
    """Those with something in the store."""
    shown = Item.objects.in_store().filter(business=request.business)
    return list(Category.objects.filter(business=request.business, pk__in=shown.values("category_id")).order_by("name"))


@require_safe
@party_page()
def item_image(request: PortalRequest, item: str) -> HttpResponse:
    """A picture of something in this shop's store."""
    found = get_object_or_404(
        Item.objects.in_store().filter(business=request.business, image__isnull=False).select_related("image"),
        public_id=item,
    )
    assert found.image is not None, "filtered by it"
    headers = {"Cache-Control": "private, max-age=3600"}
    return HttpResponse(bytes(found.image.data), content_type=found.image.content_type, headers=headers)


# --- the cart -----------------------------------------------------------------------------------------------


@require_safe
@party_page(ordering=True)
def cart(request: PortalRequest) -> HttpResponse:
    return _cart_page(request, None)


def _cart_page(
    request: PortalRequest, form: OrderForm | None, *, typed: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    """The cart; `typed` holds what was wrongly typed for an item: public_id, text, error."""
    now = carts.today(request)
    room = carts.room_paise(request.party) if access.sees_money(request.person) else None
    units = {code: str(name) for code, name in UNITS}
    context = {
        "cart": now,
        "lines": [
            {
                "item": line.item,
                "quantity": typed["text"] if typed and typed["item"] == line.item.public_id else line.quantity,
                "error": typed["error"] if typed and typed["item"] == line.item.public_id else "",
                "amount": rupees(line.amount_paise),
                "price": f"₹{unit_price(line.item.unit_price_e4)}",
                "unit": units.get(line.item.unit, line.item.unit),
                "tax_note": tax_note(request, line.item),
                "short": quantity(line.short_milli) if line.short_milli is not None else "",
            }
            for line in now.lines
        ],
        "typed": typed if typed and typed["item"] not in {line.item.public_id for line in now.lines} else None,
        "form": form or OrderForm(initial={"seen_total_paise": now.total_paise}),
        "room": None if room is None else rupees(max(room, 0)),
        "beyond": room is not None and now.total_paise > room,
        "is_open": _store_is_open(request),
        "has_tax": any(tax_note(request, line.item) for line in now.lines),
    }
    return page(request, "portal/cart.html", "shop", context, status=status)


@require_POST
@party_page(ordering=True)
def cart_line(request: PortalRequest, item: str) -> HttpResponse:
    """Put an item into the cart, change how much of it, or (0) take it out."""
    found = get_object_or_404(Item.objects.in_store().filter(business=request.business), public_id=item)
    form = QuantityForm(request.POST)
    if not form.is_valid():
        error = " ".join(str(message) for errors in form.errors.values() for message in errors)
        typed = {"item": item, "name": found.name, "text": request.POST.get("quantity", ""), "error": error}
        return _cart_page(request, None, typed=typed, status=400)
    added = form.cleaned_data["add"]
    carts.put(request, found, form.cleaned_data["quantity"], add=added)
    if added:
        messages.success(request, _("%(item)s is in your cart.") % {"item": found.name})
    return redirect(_back_to_store(request) if added else _to(request, "cart"))


def _to(request: PortalRequest, name: str, **kwargs: str) -> str:
    return reverse(f"portal:{name}", kwargs={"party": request.party.public_id, **kwargs})


def _back_to_store(request: PortalRequest) -> str:
    """The page of the store the customer was on; nothing else is believed."""
    store_page = _to(request, "store")
    here = request.POST.get("here", "")
    return here if here.startswith(f"{store_page}?") else store_page


@require_POST
@party_page(ordering=True)
def checkout(request: PortalRequest) -> HttpResponse:
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
    return redirect(_to(request, "order", order=order))


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
    room = carts.room_paise(party)
    seen = form.cleaned_data["seen_total_paise"]
    if room is not None and seen > room and not access.sees_money(request.person):
        # The amount that is left would tell the balance.
        raise order_book.OrderRefused(_("This order goes beyond the credit limit. Ask the owner of your business."))
    order = order_book.place(
        request.party,
        request.user,
        carts.read(request),
        note=form.cleaned_data["note"],
        seen_total_paise=seen,
        room_paise=room,
    )
    return order.public_id


# --- orders -------------------------------------------------------------------------------------------------


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
    units = {code: str(name) for code, name in UNITS}
    lines = [
        {
            "name": line.description,
            "amount": rupees(line.amount_paise),
            "detail": f"{quantity(line.quantity_milli)} {units.get(line.unit, line.unit)}"
            f" × ₹{unit_price(line.unit_price_e4)}",
        }
        for line in found.lines.all()
    ]
    bill = None
    if access.sees_money(request.person):
        bill = found.invoices.exclude(status="draft").filter(business=request.business, party=request.party).first()
    return page(request, "portal/order.html", "orders", {"order": found, "lines": lines, "bill": bill})


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
    return redirect(_to(request, "order", order=found.public_id))


@require_POST
@party_page(ordering=True)
def order_reorder(request: PortalRequest, order: str) -> HttpResponse:
    """The same again: what is in the store today goes into the cart, at today's prices."""
    lines = list(_order(request, order).lines.select_related("item"))
    wanted = carts.read(request)
    sold = [line for line in lines if line.item.is_active and line.item.in_store]
    for line in sold:
        wanted[line.item_id] = line.quantity_milli
    carts.write(request, wanted)
    if len(sold) < len(lines):
        messages.warning(request, _("Some of it is not sold any more and was left out."))
    changed = [line.item.name for line in sold if line.item.unit_price_e4 != line.unit_price_e4]
    if changed:
        messages.warning(request, _("Prices have changed since: %(items)s") % {"items": ", ".join(changed)})
    return redirect(_to(request, "cart"))

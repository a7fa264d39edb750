"""The shop's online store for one party: what is on the shelf."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import paging
from accounts.money import percent, quantity, unit_price
from catalog import orders as order_book
from catalog.models import Category, Item
from catalog.units import Units, step
from ledger import estimates
from portal import cart as carts
from portal.access import PortalRequest, page, party_page
from portal.forms import SearchForm

ROWS = 24
FEW_MILLI = 5_000


@dataclass(frozen=True, slots=True)
class Good:
    """An item on the shelf, as it is shown."""

    public_id: str
    name: str
    letter: str
    description: str
    price: str
    unit: str
    tax_note: str
    stock: str
    badge: str
    is_out: bool
    step: str
    image: str
    in_cart: str


def _goods(request: PortalRequest, items: Iterable[Item]) -> list[Good]:
    units = Units()
    cart = carts.read(request)
    taxed = estimates.bears_tax(request.business, request.party)
    return [_good(request, item, units, cart, taxed) for item in items]


def _good(request: PortalRequest, item: Item, units: Units, cart: dict[int, int], taxed: bool) -> Good:
    stock, badge = _stock_words(item, units)
    place = {"party": request.party.public_id, "item": item.public_id}
    return Good(
        public_id=item.public_id,
        name=item.name,
        letter=item.letter,
        description=item.description,
        price=f"₹{unit_price(item.unit_price_e4)}",
        unit=units.name(item.unit),
        tax_note=tax_note(item, taxed),
        stock=stock,
        badge=badge,
        is_out=badge == "out",
        step=step(item.unit),
        image=reverse("portal:item_image", kwargs=place) if item.image_id else "",
        in_cart=quantity(cart[item.pk]) if item.pk in cart else "",
    )


def _stock_words(item: Item, units: Units) -> tuple[str, str]:
    left = item.available_milli
    if left is None:
        return "", ""
    if left <= 0:
        return _("Out of stock"), "out"
    if left <= FEW_MILLI:
        return few_left(units, left, item), "low"
    return _("In stock"), ""


def few_left(units: Units, milli: int, item: Item) -> str:
    return _("Only %(quantity)s left") % {"quantity": units.measured(milli, item.unit)}


def tax_note(item: Item, taxed: bool) -> str:
    """What GST does to this price; nothing to say when the shop charges this customer none."""
    if not taxed or not item.gst_rate_bp:
        return ""
    rate = {"rate": percent(item.gst_rate_bp)}
    return _("incl. %(rate)s GST") % rate if item.price_includes_tax else _("+ %(rate)s GST") % rate


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
        "is_open": order_book.store_shown(request.business).is_open,
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

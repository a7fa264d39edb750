"""Items: the list, one item with its stock, its picture."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import idempotency, images, paging
from accounts.access import MerchantRequest, business_page
from accounts.forms import sought
from accounts.models import Business
from accounts.money import MINUS, unit_price
from catalog import items, rates, stock
from catalog.forms import CountForm, ItemFilter, ItemForm
from catalog.models import Item, StockMovement
from catalog.units import Units

MOVEMENTS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    href: str
    picture: str
    letter: str
    category: str
    code: str
    sub: str  # on a phone, below the name
    price: str
    per_unit: str
    stock: str
    badge: str
    badge_word: str


def _row(item: Any, slug: str, units: Units) -> Row:
    badge, word = "", ""
    available = item.available_milli
    if not item.is_active:
        badge, word = "cancelled", _("Not in use")
    elif available == 0:
        badge, word = "out", _("Out of stock")
    elif available is not None and available <= item.low_milli:
        badge, word = "low", _("Low stock")
    elif not item.in_store:
        badge, word = "draft", _("Not in the store")
    unit = units.name(item.unit)
    category = item.category.name if item.category else ""
    in_stock = units.measured(item.stock_milli, item.unit) if item.tracks_stock else ""
    return Row(
        name=item.name,
        href=reverse("catalog:item", args=[slug, item.public_id]),
        picture=reverse("catalog:item_image", args=[slug, item.picture]) if item.picture else "",
        letter=item.letter,
        category=category,
        code=item.code,
        sub=" · ".join(part for part in (category, in_stock) if part),
        price=f"₹{unit_price(item.unit_price_e4)}",
        per_unit=_("per %(unit)s") % {"unit": unit} if unit else "",
        stock=in_stock,
        badge=badge,
        badge_word=word,
    )


def _filtered(business: Business, wanted: dict[str, Any]) -> QuerySet[Item]:
    found = business.items.filter(is_active=wanted.get("show") != "unused")
    if wanted.get("show") == "low":
        found = found.low()
    elif wanted.get("show") == "store":
        found = found.filter(in_store=True)
    if category := wanted.get("category"):
        found = found.filter(category__name=category)
    if text := wanted.get("q"):
        found = found.search(text)
    return found.select_related("category").annotate(picture=F("image__public_id"))


@require_safe
@business_page
def item_list(request: MerchantRequest) -> HttpResponse:
    form = ItemFilter(request.GET, request.business)
    form.is_valid()
    wanted = {name: value for name, value in (form.cleaned_data | {"q": sought(form)}).items() if value}
    page = paging.page(_filtered(request.business, wanted), request.GET, ("name", "pk"))
    slug, units = request.business.slug, Units()
    context = {
        "section": "items",
        "form": form,
        "rows": [_row(item, slug, units) for item in page.rows],
        "page": page,
        "clear": reverse("catalog:item_list", args=[slug]) if wanted else "",
        "more": bool(wanted.keys() - {"q"}),
    }
    return render(request, "catalog/items.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def item_new(request: MerchantRequest) -> HttpResponse:
    form = ItemForm(request.POST or None, request.FILES or None, business=request.business)
    # A second click would find its own code taken by the first.
    if request.method == "POST" and (_saved(request, form) or (form.is_valid() and _save(request, form))):
        messages.success(request, _("%(item)s is saved.") % {"item": form["name"].value()})
        if "another" in request.POST:
            return redirect("catalog:item_new", slug=request.business.slug)
        return redirect("catalog:item_list", slug=request.business.slug)
    status = 400 if request.method == "POST" else 200
    return render(request, "catalog/item.html", _context(request, form), status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def item(request: MerchantRequest, item: str) -> HttpResponse:
    """One item: what it is, and its stock."""
    row = get_object_or_404(_with_picture(request.business), public_id=item)
    form = ItemForm(request.POST or None, request.FILES or None, business=request.business, instance=row)
    if request.method == "POST" and form.is_valid() and _save(request, form):
        messages.success(request, _("Saved."))
        return redirect("catalog:item", slug=request.business.slug, item=row.public_id)
    status = 400 if request.method == "POST" else 200
    return render(request, "catalog/item.html", _context(request, form), status=status)


@require_POST
@business_page
def item_stock(request: MerchantRequest, item: str) -> HttpResponse:
    """The shelf was counted."""
    row = get_object_or_404(_with_picture(request.business), public_id=item)
    form = CountForm(request.POST)
    if not form.is_valid():
        edit = ItemForm(business=request.business, instance=row)
        return render(request, "catalog/item.html", _context(request, edit, form), status=400)
    counted = form.cleaned_data["counted"]
    idempotency.once(
        request.business,
        request.user,
        "count",
        form.cleaned_data["form_key"],
        {"item": row.pk, "counted": counted},
        lambda: stock.count(row, counted, request.user),
    )
    messages.success(request, _("Stock is set to %(quantity)s.") % {"quantity": Units().measured(counted, row.unit)})
    return redirect("catalog:item", slug=request.business.slug, item=row.public_id)


@require_safe
@business_page
def item_image(request: MerchantRequest, image: str) -> HttpResponse:
    return images.answer(get_object_or_404(request.business.images, public_id=image))


def _with_picture(business: Business) -> QuerySet[Item]:
    return business.items.select_related("category", "image", "business").defer("image__data")


def _contents(request: MerchantRequest, form: ItemForm) -> dict[str, Any]:
    picture: Any = request.FILES.get("picture")
    sent = (picture.name, picture.size) if picture else None
    return idempotency.typed(request.POST) | {"item": form.instance.pk, "picture": sent}


def _saved(request: MerchantRequest, form: ItemForm) -> str | None:
    """The item that this very form has saved already."""
    key = request.POST.get("form_key", "").replace("\x00", "")
    return idempotency.earlier(request.business, request.user, "item", key, _contents(request, form))


def _save(request: MerchantRequest, form: ItemForm) -> str | None:
    """The item's public id; None when another item took the code in this very moment, which the form then says."""
    said = form.cleaned_data

    def act() -> str:
        saved = items.save(
            form.instance,
            request.user,
            category=said["category_name"],
            picture=said["picture"],
            without_picture=said.get("without_picture", False),
            counted_milli=said.get("counted") if said["tracks_stock"] else None,
        )
        return saved.public_id

    try:
        key, contents = said["form_key"], _contents(request, form)
        return idempotency.once(request.business, request.user, "item", key, contents, act)[0]
    except items.CodeTaken:
        form.add_error("code", _("Another item has this code."))
        return None


def _context(request: MerchantRequest, form: ItemForm, count_form: CountForm | None = None) -> dict[str, Any]:
    row: Item = form.instance
    context: dict[str, Any] = {
        "section": "items",
        "form": form,
        "categories": request.business.categories.order_by("name").values_list("name", flat=True)[:300],
        "rates": rates.offered(),
    }
    if row.pk:
        # The page's own words come from what is saved, not from what was just typed.
        saved = _with_picture(request.business).get(pk=row.pk) if form.is_bound else row
        units, unit = Units(), saved.unit
        context |= {
            "item": saved,
            "count_form": count_form or CountForm(),
            "in_stock": units.measured(saved.stock_milli, unit),
            "reserved": units.measured(saved.reserved_milli, unit) if saved.reserved_milli else "",
            "movements": [
                _movement(movement, unit, units) for movement in saved.movements.order_by("-pk")[:MOVEMENTS_SHOWN]
            ]
            if saved.tracks_stock
            else [],
        }
    return context


def _movement(movement: StockMovement, unit: str, units: Units) -> tuple[str, str, Any]:
    """(what happened, how much, when)."""
    sign = "+" if movement.delta_milli > 0 else MINUS
    return movement.get_reason_display(), f"{sign}{units.measured(abs(movement.delta_milli), unit)}", movement.at

"""The cart: what a customer is about to order. One per party, kept in the customer's session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from accounts.models import Party
from accounts.money import line_amount
from accounts.money import quantity as show_quantity
from catalog.models import Item, Order
from catalog.orders import MAX_LINES, MAX_QUANTITY_MILLI

KEY = "cart"


def read(request: Any) -> dict[int, int]:
    """Item id -> thousandths, in the order of adding."""
    kept = request.session.get(KEY, {}).get(str(request.party.pk), {})
    return {int(pk): milli for pk, milli in kept.items()}


def write(request: Any, quantities: Mapping[int, int]) -> None:
    """Keep these quantities (0 leaves an item out); at most as many lines as an order may have."""
    carts = request.session.get(KEY, {})
    kept = {str(pk): min(milli, MAX_QUANTITY_MILLI) for pk, milli in quantities.items() if milli > 0}
    carts[str(request.party.pk)] = dict(list(kept.items())[:MAX_LINES])
    request.session[KEY] = carts


def put(request: Any, item: Item, milli: int, *, add: bool = False) -> None:
    """Set an item's quantity, or add to it."""
    quantities = read(request)
    quantities[item.pk] = milli + (quantities.get(item.pk, 0) if add else 0)
    write(request, quantities)


@dataclass(frozen=True, slots=True)
class Line:
    """One item in the cart with today's price. `short_milli`: how much is left when that is less than wanted."""

    item: Item
    quantity_milli: int
    amount_paise: int
    short_milli: int | None

    @property
    def quantity(self) -> str:
        return show_quantity(self.quantity_milli, grouping=False)


@dataclass(frozen=True, slots=True)
class Cart:
    """What is in the cart today; `gone` counts items that are not sold any more and were left out."""

    lines: list[Line]
    total_paise: int
    gone: int


def today(request: Any) -> Cart:
    """The cart with today's items and prices: one query."""
    quantities = read(request)
    found = Item.objects.in_store().filter(business=request.business, pk__in=quantities).select_related("category")
    items = {item.pk: item for item in found} if quantities else {}
    lines = [_line(items[pk], milli) for pk, milli in quantities.items() if pk in items]
    return Cart(lines, sum(line.amount_paise for line in lines), len(quantities) - len(lines))


def _line(item: Item, milli: int) -> Line:
    left = item.available_milli
    short = left if left is not None and left < milli else None
    return Line(item, milli, line_amount(milli, item.unit_price_e4), short)


def room_paise(party: Party) -> int | None:
    """What the credit limit leaves after the balance and what is ordered but not billed; None without a limit."""
    if party.credit_limit_paise is None:
        return None
    balance = getattr(party, "balance", None)
    waiting = Order.objects.waiting().filter(business_id=party.business_id, party=party)
    ordered = waiting.aggregate(sum=Sum("total_paise"))["sum"] or 0
    return party.credit_limit_paise - (balance.paise if balance else 0) - ordered

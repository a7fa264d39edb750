"""The cart: what a customer is about to order. One per party, kept in the customer's session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import Party
from accounts.money import line_amount, rupees
from catalog.models import Item, Order, OrderLine
from catalog.orders import MAX_LINES, MAX_QUANTITY_MILLI, OrderRefused
from ledger import estimates
from ledger.models import Invoice

KEY = "cart"


def read(request: Any) -> dict[int, int]:
    """Item id -> thousandths, in the order of adding."""
    kept = request.session.get(KEY, {}).get(str(request.party.pk), {})
    return {int(pk): milli for pk, milli in kept.items()}


def write(request: Any, quantities: Mapping[int, int]) -> None:
    """Keep these quantities (0 leaves an item out). Raises OrderRefused for more than one order may hold."""
    kept = {str(pk): milli for pk, milli in quantities.items() if milli > 0}
    if len(kept) > MAX_LINES:
        raise OrderRefused(
            _("An order holds at most %(most)s different goods. Order these first.") % {"most": MAX_LINES}
        )
    if max(kept.values(), default=0) > MAX_QUANTITY_MILLI:
        raise OrderRefused(_("This is too much to order online. Please call the shop."))
    request.session[KEY] = request.session.get(KEY, {}) | {str(request.party.pk): kept}


def put(request: Any, item: Item, milli: int, *, add: bool = False) -> None:
    """Set an item's quantity, or add to it. Raises OrderRefused."""
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


@dataclass(frozen=True, slots=True)
class Cart:
    """What is in the cart today; `gone` counts items that are not sold any more and were left out.

    `bill_paise` is about what its bill will be, GST and rounding included.
    """

    lines: list[Line]
    total_paise: int
    bill_paise: int
    gone: int

    @property
    def quantities(self) -> dict[int, int]:
        return {line.item.pk: line.quantity_milli for line in self.lines}


def today(request: Any) -> Cart:
    """The cart with today's items and prices: one query."""
    quantities = read(request)
    found = Item.objects.in_store().filter(business=request.business, pk__in=quantities)
    items = {item.pk: item for item in found} if quantities else {}
    lines = [_line(items[pk], milli) for pk, milli in quantities.items() if pk in items]
    bill = estimates.of_items(request.business, request.party, [(line.item, line.quantity_milli) for line in lines])
    return Cart(lines, sum(line.amount_paise for line in lines), bill, len(quantities) - len(lines))


def _line(item: Item, milli: int) -> Line:
    left = item.available_milli
    short = left if left is not None and left < milli else None
    return Line(item, milli, line_amount(milli, item.unit_price_e4), short)


def room_paise(party: Party) -> int | None:
    """What the credit limit leaves after the balance and what is ordered, with GST; None without a limit."""
    if party.credit_limit_paise is None:
        return None
    balance = getattr(party, "balance", None)
    return party.credit_limit_paise - (balance.paise if balance else 0) - _waiting_paise(party) - _drafted_paise(party)


def _waiting_paise(party: Party) -> int:
    """About what the orders that the shop has not answered yet will be billed at: one query."""
    waiting = OrderLine.objects.filter(
        business_id=party.business_id, order__party=party, order__status=Order.Status.PLACED
    )
    by_order: dict[int, list[OrderLine]] = {}
    for line in waiting.select_related("item"):
        by_order.setdefault(line.order_id, []).append(line)
    return sum(estimates.of_order(party.business, party, lines) for lines in by_order.values())


def _drafted_paise(party: Party) -> int:
    """Orders that are being billed: their drafts stand in no book yet."""
    drafts = Invoice.objects.filter(
        business_id=party.business_id, party=party, status=Invoice.Status.DRAFT, order__isnull=False
    )
    return drafts.aggregate(sum=Sum("total_paise"))["sum"] or 0


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit limit and what a cart takes of it; `used` and `reached` are percents of the limit, before and after."""

    limit: str
    taken: str
    cart: str
    room: str
    left: str
    is_beyond: bool
    used: int
    reached: int


def credit_of(party: Party, bill_paise: int) -> Credit | None:
    """The meter of a cart with this bill; None without a limit."""
    limit, room = party.credit_limit_paise, room_paise(party)
    if limit is None or room is None:
        return None
    left = room - bill_paise
    return Credit(
        limit=rupees(limit),
        taken=rupees(max(limit - room, 0)),
        cart=rupees(bill_paise),
        room=rupees(max(room, 0)),
        left=rupees(abs(left)),
        is_beyond=left < 0,
        used=_percent(limit - room, limit),
        reached=_percent(limit - left, limit),
    )


def _percent(part: int, whole: int) -> int:
    """Between 0 and 100; all of nothing is taken."""
    return min(max(round(100 * part / whole), 0), 100) if whole else 100

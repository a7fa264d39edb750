"""Stock: each change is a movement and one conditional UPDATE, so that counts cannot drift or oversell."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from accounts import activity
from accounts.models import Business, User
from catalog.models import Item, StockMovement

Reason = StockMovement.Reason


def move(
    business: Business, changes: Iterable[tuple[int, int]], reason: StockMovement.Reason, subject: tuple[str, str]
) -> None:
    """Change the stock of counted items: (item id, thousandths). Items that are not counted are passed over.

    A merchant may bill more than was counted (the count is wrong, not the sale), so stock may fall below zero here;
    what customers order is guarded by `reserve`. Runs in the caller's transaction; items are locked in id order.
    """
    deltas: dict[int, int] = defaultdict(int)
    for item_id, delta in changes:
        deltas[item_id] += delta
    counted = (
        Item.objects.select_for_update().filter(business=business, pk__in=deltas, tracks_stock=True).order_by("pk")
    )
    movements = []
    for item in counted:
        if delta := deltas[item.pk]:
            Item.objects.filter(pk=item.pk).update(stock_milli=F("stock_milli") + delta)
            movements.append(
                StockMovement(
                    business=business,
                    item=item,
                    delta_milli=delta,
                    reason=reason,
                    subject_kind=subject[0],
                    subject_id=subject[1],
                )
            )
    StockMovement.objects.bulk_create(movements)


def reserve(item: Item, quantity_milli: int) -> bool:
    """Keep stock for an order; False when there is not enough left. Items that are not counted always succeed."""
    if not item.tracks_stock:
        return True
    enough = Item.objects.filter(pk=item.pk, stock_milli__gte=F("reserved_milli") + quantity_milli)
    return enough.update(reserved_milli=F("reserved_milli") + quantity_milli) == 1


def reserve_what_is_left(item_id: int, quantity_milli: int) -> int:
    """Keep as much of `quantity_milli` as there is; returns how much. Nothing for items that are not counted."""
    item = Item.objects.select_for_update(of=("self",)).get(pk=item_id)
    kept = min(item.available_milli or 0, quantity_milli)
    if kept:
        Item.objects.filter(pk=item_id).update(reserved_milli=F("reserved_milli") + kept)
    return kept


def release(item_id: int, quantity_milli: int) -> None:
    """Give back what an order had kept."""
    if quantity_milli:
        Item.objects.filter(pk=item_id).update(reserved_milli=F("reserved_milli") - quantity_milli)


@transaction.atomic
def count(item: Item, counted_milli: int, by: User) -> int:
    """Somebody has counted the shelf: stock becomes what was counted, by a movement. Returns the difference.

    Counting begins the keeping of stock for an item that had none. Raises ValueError for a negative count.
    """
    if counted_milli < 0:
        raise ValueError("nobody counts less than nothing")
    item = Item.objects.select_for_update(of=("self",)).select_related("business").get(pk=item.pk)
    if not item.tracks_stock:
        Item.objects.filter(pk=item.pk).update(tracks_stock=True)
    difference = counted_milli - item.stock_milli
    if difference:
        move(item.business, [(item.pk, difference)], Reason.COUNTED, ("user", str(by.pk)))
    activity.record(item.business, by, "counted", ("item", str(item.pk)), difference_milli=difference)
    return difference

"""Orders of customers in the online store: placing keeps stock, so that nothing is sold twice."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import activity, changes, notices
from accounts.models import Business, Notice, Party, User
from accounts.money import MAX_PAISE, line_amount, rupees
from catalog import stock
from catalog.models import Item, Order, OrderLine, Storefront
from catalog.units import Units, is_broken

MAX_LINES = 200
MAX_QUANTITY_MILLI = 100_000_000


class OrderRefused(Exception):
    """The order cannot be placed or answered like this; the message is for people."""


def store_of(business: Business) -> Storefront:
    return Storefront.objects.get_or_create(business=business)[0]


def store_shown(business: Business) -> Storefront:
    """The store's settings for reading: pages that are only looked at make no row."""
    return Storefront.objects.filter(business=business).first() or Storefront(business=business)


@transaction.atomic
def change_store(business: Business, by: User, *, is_open: bool, minimum_order_paise: int) -> None:
    """Keep how the store is open."""
    store = store_of(business)
    Storefront.objects.filter(pk=store.pk).update(is_open=is_open, minimum_order_paise=minimum_order_paise)
    activity.record(business, by, "store_opened" if is_open else "store_closed", ("business", str(business.pk)))


@transaction.atomic
def place(
    party: Party,
    by: User,
    quantities: Mapping[int, int],
    *,
    note: str = "",
    seen_total_paise: int | None = None,
    room_paise: int | None = None,
    bill_paise: int | None = None,
) -> Order:
    """Place an order: item id -> thousandths. Prices are today's; `room_paise` is what the credit limit leaves.

    `bill_paise` is about what the bill will be with GST, which is what the limit must hold (None: as the total).
    `seen_total_paise` is the total the customer agreed to: when prices have changed since, nothing is placed.
    Raises OrderRefused; then nothing is kept.
    """
    party = (
        Party.objects.select_for_update(no_key=True)
        .select_related(None)
        .get(business_id=party.business_id, pk=party.pk)
    )
    business = party.business
    store = Storefront.objects.select_for_update().get(pk=store_of(business).pk)
    wanted = {pk: milli for pk, milli in quantities.items() if milli > 0}
    if not store.is_open:
        raise OrderRefused(_("The store is closed at the moment."))
    if not wanted:
        raise OrderRefused(_("Your cart is empty."))
    if len(wanted) > MAX_LINES or max(wanted.values()) > MAX_QUANTITY_MILLI:
        raise OrderRefused(_("This order is too large to place online. Please call the shop."))
    items = list(
        Item.objects.in_store().select_for_update(of=("self",)).filter(business=business, pk__in=wanted).order_by("pk")
    )
    if len(items) != len(wanted):
        raise OrderRefused(_("An item in your cart is not sold any more. Please look at your cart again."))
    _refuse_broken(items, wanted)
    amounts = {item.pk: line_amount(wanted[item.pk], item.unit_price_e4) for item in items}
    total = sum(amounts.values())
    if total > MAX_PAISE:
        raise OrderRefused(_("This order is too large to place online. Please call the shop."))
    if seen_total_paise is not None and seen_total_paise != total:
        raise OrderRefused(_("Prices have changed since you looked. Please check your cart and order again."))
    if total < store.minimum_order_paise:
        raise OrderRefused(_("The smallest order is %(amount)s.") % {"amount": rupees(store.minimum_order_paise)})
    if room_paise is not None:
        _refuse_beyond(room_paise, total if bill_paise is None else bill_paise)
    order = Order.objects.create(
        business=business, party=party, number=store.next_order_number, note=note, total_paise=total, placed_by=by
    )
    Storefront.objects.filter(pk=store.pk).update(next_order_number=F("next_order_number") + 1)
    lines = []
    for position, item in enumerate(sorted(items, key=lambda item: list(wanted).index(item.pk)), start=1):
        if not stock.reserve(item, wanted[item.pk]):
            raise OrderRefused(
                _("Only %(quantity)s of %(item)s are left. Please change your cart.")
                % {"quantity": Units().measured(item.available_milli or 0, item.unit), "item": item.name}
            )
        lines.append(
            OrderLine(
                business=business,
                order=order,
                item=item,
                position=position,
                description=item.name,
                unit=item.unit,
                quantity_milli=wanted[item.pk],
                reserved_milli=wanted[item.pk] if item.tracks_stock else 0,
                unit_price_e4=item.unit_price_e4,
                price_includes_tax=item.price_includes_tax,
                gst_rate_bp=item.gst_rate_bp,
                amount_paise=amounts[item.pk],
            )
        )
    OrderLine.objects.bulk_create(lines)
    activity.record(business, by, "placed", ("order", str(order.pk)), number=order.display_number)
    changes.note(business.pk, party.pk, changes.Kind.ORDER, order.public_id)
    notices.tell(
        party, Notice.Kind.ORDER, order.pk, ref=order.public_id, number=order.display_number, paise=order.total_paise
    )
    return order


def _refuse_broken(items: Iterable[Item], wanted: Mapping[int, int]) -> None:
    """What is counted is sold whole: no half packs."""
    broken = next((item for item in items if is_broken(wanted[item.pk], item.unit)), None)
    if broken:
        words = _("%(item)s: write a whole number of %(units)s. Please change your cart.")
        raise OrderRefused(words % {"item": broken.name, "units": Units().many(broken.unit)})


def _refuse_beyond(room_paise: int, bill_paise: int) -> None:
    if bill_paise <= room_paise:
        return
    words = _("This order of about %(bill)s goes beyond your credit limit; there is room for %(amount)s.")
    raise OrderRefused(words % {"bill": rupees(bill_paise), "amount": rupees(max(room_paise, 0))})


@transaction.atomic
def close(order: Order, status: Order.Status, by: User, answer: str = "") -> Order:
    """Answer an order (billed, declined) or take it back (cancelled); gives its stock back. Raises OrderRefused."""
    Party.objects.select_for_update(no_key=True).get(business_id=order.business_id, pk=order.party_id)
    order = Order.objects.select_for_update(of=("self",)).select_related("business").get(pk=order.pk)
    if order.status == status:
        return order
    if order.status != Order.Status.PLACED:
        raise OrderRefused(_("This order has been answered already."))
    for line in order.lines.order_by("item_id"):
        stock.release(line.item_id, line.reserved_milli)
    order.lines.update(reserved_milli=0)
    order.status, order.answer, order.answered_at = status, answer, timezone.now()
    order.save(update_fields=["status", "answer", "answered_at"])
    changes.note(order.business_id, order.party_id, changes.Kind.ORDER, order.public_id)
    activity.record(order.business, by, str(status), ("order", str(order.pk)), number=order.display_number)
    return order


@transaction.atomic
def reopen(order: Order, by: User) -> Order:
    """Let a billed order wait for an answer again (its bill was given up), keeping what is left of its stock.

    Others may have ordered or bought some of it meanwhile: then less is kept, and the merchant decides.
    """
    Party.objects.select_for_update(no_key=True).get(business_id=order.business_id, pk=order.party_id)
    order = Order.objects.select_for_update(of=("self",)).select_related("business").get(pk=order.pk)
    if order.status != Order.Status.BILLED:
        return order
    for line in order.lines.order_by("item_id"):
        line.reserved_milli = stock.reserve_what_is_left(line.item_id, line.quantity_milli)
        line.save(update_fields=["reserved_milli"])
    order.status, order.answer, order.answered_at = Order.Status.PLACED, "", None
    order.save(update_fields=["status", "answer", "answered_at"])
    changes.note(order.business_id, order.party_id, changes.Kind.ORDER, order.public_id)
    activity.record(order.business, by, "reopened", ("order", str(order.pk)), number=order.display_number)
    return order

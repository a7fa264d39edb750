"""Keeping an item: its category by name, its picture, its first count."""

from django.db import IntegrityError, transaction

from accounts import activity
from accounts.images import Encoded, keep
from accounts.models import Business, User
from catalog import stock
from catalog.models import Category, Item


class CodeTaken(Exception):
    """Another item of the business got this code meanwhile."""


def category_named(business: Business, name: str) -> Category | None:
    """The category of this name in any case, made when there is none; None for no name."""
    name = " ".join(name.split())
    if not name:
        return None
    found = Category.objects.filter(business=business, name__iexact=name).first()
    if found:
        return found
    try:
        with transaction.atomic():
            return Category.objects.create(business=business, name=name)
    except IntegrityError:
        return Category.objects.get(business=business, name__iexact=name)


def save(
    item: Item,
    by: User,
    *,
    category: str,
    picture: Encoded | None = None,
    without_picture: bool = False,
    counted_milli: int | None = None,
) -> Item:
    """Save a new or changed item. `counted_milli` is the first count of one that keeps stock. Raises CodeTaken."""
    try:
        with transaction.atomic():
            is_new = item.pk is None
            old_picture = item.image
            item.category = category_named(item.business, category)
            if picture:
                item.image = keep(item.business, picture)
            elif without_picture:
                item.image = None
            _write(item, is_new)
            if old_picture and item.image != old_picture:
                old_picture.delete()
            activity.record(item.business, by, "added" if is_new else "changed", ("item", str(item.pk)))
            if counted_milli:
                stock.count(item, counted_milli, by)
            return item
    except IntegrityError as error:
        if Item.objects.filter(business=item.business, code=item.code).exclude(pk=item.pk).exists():
            raise CodeTaken from error
        raise


def _write(item: Item, is_new: bool) -> None:
    # Stock is written by catalog.stock only: a form open for an hour must not set it back.
    kept_elsewhere = {"id", "public_id", "business", "stock_milli", "reserved_milli", "created_at"}
    if is_new:
        item.save(force_insert=True)
    else:
        item.save(update_fields=[field.name for field in item._meta.fields if field.name not in kept_elsewhere])

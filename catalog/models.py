"""WHAT is sold: categories, items, stock movements, orders."""

from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Image, Party
from accounts.models.ids import PublicIdField
from accounts.validators import validate_hsn
from accounts.walls import tenant_key

# UQC (unit quantity code) of the GST returns -> what people say.
UNITS = [
    ("PCS", _("pcs")),
    ("KGS", _("kg")),
    ("GMS", _("g")),
    ("LTR", _("litre")),
    ("MLT", _("ml")),
    ("MTR", _("m")),
    ("BOX", _("box")),
    ("BAG", _("bag")),
    ("BTL", _("bottle")),
    ("CTN", _("carton")),
    ("DOZ", _("dozen")),
    ("PAC", _("pack")),
    ("SET", _("set")),
    ("NOS", _("nos")),
    ("OTH", _("other")),
]


class Storefront(models.Model):
    """The online store's settings of one business, and the counter of its order numbers."""

    business = models.OneToOneField(Business, models.CASCADE, related_name="storefront")
    is_open = models.BooleanField(_("customers can order online"), default=True)
    minimum_order_paise = models.BigIntegerField(_("smallest order"), default=0)
    next_order_number = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(name="smallest_order_is_not_negative", condition=Q(minimum_order_paise__gte=0)),
        ]


class Category(models.Model):
    business = models.ForeignKey(Business, models.CASCADE, related_name="categories")
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(name="category_in_business", fields=["business", "id"]),
            models.UniqueConstraint("business", Lower("name"), name="category_name_once_per_business"),
        ]

    def __str__(self) -> str:
        return self.name


class ItemQuerySet(models.QuerySet["Item"]):
    def in_store(self) -> Self:
        """What customers may see and order."""
        return self.filter(is_active=True, in_store=True)

    def low(self) -> Self:
        """Counted items of which as little is left as their own mark says, or less."""
        return self.filter(tracks_stock=True, stock_milli__lte=F("reserved_milli") + F("low_milli"))

    def search(self, text: str) -> Self:
        return self.filter(Q(name__icontains=text) | Q(code__istartswith=text) | Q(hsn__startswith=text))


class Item(models.Model):
    """Goods or a service. Price is without tax unless `price_includes_tax`."""

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.CASCADE, related_name="items")
    category = models.ForeignKey(Category, models.SET_NULL, null=True, blank=True, related_name="items")
    name = models.CharField(_("name"), max_length=200)
    code = models.CharField(_("your own code"), max_length=40, blank=True)
    description = models.CharField(_("description"), max_length=500, blank=True)
    hsn = models.CharField(_("HSN/SAC"), max_length=8, blank=True, validators=[validate_hsn])
    unit = models.CharField(_("unit"), max_length=3, choices=UNITS, default="PCS")
    unit_price_e4 = models.BigIntegerField(_("price"))
    price_includes_tax = models.BooleanField(_("price includes GST"), default=False)
    gst_rate_bp = models.PositiveSmallIntegerField(_("GST rate"), default=0)
    cess_rate_bp = models.PositiveIntegerField(_("cess rate"), default=0)
    cess_per_unit_e4 = models.BigIntegerField(_("cess per unit"), default=0)
    tracks_stock = models.BooleanField(_("keep count of stock"), default=False)
    stock_milli = models.BigIntegerField(_("in stock"), default=0, editable=False)
    reserved_milli = models.BigIntegerField(_("ordered, not billed"), default=0, editable=False)
    low_milli = models.BigIntegerField(_("low stock"), default=5_000)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    in_store = models.BooleanField(_("show in the online store"), default=True)
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ItemQuerySet] = ItemQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["business", "name"], name="item_by_name")]
        constraints = [
            models.UniqueConstraint(name="item_in_business", fields=["business", "id"]),
            models.UniqueConstraint(name="one_item_per_code", fields=["business", "code"], condition=~Q(code="")),
            models.CheckConstraint(name="item_price_is_not_negative", condition=Q(unit_price_e4__gte=0)),
            models.CheckConstraint(name="item_rate_is_at_most_100_percent", condition=Q(gst_rate_bp__lte=10000)),
            models.CheckConstraint(
                name="item_cess_is_at_most_1000_percent",
                condition=Q(cess_rate_bp__lte=100_000, cess_per_unit_e4__gte=0),
            ),
            models.CheckConstraint(name="reserved_is_not_negative", condition=Q(reserved_milli__gte=0)),
            models.CheckConstraint(name="low_stock_is_not_negative", condition=Q(low_milli__gte=0)),
            tenant_key("item_category_of_same_business", "category_id", "catalog_category"),
            tenant_key("item_image_of_same_business", "image_id", "accounts_image"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def available_milli(self) -> int | None:
        """What can still be ordered (thousandths), None when stock is not counted."""
        return max(self.stock_milli - self.reserved_milli, 0) if self.tracks_stock else None

    @property
    def letter(self) -> str:
        """What stands for an item without a picture: the first letter of its name; "" for a name without letters."""
        return next((character.upper() for character in self.name if character.isalpha()), "")


class StockMovement(models.Model):
    """Why an item's stock changed; the sum over an item is its `stock_milli`. Append-only by trigger."""

    class Reason(models.TextChoices):
        COUNTED = "counted", _("Counted")
        SOLD = "sold", _("Sold")
        RETURNED = "returned", _("Returned")
        CANCELLED = "cancelled", _("Bill cancelled")

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, models.PROTECT, related_name="movements", db_constraint=False)
    delta_milli = models.BigIntegerField()
    reason = models.CharField(max_length=10, choices=Reason)
    subject_kind = models.CharField(max_length=20, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["business", "item", "-id"], name="movements_of_item")]
        constraints = [
            tenant_key("movement_of_item_of_same_business", "item_id", "catalog_item"),
            models.CheckConstraint(name="movement_moves_something", condition=~Q(delta_milli=0)),
        ]


class OrderQuerySet(models.QuerySet["Order"]):
    def waiting(self) -> Self:
        """Placed and not yet answered by the merchant."""
        return self.filter(status=Order.Status.PLACED)


class Order(models.Model):
    """What a customer asked for in the online store. Prices are those of the moment of placing."""

    class Status(models.TextChoices):
        PLACED = "placed", _("Placed")
        BILLED = "billed", _("Billed")
        DECLINED = "declined", _("Declined")
        CANCELLED = "cancelled", _("Cancelled by customer")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.CASCADE, related_name="orders")
    party = models.ForeignKey(Party, models.PROTECT, related_name="orders", db_constraint=False)
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PLACED)
    note = models.CharField(_("note for the shop"), max_length=300, blank=True)
    answer = models.CharField(_("reason"), max_length=300, blank=True)
    total_paise = models.BigIntegerField(validators=[MinValueValidator(0)])
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    objects: ClassVar[OrderQuerySet] = OrderQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["business", "-id"], name="orders_of_business"),
            models.Index(fields=["business", "party", "-id"], name="orders_of_party"),
        ]
        constraints = [
            models.UniqueConstraint(name="order_number_once_per_business", fields=["business", "number"]),
            models.UniqueConstraint(name="order_in_business", fields=["business", "id"]),
            models.CheckConstraint(name="order_total_is_not_negative", condition=Q(total_paise__gte=0)),
            tenant_key("order_of_party_of_same_business", "party_id", "accounts_party"),
        ]

    def __str__(self) -> str:
        return self.display_number

    @property
    def display_number(self) -> str:
        return f"ORD-{self.number:05d}"


class OrderLine(models.Model):
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", db_constraint=False)
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", db_constraint=False)
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=200)
    unit = models.CharField(max_length=3, choices=UNITS)
    quantity_milli = models.BigIntegerField()
    reserved_milli = models.BigIntegerField(default=0)
    unit_price_e4 = models.BigIntegerField()
    price_includes_tax = models.BooleanField()
    gst_rate_bp = models.PositiveSmallIntegerField()
    amount_paise = models.BigIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            tenant_key("line_of_order_of_same_business", "order_id", "catalog_order"),
            tenant_key("order_line_item_of_same_business", "item_id", "catalog_item"),
            models.UniqueConstraint(name="an_item_once_per_order", fields=["order", "item"]),
            models.CheckConstraint(name="ordered_quantity_is_positive", condition=Q(quantity_milli__gt=0)),
            models.CheckConstraint(
                name="reserved_at_most_what_was_ordered",
                condition=Q(reserved_milli__gte=0, reserved_milli__lte=F("quantity_milli")),
            ),
            models.CheckConstraint(
                name="order_line_amount_is_not_negative", condition=Q(amount_paise__gte=0, unit_price_e4__gte=0)
            ),
        ]

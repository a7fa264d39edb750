"""The operator looks; merchants keep their own catalogue."""

from django.contrib import admin

from accounts.admin import LookOnly
from catalog.models import Category, Item, Order, OrderLine, StockMovement, Storefront


@admin.register(Item)
class ItemAdmin(LookOnly):
    list_display = ("name", "business", "category", "unit", "tracks_stock", "stock_milli", "in_store", "is_active")
    list_select_related = ("business", "category")
    search_fields = ("name", "=code", "public_id", "business__name")
    exclude = ("image",)


@admin.register(Category)
class CategoryAdmin(LookOnly):
    list_display = ("name", "business")
    list_select_related = ("business",)
    search_fields = ("name", "business__name")


@admin.register(StockMovement)
class StockMovementAdmin(LookOnly):
    list_display = ("at", "business", "item", "delta_milli", "reason", "subject_kind", "subject_id")
    list_filter = ("reason",)
    list_select_related = ("business", "item")
    search_fields = ("item__name", "business__name")


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    can_delete = False
    extra = 0
    exclude = ("business",)


@admin.register(Order)
class OrderAdmin(LookOnly):
    list_display = ("display_number", "business", "party", "status", "total_paise", "placed_at", "answered_at")
    list_filter = ("status",)
    list_select_related = ("business", "party")
    search_fields = ("public_id", "party__name", "business__name")
    inlines = (OrderLineInline,)


@admin.register(Storefront)
class StorefrontAdmin(LookOnly):
    list_display = ("business", "is_open", "minimum_order_paise", "next_order_number")
    list_select_related = ("business",)
    search_fields = ("business__name", "business__slug")

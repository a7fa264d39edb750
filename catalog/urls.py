from django.urls import path

from catalog.views import items, orders, store

app_name = "catalog"
urlpatterns = [
    path("items/", items.item_list, name="item_list"),
    path("items/new/", items.item_new, name="item_new"),
    path("items/<slug:item>/", items.item, name="item"),
    path("items/<slug:item>/stock/", items.item_stock, name="item_stock"),
    path("pictures/<slug:image>", items.item_image, name="item_image"),
    path("orders/", orders.order_list, name="order_list"),
    path("orders/<slug:order>/", orders.order, name="order"),
    path("orders/<slug:order>/decline/", orders.order_decline, name="order_decline"),
    path("store/", store.store_settings, name="store_settings"),
]

"""The customer's addresses: shared links, the way in, and one party's pages."""

from django.urls import path

from portal.views import account, cart, ledger, links, login, orders, profile, store, verifying

app_name = "portal"
urlpatterns = [
    path("i/<str:token>", links.invoice, name="invoice_link"),
    path("i/<str:token>/pdf", links.invoice_pdf, name="invoice_link_pdf"),
    path("i/<str:token>/logo", links.logo, name="invoice_link_logo"),
    path("i/<str:token>/opened", links.opened, name="invoice_opened"),
    path("i/<str:token>/login", links.invoice_login, name="invoice_login"),
    path("p/<str:token>", links.portal, name="portal_link"),
    path("v/<str:token>", verifying.verify, name="verify"),
    path("portal/", account.chooser, name="chooser"),
    path("portal/login/", login.login, name="login"),
    path("portal/code/", login.code, name="code"),
    path("portal/logout/", login.logout, name="logout"),
    path("portal/logout/everywhere/", profile.sign_out_everywhere, name="sign_out_everywhere"),
    path("portal/welcome/", login.consent, name="consent"),
    path("portal/<slug:party>/", account.dashboard, name="dashboard"),
    path("portal/<slug:party>/logo", account.logo, name="logo"),
    path("portal/<slug:party>/invoices/", account.invoices, name="invoices"),
    path("portal/<slug:party>/invoices/<slug:invoice>/", account.invoice, name="invoice"),
    path("portal/<slug:party>/invoices/<slug:invoice>/pdf", account.invoice_pdf, name="invoice_pdf"),
    path("portal/<slug:party>/ledger/", ledger.ledger, name="ledger"),
    path("portal/<slug:party>/store/", store.store, name="store"),
    path("portal/<slug:party>/store/cart/", cart.cart, name="cart"),
    path("portal/<slug:party>/store/cart/<slug:item>/", cart.cart_line, name="cart_line"),
    path("portal/<slug:party>/store/checkout/", cart.checkout, name="checkout"),
    path("portal/<slug:party>/store/<slug:item>/image", store.item_image, name="item_image"),
    path("portal/<slug:party>/orders/", orders.orders, name="orders"),
    path("portal/<slug:party>/orders/<slug:order>/", orders.order, name="order"),
    path("portal/<slug:party>/orders/<slug:order>/cancel/", orders.order_cancel, name="order_cancel"),
    path("portal/<slug:party>/orders/<slug:order>/again/", orders.order_reorder, name="order_reorder"),
    path("portal/<slug:party>/profile/", profile.profile, name="profile"),
]

"""The merchant's desk: /m/<slug>/..."""

from django.urls import path

from ledger.views import adjustments, home, invoices, orders, parties, payments, sharing

app_name = "ledger"
urlpatterns = [
    path("", home.home, name="home"),
    path("parties/", parties.party_list, name="party_list"),
    path("parties/new/", parties.party_new, name="party_new"),
    path("parties/<slug:party>/", parties.party_page, name="party"),
    path("parties/<slug:party>/edit/", parties.party_edit, name="party_edit"),
    path("parties/<slug:party>/people/", parties.person_add, name="person_add"),
    path("parties/<slug:party>/people/remove/", parties.person_remove, name="person_remove"),
    path("parties/<slug:party>/sharing/", sharing.party_sharing, name="party_sharing"),
    path("parties/<slug:party>/sessions/end/", sharing.party_end_sessions, name="party_end_sessions"),
    path("parties/<slug:party>/share/", sharing.party_share, name="party_share"),
    path("invoices/", invoices.invoice_list, name="invoice_list"),
    path("invoices/new/", invoices.invoice_new, name="invoice_new"),
    path("invoices/preview/", invoices.invoice_preview, name="invoice_preview"),
    path("invoices/items/", invoices.invoice_items, name="invoice_items"),
    path("invoices/<slug:invoice>/", invoices.invoice_page, name="invoice"),
    path("invoices/<slug:invoice>/edit/", invoices.invoice_edit, name="invoice_edit"),
    path("invoices/<slug:invoice>/issue/", invoices.invoice_issue, name="invoice_issue"),
    path("invoices/<slug:invoice>/discard/", invoices.invoice_discard, name="invoice_discard"),
    path("invoices/<slug:invoice>/cancel/", invoices.invoice_cancel, name="invoice_cancel"),
    path("invoices/<slug:invoice>/share/", sharing.invoice_share, name="invoice_share"),
    path("invoices/<slug:invoice>/pdf", invoices.invoice_pdf, name="invoice_pdf"),
    path("payments/", payments.payment_list, name="payment_list"),
    path("payments/new/", payments.payment_new, name="payment_new"),
    path("payments/<slug:payment>/", payments.payment_page, name="payment"),
    path("payments/<slug:payment>/settle/", payments.payment_settle, name="payment_settle"),
    path("payments/<slug:payment>/cancel/", payments.payment_cancel, name="payment_cancel"),
    path("adjustments/<slug:adjustment>/", adjustments.adjustment_page, name="adjustment"),
    path("links/<slug:link>/revoke/", sharing.link_revoke, name="link_revoke"),
    path("orders/<slug:order>/bill/", orders.order_bill, name="order_bill"),
]

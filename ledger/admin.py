"""The operator looks at the book and never writes in it: entries and issued documents do not change, by nobody."""

from django.contrib import admin

from accounts.admin import LookOnly
from ledger.models import (
    Allocation,
    Entry,
    Invoice,
    InvoiceLine,
    LinkOpen,
    OpenItem,
    PartyBalance,
    Payment,
    Series,
    ShareLink,
)


class InvoiceLineInline(admin.TabularInline):
    model = InvoiceLine
    fk_name = "invoice"
    can_delete = False
    extra = 0
    exclude = ("business",)


@admin.register(Invoice)
class InvoiceAdmin(LookOnly):
    list_display = ("number", "kind", "status", "business", "party", "issued_on", "due_on", "total_paise")
    list_filter = ("kind", "status")
    list_select_related = ("business", "party")
    search_fields = ("number", "public_id", "=reference", "party__name", "business__name")
    exclude = ("seller", "buyer")  # whole numbers and bank accounts
    inlines = (InvoiceLineInline,)


@admin.register(Payment)
class PaymentAdmin(LookOnly):
    list_display = ("number", "direction", "mode", "status", "business", "party", "paid_on", "amount_paise")
    list_filter = ("direction", "mode", "status")
    list_select_related = ("business", "party")
    search_fields = ("number", "public_id", "=reference", "party__name", "business__name")


@admin.register(Entry)
class EntryAdmin(LookOnly):
    list_display = ("dated_on", "business", "party", "kind", "debit_paise", "credit_paise", "posted_at")
    list_filter = ("kind",)
    list_select_related = ("business", "party")
    search_fields = ("party__name", "business__name", "=invoice__number", "=payment__number")


@admin.register(OpenItem)
class OpenItemAdmin(LookOnly):
    list_display = ("dated_on", "due_on", "business", "party", "side", "total_paise", "settled_paise")
    list_filter = ("side",)
    list_select_related = ("business", "party")
    search_fields = ("party__name", "business__name", "=invoice__number", "=payment__number")


@admin.register(Allocation)
class AllocationAdmin(LookOnly):
    list_display = ("allocated_at", "business", "party", "amount_paise")
    list_select_related = ("business", "party")
    search_fields = ("party__name", "business__name")


@admin.register(PartyBalance)
class PartyBalanceAdmin(LookOnly):
    list_display = ("party", "business", "debit_paise", "credit_paise")
    list_select_related = ("business", "party")
    search_fields = ("party__name", "business__name")


@admin.register(Series)
class SeriesAdmin(LookOnly):
    list_display = ("business", "kind", "financial_year", "pattern", "next_number", "is_default")
    list_filter = ("kind", "financial_year")
    list_select_related = ("business",)
    search_fields = ("business__name", "business__slug")


@admin.register(ShareLink)
class ShareLinkAdmin(LookOnly):
    """`key` is what a link's token is made of, and so it is not shown."""

    list_display = ("public_id", "kind", "business", "party", "created_at", "expires_at", "revoked_at")
    list_filter = ("kind",)
    list_select_related = ("business", "party")
    search_fields = ("public_id", "party__name", "business__name")
    exclude = ("key",)


@admin.register(LinkOpen)
class LinkOpenAdmin(LookOnly):
    list_display = ("at", "business", "link", "event", "device")
    list_filter = ("event",)
    list_select_related = ("business", "link")
    search_fields = ("business__name", "link__public_id")

"""What a payment, a credit note or an adjustment settles, chosen anew; and what else a payment's pages need."""

from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import MerchantRequest, business_page
from accounts.idempotency import earlier, once, typed
from accounts.models import Party
from accounts.money import rupees
from ledger import posting
from ledger.listing import address_of, day
from ledger.models import Adjustment, Allocation, Invoice, OpenItem, Payment
from ledger.posting import PostingRefused
from ledger.settling_forms import SettlesForm

Document = Payment | Invoice | Adjustment


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def payment_settles(request: MerchantRequest, payment: str) -> HttpResponse:
    received = request.business.payments.filter(direction=Payment.Direction.RECEIVED)
    return _settles(request, get_object_or_404(_with_item(received), public_id=payment))


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def credit_settles(request: MerchantRequest, invoice: str) -> HttpResponse:
    notes = request.business.invoices.filter(kind=Invoice.Kind.CREDIT_NOTE).exclude(status=Invoice.Status.DRAFT)
    return _settles(request, get_object_or_404(_with_item(notes), public_id=invoice))


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def adjustment_settles(request: MerchantRequest, adjustment: str) -> HttpResponse:
    lowering = request.business.adjustments.filter(side=Adjustment.Side.CREDIT)
    return _settles(request, get_object_or_404(_with_item(lowering), public_id=adjustment))


def _with_item(documents: Any) -> Any:
    return documents.select_related("party", "open_item")


def _settles(request: MerchantRequest, document: Document) -> HttpResponse:
    document.business = document.party.business = request.business
    back = address_of(document, request.business.slug)
    if document.status == "cancelled":
        messages.error(request, _("It is cancelled and settles nothing."))
        return redirect(back)
    if request.method == "POST" and _done(request, document):
        return redirect(back)
    form = _form(request, document)
    if request.method == "POST" and form.is_valid() and _settle(request, document, form):
        return redirect(back)
    return _page(request, document, form, 400 if request.method == "POST" else 200)


def _form(request: MerchantRequest, document: Document) -> SettlesForm:
    rows = Allocation.objects.filter(business=request.business, credit=document.open_item)
    now = {row.debit_id: row for row in rows.select_related(*(f"debit__{name}" for name in OpenItem.SOURCES))}
    still_open = [item for item in posting.open_debits(document.party) if item.pk not in now]
    return SettlesForm(
        request.POST or None,
        bills=[*(row.debit for row in now.values()), *still_open],
        now={pk: row.amount_paise for pk, row in now.items()},
        total_paise=document.open_item.total_paise,
    )


def _said(request: MerchantRequest, document: Document) -> dict[str, Any]:
    return typed(request.POST) | {"document": document}


def _done(request: MerchantRequest, document: Document) -> bool:
    """Whether this very form has been acted on: what it chose stands already."""
    key = request.POST.get("form_key", "").replace("\x00", "")
    return bool(earlier(request.business, request.user, "settles", key, _said(request, document)))


def _settle(request: MerchantRequest, document: Document, form: SettlesForm) -> bool:
    def act() -> str:
        posting.reallocate(document, form.shares(), request.user)
        return document.public_id

    try:
        said = _said(request, document)
        _id, first = once(request.business, request.user, "settles", form.cleaned_data["form_key"], said, act)
    except PostingRefused as error:
        form.add_error(None, str(error))
        return False
    if first:
        messages.success(request, _("Saved."))
    return True


def _page(request: MerchantRequest, document: Document, form: SettlesForm, status: int) -> HttpResponse:
    context = {
        "section": {"Payment": "payments", "Invoice": "invoices"}.get(type(document).__name__, "adjustments"),
        "document": document,
        "back": address_of(document, request.business.slug),
        "party": document.party,
        "total": rupees(form.total_paise),
        "form": form,
        "rows": [
            {
                "title": str(item.document),
                "note": day(item.due_on),
                "room": rupees(form.room(item)),
                "field": bound,
            }
            for item, bound in form.rows()
        ],
    }
    return render(request, "ledger/settles.html", context, status=status)


# --- for the pages of payments ------------------------------------------------------------------------------


def free_credit(party: Party) -> int:
    """What of the party's payments, credit notes and other credits settles nothing yet: what can be paid back."""
    free = OpenItem.objects.filter(
        business_id=party.business_id,
        party=party,
        side=OpenItem.Side.CREDIT,
        open_paise__gt=0,
    ).aggregate(paise=Sum("open_paise", default=0))
    return int(free["paise"])


def tds_rows(payment: Payment, slug: str) -> list[dict[str, Any]]:
    """The tax that the party kept back from a payment: one query."""
    return [
        {
            "href": reverse("ledger:adjustment", kwargs={"slug": slug, "adjustment": tds.public_id}),
            "number": tds.number,
            "amount": rupees(tds.amount_paise),
            "is_cancelled": tds.status == Adjustment.Status.CANCELLED,
        }
        for tds in payment.adjustments.order_by("pk")
    ]

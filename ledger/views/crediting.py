"""A credit note from an issued invoice: whole or by line, with its total before it is issued."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import MerchantRequest, business_page
from accounts.idempotency import earlier, once, typed
from accounts.money import rupees
from ledger import billing, crediting, paper
from ledger.credit_forms import CreditForm
from ledger.crediting import CreditRefused
from ledger.models import Invoice
from ledger.numbering import SeriesFull
from ledger.posting import PostingRefused


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def invoice_credit(request: MerchantRequest, invoice: str) -> HttpResponse:
    """`do` is check (show the total, issue nothing) or issue; ?from= is the first line of a page of a long bill."""
    found = issued(request, invoice)
    if public_id := _made(request, found):
        return redirect("ledger:invoice", slug=request.business.slug, invoice=public_id)
    left = crediting.left_of(found) if found.status == Invoice.Status.ISSUED else []
    if not crediting.everything(left):
        messages.error(request, _("Nothing of this invoice is left to credit."))
        return redirect("ledger:invoice", slug=request.business.slug, invoice=found.public_id)
    form = CreditForm(request.POST or None, original=found, left=left, start=_start(request))
    if request.method != "POST":
        return _page(request, found, form)
    right = form.is_valid()
    if request.POST.get("do") != "issue":
        status = 200 if right or "X-Preview" in request.headers else 400
        return _page(request, found, form, status)
    if right and (public_id := _issue(request, found, form)):
        return redirect("ledger:invoice", slug=request.business.slug, invoice=public_id)
    return _page(request, found, form, 400)


def issued(request: MerchantRequest, public_id: str) -> Invoice:
    """An invoice of this business with party and open item; 404 for drafts and credit notes."""
    found = get_object_or_404(
        request.business.invoices.invoices().exclude(status=Invoice.Status.DRAFT).select_related("party", "open_item"),
        public_id=public_id,
    )
    found.business = found.party.business = request.business
    return found


def _start(request: MerchantRequest) -> int:
    first = request.GET.get("from", "")
    return int(first) if len(first) < 6 and first.isascii() and first.isdecimal() else 0


def _said(request: MerchantRequest, invoice: Invoice) -> dict[str, Any]:
    return typed(request.POST) | {"invoice": invoice.pk}


def _made(request: MerchantRequest, invoice: Invoice) -> Any:
    """The credit note that this very form has made already: what it took is not left any more."""
    if request.POST.get("do") != "issue":
        return None
    key = request.POST.get("form_key", "").replace("\x00", "")
    return earlier(request.business, request.user, "invoice-credit", key, _said(request, invoice))


def _issue(request: MerchantRequest, invoice: Invoice, form: CreditForm) -> str:
    """The public id of the credit note; "" when it was refused, with the reason on the form."""
    data = form.cleaned_data

    def act() -> str:
        note = billing.credit(invoice, form.wants(), request.user, issued_on=data["issued_on"], reason=data["reason"])
        return note.public_id

    try:
        said = _said(request, invoice)
        public_id, first = once(request.business, request.user, "invoice-credit", data["form_key"], said, act)
    except (CreditRefused, PostingRefused, SeriesFull) as error:
        form.add_error(None, str(error))
        return ""
    if first:
        messages.success(request, _("The credit note is issued. Share it now."))
    return str(public_id)


def _page(request: MerchantRequest, invoice: Invoice, form: CreditForm, status: int = 200) -> HttpResponse:
    context = {
        "section": "invoices",
        "invoice": invoice,
        "party": invoice.party,
        "form": form,
        "rows": form.rows(),
        "sum": sum_of(invoice, form) if form.is_bound else None,
        "left_total": rupees(invoice.total_paise - crediting.credited(invoice)),
        "lines_total": len(form.all_left),
    }
    template = "ledger/invoice_credit.html" + ("#sum" if "X-Preview" in request.headers else "")
    return render(request, template, context, status=status)


def sum_of(invoice: Invoice, form: CreditForm) -> dict[str, Any] | None:
    """The totals of the credit note as the form stands; None while it is not right."""
    if set(form.errors) - {"reason", "form_key"}:
        return None
    try:
        note, lines = billing.credit_sketch(
            invoice, form.all_left, form.wants(), issued_on=form.cleaned_data["issued_on"]
        )
    except CreditRefused as error:
        return {"problem": str(error)}
    taxed = invoice.seller.get("scheme") == "regular"
    due = min(note.total_paise, invoice.due_paise)
    return {
        "rows": paper.tax_rows(note, taxed),
        "total": rupees(note.total_paise),
        "off_the_bill": rupees(due) if due else "",
        "advance": rupees(note.total_paise - due) if note.total_paise > due else "",
        "count": len(lines),
    }

"""Cancelling a document: ask why, then reverse its entry; the same for invoices, payments and adjustments."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.access import MerchantRequest
from accounts.idempotency import once
from accounts.models import User
from ledger.forms import ReasonForm
from ledger.listing import address_of
from ledger.models import Adjustment, Invoice, Payment
from ledger.posting import PostingRefused

STANDING = {Invoice.Status.ISSUED, Payment.Status.RECORDED, Adjustment.Status.RECORDED}


def answer[Document: (Invoice, Payment, Adjustment)](
    request: MerchantRequest,
    document: Document,
    cancel: Callable[[Document, User, str], object],
    said: str,
    context: dict[str, Any],
) -> HttpResponse:
    """The page that asks why, and its POST by `cancel`; `said` is what became of what the document had settled.

    The template is <model>_cancel.html, and `context` what it shows besides the document, its party and the form.
    """
    form = ReasonForm(request.POST or None)
    page = redirect(address_of(document, request.business.slug))
    if request.method != "POST" and document.status not in STANDING:
        return page
    if request.method == "POST" and form.is_valid():
        try:
            first = _once(request, document, form, cancel)
        except PostingRefused as error:
            form.add_error(None, str(error))
        else:
            if first:
                messages.success(request, said)
            return page
    name = str(document._meta.model_name)
    context |= {name: document, "party": document.party, "form": form}
    return render(request, f"ledger/{name}_cancel.html", context, status=400 if request.method == "POST" else 200)


def _once[Document: (Invoice, Payment, Adjustment)](
    request: MerchantRequest, document: Document, form: ReasonForm, cancel: Callable[[Document, User, str], object]
) -> bool:
    key, reason = form.cleaned_data["form_key"], form.cleaned_data["reason"]

    def act() -> str:
        cancel(document, request.user, reason)
        return document.public_id

    contents = {"document": document, "reason": reason}
    return once(request.business, request.user, f"{document._meta.model_name}-cancel", key, contents, act)[1]

"""Correcting an issued invoice by a new one: the invoice editor, with why and how the old one goes."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import MerchantRequest, business_page
from accounts.idempotency import earlier, once, typed
from ledger import amending, billing
from ledger.amending import AmendForm
from ledger.credit_limits import Question
from ledger.crediting import CreditRefused
from ledger.editor import Editor
from ledger.line_forms import BLANK_LINES, MAX_LINES
from ledger.models import Invoice
from ledger.views.crediting import issued
from ledger.views.invoices import REFUSALS, button, editor_context


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def invoice_amend(request: MerchantRequest, invoice: str) -> HttpResponse:
    found = issued(request, invoice)
    if public_id := _made(request, found):
        return redirect("ledger:invoice", slug=request.business.slug, invoice=public_id)
    if words := _stops(found):
        messages.error(request, words)
        return redirect("ledger:invoice", slug=request.business.slug, invoice=found.public_id)
    if request.method != "POST":
        return _page(request, amending.editor_for(found), amending.form_for(found))
    editor = Editor(request.business, found.party, request.POST, found)
    if (do := button(request)) != "issue":
        unbound = AmendForm(initial={name: request.POST.get(name, "") for name in AmendForm.base_fields})
        blank = BLANK_LINES if do == "more" else 2
        live = "X-Preview" in request.headers
        return _page(request, editor if live else editor.with_more_lines(request.POST, blank), unbound)
    amend = amending.form_for(found, request.POST)
    right = all([editor.is_valid() and editor.has_hsn(), amend.is_valid()])
    asked = editor.question(request.POST.get("sure", "")) if right else None
    if right and not asked and (public_id := _replace(request, found, editor, amend)):
        return redirect("ledger:invoice", slug=request.business.slug, invoice=public_id)
    return _page(request, editor, amend, 400, asked)


def _stops(invoice: Invoice) -> str:
    """Why this invoice cannot be corrected in the editor; "" when it can."""
    if invoice.status != Invoice.Status.ISSUED:
        return _("Only an issued invoice can be corrected.")
    if invoice.credit_notes.filter(status=Invoice.Status.ISSUED).exists():
        return _("A part of this invoice is credited. Credit the rest of it, and write a new invoice.")
    if invoice.lines.filter(position__gt=MAX_LINES).exists():
        words = _(
            "This invoice has more than %(n)d lines, which the editor cannot hold. Credit the lines that are wrong."
        )
        return words % {"n": MAX_LINES}
    return ""


def _said(request: MerchantRequest, invoice: Invoice) -> dict[str, Any]:
    return typed(request.POST) | {"invoice": invoice.pk}


def _made(request: MerchantRequest, invoice: Invoice) -> Any:
    """The invoice that this very form has issued already: the old one is not what it was."""
    if button(request) != "issue":
        return None
    key = request.POST.get("form_key", "").replace("\x00", "")
    return earlier(request.business, request.user, "invoice-amend", key, _said(request, invoice))


def _replace(request: MerchantRequest, invoice: Invoice, editor: Editor, amend: AmendForm) -> str:
    """The public id of the new invoice; "" when it was refused, with the reason on the form."""
    reason, by_credit_note = amend.cleaned_data["reason"], amend.cleaned_data["way"] == AmendForm.CREDIT

    def act() -> str:
        new = billing.amend(invoice, editor.draft(), request.user, reason=reason, by_credit_note=by_credit_note)
        return new.public_id

    try:
        key = editor.head.cleaned_data["form_key"]
        public_id, first = once(request.business, request.user, "invoice-amend", key, _said(request, invoice), act)
    except (*REFUSALS, CreditRefused) as error:
        editor.head.add_error(None, str(error))
        return ""
    if first:
        messages.success(request, _("The new invoice is issued. Share it now."))
    return str(public_id)


def _page(
    request: MerchantRequest, editor: Editor, amend: AmendForm, status: int = 200, asked: Question | None = None
) -> HttpResponse:
    context = editor_context(request, editor) | {"amend": amend, "asked": asked}
    if "X-Preview" in request.headers:
        return render(request, "ledger/invoice_edit.html#totals", context)
    return render(request, "ledger/invoice_amend.html", context, status=status)

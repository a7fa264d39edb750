"""Promise to pay: for one invoice or the whole balance, from the portal and from the link of one invoice."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits
from accounts.idempotency import earlier, once, typed
from accounts.india import today
from accounts.money import plain, rupees
from ledger import promises
from ledger.models import Invoice, Promise, ShareLink
from ledger.promises import PromiseRefused
from portal import talks
from portal.access import PortalRequest, page, party_page
from portal.promise_forms import PromiseForm
from portal.views.account import balance_of
from portal.views.links import link_page
from portal.views.paying import named_invoice

HOUR = 60 * 60
MOST_TRIES_AN_HOUR = 30  # through one link
SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@party_page(money=True)
def promise(request: PortalRequest) -> HttpResponse:
    """Promise what is due on ?invoice=, or of the balance; below it what was promised before."""
    invoice = named_invoice(request)
    last_day = promises.last_day(request.business)
    if request.method == "POST":
        form = PromiseForm(request.POST, last_day=last_day)
        if _made(request, form, invoice):
            messages.success(request, _("Promised. The shop sees it, and reminds you no sooner."))
            return redirect(_here(request, invoice))
        return _page(request, form, invoice, status=400)
    return _page(request, _fresh(promises.due_of(request.party, invoice), last_day), invoice)


def _fresh(due: int, last_day: dt.date) -> PromiseForm:
    """All that is due, in a week."""
    in_a_week = min(today() + dt.timedelta(days=7), last_day)
    return PromiseForm(initial={"amount": plain(due), "promised_on": in_a_week}, last_day=last_day)


def _here(request: PortalRequest, invoice: Invoice | None) -> str:
    query = {"invoice": invoice.public_id} if invoice else None
    return reverse("portal:promise", kwargs={"party": request.party.public_id}, query=query)


def _page(request: PortalRequest, form: PromiseForm, invoice: Invoice | None, status: int = 200) -> HttpResponse:
    due = promises.due_of(request.party, invoice)
    found = promises.of_party(request.party)
    if invoice:
        found = found.filter(invoice=invoice)
    history = [talks.promised(one) for one in promises.with_paid(found)[:SHOWN]]
    subject = invoice and invoice.pk
    standing = next((one for one in history if one.stands and one.invoice_id == subject), None)
    context = {
        "form": form,
        "invoice": invoice,
        "balance": balance_of(request.party),
        "due": rupees(due) if due > 0 else "",
        "can_promise": due > 0 and request.business.promise_days,
        "standing": standing,
        "history": [one for one in history if one is not standing],
    }
    return page(request, "portal/promise.html", "home", context, status=status)


def _made(request: PortalRequest, form: PromiseForm, invoice: Invoice | None) -> bool:
    """Whether it stands, now or since the first time; else the form says why not."""
    said = typed(request.POST) | {"party": request.party.pk, "invoice": invoice and invoice.pk}
    key = request.POST.get("form_key", "").replace("\x00", "")
    if earlier(request.business, request.user, "promise", key, said):
        return True
    if not form.is_valid():
        return False
    data = form.cleaned_data

    def act() -> str:
        return promises.make(
            request.party,
            request.user,
            amount_paise=data["amount"],
            promised_on=data["promised_on"],
            note=data["note"],
            invoice=invoice,
        ).public_id

    try:
        once(request.business, request.user, "promise", data["form_key"], said, act)
    except PromiseRefused as refused:
        form.add_error(refused.field, str(refused))
        return False
    return True


@require_POST
@party_page(money=True)
def promise_withdraw(request: PortalRequest, promise: str) -> HttpResponse:
    """Take back what was promised: the shop may remind again."""
    found = get_object_or_404(Promise, business=request.business, party=request.party, public_id=promise)
    try:
        promises.withdraw(found, request.user)
    except PromiseRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Taken back. The shop does not wait for that day any more."))
    return redirect(_here(request, found.invoice))


# --- behind the link of one invoice -------------------------------------------------------------------------


@csrf_exempt  # the address itself is the capability; the page has neither cookie nor session
@require_http_methods(["GET", "HEAD", "POST"])
@link_page(ShareLink.Kind.INVOICE)
def promise_by_link(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """Whoever holds the link promises for that invoice; they see its promise and no other paper."""
    invoice = link.invoice
    assert invoice is not None, "an invoice link has an invoice"
    if invoice.kind != Invoice.Kind.INVOICE:
        raise Http404
    last_day, status = promises.last_day(link.business), 200
    form = _fresh(invoice.due_paise, last_day)
    if request.method == "POST":
        form = PromiseForm(request.POST, last_day=last_day)
        if not (status := _made_by_link(form, link, invoice)):
            query = {"lang": request.GET["lang"]} if "lang" in request.GET else None
            return redirect(reverse("portal:promise_link", kwargs={"token": token}, query=query))
    context: dict[str, Any] = {
        "business": link.business,
        "invoice": invoice,
        "token": token,
        "form": form,
        "due": rupees(invoice.due_paise) if invoice.due_paise else "",
        "can_promise": invoice.due_paise > 0 and link.business.promise_days,
        "standing": _standing(invoice),
    }
    return render(request, "portal/promise_link.html", context, status=status)


def _made_by_link(form: PromiseForm, link: ShareLink, invoice: Invoice) -> int:
    """0 when it stands; else the status of the page that says why not."""
    limits.hit("link-promises", str(link.pk), most=MOST_TRIES_AN_HOUR, seconds=HOUR)
    if not form.is_valid():
        return 400
    data = form.cleaned_data
    try:
        promises.make(
            link.party,
            None,
            amount_paise=data["amount"],
            promised_on=data["promised_on"],
            note=data["note"],
            invoice=invoice,
            link=link,
            form_key=data["form_key"],
        )
    except promises.FormReused:
        form.add_error(None, _("This form was sent before with something else in it. Open the page again."))
        return 422
    except PromiseRefused as refused:
        form.add_error(refused.field, str(refused))
        return 400
    return 0


def _standing(invoice: Invoice) -> talks.Promised | None:
    """What stands for this invoice: how much and by when, and not who said it."""
    found = Promise.objects.filter(
        business_id=invoice.business_id, party_id=invoice.party_id, invoice=invoice, status=Promise.Status.MADE
    )
    one = promises.with_paid(found).select_related("invoice", "made_by").first()
    return talks.promised(one) if one else None

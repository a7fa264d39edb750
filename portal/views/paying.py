"""Paying from the portal: how much and how, and “I have paid” until the shop has answered."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import images, limits
from accounts.idempotency import earlier, once
from accounts.money import plain, rupees
from ledger import claims, paper, paying, statements
from ledger.claims import ClaimRefused
from ledger.models import Invoice, PaymentClaim
from portal import told
from portal.access import PortalRequest, page, party_page
from portal.paying_forms import AmountForm, ClaimForm
from portal.views.account import Balance, balance_of, scoped_invoices

DAY = 24 * 60 * 60
MOST_CLAIMS_A_DAY = 20


# --- how much, and how --------------------------------------------------------------------------------------


@require_safe
@party_page(money=True)
def pay(request: PortalRequest) -> HttpResponse:
    """UPI and bank details for all that is owed or for ?amount=, with what it closes; one invoice says its own."""
    balance = balance_of(request.party)
    context: dict[str, Any] = {"balance": balance}
    form = AmountForm(
        request.GET if "amount" in request.GET else None, initial={"amount": plain(max(balance.paise, 0))}
    )
    if form.is_bound and not form.is_valid():
        context |= {"form": form, "wrong": form.errors["amount"]}
    else:
        context |= {"form": form} | _chosen(request, balance, form)
    if "X-Preview" in request.headers:
        return page(request, "portal/pay.html#ways", "home", context)
    context["open"] = open_now = statements.outstanding(request.party)
    context["overdue"] = plain(open_now.overdue_paise) if 0 < open_now.overdue_paise < balance.paise else ""
    context["told"] = told.waiting(request.party, balance.paise)
    return page(request, "portal/pay.html", "home", context, status=400 if "wrong" in context else 200)


def _chosen(request: PortalRequest, balance: Balance, form: AmountForm) -> dict[str, Any]:
    """What the chosen amount closes, and the ways to pay it; nothing at all when nothing is due."""
    if balance.paise <= 0:
        return {}
    amount = form.cleaned_data["amount"] if form.is_bound else balance.paise
    return _ways(request, amount) | {"plan": paying.plan(request.party, balance.paise, amount)}


def _ways(request: PortalRequest, amount: int) -> dict[str, Any]:
    ways = paper.ways_to_pay(request.business, amount, note=request.party.name)
    return {"pay": ways, "paid_url": paid_url(request, amount)}


def paid_url(request: PortalRequest, amount: int, invoice: Invoice | None = None) -> str:
    """“I have paid” with the amount (and the invoice) filled in."""
    query = ({"invoice": invoice.public_id} if invoice else {}) | ({"amount": plain(amount)} if amount > 0 else {})
    return reverse("portal:paid", kwargs={"party": request.party.public_id}, query=query)


def named_invoice(request: PortalRequest) -> Invoice | None:
    """The party's invoice that ?invoice= names; 404 for anything else."""
    public_id = request.GET.get("invoice", "")
    if not public_id or "\x00" in public_id:
        return None
    scope = scoped_invoices(request).filter(kind=Invoice.Kind.INVOICE).select_related("open_item")
    return get_object_or_404(scope, public_id=public_id)


# --- I have paid --------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@party_page(money=True)
def paid(request: PortalRequest) -> HttpResponse:
    """Tell the shop of a payment, for ?invoice= if one is named."""
    invoice = named_invoice(request)
    if request.method == "POST":
        return _tell(request, ClaimForm(request.POST, request.FILES), invoice)
    return _form_page(request, ClaimForm(initial=_initial(request, invoice)), invoice)


def _initial(request: PortalRequest, invoice: Invoice | None) -> dict[str, Any]:
    asked = AmountForm(request.GET)
    if asked.is_valid():
        more = {"reference": request.GET.get("reference", "")[:60], "paid_on": request.GET.get("on", "")[:10]}
        return {"amount": plain(asked.cleaned_data["amount"])} | {name: text for name, text in more.items() if text}
    return {"amount": plain(invoice.due_paise)} if invoice and invoice.due_paise else {}


def _form_page(
    request: PortalRequest, form: ClaimForm, invoice: Invoice | None, asked: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "invoice": invoice,
        "balance": balance_of(request.party),
        "asked": asked,
        "amount": rupees(form.cleaned_data["amount"]) if asked else "",
        "sure": form.cleaned_data["amount"] if asked else "",
        "told": None if form.is_bound else told.newest(request.party),
        # A browser keeps no file when the page comes back.
        "picture_again": bool(request.FILES),
    }
    return page(request, "portal/paid.html", "home", context, status=status)


def _tell(request: PortalRequest, form: ClaimForm, invoice: Invoice | None) -> HttpResponse:
    """Ask once more, tell the shop, or say what is wrong."""
    said = form.said(party=request.party.pk, invoice=invoice and invoice.pk)
    key = request.POST.get("form_key", "").replace("\x00", "")
    public_id = earlier(request.business, request.user, "claim", key, said)
    if not public_id:
        images.take_turn(request.FILES, str(request.party.pk))
    if not public_id and form.is_valid():
        asked = "" if request.POST.get("sure") == str(form.cleaned_data["amount"]) else _question(request, form)
        if asked:
            return _form_page(request, form, invoice, asked, status=400)
        public_id = _made(request, form, invoice, said)
    if public_id:
        return redirect("portal:claim", party=request.party.public_id, claim=public_id)
    return _form_page(request, form, invoice, status=400)


def _question(request: PortalRequest, form: ClaimForm) -> str:
    """What to ask of an amount beyond all that is due: most often a slip of the finger."""
    amount, due = form.cleaned_data["amount"], statements.outstanding(request.party).due_paise
    if amount <= due:
        return ""
    said = {"amount": rupees(amount), "due": rupees(due)}
    if not due:
        return _("Nothing is due now. Did you really pay %(amount)s?") % said
    return _("%(amount)s is more than the %(due)s that is due. Did you really pay so much?") % said


def _made(request: PortalRequest, form: ClaimForm, invoice: Invoice | None, said: dict[str, Any]) -> str:
    """The public id of the claim; "" when it was refused, with the reason on the form."""
    data = form.cleaned_data
    limits.hit("payment-claims", str(request.party.pk), most=MOST_CLAIMS_A_DAY, seconds=DAY)

    def act() -> str:
        return claims.make(
            request.party,
            request.user,
            amount_paise=data["amount"],
            mode=data["mode"],
            reference=data["reference"],
            paid_on=data["paid_on"],
            note=data["note"],
            picture=data["screenshot"],
            invoice=invoice,
        ).public_id

    try:
        public_id, first = once(request.business, request.user, "claim", data["form_key"], said, act)
    except ClaimRefused as refused:
        form.add_error("reference", _with_way(request, refused))
        return ""
    if first:
        messages.success(request, _("Told the shop. You see the answer here."))
    return str(public_id)


def _with_way(request: PortalRequest, refused: ClaimRefused) -> str:
    """What was refused, with the way to the earlier claim when there is one."""
    if not isinstance(refused.known, PaymentClaim):
        return str(refused)
    href = reverse("portal:claim", kwargs={"party": request.party.public_id, "claim": refused.known.public_id})
    return format_html('{} <a href="{}">{}</a>', str(refused), href, _("Look at it"))


# --- one claim ----------------------------------------------------------------------------------------------


def _claim(request: PortalRequest, public_id: str) -> PaymentClaim:
    return get_object_or_404(claims.of_party(request.party), public_id=public_id)


@require_safe
@party_page(money=True)
def claim(request: PortalRequest, claim: str) -> HttpResponse:
    found = _claim(request, claim)
    context = {
        "claim": found,
        "row": told.row(request.party, found),
        "balance": balance_of(request.party),
        "again": paid_url(request, found.amount_paise, found.invoice),
    }
    return page(request, "portal/claim.html", "home", context)


@require_POST
@party_page(money=True)
def claim_withdraw(request: PortalRequest, claim: str) -> HttpResponse:
    """Take back what the shop has not answered yet."""
    found = _claim(request, claim)
    try:
        claims.take_back(found, request.user)
    except ClaimRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Taken back. The shop does not wait for it any more."))
    return redirect("portal:claim", party=request.party.public_id, claim=found.public_id)


@require_safe
@party_page(money=True)
def claim_image(request: PortalRequest, claim: str) -> HttpResponse:
    """The screenshot, for the people of this party who see money."""
    found = get_object_or_404(claims.of_party(request.party).select_related("screenshot"), public_id=claim)
    if found.screenshot is None:
        raise Http404
    return images.answer_once(found.screenshot)

"""“I have paid” on the shop's side: what waits, one claim, accept, decline, its screenshot."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import images, paging
from accounts.access import MerchantRequest, business_page
from accounts.forms import DateField, OnceForm, RupeesField
from accounts.idempotency import earlier, once
from accounts.models import Business
from accounts.money import rupees
from ledger import advances, claims, posting
from ledger.claims import ClaimRefused
from ledger.forms import ReasonForm, SearchForm, check_day
from ledger.listing import address_of, balance_words, chips, day, net_balance
from ledger.models import OpenItem, Payment, PaymentClaim
from ledger.numbering import SeriesFull
from ledger.posting import PostingRefused

SHOW = [
    ("", gettext_lazy("Waiting")),
    ("accepted", gettext_lazy("Accepted")),
    ("declined", gettext_lazy("Declined")),
    ("all", gettext_lazy("All")),
]
CLOSED_SHOWN = 12
NEAR_DAYS = 7


class AcceptForm(OnceForm):
    """The money has come: as the customer says, or of another amount or day."""

    amount = RupeesField(label=gettext_lazy("What came"), required=False)
    paid_on = DateField(label=gettext_lazy("On which day"), required=False)

    def clean_amount(self) -> int | None:
        amount: int | None = self.cleaned_data["amount"]
        if amount == 0:
            raise forms.ValidationError(_("The amount must be more than zero."))
        return amount

    def clean_paid_on(self) -> dt.date | None:
        value = self.cleaned_data["paid_on"]
        return check_day(value) if value else None


class DeclineForm(ReasonForm):
    """Why the money is not found; the customer reads it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("Your customer reads it: say what to look at.")


# --- lists --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    href: str
    party: str
    amount: str
    note: str
    badge: str
    state: str


def rows(found: Iterable[PaymentClaim], slug: str) -> list[Row]:
    """Rows of claims read with party and payment."""
    made = []
    for claim in found:
        badge, state = _condition(claim)
        note = " · ".join(filter(None, (day(claim.paid_on), claim.get_mode_display(), claim.shown_reference)))
        href = reverse("ledger:claim", kwargs={"slug": slug, "claim": claim.public_id})
        made.append(Row(href, claim.party.name, rupees(claim.amount_paise), note, badge, state))
    return made


def _condition(claim: PaymentClaim) -> tuple[str, str]:
    badge, state = claims.condition(claim)
    return badge, _("Waiting for you") if claim.status == PaymentClaim.Status.PENDING else state


def waiting(business: Business) -> Any:
    """What waits for the shop's answer, the newest first."""
    found = business.claims.filter(status=PaymentClaim.Status.PENDING).select_related("party", "payment")
    return found.order_by("-pk")


@require_safe
@business_page
def claim_list(request: MerchantRequest) -> HttpResponse:
    search = SearchForm(request.GET, label=_("Party or reference"), choices=SHOW)
    found = request.business.claims.select_related("party", "payment")
    if search.chosen != "all":
        found = found.filter(status=search.chosen or PaymentClaim.Status.PENDING)
    if search.text:
        reference = claims.normalised(search.text)
        found = found.filter(Q(party__name__icontains=search.text) | Q(reference__icontains=reference))
    page = paging.page(found, request.GET, ("-pk",))
    context = {
        "section": "payments",
        "search": search,
        "chips": chips(request.GET, "show", SHOW, search.chosen),
        "page": page,
        "rows": rows(page.rows, request.business.slug),
        "is_filtered": bool(search.text or search.chosen),
    }
    return render(request, "ledger/claim_list.html", context)


# --- one claim ----------------------------------------------------------------------------------------------


def _claim(request: MerchantRequest, public_id: str) -> PaymentClaim:
    scope = request.business.claims.select_related("payment", "invoice", "claimed_by", "answered_by")
    found = get_object_or_404(scope, public_id=public_id)
    found.party = request.business.parties.annotate(net=net_balance()).get(pk=found.party_id)
    found.business = found.party.business = request.business
    return found


@require_safe
@business_page
def claim_page(request: MerchantRequest, claim: str) -> HttpResponse:
    return _page(request, _claim(request, claim))


def _page(request: MerchantRequest, claim: PaymentClaim, status: int = 200, **given: Any) -> HttpResponse:
    badge, state = _condition(claim)
    payment = claim.payment
    context = {
        "section": "payments",
        "claim": claim,
        "party": claim.party,
        "amount": rupees(claim.amount_paise),
        "badge": badge,
        "state": state,
        "balance_words": balance_words(claim.party.net),  # type: ignore[attr-defined]
        "teller": claim.claimed_by.name,
        "payment_url": address_of(payment, request.business.slug) if payment else "",
        "differs": payment and (payment.amount_paise, payment.paid_on) != (claim.amount_paise, claim.paid_on),
        "accept": AcceptForm(),
        "decline": DeclineForm(),
    }
    if claim.status == PaymentClaim.Status.PENDING:
        context |= _outlook(request, claim)
    return render(request, "ledger/claim.html", context | given, status=status)


def _outlook(request: MerchantRequest, claim: PaymentClaim) -> dict[str, Any]:
    """What accepting it would do, and payments in the book that may be the same money."""
    shares = claims.settles(claim, posting.open_debits(claim.party), claim.amount_paise)
    rest = claim.amount_paise - sum(share.amount_paise for share in shares)
    twin = claims.twin(claim)
    near = dt.timedelta(days=NEAR_DAYS)
    alike = request.business.payments.filter(
        party=claim.party,
        status=Payment.Status.RECORDED,
        direction=Payment.Direction.RECEIVED,
        amount_paise=claim.amount_paise,
        paid_on__range=(claim.paid_on - near, claim.paid_on + near),
        claim=None,
    )
    found = [] if twin else list(alike.order_by("-pk")[:3])
    slug = request.business.slug
    return {
        "closes": [
            (share.debit.document.number, rupees(share.amount_paise), _rest_of(share))
            for share in shares[:CLOSED_SHOWN]
        ],
        "more": max(0, len(shares) - CLOSED_SHOWN),
        "advance": rupees(rest) if rest else "",
        "twin": twin and (twin.number, address_of(twin, slug), rupees(twin.amount_paise), day(twin.paid_on)),
        "alike": [(payment.number, address_of(payment, slug), day(payment.paid_on)) for payment in found],
        "entered_on": "" if claims.day_of(claim) == claim.paid_on else day(claims.day_of(claim)),
    }


def _rest_of(share: posting.Share) -> str:
    rest = share.debit.total_paise - share.debit.settled_paise - share.amount_paise
    return rupees(rest) if rest else ""


@require_POST
@business_page
def claim_accept(request: MerchantRequest, claim: str) -> HttpResponse:
    """The money has come: one tap, or with what differs; asked once more when it is far more than is due."""
    found, form = _claim(request, claim), AcceptForm(request.POST)
    if not form.is_valid():
        return _page(request, found, 400, accept=form)
    said = {"claim": found.pk, "amount": form.cleaned_data["amount"], "paid_on": form.cleaned_data["paid_on"]}
    key, amount = form.cleaned_data["form_key"], form.cleaned_data["amount"] or found.amount_paise
    done = earlier(request.business, request.user, "claim-accept", key, said)
    if not done and found.status == PaymentClaim.Status.PENDING and request.POST.get("sure") != str(amount):
        asked = _question(request, found, amount)
        if asked:
            again = {"asked": asked, "sure": amount, "asked_amount": rupees(amount)}
            return _page(request, found, 400, accept=form, is_typed=bool(said["amount"] or said["paid_on"]), **again)
    try:
        first = _accept(request, found, form, said)
    except (ClaimRefused, PostingRefused, SeriesFull) as refused:
        form.add_error(None, str(refused))
        return _page(request, _claim(request, claim), 400, accept=form)
    if first:
        messages.success(request, _("Accepted: it is in the book, and your customer sees it."))
    return redirect("ledger:claim", slug=request.business.slug, claim=found.public_id)


def _accept(request: MerchantRequest, claim: PaymentClaim, form: AcceptForm, said: dict[str, Any]) -> bool:
    data = form.cleaned_data

    def act() -> str:
        return claims.accept(claim, request.user, amount_paise=data["amount"], paid_on=data["paid_on"]).public_id

    return once(request.business, request.user, "claim-accept", data["form_key"], said, act)[1]


def _question(request: MerchantRequest, claim: PaymentClaim, amount: int) -> str:
    """As for any payment (ledger.advances)."""
    debits = OpenItem.objects.filter(business=request.business, party=claim.party, side=OpenItem.Side.DEBIT)
    due = sum(debits.filter(open_paise__gt=0).values_list("open_paise", flat=True))
    direction = Payment.Direction.RECEIVED
    return advances.question(request.business, claim.party, direction, amount, due, min(amount, due))


@require_POST
@business_page
def claim_decline(request: MerchantRequest, claim: str) -> HttpResponse:
    found, form = _claim(request, claim), DeclineForm(request.POST)
    if not form.is_valid():
        return _page(request, found, 400, decline=form)
    why = form.cleaned_data["reason"]
    said, key = {"claim": found.pk, "reason": why}, form.cleaned_data["form_key"]

    def act() -> str:
        return claims.decline(found, request.user, why).public_id

    try:
        first = once(request.business, request.user, "claim-decline", key, said, act)[1]
    except ClaimRefused as refused:
        form.add_error(None, str(refused))
        return _page(request, _claim(request, claim), 400, decline=form)
    if first:
        messages.success(request, _("Declined. Your customer reads why."))
    return redirect("ledger:claim", slug=request.business.slug, claim=found.public_id)


@require_safe
@business_page
def claim_image(request: MerchantRequest, claim: str) -> HttpResponse:
    """The screenshot, for the people of this business."""
    found = get_object_or_404(request.business.claims.select_related("screenshot"), public_id=claim)
    if found.screenshot is None:
        raise Http404
    return images.answer_once(found.screenshot)

"""Pages behind a shared link: one invoice for whoever holds its link, and the portal's door.

Every address with a token goes through `link_page`: unknown 404, ended 410, whether page, PDF or report of an open.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import images, languages, limits, notices, otp
from accounts.models import LoginChallenge, Membership, Notice, Party, PartyPerson
from accounts.money import plain
from accounts.sessions import merchant_user_id
from ledger import fresh, links, paper, previews
from ledger.models import Invoice, LinkOpen, ShareLink
from ledger.views.papers import invoice_answer
from portal import access, live_links, typed
from portal.forms import NumberForm

HOUR = 60 * 60
MAX_OPENS_AN_HOUR = 60
DOOR = "door"
THEN = "then"  # what they came to do: PAID, or nothing in particular
PAID = "paid"


def link_page(kind: ShareLink.Kind, *, previewed: bool = False) -> Callable[..., Callable[..., HttpResponse]]:
    """Opens the link and calls the view with it, in the reader's language; GET changes nothing.

    `previewed`: messengers' robots fetch this page for a preview, which their log keeps (ledger.previews).
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def inner(request: HttpRequest, token: str, **more: str) -> HttpResponse:
            try:
                link = links.open_link(kind, token)
            except links.LinkUnknown as error:
                raise Http404 from error
            except links.LinkEnded as ended:
                return ended_page(request, ended.link)
            if link.invoice and link.invoice.status == Invoice.Status.DRAFT:
                raise Http404
            if previewed and request.method in ("GET", "HEAD"):
                previews.note(link, request.headers.get("User-Agent", ""))
            with translation.override(language_of(request, link.party)):
                return view(request, link, token, **more)

        return login_not_required(inner)

    return decorate


def ended_page(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """410 in the reader's language, with a button for a fresh link."""
    context = {"business": link.business, "fresh_url": f"{links.path(link)}/fresh", "ending": fresh.ending(link)}
    with translation.override(language_of(request, link.party)):
        return render(request, "410.html", context, status=410)


def language_of(request: HttpRequest, party: Party) -> str:
    """What the reader chose (in the address or by cookie), else what the shop chose for them, else the browser's."""
    known = dict(settings.LANGUAGES)
    for choice in (request.GET.get("lang", ""), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")):
        if choice in known:
            return choice
    return party.language if party.language != settings.LANGUAGE_CODE else translation.get_language() or "en"


@require_safe
@link_page(ShareLink.Kind.INVOICE, previewed=True)
def invoice(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    shared = link.invoice
    assert shared is not None, "an invoice link has an invoice"
    parts = shared.parts  # type: ignore[attr-defined]  # read with the link
    standing = paper.standing_of(shared, parts)
    return render(
        request,
        "portal/invoice_link.html",
        paper.context_of(shared)
        | {
            "business": link.business,
            "token": token,
            "standing": standing,
            "settlements": parts,
            "pay": paper.ways_to_pay(link.business, standing.due_paise, number=shared.number),
            "paid_url": paid_url(request, "portal:invoice_login", token),
            "can_promise": bool(link.business.promise_days and standing.due_paise),
            "live_since": live_links.mark(link),
            "live_streams": settings.LIVE_STREAMS,
        },
    )


def paid_url(request: HttpRequest, door_name: str, token: str) -> str:
    """Through the door of a link to “I have paid”, in the language that was chosen here."""
    chosen = {"lang": translation.get_language() or "en"} if "lang" in request.GET else {}
    return reverse(door_name, kwargs={"token": token}, query={"then": PAID} | chosen)


@require_safe
@link_page(ShareLink.Kind.INVOICE)
def invoice_pdf(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    assert link.invoice is not None, "an invoice link has an invoice"
    return invoice_answer(request, link.invoice, links.path(link))


@require_safe
@link_page(ShareLink.Kind.INVOICE)
def logo(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return logo_of(link)


def logo_of(link: ShareLink) -> HttpResponse:
    """The shop's logo, for whoever holds the link, as long as it works."""
    return images.answer(get_object_or_404(link.business.images, pk=link.business.logo_id))


@csrf_exempt  # the address itself is the capability, and the page that calls it has neither cookie nor session
@require_POST
@link_page(ShareLink.Kind.INVOICE)
def opened(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return note(request, link, LinkOpen.Event.OPENED)


@csrf_exempt  # as above
@require_POST
@link_page(ShareLink.Kind.INVOICE)
def saved(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return note(request, link, LinkOpen.Event.SAVED)


def note(request: HttpRequest, link: ShareLink, event: LinkOpen.Event) -> HttpResponse:
    """A person has the page before the eyes, or saves its PDF; the shop's own people do not count."""
    if not _is_of_the_shop(request, link):
        count, _wait = limits.count(f"link-{event}", str(link.pk), seconds=HOUR)
        if count <= MAX_OPENS_AN_HOUR:
            _record(request, link, event)
            if link.invoice and event == LinkOpen.Event.OPENED:
                ref, number = link.invoice.public_id, link.invoice.number
                notices.tell(link.party, Notice.Kind.OPENED, link.invoice.pk, ref=ref, number=number)
    return HttpResponse(status=204)


def _is_of_the_shop(request: HttpRequest, link: ShareLink) -> bool:
    user_id = merchant_user_id(request)
    if user_id is None:
        return False
    return Membership.objects.filter(business=link.business, user_id=user_id, is_active=True).exists()


def _record(request: HttpRequest, link: ShareLink, event: LinkOpen.Event) -> None:
    LinkOpen.objects.create(business=link.business, link=link, event=event, device=otp.device_summary(request))


@require_http_methods(["GET", "HEAD", "POST"])
@link_page(ShareLink.Kind.INVOICE)
def invoice_login(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return door(request, link, token)


@require_http_methods(["GET", "HEAD", "POST"])
@link_page(ShareLink.Kind.PORTAL, previewed=True)
def portal(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return door(request, link, token)


def door(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """Asks for the number and sends a code to it, if it is saved on a party of this business; the answer is the same."""
    then = request.GET.get("then", "")
    if person := access.person_at(request, link.party):
        return redirect(target_of(link, person, then))
    form = NumberForm(request.POST or None, initial={"phone": typed.lately(request)})
    if request.method == "POST" and form.is_valid():
        phone = form.cleaned_data["phone"]
        otp.start(
            request,
            LoginChallenge.Purpose.PORTAL,
            phone,
            is_known=access.saved_people(phone).filter(business=link.business).exists(),
            language=translation.get_language() or "en",
            door=str(link.business_id),
        )
        request.session[DOOR], request.session[THEN] = link.pk, then[:10]
        response = redirect("portal:code")
        # The pages to come know nothing of the party's language: they go on in the one of this page.
        languages.set_cookie(response, translation.get_language() or "en")
        typed.keep(response, phone)
        return response
    context: dict[str, Any] = {
        "business": link.business,
        "link": link,
        "token": token,
        "form": form,
    }
    return render(request, "portal/door.html", context, status=400 if form.is_bound else 200)


def target_of(link: ShareLink, person: PartyPerson, then: str = "") -> str:
    """Where a link leads somebody who is logged in and has access to its party; `then` PAID: to “I have paid”."""
    is_credit = link.invoice is not None and link.invoice.kind != Invoice.Kind.INVOICE
    if then == PAID and access.sees_money(person) and not is_credit:
        balance = getattr(link.party, "balance", None)
        owed = {"amount": plain(balance.paise)} if balance and balance.paise > 0 else None
        query = {"invoice": link.invoice.public_id} if link.invoice else owed
        return reverse("portal:paid", kwargs={"party": link.party.public_id}, query=query)
    if link.invoice and access.sees_money(person):
        return reverse("portal:invoice", kwargs={"party": link.party.public_id, "invoice": link.invoice.public_id})
    if link.payment and access.sees_money(person):
        return reverse("portal:receipt", kwargs={"party": link.party.public_id, "payment": link.payment.public_id})
    if link.starts_on and access.sees_money(person):
        query = {"start": str(link.starts_on), "end": str(link.ends_on)}
        return reverse("portal:ledger", kwargs={"party": link.party.public_id}, query=query)
    return reverse("portal:dashboard", kwargs={"party": link.party.public_id})


def door_link(request: HttpRequest) -> ShareLink | None:
    """The link at whose door this browser asked for a code; it may have ended meanwhile."""
    pk = request.session.get(DOOR)
    if pk is None:
        return None
    return ShareLink.objects.select_related("business", "party", "invoice", "payment").filter(pk=pk).first()


def record_login(request: HttpRequest, link: ShareLink) -> None:
    _record(request, link, LinkOpen.Event.LOGGED_IN)

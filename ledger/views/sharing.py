"""Sharing: the dialogs for an invoice and for a party's portal, links and their end."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import segno
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import parties
from accounts.access import MerchantRequest, business_page
from accounts.idempotency import once
from accounts.models import Message, Party
from accounts.phones import mask, pretty
from ledger import links, sharing
from ledger.forms import ChannelForm
from ledger.models import Invoice, ShareLink
from ledger.sharing import ShareRefused


@dataclass(frozen=True, slots=True)
class Channel:
    """One button of the dialog; `refused` says why it cannot be pressed."""

    key: str
    name: str
    refused: str


@dataclass(frozen=True, slots=True)
class Panel:
    """All that the share dialog shows of a live link; `best` is the first channel that has an address."""

    form: ChannelForm
    action: str
    text: str
    url: str
    wa_me: str
    phone: str
    masked: str
    channels: list[Channel]
    best: str
    qr: SafeString
    works_until: str
    revoke: str


def live_link(party: Party, invoice: Invoice | None) -> ShareLink | None:
    """The newest live link, made by a POST before; looking makes none."""
    kind = ShareLink.Kind.INVOICE if invoice else ShareLink.Kind.PORTAL
    found = ShareLink.objects.live().filter(business_id=party.business_id, party=party, kind=kind, invoice=invoice)
    return found.order_by("-id").first()


def panel_for(link: ShareLink, party: Party, invoice: Invoice | None, phone: str) -> Panel:
    """The dialog of a live link; asks no database."""
    link.business, link.party, link.invoice = party.business, party, invoice
    preview = sharing.preview(link, phone)
    channels = _channels(party, phone)
    slug = party.business.slug
    return Panel(
        form=ChannelForm(),
        action=share_url(slug, party, invoice),
        text=preview.text,
        url=preview.url,
        wa_me=preview.wa_me,
        phone=pretty(phone) if phone else "",
        masked=mask(phone) if phone else "",
        channels=channels,
        best=next((channel.key for channel in channels if not channel.refused), ""),
        qr=mark_safe(segno.make(preview.url, error="m").svg_inline(omitsize=True, border=2)),  # noqa: S308
        works_until=until(link.expires_at),
        revoke=reverse("ledger:link_revoke", kwargs={"slug": slug, "link": link.public_id}),
    )


def until(moment: dt.datetime | None) -> str:
    """How long a link works, in words."""
    if moment is None:
        return _("Works until you revoke it")
    return _("Works until %(day)s") % {"day": date_format(timezone.localtime(moment), "DATE_FORMAT")}


def _channels(party: Party, phone: str) -> list[Channel]:
    no_phone = "" if phone else _("no mobile number saved")
    no_email = "" if party.email else _("no e-mail address saved")
    return [
        Channel(Message.Channel.WHATSAPP, _("WhatsApp"), no_phone),
        Channel(Message.Channel.SMS, _("SMS"), no_phone),
        Channel(Message.Channel.EMAIL, _("E-mail"), no_email),
    ]


def share_url(slug: str, party: Party, invoice: Invoice | None) -> str:
    if invoice:
        return reverse("ledger:invoice_share", kwargs={"slug": slug, "invoice": invoice.public_id})
    return reverse("ledger:party_share", kwargs={"slug": slug, "party": party.public_id})


# --- dialogs ------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def invoice_share(request: MerchantRequest, invoice: str) -> HttpResponse:
    found = get_object_or_404(request.business.invoices.select_related("open_item"), public_id=invoice)
    party = _party(request, pk=found.party_id)
    found.business, found.party = request.business, party
    if request.method == "POST":
        return _act(request, party, found)
    return _show(request, party, found)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def party_share(request: MerchantRequest, party: str) -> HttpResponse:
    found = _party(request, public_id=party)
    if request.method == "POST":
        return _act(request, found, None)
    return _show(request, found, None)


def _party(request: MerchantRequest, **which: Any) -> Party:
    found = get_object_or_404(request.business.parties.with_contact(), **which)
    found.business = request.business
    return found


def _show(request: MerchantRequest, party: Party, invoice: Invoice | None, error: str = "") -> HttpResponse:
    phone = str(party.phone or "")  # type: ignore[attr-defined]
    link = live_link(party, invoice)
    slug = request.business.slug
    context = {
        "section": "invoices" if invoice else "parties",
        "party": party,
        "invoice": invoice,
        "panel": panel_for(link, party, invoice, phone) if link else None,
        "action": share_url(slug, party, invoice),
        "error": error,
    }
    return render(request, "ledger/share.html", context, status=400 if error else 200)


def _act(request: MerchantRequest, party: Party, invoice: Invoice | None) -> HttpResponse:
    """Make (or find) the link; with a channel, queue one message with it. Then back to the dialog."""
    form = ChannelForm(request.POST) if "channel" in request.POST else None
    if form and not form.is_valid():
        return _show(request, party, invoice, error=_("Choose WhatsApp, SMS or e-mail."))
    try:
        if form:
            data = form.cleaned_data
            once(
                request.business,
                request.user,
                f"share-{data['channel']}",
                data["form_key"],
                {"party": party.pk, "invoice": invoice and invoice.pk},
                lambda: sharing.send(sharing.link_for(party, invoice, request.user), data["channel"], request.user).pk,
            )
            messages.success(request, _("On its way. You see its state under Messages."))
        else:
            sharing.link_for(party, invoice, request.user)
    except ShareRefused as error:
        return _show(request, party, invoice, error=str(error))
    return redirect(share_url(request.business.slug, party, invoice))


# --- links and access ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkRow:
    title: str
    works_until: str
    opens: str
    revoke: str


def link_rows(found: Iterable[Any], slug: str) -> list[LinkRow]:
    """Live links annotated with `times` and `last_open`, as rows of the link cockpit."""
    rows = []
    for link in found:
        opens = _("Not opened yet")
        if link.times:
            last = date_format(timezone.localtime(link.last_open), "DATETIME_FORMAT")
            opens = _("Opened %(n)d×, last %(when)s") % {"n": link.times, "when": last}
        rows.append(
            LinkRow(
                title=_("Invoice %(number)s") % {"number": link.invoice.number} if link.invoice else _("Party portal"),
                works_until=until(link.expires_at),
                opens=opens,
                revoke=reverse("ledger:link_revoke", kwargs={"slug": slug, "link": link.public_id}),
            )
        )
    return rows


@require_POST
@business_page
def link_revoke(request: MerchantRequest, link: str) -> HttpResponse:
    found = get_object_or_404(
        ShareLink.objects.select_related("business", "party", "invoice"), business=request.business, public_id=link
    )
    links.revoke(found, request.user)
    messages.success(request, _("This link does not work any more."))
    slug = request.business.slug
    if found.invoice and request.POST.get("from") != "party":
        return redirect("ledger:invoice", slug=slug, invoice=found.invoice.public_id)
    return redirect("ledger:party", slug=slug, party=found.party.public_id)


@require_POST
@business_page
def party_sharing(request: MerchantRequest, party: str) -> HttpResponse:
    """`do` is stop or start."""
    found = _party(request, public_id=party)
    wish = request.POST.get("do")
    if wish not in ("stop", "start"):
        raise BadRequest("do is stop or start")
    parties.set_shared(found, wish == "start", request.user)
    if wish == "start":
        messages.success(request, _("You share this ledger again. Old links stay ended: send a fresh one."))
    else:
        messages.success(request, _("Sharing has stopped. All links and sessions of this party have ended."))
    return redirect("ledger:party", slug=request.business.slug, party=found.public_id)


@require_POST
@business_page
def party_end_sessions(request: MerchantRequest, party: str) -> HttpResponse:
    found = _party(request, public_id=party)
    parties.end_sessions(found, request.user)
    messages.success(request, _("Everybody of this party is signed out, and the old links have ended."))
    return redirect("ledger:party", slug=request.business.slug, party=found.public_id)

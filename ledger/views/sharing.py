"""Sharing: the dialogs for papers and for a party's portal, links and their end."""

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
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import gsm, parties
from accounts.access import MerchantRequest, business_page
from accounts.idempotency import once
from accounts.models import Message, Party
from accounts.phones import mask, pretty
from ledger import cockpit, links, sharing
from ledger.forms import ChannelForm, PeriodForm
from ledger.listing import address_of
from ledger.models import Invoice, Payment, ShareLink
from ledger.sharing import ShareRefused, Shown, live_link
from ledger.statement_paper import words_of


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
    sms: str
    url: str
    wa_me: str
    phone: str
    masked: str
    channels: list[Channel]
    best: str
    qr: SafeString
    works_until: str
    revoke: str


def panel_for(link: ShareLink, shown: Shown, phone: str) -> Panel:
    """The dialog of a live link; asks no database."""
    party = shown.party
    link.business, link.party, link.invoice, link.payment = party.business, party, shown.invoice, shown.payment
    preview = sharing.preview(link, phone)
    channels = _channels(party, phone)
    slug = party.business.slug
    return Panel(
        form=ChannelForm(),
        action=share_url(slug, shown),
        text=preview.text,
        sms=sms_words(preview.sms),
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


def sms_words(size: gsm.Size) -> str:
    """How long the text is as an SMS, and how many it is paid as."""
    parts = ngettext("%(n)d SMS", "%(n)d SMS", size.parts) % {"n": size.parts}
    return _("By SMS it has %(length)d letters: %(parts)s.") % {"length": size.length, "parts": parts}


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


def share_url(slug: str, shown: Shown) -> str:
    if shown.invoice:
        return reverse("ledger:invoice_share", kwargs={"slug": slug, "invoice": shown.invoice.public_id})
    if shown.payment:
        return reverse("ledger:receipt_share", kwargs={"slug": slug, "payment": shown.payment.public_id})
    where = {"slug": slug, "party": shown.party.public_id}
    if shown.period:
        days = {"start": str(shown.period.start), "end": str(shown.period.end)}
        return reverse("ledger:statement_share", kwargs=where, query=days)
    return reverse("ledger:party_share", kwargs=where)


# --- dialogs ------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def invoice_share(request: MerchantRequest, invoice: str) -> HttpResponse:
    found = get_object_or_404(request.business.invoices.select_related("open_item"), public_id=invoice)
    party = _party(request, pk=found.party_id)
    found.business, found.party = request.business, party
    return _answer(request, Shown(party, invoice=found))


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def receipt_share(request: MerchantRequest, payment: str) -> HttpResponse:
    found = get_object_or_404(request.business.payments.select_related("open_item"), public_id=payment)
    party = _party(request, pk=found.party_id)
    found.business, found.party = request.business, party
    return _answer(request, Shown(party, payment=found))


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def statement_share(request: MerchantRequest, party: str) -> HttpResponse:
    """The statement of the days in the query; days that make no sense are those of this financial year."""
    return _answer(request, Shown(_party(request, public_id=party), period=PeriodForm(request.GET).chosen()))


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def party_share(request: MerchantRequest, party: str) -> HttpResponse:
    return _answer(request, Shown(_party(request, public_id=party)))


def _answer(request: MerchantRequest, shown: Shown) -> HttpResponse:
    return _act(request, shown) if request.method == "POST" else _show(request, shown)


def _party(request: MerchantRequest, **which: Any) -> Party:
    found = get_object_or_404(request.business.parties.with_contact(), **which)
    found.business = request.business
    return found


SECTIONS = {ShareLink.Kind.INVOICE: "invoices", ShareLink.Kind.RECEIPT: "payments", ShareLink.Kind.STATEMENT: "reports"}


def _show(request: MerchantRequest, shown: Shown, error: str = "") -> HttpResponse:
    phone = str(shown.party.phone or "")  # type: ignore[attr-defined]
    link = live_link(shown)
    title, back, back_words = _heads(request.business.slug, shown)
    context = {
        "section": SECTIONS.get(shown.kind, "parties"),
        "party": shown.party,
        "invoice": shown.invoice,
        "is_portal": shown.kind == ShareLink.Kind.PORTAL,
        "is_statement": shown.kind == ShareLink.Kind.STATEMENT,
        "days": words_of(shown.period) if shown.period else "",
        "title": title,
        "back": back,
        "back_words": back_words,
        "panel": panel_for(link, shown, phone) if link else None,
        "action": share_url(request.business.slug, shown),
        "error": error,
    }
    return render(request, "ledger/share.html", context, status=400 if error else 200)


def _heads(slug: str, shown: Shown) -> tuple[str, str, str]:
    """The dialog's title, and where it came from with its name."""
    party, payment, invoice = shown.party, shown.payment, shown.invoice
    if invoice:
        title = _("Share credit note") if invoice.kind == Invoice.Kind.CREDIT_NOTE else _("Share invoice")
        return title, address_of(invoice, slug), invoice.number or _("Draft")
    if payment:
        paid_back = payment.direction == Payment.Direction.PAID
        return _("Share payment advice") if paid_back else _("Share receipt"), address_of(payment, slug), payment.number
    where = {"slug": slug, "party": party.public_id}
    if shown.period:
        days = {"start": str(shown.period.start), "end": str(shown.period.end)}
        return _("Share statement"), reverse("ledger:statement", kwargs=where, query=days), party.name
    return _("Share party portal"), reverse("ledger:party", kwargs=where), party.name


def _act(request: MerchantRequest, shown: Shown) -> HttpResponse:
    """Make (or find) the link; with a channel, queue one message with it. Then back to the dialog."""
    form = ChannelForm(request.POST) if "channel" in request.POST else None
    if form and not form.is_valid():
        return _show(request, shown, error=_("Choose WhatsApp, SMS or e-mail."))
    try:
        if form:
            data = form.cleaned_data
            once(
                request.business,
                request.user,
                f"share-{data['channel']}",
                data["form_key"],
                _said(shown),
                lambda: sharing.send(sharing.link_for(shown, request.user), data["channel"], request.user).pk,
            )
            messages.success(request, _("On its way. You see its state under Messages."))
        else:
            sharing.link_for(shown, request.user)
    except ShareRefused as error:
        return _show(request, shown, error=str(error))
    return redirect(share_url(request.business.slug, shown))


def _said(shown: Shown) -> dict[str, Any]:
    period = shown.period
    return {
        "party": shown.party.pk,
        "invoice": shown.invoice and shown.invoice.pk,
        "payment": shown.payment and shown.payment.pk,
        "days": period and [str(period.start), str(period.end)],
    }


# --- links and access ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkRow:
    title: str
    party: str
    party_href: str
    made: str
    works_until: str
    opens: str
    revoke: str
    public_id: str


def link_rows(found: Iterable[Any], slug: str) -> list[LinkRow]:
    """Links of ledger.cockpit.live as rows of the cockpit."""
    rows = []
    for link in found:
        opens = _("Not opened yet")
        if link.times:
            last = date_format(timezone.localtime(link.last_open), "DATETIME_FORMAT")
            opens = _("Opened %(n)d×, last %(when)s") % {"n": link.times, "when": last}
            if link.last_device:
                opens += f" ({link.last_device})"
        if link.saves:
            opens += " · " + _("PDF saved %(n)d×") % {"n": link.saves}
        rows.append(
            LinkRow(
                title=cockpit.title_of(link),
                party=link.party.name,
                party_href=reverse("ledger:party", kwargs={"slug": slug, "party": link.party.public_id}) + "#links",
                made=_made(link),
                works_until=until(link.expires_at),
                opens=opens,
                revoke=reverse("ledger:link_revoke", kwargs={"slug": slug, "link": link.public_id}),
                public_id=link.public_id,
            )
        )
    return rows


def _made(link: ShareLink) -> str:
    """Who made a link and when; those that nobody's deed made came with a message of the schedule or a door."""
    when = date_format(timezone.localtime(link.created_at), "DATETIME_FORMAT")
    if link.created_by is None:
        return _("Made by itself, %(when)s") % {"when": when}
    return _("Made by %(who)s, %(when)s") % {
        "who": link.created_by.name or pretty(str(link.created_by.phone)),
        "when": when,
    }


@require_POST
@business_page
def link_revoke(request: MerchantRequest, link: str) -> HttpResponse:
    found = get_object_or_404(
        ShareLink.objects.select_related("business", "party", "invoice", "payment"),
        business=request.business,
        public_id=link,
    )
    links.revoke(found, request.user)
    messages.success(request, _("This link does not work any more."))
    slug = request.business.slug
    if found.invoice and request.POST.get("from") != "party":
        return redirect("ledger:invoice", slug=slug, invoice=found.invoice.public_id)
    if found.payment and request.POST.get("from") != "party":
        return redirect("ledger:payment", slug=slug, payment=found.payment.public_id)
    return redirect("ledger:party", slug=slug, party=found.party.public_id)


@require_POST
@business_page
def links_revoke(request: MerchantRequest, party: str) -> HttpResponse:
    """End all links of a party that work."""
    found = _party(request, public_id=party)
    links.revoke_all(found, request.user)
    messages.success(request, _("No link of this party works any more. Who is signed in stays signed in."))
    if request.POST.get("from") == "links":
        return redirect("ledger:links", slug=request.business.slug)
    return redirect("ledger:party", slug=request.business.slug, party=found.public_id)


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

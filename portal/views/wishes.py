"""Messages as the customer wants them: by which way, quiet for some days, or none at all.

Two roads to the same page: from the portal, and from a shared link without login (the address stands in each e-mail),
so that saying no is as easy as it was to be written to. Wanting messages again needs a login.
"""

import datetime as dt
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import limits, optouts, wishes
from accounts.forms import DateField
from accounts.india import today
from accounts.models import Message, OptOut, Party
from accounts.phones import mask
from accounts.views.messages import masked
from ledger.models import ShareLink
from portal.access import PortalRequest, page, party_page, sees_money
from portal.views.links import link_page

HOUR, MOST_AN_HOUR = 60 * 60, 30


class WishForm(forms.Form):
    """By which way, and quiet until a day."""

    channel = forms.ChoiceField(
        label=gettext_lazy("Write to me by"),
        required=False,
        choices=[
            ("", gettext_lazy("As the shop likes")),
            (Message.Channel.WHATSAPP, gettext_lazy("WhatsApp")),
            (Message.Channel.SMS, gettext_lazy("SMS")),
            (Message.Channel.EMAIL, gettext_lazy("E-mail")),
        ],
        widget=forms.RadioSelect,
    )
    quiet_until = DateField(
        label=gettext_lazy("No reminders until"),
        required=False,
        help_text=gettext_lazy("Leave it empty to get reminders as usual."),
    )

    def clean_quiet_until(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["quiet_until"]
        if day is None or day < today():
            return None
        if day > (last := today() + dt.timedelta(days=wishes.MOST_QUIET_DAYS)):
            raise forms.ValidationError(
                _("At most %(days)s days: until %(day)s.")
                % {"days": wishes.MOST_QUIET_DAYS, "day": last.strftime("%d/%m/%Y")}
            )
        return day


@dataclass(frozen=True, slots=True)
class Address:
    """A number or e-mail address that messages go to; `key` names it in the form, and never shows it whole."""

    key: str
    shown: str
    value: str
    is_stopped: bool


def _addresses(phone: str, email: str) -> list[Address]:
    stopped = optouts.among([phone, email])
    found = [("phone", mask(phone) if phone else "", phone), ("email", masked(email) if email else "", email)]
    return [Address(key, shown, value, optouts.normalised(value) in stopped) for key, shown, value in found if value]


# --- behind a link ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@link_page(ShareLink.Kind.INVOICE)
def invoice_wishes(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return _at_link(request, link, reverse("portal:invoice_link", kwargs={"token": token}))


@require_http_methods(["GET", "HEAD", "POST"])
@link_page(ShareLink.Kind.STATEMENT)
def statement_wishes(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return _at_link(request, link, reverse("portal:statement_link", kwargs={"token": token}))


def _at_link(request: HttpRequest, link: ShareLink, back: str) -> HttpResponse:
    """Whoever was written to has the link: they may choose, pause and stop, and see no number whole."""
    party = link.party
    person = party.people.filter(is_main=True).first()
    addresses = _addresses(str(person.phone) if person else "", party.email)
    form = _form(request, party)
    if request.method == "POST":
        limits.hit("wishes-at-link", str(link.pk), most=MOST_AN_HOUR, seconds=HOUR)
        if _acted(request, party, form, addresses, OptOut.Source.LINK):
            return redirect(request.path)
    context = {"business": link.business, "party": party, "form": form, "addresses": addresses, "back": back}
    return render(request, "portal/wishes_link.html", context, status=400 if form.errors else 200)


# --- in the portal ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@party_page()
def party_wishes(request: PortalRequest) -> HttpResponse:
    """For the number that is signed in, and the party's e-mail address; here they can also want messages again.

    Who may only order says nothing for others: neither when the party is reminded nor what comes to its e-mail.
    """
    of_all = sees_money(request.person)
    addresses = _addresses(str(request.user.phone), request.party.email if of_all else "")
    form = _form(request, request.party) if of_all else None
    if request.method == "POST":
        if form is None and request.POST.get("do") == "choose":
            raise PermissionDenied
        limits.hit("wishes", str(request.party.pk), most=MOST_AN_HOUR, seconds=HOUR)
        if request.POST.get("do") == "start":
            _start(request, addresses)
            return redirect(request.path)
        if _acted(request, request.party, form, addresses, OptOut.Source.PORTAL):
            return redirect(request.path)
    context = {"form": form, "addresses": addresses, "may_start": True}
    return page(request, "portal/wishes.html", "me", context, status=400 if form and form.errors else 200)


def _start(request: PortalRequest, addresses: list[Address]) -> None:
    for address in addresses:
        if address.key == request.POST.get("address"):
            optouts.start(address.value)
            messages.success(request, _("Messages come to %(to)s again.") % {"to": address.shown})


# --- both ---------------------------------------------------------------------------------------------------


def _form(request: HttpRequest, party: Party) -> WishForm:
    wish = wishes.of(party)
    quiet = wish.quiet_until if wish.quiet_until and wish.quiet_until >= today() else None
    is_sent = request.method == "POST" and request.POST.get("do") == "choose"
    return WishForm(request.POST if is_sent else None, initial={"channel": wish.channel, "quiet_until": quiet})


def _acted(
    request: HttpRequest, party: Party, form: WishForm | None, addresses: list[Address], source: OptOut.Source
) -> bool:
    """Do what was posted: stop the messages to an address, or keep the form's wishes; False when it must be mended."""
    if request.POST.get("do") == "stop":
        for address in addresses:
            if address.key == request.POST.get("address"):
                optouts.stop(address.value, source)
                messages.success(request, _("No more messages come to %(to)s.") % {"to": address.shown})
        return True
    if form is None or not form.is_valid():
        return False
    by = request.user if request.user.is_authenticated and source == OptOut.Source.PORTAL else None
    wishes.choose(party, by, **form.cleaned_data)
    messages.success(request, _("Saved."))
    return True

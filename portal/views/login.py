"""Logging in: the general door, the code, the first welcome, and out again."""

from typing import Any

from django.contrib import auth, messages
from django.contrib.auth import hashers
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import languages, limits, otp, phones
from accounts.forms import CodeForm
from accounts.models import LoginChallenge, User
from ledger import links, sharing
from ledger.models import ShareLink
from portal import access, kept, typed
from portal.forms import NumberForm
from portal.views.links import DOOR, THEN, door_link, ended_page, record_login, target_of

PURPOSE = LoginChallenge.Purpose.PORTAL


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Sends a saved number its portal link; only a browser that this number knows goes on to the code."""
    if request.method != "POST" and access.is_signed_in(request):
        return redirect("portal:chooser")
    form = NumberForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        response = render(request, "portal/login.html", {"form": form}, status=400 if form.is_bound else 200)
        return kept.forget(request, response)
    phone = form.cleaned_data["phone"]
    language = translation.get_language() or "en"
    if otp.knows_number(request, phone):
        is_known = access.saved_people(phone).exists()
        otp.start(request, PURPOSE, phone, is_known=is_known, language=language, door="known device")
        request.session.pop(DOOR, None)
        return redirect("portal:code")
    sharing.send_door_link(phone, address=limits.client_address(request), language=language)
    response = render(request, "portal/link_sent.html")
    typed.keep(response, phone)
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    challenge = otp.pending(request, PURPOSE)
    link = door_link(request)
    if challenge is None:
        return redirect("portal:chooser" if access.is_signed_in(request) else "portal:login")
    if link and not link.is_live:
        return ended_page(request, link)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _enter(request, form.cleaned_data["code"], link)
        except otp.CodeRefused:
            challenge = otp.pending(request, PURPOSE)
            form.add_error("code", _why_refused(challenge))
            # The wrong digits would only have to be deleted again.
            form.data = {"code": ""}
    return render(
        request,
        "portal/code.html",
        {
            "form": form,
            "business": link.business if link else None,
            "phone": phones.pretty(challenge.phone) if challenge else "",
            "minutes": otp.LIFETIME.seconds // 60,
            "door": links.path(link) if link else reverse("portal:login"),
        },
        status=400 if form.is_bound else 200,
    )


def _why_refused(challenge: LoginChallenge | None) -> str:
    """The same words whether the number is saved or not."""
    if challenge is None or challenge.expires_at <= timezone.now():
        return _("This code is too old. Ask for a new one.")
    if challenge.tries >= otp.MAX_TRIES:
        return _("This code was tried too often. Ask for a new one.")
    return _("This is not the code that was sent last. Look again, or ask for a new one.")


def _enter(request: HttpRequest, digits: str, link: ShareLink | None) -> HttpResponse:
    """Use the code, sign in, note what it opens, and go where the link leads. Raises otp.CodeRefused."""
    challenge = otp.redeem(request, PURPOSE, digits)
    user = _user_of(challenge.phone)
    device = otp.sign_in(request, user)
    access.note_access(request, challenge.phone)
    request.session.pop(DOOR, None)
    then = request.session.pop(THEN, "")
    target = reverse("portal:chooser")
    person = access.person_among(access.people_of(request), link.party) if link else None
    if link and person:
        record_login(request, link)
        target = target_of(link, person, then)
    if user.consented_at is None:
        target = reverse("portal:consent", query={"next": target})
    response = redirect(target)
    if user.language:
        languages.set_cookie(response, user.language)
    otp.remember(response, device)
    typed.forget(response)
    return kept.forget(request, response)  # who had this browser before may have been another


def _user_of(phone: str) -> User:
    """The user of this number, made at the first login. Raises otp.CodeRefused for one the operator has closed."""
    unusable = hashers.make_password(None)
    user, _created = User.objects.get_or_create(phone=phone, defaults={"password": unusable})
    if not user.is_active:
        raise otp.CodeRefused
    return user


@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """The privacy notice at the first login; agreeing to it is recorded with its version."""
    user: Any = request.user
    if request.method == "POST":
        User.objects.filter(pk=user.pk).update(consented_at=timezone.now(), consent_version=access.NOTICE_VERSION)
        return redirect(_landing(request.GET))
    shops = sorted({person.party.business.name for person in access.people_of(request)})
    return render(request, "portal/welcome.html", {"shops": shops, "agreed": user.consented_at})


def _landing(query: QueryDict) -> str:
    """Where to go after the notice: a page of ours, else the chooser."""
    target = query.get("next", "")
    is_ours = target.startswith("/portal/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if is_ours else reverse("portal:chooser")


@login_not_required
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    messages.success(request, _("You are signed out. To come back, open the link of the shop again."))
    return kept.forget(request, redirect("portal:login"))

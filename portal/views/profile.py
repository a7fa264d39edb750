"""My profile: what the shop has saved about the customer, devices, language, privacy."""

import uuid
from typing import Any

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import states
from accounts.models import Device, PartyPerson
from accounts.phones import mask, pretty
from portal import access, kept
from portal.access import PortalRequest, page, party_page
from portal.views.correcting import asked_lately


@require_safe
@party_page()
def profile(request: PortalRequest) -> HttpResponse:
    devices = list(Device.objects.filter(user=request.user, confirmed=True).order_by("-last_login_at"))
    this = getattr(request.user, "otp_device", None)
    context: dict[str, Any] = {
        "phone": pretty(str(request.user.phone)),
        "state": states.name(request.party.state_code),
        "devices": [(device, this is not None and device.pk == this.pk) for device in devices],
        "others": _others(request),
        "here": request.path,
        "asked": asked_lately(request),
    }
    return page(request, "portal/profile.html", "me", context)


def _others(request: PortalRequest) -> list[tuple[PartyPerson, str]]:
    """The other numbers that may log in, masked; for owners only."""
    if request.person.role != access.Role.OWNER:
        return []
    people = PartyPerson.objects.filter(business=request.business, party=request.party).exclude(pk=request.person.pk)
    return [(person, mask(str(person.phone))) for person in people.order_by("pk")]


@require_POST
@party_page()
def sign_out_device(request: PortalRequest) -> HttpResponse:
    """End the posted `device` of this number; it is out at its next request. Ended already is as good as ended."""
    device = Device.objects.filter(user_id=request.user.pk, key=_key(request.POST.get("device", ""))).first()
    if device:
        Device.objects.filter(pk=device.pk).update(confirmed=False)
        messages.success(request, _("%(device)s is signed out.") % {"device": device.summary or _("That device")})
    return redirect("portal:profile", party=request.party.public_id)


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every device of this number, this one too: each needs link and code again."""
    Device.objects.filter(user_id=request.user.pk).update(confirmed=False)
    auth.logout(request)
    messages.success(request, _("You are signed out on every device."))
    return kept.forget(request, redirect("portal:login"))

"""Settings > Team: who keeps the book. Owners alone see and change it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits, otp, team
from accounts.access import MerchantRequest, business_page
from accounts.forms import MobileField, OnceForm
from accounts.idempotency import once
from accounts.models import Membership
from accounts.phones import pretty

MOST_NEW_A_DAY = 20


class MemberForm(OnceForm):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    phone = MobileField(
        label=gettext_lazy("Mobile number"),
        help_text=gettext_lazy("They sign in with a code that comes to it."),
    )
    role = forms.ChoiceField(
        label=pgettext_lazy("is allowed to", "May"),
        choices=[
            (Membership.Role.STAFF, gettext_lazy("Staff: writes bills and payments")),
            (Membership.Role.OWNER, gettext_lazy("Owner: everything, team too")),
        ],
        initial=Membership.Role.STAFF,
        widget=forms.RadioSelect,
    )

    def clean_phone(self) -> str:
        """As at signing up: each code to a premium number abroad would cost us rupees."""
        phone: str = self.cleaned_data["phone"]
        if not phone.startswith("+91"):
            raise forms.ValidationError(_("Use an Indian mobile number."))
        return phone


def owners_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A merchant page for owners: staff are told so (403), a stranger gets 404."""

    @business_page
    @wraps(view)
    def inner(request: MerchantRequest, **kwargs: Any) -> HttpResponse:
        if request.membership.role != Membership.Role.OWNER:
            raise PermissionDenied
        return view(request, **kwargs)

    return inner


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def team_page(request: MerchantRequest) -> HttpResponse:
    """The members; a POST adds one."""
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _add(request, form):
        return redirect("accounts:team", slug=request.business.slug)
    context = {
        "section": "settings",
        "form": form,
        "members": team.members(request.business, request.user),
        "door": django_settings.SITE_URL + reverse("accounts:login"),
    }
    return render(request, "accounts/team.html", context, status=400 if request.method == "POST" else 200)


def _add(request: MerchantRequest, form: MemberForm) -> bool:
    data, business = form.cleaned_data, request.business
    limits.hit("team", str(business.pk), most=MOST_NEW_A_DAY, seconds=otp.DAY)

    def act() -> int:
        return team.add(business, data["phone"], data["name"], data["role"], request.user).pk

    try:
        once(business, request.user, "member", data["form_key"], form.contents(), act)
    except team.TeamRefused as error:
        form.add_error("phone", str(error))
        return False
    messages.success(request, _("%(name)s can sign in now.") % {"name": data["name"]})
    return True


@require_POST
@owners_only
def team_role(request: MerchantRequest) -> HttpResponse:
    """The posted `member` becomes an owner or staff."""
    role = request.POST.get("role", "")
    if role in Membership.Role.values:
        try:
            member = team.change_role(request.business, _posted(request), role, request.user)
        except team.TeamRefused as error:
            messages.error(request, str(error))
        else:
            if member:
                words = {"who": _who(member), "role": member.get_role_display()}
                messages.success(request, _("%(who)s: %(role)s.") % words)
    return _back(request)


@require_POST
@owners_only
def team_remove(request: MerchantRequest) -> HttpResponse:
    """The posted `member` is out at once; gone already is as good as gone."""
    try:
        member = team.remove(request.business, _posted(request), request.user)
    except team.TeamRefused as error:
        messages.error(request, str(error))
    else:
        if member:
            messages.success(request, _("%(who)s cannot open this book any more.") % {"who": _who(member)})
    return _back(request)


def _posted(request: MerchantRequest) -> int:
    pk = request.POST.get("member", "")
    return int(pk) if len(pk) < 18 and pk.isascii() and pk.isdecimal() else 0


def _who(member: Membership) -> str:
    return pretty(str(member.user.phone))


def _back(request: MerchantRequest) -> HttpResponse:
    """An owner who has stepped down or left does not see the team any more."""
    now = Membership.objects.filter(pk=request.membership.pk, is_active=True).first()
    if now is None:
        return redirect("accounts:businesses")
    return redirect(
        "accounts:team" if now.role == Membership.Role.OWNER else "accounts:settings", request.business.slug
    )

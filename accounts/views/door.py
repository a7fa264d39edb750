"""The merchants' door: number, code, in; and signing up, which is the same road with a name."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import businesses, limits, otp, phones, team
from accounts.forms import CodeForm, OwnMobileField
from accounts.models import LoginChallenge

MERCHANT = LoginChallenge.Purpose.MERCHANT
NEXT_KEY, NAME_KEY = "after_login", "signing_up"


class NumberForm(forms.Form):
    phone = OwnMobileField(
        label=gettext_lazy("Mobile number"), help_text=gettext_lazy("We send a code of six digits to it by SMS.")
    )


class SignupForm(NumberForm):
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Write your name.")},
    )
    field_order = ("name", "phone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["phone"].widget.attrs["autofocus"]  # the name comes first
        self.fields["name"].widget.attrs["autofocus"] = True

    def clean_phone(self) -> str:
        """Anybody may ask for this code: to premium numbers abroad each would cost us rupees (toll fraud)."""
        phone: str = self.cleaned_data["phone"]
        if not phone.startswith("+91"):
            raise forms.ValidationError(_("A book is for a business in India: use an Indian mobile number."))
        return phone


def is_signed_in(request: Any) -> bool:
    return request.user.is_authenticated and request.user.is_verified()


def _onward(request: HttpRequest, target: str) -> HttpResponse:
    """To a page of ours that was asked for before signing in, else to the businesses."""
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    # Only addresses: `redirect` would take any other word for the name of a view.
    return redirect(target if is_ours and target.startswith("/") else "accounts:businesses")


def _send_code(request: HttpRequest, phone: str, *, is_known: bool, door: str) -> HttpResponse:
    otp.start(request, MERCHANT, phone, is_known=is_known, language=get_language() or "en", door=door)
    return redirect("accounts:login_code")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    if is_signed_in(request):
        return _onward(request, request.GET.get("next", ""))
    form = NumberForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 400 if request.method == "POST" else 200
        return render(
            request, "accounts/login.html", {"form": form, "signup_open": settings.SIGNUP_OPEN}, status=status
        )
    phone = form.cleaned_data["phone"]
    request.session.pop(NAME_KEY, None)
    request.session[NEXT_KEY] = request.GET.get("next", "")
    return _send_code(request, phone, is_known=businesses.may_sign_in(phone), door="merchant")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    if not settings.SIGNUP_OPEN:
        return render(request, "accounts/signup_closed.html", status=404)
    if is_signed_in(request):
        return redirect("accounts:businesses")
    form = SignupForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 400 if request.method == "POST" else 200
        return render(request, "accounts/signup.html", {"form": form}, status=status)
    limits.hit("signup-address", limits.client_address(request), most=20, seconds=otp.HOUR)
    phone = form.cleaned_data["phone"]
    request.session[NAME_KEY] = {"phone": phone, "name": form.cleaned_data["name"]}
    request.session.pop(NEXT_KEY, None)
    return _send_code(request, phone, is_known=businesses.may_sign_up(phone), door="signup")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def login_code(request: HttpRequest) -> HttpResponse:
    challenge = otp.pending(request, MERCHANT)
    if challenge is None:
        return redirect("accounts:businesses" if is_signed_in(request) else "accounts:login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            otp.redeem(request, MERCHANT, form.cleaned_data["code"])
            return _let_in(request, challenge.phone)
        except otp.CodeRefused:
            form.add_error(
                "code", _("This code does not open the door. Look at the newest message, or ask for a new code.")
            )
            # The wrong digits would only have to be deleted again.
            form.data = {"code": ""}
    status = 400 if request.method == "POST" else 200
    signing_up = request.session.get(NAME_KEY, {}).get("phone") == challenge.phone
    context = {"form": form, "phone": phones.pretty(challenge.phone), "signing_up": signing_up}
    return render(request, "accounts/login_code.html", context, status=status)


def _let_in(request: HttpRequest, phone: str) -> HttpResponse:
    """The number has proved itself: sign its user in, made now when it was signing up. Raises otp.CodeRefused."""
    signing_up = request.session.pop(NAME_KEY, None) or {}
    target = request.session.pop(NEXT_KEY, "")
    user = businesses.user_with(phone, signing_up["name"] if signing_up.get("phone") == phone else "")
    if user is None:
        raise otp.CodeRefused
    device = otp.sign_in(request, user)
    team.record_login(user, otp.device_summary(request))
    response = _onward(request, target)
    otp.remember(response, device)
    return response


@login_not_required
@require_POST
def login_again(request: HttpRequest) -> HttpResponse:
    """A new code to the number that this browser asked for before; the older code ends."""
    challenge = otp.pending(request, MERCHANT)
    if challenge is None:
        return redirect("accounts:login")
    answer = _send_code(request, challenge.phone, is_known=challenge.is_known, door="merchant")
    messages.success(request, _("A new code is on its way. The older one does not work any more."))
    return answer


@login_not_required
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("accounts:login")

"""The operator's door: password and authenticator app; a code by SMS, which opens a merchant's book, is not enough."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django_otp.admin import OTPAdminSite
from django_otp.forms import OTPAuthenticationFormMixin
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import limits

QUARTER_HOUR = 15 * 60


class OperatorForm(OTPAuthenticationFormMixin, AdminAuthenticationForm):
    otp_token = forms.CharField(
        label=_("Code of the authenticator app"),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    otp_error_messages = OTPAuthenticationFormMixin.otp_error_messages | {
        "device_required": _("This number has no authenticator yet."),
        "invalid_token": _("This code does not fit. Wait for the next one in the app."),
    }

    def clean(self) -> dict[str, Any]:
        self.cleaned_data = super().clean()
        self.clean_otp(self.get_user())
        return self.cleaned_data

    def _chosen_device(self, user: Any) -> TOTPDevice | None:
        return TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()

    def _update_form(self, user: Any) -> None:
        """A refused password is not sent back in the page."""


class OperatorSite(OTPAdminSite):
    login_form = OperatorForm
    login_template = "accounts/operator_login.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and isinstance(getattr(request.user, "otp_device", None), TOTPDevice)

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST":
            limits.hit("operator-door", limits.client_address(request), most=20, seconds=QUARTER_HOUR)
        return super().login(request, extra_context)

"""What a customer may ask the shop to put right."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.corrections import FIELDS, fingerprint
from accounts.forms import GstinField, MobileField, OnceForm
from accounts.gstin import state_code
from accounts.states import STATE_CHOICES, STATES
from accounts.states import name as state_name
from accounts.validators import validate_pin


class CorrectionForm(OnceForm):
    """The whole record as it should read; `shown` tells which one the customer had before them."""

    shown = forms.CharField(max_length=16, widget=forms.HiddenInput(attrs={"id": False}))
    name = forms.CharField(label=_("Name"), max_length=120)
    phone = MobileField(label=_("Your mobile number"))
    gstin = GstinField(label=_("GSTIN"), required=False, help_text=_("Its check digit and its State are checked."))
    address = forms.CharField(
        label=_("Address"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    city = forms.CharField(label=_("City"), max_length=80, required=False)
    pin_code = forms.CharField(
        label=_("PIN code"),
        max_length=6,
        required=False,
        validators=[validate_pin],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}),
    )
    state_code = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("Not chosen")), *STATE_CHOICES])
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)
    note = forms.CharField(
        label=_("Note for the shop"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, now: dict[str, str], **kwargs: Any) -> None:
        """`now` is what the shop has saved (accounts.corrections.current)."""
        kwargs["initial"] = {"shown": fingerprint(now)} | now | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.now = now

    def clean(self) -> dict[str, Any]:
        """A GSTIN brings its State; a State that was chosen anew and does not fit is an error beside it."""
        cleaned = super().clean() or self.cleaned_data
        code = state_code(cleaned.get("gstin") or "")
        if code in STATES and "state_code" in cleaned:
            chosen = cleaned["state_code"]
            if chosen and chosen not in (code, self.now["state_code"]):
                self.add_error("state_code", _("This GSTIN is of %(state)s.") % {"state": state_name(code)})
            cleaned["state_code"] = code
        return cleaned

    def wanted(self) -> dict[str, str]:
        return {field: self.cleaned_data[field] or "" for field in FIELDS}

"""The customer's forms about money: how much to pay, and “I have paid”."""

import datetime as dt
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import DateField, OnceForm, RupeesField
from accounts.idempotency import typed
from accounts.images import PictureField, fingerprint
from accounts.india import show_date, today
from ledger import claims
from ledger.models import Payment

READABLE_SIDE = 1600  # a phone's screenshot stays readable
_REFERENCE = re.compile(r"[A-Z0-9][A-Z0-9/.\-]{3,}")
WAYS = (Payment.Mode.UPI, Payment.Mode.BANK, Payment.Mode.CHEQUE, Payment.Mode.CASH)


class AmountForm(forms.Form):
    """How much to pay now; asked by GET, so it changes nothing."""

    amount = RupeesField(label=_("How much do you want to pay?"))

    def clean_amount(self) -> int:
        return above_zero(self.cleaned_data["amount"])


class _ReferenceField(forms.CharField):
    """Needed whatever the way but for cash: the form asks for it itself."""

    def validate(self, value: Any) -> None:
        pass


class ClaimForm(OnceForm):
    """“I have paid”: what the shop needs to find the money."""

    amount = RupeesField(label=_("How much did you pay?"))
    mode = forms.ChoiceField(label=_("How"), choices=[(way.value, way.label) for way in WAYS], initial=Payment.Mode.UPI)
    reference = _ReferenceField(
        label=_("UTR or reference"),
        max_length=60,
        help_text=_("UPI: the 12 digits called UTR in your app. Cheque: its number. Cash: leave it empty."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    paid_on = DateField(label=_("On which day?"), initial=today)
    screenshot = PictureField(label=_("Screenshot"), required=False, side=READABLE_SIDE)
    note = forms.CharField(
        label=_("Note for the shop"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_amount(self) -> int:
        return above_zero(self.cleaned_data["amount"])

    def clean_reference(self) -> str:
        reference = claims.normalised(self.cleaned_data["reference"])
        if reference and not _REFERENCE.fullmatch(reference):
            raise ValidationError(gettext("A reference has at least four letters or digits, and no other signs."))
        if len(reference) > claims.MOST_REFERENCE:
            raise ValidationError(gettext("This is too long for a reference. Copy only the UTR."))
        return reference

    def clean_paid_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["paid_on"]
        if day > today():
            raise ValidationError(gettext("The date lies in the future. Choose today or an earlier day."))
        oldest = today() - dt.timedelta(days=claims.OLDEST_DAYS)
        if day < oldest:
            raise ValidationError(gettext("Choose a day from %(date)s on.") % {"date": show_date(oldest)})
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        needs_one = data.get("mode") != Payment.Mode.CASH
        if needs_one and not data.get("reference") and "reference" not in self.errors:
            self.add_error("reference", gettext("Write the reference: the shop finds your money by it."))
        return data

    def said(self, **more: Any) -> dict[str, Any]:
        """What was sent, for its fingerprint: the picture by its bytes; which button sent it does not matter."""
        assert isinstance(self.data, QueryDict), "asked of what a browser sent"
        said = {name: values for name, values in typed(self.data).items() if name != "sure"}
        if found := fingerprint(self.files.get("screenshot")):
            said["screenshot"] = [found]
        return said | more


def above_zero(paise: int) -> int:
    if paise == 0:
        raise ValidationError(gettext("The amount must be more than zero."))
    return paise

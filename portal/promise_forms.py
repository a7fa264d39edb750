"""The customer's form of a promise to pay."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DateField, OnceForm, RupeesField
from accounts.india import today


class PromiseForm(OnceForm):
    """How much, by when; what the book and the shop allow is checked where it is written (ledger.promises)."""

    amount = RupeesField(label=_("How much will you pay?"))
    promised_on = DateField(label=_("By which day?"), error_messages={"required": _("Choose the day.")})
    note = forms.CharField(
        label=_("Note for the shop"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, last_day: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The phone's calendar offers only days the shop takes.
        self.fields["promised_on"].widget.attrs |= {"min": today().isoformat(), "max": last_day.isoformat()}

"""The customer's forms of a balance confirmation."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DateField, OnceForm, RupeesField

I_OWE, SHOP_OWES = "owe", "owed"


class DayForm(forms.Form):
    """The day whose balance is looked at; asked by GET."""

    on = DateField(label=_("Balance at the end of"), error_messages={"required": _("Choose the day.")})


class AgreeForm(OnceForm):
    """“Agree”: the balance as it was seen."""

    on = forms.DateField(widget=forms.HiddenInput)
    seen_paise = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("on", "seen_paise"):  # two such forms stand on one page
            self.fields[name].widget.attrs["id"] = False

    @property
    def theirs(self) -> int | None:
        return None


class DifferForm(AgreeForm):
    """“Differs, mine is”: how much, and who owes it."""

    theirs_amount = RupeesField(label=_("My balance is"))
    side = forms.ChoiceField(
        label=_("Who owes it?"),
        choices=[(I_OWE, _("I owe the shop")), (SHOP_OWES, _("The shop owes me"))],
        initial=I_OWE,
    )
    field_order = ("theirs_amount", "side", "note", "on", "seen_paise", "form_key")

    @property
    def theirs(self) -> int | None:
        """Paise, positive when the party owes."""
        paise: int = self.cleaned_data["theirs_amount"]
        return paise if self.cleaned_data["side"] == I_OWE else -paise

"""The customer's forms."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.forms import DateField, OnceForm, OwnMobileField, QuantityField, sought
from accounts.india import fy_end, fy_start, today
from catalog.orders import MAX_QUANTITY_MILLI
from catalog.units import Units, is_broken
from ledger.statements import BEGINNING, Period


class NumberForm(forms.Form):
    phone = OwnMobileField(label=_("Your mobile number"), max_length=40)


class SearchForm(forms.Form):
    """The search above a list; nonsense finds nothing instead of failing."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=60, strip=True, widget=forms.TextInput(attrs={"type": "search"})
    )

    def __init__(self, *args: Any, placeholder: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs["placeholder"] = placeholder

    @property
    def text(self) -> str:
        return sought(self)


PERIODS = {
    "this-year": _("This financial year"),
    "this-month": _("This month"),
    "last-month": _("Last month"),
    "this-quarter": _("This quarter"),
    "last-quarter": _("Last quarter"),
    "last-year": _("Last financial year"),
    "all": _("Everything"),
    "custom": _("Own dates"),
}


def preset(name: str) -> Period | None:
    """The days of a named period; None for own dates and for names that are not there."""
    day = today()
    month = day.replace(day=1)
    before = month - dt.timedelta(days=1)
    quarter = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)  # those of the financial year are the calendar's
    before_quarter = quarter - dt.timedelta(days=1)
    year = fy_start(day)
    last_year = year - dt.timedelta(days=1)
    return {
        "this-month": Period(month, day),
        "last-month": Period(before.replace(day=1), before),
        "this-quarter": Period(quarter, day),
        "last-quarter": Period(before_quarter.replace(month=before_quarter.month - 2, day=1), before_quarter),
        "this-year": Period(year, day),
        "last-year": Period(fy_start(last_year), fy_end(last_year)),
        "all": Period(BEGINNING, day),
    }.get(name)


class PeriodForm(forms.Form):
    """Own dates of a statement."""

    start = DateField(label=pgettext_lazy("period", "From"), error_messages={"required": _("Choose the first day.")})
    end = DateField(label=pgettext_lazy("period", "To"), error_messages={"required": _("Choose the last day.")})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        start, end = data.get("start"), data.get("end")
        for name, day in (("start", start), ("end", end)):
            if day and not BEGINNING <= day <= today() + dt.timedelta(days=366):
                self.add_error(name, _("Choose a day between 2000 and next year."))
        if start and end and start > end:
            self.add_error("end", _("The last day is before the first. Turn them around."))
        return data

    @property
    def period(self) -> Period:
        return Period(self.cleaned_data["start"], self.cleaned_data["end"])


class QuantityForm(forms.Form):
    """How much of one item; what is counted is sold whole."""

    quantity = QuantityField(label=_("Quantity"), max_length=20, error_messages={"required": _("Write a quantity.")})
    add = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, unit: str) -> None:
        super().__init__(data)
        self.unit = unit

    def clean_quantity(self) -> int:
        milli: int = self.cleaned_data["quantity"]
        if is_broken(milli, self.unit):
            raise ValidationError(whole_words(Units(), self.unit))
        if milli > MAX_QUANTITY_MILLI:
            raise ValidationError(_("This is too much to order online. Please call the shop."))
        return milli


def whole_words(units: Units, unit: str) -> str:
    return gettext("Write a whole number of %(units)s, such as 2.") % {"units": units.many(unit)}


class OrderForm(OnceForm):
    """Place the order: the total the customer has seen, and a word for the shop."""

    note = forms.CharField(
        label=_("Note for the shop"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    seen_total_paise = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

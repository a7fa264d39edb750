"""What every form shares: how fields look, and fields for money, quantities and mobile numbers.

Each field turns what was typed into the units of the models (paise, thousandths, E.164) and says in plain words
what is wrong next to the field.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting

from accounts import gstin, idempotency, money, phones


class FormRenderer(TemplatesSetting):
    """Templates of our own for every form (settings.FORM_RENDERER)."""

    form_template_name = "partials/form.html"
    field_template_name = "partials/field.html"


class ParsedField(forms.CharField):
    """A text field whose value is made by one of our parsers, which raise ValueError with plain words."""

    parse: Callable[[str], Any]
    show: Callable[[Any], str] = str

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        if text in self.empty_values:
            return None
        try:
            return type(self).parse(text)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def validate(self, value: Any) -> None:
        if self.required and value is None:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """The parser is the validator."""

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else type(self).show(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(data or "")


class RupeesField(ParsedField):
    """Rupees as typed ("1,18,000.50") -> paise."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "money"})
    parse = staticmethod(money.parse_rupees)
    show = staticmethod(money.plain)


class UnitPriceField(ParsedField):
    """Rupees with up to four decimals -> ten-thousandths of a rupee."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "money"})
    parse = staticmethod(money.parse_unit_price)
    show = staticmethod(lambda e4: money.unit_price(e4, grouping=False))


class QuantityField(ParsedField):
    """A quantity with up to three decimals -> thousandths."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    parse = staticmethod(money.parse_quantity)
    show = staticmethod(lambda milli: money.quantity(milli, grouping=False))


class MobileField(ParsedField):
    """A mobile number as typed -> E.164."""

    widget = forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"})
    parse = staticmethod(phones.parse_mobile)
    show = staticmethod(lambda number: phones.pretty(str(number)))


class GstinField(ParsedField):
    """A GSTIN in any case and spacing -> 15 capital letters and digits; "" when empty."""

    widget = forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"})
    parse = staticmethod(gstin.validate)

    def to_python(self, value: Any) -> Any:
        return super().to_python(value) or ""

    def validate(self, value: Any) -> None:
        super().validate(value or None)


class DateField(forms.DateField):
    """A date by the phone's own calendar; also accepts 22/11/2026."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OnceForm(forms.Form):
    """A form that acts once: it carries a key, made when it is first shown (accounts.idempotency)."""

    form_key = forms.CharField(max_length=64, widget=forms.HiddenInput, initial=idempotency.new_key)

    def contents(self) -> dict[str, Any]:
        """What the form says without its key, for the fingerprint."""
        return {name: value for name, value in self.cleaned_data.items() if name != "form_key"}


def rows_of(form: forms.BaseForm, rows: tuple[str, ...]) -> list[list[forms.BoundField]]:
    """Fields in rows as a page shows them: ("name", "city pin_code"); names the form does not have are left out."""
    found = [[form[name] for name in row.split() if name in form.fields] for row in rows]
    return [row for row in found if row]

"""What every form shares: how fields look and speak, and fields for money, quantities and phone numbers.

Each field turns what was typed into the units of the models (paise, thousandths, E.164) and says in plain words
what is wrong next to the field.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from phonenumber_field.formfields import PhoneNumberField

from accounts import gstin, idempotency, money, phones
from accounts.money import ascii_digits

MOST_SOUGHT = 300  # longer than every name

# What our forms say instead of Django's words, by kind of field and code of the error.
WORDS: dict[type[forms.Field], dict[str, Any]] = {
    forms.Field: {
        "required": _("Please fill this in."),
        "max_length": ngettext_lazy(
            "This is too long: at most %(limit_value)d character.",
            "This is too long: at most %(limit_value)d characters.",
            "limit_value",
        ),
        "min_length": ngettext_lazy(
            "This is too short: at least %(limit_value)d character.",
            "This is too short: at least %(limit_value)d characters.",
            "limit_value",
        ),
        "max_value": _("This is too much: at most %(limit_value)s."),
        "min_value": _("This is too little: at least %(limit_value)s."),
        "null_characters_not_allowed": _("There is a character in this that cannot be saved. Write it again."),
    },
    forms.IntegerField: {"invalid": _("Write a whole number, such as 15.")},
    forms.DateField: {
        "required": _("Please choose a date."),
        "invalid": _("This is not a date we can read. Write it like 22/11/2026."),
    },
    forms.EmailField: {"invalid": _("An e-mail address looks like name@example.com.")},
    forms.ChoiceField: {
        "required": _("Please choose one."),
        "invalid_choice": _("Please choose one from the list."),
    },
    forms.ModelChoiceField: {
        "required": _("Please choose one."),
        "invalid_choice": _("Please choose one from the list."),
    },
    forms.BooleanField: {"required": _("Please tick this to go on.")},
    forms.FileField: {
        "required": _("Please choose a file."),
        "empty": _("This file is empty. Choose another one."),
    },
}


# Embeddings, overrides and isolates: they turn round what stands after them, on pages that others read.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Joiners write Indic words and emoji; alone, all of these show nothing.
_UNSEEN = re.compile("[\\s\u00ad\u180e\u200b-\u200f\u2060-\u2064\u3164\ufeff]+")


def seen_as_written(text: str) -> None:
    """Raises ValidationError for text that reorders its surroundings, or of which nothing would be seen."""
    if _TURNING.search(text) or _UNSEEN.fullmatch(text):
        raise ValidationError(WORDS[forms.Field]["null_characters_not_allowed"], code="unseen")


def speak_plainly() -> None:
    """Make WORDS the words of every field made from now on; a field with words of its own keeps them.

    And every text of a form is looked at by `seen_as_written`, unless its field has validators of its own.
    """
    forms.CharField.default_validators = [seen_as_written]
    for kind, words in WORDS.items():
        kind.default_error_messages = {**vars(kind).get("default_error_messages", {}), **words}


class BoundField(forms.BoundField):
    """The first field with an error has the focus, so that the page opens where something is to be mended."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        if (widget or self.field.widget).is_hidden:  # the first value of a field that is seen, beside it
            return {name: value for name, value in attrs.items() if not name.startswith("aria-")}
        errors = self.form.errors
        if wrong := [field.name for field in self.form.visible_fields() if field.name in errors]:
            attrs["autofocus"] = self.name == wrong[0]
        return attrs


class FormRenderer(TemplatesSetting):
    """Templates of our own for every form (settings.FORM_RENDERER)."""

    form_template_name = "partials/form.html"
    field_template_name = "partials/field.html"
    bound_field_class = BoundField


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
        return str(self.prepare_value(initial) or "") != str(self.prepare_value(data) or "")


class RupeesField(ParsedField):
    """Rupees as typed ("1,18,000.50") -> paise."""

    default_error_messages = {"required": _("Write the amount.")}
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "money"})
    parse = staticmethod(money.parse_rupees)
    show = staticmethod(money.plain)


class UnitPriceField(ParsedField):
    """Rupees with up to four decimals -> ten-thousandths of a rupee."""

    default_error_messages = {"required": _("Write the price.")}
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "money"})
    parse = staticmethod(money.parse_unit_price)
    show = staticmethod(lambda e4: money.unit_price(e4, grouping=False))


class QuantityField(ParsedField):
    """A quantity with up to three decimals -> thousandths."""

    default_error_messages = {"required": _("Write the quantity.")}
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    parse = staticmethod(money.parse_quantity)
    show = staticmethod(lambda milli: money.quantity(milli, grouping=False))


class _BesidePrefix(forms.Field):
    """A phone number in a field with "+91" before it (partials/field.html, by the class "phone").

    "+91 98765 43210", "098765-43210" and numbers from abroad ("+65 ...") may be typed all the same.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.widget.attrs = {"class": "phone", "autocomplete": "off"} | self.widget.attrs

    def prepare_value(self, value: Any) -> Any:
        return phones.beside_prefix(str(value)) if value else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Spaces and hyphens do not make another number."""

        def digits(value: Any) -> str:
            return re.sub(r"[^+0-9]", "", ascii_digits(str(self.prepare_value(value) or "")))

        return not self.disabled and digits(initial) != digits(data)


class MobileField(_BesidePrefix, ParsedField):
    """A mobile number as typed -> E.164."""

    default_error_messages = {"required": _("Write the mobile number.")}
    widget: forms.Widget = forms.TelInput()
    parse = staticmethod(phones.parse_mobile)


class OwnMobileField(MobileField):
    """The number of whoever fills in the form, which browsers can fill in for them."""

    # Only a field of text may take the number without its country from the browser's own memory.
    widget = forms.TextInput(
        attrs={"inputmode": "tel", "autocomplete": "tel-national", "placeholder": "98765 43210", "autofocus": True}
    )


class PhoneField(_BesidePrefix, PhoneNumberField):
    """A number that need not be a mobile's."""

    default_error_messages = {
        "invalid": _("This is not a phone number. Write it like 98765 43210 or 020 2445 1234."),
    }
    widget = forms.TelInput


class GstinField(ParsedField):
    """A GSTIN in any case and spacing -> 15 capital letters and digits; "" when empty."""

    default_error_messages = {"required": _("Write the GSTIN.")}
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

    form_key = forms.CharField(
        max_length=64,
        widget=forms.HiddenInput(attrs={"id": False}),  # several such forms may stand on one page
        initial=idempotency.new_key,
    )

    def contents(self) -> dict[str, Any]:
        """What the form says without its key, for the fingerprint."""
        return {name: value for name, value in self.cleaned_data.items() if name != "form_key"}


def sought(form: forms.Form, name: str = "q") -> str:
    """What a search by GET looks for. Too long a text is looked for all the same: it is found nowhere, while its field
    keeps it and says what is wrong with it.
    """
    errors = form.errors[name].as_data() if name in form.errors else []
    if not errors:
        return form.cleaned_data.get(name) or ""
    typed = str(form[name].value() or "").strip()[:MOST_SOUGHT]
    return typed if [error.code for error in errors] == ["max_length"] else ""


class CodeForm(forms.Form):
    """The six digits from the message."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        error_messages={"required": _("Write the six digits from the message.")},
        widget=forms.TextInput(
            attrs={
                "class": "code",
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )

    def clean_code(self) -> str:
        code = "".join(ascii_digits(self.cleaned_data["code"]).split()).replace("-", "")
        if len(code) != 6 or not code.isdecimal():
            raise ValidationError(_("The code has six digits. Write them as they stand in the message."))
        return code


def rows_of(form: forms.BaseForm, rows: tuple[str, ...]) -> list[list[forms.BoundField]]:
    """Fields in rows as a page shows them: ("name", "city pin_code"); names the form does not have are left out."""
    found = [[form[name] for name in row.split() if name in form.fields] for row in rows]
    return [row for row in found if row]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a long form that may stay folded; `hint` says what is in it."""

    heading: str
    hint: str
    rows: list[list[forms.BoundField]]
    is_open: bool


def part_of(form: forms.ModelForm, heading: str, hint: str, *rows: str) -> Part:
    """A part with `rows_of` the form; open when something in it is wrong or differs from a new one."""
    found = rows_of(form, rows)
    return Part(heading, hint, found, any(field.errors or _is_filled(form, field) for row in found for field in row))


def _is_filled(form: forms.ModelForm, field: forms.BoundField) -> bool:
    columns = {column.name: column for column in form._meta.model._meta.fields}
    blank = columns[field.name].get_default() if field.name in columns else None
    return field.value() not in (None, "") and field.field.has_changed(blank, field.value())

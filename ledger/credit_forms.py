"""The form of a credit note: all that is left of an invoice, or some of its lines."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import DateField, OnceForm, QuantityField, RupeesField
from accounts.india import today
from accounts.money import amount, quantity, rupees
from catalog.units import Units
from ledger.crediting import LineLeft, Want
from ledger.forms import check_day
from ledger.listing import day
from ledger.models import Invoice

LINES_A_PAGE = 100  # two fields each


class CreditForm(OnceForm):
    """On each line of which something is left: a quantity that comes back, or an amount off before tax.

    A long bill is offered a page at a time, from line `start` on; `more` is where the next page begins, or 0.
    """

    ALL, SOME = "all", "some"
    scope = forms.ChoiceField(
        label=gettext_lazy("What do you credit?"),
        choices=[(SOME, gettext_lazy("Some lines, or a part of them")), (ALL, gettext_lazy("All that is left"))],
        initial=SOME,
        widget=forms.RadioSelect,
    )
    issued_on = DateField(label=gettext_lazy("Date"), initial=today)
    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=200,
        help_text=gettext_lazy("Printed on the credit note: goods came back, wrong price, discount later."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, original: Invoice, left: list[LineLeft], start: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rest = [row for row in left if row.total_paise or row.quantity_milli > 0]
        self.original, self.all_left, self.left = original, left, rest[start : start + LINES_A_PAGE]
        self.more = start + LINES_A_PAGE if start + LINES_A_PAGE < len(rest) else 0
        for row in self.left:
            label = row.line.description
            if row.quantity_milli > 0 and not row.line.is_charge:
                words = _("%(line)s: quantity that comes back") % {"line": label}
                self.fields[_quantity(row)] = _bare(QuantityField(required=False, label=words))
            if row.value_paise > 0:
                words = _("%(line)s: off before tax") % {"line": label}
                self.fields[_value(row)] = _bare(RupeesField(required=False, label=words))

    def rows(self) -> list[dict[str, Any]]:
        units = Units()
        return [
            {
                "title": row.line.description,
                "left": _left_words(row, units),
                "value": amount(row.value_paise),
                "quantity_field": self[_quantity(row)] if _quantity(row) in self.fields else None,
                "value_field": self[_value(row)] if _value(row) in self.fields else None,
            }
            for row in self.left
        ]

    def clean_issued_on(self) -> dt.date:
        value = check_day(self.cleaned_data["issued_on"])
        if value < self.original.issued_on:
            raise forms.ValidationError(
                _("A credit note cannot be older than its invoice of %(date)s.")
                % {"date": day(self.original.issued_on)}
            )
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for row in self.left:
            self._check(row, cleaned)
        typed = any(want.quantity_milli or want.value_paise for want in self._wants(cleaned))
        wrong = any(name.startswith(("quantity_", "value_")) for name in self.errors)
        if cleaned.get("scope") == self.ALL and typed:
            self.add_error("scope", _("You have also written amounts below: choose some lines, or clear them."))
        if cleaned.get("scope") == self.SOME and not typed and not wrong:
            self.add_error(
                "scope", _("Write a quantity or an amount on at least one line, or choose all that is left.")
            )
        return cleaned

    def _check(self, row: LineLeft, cleaned: dict[str, Any]) -> None:
        back, off = cleaned.get(_quantity(row)) or 0, cleaned.get(_value(row)) or 0
        if back and off:
            self.add_error(_value(row), _("Write a quantity or an amount, not both."))
        if back > row.quantity_milli:
            self.add_error(_quantity(row), _("Only %(n)s are left.") % {"n": quantity(row.quantity_milli)})
        if off > row.value_paise:
            self.add_error(_value(row), _("Only %(amount)s is left.") % {"amount": rupees(row.value_paise)})

    def _wants(self, cleaned: dict[str, Any]) -> list[Want]:
        return [Want(row.line.pk, cleaned.get(_quantity(row)) or 0, cleaned.get(_value(row)) or 0) for row in self.left]

    def wants(self) -> list[Want] | None:
        """For billing.credit: None for all that is left."""
        return None if self.cleaned_data["scope"] == self.ALL else self._wants(self.cleaned_data)


def _quantity(row: LineLeft) -> str:
    return f"quantity_{row.line.pk}"


def _value(row: LineLeft) -> str:
    return f"value_{row.line.pk}"


def _bare(field: forms.Field) -> forms.Field:
    """A field in a table: its label is for those who cannot see the column."""
    field.widget.attrs |= {"aria-label": field.label, "autocomplete": "off"}
    field.widget.attrs.pop("class", None)
    return field


def _left_words(row: LineLeft, units: Units) -> str:
    if row.line.is_charge:
        return ""
    billed = units.measured(row.line.quantity_milli, row.line.unit)
    if row.quantity_milli == row.line.quantity_milli:
        return billed
    return _("%(left)s of %(billed)s") % {"left": quantity(row.quantity_milli), "billed": billed}

"""The rows of the invoice editor: what is typed in them becomes lines of a draft.

An item is found by what was typed (its name or code), so that the editor works without JavaScript; what is left
open on its line (unit, price, HSN, GST) is filled from the item.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Q
from django.db.models.functions import Lower
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import QuantityField, RupeesField, UnitPriceField
from accounts.models import Business
from accounts.money import MAX_PAISE, line_amount, percent, rupees
from accounts.validators import validate_hsn
from catalog.models import UNITS, Item
from ledger import drafting, gst
from ledger.drafting import DraftLine
from ledger.models import Invoice, InvoiceLine

BLANK_LINES = 5
MAX_LINES = 200
PREFIX = "lines"
TYPED = ("description", "quantity", "price", "discount")
FIELDS = ("item", "description", "hsn", "quantity", "unit", "price", "discount", "gst")
INCLUDED = "i"  # suffix of a rate that the price includes


class PlainSelect(forms.Select):
    """Django renders two templates for every option: 200 lines of two selects took seconds."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = str(value or "")
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, mark_safe(" selected") if str(key) == chosen else "", label) for key, label in self.choices),
        )
        return format_html(
            "<select{}>{}</select>", flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name})), options
        )


class LineForm(forms.Form):
    """One row. A row with nothing typed is left out; `line` is the DraftLine of a valid one."""

    item = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)
    description = forms.CharField(label=gettext_lazy("Item"), required=False, max_length=200)
    hsn = forms.CharField(label=gettext_lazy("HSN"), required=False, max_length=8, validators=[validate_hsn])
    quantity = QuantityField(label=gettext_lazy("Qty"), required=False)
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), required=False, widget=PlainSelect)
    price = UnitPriceField(label=gettext_lazy("Rate ₹"), required=False)
    discount = RupeesField(label=gettext_lazy("Discount ₹"), required=False)
    gst = forms.ChoiceField(label=gettext_lazy("GST"), required=False, widget=PlainSelect)

    def __init__(
        self, *args: Any, catalogue: "Catalogue", rates: list[tuple[str, str]], is_untaxed: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.catalogue = catalogue
        self.line: DraftLine | None = None
        fields: dict[str, Any] = self.fields
        fields["unit"].choices = [("", "–"), *UNITS]
        if rates:
            fields["gst"].choices = [("", "–"), *(self._untaxed(rates) if is_untaxed else rates)]
        else:
            del fields["gst"]
        for name, bound in fields.items():
            if name != "item":
                bound.widget.attrs |= {"aria-label": bound.label, "autocomplete": "off", "data-field": name}
                bound.widget.attrs.pop("class", None)
        fields["hsn"].widget.attrs["inputmode"] = "numeric"
        fields["item"].widget.attrs["data-field"] = "item"
        fields["description"].widget.attrs |= {"list": "items", "placeholder": _("Item, name or code")}

    def _untaxed(self, rates: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Where no tax is charged no price includes any: one choice for each rate, which keeps what the row says."""
        said = str(self["gst"].value() or "")
        return [
            (said if said == f"{key}{INCLUDED}" else key, label) for key, label in rates if not key.endswith(INCLUDED)
        ]

    @property
    def is_blank(self) -> bool:
        return not any(str(self[name].value() or "").strip() for name in TYPED)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.is_blank:
            self.errors.clear()
            return cleaned
        text = " ".join((cleaned.get("description") or "").split())
        item = self.catalogue.find(text, cleaned.get("item") or "")
        if item and text.lower() in (item.name.lower(), item.code.lower()):
            text = item.name
        if not text and not self.has_error("description"):
            self.add_error("description", _("Write what you sell on this line."))
        quantity = self._needed("quantity", _("Write the quantity."))
        if quantity == 0:
            self.add_error("quantity", _("The quantity must be more than zero."))
        if cleaned.get("price") is None and item is not None and not self.has_error("price"):
            cleaned["price"] = item.unit_price_e4
        price = self._needed("price", _("Write the price."))
        discount = cleaned.get("discount") or 0
        if quantity and price is not None:
            gross = line_amount(quantity, price)
            if gross > MAX_PAISE:
                self.add_error("price", _("This line is above 999 crore rupees. Check quantity and price."))
            elif discount > gross:
                self.add_error("discount", _("The discount is larger than the line: %(a)s.") % {"a": rupees(gross)})
        if "gst" in self.fields and item is None:
            self._needed("gst", _("Choose the GST rate: 0% if there is none."))
        if not self.errors and quantity and price is not None:
            self.line = self._line(text, item, quantity, price, discount)
        return cleaned

    def _needed(self, name: str, words: str) -> Any:
        value: Any = self.cleaned_data.get(name)
        if value in (None, "") and not self.has_error(name):
            self.add_error(name, words)
        return value

    def _line(self, text: str, item: Item | None, quantity: int, price: int, discount: int) -> DraftLine:
        cleaned = self.cleaned_data
        if rate := cleaned.get("gst"):
            rate_bp, included = int(rate.removesuffix(INCLUDED)), rate.endswith(INCLUDED)
        else:
            rate_bp, included = (item.gst_rate_bp, item.price_includes_tax) if item else (0, False)
        return DraftLine(
            description=text,
            quantity_milli=quantity,
            unit_price_e4=price,
            gst_rate_bp=rate_bp,
            discount_paise=discount,
            price_includes_tax=included,
            unit=cleaned["unit"] or (item.unit if item else "PCS"),
            hsn=cleaned["hsn"] or (item.hsn if item else ""),
            item_id=item.pk if item else None,
            cess_rate_bp=item.cess_rate_bp if item else 0,
            cess_per_unit_e4=item.cess_per_unit_e4 if item else 0,
        )


class Catalogue:
    """The items that the rows may mean, read in one query."""

    def __init__(self, business: Business, rows: list[dict[str, str]]) -> None:
        ids = {row["item"] for row in rows if row.get("item")}
        words = {" ".join(row["description"].split()).lower() for row in rows if row.get("description")} - {""}
        self.by_word: dict[str, Item] = {}
        self.by_id: dict[str, Item] = {}
        if not ids and not words:
            return
        found = business.items.annotate(lower_name=Lower("name"), lower_code=Lower("code")).filter(
            Q(public_id__in=ids) | Q(lower_name__in=words) | Q(lower_code__in=words)
        )
        for item in found.order_by("-is_active", "id"):
            self.by_id[item.public_id] = item
            self.by_word.setdefault(item.name.lower(), item)
            self.by_word.setdefault(item.code.lower(), item)

    def find(self, text: str, public_id: str) -> Item | None:
        """The item with this name or code; else the one picked, as long as the text still begins with its name."""
        named = self.by_word.get(text.lower()) if text else None
        if named:
            return named
        picked = self.by_id.get(public_id)
        return picked if picked and text.lower().startswith(picked.name.lower()) else None


class BaseLines(forms.BaseFormSet):
    def __init__(self, *args: Any, business: Business, on: dt.date, is_untaxed: bool, **kwargs: Any) -> None:
        self.business, self.is_untaxed = business, is_untaxed
        super().__init__(*args, **kwargs)
        rows = raw_rows(self.data) if self.is_bound else [dict(row) for row in self.initial or []]
        self.catalogue = Catalogue(business, rows if self.is_bound else [])
        self.rates = rate_choices(on, rows) if business.charges_tax else []

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        ours = {"catalogue": self.catalogue, "rates": self.rates, "is_untaxed": self.is_untaxed}
        return super().get_form_kwargs(index) | ours

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        """No fields of the formset's own: a row is left out by clearing it."""

    def lines(self) -> Iterator[tuple[int, DraftLine]]:
        """(row, line) of the rows that are right."""
        for index, form in enumerate(self.forms):
            if not form.errors and form.line is not None:
                yield index, form.line


def rate_choices(on: dt.date, rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The rates of the day, each on top of the price or included in it, and those that rows already carry."""
    rates = set(gst.rates_on(on))
    known = {rate.bp for rate in gst.RATES}
    for row in rows:
        text = str(row.get("gst") or "").removesuffix(INCLUDED)
        if len(text) <= 4 and text.isdecimal() and int(text) in known:
            rates.add(int(text))
    on_top = [(str(bp), percent(bp)) for bp in sorted(rates)]
    return on_top + [(f"{bp}{INCLUDED}", included_words(percent(bp))) for bp in sorted(rates) if bp]


def rate_key(row: Item | InvoiceLine | None) -> str:
    """How the rate of an item or a line stands among the choices; "" without one."""
    if row is None:
        return ""
    return f"{row.gst_rate_bp}{INCLUDED if row.price_includes_tax and row.gst_rate_bp else ''}"


def included_words(rate: str) -> str:
    return _("%(rate)s incl.") % {"rate": rate}


def raw_rows(data: Any) -> list[dict[str, str]]:
    """What was typed, row by row, as text; without NUL, which PostgreSQL cannot be asked for."""
    try:
        count = min(int(data.get(f"{PREFIX}-TOTAL_FORMS", 0)), MAX_LINES)
    except ValueError:
        return []
    return [
        {name: data.get(f"{PREFIX}-{index}-{name}", "").replace("\x00", "") for name in FIELDS}
        for index in range(max(count, 0))
    ]


def lines_of(
    business: Business,
    on: dt.date,
    data: Any = None,
    rows: Any = None,
    blank: int = BLANK_LINES,
    *,
    is_untaxed: bool = False,
) -> BaseLines:
    factory = forms.formset_factory(
        LineForm, formset=BaseLines, extra=blank, max_num=MAX_LINES, absolute_max=MAX_LINES, validate_max=True
    )
    kwargs: Any = {"business": business, "on": on, "initial": rows, "prefix": PREFIX, "is_untaxed": is_untaxed}
    made: Any = factory(data, **kwargs)
    return made


def text_of(form: LineForm, name: str) -> str:
    if name not in form.fields:
        return ""
    value = form[name].value()
    return str(form.fields[name].prepare_value(value) if value is not None else "")


def rows_of(invoice: Invoice) -> list[dict[str, Any]]:
    """As it was saved; but of a time when the shop charged no tax there is no rate to keep: the item's own, or none."""
    untaxed = drafting.was_untaxed(invoice)
    return [
        {
            "item": line.item.public_id if line.item else "",
            "description": line.description,
            "hsn": line.hsn,
            "quantity": line.quantity_milli,
            "unit": line.unit,
            "price": line.unit_price_e4,
            "discount": line.discount_paise or None,
            "gst": rate_key(line.item if untaxed else line),
        }
        for line in invoice.lines.select_related("item")
        if not line.is_charge
    ]

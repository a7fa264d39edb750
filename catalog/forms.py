"""Forms of the catalogue: items, counts, the store, answers to orders."""

from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import (
    OnceForm,
    ParsedField,
    Part,
    QuantityField,
    RupeesField,
    UnitPriceField,
    part_of,
    rows_of,
)
from accounts.images import PictureField
from accounts.models import Business
from accounts.money import percent
from catalog import rates
from catalog.models import Category, Item


class PercentField(ParsedField):
    """A GST rate as typed ("18") -> basis points."""

    unit = "%"
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "list": "rates"})
    parse = staticmethod(rates.parse_percent)
    show = staticmethod(lambda bp: percent(bp).removesuffix("%"))


class CessField(PercentField):
    """A rate of compensation cess as typed -> basis points; it went up to 290 %."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    parse = staticmethod(partial(rates.parse_percent, highest_bp=rates.HIGHEST_CESS_BP))


class ItemForm(forms.ModelForm, OnceForm):
    category_name = forms.CharField(
        label=gettext_lazy("Category"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Choose one, or write a new one."),
        widget=forms.TextInput(attrs={"list": "categories", "autocomplete": "off"}),
    )
    unit_price_e4 = UnitPriceField(label=gettext_lazy("Price of one unit"))
    gst_rate_bp = PercentField(label=gettext_lazy("GST rate"))
    cess_rate_bp = CessField(label=gettext_lazy("Cess rate"), required=False)
    cess_per_unit_e4 = UnitPriceField(label=gettext_lazy("Cess per unit"), required=False)
    counted = QuantityField(
        label=gettext_lazy("How many are there now"),
        required=False,
        help_text=gettext_lazy("Counted when you keep count of stock; leave it open to begin at nothing."),
    )
    low_milli = QuantityField(
        label=gettext_lazy("Low stock is"),
        required=False,
        help_text=gettext_lazy("So many or fewer are shown as low."),
    )
    picture = PictureField(
        label=gettext_lazy("Picture"), required=False, help_text=gettext_lazy("JPEG, PNG or WEBP, at most 8 MB.")
    )
    without_picture = forms.BooleanField(label=gettext_lazy("Remove the picture"), required=False)

    class Meta:
        model = Item
        fields = (
            "name",
            "code",
            "description",
            "hsn",
            "unit",
            "unit_price_e4",
            "price_includes_tax",
            "gst_rate_bp",
            "cess_rate_bp",
            "cess_per_unit_e4",
            "tracks_stock",
            "low_milli",
            "in_store",
            "is_active",
        )
        widgets = {
            "hsn": forms.TextInput(attrs={"inputmode": "numeric"}),
            "description": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.business = business
        item: Item = self.instance
        is_new = item.pk is None
        if is_new:
            item.business = business
            self.initial.update(gst_rate_bp=None, low_milli=item.low_milli)
        elif item.category:
            self.initial["category_name"] = item.category.name
        self.fields["hsn"].help_text = _("4, 6 or 8 digits; a service has a SAC of 6 digits.")
        self.fields["is_active"].help_text = _("An item no longer in use stays on old invoices.")
        gone = ["counted"] if not is_new else ["is_active"]
        if not item.image_id:
            gone.append("without_picture")
        if not business.charges_tax:
            gone += ["gst_rate_bp", "price_includes_tax", "cess_rate_bp", "cess_per_unit_e4"]
        for name in gone:
            del self.fields[name]

    def clean_cess_rate_bp(self) -> int:
        return self.cleaned_data["cess_rate_bp"] or 0

    def clean_cess_per_unit_e4(self) -> int:
        return self.cleaned_data["cess_per_unit_e4"] or 0

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if code and Item.objects.filter(business=self.business, code=code).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another item has this code."))
        return code

    def clean_low_milli(self) -> int:
        """Left empty: as for a new item."""
        low = self.cleaned_data["low_milli"]
        return Item._meta.get_field("low_milli").get_default() if low is None else low

    def first_rows(self) -> list[list[forms.BoundField]]:
        """What every bill needs."""
        return rows_of(self, ("name", "unit_price_e4 unit", "gst_rate_bp hsn", "price_includes_tax"))

    def parts(self) -> list[Part]:
        """What may stay folded below."""
        return [
            part_of(
                self,
                _("In the store"),
                _("Picture, category, description"),
                "picture",
                "without_picture",
                "category_name",
                "description",
                "in_store",
            ),
            part_of(
                self,
                _("Stock and code"),
                _("Count, low stock, your own code"),
                "tracks_stock",
                "counted low_milli",
                "code",
                "is_active",
            ),
            part_of(self, _("Cess"), _("Tobacco, coal, cars"), "cess_rate_bp cess_per_unit_e4"),
        ]


class CountForm(OnceForm):
    counted = QuantityField(label=gettext_lazy("Counted on the shelf"))


class ItemFilter(forms.Form):
    """Search and filters of the list of items, by GET."""

    q = forms.CharField(
        label=gettext_lazy("Search"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": gettext_lazy("Name, code or HSN")}),
    )
    category = forms.ChoiceField(label=gettext_lazy("Category"), required=False)
    show = forms.ChoiceField(
        label=gettext_lazy("Which"),
        required=False,
        choices=[
            ("", gettext_lazy("In use")),
            ("low", gettext_lazy("Low or out of stock")),
            ("store", gettext_lazy("In the online store")),
            ("unused", gettext_lazy("No longer in use")),
        ],
    )

    def __init__(self, data: Any, business: Business) -> None:
        super().__init__(data)
        names = Category.objects.filter(business=business).order_by("name").values_list("name", flat=True)
        self.fields["category"].choices = [("", _("All")), *((name, name) for name in names)]  # type: ignore[attr-defined]


class StoreForm(forms.Form):
    is_open = forms.BooleanField(
        label=gettext_lazy("Customers can order online"),
        required=False,
        help_text=gettext_lazy("When it is closed they still see their invoices and ledger, and no shop."),
    )
    minimum_order_paise = RupeesField(
        label=gettext_lazy("Smallest order"),
        required=False,
        help_text=gettext_lazy("Leave it open, and any order is welcome."),
    )

    def __init__(self, *args: Any, is_owner: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.disabled = not is_owner

    def clean_minimum_order_paise(self) -> int:
        return self.cleaned_data["minimum_order_paise"] or 0


class DeclineForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Your customer reads this sentence."),
        error_messages={"required": gettext_lazy("Write a reason: your customer will want to know.")},
        widget=forms.Textarea(attrs={"rows": 2}),
    )

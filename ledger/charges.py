"""What a bill has beside its lines: freight and other charges, a discount on the whole, another delivery address."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import ParsedField, Part, RupeesField, rows_of
from accounts.models import Business
from accounts.money import divide_half_up, line_amount, parse_rupees, percent, plain
from accounts.states import STATE_CHOICES
from accounts.validators import validate_pin
from catalog.rates import parse_percent
from ledger.drafting import DraftLine
from ledger.models import Invoice

AS_GOODS = ""  # freight is part of a composite supply: it bears the rate of the goods (section 8 of the CGST Act)
GOODS_TRANSPORT = "996511"  # SAC of freight that is a service of its own
SHIP_TO = ("name", "address", "city", "pin_code", "state_code")


def parse_discount(text: str) -> tuple[int, int]:
    """ "250" -> (25000 paise, 0); "5%" -> (0, 500 basis points). Raises ValueError with plain words."""
    if text.strip().startswith(("-", "−")):
        raise ValueError(_("The discount cannot be negative."))
    if not text.strip().endswith("%"):
        return parse_rupees(text), 0
    bp = parse_percent(text, highest_bp=1_000_00)
    if bp > 100_00:
        raise ValueError(_("A discount is at most 100%."))
    return 0, bp


def show_discount(value: Any) -> str:
    return plain(value) if isinstance(value, int) else str(value)


class DiscountField(ParsedField):
    """Rupees, or percent when it ends with % -> (paise, basis points): one of them is 0."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "placeholder": "250 / 5%"})
    parse = staticmethod(parse_discount)
    show = staticmethod(show_discount)


class ChargesForm(forms.Form):
    """Stands in the editor's form, folded; nothing in it has to be filled in."""

    all_discount = DiscountField(
        label=gettext_lazy("Discount on the whole bill"),
        required=False,
        help_text=gettext_lazy("In rupees, or in percent with %. It comes off before tax."),
    )
    freight = RupeesField(label=gettext_lazy("Freight, packing"), required=False)
    freight_words = forms.CharField(
        label=gettext_lazy("Called"), max_length=200, required=False, initial=gettext_lazy("Freight and packing")
    )
    freight_gst = forms.ChoiceField(label=gettext_lazy("GST on it"), required=False)
    outside = RupeesField(
        label=gettext_lazy("Charges without tax"),
        required=False,
        help_text=gettext_lazy("What you laid out for the buyer, such as a permit. Added after tax."),
    )
    outside_words = forms.CharField(
        label=gettext_lazy("Called"), max_length=200, required=False, initial=gettext_lazy("Paid on your behalf")
    )
    reverse_charge = forms.BooleanField(label=gettext_lazy("The buyer pays the tax (reverse charge)"), required=False)
    ship_name = forms.CharField(label=gettext_lazy("Delivered to"), max_length=120, required=False)
    ship_address = forms.CharField(label=gettext_lazy("Address"), max_length=300, required=False)
    ship_city = forms.CharField(label=gettext_lazy("City"), max_length=80, required=False)
    ship_pin_code = forms.CharField(
        label=gettext_lazy("PIN code"), max_length=6, required=False, validators=[validate_pin]
    )
    ship_state_code = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("Choose the State")), *STATE_CHOICES],
    )

    def __init__(
        self, *args: Any, business: Business, rates: Sequence[tuple[str, str]], buyer_state: str = "", **kwargs: Any
    ) -> None:
        """`rates`: (basis points, words) of the day; none where no tax is charged."""
        super().__init__(*args, **kwargs)
        self.buyer_state = buyer_state
        fields: dict[str, Any] = self.fields
        fields["freight_gst"].choices = [(AS_GOODS, _("As the goods (the highest rate on the bill)")), *rates]
        if not business.charges_tax:
            del fields["freight_gst"], fields["reverse_charge"]
            fields["outside"].widget = forms.HiddenInput()
            fields["outside_words"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        ship = [name for name in SHIP_TO if name != "state_code" and cleaned.get(f"ship_{name}")]
        if ship and not cleaned.get("ship_state_code") and not self.has_error("ship_state_code"):
            self.add_error("ship_state_code", _("Choose the State: the tax depends on where the goods go."))
        return cleaned

    def parts(self) -> list[Part]:
        """As the page folds them: a part is open when something in it is wrong or said."""
        charges = ("all_discount", "freight freight_gst", "freight_words", "outside outside_words", "reverse_charge")
        rows = tuple(" ".join(n for n in row.split() if n in self.fields) for row in charges)
        delivery = ("ship_name", "ship_address", "ship_city ship_pin_code", "ship_state_code")
        return [
            self._part(_("Charges and discount"), _("Freight, discount on all"), tuple(filter(None, rows))),
            self._part(_("Delivery"), _("To another address than the buyer's"), delivery),
        ]

    def _part(self, heading: str, hint: str, rows: tuple[str, ...]) -> Part:
        found = rows_of(self, rows)
        said = (field for row in found for field in row if not field.name.endswith("_words"))
        return Part(heading, hint, found, any(field.errors or field.value() for field in said))

    # --- what was said; a form that is not valid is read as far as it is right ---

    def _said(self) -> dict[str, Any]:
        self.is_valid()
        return self.cleaned_data

    def charges(self, goods: Sequence[DraftLine]) -> Iterator[DraftLine]:
        """The lines of the charges. Freight without a rate of its own bears the highest rate of the goods."""
        said = self._said()
        if paise := said.get("freight"):
            words, own_rate = said.get("freight_words") or _("Freight and packing"), said.get("freight_gst")
            main = max(goods, key=lambda line: line.gst_rate_bp, default=None)
            if own_rate or main is None:
                yield _charge(words, paise, int(own_rate or 0), hsn=GOODS_TRANSPORT)
            else:
                yield _charge(words, paise, main.gst_rate_bp, hsn=main.hsn)
        if paise := said.get("outside"):
            yield _charge(said.get("outside_words") or _("Paid on your behalf"), paise, 0, in_taxable_value=False)

    def discount_paise(self, lines: Sequence[DraftLine]) -> int:
        paise, bp = self._said().get("all_discount") or (0, 0)
        if not bp:
            return paise
        gross = sum(
            line_amount(line.quantity_milli, line.unit_price_e4) - line.discount_paise
            for line in lines
            if line.in_taxable_value
        )
        return divide_half_up(gross * bp, 10_000)

    def discount_bp(self) -> int:
        """The percentage that was typed, 0 for rupees."""
        return (self._said().get("all_discount") or (0, 0))[1]

    def ship_to(self) -> dict[str, str]:
        """Empty when the goods go to the buyer's own address."""
        said = self._said()
        found = {name: said.get(f"ship_{name}") or "" for name in SHIP_TO}
        return found if found["state_code"] else {}

    def is_reverse_charge(self) -> bool:
        return bool(self._said().get("reverse_charge"))


def _charge(words: str, paise: int, rate_bp: int, *, hsn: str = "", in_taxable_value: bool = True) -> DraftLine:
    return DraftLine(
        description=str(words),
        quantity_milli=1000,
        unit_price_e4=paise * 100,
        gst_rate_bp=rate_bp,
        unit="OTH",
        hsn=hsn,
        is_charge=True,
        in_taxable_value=in_taxable_value,
    )


def initial_of(invoice: Invoice) -> dict[str, Any]:
    """The form's values from an invoice that has been saved; its other charges of that kind are added up."""
    charges = [line for line in invoice.lines.all() if line.is_charge]
    taxed = [line for line in charges if line.in_taxable_value]
    outside = [line for line in charges if not line.in_taxable_value]
    values: dict[str, Any] = {
        "all_discount": percent(invoice.discount_bp) if invoice.discount_bp else invoice.discount_paise or None,
        "freight": sum(line.unit_price_e4 for line in taxed) // 100 or None,
        "outside": sum(line.unit_price_e4 for line in outside) // 100 or None,
        "reverse_charge": invoice.reverse_charge,
    }
    if taxed:
        own_rate = str(taxed[0].gst_rate_bp) if taxed[0].hsn == GOODS_TRANSPORT else AS_GOODS
        values |= {"freight_words": taxed[0].description, "freight_gst": own_rate}
    if outside:
        values["outside_words"] = outside[0].description
    return values | {f"ship_{name}": invoice.ship_to.get(name, "") for name in SHIP_TO}

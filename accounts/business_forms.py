"""What a business says of itself: few fields to begin with, all of them in the settings."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import gstin, states
from accounts.forms import GstinField, PhoneField, rows_of
from accounts.models import Business
from accounts.models.business import RESERVED_SLUGS


class BusinessForm(forms.ModelForm):
    """Name, registration and address: what every form about a business has, with the checks between its fields."""

    gstin = GstinField(
        label=gettext_lazy("GSTIN"),
        required=False,
        help_text=gettext_lazy("15 characters, as on the registration certificate; your State is taken from it."),
    )

    class Meta:
        model = Business
        fields: tuple[str, ...] = ("name", "scheme", "gstin", "state_code", "address", "city", "pin_code")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "organization"}),
            "scheme": forms.RadioSelect,
            "address": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "pin_code": forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}),
        }

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(_with_state(data), *args, **kwargs)
        state = self.fields["state_code"]
        state.required = True
        state.choices = [("", _("Choose your State")), *states.STATE_CHOICES]  # type: ignore[attr-defined]
        state.error_messages["required"] = _("Choose your State: GST is worked out from it.")
        # components.css hides the box from a business that is not registered while it is empty: it shows a placeholder.
        self.fields["gstin"].widget.attrs["placeholder"] = " "

    def clean_gstin(self) -> str:
        number: str = self.cleaned_data["gstin"]
        if number and gstin.kind(number) is not gstin.Kind.REGULAR:
            raise forms.ValidationError(_("This is not the GSTIN of a shop. Yours has your PAN in its middle."))
        return number

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or self.cleaned_data
        self._check_registration(data)
        self._check_state(data)
        return data

    def _check_registration(self, data: dict[str, Any]) -> None:
        if "gstin" in self.errors or "scheme" in self.errors:
            return
        is_registered = data["scheme"] != Business.Scheme.UNREGISTERED
        if is_registered and not data["gstin"]:
            self.add_error("gstin", _("A registered business needs its GSTIN."))
        elif data["gstin"] and not is_registered:
            self.add_error(
                "scheme", _("With a GSTIN you are registered: choose regular or composition, or clear the GSTIN.")
            )

    def _check_state(self, data: dict[str, Any]) -> None:
        number, chosen = data.get("gstin"), data.get("state_code")
        if number and chosen and chosen != gstin.state_code(number):
            state = states.name(gstin.state_code(number))
            self.add_error("state_code", _("Your GSTIN belongs to %(state)s.") % {"state": state})


def _with_state(data: Any) -> Any:
    """What was typed; a State that was left open is the GSTIN's."""
    if not data or data.get("state_code") or not data.get("gstin"):
        return data
    code = gstin.state_code(gstin.normalise(data["gstin"][:40]))
    if code not in states.STATES:
        return data
    filled = data.copy()
    filled["state_code"] = code
    return filled


class NewBusinessForm(BusinessForm):
    """The first page of a book; the rest can wait for the settings."""

    class Meta(BusinessForm.Meta):
        fields = (*BusinessForm.Meta.fields, "upi_id", "slug")

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        # What it is for GST is to be said by its owner, not by the default of a column.
        self.initial["scheme"] = ""
        self.fields["scheme"].label = _("Is it registered under GST?")
        self.fields["slug"].required = False
        self.fields["slug"].label = _("Short name in addresses")
        self.fields["slug"].help_text = _("Small letters, digits and hyphens, such as ram-kirana. Made from the name.")
        self.fields["upi_id"].help_text = _("Customers pay to it by the QR code on your invoices.")

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].lower()
        if slug and len(slug) < 3:
            raise forms.ValidationError(_("Write at least three characters."))
        if slug in RESERVED_SLUGS or (slug and Business.objects.filter(slug=slug).exists()):
            raise forms.ValidationError(_("This short name is taken. Choose another one."))
        return slug

    def first_rows(self) -> list[list[forms.BoundField]]:
        return rows_of(self, ("name", "scheme", "gstin", "state_code"))

    def later_rows(self) -> list[list[forms.BoundField]]:
        return rows_of(self, ("address", "city pin_code", "upi_id", "slug"))

    def has_later_errors(self) -> bool:
        return any(field.errors for row in self.later_rows() for field in row)


class SettingsForm(BusinessForm):
    """All an owner can change, in groups as the page shows them."""

    phone = PhoneField(region="IN", required=False, label=gettext_lazy("Phone shown to customers"))

    class Meta(BusinessForm.Meta):
        fields = (
            *BusinessForm.Meta.fields,
            "phone",
            "email",
            "upi_id",
            "bank_name",
            "bank_account",
            "bank_ifsc",
            "default_credit_days",
            "promise_days",
            "hsn_digits",
            "lut_number",
            "terms",
        )
        widgets = BusinessForm.Meta.widgets | {"terms": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, data: Any = None, *args: Any, is_owner: bool, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.fields["upi_id"].help_text = _("Such as ramkirana@okaxis. Without it, invoices have no QR code to pay by.")
        self.fields["default_credit_days"].help_text = _("An invoice is due so many days after its date.")
        self.fields["promise_days"].help_text = _(
            "A customer may promise to pay within so many days; no reminder goes out before that day. 0: no promises."
        )
        self.fields["lut_number"].help_text = _("Printed when you sell abroad or to a SEZ without charging IGST.")
        if not is_owner:
            for field in self.fields.values():
                field.disabled = True

    def clean_bank_ifsc(self) -> str:
        return str(self.cleaned_data["bank_ifsc"]).upper()

    def groups(self) -> list[tuple[str, str, str, list[list[forms.BoundField]]]]:
        """(anchor, heading, sentence below it, rows of fields)."""
        parts = (
            (
                "business",
                _("Name and GST"),
                _("Printed on every new invoice. Invoices already issued keep what they were issued with."),
                ("name", "scheme", "gstin state_code"),
            ),
            ("contact", _("Address and contact"), "", ("address", "city pin_code", "phone email")),
            ("paying", _("How customers pay you"), "", ("upi_id", "bank_name", "bank_account bank_ifsc")),
            (
                "invoices",
                _("Invoices"),
                "",
                ("default_credit_days", "promise_days", "hsn_digits", "lut_number", "terms"),
            ),
        )
        return [(anchor, heading, text, rows_of(self, rows)) for anchor, heading, text, rows in parts]

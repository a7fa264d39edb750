"""What a business says of itself: few fields to begin with, all of them in the settings."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from phonenumber_field.formfields import PhoneNumberField

from accounts import gstin, states
from accounts.forms import GstinField
from accounts.models import Business
from accounts.models.business import RESERVED_SLUGS


class BusinessForm(forms.ModelForm):
    """Name, registration and address: what every form about a business has, with the checks between its fields."""

    gstin = GstinField(
        label=gettext_lazy("GSTIN"),
        required=False,
        help_text=gettext_lazy("15 characters, as on the registration certificate."),
    )

    class Meta:
        model = Business
        fields = ("name", "scheme", "gstin", "state_code", "address", "city", "pin_code")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "organization"}),
            "scheme": forms.RadioSelect,
            "address": forms.TextInput(attrs={"autocomplete": "street-address"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "pin_code": forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state_code"].help_text = _("Leave it open when you have written your GSTIN.")

    def clean_gstin(self) -> str:
        number: str = self.cleaned_data["gstin"]
        if number and gstin.kind(number) is not gstin.Kind.REGULAR:
            raise forms.ValidationError(_("This is not the GSTIN of a shop. Yours has your PAN in its middle."))
        return number

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or self.cleaned_data
        self._check_registration(data)
        self._fill_state(data)
        return data

    def _check_registration(self, data: dict[str, Any]) -> None:
        if "gstin" in self.errors or "scheme" in self.errors:
            return
        is_registered = data["scheme"] != Business.Scheme.UNREGISTERED
        if is_registered and not data["gstin"]:
            self.add_error("gstin", _("A registered business needs its GSTIN."))
        elif data["gstin"] and not is_registered:
            self.add_error("scheme", _("With a GSTIN you are registered: choose regular or composition."))

    def _fill_state(self, data: dict[str, Any]) -> None:
        number, chosen = data.get("gstin"), data.get("state_code")
        if number and (name := states.name(gstin.state_code(number))):
            if chosen and chosen != gstin.state_code(number):
                self.add_error("state_code", _("Your GSTIN belongs to %(state)s.") % {"state": name})
            data["state_code"] = gstin.state_code(number)
        elif not chosen and "gstin" not in self.errors:
            self.add_error("state_code", _("Choose your State: GST is worked out from it."))


class NewBusinessForm(BusinessForm):
    """The first page of a book; the rest can wait for the settings."""

    class Meta(BusinessForm.Meta):
        fields = (*BusinessForm.Meta.fields, "upi_id", "slug")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
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

    def first_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", "scheme", "gstin", "state_code")]

    def later_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("address", "city", "pin_code", "upi_id", "slug")]


class SettingsForm(BusinessForm):
    """All an owner can change, in groups as the page shows them."""

    phone = PhoneNumberField(
        region="IN",
        required=False,
        label=gettext_lazy("Phone shown to customers"),
        error_messages={
            "invalid": gettext_lazy("This is not a phone number. Write it like 98765 43210 or 020 2445 1234.")
        },
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    class Meta(BusinessForm.Meta):
        fields = (
            *BusinessForm.Meta.fields,
            "phone",
            "email",
            "upi_id",
            "bank_name",
            "bank_account",
            "bank_ifsc",
            "invoice_prefix",
            "default_credit_days",
            "terms",
        )
        widgets = BusinessForm.Meta.widgets | {"terms": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, is_owner: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["upi_id"].help_text = _("Such as ramkirana@okaxis. Without it, invoices have no QR code to pay by.")
        self.fields["invoice_prefix"].help_text = _("Up to four letters or digits: INV gives INV/26-27/00001.")
        self.fields["default_credit_days"].help_text = _("An invoice is due so many days after its date.")
        if not is_owner:
            for field in self.fields.values():
                field.disabled = True

    def clean_bank_ifsc(self) -> str:
        return str(self.cleaned_data["bank_ifsc"]).upper()

    def clean_invoice_prefix(self) -> str:
        return str(self.cleaned_data["invoice_prefix"]).upper()

    def groups(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """(heading, sentence below it, fields)."""
        parts = (
            (
                _("Business"),
                _("Printed on every new invoice. Invoices already issued keep what they were issued with."),
                ("name", "scheme", "gstin", "state_code"),
            ),
            (_("Address and contact"), "", ("address", "city", "pin_code", "phone", "email")),
            (_("How customers pay you"), "", ("upi_id", "bank_name", "bank_account", "bank_ifsc")),
            (_("Invoices"), "", ("invoice_prefix", "default_credit_days", "terms")),
        )
        return [(heading, text, [self[name] for name in names]) for heading, text, names in parts]

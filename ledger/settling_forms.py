"""Payments with tax deducted at source, and what a payment, credit note or adjustment settles, chosen anew."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import OnceForm, RupeesField
from accounts.money import divide_half_up, percent, plain, rupees
from ledger.forms import BILLS_OFFERED, PaymentForm
from ledger.models import OpenItem, Payment

# What customers deduct: goods above Rs. 50 lakh a year (194Q), contractors (194C), fees (194J). Only offered.
TDS_RATES_BP = (10, 100, 200, 1000)


class PaymentWithTds(PaymentForm):
    """`amount` is what reached the shop; the bills are settled by it and by the tax the customer kept back."""

    tds = RupeesField(label=gettext_lazy("TDS they kept back"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bill = next((item for item in self.bills if item.invoice), None)
        if bill and bill.invoice and bill.invoice.taxable_paise:
            taxable = bill.invoice.taxable_paise
            parts = [(rate, divide_half_up(taxable * rate, 10_000)) for rate in TDS_RATES_BP]
            words = _("Of %(amount)s before tax on %(bill)s: %(parts)s.")
            self.fields["tds"].help_text = words % {
                "amount": rupees(taxable),
                "bill": bill.invoice.number,
                "parts": " · ".join(f"{percent(rate)} {rupees(part)}" for rate, part in parts),
            }
            self.fields["tds"].widget.attrs["list"] = "tds-rates"
            self.tds_offers = [(plain(part), percent(rate)) for rate, part in parts]

    tds_offers: list[tuple[str, str]] = []

    def tds_paise(self) -> int:
        return self.cleaned_data.get("tds") or 0

    def available(self) -> int:
        return super().available() + self.tds_paise()

    def amount_so_far(self) -> int:
        return super().amount_so_far() + (self.tds_paise() if self.is_bound else 0)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("tds") and cleaned.get("direction") == Payment.Direction.PAID:
            self.add_error("tds", _("Tax is deducted from money that you receive."))
        return cleaned


class SettlesForm(OnceForm):
    """Each bill that is open, or that the credit settles now, with how much of the credit goes to it."""

    def __init__(
        self, *args: Any, bills: list[OpenItem], now: Mapping[int, int], total_paise: int, **kwargs: Any
    ) -> None:
        """`now`: paise by open item as it stands; `total_paise`: all there is to give."""
        super().__init__(*args, **kwargs)
        self.now, self.total_paise = now, total_paise
        settled = [item for item in bills if item.pk in now]
        self.offered = [*settled, *(item for item in bills if item.pk not in now)][: BILLS_OFFERED + len(settled)]
        for item in self.offered:
            field = RupeesField(required=False, label=str(item.document), initial=now.get(item.pk))
            field.widget.attrs["aria-label"] = str(item.document)
            self.fields[f"bill_{item.pk}"] = field

    def room(self, item: OpenItem) -> int:
        """What this credit may settle of a bill: what is open, and what it settles already."""
        return item.total_paise - item.settled_paise + self.now.get(item.pk, 0)

    def rows(self) -> list[tuple[OpenItem, forms.BoundField]]:
        return [(item, self[f"bill_{item.pk}"]) for item in self.offered]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for item in self.offered:
            if (cleaned.get(f"bill_{item.pk}") or 0) > self.room(item):
                words = _("At most %(amount)s can be settled here.") % {"amount": rupees(self.room(item))}
                self.add_error(f"bill_{item.pk}", words)
        if (chosen := sum(part for _pk, part in self.shares())) > self.total_paise:
            words = _("You are giving out %(chosen)s of %(total)s. Lower one of the bills.")
            self.add_error(None, words % {"chosen": rupees(chosen), "total": rupees(self.total_paise)})
        return cleaned

    def shares(self) -> list[tuple[int, int]]:
        data = self.cleaned_data
        return [(item.pk, part) for item in self.offered if (part := data.get(f"bill_{item.pk}"))]

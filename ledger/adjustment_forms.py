"""The form of an adjustment: opening balance, write-off, correction; with the bills that it settles."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import DateField, OnceForm, RupeesField
from accounts.india import fy_start, today
from accounts.models import Party
from accounts.money import rupees
from ledger.forms import BILLS_OFFERED, FIRST_DAY, check_day
from ledger.models import Adjustment, Entry, Invoice, OpenItem

ONE_DAY = dt.timedelta(days=1)
Kind, Side = Adjustment.Kind, Adjustment.Side
WHAT: dict[str, tuple[str, str, Any]] = {
    "write_off": (Kind.WRITE_OFF, Side.CREDIT, gettext_lazy("Write off: they will not pay it")),
    "less": (Kind.ADJUSTMENT, Side.CREDIT, gettext_lazy("Correct: they owe less")),
    "more": (Kind.ADJUSTMENT, Side.DEBIT, gettext_lazy("Correct: they owe more")),
    "opening": (Kind.OPENING, Side.DEBIT, gettext_lazy("Opening balance: they owed you")),
    "opening_paid": (Kind.OPENING, Side.CREDIT, gettext_lazy("Opening balance: you owed them")),
}
SHOW = [
    ("", gettext_lazy("All")),
    (Kind.OPENING.value, gettext_lazy("Opening balances")),
    (Kind.WRITE_OFF.value, gettext_lazy("Written off")),
    (Kind.TDS.value, gettext_lazy("TDS")),
    (Kind.ADJUSTMENT.value, gettext_lazy("Corrections")),
    ("cancelled", gettext_lazy("Cancelled")),
]


class AdjustmentForm(OnceForm):
    """One adjustment of a party. Left alone, a credit settles `first` (the bill it was opened from), then the oldest."""

    what = forms.ChoiceField(
        label=gettext_lazy("What is it?"),
        choices=[(key, label) for key, (_kind, _side, label) in WHAT.items()],
        widget=forms.RadioSelect,
    )
    amount = RupeesField(label=gettext_lazy("Amount"))
    dated_on = DateField(
        label=gettext_lazy("Date"),
        required=False,
        help_text=gettext_lazy("Left open: today; an opening balance the day before their first paper, else 1 April."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=200,
        error_messages={"required": gettext_lazy("Write why: both sides read it in the ledger.")},
        help_text=gettext_lazy("Your customer reads it in the ledger. An opening balance needs none."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self, *args: Any, party: Party, bills: list[OpenItem], first: Invoice | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.party = party
        self.bills = sorted(bills, key=lambda item: item.invoice_id != first.pk) if first else bills
        self.first = first
        self.fields["reason"].required = not str(self["what"].value() or "").startswith("opening")
        for item in self.bills[:BILLS_OFFERED]:
            field = self.fields[_name(item)] = RupeesField(required=False, label=str(item.document))
            field.widget.attrs["aria-label"] = field.label

    def bill_fields(self) -> list[tuple[OpenItem, forms.BoundField]]:
        return [(item, self[_name(item)]) for item in self.bills[:BILLS_OFFERED]]

    def has_own_choice(self) -> bool:
        return any(field.value() for _item, field in self.bill_fields())

    @property
    def due_paise(self) -> int:
        return sum(item.total_paise - item.settled_paise for item in self.bills)

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if amount == 0:
            raise forms.ValidationError(_("The amount must be more than zero."))
        return amount

    def clean_dated_on(self) -> dt.date:
        return check_day(self.cleaned_data["dated_on"] or default_day(self.party, self.cleaned_data.get("what", "")))

    def clean_reason(self) -> str:
        return " ".join(self.cleaned_data["reason"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind, side, _label = WHAT.get(cleaned.get("what", ""), ("", "", ""))
        chosen, amount = self._chosen(cleaned), cleaned.get("amount") or 0
        if chosen and side == Side.DEBIT:
            self.add_error("what", _("This raises what they owe, so it settles no bill: clear the bills below."))
        if amount and chosen > amount:
            self.add_error("amount", _("The bills you chose add up to %(sum)s.") % {"sum": rupees(chosen)})
        if kind == Kind.WRITE_OFF and amount > self.due_paise:
            self.add_error("amount", _("Only %(due)s is due.") % {"due": rupees(self.due_paise)})
        elif kind == Kind.WRITE_OFF and chosen and chosen < amount:
            self.add_error("amount", _("You chose bills for %(sum)s only.") % {"sum": rupees(chosen)})
        return cleaned

    def _chosen(self, cleaned: dict[str, Any]) -> int:
        total = 0
        for item in self.bills[:BILLS_OFFERED]:
            part, rest = cleaned.get(_name(item)) or 0, item.total_paise - item.settled_paise
            if part > rest:
                self.add_error(_name(item), _("Only %(amount)s is due here.") % {"amount": rupees(rest)})
            total += part
        return total

    def kind_and_side(self) -> tuple[str, str]:
        kind, side, _label = WHAT[self.cleaned_data["what"]]
        return kind, side

    def shares(self) -> list[tuple[int, int]] | None:
        """(open item id, paise) for posting.record_adjustment; None: oldest first, under the lock of the party."""
        kind, side = self.kind_and_side()
        if side == Side.DEBIT:
            return []
        data = self.cleaned_data
        chosen = [(item.pk, part) for item in self.bills[:BILLS_OFFERED] if (part := data.get(_name(item)))]
        if chosen or (kind != Kind.WRITE_OFF and not self.first):
            return chosen or None
        return self._split(data["amount"])

    def _split(self, amount: int) -> list[tuple[int, int]]:
        parts = []
        for item in self.bills:
            part = min(amount, item.total_paise - item.settled_paise)
            if part > 0:
                parts.append((item.pk, part))
                amount -= part
        return parts


def default_day(party: Party, what: str) -> dt.date:
    """Today; of an opening balance the day before the party's first document, else the first of the financial year.

    An opening balance never falls into closed books. One query for it, else none.
    """
    if not what.startswith("opening"):
        return today()
    entries = Entry.objects.filter(business_id=party.business_id, party=party)
    first = entries.aggregate(first=Min("dated_on"))["first"]
    opening = first - ONE_DAY if first else fy_start(today())
    if closed := party.business.books_closed_on:
        opening = max(opening, closed + ONE_DAY)
    return min(max(opening, FIRST_DAY), today())


def _name(item: OpenItem) -> str:
    return f"bill_{item.pk}"

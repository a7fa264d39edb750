"""Forms of the merchant's desk: parties and their people, payments, searches, reasons."""

import datetime as dt
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts import corrections
from accounts.forms import DateField, GstinField, MobileField, OnceForm, Part, RupeesField, part_of, sought
from accounts.gstin import require_other, state_code
from accounts.india import fy_end, fy_start, today
from accounts.models import Message, Party, PartyPerson
from accounts.money import parse_rupees, rupees
from accounts.phones import pretty
from accounts.states import STATE_CHOICES, STATES
from accounts.states import name as state_name
from ledger.listing import day
from ledger.models import Invoice, OpenItem, Payment
from ledger.statements import BEGINNING, Period

FIRST_DAY = dt.date(2017, 7, 1)  # GST began
BILLS_OFFERED = 100  # fields to choose by hand; oldest first reaches all of them


class PartyForm(forms.ModelForm, OnceForm):
    """A party with its main mobile number. `cleaned_data["phone"]` is E.164 or None.

    `shown` tells which record the page showed, so that what a customer had corrected meanwhile is not written back.
    """

    shown = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput(attrs={"id": False}))
    phone = MobileField(
        label=gettext_lazy("Mobile number"),
        required=False,
        help_text=gettext_lazy("Only this number and those you add later can log in to the portal."),
    )
    person_name = forms.CharField(label=gettext_lazy("Contact person"), max_length=100, required=False)
    gstin = GstinField(label=gettext_lazy("GSTIN"), required=False)
    credit_limit_paise = RupeesField(label=gettext_lazy("Credit limit"), required=False)
    credit_days = forms.IntegerField(
        label=gettext_lazy("Credit days"),
        required=False,
        min_value=0,
        max_value=365,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    class Meta:
        model = Party
        fields = [
            "name",
            "gstin",
            "is_sez",
            "state_code",
            "address",
            "city",
            "pin_code",
            "email",
            "credit_days",
            "credit_limit_paise",
            "language",
            "reference",
            "note",
        ]
        widgets = {
            "pin_code": forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}),
            "address": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        party = self.instance
        if party.pk:
            main = party.people.filter(is_main=True).first()
            self.initial.update(phone=pretty(str(main.phone)) if main else None, person_name=main.name if main else "")
            stands = corrections.current(party, str(main.phone) if main else "")
            self.initial["shown"] = corrections.fingerprint(stands)
            self.fields["phone"].help_text = _("A changed number ends the links and sessions of the old one.")
        self.fields["credit_days"].unit = _("days")  # type: ignore[attr-defined]
        days = party.business.default_credit_days
        self.fields["credit_days"].help_text = _("Left empty: %(days)s, as in your settings.") % {"days": days}
        self.fields["state_code"].choices = [("", _("Not chosen")), *STATE_CHOICES]  # type: ignore[attr-defined]
        self.fields["state_code"].help_text = _(
            "Filled from the GSTIN when you leave it open. A buyer abroad: Other Countries."
        )
        self.fields["is_sez"].help_text = _("Billed with IGST, or without tax under your letter of undertaking.")
        self.fields["note"].help_text = _("Your customer never sees this.")

    def say_changed(self) -> None:
        """What stands now beside each field that says something else; sent once more, what is typed counts."""
        stands = corrections.main_record(self.instance)
        typed, sent = dict(self.cleaned_data), cast("QueryDict", self.data).copy()
        sent["shown"] = corrections.fingerprint(stands)
        self.data = sent
        self.add_error(None, corrections.changed_words())
        for field in corrections.FIELDS:
            if (typed[field] or "") != stands[field]:
                say = {"phone": pretty, "state_code": state_name}.get(field, str)
                words = say(stands[field]) if stands[field] else _("nothing")
                self.add_error(field, _("It reads now: %(words)s") % {"words": words})

    def parts(self) -> list[Part]:
        """What may stay folded below name and numbers."""
        return [
            part_of(
                self,
                _("On the bill"),
                _("GSTIN, State, address"),
                "gstin state_code",
                "is_sez",
                "address",
                "city pin_code",
            ),
            part_of(
                self,
                _("Between you"),
                _("Credit days and limit, your own code, a note"),
                "credit_days credit_limit_paise",
                "reference",
                "note",
            ),
            part_of(self, _("Messages"), _("E-mail and language"), "email language"),
        ]

    def clean_gstin(self) -> str:
        gstin = self.cleaned_data["gstin"]
        try:
            require_other(self.instance.business.gstin, gstin)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return gstin

    def clean_reference(self) -> str:
        reference = self.cleaned_data["reference"]
        twin = self.instance.business.parties.filter(reference=reference).exclude(pk=self.instance.pk).first()
        if reference and twin:
            raise forms.ValidationError(_("%(party)s has this code already.") % {"party": twin.name})
        return reference

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        code = state_code(cleaned.get("gstin") or "")
        if cleaned.get("is_sez") and not code and "gstin" not in self.errors:
            self.add_error("gstin", _("A buyer in a Special Economic Zone has a GSTIN."))
        if code in STATES:
            chosen = cleaned.get("state_code")
            if chosen and chosen != code:
                self.add_error("state_code", _("This GSTIN is of %(state)s.") % {"state": state_name(code)})
            cleaned["state_code"] = code
        return cleaned


class PersonForm(OnceForm):
    """One more number that may log in to a party's portal."""

    phone = MobileField(label=gettext_lazy("Mobile number"))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, required=False)
    role = forms.ChoiceField(label=pgettext_lazy("is allowed to", "May"), choices=PartyPerson.Role.choices)


class ReasonForm(OnceForm):
    """Why something is cancelled."""

    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=200,
        help_text=gettext_lazy("Kept in the book, for you and your accountant."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ChannelForm(OnceForm):
    """Send a link by one channel."""

    channel = forms.ChoiceField(choices=Message.Channel.choices)


# --- searches (GET) -----------------------------------------------------------------------------------------

SHOW_PARTIES = [
    ("", gettext_lazy("All")),
    ("collect", gettext_lazy("To collect")),
    ("pay", gettext_lazy("To pay")),
    ("ahead", gettext_lazy("Advance or credit")),
]
SHOW_INVOICES = [
    ("", gettext_lazy("All")),
    ("unpaid", gettext_lazy("Unpaid")),
    ("overdue", gettext_lazy("Overdue")),
    ("part_paid", gettext_lazy("Part paid")),
    ("paid", gettext_lazy("Settled")),
    ("draft", gettext_lazy("Drafts")),
    ("cancelled", gettext_lazy("Cancelled")),
    ("credit_note", gettext_lazy("Credit notes")),
]
SHOW_PAYMENTS = [
    ("", gettext_lazy("All")),
    ("advance", gettext_lazy("With advance")),
    ("paid_back", gettext_lazy("Paid back")),
    ("cancelled", gettext_lazy("Cancelled")),
]


class SearchForm(forms.Form):
    """Words to look for, and which part of a list. Words that are too long find nothing and are told so; what else
    cannot be understood is left out.
    """

    q = forms.CharField(
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    show = forms.ChoiceField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, label: str, choices: list[tuple[str, Any]] | None = None) -> None:
        super().__init__(data)
        self.fields["q"].label = label
        self.fields["q"].widget.attrs["placeholder"] = label
        self.fields["show"].choices = choices or [("", "")]  # type: ignore[attr-defined]
        self.is_valid()

    @property
    def text(self) -> str:
        return sought(self)

    @property
    def chosen(self) -> str:
        return self.cleaned_data.get("show") or ""


PERIODS = [
    ("", gettext_lazy("This year")),
    ("month", gettext_lazy("This month")),
    ("last_month", gettext_lazy("Last month")),
    ("last_year", gettext_lazy("Last year")),
    ("all", gettext_lazy("All")),
]


class PeriodForm(forms.Form):
    """Days of a statement, by name or by date. A wrong period is explained and the financial year shown."""

    period = forms.ChoiceField(required=False, choices=PERIODS, widget=forms.HiddenInput)
    start = DateField(label=gettext_lazy("From"), required=False)
    end = DateField(label=gettext_lazy("To"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("start"), cleaned.get("end")
        for name, value in (("start", start), ("end", end)):
            if value and not BEGINNING <= value <= today() + dt.timedelta(days=366):
                self.add_error(name, _("Choose a day between 2000 and next year."))
        if start and end and start > end:
            self.add_error("end", _("The end lies before the beginning."))
        return cleaned

    def shown(self) -> "PeriodForm":
        """The fields as a page shows them: with the days in force, or with what was typed when it is wrong."""
        if not self.is_valid():
            return self
        period = self.chosen()
        start = None if period.start == BEGINNING else period.start
        return type(self)(initial={"start": start, "end": period.end})

    def chosen(self) -> Period:
        now = today()
        data = self.cleaned_data if self.is_valid() else {}
        if data.get("start") or data.get("end"):
            end = data["end"] or max(now, data["start"])
            return Period(data["start"] or min(fy_start(end), end), end)
        return self.named(data.get("period", ""), now)

    def named(self, name: str, now: dt.date) -> Period:
        month = now.replace(day=1)
        last_month_end, last_year = month - dt.timedelta(days=1), fy_start(now) - dt.timedelta(days=1)
        periods = {
            "month": Period(month, now),
            "last_month": Period(last_month_end.replace(day=1), last_month_end),
            "last_year": Period(fy_start(last_year), fy_end(last_year)),
            "all": Period(BEGINNING, now),
        }
        return periods.get(name, Period(fy_start(now), now))

    @property
    def current(self) -> str | None:
        """The named period that is shown; None for dates of one's own that are those of none."""
        data = self.cleaned_data if self.is_valid() else {}
        if not (data.get("start") or data.get("end")):
            return data.get("period", "")
        period, now = self.chosen(), today()
        names = [name for name, _label in self.fields["period"].choices]  # type: ignore[attr-defined]
        return next((name for name in names if self.named(name, now) == period), None)


REPORT_PERIODS = [
    ("", gettext_lazy("This month")),
    ("last_month", gettext_lazy("Last month")),
    ("quarter", gettext_lazy("This quarter")),
    ("last_quarter", gettext_lazy("Last quarter")),
    ("year", gettext_lazy("This year")),
    ("last_year", gettext_lazy("Last year")),
]


class ReportPeriodForm(PeriodForm):
    """Days of a report: the months, quarters and years of GST returns."""

    period = forms.ChoiceField(required=False, choices=REPORT_PERIODS, widget=forms.HiddenInput)

    def named(self, name: str, now: dt.date) -> Period:
        month = now.replace(day=1)
        quarter = month.replace(month=(now.month - 1) // 3 * 3 + 1)
        before_quarter = quarter - dt.timedelta(days=1)
        match name:
            case "":
                return Period(month, now)
            case "quarter":
                return Period(quarter, now)
            case "last_quarter":
                return Period(before_quarter.replace(day=1, month=before_quarter.month - 2), before_quarter)
            case "year":
                return Period(fy_start(now), now)
        return super().named(name, now)


# --- payments -----------------------------------------------------------------------------------------------


class PaymentForm(OnceForm):
    """Money received from a party (or paid back to it), with one field per open bill to choose by hand.

    Left alone, the money closes `first` (the bill it was opened from) and then the oldest bills.
    """

    direction = forms.ChoiceField(
        choices=Payment.Direction.choices, initial=Payment.Direction.RECEIVED, widget=forms.HiddenInput
    )
    amount = RupeesField(label=gettext_lazy("Amount"))
    paid_on = DateField(label=gettext_lazy("Date"), initial=today)
    mode = forms.ChoiceField(label=gettext_lazy("How"), choices=Payment.Mode.choices, initial=Payment.Mode.UPI)
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("UTR or cheque number: guards against entering it twice."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    as_advance = forms.BooleanField(
        label=gettext_lazy("Keep all of it as an advance"),
        required=False,
        help_text=gettext_lazy("Your next invoice to them uses it."),
    )

    def __init__(self, *args: Any, bills: list[OpenItem], first: Invoice | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first = first
        self.bills = sorted(bills, key=lambda item: item.invoice_id != first.pk) if first else bills
        self.offered = self.bills[:BILLS_OFFERED]
        for item in self.offered:
            self.fields[self.name_of(item)] = RupeesField(required=False, label=str(item.document))

    @property
    def due_paise(self) -> int:
        """All that is open, also beyond the bills offered by hand."""
        return sum(item.total_paise - item.settled_paise for item in self.bills)

    @staticmethod
    def name_of(item: OpenItem) -> str:
        return f"bill_{item.pk}"

    def bill_fields(self) -> list[tuple[OpenItem, forms.BoundField]]:
        return [(item, self[self.name_of(item)]) for item in self.offered]

    def has_own_choice(self) -> bool:
        return any(self[self.name_of(item)].value() for item in self.offered) or bool(self["as_advance"].value())

    def amount_so_far(self) -> int:
        """The amount typed (or offered), in paise; 0 while it cannot be read."""
        if self.is_bound:
            self.is_valid()
            return self.cleaned_data.get("amount") or 0
        offered = self.initial.get("amount")
        return parse_rupees(offered) if offered else 0

    def parts_so_far(self, amount: int) -> list[tuple[OpenItem, int]]:
        """What the amount settles as the form stands, right or not."""
        data = self.cleaned_data if self.is_bound else {}
        if data.get("as_advance"):
            return []
        chosen = [(item, part) for item in self.offered if (part := data.get(self.name_of(item)))]
        return chosen or self.split(amount)

    def available(self) -> int:
        """What there is to settle bills with, in paise."""
        return self.cleaned_data.get("amount") or 0

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if amount == 0:
            raise forms.ValidationError(_("The amount must be more than zero."))
        return amount

    def clean_paid_on(self) -> dt.date:
        return check_day(self.cleaned_data["paid_on"])

    def clean_reference(self) -> str:
        return " ".join(self.cleaned_data["reference"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = 0
        for item in self.offered:
            part = cleaned.get(self.name_of(item)) or 0
            rest = item.total_paise - item.settled_paise
            if part > rest:
                self.add_error(self.name_of(item), _("Only %(amount)s is due here.") % {"amount": rupees(rest)})
            chosen += part
        if cleaned.get("amount") and chosen > self.available():
            self.add_error(
                None,
                _("You are settling %(chosen)s with a payment of %(amount)s. Lower one of the bills.")
                % {"chosen": rupees(chosen), "amount": rupees(self.available())},
            )
        if chosen and cleaned.get("as_advance"):
            self.add_error("as_advance", _("Either choose bills or keep all of it as an advance."))
        return cleaned

    def shares(self) -> list[tuple[int, int]] | None:
        """(open item id, paise) as chosen; None: oldest first, decided under the lock of the party."""
        data = self.cleaned_data
        if data["as_advance"] or data["direction"] == Payment.Direction.PAID:
            return []
        chosen = [(item.pk, data[self.name_of(item)]) for item in self.offered if data.get(self.name_of(item))]
        if chosen:
            return chosen
        if self.first:
            return [(item.pk, part) for item, part in self.split(self.available())]
        return None

    def split(self, amount: int) -> list[tuple[OpenItem, int]]:
        """What an amount closes when nothing is chosen by hand: the first bill, then the oldest."""
        parts = []
        for item in self.bills:
            part = min(amount, item.total_paise - item.settled_paise)
            if part > 0:
                parts.append((item, part))
            amount -= part
        return parts


def check_day(value: dt.date) -> dt.date:
    """A day on which money can have moved or a bill been written; ValidationError otherwise."""
    if value > today():
        raise forms.ValidationError(_("The date lies in the future. Choose today or an earlier day."))
    if value < FIRST_DAY:
        raise forms.ValidationError(_("Choose a day after %(date)s.") % {"date": day(FIRST_DAY)})
    return value

"""The shop's forms about reminders."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.forms import RupeesField
from accounts.models import Message
from accounts.money import ascii_digits
from ledger.models import PartyReminders, ReminderSettings
from ledger.models.reminders import FIRST_HOUR, LAST_HOUR
from ledger.reminders.rules import MOST_RULES

LONGEST_BEFORE, LONGEST_AFTER = 60, 365


class DaysField(forms.CharField):
    """Days as typed ("3, 10, 30") -> sorted whole numbers, each from 1 to `most`."""

    widget = forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"})

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        super().__init__(required=False, max_length=80, **options)

    def clean(self, value: Any) -> Any:
        text = ascii_digits(str(super().clean(value) or ""))
        if re.search(r"[^0-9,; ]", text):
            raise ValidationError(_("Write days with commas between them, such as 3, 10, 30."))
        days = sorted({int(part) for part in re.findall(r"[0-9]+", text)})
        if any(not 1 <= day <= self.most for day in days):
            raise ValidationError(_("Each from 1 to %(most)s days.") % {"most": self.most})
        return days

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value


class RulesForm(forms.Form):
    """Days before, on and after the due date."""

    before = DaysField(
        label=gettext_lazy("Days before the due date"), most=LONGEST_BEFORE, help_text=gettext_lazy("Such as 3.")
    )
    on_day = forms.BooleanField(label=gettext_lazy("On the due date"), required=False)
    after = DaysField(
        label=gettext_lazy("Days after the due date"),
        most=LONGEST_AFTER,
        help_text=gettext_lazy("Such as 3, 10, 30: three reminders."),
    )

    def days(self) -> list[int]:
        data = self.cleaned_data
        return [-day for day in data["before"]] + ([0] if data["on_day"] else []) + list(data["after"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and len(self.days()) > MOST_RULES:
            raise ValidationError(_("At most %(most)s reminders for one invoice.") % {"most": MOST_RULES})
        return cleaned


def initial_of(days: list[int]) -> dict[str, Any]:
    return {
        "before": sorted(-day for day in days if day < 0),
        "on_day": 0 in days,
        "after": [day for day in days if day > 0],
    }


class SettingsForm(RulesForm):
    """All of Settings > Reminders; `settings` builds the row."""

    is_on = forms.BooleanField(label=gettext_lazy("Send reminders automatically"), required=False)
    channel = forms.ChoiceField(label=gettext_lazy("By"), choices=Message.Channel.choices)
    hour = forms.TypedChoiceField(
        label=gettext_lazy("At"), coerce=int, choices=[(h, f"{h}:00") for h in range(FIRST_HOUR, LAST_HOUR + 1)]
    )
    least = RupeesField(label=gettext_lazy("Only when at least this is due"))
    most_per_invoice = forms.IntegerField(label=gettext_lazy("For one invoice, in all"), min_value=1, max_value=20)
    most_per_day = forms.IntegerField(label=gettext_lazy("To one party, in a day"), min_value=1, max_value=10)
    most_per_week = forms.IntegerField(label=gettext_lazy("To one party, in 7 days"), min_value=1, max_value=30)
    statement_day = forms.TypedChoiceField(
        label=gettext_lazy("A statement every month"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=lambda: [
            ("", _("No statements")),
            *((day, _("on day %(day)s") % {"day": day}) for day in range(1, 29)),
        ],
        help_text=gettext_lazy("To every party that owes you something."),
    )
    field_order = ("is_on", "before", "on_day", "after", "channel", "hour", "least")

    @classmethod
    def of(cls, row: ReminderSettings, days: list[int], data: Any = None) -> "SettingsForm":
        plain = ("is_on", "channel", "hour", "most_per_invoice", "most_per_day", "most_per_week", "statement_day")
        initial = {name: getattr(row, name) for name in plain} | {"least": row.least_paise} | initial_of(days)
        return cls(data, initial=initial)

    def settings(self, row: ReminderSettings) -> ReminderSettings:
        data = self.cleaned_data
        return ReminderSettings(
            business=row.business,
            least_paise=data["least"],
            **{
                name: data[name]
                for name in (
                    *("is_on", "channel", "hour", "most_per_invoice", "most_per_day", "most_per_week"),
                    "statement_day",
                )
            },
        )


class PartyForm(RulesForm):
    """What counts for one party."""

    mode = forms.ChoiceField(
        label=gettext_lazy("Reminders to this party"),
        required=False,
        choices=[
            ("", gettext_lazy("By the rules of the shop")),
            (PartyReminders.Mode.OFF, PartyReminders.Mode.OFF.label),
            (PartyReminders.Mode.OWN, gettext_lazy("By rules of its own:")),
        ],
        widget=forms.RadioSelect,
    )
    field_order = ("mode",)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("mode") == PartyReminders.Mode.OWN and not self.errors and not self.days():
            raise ValidationError(_("Write at least one day, or choose no reminders."))
        return cleaned


def days_in_words(days: list[int]) -> str:
    """“3 days before, on the due date, 3 and 10 days after”, for a page."""
    words = [ngettext("%(n)s day before", "%(n)s days before", -day) % {"n": -day} for day in days if day < 0]
    words += [_("on the due date")] if 0 in days else []
    words += [ngettext("%(n)s day after", "%(n)s days after", day) % {"n": day} for day in days if day > 0]
    return ", ".join(words)

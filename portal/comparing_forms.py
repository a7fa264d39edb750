"""The forms of “Upload my ledger”: the file, and what stands in its columns."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.forms import DateField, OnceForm
from ledger.reconciling import columns, reading
from ledger.reconciling.columns import NOT_THERE, ROLES, Mapping
from ledger.statements import BEGINNING, Period

_LABELS = {
    "date": _("Date"),
    "number": _("Number of the bill or payment"),
    "text": _("Details"),
    "debit": _("Debit"),
    "credit": _("Credit"),
    "amount": _("One amount"),
    "side": _("Dr or Cr beside the amount"),
    "balance": _("Running balance"),
}


class LedgerFileForm(OnceForm):
    file = forms.FileField(
        label=_("Your ledger of this shop"),
        help_text=_("Excel (.xlsx) or CSV, up to 5 MB, as Tally, Busy, Zoho or your own sheet writes it."),
        error_messages={"required": _("Choose a file."), "empty": _("This file is empty.")},
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > reading.MAX_BYTES:
            raise ValidationError(
                gettext("This file is larger than 5 MB. Save only this shop's ledger, or fewer months.")
            )
        return file


class ColumnsForm(forms.Form):
    """What the columns are; first as they were guessed. Errors of rows stand at the field of their column."""

    mirrored = forms.ChoiceField(
        label=_("Where do the shop's bills stand in your file?"),
        choices=[("1", _("Credit, or plus: in my own book")), ("", _("Debit, or minus: as in the shop's book"))],
        required=False,
    )
    month_first = forms.ChoiceField(
        label=_("Dates like 04/05/2026 are"),
        choices=[("", _("4 May: the day first")), ("1", _("5 April: the month first"))],
        required=False,
    )
    head = forms.ChoiceField(label=_("Row with the names of the columns"), required=False)
    start = DateField(label=pgettext_lazy("period", "From"), required=False)
    end = DateField(label=pgettext_lazy("period", "To"), required=False)
    leave_out = forms.BooleanField(label=_("Leave out the rows that cannot be read"), required=False)
    field_order = (*ROLES, "mirrored", "month_first", "head", "start", "end", "leave_out")

    def __init__(self, *args: Any, table: reading.Table, mapping: Mapping, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        width = max(map(len, table))
        names = table[mapping.head] if mapping.head != NOT_THERE else []
        places = [(str(at), _column_name(at, names)) for at in range(width)]
        for role, label in _LABELS.items():
            place = getattr(mapping, role)
            self.fields[role] = forms.ChoiceField(
                label=label,
                choices=[("", gettext("not there")), *places],
                required=False,
                initial="" if place == NOT_THERE else str(place),
            )
        heads = [(str(at), _row_name(at, row)) for at, row in enumerate(table[:40]) if any(row)]
        head: Any = self.fields["head"]
        head.choices = [("", gettext("none")), *heads]
        head.initial = "" if mapping.head == NOT_THERE else str(mapping.head)
        self.fields["mirrored"].initial = "1" if mapping.mirrored else ""
        self.fields["month_first"].initial = "1" if mapping.month_first else ""
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        start, end = data.get("start"), data.get("end")
        if (start is None) != (end is None) and not {"start", "end"} & set(self.errors):
            self.add_error("start" if start is None else "end", gettext("Give both days, or none."))
        if start and end and start > end:
            self.add_error("end", gettext("The last day is before the first. Turn them around."))
        if start and start < BEGINNING:
            self.add_error("start", gettext("Choose a day from 2000 on."))
        return data

    @property
    def reading(self) -> list[tuple[str, str]]:
        """(what, where it was found) of the columns as they are chosen now, and of how dates are read."""
        found = [(self[name], dict(self.fields[name].choices)) for name in (*ROLES, "month_first")]  # type: ignore[attr-defined]
        return [
            (str(field.label), str(choices.get(field.value() or "", "")))
            for field, choices in found
            if field.value() or field.name == "month_first"
        ]

    @property
    def is_sure(self) -> bool:
        """Whether enough was found to compare, and nothing of it was refused."""
        amounts = any(self[name].value() for name in ("debit", "credit", "amount"))
        return bool(self["date"].value() and amounts and not self.errors)

    @property
    def mapping(self) -> Mapping:
        data = self.cleaned_data
        places = {role: int(data[role]) if data[role] else NOT_THERE for role in (*ROLES, "head")}
        return Mapping(**places, month_first=bool(data["month_first"]), mirrored=bool(data["mirrored"]))

    @property
    def period(self) -> Period | None:
        data = self.cleaned_data
        return Period(data["start"], data["end"]) if data["start"] and data["end"] else None

    def say_unread(self, book: columns.Book) -> None:
        """The rows that cannot be read, each at the field of its column."""
        for line, role, words in book.problems:
            self.add_error(role, gettext("Row %(line)s: %(words)s") % {"line": line, "words": words})
        if book.more_problems:
            words = gettext("And %(n)s more rows. Mend them in your file, or leave them out.")
            self.add_error("leave_out", words % {"n": book.more_problems})
        else:
            self.add_error("leave_out", gettext("Mend these rows in your file, or leave them out."))


def _column_name(at: int, names: list[str]) -> str:
    letter = (chr(64 + at // 26) if at >= 26 else "") + chr(65 + at % 26)
    name = names[at][:40] if at < len(names) else ""
    return f"{letter}: {name}" if name else gettext("Column %(letter)s") % {"letter": letter}


def _row_name(at: int, row: list[str]) -> str:
    return f"{at + 1}: {' | '.join(filter(None, row))[:60]}"

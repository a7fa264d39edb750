"""The invoice editor: a head and a table of rows (ledger.line_forms) that become a draft.

Tax is computed by ledger.drafting only.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.forms import DateField, OnceForm
from accounts.india import today
from accounts.models import Business, Party
from accounts.money import amount, percent, rupees
from ledger import charges, credit_limits, drafting, gst, listing, numbering, paper
from ledger.charges import ChargesForm
from ledger.drafting import Draft, DraftLine, DraftRefused
from ledger.forms import check_day
from ledger.line_forms import (
    FIELDS,
    PREFIX,
    BaseLines,
    included_words,
    lines_of,
    raw_rows,
    rows_of,
    text_of,
)
from ledger.models import Invoice, Series


class SeriesField(forms.TypedChoiceField):
    """Which series the number comes from; the series itself, or None for the default one (the first)."""

    def __init__(self, series: Sequence[Series]) -> None:
        by_key = {str(one.pk): one for one in series}
        super().__init__(
            label=_("Number from"),
            choices=[(key, one.pattern) for key, one in by_key.items()],
            # The default is not a choice: a bill of another year takes the default of that year.
            coerce=lambda key: None if key == next(iter(by_key)) else by_key.get(key),
            empty_value=None,
            required=False,
        )

    def prepare_value(self, value: Any) -> Any:
        return value.pk if isinstance(value, Series) else value


class HeadForm(OnceForm):
    # With what was shown beside what comes back: a due date that nobody chose goes with the date of the invoice.
    issued_on = DateField(label=gettext_lazy("Date"), initial=today, show_hidden_initial=True)
    due_on = DateField(label=gettext_lazy("Due"), required=False, show_hidden_initial=True)
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": gettext_lazy("Their order number")}),
    )
    notes = forms.CharField(
        label=gettext_lazy("Note printed on the invoice"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    rounds_off = forms.BooleanField(label=gettext_lazy("Round to the rupee"), required=False, initial=True)

    def __init__(self, *args: Any, business: Business, on: dt.date, credit_days: int, **kwargs: Any) -> None:
        """`on`: the day in whose financial year the series are looked for; one alone is not asked about."""
        super().__init__(*args, **kwargs)
        self.credit_days = credit_days
        words = ngettext("Their credit: %(n)d day.", "Their credit: %(n)d days.", credit_days) % {"n": credit_days}
        self.fields["due_on"].help_text = words if credit_days else _("They have no days of credit.")
        series = numbering.of_invoices(business, on)
        if len(series) > 1:
            self.fields["series"] = SeriesField(series)

    def clean_issued_on(self) -> dt.date:
        return check_day(self.cleaned_data["issued_on"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._follow(cleaned)
        start, due = cleaned.get("issued_on"), cleaned.get("due_on")
        if start and due and due < start:
            self.add_error("due_on", _("The due date lies before the date of the invoice."))
        if start and due and due > start + dt.timedelta(days=3 * 366):
            self.add_error("due_on", _("Choose a due date within three years."))
        return cleaned

    def _follow(self, cleaned: dict[str, Any]) -> None:
        """Another date of the invoice moves the due date that was offered with the first one."""
        start, due = cleaned.get("issued_on"), cleaned.get("due_on")
        shown_start, shown_due = (_day(self.data.get(f"initial-{name}", "")) for name in ("issued_on", "due_on"))
        if not (start and shown_start) or start == shown_start or due != shown_due:
            return
        credit = dt.timedelta(days=self.credit_days)
        if shown_due == shown_start + credit:
            cleaned["due_on"] = start + credit
            moved = {name: cleaned[name].isoformat() for name in ("issued_on", "due_on")}
            self.data = {**dict(self.data.items()), **moved, **{f"initial-{name}": day for name, day in moved.items()}}


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


@dataclass
class Preview:
    """Totals of what is typed so far, computed on the server."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    total: str = ""
    beyond: str = ""  # their credit limit
    amounts: dict[int, str] = field(default_factory=dict)
    problem: str = ""


class Editor:
    """One invoice being typed: `head` and `lines`, bound when `data` is given."""

    def __init__(self, business: Business, party: Party, data: QueryDict | None = None, invoice: Invoice | None = None):
        self.business, self.party, self.invoice = business, party, invoice
        on = invoice.issued_on if invoice else today()
        if data is not None:
            self.head = self._head(data)
            if self.head.is_valid() or "issued_on" in self.head.cleaned_data:
                on = self.head.cleaned_data["issued_on"]
            self.more = self._more(data, on=on)
            self.lines = self._lines(on, data)
        elif invoice:
            self.head = self._head(initial=_head_of(invoice))
            self.more = self._more(initial=charges.initial_of(invoice), on=on)
            self.lines = self._lines(on, rows=rows_of(invoice), blank=2)
        else:
            self.head = self._head(initial={"due_on": on + dt.timedelta(days=party.days_of_credit())})
            self.more = self._more(on=on)
            self.lines = self._lines(on)
        self.on = on

    @cached_property
    def credit(self) -> credit_limits.Standing | None:
        return credit_limits.of(self.party)

    @property
    def replaced_paise(self) -> int:
        """What the issued invoice at hand, which this one is to replace, stands for already."""
        return self.invoice.total_paise if self.invoice and self.invoice.status == Invoice.Status.ISSUED else 0

    @property
    def included_words(self) -> str:
        """For the browser, when reverse charge is taken away again; * is the rate."""
        return included_words("*") if self.business.charges_tax else ""

    @property
    def was_untaxed(self) -> bool:
        return self.invoice is not None and drafting.was_untaxed(self.invoice)

    def question(self, sure: str) -> credit_limits.Question | None:
        """What to ask before a valid invoice is issued, unless `sure` answers it; no query without a credit limit."""
        if self.party.credit_limit_paise is None:
            return None
        sketch = Invoice()
        try:
            drafting.apply(sketch, self.business, self.draft())
        except DraftRefused:
            return None  # saving it says why
        asked = credit_limits.question(self.party, sketch.total_paise, self.replaced_paise)
        return asked if asked and asked.sure != sure else None

    def _head(self, *args: Any, **kwargs: Any) -> HeadForm:
        return HeadForm(*args, business=self.business, on=today(), credit_days=self.party.days_of_credit(), **kwargs)

    def _lines(self, on: dt.date, data: Any = None, **kwargs: Any) -> BaseLines:
        return lines_of(self.business, on, data, is_untaxed=self._is_untaxed(on), **kwargs)

    def _is_untaxed(self, on: dt.date) -> bool:
        """Whether a shop that charges tax charges none on this bill: reverse charge, export or SEZ under LUT."""
        more = self._more_said(on)
        draft = Draft(self.party, on, on, (), ship_to=more.ship_to(), reverse_charge=more.is_reverse_charge())
        if draft.reverse_charge:
            return True
        try:
            return draft.under_lut(drafting.supply_of(self.business, self.party, draft.ship_to))
        except DraftRefused:
            return False

    def _more_said(self, on: dt.date | None = None) -> ChargesForm:
        """The charges as they stand, right or not."""
        return self.more if self.more.is_bound else self._more(_texts(self.more), on=on)

    def _more(self, *args: Any, on: dt.date | None = None, **kwargs: Any) -> ChargesForm:
        rates = [(str(bp), percent(bp)) for bp in gst.rates_on(on or self.on)]
        return ChargesForm(*args, business=self.business, rates=rates, **kwargs)

    def with_more_lines(self, data: QueryDict, more: int) -> "Editor":
        """The same text in unbound forms, with blank rows below; nothing is judged yet."""
        rows = [row for row in raw_rows(data) if any(row.values())]
        unbound = Editor(self.business, self.party, invoice=self.invoice)
        said = self.head.data  # the due date may have followed
        unbound.head = self._head(initial={name: said.get(name, "") for name in (*HeadForm.base_fields, "series")})
        unbound.more = self._more(initial={name: data.get(name, "") for name in ChargesForm.base_fields})
        unbound.lines = unbound._lines(self.on, rows=rows, blank=more)
        return unbound

    def is_valid(self) -> bool:
        head, lines = self.head.is_valid() & self.more.is_valid(), self.lines.is_valid()
        if lines and not any(self.lines.lines()):
            self.head.add_error(None, _("Write at least one line: what you sold and how many."))
            return False
        if lines and self.business.charges_tax:
            lines = self._check_rates()
        return head and lines

    def _check_rates(self) -> bool:
        """A document carries a rate of its date."""
        allowed, right = set(gst.rates_on(self.on)), True
        for index, line in list(self.lines.lines()):
            if line.gst_rate_bp not in allowed:
                words = _("GST of %(rate)s does not exist on %(date)s.")
                self.lines.forms[index].add_error(
                    "gst", words % {"rate": percent(line.gst_rate_bp), "date": listing.day(self.on)}
                )
                right = False
        return right

    def has_hsn(self) -> bool:
        """Whether every line of a valid tax invoice has the HSN that the law asks for; else its field says so."""
        found = list(self.lines.lines())
        problems = drafting.hsn_problems(self.business, self.party, [line for _index, line in found])
        for place, problem in problems.items():
            self.lines.forms[found[place][0]].add_error("hsn", problem)
        return not problems

    def draft(self) -> Draft:
        """What was typed, when valid."""
        head = self.head.cleaned_data
        due_on = head["due_on"] or head["issued_on"] + dt.timedelta(days=self.party.days_of_credit())
        draft = Draft(
            party=self.party,
            issued_on=head["issued_on"],
            due_on=due_on,
            lines=[line for _index, line in self.lines.lines()],
            notes=head["notes"],
            reference=head["reference"],
            rounds_off=head["rounds_off"],
            series=head.get("series"),
        )
        return self._with_more(draft, self.more)

    def _with_more(self, draft: Draft, more: ChargesForm) -> Draft:
        """The draft with its charges, discount, delivery; an invoice at hand keeps the cess of its lines."""
        at_hand = self.invoice.lines.all() if self.invoice and not self.was_untaxed else ()
        kept = {line.description: line for line in at_hand}
        goods = [
            dataclasses.replace(line, cess_rate_bp=old.cess_rate_bp, cess_per_unit_e4=old.cess_per_unit_e4)
            if (old := kept.get(line.description)) and line.item_id in (None, old.item_id)
            else line
            for line in draft.lines
        ]
        lines = [*goods, *more.charges(goods)]
        return dataclasses.replace(
            draft,
            lines=lines,
            discount_paise=more.discount_paise(lines),
            discount_bp=more.discount_bp(),
            ship_to=more.ship_to(),
            reverse_charge=more.is_reverse_charge(),
        )

    def contents(self) -> dict[str, Any]:
        """For the fingerprint of accounts.idempotency."""
        lines = [str(line) for _index, line in self.lines.lines()]
        more = {name: str(value) for name, value in self.more.cleaned_data.items()}
        return self.head.contents() | {"party": self.party.pk, "lines": lines, "more": more}

    def preview(self) -> Preview:
        """Totals of the right rows; wrong ones are left out. Nothing typed yet: zeros of a blank draft."""
        found = list(self.lines.lines()) if self.lines.is_bound else self._kept_lines()
        rounds_off = bool(self.head["rounds_off"].value())
        lines = [line for _index, line in found]
        draft = Draft(self.party, self.on, self.on, lines, rounds_off=rounds_off)
        draft = self._with_more(draft, self._more_said())
        sketch = Invoice()
        try:
            computed = drafting.apply(sketch, self.business, draft)
        except DraftRefused as error:
            return Preview(problem=str(error))
        return Preview(
            rows=paper.tax_rows(sketch, self.business.charges_tax),
            total=rupees(sketch.total_paise),
            beyond=self.credit.beyond_words(sketch.total_paise, self.replaced_paise) if self.credit else "",
            amounts={index: amount(out.taxable_paise) for (index, _line), out in zip(found, computed, strict=False)},
        )

    def _kept_lines(self) -> list[tuple[int, DraftLine]]:
        """The lines behind unbound rows, judged silently."""
        rows = list(self.lines.initial or [])
        if not rows:
            return []
        data = {
            f"{PREFIX}-{index}-{name}": text_of(self.lines.forms[index], name)
            for index in range(len(rows))
            for name in FIELDS
        }
        data |= {f"{PREFIX}-TOTAL_FORMS": str(len(rows)), f"{PREFIX}-INITIAL_FORMS": "0"}
        return list(lines_of(self.business, self.on, data).lines())

    def problems(self) -> list[str]:
        """What is wrong with the whole, for the top of the page."""
        found = [str(error) for error in self.head.non_field_errors()] if self.head.is_bound else []
        if self.lines.is_bound:
            found += [str(error) for error in self.lines.non_form_errors()]
            wrong = [index + 1 for index, form in enumerate(self.lines.forms) if form.errors]
            if wrong:
                rows = ", ".join(map(str, wrong))
                found.append(
                    _("Look at line %(rows)s again: the fields marked red say what is wrong.") % {"rows": rows}
                )
        return found


def _texts(form: forms.Form) -> dict[str, Any]:
    """What an unbound form shows, as a browser would send it back."""
    shown = {name: (form.fields[name], form[name].value()) for name in form.fields}
    return {name: field.prepare_value(value) for name, (field, value) in shown.items() if value not in (None, "")}


def _head_of(invoice: Invoice) -> dict[str, Any]:
    names = ("issued_on", "due_on", "reference", "notes", "rounds_off", "series_id")
    return {name.removesuffix("_id"): getattr(invoice, name) for name in names}

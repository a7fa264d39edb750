"""Settings of the book: number series, closing."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import DateField, OnceForm
from accounts.models import Business
from ledger import closing
from ledger.models import Series


class SeriesForm(OnceForm):
    """`confirmed` is the first number its owner has seen and agreed to: another one is asked about again."""

    confirmed = forms.CharField(required=False, max_length=24, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=gettext_lazy("Numbers of"), choices=Series.Kind.choices)
    pattern = forms.CharField(
        label=gettext_lazy("Pattern"),
        max_length=24,
        help_text=gettext_lazy("# stands for a digit of the counter, YY-YY for the year: SHOP/YY-YY/####."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    first_number = forms.IntegerField(
        label=gettext_lazy("First number"),
        min_value=1,
        max_value=99_99_99_999,
        initial=1,
        help_text=gettext_lazy("Go on from your old bill book, if you had one."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    is_default = forms.BooleanField(label=gettext_lazy("Use it for new documents"), required=False, initial=True)


class BooksForm(forms.Form):
    """The day up to which the books are closed; empty: they are open. Opening closed days wants `sure`."""

    closed_on = DateField(
        label=gettext_lazy("Closed up to"),
        required=False,
        help_text=gettext_lazy("This day and all before it. Clear it to open all days."),
    )
    sure = forms.BooleanField(label=gettext_lazy("Yes, open days that were closed"), required=False)

    def __init__(self, data: Any, business: Business) -> None:
        super().__init__(data, initial={"closed_on": business.books_closed_on})
        self.business = business

    def asks_again(self) -> bool:
        """Whether the page asks once more: the typed day opens closed ones."""
        return (self.is_bound and "sure" in self.errors) or bool(self.is_bound and self["sure"].value())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        opens = "closed_on" not in self.errors and closing.reopens(
            self.business.books_closed_on, cleaned.get("closed_on")
        )
        if opens and not cleaned.get("sure"):
            words = _(
                "Bills and payments of days that were closed can change again, and so can returns made from them."
            )
            self.add_error("sure", words)
        return cleaned

"""Correcting an issued invoice: the editor with why, and how the old one goes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.india import today
from ledger.editor import Editor
from ledger.models import Invoice


class AmendForm(forms.Form):
    """Stands in the editor's form; its key is the editor's."""

    CANCEL, CREDIT = "cancel", "credit"
    reason = forms.CharField(
        label=gettext_lazy("What was wrong?"),
        max_length=200,
        help_text=gettext_lazy("Such as: wrong GSTIN, wrong price. Printed on the credit note, if there is one."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    way = forms.ChoiceField(
        label=gettext_lazy("What becomes of the old invoice?"),
        choices=[
            (CANCEL, gettext_lazy("Cancel it")),
            (CREDIT, gettext_lazy("Credit it in full")),
        ],
        help_text=gettext_lazy(
            "Cancel it while it stands in no GST return. Once the return with it is filed, credit it: both papers then "
            "go into your next return."
        ),
        widget=forms.RadioSelect,
    )


def is_of_this_month(invoice: Invoice) -> bool:
    """The return of its month cannot have been filed yet."""
    return invoice.issued_on.replace(day=1) == today().replace(day=1)


def form_for(invoice: Invoice, data: Any = None) -> AmendForm:
    closed = invoice.business.books_closed_on
    fresh = is_of_this_month(invoice) and not (closed and invoice.issued_on <= closed)
    return AmendForm(data, initial={"way": AmendForm.CANCEL if fresh else AmendForm.CREDIT})


def editor_for(invoice: Invoice) -> Editor:
    """The editor filled from the old invoice: on its day while the return of its month is open, else today."""
    editor = Editor(invoice.business, invoice.party, invoice=invoice)
    if not is_of_this_month(invoice):
        editor.head.initial.update(issued_on=today(), due_on=max(invoice.due_on, today()))
    return editor

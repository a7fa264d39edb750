"""Forms of “Something differs”, for both sides."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import OnceForm
from accounts.idempotency import typed
from accounts.images import PictureField, fingerprint
from ledger.models import InvoiceLine, Query
from ledger.queries import Said

READABLE_SIDE = 1600  # a photo of a paper stays readable


class WordForm(OnceForm):
    """One word in a query: text, and a picture if there is one."""

    text = forms.CharField(
        label=gettext_lazy("Your message"),
        max_length=1000,
        error_messages={"required": gettext_lazy("Write a few words.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    picture = PictureField(label=gettext_lazy("Photo"), required=False, side=READABLE_SIDE)

    @property
    def said(self) -> Said:
        return Said(self.cleaned_data["text"], self.cleaned_data["picture"])

    def print_of(self, **more: Any) -> dict[str, Any]:
        """What was sent, for its fingerprint: the picture by its bytes."""
        assert isinstance(self.data, QueryDict), "asked of what a browser sent"
        return typed(self.data) | {"picture": fingerprint(self.files.get("picture"))} | more


class AskForm(WordForm):
    """“Something differs”: which line of the invoice (if it is about one), what kind of difference, and the words."""

    GIVEN = ("line", "about", "text")  # what an address may fill in

    line = forms.ChoiceField(label=gettext_lazy("Where?"), required=False)
    about = forms.ChoiceField(
        label=gettext_lazy("What differs?"), choices=[("", gettext_lazy("Choose one")), *Query.About.choices]
    )
    field_order = ("line", "about", "text", "picture")

    def __init__(self, *args: Any, lines: list[InvoiceLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = {str(line.position): line for line in lines}
        names = [(key, f"{key}. {line.description}") for key, line in self.lines.items()]
        self.fields["line"].choices = [("", _("The whole invoice")), *names]  # type: ignore[attr-defined]
        if not lines:
            del self.fields["line"]

    @property
    def chosen_line(self) -> InvoiceLine | None:
        return self.lines.get(self.cleaned_data.get("line") or "")

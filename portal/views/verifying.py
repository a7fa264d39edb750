"""Behind the small code on a paper: does the shop's book know it, does it stand, where may be paid to?"""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.forms import DateField, RupeesField
from ledger import comparing, confirming, verifying

HOUR = 60 * 60
MOST_WRONG_AN_HOUR = 60
MOST_COMPARED_AN_HOUR = 60
MOST_LOOKS_AN_HOUR = 60  # at one statement, which is added up anew for each: up to 5,001 rows
LABELS = {
    "invoice": (gettext_lazy("Total on your paper"), gettext_lazy("Date on your paper")),
    "receipt": (gettext_lazy("Amount on your paper"), gettext_lazy("Date on your paper")),
    "statement": (gettext_lazy("Closing balance on your paper"), gettext_lazy("“As of” on your paper")),
}


class CompareForm(forms.Form):
    """What stands on the reader's paper: one of these is enough. It asks and changes nothing."""

    one_is_enough = True  # so that no field says it is optional
    account = forms.CharField(
        label=gettext_lazy("UPI id or account number on your paper"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    total = RupeesField(required=False)
    date = DateField(required=False)

    def __init__(self, answer: confirming.Answer, *args: Any) -> None:
        super().__init__(*args)
        self.fields["total"].label, self.fields["date"].label = LABELS[answer.kind]
        if not answer.pay:  # nothing is to be paid on it
            del self.fields["account"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not any(value not in (None, "") for value in data.values()):
            raise forms.ValidationError(gettext("Write at least one of these."))
        return data


@csrf_exempt  # it answers a question and changes nothing; the page has neither cookie nor session
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a paper; a POST compares what is typed, which then stands in no address and no log."""
    with translation.override(_language(request)):
        answer = _answer(request, token)
        form = CompareForm(answer, request.POST if request.method == "POST" else None)
        context: dict[str, Any] = {"answer": answer, "form": form}
        if form.is_bound and answer.agrees:
            limits.hit("verify-compared", limits.client_address(request), most=MOST_COMPARED_AN_HOUR, seconds=HOUR)
            context |= _compared(answer, form)
        return render(request, "portal/verify.html", context, status=400 if form.errors else 200)


def _answer(request: HttpRequest, token: str) -> confirming.Answer:
    try:
        paper = verifying.read_token(token)
        if paper.statement is not None:
            subject = f"{limits.client_address(request)} {token}"
            limits.hit_by_looking("verify-looks", subject, most=MOST_LOOKS_AN_HOUR, seconds=HOUR)
        return confirming.answer(paper)
    except verifying.Unknown as error:
        # Who guesses is stopped by the token's length; this only keeps the noise down.
        address = limits.client_address(request)
        limits.hit_by_looking("verify-unknown", address, most=MOST_WRONG_AN_HOUR, seconds=HOUR)
        raise Http404 from error


def _compared(answer: confirming.Answer, form: CompareForm) -> dict[str, Any]:
    """`account`: what the book says of the account; `differences`, or `agreed`: amount and day, as far as asked."""
    if not form.is_valid():
        return {}
    said = form.cleaned_data
    asked = [name for name in ("total", "date") if said[name] is not None]
    differences = comparing.differences(answer, said["total"], said["date"])
    return {
        "account": comparing.account(answer, said["account"]) if said.get("account") else None,
        "differences": differences,
        "agreed": bool(asked) and not differences,
    }


def _language(request: HttpRequest) -> str:
    """What the reader chose in the address, else what their browser or cookie says."""
    chosen = request.GET.get("lang", "")
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language() or "en"

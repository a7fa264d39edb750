"""Balance confirmation: agree with the balance at the end of a day, or say what mine is; kept for both auditors."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from accounts.idempotency import earlier, once, typed
from accounts.india import today
from accounts.money import rupees
from ledger import confirmations, confirmed, export, statements
from ledger.confirmations import ConfirmationRefused
from ledger.reports.promised import CONFIRMED, confirmed_rows
from portal.access import PortalRequest, page, party_page
from portal.balance_forms import AgreeForm, DayForm, DifferForm
from portal.views.papers import XLSX, count_file, in_language

DAY = 24 * 60 * 60
MOST_A_DAY = 30
SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@party_page(money=True)
def balance(request: PortalRequest) -> HttpResponse:
    """The balance at the end of ?on=, to agree with or not; a POST says which."""
    if request.method != "POST":
        return _page(request)
    form_class = DifferForm if "differs" in request.POST else AgreeForm
    form = form_class(request.POST)
    if _said(request, form):
        messages.success(request, _("Kept: you and the shop see it below."))
        return redirect(reverse("portal:balance", kwargs={"party": request.party.public_id}) + "#confirmed")
    return _page(request, form, status=400)


def _day(request: PortalRequest, form: AgreeForm | None) -> tuple[dt.date, DayForm, dt.date | None]:
    """The day in question (what was posted, what ?on= says, what the shop asks for, the last month's end)."""
    asked = confirmations.unanswered(request.party)
    usual = asked or today().replace(day=1) - dt.timedelta(days=1)
    if form is not None:
        on = form.cleaned_data.get("on") or usual
        return (on, DayForm(initial={"on": on}), asked)
    chosen = DayForm(request.GET if "on" in request.GET else None, initial={"on": usual})
    if not chosen.is_bound:
        return usual, chosen, asked
    if chosen.is_valid():
        try:
            confirmations.check_day(chosen.cleaned_data["on"])
        except ConfirmationRefused as refused:
            chosen.add_error("on", str(refused))
    return (usual if chosen.errors else chosen.cleaned_data["on"]), chosen, asked


def _page(request: PortalRequest, form: AgreeForm | None = None, status: int = 200) -> HttpResponse:
    on, day_form, asked = _day(request, form)
    on = min(max(on, statements.BEGINNING), today())
    paise = confirmations.closing(request.party, on)
    fresh = {"on": on, "seen_paise": paise}
    differs = isinstance(form, DifferForm)
    context = {
        "on": on,
        "day_form": day_form,
        "asked": asked,
        "paise": paise,
        "amount": rupees(abs(paise)),
        "sentence": _sentence(request, paise),
        # What was typed stays; the figure they have to look at again is the one of now.
        "agree": _again(form, fresh) if form and not differs else AgreeForm(initial=fresh),
        "differ": _again(form, fresh) if form and differs else DifferForm(initial=fresh),
        "said": [confirmed.shown(one) for one in confirmations.of_party(request.party)[:SHOWN]],
    }
    wrong = bool(day_form.errors)
    return page(request, "portal/balance.html", "ledger", context, status=400 if wrong else status)


def _again(form: AgreeForm, fresh: dict[str, Any]) -> AgreeForm:
    """The form as it was typed, about the balance as it stands now."""
    assert isinstance(form.data, QueryDict), "what a browser sent"
    data = form.data.copy()
    data["on"], data["seen_paise"] = fresh["on"].isoformat(), str(fresh["seen_paise"])
    form.data = data
    return form


def _sentence(request: PortalRequest, paise: int) -> str:
    if paise == 0:
        return _("All settled with %(shop)s") % {"shop": request.business.name}
    words = _("You owe %(shop)s") if paise > 0 else _("%(shop)s owes you")
    return words % {"shop": request.business.name}


def _said(request: PortalRequest, form: AgreeForm) -> bool:
    said = typed(request.POST) | {"party": request.party.pk}
    key = request.POST.get("form_key", "").replace("\x00", "")
    if earlier(request.business, request.user, "balance", key, said):
        return True
    if not form.is_valid():
        return False
    limits.hit("confirmations", str(request.party.pk), most=MOST_A_DAY, seconds=DAY)
    data = form.cleaned_data

    def act() -> str:
        return confirmations.confirm(
            request.person,
            request.user,
            as_on=data["on"],
            seen_paise=data["seen_paise"],
            theirs_paise=form.theirs,
            note=data["note"],
        ).public_id

    try:
        once(request.business, request.user, "balance", data["form_key"], said, act)
    except ConfirmationRefused as refused:
        form.add_error("theirs_amount" if refused.field == "theirs" else None, str(refused))
        return False
    return True


@require_safe
@party_page(money=True)
def confirmation(request: PortalRequest, confirmation: str) -> HttpResponse:
    """One answer as it was given, to read and to print."""
    found = get_object_or_404(confirmations.of_party(request.party), public_id=confirmation)
    found.business, found.party = request.business, request.party
    return page(request, "portal/confirmation.html", "ledger", {"one": confirmed.shown(found)})


@require_safe
@party_page(money=True)
def balance_file(request: PortalRequest, form: str) -> Any:
    """All answers of this party as CSV or XLSX."""
    count_file(str(request.party.pk))
    rows = confirmed_rows(request.business, statements.this_financial_year(), request.party)
    name = f"{request.business.slug}_confirmations_{today()}.{form}"
    if form == "csv":
        pieces = in_language(get_language() or "en", export.csv_chunks(CONFIRMED.columns, rows))
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)
    if form != "xlsx":
        raise Http404
    file = export.xlsx_file("confirmations", CONFIRMED.columns, rows)
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)

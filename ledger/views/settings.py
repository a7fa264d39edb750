"""Settings of the book: the series numbers come from, and closing. Staff see them; an owner changes them."""

import datetime as dt
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import activity
from accounts.access import MerchantRequest, business_page
from accounts.idempotency import earlier, once
from accounts.india import financial_year, show_date, today
from accounts.models import Activity, Membership
from accounts.money import grouped
from ledger import closing, numbering
from ledger.closing import ClosingRefused
from ledger.models import Series
from ledger.numbering import PatternRefused, SeriesUsed
from ledger.settings_forms import BooksForm, SeriesForm

CLOSINGS_SHOWN = 10
FEW_LEFT, MANY_LEFT = 1_000, 1_00_000  # below the one it is a warning, above the other only noise


def owners_page(view: Any) -> Any:
    """A merchant page that everybody of the shop reads and only an owner posts to (403)."""

    @business_page
    @wraps(view)
    def inner(request: MerchantRequest, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not is_owner(request):
            raise PermissionDenied
        answer: HttpResponse = view(request, **kwargs)
        return answer

    return inner


def is_owner(request: MerchantRequest) -> bool:
    return request.membership.role == Membership.Role.OWNER


@require_http_methods(["GET", "HEAD", "POST"])
@owners_page
def numbers(request: MerchantRequest) -> HttpResponse:
    """The series of this financial year; a POST shows the first number of a new one, a second one begins it."""
    form = SeriesForm(request.POST or None)
    asked = _asked(request, form) if request.method == "POST" and form.is_valid() else ""
    if asked and form.cleaned_data["confirmed"] == asked and _start(request, form):
        return redirect("ledger:numbers", slug=request.business.slug)
    context = {
        "section": "settings",
        "form": form,
        "asked": "" if form.errors else asked,
        "year": financial_year(today()),
        "kinds": _kinds(request),
        "is_owner": is_owner(request),
    }
    return render(request, "ledger/numbers.html", context, status=400 if form.errors else 200)


def _asked(request: MerchantRequest, form: SeriesForm) -> str:
    """The first number of the series as typed, which the form carries to its second step; "" when it is refused."""
    data, business = form.cleaned_data, request.business
    if earlier(business, request.user, "series", data["form_key"], _contents(form)):
        return str(data["confirmed"])  # begun already: a second click
    try:
        number = numbering.preview(business, data["kind"], today(), data["pattern"], data["first_number"])
    except PatternRefused as error:
        form.add_error("pattern", str(error))
        return ""
    form.data = {**dict(form.data.items()), "confirmed": number}
    return number


def _contents(form: SeriesForm) -> dict[str, Any]:
    return {name: value for name, value in form.contents().items() if name != "confirmed"}


def _start(request: MerchantRequest, form: SeriesForm) -> bool:
    data, business = form.cleaned_data, request.business

    def act() -> str:
        series = numbering.start(
            business,
            data["kind"],
            today(),
            data["pattern"],
            data["first_number"],
            default=data["is_default"],
        )
        activity.record(business, request.user, "series_started", ("series", str(series.pk)), pattern=series.pattern)
        return series.pattern

    try:
        _pattern, first = once(business, request.user, "series", data["form_key"], _contents(form), act)
    except PatternRefused as error:
        form.add_error("pattern", str(error))
        return False
    if first:
        messages.success(request, _("The series is ready."))
    return True


def _kinds(request: MerchantRequest) -> list[dict[str, Any]]:
    """The series by kind, as the page shows them."""
    kinds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in Series.Kind.values}
    for series in numbering.upcoming(request.business, today()):
        number, left = numbering.next_of(series)
        last = numbering.last_of(series)
        kinds[series.kind].append(
            {
                "pk": series.pk,
                "pattern": series.pattern,
                "next": number,
                "last": last,
                "left": grouped(left) if left < MANY_LEFT else "",
                "is_low": left < FEW_LEFT,
                "is_default": series.is_default,
                "is_removable": bool(series.pk and not last),
            }
        )
    return [{"name": Series.Kind(kind).label, "rows": rows} for kind, rows in kinds.items()]


@require_POST
@owners_page
def series_default(request: MerchantRequest) -> HttpResponse:
    """New documents take their numbers from the posted `series` of this year."""
    found = _posted(request)
    if not found.is_default:
        numbering.make_default(found)
        activity.record(
            request.business, request.user, "series_chosen", ("series", str(found.pk)), pattern=found.pattern
        )
        messages.success(request, _("New documents take their numbers from %(p)s.") % {"p": found.pattern})
    return redirect("ledger:numbers", slug=request.business.slug)


@require_POST
@owners_page
def series_remove(request: MerchantRequest) -> HttpResponse:
    """Take away the posted `series`, which has given no number."""
    found = _posted(request)
    try:
        numbering.remove(found)
    except SeriesUsed as error:
        messages.error(request, str(error))
    else:
        activity.record(
            request.business, request.user, "series_removed", ("series", str(found.pk)), pattern=found.pattern
        )
        messages.success(request, _("%(p)s is removed.") % {"p": found.pattern})
    return redirect("ledger:numbers", slug=request.business.slug)


def _posted(request: MerchantRequest) -> Series:
    """The series of this year and business that a form names, or 404."""
    pk = request.POST.get("series", "")
    known = int(pk) if len(pk) < 18 and pk.isascii() and pk.isdecimal() else 0
    return get_object_or_404(request.business.series.filter(financial_year=financial_year(today())), pk=known)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_page
def books(request: MerchantRequest) -> HttpResponse:
    """Close the books up to a day; opening closed days is asked about once more."""
    form = BooksForm(request.POST or None, request.business)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            closing.close(request.business, data["closed_on"], request.user, sure=data["sure"])
        except ClosingRefused as error:
            form.add_error("closed_on", str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("ledger:books", slug=request.business.slug)
    context = {
        "section": "settings",
        "form": form,
        "closed_on": request.business.books_closed_on,
        "closings": _closings(request),
        "is_owner": is_owner(request),
    }
    return render(request, "ledger/books.html", context, status=400 if request.method == "POST" else 200)


def _closings(request: MerchantRequest) -> list[dict[str, Any]]:
    rows = Activity.objects.filter(business=request.business, verb__in=["books_closed", "books_reopened"])
    return [_closing(row) for row in rows.select_related("actor").order_by("-pk")[:CLOSINGS_SHOWN]]


def _closing(row: Activity) -> dict[str, Any]:
    day = row.data.get("up_to")
    date = show_date(dt.date.fromisoformat(day)) if day else ""
    if row.verb == "books_closed":
        words = _("Closed up to %(date)s") % {"date": date}
    else:
        words = _("Opened after %(date)s") % {"date": date} if day else _("Opened, all days")
    return {"words": words, "at": row.at, "by": row.actor.name if row.actor else ""}

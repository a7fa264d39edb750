"""“Upload my ledger”: the customer's own file beside the shop's book, and what differs."""

import hashlib
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.idempotency import earlier, once
from accounts.money import plain
from ledger import export
from ledger.models import Comparison
from ledger.reconciling import kept, shown
from ledger.reconciling.kept import ComparisonRefused
from ledger.reconciling.kinds import Finding, Kind
from portal.access import PortalRequest, page, party_page
from portal.comparing_forms import ColumnsForm, LedgerFileForm
from portal.views.papers import XLSX, count_file, in_language, too_long_words

DAY = 24 * 60 * 60
MOST_A_DAY = 40
PREVIEW_ROWS, PREVIEW_COLUMNS = 8, 10


def _comparison(request: PortalRequest, public_id: str) -> Comparison:
    """One of this person's own at this party."""
    found = get_object_or_404(kept.of_person(request.party, request.user), public_id=public_id)
    found.business, found.party = request.business, request.party
    return found


def _url(request: PortalRequest, name: str, comparison: Comparison, **more: str) -> str:
    where = {"party": request.party.public_id, "comparison": comparison.public_id}
    return reverse(f"portal:{name}", kwargs=where | more)


# --- the file -----------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@party_page(money=True)
def comparisons(request: PortalRequest) -> HttpResponse:
    """What this person has compared, and the next file."""
    form = LedgerFileForm(request.POST, request.FILES) if request.method == "POST" else LedgerFileForm()
    if form.is_bound and (public_id := _uploaded(request, form)):
        return redirect("portal:comparison_columns", party=request.party.public_id, comparison=public_id)
    found = kept.listed(kept.of_person(request.party, request.user))
    rows = [_row(request, one) for one in found[: kept.MOST_KEPT]]
    context = {"form": form, "rows": rows, "kept_days": kept.KEPT_DAYS}
    return page(request, "portal/comparisons.html", "ledger", context, status=400 if form.is_bound else 200)


def _row(request: PortalRequest, one: Comparison) -> dict[str, Any]:
    is_compared = one.compared_at is not None
    return {
        "one": one,
        "href": _url(request, "comparison" if is_compared else "comparison_columns", one),
        "badge": "draft" if not is_compared else "warn" if one.differences else "good",
    }


def _uploaded(request: PortalRequest, form: LedgerFileForm) -> str:
    """The public id of what was kept; "" when something is wrong, which the form says."""
    if not form.is_valid():
        return ""
    file = form.cleaned_data["file"]
    data = file.read()
    said = {"party": request.party.pk, "file": hashlib.sha256(data).hexdigest()}
    key = form.cleaned_data["form_key"]
    if first := earlier(request.business, request.user, "comparison", key, said):
        return str(first)
    limits.hit("comparisons", f"{request.party.pk} {request.user.pk}", most=MOST_A_DAY, seconds=DAY)

    def act() -> str:
        return kept.upload(request.party, request.user, file.name, data).public_id

    try:
        public_id, _is_first = once(request.business, request.user, "comparison", key, said, act)
    except ComparisonRefused as refused:
        form.add_error(refused.field, str(refused))
        return ""
    return str(public_id)


# --- its columns --------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@party_page(money=True)
def comparison_columns(request: PortalRequest, comparison: str) -> HttpResponse:
    """What stands in which column, guessed and to be corrected; a POST compares."""
    found = _comparison(request, comparison)
    table, mapping = kept.table_of(found), kept.mapping_of(found)
    days = {"start": found.start_on, "end": found.end_on}
    form = ColumnsForm(request.POST or None, table=table, mapping=mapping, initial=days)
    if request.method == "POST" and form.is_valid() and _compared(request, found, form):
        return redirect(_url(request, "comparison", found))
    first = max(mapping.head, 0)
    width = min(max(map(len, table[first:])), PREVIEW_COLUMNS)
    preview = [(at + 1, _cells(row, width)) for at, row in enumerate(table[first : first + PREVIEW_ROWS], start=first)]
    context = {"one": found, "form": form, "preview": preview, "letters": [chr(65 + at) for at in range(width)]}
    return page(request, "portal/comparison_columns.html", "ledger", context, status=400 if form.is_bound else 200)


def _cells(row: list[str], width: int) -> list[str]:
    return [cell[:40] for cell in row[:width]] + [""] * (width - len(row))


def _compared(request: PortalRequest, found: Comparison, form: ColumnsForm) -> bool:
    limits.hit("comparisons", f"{request.party.pk} {request.user.pk}", most=MOST_A_DAY, seconds=DAY)
    try:
        kept.compare(found, request.user, form.mapping, period=form.period, leaves_out=form.cleaned_data["leave_out"])
    except ComparisonRefused as refused:
        if refused.unread:
            form.say_unread(refused.unread)
        else:
            form.add_error(refused.field, str(refused))
        return False
    except Comparison.DoesNotExist:
        raise Http404 from None
    return True


# --- what came out ------------------------------------------------------------------------------------------


@require_safe
@party_page(money=True)
def comparison(request: PortalRequest, comparison: str) -> HttpResponse:
    """Matched and differing rows by kind, and the bridge from one closing balance to the other."""
    found = _comparison(request, comparison)
    if found.compared_at is None:
        return redirect(_url(request, "comparison_columns", found))
    result = kept.result_of(found)
    groups = shown.groups(result)
    for group in groups:
        group.lines = [replace(one, **_way(request, one.finding)) for one in group.lines]
    context = {
        "one": found,
        "groups": groups,
        "bridge": shown.bridge(result),
        "same": len(result.findings) - len(result.differences),
        "says_opening": kept.says_opening(found),
        "files": [(kind, _url(request, "comparison_file", found, form=kind)) for kind in ("csv", "xlsx")],
        "too_long": too_long_words() if "long" in request.GET else "",
    }
    return page(request, "portal/comparison.html", "ledger", context)


def _way(request: PortalRequest, finding: Finding) -> dict[str, Any]:
    """Where a finding is asked about, with everything filled in: its document, or “I have paid” for money unknown there."""
    where = {"party": request.party.public_id}
    if finding.ours and not finding.ours[0].key.endswith(":reversal"):
        kind, _colon, public_id = finding.ours[0].key.partition(":")
        about, words = shown.question(finding)
        query = {kind: public_id, "about": about, "text": words}
        return {"ask": reverse("portal:query_new", kwargs=where, query=query), "ask_words": _("Ask the shop")}
    if finding.kind is Kind.MISSING_SHOP and finding.theirs[0].paise < 0:
        row = finding.theirs[0]
        query = {"amount": plain(-row.paise), "on": row.on.isoformat(), "reference": row.number}
        return {
            "ask": reverse("portal:paid", kwargs=where, query=query),
            "ask_words": _("Tell the shop of this payment"),
        }
    return {}


@require_safe
@party_page(money=True)
def comparison_file(request: PortalRequest, comparison: str, form: str) -> Any:
    """Every row of both books and the bridge, as CSV or XLSX."""
    found = _comparison(request, comparison)
    if form not in ("csv", "xlsx") or found.compared_at is None:
        raise Http404
    count_file(str(request.party.pk))
    rows = shown.rows(kept.result_of(found))
    name = f"{request.business.slug}_compared_{found.start_on}_{found.end_on}.{form}"
    if form == "csv":
        pieces = in_language(get_language() or "en", export.csv_chunks(shown.COLUMNS, rows))
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)
    try:
        file = export.xlsx_file("compared", shown.COLUMNS, rows)
    except export.TooLong:
        return redirect(f"{_url(request, 'comparison', found)}?long=xlsx")
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


@require_POST
@party_page(money=True)
def comparison_share(request: PortalRequest, comparison: str) -> HttpResponse:
    """Show the result to the shop, or hide it again."""
    found = _comparison(request, comparison)
    is_shown = request.POST.get("do") != "hide"
    try:
        kept.show_to_shop(found, request.user, shown=is_shown)
    except ComparisonRefused as refused:
        messages.error(request, str(refused))
        return redirect(_url(request, "comparison_columns", found))
    except Comparison.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The shop can see it now.") if is_shown else _("The shop cannot see it any more."))
    return redirect(_url(request, "comparison", found))


@require_POST
@party_page(money=True)
def comparison_delete(request: PortalRequest, comparison: str) -> HttpResponse:
    kept.delete(_comparison(request, comparison))
    messages.success(request, _("Deleted: the file and what came out of it."))
    return redirect("portal:comparisons", party=request.party.public_id)

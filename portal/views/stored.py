"""What is stored about me: the page, the download, and asking the shop to erase it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from accounts.india import today
from accounts.models import DataRequest
from ledger import erasing
from portal import stored, stored_rows
from portal.access import PortalRequest, page, party_page, sees_money
from portal.views.papers import in_language

HOUR, MOST_AN_HOUR = 60 * 60, 6  # downloads of a person at a party
SHOWN = 10


@require_safe
@party_page()
def stored_page(request: PortalRequest) -> HttpResponse:
    """Every kind of thing that is kept, how much, why and how long; the newest messages and opened links."""
    sees = sees_money(request.person)
    context: dict[str, Any] = {
        "parts": stored.counted(request),
        # The file says a time as a spreadsheet reads it; the page as people do.
        "sent": [
            (row.created_at, *stored_rows.message_row(row)[1:])
            for row in stored_rows.messages_to(request).order_by("-id")[:SHOWN]
        ],
        "opened": [(row.at, *stored_rows.open_row(row)[1:]) for row in stored_rows.opens_of(request)[:SHOWN]]
        if sees
        else [],
        "erasures": _erasures(request),
    }
    return page(request, "portal/stored.html", "me", context)


def _erasures(request: PortalRequest) -> list[DataRequest]:
    """What this person asked to erase and the shop has not done, the newest first: one query."""
    asked = DataRequest.objects.filter(
        business=request.business, party=request.party, kind=DataRequest.Kind.ERASURE, asked_by=request.user
    )
    found = asked.filter(status__in=(DataRequest.Status.OPEN, DataRequest.Status.DECLINED))
    return list(found.order_by("-pk")[:3])


@require_safe
@party_page()
def stored_file(request: PortalRequest) -> StreamingHttpResponse:
    """All of it as a ZIP of CSV files, streamed."""
    limits.hit_by_looking("own-data", f"{request.party.pk}|{request.user.pk}", most=MOST_AN_HOUR, seconds=HOUR)
    name = f"{request.business.slug}_my_data_{today()}.zip"
    return StreamingHttpResponse(
        in_language(translation.get_language() or "en", stored.archive(request)),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@party_page()
def erase(request: PortalRequest) -> HttpResponse:
    """Ask the shop to erase what no law asks it to keep, after reading what goes and what stays."""
    if request.method == "POST":
        erasing.ask(request.person, request.user)
        messages.success(request, _("The shop has your wish, with today's date. You read its answer here."))
        return redirect(reverse("portal:stored", kwargs={"party": request.party.public_id}) + "#erase")
    whole = request.person.is_main
    context = {
        "whole": whole,
        "goes": erasing.GOES if whole else erasing.GOES_OF_PERSON,
        "stays": erasing.STAYS,
        "waits": next((one for one in _erasures(request) if one.status == DataRequest.Status.OPEN), None),
    }
    return page(request, "portal/erase.html", "me", context)

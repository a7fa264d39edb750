"""The answer while a long paper is being made, for every reader."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Business
from ledger.statement_paper import MAX_WAITS, REFRESH_SECONDS, Preparing


def waited(request: HttpRequest) -> int:
    """How often this reader has asked for this paper before."""
    said = request.GET.get("waited", "")
    return min(int(said), MAX_WAITS) if said.isascii() and said.isdecimal() and len(said) < 4 else 0


def preparing_page(request: HttpRequest, business: Business, preparing: Preparing, back: str) -> HttpResponse:
    """A page that asks again by itself; 202, as it is not there yet."""
    query = request.GET.copy()
    query["waited"] = str(preparing.waited)
    again = f"{request.path}?{query.urlencode()}"
    context = {"business": business, "again": again, "seconds": REFRESH_SECONDS, "back": back}
    return render(request, "preparing.html", context, status=202)

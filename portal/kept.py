"""What a customer's browser keeps for when there is no connection, and when it forgets it.

The dashboard's script keeps what stands on the page (static/js/kept.js), in the browser alone, together with the mark of
its session; the page for no connection shows only what has the mark that the cookie has. The cookie goes with signing
out, with the next code and after a week, so that whoever has the phone then reads nothing of before, script or not.
The mark opens nothing: it is a MAC of the session's key and of what that session reaches in which role, so that a party
or a right that was lost takes along what was kept of it.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from accounts.models import PartyPerson

COOKIE = "sl_kept"
PATH = "/portal/"
SECONDS = 7 * 24 * 60 * 60


def mark(session_key: str, people: Iterable[PartyPerson]) -> str:
    """`people` is whom the session is at each of its parties (portal.access.people_of)."""
    reach = "|".join(sorted(f"{person.party_id} {person.role}" for person in people))
    return salted_hmac("portal.kept", f"{session_key}|{reach}", algorithm="sha256").hexdigest()[:16]


def allow(request: Any, response: HttpResponse, people: Iterable[PartyPerson]) -> None:
    """Let this browser keep what this session sees; for a week from now if the page is one that is kept."""
    response.set_cookie(
        COOKIE,
        mark(request.session.session_key or "", people),
        max_age=SECONDS,
        path=PATH,
        samesite="Lax",
        secure=settings.SITE_IS_HTTPS,
    )


def forget(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """From now on nothing that was kept is shown here."""
    if COOKIE in request.COOKIES:
        response.delete_cookie(COOKIE, path=PATH, samesite="Lax")
    return response


def renew(request: Any, response: HttpResponse, people: list[PartyPerson]) -> HttpResponse:
    """Where all parties of a session are seen and none of their figures is kept: what it reaches no more is forgotten."""
    if not people:
        return forget(request, response)
    if COOKIE in request.COOKIES:
        allow(request, response, people)
    return response

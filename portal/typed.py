"""The number a browser has typed at a door, so that it need not be typed again at the next one.

It stands in a signed cookie of a quarter of an hour, which only the doors behind portal links are sent: not in a URL,
where others could read it, and not in a session, which nobody has before the code. Every number is kept alike, saved
with a shop or not, and it opens nothing: it is what the field says when the page opens.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "sl_typed"
SALT = "typed-number"
SECONDS = 15 * 60
DOORS = "/p/"


def keep(response: HttpResponse, phone: str) -> None:
    response.set_signed_cookie(
        COOKIE,
        phone,
        salt=SALT,
        max_age=SECONDS,
        path=DOORS,
        httponly=True,
        samesite="Lax",
        secure=settings.SITE_IS_HTTPS,
    )


def lately(request: HttpRequest) -> str:
    """The number (E.164) typed in this browser in the last quarter of an hour, else ""."""
    return request.get_signed_cookie(COOKIE, default="", salt=SALT, max_age=SECONDS) or ""


def forget(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, path=DOORS, samesite="Lax")

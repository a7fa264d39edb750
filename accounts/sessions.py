"""Two sessions in one browser: merchant pages and customer pages carry cookies of their own.

Under `/m/` and `/admin/` the session cookie is SESSION_COOKIE_NAME, everywhere else PORTAL_SESSION_COOKIE_NAME.
So `request.user` is the merchant there and the customer here, and signing out of one leaves the other.
"""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse

MERCHANT_PATHS = ("/m/", "/admin/")


def is_merchant_path(path: str) -> bool:
    return path.startswith(MERCHANT_PATHS)


class RoleSessionMiddleware(SessionMiddleware):
    """Django's session middleware; on customer paths the cookie travels under its other name."""

    def process_request(self, request: HttpRequest) -> None:
        request.merchant_session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)  # type: ignore[attr-defined]
        if not is_merchant_path(request.path_info):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
            if key := request.COOKIES.get(settings.PORTAL_SESSION_COOKIE_NAME):
                request.COOKIES[settings.SESSION_COOKIE_NAME] = key
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        morsel = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if morsel is not None and not is_merchant_path(request.path_info):
            del response.cookies[settings.SESSION_COOKIE_NAME]
            morsel.set(settings.PORTAL_SESSION_COOKIE_NAME, morsel.value, morsel.coded_value)
            response.cookies[settings.PORTAL_SESSION_COOKIE_NAME] = morsel
        return response


def merchant_user_id(request: HttpRequest) -> int | None:
    """The id of the merchant signed in in this browser, asked on a customer page; None when there is none."""
    key = request.merchant_session_key  # type: ignore[attr-defined]
    if not key:
        return None
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user_id = store.get(SESSION_KEY)
    return int(user_id) if user_id else None

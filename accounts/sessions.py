"""Two sessions in one browser: merchant pages and customer pages carry cookies of their own.

Under `/m/` and `/admin/` the session cookie is SESSION_COOKIE_NAME, everywhere else PORTAL_SESSION_COOKIE_NAME.
So `request.user` is the merchant there and the customer here, and signing out of one leaves the other.
"""

import re
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse

_KEY = re.compile(r"[0-9a-z]{8,40}")
MERCHANT_PATHS = ("/m/", "/admin/")


def is_merchant_path(path: str) -> bool:
    return path.startswith(MERCHANT_PATHS)


class RoleSessionMiddleware(SessionMiddleware):
    """Django's session middleware; on customer paths the cookies travel under their other names."""

    def process_request(self, request: HttpRequest) -> None:
        for name in (settings.SESSION_COOKIE_NAME, settings.PORTAL_SESSION_COOKIE_NAME):
            if not _KEY.fullmatch(request.COOKIES.get(name, "")):
                request.COOKIES.pop(name, None)  # never made by us; a database may refuse to look for it
        request.merchant_session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)  # type: ignore[attr-defined]
        if not is_merchant_path(request.path_info):
            for name, customer_name in _customer_names().items():
                request.COOKIES.pop(name, None)
                if value := request.COOKIES.get(customer_name):
                    request.COOKIES[name] = value
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        if not is_merchant_path(request.path_info):
            for name, customer_name in _customer_names().items():
                if morsel := response.cookies.get(name):
                    del response.cookies[name]
                    morsel.set(customer_name, morsel.value, morsel.coded_value)
                    response.cookies[customer_name] = morsel
        return response


def _customer_names() -> dict[str, str]:
    """Cookie -> its name on customer paths. The CSRF secret too: a login changes it, and must not spoil open forms
    of the other world."""
    return {
        settings.SESSION_COOKIE_NAME: settings.PORTAL_SESSION_COOKIE_NAME,
        settings.CSRF_COOKIE_NAME: settings.PORTAL_CSRF_COOKIE_NAME,
    }


def merchant_user_id(request: HttpRequest) -> int | None:
    """The id of the merchant signed in in this browser, asked on a customer page; None when there is none."""
    key = request.merchant_session_key  # type: ignore[attr-defined]
    if not key:
        return None
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user_id = store.get(SESSION_KEY)
    return int(user_id) if user_id else None

"""Privacy headers, login by default, and the answer to a reached limit."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from accounts.idempotency import FormReused
from accounts.limits import LimitReached
from accounts.sessions import is_merchant_path
from accounts.views import errors

# Room for a large photo, so that its form can say in words that it is too large.
MAX_BODY = 32 * 1024 * 1024


class PlainRequestsMiddleware:
    """Refuses what no page of ours makes a browser send, before anything is read of it: 400."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in {"utf-8", "utf8"}:
            raise BadRequest("not UTF-8")
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal():
            raise BadRequest("no length")
        if len(length) > 10 or int(length) > MAX_BODY:
            raise errors.TooLarge("larger than anything we take")
        return self.get_response(request)


class LanguageMiddleware(LocaleMiddleware):
    """The reader's language on the customer's pages; the desk has only English, and half a language would be worse."""

    def process_request(self, request: HttpRequest) -> None:
        if not is_merchant_path(request.path_info):
            super().process_request(request)
            return
        translation.activate(settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = settings.LANGUAGE_CODE


class PrivatePagesMiddleware:
    """Every page is private unless its view says otherwise: never stored, never indexed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            response = errors.wrong_method(request, response["Allow"])
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
            patch_vary_headers(response, ["Cookie", "HX-Request"])
        response.setdefault("X-Robots-Tag", "noindex, nofollow")
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, LimitReached):
            return errors.too_often(request, exception)
        if isinstance(exception, FormReused):
            return errors.form_reused(request, exception)
        return None


class LoginRequiredMiddleware(DjangoLoginRequiredMiddleware):
    """Django's, with a door for each world; and a cookie without a verified device is not enough."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        user: Any = request.user
        if not getattr(view_func, "login_required", True) or (user.is_authenticated and user.is_verified()):
            return None
        return redirect_to_login(request.get_full_path(), reverse(_door(request.path_info)))


def _door(path: str) -> str:
    if path.startswith("/admin/"):
        return "admin:login"
    return "accounts:login" if is_merchant_path(path) else "portal:login"

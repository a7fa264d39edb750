"""Privacy headers, login by default, and the answer to a reached limit."""

from collections.abc import Callable

from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from accounts.idempotency import FormReused
from accounts.limits import LimitReached
from accounts.sessions import is_merchant_path


class PrivatePagesMiddleware:
    """Every page is private unless its view says otherwise: never stored, never indexed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
            patch_vary_headers(response, ["Cookie", "HX-Request"])
        response.setdefault("X-Robots-Tag", "noindex, nofollow")
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, LimitReached):
            response = render(request, "429.html", {"retry_after": exception.retry_after}, status=429)
            response["Retry-After"] = str(exception.retry_after)
            return response
        if isinstance(exception, FormReused):
            return render(request, "422.html", status=422)
        return None


class LoginRequiredMiddleware(DjangoLoginRequiredMiddleware):
    """Django's, with a door for each world, and a password or cookie without a verified device is not enough."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponse],
        view_args: tuple[object, ...],
        view_kwargs: dict[str, object],
    ) -> HttpResponse | None:
        if request.path_info.startswith("/admin/") or not getattr(view_func, "login_required", True):
            return super().process_view(request, view_func, view_args, view_kwargs)
        if request.user.is_authenticated and request.user.is_verified():
            return None
        return self.handle_no_permission(request, view_func)

    def get_login_url(self, view_func: Callable[..., HttpResponse]) -> str:
        return getattr(view_func, "login_url", None) or self._door

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., HttpResponse]) -> HttpResponse:
        self._door = reverse("accounts:login" if is_merchant_path(request.path_info) else "portal:login")
        return super().handle_no_permission(request, view_func)

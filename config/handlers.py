"""The doors through which requests come in, before any middleware."""

from typing import Any

from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class _Utf8:
    """A charset that the caller names is not followed: Django would take any codec of Python's, and "base64" or "idna"
    (or a header it cannot read) fail outside of everything that answers with a page. accounts.middleware refuses
    such requests."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {"charset": "unreadable"}


class Utf8Wsgi(WSGIHandler):
    request_class = type("Request", (_Utf8, WSGIRequest), {})


class Utf8Asgi(ASGIHandler):
    request_class = type("Request", (_Utf8, ASGIRequest), {})

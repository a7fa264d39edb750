"""The language a person chose: kept in a cookie for this browser, and with the user for the next one."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse

from accounts.models import User


def keep(user: Any, language: str) -> None:
    """Keep a signed-in user's choice; nothing of a stranger's or for a language that we do not have."""
    if user.is_authenticated and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=user.pk).update(language=language)


def set_cookie(response: HttpResponse, language: str) -> None:
    """What Django's own `set_language` would set."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
    )

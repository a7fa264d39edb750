"""Texts of this app's own messages: the one-time code."""

from django.conf import settings
from django.utils import timezone

from accounts import outbox, wording
from accounts.gateways import Text
from accounts.models import LoginChallenge, Message
from accounts.wording import CODE, COUNT, HOST, Category, Wording


def _challenge(message: Message) -> LoginChallenge | None:
    return LoginChallenge.objects.filter(pk=message.subject_id).first()


def _login_code(message: Message) -> Text:
    from accounts.otp import LIFETIME, code_for

    challenge = LoginChallenge.objects.get(pk=message.subject_id)
    return wording.text_for(
        message,
        {"code": code_for(challenge), "minutes": LIFETIME.seconds // 60, "host": settings.SITE_HOST.split(":")[0]},
    )


def _code_still_wanted(message: Message) -> bool:
    challenge = _challenge(message)
    return challenge is not None and challenge.consumed_at is None and challenge.expires_at > timezone.now()


def register() -> None:
    wording.register(
        Wording("login_code", {"code": CODE, "minutes": COUNT, "host": HOST}, category=Category.AUTHENTICATION)
    )
    outbox.register("login_code", _login_code, _code_still_wanted, is_asked_for=True, is_resent=False)

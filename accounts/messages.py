"""Texts of this app's own messages: the one-time code."""

from collections.abc import Mapping

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import outbox
from accounts.gateways import Text
from accounts.models import LoginChallenge, Message


def render_text(message: Message, context: Mapping[str, object]) -> Text:
    """`messages/<kind>.<channel>.txt`; an e-mail's first line is its subject."""
    body = render_to_string(f"messages/{message.kind}.{message.channel}.txt", context).strip()
    if message.channel == Message.Channel.EMAIL:
        subject, _, body = body.partition("\n")
        return Text(body.strip(), subject)
    return Text(body)


def _challenge(message: Message) -> LoginChallenge | None:
    return LoginChallenge.objects.filter(pk=message.subject_id).first()


def _login_code(message: Message) -> Text:
    from accounts.otp import LIFETIME, code_for

    challenge = LoginChallenge.objects.get(pk=message.subject_id)
    return render_text(
        message,
        {"code": code_for(challenge), "minutes": LIFETIME.seconds // 60, "host": settings.SITE_HOST.split(":")[0]},
    )


def _code_still_wanted(message: Message) -> bool:
    challenge = _challenge(message)
    return challenge is not None and challenge.consumed_at is None and challenge.expires_at > timezone.now()


def register() -> None:
    outbox.register("login_code", _login_code, _code_still_wanted, is_asked_for=True, is_resent=False)

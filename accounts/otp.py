"""One-time codes: derived, never stored; bound to the browser session; five tries, five minutes, used once.

A code opens a door only for the browser that asked for it. Unknown numbers cost the same work and see the same
page: their challenge is a row as well, only its message is dropped and no code fits.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta

import django_otp
from django.conf import settings
from django.contrib import auth
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import limits, outbox
from accounts.models import Device, LoginChallenge, Message, User

LIFETIME = timedelta(minutes=5)
MAX_TRIES = 5
SESSION_KEY = "code"
KNOWN_DEVICE_COOKIE = "sl_known"
QUARTER_HOUR, HOUR, DAY = 15 * 60, 60 * 60, 24 * 60 * 60
# Codes a browser may ask for in a quarter of an hour, and codes a number is sent in that time and in a day, at each of
# the two doors. Every code is an SMS that we pay for and that can plague somebody. A busy person with several devices
# and shops needs ten a day; the rest is what strangers may use up before a browser that the number has never signed in
# with must wait. One that it has signed in with is counted by itself.
SESSION_CODES, NUMBER_CODES, DAYS_CODES = 5, 10, 20
# Wrong codes of the whole service in an hour: beyond it somebody guesses across many numbers.
MAX_WRONG_CODES_AN_HOUR = 2000


class CodeRefused(Exception):
    """The code is wrong, too old, used, of another browser, or tried too often; never says which to a stranger."""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def code_for(challenge: LoginChallenge) -> str:
    """The six digits of a challenge: HMAC of what it is bound to."""
    bound_to = f"{challenge.pk}|{challenge.purpose}|{challenge.phone}|{challenge.session_hash}"
    digest = hmac.new(settings.CODE_KEY.encode(), bound_to.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


def start(
    request: HttpRequest,
    purpose: LoginChallenge.Purpose,
    phone: str,
    *,
    is_known: bool,
    language: str = "en",
    door: str = "",
) -> LoginChallenge:
    """Ask for a code: count the limits, write the challenge and its message, bind both to this session.

    `door` names what the number was typed at (a business, or the merchants' door) for a limit of its own.
    Raises limits.LimitReached.
    """
    limits.hit("code-address", limits.client_address(request), most=200, seconds=QUARTER_HOUR)
    # First its own limit: who taps "Send a new code" again and again does not use up the number's.
    if request.session.session_key:
        limits.hit("code-session", request.session.session_key, most=SESSION_CODES, seconds=QUARTER_HOUR)
    # A browser the number has signed in with before is counted by itself: strangers who ask for codes to a number
    # in their own browsers must not lock its owner out.
    device = _known_key(request) if knows_number(request, phone) else ""
    limits.hit("code-number", f"{purpose}|{phone}|{device}", most=NUMBER_CODES, seconds=QUARTER_HOUR)
    limits.hit("code-number", f"{purpose}|{phone}|{device}", most=DAYS_CODES, seconds=DAY)
    if not device:
        limits.hit("code-door", f"{purpose}|{door}", most=500, seconds=HOUR)
    if not request.session.session_key:
        request.session.create()
        limits.count("code-session", request.session.session_key or "", seconds=QUARTER_HOUR)
    nonce = secrets.token_urlsafe(24)
    with transaction.atomic():
        challenge = LoginChallenge.objects.create(
            purpose=purpose,
            phone=phone,
            session_hash=_hash(nonce),
            is_known=is_known,
            expires_at=timezone.now() + LIFETIME,
        )
        outbox.enqueue(
            kind="login_code",
            channel=Message.Channel.SMS,
            to=phone,
            subject=("challenge", str(challenge.pk)),
            language=language,
            drop=not is_known,
            priority=Message.Priority.NOW,
        )
    request.session[SESSION_KEY] = {"challenge": str(challenge.pk), "nonce": nonce}
    return challenge


def pending(request: HttpRequest, purpose: LoginChallenge.Purpose) -> LoginChallenge | None:
    """The challenge this browser is answering, if it is still to be answered."""
    kept = request.session.get(SESSION_KEY)
    if not kept:
        return None
    return LoginChallenge.objects.filter(
        pk=kept["challenge"], purpose=purpose, session_hash=_hash(kept["nonce"]), consumed_at=None
    ).first()


def redeem(request: HttpRequest, purpose: LoginChallenge.Purpose, code: str) -> LoginChallenge:
    """Use the code: pays a try first, then consumes the challenge by one conditional UPDATE. Raises CodeRefused.

    However many requests run at once, at most MAX_TRIES codes are ever compared and one of them succeeds.
    """
    challenge = pending(request, purpose)
    # Strangers who guess wildly stop one another, not the browsers that their numbers know.
    if not (challenge and knows_number(request, challenge.phone)):
        limits.check("wrong-codes", "service", most=MAX_WRONG_CODES_AN_HOUR, seconds=HOUR)
    limits.hit("code-entry", limits.client_address(request), most=200, seconds=QUARTER_HOUR)
    if challenge is None:
        raise CodeRefused
    now = timezone.now()
    open_challenge = LoginChallenge.objects.filter(pk=challenge.pk, consumed_at=None, expires_at__gt=now)
    if not open_challenge.filter(tries__lt=MAX_TRIES).update(tries=F("tries") + 1):
        raise CodeRefused
    right = constant_time_compare(code, code_for(challenge))
    if not (right and challenge.is_known and open_challenge.update(consumed_at=now)):
        limits.count("wrong-codes", "service", seconds=HOUR)
        raise CodeRefused
    request.session.pop(SESSION_KEY, None)
    return challenge


def sign_in(request: HttpRequest, user: User) -> Device:
    """Log the user in on this browser, verified by a device (django-otp), which is reused when known."""
    now = timezone.now()
    device = known_device(request, user)
    if device is None:
        device = Device.objects.create(
            user=user, name="browser", summary=device_summary(request), last_login_at=now, confirmed=True
        )
    else:
        Device.objects.filter(pk=device.pk).update(last_login_at=now, summary=device_summary(request))
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    django_otp.login(request, device)
    return device


def _known_key(request: HttpRequest) -> str:
    return request.get_signed_cookie(KNOWN_DEVICE_COOKIE, default="", salt="known-device") or ""


def known_device(request: HttpRequest, user: User) -> Device | None:
    """The device of this user that this browser remembers by a signed cookie."""
    key = _known_key(request)
    return Device.objects.filter(key=key, user=user, confirmed=True).first() if key else None


def knows_number(request: HttpRequest, phone: str) -> bool:
    """Whether somebody with this number has signed in in this browser before: one query for any number."""
    key = _known_key(request)
    return bool(key) and Device.objects.filter(key=key, user__phone=phone, confirmed=True).exists()


def device_summary(request: HttpRequest) -> str:
    """A few words for people ("Chrome, Android"); for showing only, never for deciding rights."""
    agent = request.headers.get("User-Agent", "")
    browser = next((b for b in ("WhatsApp", "Edg", "Firefox", "Chrome", "Safari") if b in agent), "Browser")
    system = next((s for s in ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux") if s in agent), "")
    return ", ".join(part for part in ("Edge" if browser == "Edg" else browser, system) if part)


def remember(response: HttpResponse, device: Device) -> None:
    """Let this browser be known next time; the cookie is a hint for the door, never a login."""
    response.set_signed_cookie(
        KNOWN_DEVICE_COOKIE,
        str(device.key),
        salt="known-device",
        max_age=365 * DAY,
        httponly=True,
        samesite="Lax",
        secure=settings.SITE_IS_HTTPS,
    )

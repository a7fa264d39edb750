"""A form acts once: a repeat returns the first result, the same key with other contents is refused."""

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, models, transaction
from django.http import QueryDict

from accounts.models import Business, IdempotencyKey, User


class FormReused(Exception):
    """The key came with other contents than the first time, whose result stands. Answered with 422; nothing was
    changed."""

    def __init__(self, first: IdempotencyKey) -> None:
        super().__init__("form reused")
        self.business, self.purpose, self.result = first.business, first.purpose, first.result


def new_key() -> str:
    return secrets.token_urlsafe(18)


def _plain(value: Any) -> str:
    # Two parties may have one name: a row is named by its key, not by how it reads.
    return f"{value._meta.label} {value.pk}" if isinstance(value, models.Model) else str(value)


def typed(data: QueryDict) -> dict[str, list[str]]:
    """What a browser sent, for the fingerprint of a form whose fields or checks follow the state of the book."""
    left_out = {"csrfmiddlewaretoken", "form_key"}
    return {name: values for name, values in data.lists() if name not in left_out and any(values)}


def earlier(business: Business, user: User, purpose: str, key: str, contents: Any) -> Any:
    """The result of the first time, or None; asked before a form is judged by what that first time has changed.

    Raises FormReused.
    """
    first = IdempotencyKey.objects.filter(business=business, user=user, purpose=purpose, key=key[:64]).first()
    if first and first.fingerprint != _fingerprint(contents):
        raise FormReused(first)
    return first and first.result


def _fingerprint(contents: Any) -> str:
    canonical = json.dumps(contents, sort_keys=True, default=_plain, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def once(
    business: Business, user: User, purpose: str, key: str, contents: Any, act: Callable[[], Any]
) -> tuple[Any, bool]:
    """Run `act` once per (business, user, purpose, key), in one transaction with the record of its result.

    `contents` is what the form said (JSON-able; rows by their key, else str); `act` returns something JSON can hold,
    usually a public id. Returns (result, whether this call acted). Raises FormReused.
    A parallel twin waits at the unique key until the first commits, then returns its result.
    """
    fingerprint = _fingerprint(contents)
    scope = {"business": business, "user": user, "purpose": purpose, "key": key}
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = IdempotencyKey.objects.create(**scope, fingerprint=fingerprint)
        except IntegrityError:
            first = IdempotencyKey.objects.get(**scope)
            if first.fingerprint != fingerprint:
                raise FormReused(first) from None
            return first.result, False
        row.result = act()
        row.save(update_fields=["result"])
        return row.result, True

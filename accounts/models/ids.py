"""Random public ids for URLs: nothing can be counted or guessed from them."""

import secrets
import string
from typing import Any

from django.db import models

ALPHABET = string.digits + string.ascii_lowercase


def new_public_id() -> str:
    """Twelve letters and digits: 62 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


class PublicIdField(models.CharField):
    """The id a URL names a row by."""

    def __init__(self, **kwargs: Any) -> None:
        options: dict[str, Any] = {"max_length": 12, "unique": True, "editable": False, "default": new_public_id}
        super().__init__(**(options | kwargs))

    def get_prep_value(self, value: Any) -> Any:
        """What PostgreSQL cannot hold in a text names no row, instead of failing."""
        value = super().get_prep_value(value)
        return value.replace("\x00", "\ufffd") if isinstance(value, str) else value

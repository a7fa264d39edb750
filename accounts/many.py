"""Many values in one parameter, for `field__in=`: thousands of them cost what one costs."""

import json
from collections.abc import Collection

from django.db import connection
from django.db.models.expressions import RawSQL


def numbers(values: Collection[int]) -> RawSQL:
    """For `pk__in=`: the ids as one array (PostgreSQL) or one JSON text (SQLite)."""
    return _rows(list(values), "bigint")


def texts(values: Collection[str]) -> RawSQL:
    return _rows(list(values), "text")


def _rows(values: list[int] | list[str], kind: str) -> RawSQL:
    # The values are a parameter; the kind is one of our two words.
    if connection.vendor == "postgresql":
        if kind == "bigint":
            # As one text: psycopg writes each number of a list by itself.
            return RawSQL("SELECT unnest(%s::bigint[])", ["{" + ",".join(map(str, values)) + "}"])
        return RawSQL(f"SELECT unnest(%s::{kind}[])", [values])  # noqa: S611
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(values)])

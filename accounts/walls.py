"""Walls in the database itself: composite tenant keys and triggers that refuse what the business forbids.

Both hold on SQLite and PostgreSQL. `TenantKey` is an ordinary model constraint. Triggers are created on
`post_migrate`, idempotently, because SQLite drops them whenever a migration remakes a table;
`ledger.integrity` reports a missing one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BaseConstraint


class TenantKey(BaseConstraint):
    """FOREIGN KEY over several columns, so that a row can only point to a row of its own business.

    `columns` and `target_columns` are database column names and `target` is a table name: looking the model up
    in the registry would break SQLite's table remakes. Deferred to commit like Django's own foreign keys.
    """

    def __init__(self, *, name: str, columns: Iterable[str], target: str, target_columns: Iterable[str]) -> None:
        super().__init__(name=name)
        self.columns = tuple(columns)
        self.target = target
        self.target_columns = tuple(target_columns)

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        columns = ", ".join(map(quote, self.columns))
        target_columns = ", ".join(map(quote, self.target_columns))
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({columns}) "
            f"REFERENCES {quote(self.target)} ({target_columns}) DEFERRABLE INITIALLY DEFERRED"
        )

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = DEFAULT_DB_ALIAS) -> None:
        """Left to the database: forms never offer a foreign row in the first place."""

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return (
            path,
            args,
            kwargs
            | {
                "columns": self.columns,
                "target": self.target,
                "target_columns": self.target_columns,
            },
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TenantKey) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.name, self.columns, self.target, self.target_columns))


@dataclass(frozen=True, slots=True)
class Refusal:
    """One trigger: `event` on `table` is refused with `says` when `condition` holds.

    `condition` is an SQL expression both engines understand, over OLD and NEW; empty means always.
    `events` are INSERT, UPDATE or DELETE.
    """

    name: str
    table: str
    events: tuple[str, ...]
    says: str
    condition: str = ""

    def sqlite(self) -> list[str]:
        when = f" WHEN {self.condition}" if self.condition else ""
        return [
            f"CREATE TRIGGER IF NOT EXISTS {self.name}_{event.lower()} BEFORE {event} ON {self.table} "
            f"FOR EACH ROW{when} BEGIN SELECT RAISE(ABORT, '{self.says}'); END"
            for event in self.events
        ]

    def postgresql(self) -> list[str]:
        raise_sql = f"RAISE EXCEPTION '{self.says}' USING ERRCODE = 'integrity_constraint_violation';"
        body = f"IF {self.condition} THEN {raise_sql} END IF;" if self.condition else raise_sql
        function = (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
        )
        return [
            function,
            *(
                f"CREATE OR REPLACE TRIGGER {self.name}_{event.lower()} BEFORE {event} ON {self.table} "
                f"FOR EACH ROW EXECUTE FUNCTION {self.name}()"
                for event in self.events
            ),
        ]

    def trigger_names(self) -> list[str]:
        return [f"{self.name}_{event.lower()}" for event in self.events]


_refusals: list[Refusal] = []


def register(*refusals: Refusal) -> None:
    """Called once by an app's `ready()` with what its tables refuse."""
    _refusals.extend(refusal for refusal in refusals if refusal not in _refusals)


def install_triggers(connection: BaseDatabaseWrapper) -> None:
    """Create every registered trigger whose table exists; harmless when run again."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for refusal in _refusals:
            if refusal.table in tables:
                for sql in getattr(refusal, connection.vendor)():
                    cursor.execute(sql)


def remove_triggers(connection: BaseDatabaseWrapper) -> None:
    """Drop every registered trigger: for tests that empty tables, never for the product."""
    with connection.cursor() as cursor:
        for refusal in _refusals:
            for name in refusal.trigger_names():
                on = f" ON {refusal.table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of registered triggers that the database does not have (or has switched off)."""
    sql = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        present = {name for (name,) in cursor.fetchall()}
    return [name for refusal in _refusals for name in refusal.trigger_names() if name not in present]


def install_after_migrate(sender: Any, using: str, **kwargs: Any) -> None:
    """`post_migrate` receiver: runs for each app, so the last one finds every table."""
    from django.db import connections

    install_triggers(connections[using])

"""Walls in the database itself: composite tenant keys and triggers that refuse what the business forbids.

Both hold on SQLite and PostgreSQL. `TenantKey` is an ordinary model constraint. Triggers are created on
`post_migrate`, idempotently, because SQLite drops them whenever a migration remakes a table; and it cannot even remake
a table that the trigger of another one reads, so there they are all taken away on `pre_migrate`;
`ledger.integrity` reports one that is missing or of an earlier release (a new column must be frozen too).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
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


def tenant_key(name: str, column: str, target: str) -> TenantKey:
    """The row that `column` names in the table `target` belongs to the row's own business."""
    return TenantKey(name=name, columns=["business_id", column], target=target, target_columns=["business_id", "id"])


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

    def kept_text(self, vendor: str) -> dict[str, str]:
        """Trigger name -> the text by which the database remembers what it does."""
        if vendor == "postgresql":
            return dict.fromkeys(self.trigger_names(), self._postgresql_body())
        when = f" WHEN {self.condition}" if self.condition else ""
        return {
            name: f"CREATE TRIGGER {name} BEFORE {event} ON {self.table} "
            f"FOR EACH ROW{when} BEGIN SELECT RAISE(ABORT, '{self.says}'); END"
            for name, event in zip(self.trigger_names(), self.events, strict=True)
        }

    def sqlite(self) -> list[str]:
        return [
            sql
            for name, create in self.kept_text("sqlite").items()
            for sql in (f"DROP TRIGGER IF EXISTS {name}", create)
        ]

    def _postgresql_body(self) -> str:
        raise_sql = f"RAISE EXCEPTION '{self.says}' USING ERRCODE = 'integrity_constraint_violation';"
        body = f"IF {self.condition} THEN {raise_sql} END IF;" if self.condition else raise_sql
        return f" BEGIN {body} IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END "

    def postgresql(self) -> list[str]:
        return [
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $${self._postgresql_body()}$$",
            *(
                f"CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON {self.table} "
                f"FOR EACH ROW EXECUTE FUNCTION {self.name}()"
                for name, event in zip(self.trigger_names(), self.events, strict=True)
            ),
        ]

    def trigger_names(self) -> list[str]:
        return [f"{self.name}_{event.lower()}" for event in self.events]


_refusals: list[Refusal] = []


def register(*refusals: Refusal) -> None:
    """Called once by an app's `ready()` with what its tables refuse."""
    _refusals.extend(refusal for refusal in refusals if refusal not in _refusals)


def install_triggers(connection: BaseDatabaseWrapper) -> None:
    """Create every registered trigger whose table exists, and replace those of an earlier release."""
    wanting = set(missing_triggers(connection))
    tables = set(connection.introspection.table_names()) if wanting else set()
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for refusal in _refusals:
            if refusal.table in tables and wanting.intersection(refusal.trigger_names()):
                for sql in getattr(refusal, connection.vendor)():
                    cursor.execute(sql)


def remove_triggers(connection: BaseDatabaseWrapper) -> None:
    """Drop every registered trigger: before SQLite's migrations, and for tests that empty tables."""
    with connection.cursor() as cursor:
        for refusal in _refusals:
            for name in refusal.trigger_names():
                on = f" ON {refusal.table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of registered triggers that the database lacks, has switched off, or keeps from an earlier release."""
    sql = (
        "SELECT tgname, prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
        "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        if connection.vendor == "postgresql"
        else "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        present = dict(cursor.fetchall())
    return [
        name
        for refusal in _refusals
        for name, text in refusal.kept_text(connection.vendor).items()
        if present.get(name) != text
    ]


def remove_before_migrate(sender: Any, using: str, plan: Sequence[Any], **kwargs: Any) -> None:
    """`pre_migrate` receiver: SQLite only, and only when there is something to migrate."""
    from django.db import connections

    if plan and connections[using].vendor == "sqlite":
        remove_triggers(connections[using])


def install_after_migrate(sender: Any, using: str, **kwargs: Any) -> None:
    """`post_migrate` receiver: runs for each app, so the last one finds every table."""
    from django.db import connections

    install_triggers(connections[using])

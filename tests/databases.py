"""The tests' databases: migrated once, then copied for each worker.

The migrated one is kept by what it is made from (all migrations and walls), so that a second run in the same VAR_DIR
or on the same server begins at once.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.conf import settings
from django.db import connection


def give_own(folder: Path, name: str) -> Callable[[], object]:
    """Point the default connection at a fresh copy, in `folder` (SQLite) or called after `name`; returns what ends it."""
    with (settings.VAR_DIR / "databases-of-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _file(folder) if connection.vendor == "sqlite" else _database(name)


@contextmanager
def lent(file: Path) -> Iterator[None]:
    """The default connection reads and writes another SQLite file for the length of the block."""
    before = str(connection.settings_dict["NAME"])
    _use(str(file))
    try:
        yield
    finally:
        _use(before)


def edition() -> str:
    """Names what a migrated database is made from."""
    made_from = hashlib.sha256(f"{django.VERSION} {connection.vendor}".encode())
    base = Path(settings.BASE_DIR)
    for file in sorted([*base.glob("*/migrations/*.py"), *base.glob("*/walls.py"), *base.glob("*/apps.py")]):
        made_from.update(file.read_bytes())
    return made_from.hexdigest()[:16]


def _file(folder: Path) -> Callable[[], object]:
    migrated = settings.VAR_DIR / f"migrated-{edition()}.sqlite3"
    if not migrated.exists():
        being_made = folder / "migrated.sqlite3"
        _migrate(str(being_made))
        being_made.rename(migrated)
    own = folder / "test.sqlite3"
    shutil.copyfile(migrated, own)
    _use(str(own))
    return connection.close


def _database(name: str) -> Callable[[], object]:
    migrated, own = f"migrated_{edition()}", f"test_{name}"
    server = connection.creation._nodb_cursor  # type: ignore[attr-defined]
    with server() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [migrated])
        is_there = cursor.fetchone() is not None
    if not is_there:
        being_made = f"{migrated}_being_made"
        _migrate(being_made)
        with server() as cursor:
            cursor.execute(f"ALTER DATABASE {being_made} RENAME TO {migrated}")
    with server() as cursor:
        cursor.execute(f"CREATE DATABASE {own} TEMPLATE {migrated}")
    _use(own)
    return lambda: _drop(own)


def _drop(name: str) -> None:
    """Also when a thread of some test has left a connection open."""
    connection.close()
    with connection.creation._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrate(name: str) -> None:
    connection.settings_dict["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    connection.close()


def _use(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name

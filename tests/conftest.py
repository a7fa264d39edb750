"""What every test gets: a database of its own run, a proof of the book after it, and pages that watch themselves."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import translation

from tests import databases

if TYPE_CHECKING:
    from tests.factories import Once

BROWSER_TESTS = Path(__file__).parent / "browser"
REAL_REGISTER = Path(__file__).parent.parent.parent / "shared" / "data" / "online-retail-2010-12-to-2011-06.csv.gz"
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "site", "watched_page"}

# Playwright's sync API keeps an event loop on the thread that the tests use.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


# --- Which tests run where ----------------------------------------------------------------------------------


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    on_postgres = django_settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("redis") and not django_settings.REDIS_URL:
            item.add_marker(pytest.mark.skip(reason="needs REDIS_URL"))
        if item.get_closest_marker("postgres") and not on_postgres:
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL"))
        if item.get_closest_marker("real_data") and not REAL_REGISTER.exists():
            item.add_marker(pytest.mark.skip(reason="../shared/data is not here"))
    if on_postgres:
        # What asks no database says the same on both engines: it runs on SQLite.
        config.hook.pytest_deselected(items=[item for item in items if not _asks_a_server(item)])
        items[:] = [item for item in items if _asks_a_server(item)]


def _asks_a_server(item: pytest.Item) -> bool:
    return _asks_the_database(item) or bool(item.get_closest_marker("redis") or item.get_closest_marker("postgres"))


def _asks_the_database(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())))


# --- The database -------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """A database for each run and worker, so that two runs in one checkout never meet; migrations run once (tests.databases)."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "alone")
    with django_db_blocker.unblock():
        forget = databases.give_own(tmp_path_factory.mktemp("database"), f"{worker}_{os.getpid()}")
    yield
    with django_db_blocker.unblock():
        forget()


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: Any) -> Iterator["Once"]:
    """For what many tests of a module look at: a module-scoped fixture writes it `with once():`, and each test finds it new.

    One transaction lies around all tests of the module, whose own changes go with their savepoints; give each test a
    `copy.deepcopy` of the objects. Tests that do not ask for the rows may meet them all the same. Transactional tests
    come last (pytest-django sorts them) and find them gone.
    """
    with django_db_blocker.unblock():
        _around_module.append(around := transaction.atomic())
        around.__enter__()
    yield django_db_blocker.unblock
    with django_db_blocker.unblock():
        _take_module_rows_away()


_around_module: list[transaction.Atomic] = []


def _take_module_rows_away() -> None:
    while _around_module:
        transaction.set_rollback(True)
        _around_module.pop().__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _proved_book(request: pytest.FixtureRequest, _django_db_marker: None, django_db_blocker: Any) -> Iterator[None]:
    """After every test with a database the whole book must agree; then a transactional test's flush may empty it."""
    if not _asks_the_database(request.node):
        yield
        return
    if _is_transactional(request):
        with django_db_blocker.unblock():
            _take_module_rows_away()
    # Set up before us, so that its rollback or flush comes after our look at the book.
    request.getfixturevalue("_django_db_helper")
    yield
    transactional = not connection.in_atomic_block
    try:
        if not (connection.needs_rollback or _failed(request.node) or request.node.get_closest_marker("broken_book")):
            _prove_book()
    finally:
        if transactional and connection.vendor == "sqlite":
            # A flush deletes row by row there; it restores the triggers itself, by its post_migrate.
            from accounts.walls import remove_triggers

            remove_triggers(connection)


@pytest.fixture(autouse=True)
def _language_of_settings() -> Iterator[None]:
    """A request leaves its language switched on; the next test must not read it."""
    yield
    translation.deactivate()


def _is_transactional(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    asked = bool(marker and (marker.kwargs.get("transaction") or marker.args[:1] == (True,)))
    return asked or bool({"transactional_db", "live_server"} & set(request.fixturenames))


def _prove_book() -> None:
    from ledger import integrity

    if problems := list(integrity.check()):
        pytest.fail("the book does not agree:\n" + "\n".join(map(str, problems)))


def _failed(item: pytest.Item) -> bool:
    # pytest-playwright keeps the report of each phase on the item.
    report = getattr(item, "rep_call", None)
    return report is None or report.failed or report.skipped


@pytest.fixture
def real_register() -> Path:
    """The wholesaler's register; for tests marked `real_data`."""
    return REAL_REGISTER


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The run's own Redis, emptied, for one test at a time: another test's worker would take our messages."""
    import redis

    with (django_settings.VAR_DIR / "redis-of-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        redis.Redis.from_url(django_settings.REDIS_URL).flushdb()
        yield str(django_settings.REDIS_URL)


# --- The browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.fail("Chromium is not installed: run bin/setup --dev", pytrace=False)
    return browser_type_launch_args | {
        "executable_path": chromium,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            # Whatever a page may ask for, nothing leaves the machine.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {"locale": "en-IN", "timezone_id": "Asia/Kolkata"}


@pytest.fixture
def site(live_server: Any, settings: Any) -> str:
    """The running site's address without a closing slash; links in messages name it too."""
    address = str(live_server.url).rstrip("/")
    settings.SITE_URL = settings.LINK_URL = address
    settings.SITE_HOST = urlsplit(address).netloc
    settings.CSRF_TRUSTED_ORIGINS = [address]
    return address


class Watch:
    """Collects what a page may never do: script errors, refused loads, requests to anyone but the site."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.faults: list[str] = []
        self.documents: set[str] = set()

    def follow(self, page: Any) -> None:
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("crash", lambda _: self.faults.append("the page crashed"))

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if request.is_navigation_request():
            self.documents.add(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self.host:
            self.faults.append(f"foreign request: {request.method} {request.url}")

    def _console(self, message: Any) -> None:
        if message.type != "error":
            return
        # Chromium reports a page's own 4xx answer here too, and such pages are ours to show.
        answered = message.text.startswith("Failed to load resource: the server responded with a status of 4")
        if not (answered and message.location.get("url") in self.documents):
            self.faults.append(f"console: {message.text} ({message.location.get('url')})")


@pytest.fixture
def watched_page(new_context: Callable[..., Any], site: str) -> Iterator[Callable[..., Any]]:
    """`watched_page(width=360, height=740, **context)` is a page in a browser of its own; relative URLs are the site's.

    The test fails on any console error, page error or request to a foreign host of any such page.
    """
    watch = Watch(urlsplit(site).netloc)

    def open_page(*, width: int = 360, height: int = 740, **context: Any) -> Any:
        new = new_context(viewport={"width": width, "height": height}, base_url=site, **context)
        new.set_default_timeout(15_000)
        new.on("page", watch.follow)
        return new.new_page()

    yield open_page
    assert not watch.faults, "\n".join(watch.faults)


@pytest.fixture
def phone_page(watched_page: Callable[..., Any]) -> Any:
    return watched_page(is_mobile=True, has_touch=True, device_scale_factor=2)


@pytest.fixture
def phone_page_without_js(watched_page: Callable[..., Any]) -> Any:
    return watched_page(is_mobile=True, has_touch=True, device_scale_factor=2, java_script_enabled=False)


@pytest.fixture
def desk_page(watched_page: Callable[..., Any]) -> Any:
    return watched_page(width=1280, height=800)

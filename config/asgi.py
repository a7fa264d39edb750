"""The ASGI application; in the embedded default it also starts the message drainer of this process."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DB_STATEMENT_SECONDS", "30")  # a page that waits longer says so; commands may take their time
django.setup(set_prefix=False)

from accounts import drainer  # noqa: E402  the app registry must be ready first
from config.handlers import Utf8Asgi  # noqa: E402
from portal import streams  # noqa: E402

_pages: Any = Utf8Asgi()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Event streams go past Django's middleware, which would hold a thread for each; all else is Django's."""
    if scope["type"] == "http" and streams.PATH.fullmatch(scope["path"]):
        await streams.application(scope, receive, send)
    elif scope["type"] != "lifespan":
        await _pages(scope, receive, send)


drainer.start()

"""The WSGI application; in the embedded default it also starts the message drainer of this process."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DB_STATEMENT_SECONDS", "30")  # a page that waits longer says so; commands may take their time
django.setup(set_prefix=False)

from accounts import drainer  # noqa: E402  the app registry must be ready first
from config.handlers import Utf8Wsgi  # noqa: E402

application = Utf8Wsgi()

drainer.start()

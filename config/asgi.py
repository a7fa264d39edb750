"""The ASGI application; in the embedded default it also starts the message drainer of this process."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from accounts import drainer  # noqa: E402  the app registry must be ready first
from config.handlers import Utf8Asgi  # noqa: E402

application = Utf8Asgi()

drainer.start()

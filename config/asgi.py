"""The ASGI application; in the embedded default it also starts the message drainer of this process."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_asgi_application()

from accounts import drainer  # noqa: E402  the app registry must be ready first

drainer.start()

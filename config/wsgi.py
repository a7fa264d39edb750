"""The WSGI application; in the embedded default it also starts the message drainer of this process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from accounts import drainer  # noqa: E402  the app registry must be ready first

drainer.start()

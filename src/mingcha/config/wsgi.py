"""WSGI entry point, for `mingcha serve` and any other server: `mingcha.config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from mingcha.care.proxy import behind_proxies
from mingcha.instance import use

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingcha.config.settings.embedded")
use()
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402

application = behind_proxies(_django, settings.TRUSTED_PROXIES)

"""ASGI entry point: `uvicorn mingcha.config.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingcha.config.settings.embedded")
application = get_asgi_application()

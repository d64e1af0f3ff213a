"""A city's server: PostgreSQL, TLS in front. Every value from the environment.

MINGCHA_DB_HOST, _PORT, _NAME, _USER, _PASSWORD; MINGCHA_HOSTS; MINGCHA_ORIGINS; MINGCHA_SECRET_KEY.
"""

import os

from .base import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("MINGCHA_DB_HOST", "127.0.0.1"),
        "PORT": os.environ.get("MINGCHA_DB_PORT", "5432"),
        "NAME": os.environ.get("MINGCHA_DB_NAME", "mingcha"),
        "USER": os.environ.get("MINGCHA_DB_USER", "postgres"),
        "PASSWORD": os.environ.get("MINGCHA_DB_PASSWORD", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
TLS = os.environ.get("MINGCHA_TLS", "1") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SECURE_HSTS_SECONDS = 31536000 if TLS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

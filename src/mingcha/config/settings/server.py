"""A city's server: PostgreSQL, TLS in front. Every value from the environment.

MINGCHA_DB_HOST, _PORT, _NAME, _USER, _PASSWORD; MINGCHA_HOSTS; MINGCHA_PROXIES; all of them: docs/howto/serve.md.
"""

import os

from mingcha.care.release import current

from .base import *  # noqa: F403
from .base import HOME

_SECONDS = os.environ.get("MINGCHA_DB_TIMEOUT_S", "0")
_PAGES = f" -c statement_timeout={_SECONDS}s -c max_parallel_workers_per_gather=0" if _SECONDS != "0" else ""
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
        # `mingcha serve` sets the seconds: a page's query is given up after so long, a command's never, and takes one
        # processor, since others ask too. None of ours is worth compiling: that takes 30 ms of queries that take 5.
        "OPTIONS": {"options": "-c jit=off" + _PAGES},
    }
}
TLS = os.environ.get("MINGCHA_TLS", "1") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SECURE_HSTS_SECONDS = 31536000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = os.environ.get("MINGCHA_HSTS_SUBDOMAINS", "1") == "1"
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked by machines on the inside
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # browsers' list of HSTS sites: for the owner of the domain to join

_release = current(HOME / "static")
STATIC_URL = f"static/{_release}/" if _release else "static/"
STATIC_ROOT = HOME / "static" / _release
WHITENOISE_USE_FINDERS = False


def WHITENOISE_IMMUTABLE_FILE_TEST(path, url):
    return bool(_release)

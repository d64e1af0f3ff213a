"""The default: no service to start. SQLite in one file beside the lake."""

from .base import *  # noqa: F403
from .base import HOME

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / "mingcha.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",  # a write waits its turn at BEGIN, never fails half-way for a lock
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            "PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;",
        },
    }
}

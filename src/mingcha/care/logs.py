"""What a server writes down: text for people on a terminal, one JSON object a line for machines (MINGCHA_LOG=json).

A line tells of a request its id, the view, the status, the time it took and who (by number): no address of a page, no
query, no name. MINGCHA_LOG_LEVEL: INFO writes every request, which JSON does by default; WARNING only what went wrong.
"""

from __future__ import annotations

import json
import logging
import os
import traceback
from datetime import UTC, datetime
from typing import Any

from mingcha.apps.accounts.middleware import request_id

TOLD = ("view", "method", "status", "ms", "user", "queries", "database_ms", "bytes")  # what a request's line says


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": said(record),
        }
        if found := getattr(record, "request_id", "") or request_id.get():
            line["request"] = found
        line |= {name: getattr(record, name) for name in TOLD if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = " ".join(f"{name}={getattr(record, name)}" for name in TOLD if hasattr(record, name))
        found = getattr(record, "request_id", "") or request_id.get()
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")  # noqa: DTZ006 for people, by their clock
        line = " ".join(filter(None, [at, record.levelname, said(record), told, f"[{found[:8]}]" if found else ""]))
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


def said(record: logging.LogRecord) -> str:
    """The message, without the address of a page: it may hold a person's name or number."""
    if record.name in ("django.request", "django.security.csrf") and hasattr(record, "request"):
        match = getattr(record.request, "resolver_match", None)
        return f"{str(record.msg).split(':')[0].split('(')[0].strip()}: {match.view_name if match else 'no view'}"
    message = record.getMessage()
    return message.split(":")[0].split(" from ")[0] if message.startswith("Invalid request") else message


def logging_config() -> dict[str, Any]:
    """Django's LOGGING, from the environment."""
    form = os.environ.get("MINGCHA_LOG", "text")
    level = os.environ.get("MINGCHA_LOG_LEVEL", "INFO" if form == "json" else "WARNING").upper()
    kind = JsonFormatter if form == "json" else TextFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{kind.__module__}.{kind.__name__}"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "mingcha": {"level": level},
            # Django's own: the line of the request says it, and a page that isn't there is nobody's fault
            "django.request": {"level": "ERROR", "handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "gunicorn.error": {"level": "INFO" if form == "json" else "WARNING", "propagate": True},
        },
    }

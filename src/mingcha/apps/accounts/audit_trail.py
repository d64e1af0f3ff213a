"""Reads of the audit trail: who sees what of it, search, and what changed between before and after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from .models import AuditRecord, User
from .permissions import in_jurisdiction, may, whole_bureau


def trail_visible(user: User) -> QuerySet[AuditRecord]:
    """What the staff of `user`'s jurisdiction did. What the system and commands did, and sign-ins of names that nobody
    has, are the bureau's own to see."""
    rows = AuditRecord.objects.select_related("user")
    if not may(user, "accounts.audit.view"):
        return rows.none()
    return rows if whole_bureau(user) else rows.filter(in_jurisdiction(user))


def trail_search(rows: QuerySet[AuditRecord], words: str) -> QuerySet[AuditRecord]:
    """By who (user name, name, actor), action, object (type:id or its id), request, or a text in before or after."""
    found = Q(request=words) | Q(action__icontains=words) | Q(object_id=words) | Q(actor__icontains=words)
    found |= Q(user__username__icontains=words) | Q(user__name__icontains=words)
    kind, _, pk = words.rpartition(":")
    if kind:
        found |= Q(object_type=kind, object_id=pk)
    rows = rows.annotate(_before=Cast("before", TextField()), _after=Cast("after", TextField()))
    # SQLite keeps JSON as it was dumped, with other characters than ASCII escaped; PostgreSQL as characters
    for text in {words, json.dumps(words)[1:-1]}:
        found |= Q(_before__icontains=text) | Q(_after__icontains=text)
    return rows.filter(found)


@dataclass(frozen=True)
class Change:
    """One field of a record: `kind` is "same", "added", "removed" or "changed"."""

    field: str
    before: str
    after: str
    kind: str


def changes(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[Change]:
    """Before and after side by side, changed fields first. Nested values as flat paths."""
    was, became = _flat(before), _flat(after)
    found = []
    for name in dict.fromkeys([*was, *became]):
        kind = (
            "added"
            if name not in was
            else "removed"
            if name not in became
            else "same"
            if was[name] == became[name]
            else "changed"
        )
        found.append(Change(name, was.get(name, ""), became.get(name, ""), kind))
    # of a record without a before (a creation, a note of what was done) nothing is "added": it is just what it says
    return sorted(found, key=lambda change: change.kind == "same")


def _flat(value: Any, path: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        found: dict[str, str] = {}
        for key, inner in value.items():
            found |= _flat(inner, f"{path}.{key}" if path else str(key))
        return found
    if value is None and not path:
        return {}
    return {path: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}

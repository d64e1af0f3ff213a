"""Search over a million entities: any part of a name or an address, pinyin initials, beginnings of codes.

`Entity.search` holds the pieces of the texts (engines/linkage/spelling.py: words). SQLite indexes it by FTS5, which
triggers keep in step; PostgreSQL by GIN on the array of pieces. Neither cuts Chinese into words of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, connections
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, Count, Max, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may
from mingcha.apps.exchange.models import Dataset
from mingcha.apps.exchange.selectors import dataset_contract
from mingcha.desk.offers import Found
from mingcha.engines.linkage.identifiers import key_of
from mingcha.engines.linkage.spelling import half_width, words

from .choices import Status
from .models import Entity, EntityKey
from .rules import masked

_TABLE = Entity._meta.db_table
MOST = 50_000  # matches of one word that are looked at: beyond, a search is no search

_FORGET = "INSERT INTO entities_search (entities_search, rowid, search) VALUES ('delete', old.id, old.search);"
_LEARN = "INSERT INTO entities_search (rowid, search) VALUES (new.id, new.search);"
_TABLE_OF_PIECES = f"""CREATE VIRTUAL TABLE IF NOT EXISTS entities_search USING fts5(search, content='{_TABLE}',
    content_rowid='id', detail=none, columnsize=0, tokenize="unicode61 remove_diacritics 0")"""
_TRIGGERS = {
    "entities_search_insert": f"AFTER INSERT ON {_TABLE} BEGIN {_LEARN} END",
    "entities_search_delete": f"AFTER DELETE ON {_TABLE} BEGIN {_FORGET} END",
    "entities_search_update": f"AFTER UPDATE OF search ON {_TABLE} WHEN old.search <> new.search "
    f"BEGIN {_FORGET} {_LEARN} END",
}
_POSTGRESQL = f"CREATE INDEX IF NOT EXISTS entities_search ON {_TABLE} USING gin (string_to_array(search, ' '))"


def install(using: str) -> None:
    """Make what the search needs beside the models' tables, where it is missing."""
    database = connections[using]
    if _TABLE not in database.introspection.table_names():
        return
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute(_POSTGRESQL)
            return
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'entities_search%' AND type = 'trigger'")
        if cursor.fetchone()[0] < len(_TRIGGERS):
            cursor.execute(_TABLE_OF_PIECES)
            _set_triggers(cursor)
            cursor.execute("INSERT INTO entities_search (entities_search) VALUES ('rebuild')")


def _set_triggers(cursor: CursorWrapper) -> None:
    for name, what in _TRIGGERS.items():
        cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {what}")


@contextmanager
def changing(keys: str) -> Iterator[None]:
    """Change texts of the entities in the temporary table `keys` (value), in a transaction, without triggers: the
    index takes them in two statements instead of two a row, ten times as fast."""
    if connection.vendor != "sqlite":
        yield
        return
    rows = f"FROM {_TABLE} e JOIN {keys} w ON w.value = e.key"
    with connection.cursor() as cursor:
        for name in _TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute(
            f"INSERT INTO entities_search (entities_search, rowid, search) SELECT 'delete', e.id, e.search {rows}"
        )
        yield
        cursor.execute(f"INSERT INTO entities_search (rowid, search) SELECT e.id, e.search {rows}")
        _set_triggers(cursor)


def narrowed(queryset: QuerySet[Entity], text: str) -> QuerySet[Entity]:
    """The entities of `queryset` that have every word of `text` (five at most): in the name or the address, among the
    pinyin initials, or as the beginning of the key, or as a whole licence or other number."""
    for word in half_width(text).split()[:5]:
        queryset = queryset.filter(_found(word, queryset.db))
    return queryset


def first_found(queryset: QuerySet[Entity], text: str, most: int) -> list[Entity]:
    """Up to `most` entities that `narrowed` would find, in no order: quick for a word that half of all have, and for
    one that nobody has. What is typed like a code is asked for by the index of keys, apart from the texts: a query of
    both would read neither's index."""
    words_ = half_width(text).split()[:5]
    texts = queryset
    for word in words_:
        texts = texts.filter(_has_text(word, queryset.db))
    hits = {entity.pk: entity for entity in queryset.filter(name=text)[:most]}
    if code := next((word for word in words_ if _like_code(word)), ""):
        keyed = queryset.filter(_has_code(code, queryset.db))
        for word in words_:
            keyed = keyed if word == code else keyed.filter(_found(word, queryset.db))
        hits |= {entity.pk: entity for entity in keyed[:most]}
    if len(hits) < most:
        hits |= {entity.pk: entity for entity in texts[:most]}
    return list(hits.values())


def found(user: Any, words_: str, limit: int) -> list[Found]:
    """For the search over everything (desk/offers.py): the entities that the user may see, the likeliest first."""
    from .selectors import entities_search  # which finds by `narrowed`

    if not may(user, "entities.entity.view"):
        return []
    hits = entities_search(user, words_, limit=limit)
    classes = {}
    if may(user, "risk.scores.view"):
        rated = Entity.objects.filter(pk__in=[entity.pk for entity in hits])
        classes = dict(rated.values_list("pk", "risk__risk_class"))
    return [
        Found(
            _("Market entities"),
            entity.name or entity.key,
            reverse("entities:detail", args=[entity.key]),
            " · ".join(part for part in (entity.key, _masked(entity.representative), entity.address) if part),
            "building-store",
            classes.get(entity.pk) or "",
            "" if entity.status == Status.ACTIVE else entity.get_status_display(),
        )
        for entity in hits
    ]


def _masked(name: str) -> str:
    return (masked(name) or "") if name else ""


def _found(word: str, using: str) -> Q:
    """The condition of one word."""
    pieces = words(word)
    found = Q(pk__in=_matches(pieces, using)) if pieces else _begins(word)
    return found | _has_code(word, using) if _like_code(word) else found


def _has_text(word: str, using: str) -> Q | RawSQL:
    """The condition that a word stands in the texts, put so that the database may read rows one by one until it has
    enough, where the word is common."""
    pieces = words(word)
    if not pieces:
        return _begins(word)
    if connections[using].vendor == "postgresql":
        sql = f"string_to_array({_TABLE}.search, ' ') @> %s::text[]"
        return RawSQL(sql, [pieces], output_field=BooleanField())  # noqa: S611
    return Q(pk__in=_matches(pieces, using))


def _begins(word: str) -> Q:
    """Of one character, or two letters: there are no pieces of these."""
    return Q(name__startswith=word) | Q(initials__startswith=word.lower())


def _like_code(word: str) -> bool:
    return len(word) >= 4 and word.isascii() and any(c.isdigit() for c in word)


def _has_code(word: str, using: str) -> Q:
    """The beginning of a key, or a whole number of any source."""
    code = word.upper()
    # SQLite's LIKE reads no index; PostgreSQL's order of text is not that of bytes
    sqlite = connections[using].vendor == "sqlite"
    begins = Q(key__gte=code, key__lt=code + "~") if sqlite else Q(key__startswith=code)
    values = [key for scheme in key_schemes() if (key := key_of(scheme, word))]
    linked = EntityKey.objects.filter(value__in=values, retracted_at=None).values_list("entity_id", flat=True)[:MOST]
    return begins | Q(pk__in=list(linked)) if values else begins


def key_schemes() -> list[str]:
    """The schemes of all datasets' entity keys."""
    datasets = Dataset.objects.filter(keyed_by="entity")
    state = datasets.aggregate(n=Count("pk"), at=Max("updated_at"))
    return _schemes(datasets.db, state["n"], state["at"])


@lru_cache(maxsize=4)
def _schemes(using: str, count: int, changed: datetime | None) -> list[str]:
    contracts = map(dataset_contract, Dataset.objects.using(using).filter(keyed_by="entity"))
    return sorted({"uscc", "legacy15", *(key.scheme for contract in contracts for key in contract.entity_keys)})


def _matches(pieces: list[str], using: str) -> RawSQL:
    if connections[using].vendor == "postgresql":
        sql = f"SELECT id FROM {_TABLE} WHERE string_to_array(search, ' ') @> %s::text[] LIMIT {MOST}"
        return RawSQL(sql, [pieces])  # noqa: S611
    sql = f"SELECT rowid FROM entities_search WHERE entities_search MATCH %s LIMIT {MOST}"
    return RawSQL(sql, [" ".join(f'"{piece}"' for piece in pieces)])  # noqa: S611

"""The lake with its links: what the engines read."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mingcha.apps.exchange import selectors as exchange
from mingcha.engines.lake.view import LakeView

from ..models import Entity, EntityKey, Resolution
from ..store import table_from, text_of_time

_COLUMNS = {"key": "VARCHAR", "entity": "VARCHAR"}
_COLUMNS |= dict.fromkeys(("valid_from", "valid_to", "known_at", "retracted_at"), "TIMESTAMP")


def lake_view(names: Iterable[str] | None = None) -> LakeView:
    """The lake as it is at this moment (of the datasets `names`, or all), and which key means which entity."""
    return replace(exchange.lake_view(names), links=(links_file(),))


def links_file() -> Path:
    """The links as Parquet, by key and known_at: key, entity, valid_from, valid_to, known_at, retracted_at (UTC).

    A copy of what the database has, made when links have changed since; rows that never held are left out.
    """
    last = Resolution.objects.order_by("-pk").first()
    # with its moment: a database that was restored gives its numbers away a second time
    name = f"{last.pk:08d}-{last.at:%Y%m%d%H%M%S%f}" if last else f"{0:08d}"
    folder = exchange.lake_folder() / "_links"
    path = folder / f"{name}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{secrets.token_hex(6)}")
        _export(aside)
        aside.replace(path)
        for old in sorted(folder.glob("*.parquet"))[:-3]:  # a reader may still hold the last ones
            old.unlink(missing_ok=True)
    return path


def _export(path: Path) -> None:
    import duckdb

    times = ", ".join(text_of_time(f"k.{c}") for c in list(_COLUMNS)[2:])
    with duckdb.connect() as duck:
        duck.execute("SET enable_progress_bar = false")  # it would draw itself into standard output
        table_from(
            duck,
            "links",
            _COLUMNS,
            f"SELECT k.value, e.key, {times} FROM {EntityKey._meta.db_table} k JOIN {Entity._meta.db_table} e "
            "ON e.id = k.entity_id WHERE k.retracted_at IS NULL OR k.retracted_at > k.known_at",
        )
        duck.execute(f"COPY (FROM links ORDER BY key, known_at) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")

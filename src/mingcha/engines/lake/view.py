"""A pinned view of the lake: which files hold which dataset, fixed at one moment.

The files are append-only Parquet, so whoever holds a view reads the same rows however long it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .contract import STORED, SYSTEM_TYPES, Contract


@dataclass(frozen=True)
class Source:
    """One dataset: its contract and its Parquet files. Every file has the contract's fields and SYSTEM_COLUMNS.

    `superseded` are Parquet files (_id, _known_at, _until) that name each version of a record that another replaced,
    and since when the other was known; most datasets have none.
    """

    contract: Contract
    files: tuple[Path, ...]
    superseded: tuple[Path, ...] = ()


@dataclass(frozen=True)
class LakeView:
    """`links` are Parquet files (key, entity, valid_from, valid_to, known_at, retracted_at): which source key belonged
    to which entity, when (valid), and since when we know (known). Times are UTC timestamps, null = open.

    `zone`: where days begin and end. Days of all datasets are counted alike, as the inspectors do: in the zone of the
    first dataset of inspections, or of the first dataset."""

    sources: Mapping[str, Source]
    links: tuple[Path, ...] = ()
    zone: str = ""

    def __post_init__(self) -> None:
        if not self.zone:
            contracts = sorted((s.contract for s in self.sources.values()), key=lambda c: (not c.inspections, c.name))
            object.__setattr__(self, "zone", contracts[0].zone if contracts else "Asia/Shanghai")


def files_sql(files: tuple[Path, ...], *, filename: bool = False) -> str:
    """DuckDB's table function for `files`; `filename` adds the column of that name."""
    named = ", ".join("'" + str(f).replace("'", "''") + "'" for f in files)
    return f"read_parquet([{named}]{', filename = true' if filename else ''})"


def rows_sql(source: Source, as_of: str | None = None, columns: str = "*") -> str:
    """SELECT of the records of `source` as they were known before `as_of` (a SQL expression for a UTC timestamp, which
    may name a column of an outer query; None = as known now), of each record its latest version."""
    known = f"r._known_at < {as_of}" if as_of else "TRUE"
    stored = files_sql(source.files) if source.files else _nothing(source.contract)
    rows = f"SELECT {columns} FROM {stored} r WHERE {known}"
    if source.superseded:
        later = f" AND s._until < {as_of}" if as_of else ""
        rows += (
            f" AND NOT EXISTS (SELECT 1 FROM {files_sql(source.superseded)} s"
            f" WHERE s._id = r._id AND s._known_at = r._known_at{later})"
        )
    return rows


def _nothing(contract: Contract) -> str:
    """The columns of a dataset without rows."""
    types = {f.name.replace('"', '""'): STORED[f.type] for f in contract.fields} | dict(SYSTEM_TYPES)
    columns = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in types.items())
    return f"(SELECT {columns} WHERE FALSE)"

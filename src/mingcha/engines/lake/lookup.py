"""All records of a few keys over many files, in milliseconds.

Each lake file gets an index beside the lake, made once since files never change: for every run of rows of one key, a
64-bit digest of the key, the run's first row and its length, sorted by digest. A lookup is a binary search in each
memory-mapped index, then a read of only those row groups that hold a hit: files that don't know the key cost
microseconds, and no footer is read for them. Files needn't be sorted, but sorted ones have short indexes and one run
a key.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_MAGIC = b"MCKEYS01"


class Run(NamedTuple):
    """Consecutive rows of one file, from `start`, that (but for one chance in 2^64) belong to a wanted key."""

    file: str
    start: int
    rows: int


def find(files: Iterable[str], keys: Sequence[str], *, lake: Path) -> list[Run]:
    """The runs of rows of `keys` in `files`, paths relative to `lake`. Missing indexes are made on the way."""
    wanted = np.sort(np.array([digest(key) for key in set(keys)], dtype=np.uint64))
    runs: list[Run] = []
    for file in files:
        digests, starts, rows = _index(file, lake)
        low, high = digests.searchsorted(wanted), digests.searchsorted(wanted, side="right")
        if (low < high).any():
            for first, last in zip(low.tolist(), high.tolist(), strict=True):
                runs.extend(Run(file, int(starts[i]), int(rows[i])) for i in range(first, last))
    return runs


def read(runs: Iterable[Run], keys: Sequence[str], *, lake: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """The records in `runs` that belong to `keys`: for each file its rows, column -> value."""
    by_file: dict[str, list[Run]] = {}
    for run in runs:
        by_file.setdefault(run.file, []).append(run)
    wanted = frozenset(keys)
    slices = _readers().map(lambda file: _slices(lake / file, by_file[file]), by_file)
    return [
        (file, [row for piece in pieces for row in piece.to_pylist() if row["_key"] in wanted])
        for file, pieces in zip(by_file, slices, strict=True)
    ]


def index_build(file: Path, *, lake: Path) -> Path:
    """Make the index of `file`; returns its place. Written aside and renamed, so that it is whole or not there."""
    import duckdb
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    keys = pq.read_table(file, columns=["_key"], memory_map=True).column(0).combine_chunks()
    if isinstance(keys, pa.DictionaryArray):
        keys = keys.dictionary_decode()
    heads = np.flatnonzero(pc.fill_null(pc.not_equal(keys[1:], keys[:-1]), True).to_numpy(zero_copy_only=False)) + 1
    starts = np.concatenate((np.zeros(min(1, len(keys)), dtype=np.int64), heads))
    rows = np.diff(starts, append=len(keys))
    runs = pa.table({"key": keys.take(pa.array(starts)), "start": starts, "rows": rows})
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")  # it would draw itself into standard output
        connection.register("runs", runs)
        found = connection.sql(
            "SELECT md5_number_upper(key) AS digest, start, rows FROM runs WHERE key IS NOT NULL ORDER BY digest, start"
        ).fetchnumpy()
    place = index_path(file, lake=lake)
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f"{place.name}.{secrets.token_hex(6)}")  # others may be making it too
    with aside.open("wb") as out:
        out.write(_MAGIC + len(found["digest"]).to_bytes(8, "little"))
        out.write(np.ascontiguousarray(found["digest"], dtype="<u8").data)
        out.write(np.ascontiguousarray(found["start"], dtype="<u4").data)
        out.write(np.ascontiguousarray(found["rows"], dtype="<u4").data)
    aside.replace(place)
    return place


def index_ensure(file: Path, *, lake: Path) -> None:
    """Make the index of `file` unless it is there."""
    if not index_path(file, lake=lake).exists():
        index_build(file, lake=lake)


def index_path(file: Path, *, lake: Path) -> Path:
    """Where the index of a lake file is: `_index` mirrors the lake's folders."""
    return lake / "_index" / file.relative_to(lake).with_suffix(".keys")


def indexes_sweep(*, lake: Path) -> int:
    """Delete the indexes of files that are no longer in the lake's folder; returns how many."""
    swept = 0
    for place in (lake / "_index").rglob("*.keys"):
        file = lake / place.relative_to(lake / "_index").with_suffix(".parquet")
        if not file.exists():
            place.unlink(missing_ok=True)
            swept += 1
    return swept


def digest(key: str) -> int:
    """The key's 64-bit digest: the first half of its MD5, as DuckDB's md5_number_upper gives it."""
    return int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest()[:8], "little")


@lru_cache(maxsize=512)  # each holds one open file
def _index(file: str, lake: Path) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    data = _mapped(index_path(lake / file, lake=lake)) or _mapped(index_build(lake / file, lake=lake))
    assert data is not None
    n = int.from_bytes(data[8:16], "little")
    return (
        np.frombuffer(data, dtype="<u8", count=n, offset=16),
        np.frombuffer(data, dtype="<u4", count=n, offset=16 + 8 * n),
        np.frombuffer(data, dtype="<u4", count=n, offset=16 + 12 * n),
    )


def _mapped(place: Path) -> mmap.mmap | None:
    """The index's bytes; None where it is missing, or torn by a crash, and so has to be made again."""
    try:
        with place.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (FileNotFoundError, ValueError):  # ValueError: empty
        return None
    whole = data[:8] == _MAGIC and len(data) == 16 + 16 * int.from_bytes(data[8:16], "little")
    return data if whole else None


@lru_cache(maxsize=256)
def _opened(file: Path) -> tuple[list[pq.ParquetFile], npt.NDArray[np.int64]]:
    """Readers of the file that nobody uses at the moment, and where each row group begins, with the end."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(file)
    sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    return [pq.ParquetFile(file, metadata=metadata, memory_map=True)], np.cumsum([0, *sizes])


def _slices(file: Path, runs: Sequence[Run]) -> list[pa.Table]:
    """The rows of `runs`, all of `file`; each row group that holds some is read once."""
    import pyarrow.parquet as pq

    idle, bounds = _opened(file)
    pieces: list[tuple[int, int, int]] = []  # row group, first row in it, rows
    for _, row, rows in runs:
        end = row + rows
        while row < end:
            group = int(bounds.searchsorted(row, side="right")) - 1
            until = min(end, int(bounds[group + 1]))
            pieces.append((group, row - int(bounds[group]), until - row))
            row = until
    pieces.sort()
    try:
        reader = idle.pop()  # a reader serves one thread at a time
    except IndexError:
        reader = pq.ParquetFile(file, memory_map=True)
    slices: list[pa.Table] = []
    for group, of_group in groupby(pieces, key=itemgetter(0)):
        table = reader.read_row_group(group, use_threads=False)
        slices.extend(table.slice(first, rows) for _, first, rows in of_group)
    idle.append(reader)
    return slices


@cache
def _readers() -> ThreadPoolExecutor:
    """Decoding leaves Python's lock, so that a second core helps."""
    return ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="lookup")

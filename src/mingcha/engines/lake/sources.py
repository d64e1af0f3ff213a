"""What delivered files have in common: chunks of texts, one column a field of the contract.

Columns are found by their headers, in any order; columns that the contract does not ask for are not taken. A file that
can't be read to its end gives a Problem: a batch is taken whole or not at all. A record that can't be read goes to
quarantine, and the file goes on.
"""

from __future__ import annotations

import difflib
import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from mingcha.problems import Problem

from .contract import Contract
from .records import Malformed

if TYPE_CHECKING:
    import pyarrow as pa

HEADER_WITHIN = 20  # a header stands in one of a file's first rows: departments like a title above it

Ints = npt.NDArray[np.int64]


@dataclass
class Chunk:
    """Some records of a file. `table` has a text column for each field of the contract, under its name; `rows` their
    numbers in the file, from 1; `cells(places)` gives chosen records with all their columns, as JSON objects."""

    table: pa.Table
    rows: Ints
    cells: Callable[[Ints], list[str]]
    malformed: list[Malformed] = field(default_factory=list)  # `record` is the number in the file, from 1
    taken: int = 0  # bytes of the file read so far


class Source(Protocol):
    """An open file. `typed`: dates come in ISO form whatever the contract's format. What it learns of the file is
    complete when its chunks have been read."""

    typed: bool
    not_taken: list[str]

    @property
    def encoding(self) -> str: ...

    def chunks(self) -> Iterator[Chunk]: ...


def plain(name: Any) -> str:
    """A header as it is compared: without blanks around it, full-width and letter case."""
    return unicodedata.normalize("NFKC", str(name if name is not None else "")).strip().casefold()


def missing_headers(names: Sequence[Any], contract: Contract) -> list[str]:
    have = {plain(n) for n in names}
    return [f.header for f in contract.fields if plain(f.header) not in have]


def match_columns(names: Sequence[Any], contract: Contract, where: str) -> tuple[list[int], list[str]]:
    """For each field its column's place among `names`, and the names that no field asks for. Problem where a column
    is missing, or is there twice."""
    if missing := missing_headers(names, contract):
        found = [str(n) for n in names if str(n or "").strip()]
        near = {m: difflib.get_close_matches(m, found, 1, 0.6) for m in missing}
        hints = [f"{m} → {n[0]}" for m, n in near.items() if n]
        shown = ", ".join(found[:40])[:1000]
        raise Problem(
            zh=f"文件与契约不符：缺少 {len(missing)} 列：{'、'.join(missing[:20])}。",
            en=f"The file does not fit the contract: {len(missing)} columns are missing: {', '.join(missing[:20])}.",
            where=where,
            todo_zh="文件中的列：" + shown + (f"。是否改了名？{'；'.join(hints)}" if hints else "") + "。请向提供单位"
            "索取完整的文件，或修改契约（physicalName 是文件中的列名）。",
            todo_en="The file's columns: " + shown + (f". Renamed? {'; '.join(hints)}" if hints else "") + ". Ask the "
            "department for the whole file, or mend the contract (physicalName is the column's name in the file).",
        )
    places: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        places.setdefault(plain(name), []).append(i)
    twice = [f.header for f in contract.fields if len(places[plain(f.header)]) > 1]
    if twice:
        raise Problem(
            zh=f"文件中有重名的列，不知该取哪一列：{'、'.join(twice)}。",
            en=f"The file has columns of the same name, so it isn't clear which to take: {', '.join(twice)}.",
            where=where,
            todo_zh="请删去或改名多余的列。",
            todo_en="Remove or rename the extra ones.",
        )
    asked = {plain(f.header) for f in contract.fields}
    not_taken = [str(n) for n in names if plain(n) and plain(n) not in asked]
    return [places[plain(f.header)][0] for f in contract.fields], not_taken


def as_json(header: Sequence[str], cells: Sequence[Any]) -> str:
    """A record with all its columns, for the quarantine."""
    return json.dumps(dict(zip(header, cells, strict=False)), ensure_ascii=False)

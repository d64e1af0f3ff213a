"""Small contracts and deliveries for the tests of this folder."""

import datetime as dt
import json
from pathlib import Path

import yaml

from mingcha.engines.lake.contract import Contract
from mingcha.engines.lake.dedupe import Fresh, keep_new, remember
from mingcha.engines.lake.folder import connect
from mingcha.engines.lake.quarantine import Quarantine
from mingcha.engines.lake.reading import read_contract
from mingcha.engines.lake.staging import Staged, stage
from mingcha.engines.lake.view import Source

NOW = dt.datetime(2026, 5, 1, 4, 0, tzinfo=dt.UTC)  # noon in Shanghai


def contract_text(properties, *, quality=(), custom=None, **top) -> str:
    """A contract of `properties` (dicts); keyed by date unless `custom` says otherwise."""
    extra = {"keyedBy": "entity", "entityKeys": [{"scheme": "licence:test", "field": properties[0]["name"]}]}
    extra |= custom or {}
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "things",
        "name": "Things",
        "version": "1.0.0",
        "status": "active",
        **top,
        "schema": [
            {
                "name": "things",
                "properties": properties,
                "quality": list(quality),
                "customProperties": [{"property": k, "value": v} for k, v in extra.items() if v is not None],
            }
        ],
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def contract(properties, **rest) -> Contract:
    return read_contract(contract_text(properties, **rest))


PEOPLE = [
    {"name": "id", "logicalType": "string", "primaryKey": True},
    {"name": "size", "logicalType": "integer"},
    {"name": "day", "logicalType": "date"},
]


class Delivered:
    """What became of one delivery, read back."""

    def __init__(self, folder: Path, contract: Contract, staged: Staged, fresh: Fresh) -> None:
        self.folder, self.contract, self.staged, self.fresh = folder, contract, staged, fresh

    def rows(self, columns="*", where="TRUE") -> list[tuple]:
        return _read(self.fresh.parts, columns, where)

    def superseded(self) -> list[tuple]:
        return _read([self.fresh.superseded], "*", "TRUE") if self.fresh.superseded else []

    def held(self) -> list[dict]:
        """Quarantined rows: file, row, cells (a dict, or None), raw, faults (dicts)."""
        import pyarrow.parquet as pq

        path = self.folder / "quarantine.parquet"
        rows = pq.read_table(path).to_pylist() if path.exists() else []
        for row in rows:
            row["cells"] = json.loads(row["cells"]) if row["cells"] is not None else None
        return sorted(rows, key=lambda r: (r["file"], r["row"]))

    def faults(self) -> list[tuple]:
        """(row, field, rule, value) of every fault, in order."""
        return [(h["row"], f["field"], f["rule"], f["value"]) for h in self.held() for f in h["faults"]]


def _read(files, columns, where):
    import duckdb

    if not files:
        return []
    names = ", ".join(f"'{f}'" for f in files)
    return duckdb.execute(f"SELECT {columns} FROM read_parquet([{names}]) WHERE {where} ORDER BY ALL").fetchall()


def deliver(
    folder: Path,
    contract: Contract,
    *files: Path,
    known: Source | None = None,
    batch=1,
    received=NOW,
    where="",
    since=None,
) -> Delivered:
    """Read, check and deduplicate `files` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    known = known or Source(contract, ())
    connection = connect(folder / "tmp", memory="500MB", threads=1)
    with Quarantine(folder / "quarantine.parquet") as held:
        seen = remember(connection, known, 1000)
        staged = stage(
            connection, contract, list(files), folder, held, seen, received=received, batch=batch, where=where
        )
        fresh = keep_new(connection, known, staged, folder, held, received=received, since=since)
    connection.close()
    return Delivered(folder, contract, staged, fresh)


def write(path: Path, text: str, encoding="utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path

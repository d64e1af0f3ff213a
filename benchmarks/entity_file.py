"""`mingcha bench entity-file`: one entity's file out of a whole city's records, and searches by name.

All data are simulated. A city of 100 datasets of very different sizes, written as the import clusters them, and its
entities, resolved as after an import. Queries are for random entities, each asked for once, in one warm process; then
the whole command in fresh processes. The reference, in the same run: DuckDB's SELECT of the same keys over the same
files, whose row groups carry the least and greatest key.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import duckdb

DATASETS = 100
SEED = 20261130
EVENT_FIELDS = {
    "number": ("integer", "i"),
    "happened": ("timestamp", "TIMESTAMP '2016-01-01' + to_seconds((hash(i, {d}) % 315000000)::BIGINT)"),
    "kind": ("string", "'类别' || (hash(i, {d}, 1) % 12)"),
    "result": ("string", "CASE WHEN hash(i, {d}, 2) % 100 < 17 THEN '不合格' ELSE '合格' END"),
    "officer": ("string", "'人员' || (hash(i, {d}, 3) % 900)"),
    "street": ("string", "'街道' || (hash(i, {d}, 4) % 2000) || '号'"),
    "amount": ("number", "(hash(i, {d}, 5) % 1000000) / 100.0"),
    "items": ("integer", "(hash(i, {d}, 6) % 40)::BIGINT"),
    "note": ("string", "'情况说明' || (hash(i, {d}, 7) % 50000)"),
    "document": ("string", "'文书' || hash(i, {d}, 8)"),
    "closed": ("boolean", "hash(i, {d}, 9) % 2 = 0"),
}

INSPECTIONS = {  # one of the sources is visits, so that a model of them may aim
    "riskPoints": [
        {"name": "violation", "title": {"zh": "检查发现问题", "en": "Violation found"}, "label": "result = '不合格'"}
    ],
}


def main(
    entities: Annotated[int, typer.Option(help="Entities.")] = 1_000_000,
    records: Annotated[int, typer.Option(help="Records of all sources.")] = 14_000_000,
    queries: Annotated[int, typer.Option(help="Files asked for, each of another entity.")] = 1_000,
    keep: Annotated[Path | None, typer.Option(help="Keep the instance here, or use the one that is here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """The file of one of --entities with --records (simulated): p99_ms of the query, reach 50; command_s, 1.5."""
    home = keep or Path(tempfile.mkdtemp(prefix="mingcha-bench-entity-file-"))
    os.environ["MINGCHA_HOME"] = str(home)
    try:
        figures = run(entities, records, queries, built=(home / "mingcha.sqlite3").exists(), quiet=as_json)
    finally:
        if keep is None:
            shutil.rmtree(home, ignore_errors=True)
    if not as_json:
        typer.echo("模拟数据 / simulated data")
    typer.echo(json.dumps(figures, indent=1))


def run(entities: int, records: int, queries: int, *, built: bool, quiet: bool) -> dict[str, Any]:
    from mingcha.instance import open_django

    open_django()
    build = _resolve() if built else _build(entities, records, quiet)
    from mingcha.apps.entities.models import Entity
    from mingcha.apps.entities.selectors import entities_search, entity_file

    keys = [f["key"] for f in _sample(Entity, queries + 50)]
    for key in keys[:50]:  # a warm process: what it loads once is loaded
        entity_file(key)
    took, rows, sources = [], [], []
    for key in keys[50:]:
        begun = time.perf_counter()
        file = entity_file(key)
        took.append((time.perf_counter() - begun) * 1000)
        rows.append(file.total)
        sources.append(len(file.sources))
    reference, same = _reference(keys[50:58])
    assert same, "the reference found other records"
    words = [text for e in Entity.objects.order_by("?")[:100] for text in (e.name[2:6], e.initials[2:7], e.name[4:6])]
    searched = [_timed(lambda text=text: entities_search(None, text)) for text in words]
    figures = {
        "entities": entities,
        "records": records,
        "datasets": DATASETS,
        "queries": len(took),
        "p50_ms": _quantile(took, 0.5),
        "p99_ms": _quantile(took, 0.99),
        "max_ms": _quantile(took, 1),
        "records_per_file_p50": statistics.median(rows),
        "records_per_file_p99": _quantile(rows, 0.99),
        "sources_per_file_p50": statistics.median(sources),
        "command_s": _command(keys[:5]),
        "reference_ms": reference,
        "ratio_to_reference": round(_quantile(took, 0.5) / reference, 4),
        "search_p50_ms": _quantile(searched, 0.5),
        "search_p95_ms": _quantile(searched, 0.95),
        **build,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
    }
    return figures


def _sample(model: Any, n: int) -> list[dict[str, Any]]:
    """Random firms, the same ones in every run of one size: every so many in the order of a scrambled number."""
    import random

    ids = list(model.objects.filter(provisional=False).order_by("pk").values_list("pk", flat=True))
    chosen = random.Random(SEED).sample(ids, min(n, len(ids)))
    rows = {r["pk"]: r for r in model.objects.filter(pk__in=chosen).values("pk", "key")}
    return [rows[pk] for pk in chosen]


def _reference(keys: list[str]) -> tuple[float, bool]:
    """Median milliseconds of the same question to DuckDB, and whether it finds as many records."""
    import duckdb

    from mingcha.apps.entities.models import EntityKey
    from mingcha.apps.entities.selectors import entity_file, lake_view
    from mingcha.engines.lake.view import files_sql

    sources = [s for s in lake_view().sources.values() if s.contract.keyed_by == "entity"]
    took, same = [], True
    with duckdb.connect() as connection:
        for key in keys:
            values = list(EntityKey.objects.filter(entity__key=key, retracted_at=None).values_list("value", flat=True))
            marks = ", ".join(["?"] * len(values))
            begun, found = time.perf_counter(), 0
            for source in sources:
                sql = f"SELECT * FROM {files_sql(source.files)} WHERE _key IN ({marks})"
                found += len(connection.execute(sql, values).fetchall())
            took.append((time.perf_counter() - begun) * 1000)
            same &= found == entity_file(key).total
    return round(statistics.median(took), 1), same


def _command(keys: list[str]) -> float:
    """Median seconds of the whole `mingcha entity show KEY --timing` in a fresh process."""
    command = [sys.executable, "-m", "mingcha.cli", "entity", "show"]
    run = lambda key: subprocess.run([*command, key, "--timing"], check=True, capture_output=True)  # noqa: E731
    return round(statistics.median(_timed(lambda key=key: run(key)) for key in keys) / 1000, 3)


def _timed(call: Any) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def _quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return round(float(ordered[min(len(ordered) - 1, int(q * len(ordered)))]), 2)


def _build(entities: int, records: int, quiet: bool) -> dict[str, float]:
    """The instance: lake files as the import writes them, then the resolution as after an import."""
    from mingcha.engines.lake.folder import connect
    from mingcha.instance import home

    begun = time.perf_counter()
    with connect(home() / "tmp", memory="3GB") as duck:
        _firms(duck, entities)
        weights = [1 / (k + 1) ** 0.8 for k in range(DATASETS - 2)]
        left = max(DATASETS, records - entities - entities // 5)
        _dataset(duck, "register", "firm", _register_document(), entities, 0)
        _dataset(duck, "licences", "firm WHERE licence IS NOT NULL", _licence_document(), 0, 1)
        for k, weight in enumerate(weights, 2):
            rows = max(1, round(left * weight / sum(weights)))
            key = ("uscc", "uscc", "uscc", "uscc", "licence", "uscc", "uscc", "legacy15", "uscc", "licence")[k % 10]
            _dataset(duck, f"events_{k:03d}", "", _event_document(k, key), rows, k, key)
            if not quiet:
                typer.echo(f"\r{k + 1}/{DATASETS}", nl=False, err=True)
    return {"build_s": round(time.perf_counter() - begun, 1), **_resolve()}


def _resolve() -> dict[str, float]:
    from mingcha.apps.entities.services import entities_resolve

    begun = time.perf_counter()
    report = entities_resolve()
    return {"resolve_s": report.seconds, "resolve_and_index_s": round(time.perf_counter() - begun, 1)}


def _firms(duck: duckdb.DuckDBPyConnection, n: int) -> None:
    """Table `firm`: i, its keys (a fifth has a licence, a third an old number), name, address."""
    import numpy as np
    import pyarrow as pa

    from mingcha.simulation import identifiers, words

    numbers = np.arange(n)
    division = np.array(words.DIVISIONS)[numbers % len(words.DIVISIONS)]
    prefix = np.array(["91", "92"])[numbers % 2]
    duck.register(
        "codes",
        pa.table(
            {
                "i": numbers,
                "uscc": identifiers.uscc(prefix, division, numbers),
                "legacy": identifiers.legacy15(division, numbers),
            }
        ),
    )
    duck.execute("CREATE MACRO pick(list, i, salt) AS list[(1 + hash(i, salt) % len(list))::BIGINT]")
    lists = [list(words.BRAND_FIRST), list(words.BRAND_SECOND), _trades(words), list(words.STREET_FIRST)]
    duck.execute(
        """CREATE TABLE firm AS SELECT i, uscc, CASE WHEN i % 3 = 0 THEN legacy END AS legacy15,
            CASE WHEN i % 5 = 0 THEN 'JY' || lpad(i::VARCHAR, 12, '0') END AS licence,
            ? || pick(?, i, 1) || pick(?, i, 2) || pick(?, i, 3) || '有限公司' AS name,
            ? || pick(?, i, 4) || '路' || (hash(i, 5) % 800 + 1) || '号' AS address,
            DATE '1995-01-01' + (hash(i, 6) % 10000)::INTEGER AS opened_on
        FROM codes""",
        [words.CITY, *lists[:3], words.CITY, lists[3]],
    )
    duck.unregister("codes")


def _trades(words: Any) -> list[str]:
    return sorted({trade for firm, _, _ in words.TRADES.values() for trade in firm.split()})


def _dataset(
    duck: duckdb.DuckDBPyConnection,
    name: str,
    table: str,
    document: dict[str, Any],
    rows: int,
    number: int,
    key: str = "",
) -> None:
    """Write dataset `name`: of the firms of `table`, or `rows` events of firms some of which have very many."""
    from django.utils import timezone

    from mingcha.apps.exchange.models import Batch, Dataset, LakeFile
    from mingcha.apps.exchange.selectors import lake_folder
    from mingcha.engines.lake.clustering import cluster
    from mingcha.engines.lake.reading import read_document

    contract, document, text = read_document(json.dumps(document, indent=1))
    folder = lake_folder() / name
    folder.mkdir(parents=True)
    if table:
        source = f"SELECT i AS number, *, opened_on::TIMESTAMP AS happened FROM {table}"
        column = "licence" if "licence" in table else "uscc"
    else:
        step = {"uscc": 1, "licence": 5, "legacy15": 3}[key]
        total = duck.execute("SELECT count(*) FROM firm").fetchall()[0][0]
        fields = ", ".join(f"{sql.format(d=number)} AS {field}" for field, (_, sql) in EVENT_FIELDS.items())
        share = f"pow((hash(i, {number}, 0) % 1000003) / 1000003.0, 2)"  # the busiest have hundreds of times the median
        source = (
            f"SELECT e.*, f.uscc, f.legacy15, f.licence FROM (SELECT {fields}, "
            f"(hash(({share} * {total // step})::BIGINT, 77) % {total // step})::BIGINT * {step} AS firm_number "
            f"FROM range({rows}) r(i)) e JOIN firm f ON f.i = e.firm_number"
        )
        column = key
    columns = ", ".join(f'"{f.name}"' for f in contract.fields)
    scheme = {"uscc": "uscc", "legacy15": "legacy15", "licence": "licence:food"}[column]
    duck.execute(
        f"COPY (SELECT {columns}, '{scheme}:' || {column} AS _key, happened AS _event_at, "
        f"happened + INTERVAL 1 DAY AS _known_at, now()::TIMESTAMP AS _received_at, 1::BIGINT AS _batch, "
        f"1::INTEGER AS _file, number AS _row, unhex(md5('{name}' || number)) AS _id, "
        f"(hash(number) >> 2)::BIGINT AS _digest FROM ({source})) TO '{folder / 'accepted.parquet'}' (FORMAT parquet)"
    )
    files = cluster(duck, contract, [folder / "accepted.parquet"], folder)
    (folder / "accepted.parquet").unlink()
    dataset = Dataset.objects.create(
        name=name,
        title=contract.title,
        department=contract.department,
        contract=text,
        document=document,
        version=contract.version,
        digest=contract.digest,
        keyed_by="entity",
        simulated=True,
    )
    batch = Batch.objects.create(
        dataset=dataset,
        number=1,
        contract_digest=contract.digest,
        version=contract.version,
        rows_read=rows,
        rows_accepted=rows,
        rows_duplicate=0,
        rows_quarantined=0,
        seconds=0,
        received_at=timezone.now(),
    )
    for file in files:
        path, size = str(file.relative_to(lake_folder())), file.stat().st_size
        LakeFile.objects.create(dataset=dataset, batch=batch, kind="clustered", path=path, rows=rows, bytes=size)


def _register_document() -> dict[str, Any]:
    fields = {"number": "integer", "uscc": "string", "legacy15": "string", "name": "string", "address": "string"}
    roles = {"name": "name", "address": "address", "opened_on": "opened_on"}
    keys = [{"scheme": "uscc", "field": "uscc"}, {"scheme": "legacy15", "field": "legacy15"}]
    return _document("register", "主体登记", fields | {"opened_on": "date", "happened": "timestamp"}, keys, roles)


def _licence_document() -> dict[str, Any]:
    fields = {"number": "integer", "licence": "string", "uscc": "string", "happened": "timestamp"}
    keys = [{"scheme": "licence:food", "field": "licence"}, {"scheme": "uscc", "field": "uscc"}]
    return _document("licences", "食品经营许可", fields, keys, {})


def _event_document(number: int, key: str) -> dict[str, Any]:
    scheme = {"licence": "licence:food"}.get(key, key)
    fields = {name: kind for name, (kind, _) in EVENT_FIELDS.items()} | {key: "string"}
    more = {"inspections": INSPECTIONS} if number == 2 else {}
    return _document(f"events_{number:03d}", f"业务记录{number}", fields, [{"scheme": scheme, "field": key}], {}, more)


def _document(
    name: str,
    title: str,
    fields: dict[str, str],
    keys: list[dict[str, str]],
    roles: dict[str, str],
    more: dict[str, Any] | None = None,
) -> dict[str, Any]:
    declared = {
        "keyedBy": "entity",
        "entityKeys": keys,
        "entity": roles,
        "eventTime": {"field": "happened", "zone": "UTC"},
        "knownTime": {"lag": "P1D"},
        "simulated": True,
        **(more or {}),
    }
    properties = [{"name": n, "logicalType": kind, "primaryKey": n == "number"} for n, kind in fields.items()]
    custom = [{"property": k, "value": v} for k, v in declared.items() if v]
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": name,
        "name": title,
        "version": "1.0.0",
        "status": "active",
        "tenant": "模拟部门",
        "schema": [{"name": name, "properties": properties, "customProperties": custom}],
    }


if __name__ == "__main__":
    typer.run(main)

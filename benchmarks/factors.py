"""`mingcha bench factors`: the retained factors of everyone as of one day, from a lake of many records.

All data are simulated. The reference, measured in the same run on the same files with the same threads and memory:
the same factors in hand-written DuckDB SQL. Runs alternate, each in a process of its own; the results must be equal.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

AS_OF = dt.date(2026, 7, 1)
ZONE = "Asia/Shanghai"
START = "TIMESTAMPTZ '2026-06-30 16:00:00+00'"  # of AS_OF in ZONE
SHARES = {"declarations": 0.46, "orders": 0.22, "complaints": 0.16, "inspections": 0.11, "penalties": 0.05}


def main(
    entities: Annotated[int, typer.Option(help="Entities.")] = 900_000,
    records: Annotated[int, typer.Option(help="Records of all datasets together.")] = 140_000_000,
    rounds: Annotated[int, typer.Option(help="Runs of each; the fastest counts.")] = 2,
    memory: Annotated[str, typer.Option(help="DuckDB's memory limit, for both.")] = "7GB",
    threads: Annotated[int, typer.Option(help="Threads, for both; 0 = every core.")] = 0,
    folder: Annotated[Path | None, typer.Option(help="Where the simulated lake is kept between runs.")] = None,
    remove: Annotated[bool, typer.Option(help="Remove the simulated lake afterwards.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Factors of everyone as of one day, against hand-written SQL. Simulated data."""
    base = folder or Path(tempfile.gettempdir()) / "mingcha-bench-factors"
    lake = base / f"{entities}-{records}"
    if not (lake / "whole").exists():
        generate(lake, entities, records)
    threads = threads or os.cpu_count() or 1
    runs: dict[str, list[dict[str, Any]]] = {"sql": [], "ours": []}
    for _ in range(rounds):
        for name, done in runs.items():
            command = [sys.executable, __file__, name, str(lake), memory, str(threads)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            done.append(json.loads(out.strip().splitlines()[-1]))
    sql, ours = (min(done, key=lambda r: r["seconds"]) for done in runs.values())
    result = {
        "simulated": True,
        "entities": entities,
        "records": records,
        "factors": len(retained()),
        "seconds": ours["seconds"],
        "sql_seconds": sql["seconds"],
        "ratio_to_sql": round(ours["seconds"] / sql["seconds"], 3),
        "peak_mb": max(r["peak_mb"] for r in runs["ours"]),
        "sql_peak_mb": max(r["peak_mb"] for r in runs["sql"]),
        "equal": _equal(lake),
        "runs": {name: [r["seconds"] for r in done] for name, done in runs.items()},
        "machine": {"cpus": os.cpu_count(), "threads": threads, "memory_limit": memory, "system": platform.platform()},
    }
    if remove:
        shutil.rmtree(lake)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for key, value in result.items():
            print(f"{key:14} {value}")


def generate(lake: Path, entities: int, records: int) -> None:
    """The simulated lake: Parquet clustered by the source's key, as an import leaves it."""
    import duckdb

    shutil.rmtree(lake, ignore_errors=True)
    lake.mkdir(parents=True)
    con = duckdb.connect(config={"memory_limit": "6GB", "temp_directory": str(lake / "tmp")})
    con.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
    number = "lpad(e::VARCHAR, 9, '0')"
    con.execute(
        f"""COPY (SELECT {{scheme}} AS key, '91SIM' || {number} AS entity, NULL::TIMESTAMPTZ AS valid_from,
            NULL::TIMESTAMPTZ AS valid_to, TIMESTAMPTZ '2015-01-01 00:00:00+00' AS known_at,
            NULL::TIMESTAMPTZ AS retracted_at FROM range({entities}) t(e)) TO '{lake}/links-{{i}}.parquet'""".format(
            scheme=f"'uscc:91SIM' || {number}", i=0
        )
    )
    con.execute(
        f"""COPY (SELECT 'legacy15:44SIM' || {number} AS key, '91SIM' || {number} AS entity,
            NULL::TIMESTAMPTZ AS valid_from, NULL::TIMESTAMPTZ AS valid_to,
            TIMESTAMPTZ '2015-01-01 00:00:00+00' AS known_at, NULL::TIMESTAMPTZ AS retracted_at
            FROM range({entities}) t(e) WHERE hash(e) % 10 = 0) TO '{lake}/links-1.parquet'"""
    )

    def write(name: str, rows: int, fields: str, scheme: str, skew: float) -> None:
        """`rows` records, of entities in order, with events on days of the last six years."""
        entity = f"least({entities} - 1, floor({entities} * pow(i / {rows}::DOUBLE, {skew})))::BIGINT"
        con.execute(
            f"""COPY (
            WITH n AS (SELECT i, {entity} AS e, hash(i * 7 + {len(name)}) AS h FROM range({rows}) t(i)),
            r AS (SELECT *, TIMESTAMPTZ '2020-07-01 16:00:00+00' + to_days((h % 2191)::INT) AS happened FROM n)
            SELECT {fields}, {scheme} AS _key, happened AS _event_at,
                happened + to_hours(9 + (h // 4096 % 480)::INT) AS _known_at,
                TIMESTAMPTZ '2026-07-01 00:00:00+00' AS _received_at, 1::BIGINT AS _batch, i AS _row, i::VARCHAR AS _id
            FROM r) TO '{lake}/{name}.parquet' (COMPRESSION zstd)"""
        )

    uscc = f"'uscc:91SIM' || {number}"
    legacy = f"CASE WHEN hash(e) % 10 = 0 THEN 'legacy15:44SIM' || {number} ELSE {uscc} END"
    write(
        "register",
        entities,
        "'路' || (hash(e + 5) % (" + str(max(1, entities // 3)) + ")) || '号' AS address, "
        "(hash(e + 6) % 1000 / 4.0)::DOUBLE AS capital, DATE '2000-01-01' + (hash(e + 7) % 7300)::INT AS opened_on",
        uscc,
        1.0,
    )
    fields = {
        "declarations": "h % 17 = 0 AS late, (h // 64 % 200000 / 4.0)::DOUBLE AS amount",
        "orders": "(h // 64 % 4000 / 4.0)::DOUBLE AS amount",
        "complaints": "['food', 'price', 'service', 'other'][1 + (h // 64 % 4)::INT] AS topic, h % 9 = 0 AS report",
        "inspections": "h % 6 = 0 AS failed, (h // 64 % 12)::BIGINT AS problems",
        "penalties": "(h // 64 % 80000 / 4.0)::DOUBLE AS amount",
    }
    for name, share in SHARES.items():
        scheme = legacy if name == "penalties" else uscc
        write(name, int(records * share), fields[name], scheme, 1.0 if name == "declarations" else 1.6)
    con.close()
    shutil.rmtree(lake / "tmp", ignore_errors=True)
    (lake / "whole").touch()


def view(lake: Path) -> Any:
    """The lake as the factor engine sees it."""
    from mingcha.engines.lake.contract import Contract, EntityKey, Field
    from mingcha.engines.lake.view import LakeView, Source

    columns = {
        "register": {"address": "string", "capital": "number", "opened_on": "date"},
        "declarations": {"late": "boolean", "amount": "number"},
        "orders": {"amount": "number"},
        "complaints": {"topic": "string", "report": "boolean"},
        "inspections": {"failed": "boolean", "problems": "integer"},
        "penalties": {"amount": "number"},
    }
    sources = {}
    for name, types in columns.items():
        contract = Contract(
            name=name,
            version="1",
            digest="",
            title=name,
            description="",
            department="",
            keyed_by="entity",
            fields=tuple(Field(n, n, t) for n, t in types.items()),  # type: ignore[arg-type]
            rules=(),
            primary_key=(),
            entity_keys=(EntityKey("uscc", "_key"),),
            simulated=True,
        )
        sources[name] = Source(contract, (lake / f"{name}.parquet",))
    return LakeView(sources, (lake / "links-0.parquet", lake / "links-1.parquet"), ZONE)


def retained() -> list[Any]:
    """The factors that are computed, as a trained model would keep them."""
    from mingcha.engines.factors import Factor, Peer, Signal

    food = Signal("condition", "food", "topic = 'food'")
    report, failed, late = (Signal("condition", n, n) for n in ("report", "failed", "late"))
    problems, amount = Signal("measure", "problems"), Signal("measure", "amount", decimals=2)
    address = Peer("register", "address", "address")

    def f(dataset: str, statistic: Any, signal: Signal = Signal(), window: int = 0, **more: Any) -> Factor:  # noqa: B008
        name = f"{dataset}.{signal.label}.{statistic}.{window}" + (".peers" if "peer" in more else "")
        family = "peers" if "peer" in more else "count"
        return Factor(
            name=name, dataset=dataset, family=family, statistic=statistic, signal=signal, window=window, **more
        )

    return [
        f("complaints", "count", window=90),
        f("complaints", "count", window=365),
        f("complaints", "count"),
        f("complaints", "count", food, 365),
        f("complaints", "days_since"),
        f("complaints", "rate", report, 365, prior=0.1, strength=2.0),
        f("complaints", "count", window=365, peer=address),
        f("inspections", "count", window=365),
        f("inspections", "rate", failed, prior=0.2, strength=2.0),
        f("inspections", "days_since", failed),
        f("inspections", "last", failed),
        f("inspections", "mean", problems, 730),
        f("inspections", "sum", problems, 365),
        f("penalties", "count", window=730),
        f("penalties", "sum", amount),
        f("penalties", "days_since"),
        f("declarations", "count", late, 180),
        f("declarations", "rate", late, prior=0.05, strength=2.0),
        f("declarations", "mean", amount, 365),
        f("orders", "count", window=30),
        f("orders", "mean", amount, 90),
        f("register", "last", Signal("measure", "capital", decimals=2)),
        f("register", "last", Signal("date", "opened_on")),
    ]


def hand_written(lake: Path) -> str:
    """The same factors, in their order, as an analyst would write them for DuckDB."""

    def since(days: int) -> str:
        return f"_event_at >= {START} - to_days({days})"

    def facts(name: str) -> str:
        return f"""FROM '{lake}/{name}.parquet' JOIN k ON _key = key
            WHERE _known_at < {START} AND _event_at < {START} GROUP BY entity"""

    ago = f"date_diff('day', (max(_event_at) + INTERVAL 8 HOUR)::DATE, DATE '{AS_OF}')"
    return f"""
    WITH k AS (SELECT key, entity FROM read_parquet(['{lake}/links-0.parquet', '{lake}/links-1.parquet'])
        WHERE known_at < {START} AND (retracted_at IS NULL OR retracted_at >= {START})),
    everyone AS (SELECT DISTINCT entity FROM k),
    complaints AS (SELECT entity, count(*) FILTER ({since(90)}) AS c90, count(*) FILTER ({since(365)}) AS c365,
        count(*) AS c, count(*) FILTER (topic = 'food' AND {since(365)}) AS food, {ago} AS ago,
        count(*) FILTER (report AND {since(365)}) AS reports {facts("complaints")}),
    inspections AS (SELECT entity, count(*) FILTER ({since(365)}) AS c365, count(*) FILTER (failed) AS failed,
        count(*) AS c, max(_event_at) FILTER (failed) AS last_failed, max(_event_at) AS last,
        avg(problems) FILTER ({since(730)}) AS problems730, sum(problems) FILTER ({since(365)}) AS problems365
        {facts("inspections")}),
    penalties AS (SELECT entity, count(*) FILTER ({since(730)}) AS c730, sum(amount) AS amount, {ago} AS ago
        {facts("penalties")}),
    declarations AS (SELECT entity, count(*) FILTER (late AND {since(180)}) AS late180,
        count(*) FILTER (late) AS late, count(*) AS c, avg(amount) FILTER ({since(365)}) AS amount365
        {facts("declarations")}),
    orders AS (SELECT entity, count(*) FILTER ({since(30)}) AS c30, avg(amount) FILTER ({since(90)}) AS amount90
        {facts("orders")}),
    register AS (SELECT entity, arg_max(address, _event_at) AS address, arg_max(capital, _event_at) AS capital,
        arg_max(opened_on, _event_at) AS opened_on {facts("register")}),
    peers AS (SELECT address, sum(c365) AS c365 FROM register LEFT JOIN complaints USING (entity) GROUP BY address)
    SELECT entity, coalesce(c.c90, 0), coalesce(c.c365, 0), coalesce(c.c, 0), coalesce(c.food, 0), c.ago,
        (coalesce(c.reports, 0) + 0.2) / (coalesce(c.c365, 0) + 2),
        CASE WHEN r.address IS NOT NULL THEN coalesce(p.c365, 0) - coalesce(c.c365, 0) END,
        coalesce(i.c365, 0), (coalesce(i.failed, 0) + 0.4) / (coalesce(i.c, 0) + 2),
        date_diff('day', (i.last_failed + INTERVAL 8 HOUR)::DATE, DATE '{AS_OF}'),
        CASE WHEN i.c > 0 THEN (coalesce(i.last_failed = i.last, FALSE))::INT END,
        i.problems730, coalesce(i.problems365, 0),
        coalesce(p2.c730, 0), coalesce(p2.amount, 0), p2.ago,
        coalesce(d.late180, 0), (coalesce(d.late, 0) + 0.1) / (coalesce(d.c, 0) + 2), d.amount365,
        coalesce(o.c30, 0), o.amount90, r.capital, date_diff('day', r.opened_on, DATE '{AS_OF}')
    FROM everyone LEFT JOIN complaints c USING (entity) LEFT JOIN inspections i USING (entity)
        LEFT JOIN penalties p2 USING (entity) LEFT JOIN declarations d USING (entity)
        LEFT JOIN orders o USING (entity) LEFT JOIN register r USING (entity) LEFT JOIN peers p ON p.address = r.address
    ORDER BY entity
    """


def run(name: str, lake: Path, memory: str, threads: int) -> None:
    """One run in this process: prints its seconds and peak memory, leaves its result beside the lake."""
    import numpy as np

    scratch = lake / "tmp"
    if name == "ours":
        from mingcha.engines.factors import DuckDBEngine, matrix_all

        factors, lake_view = retained(), view(lake)
        started = time.perf_counter()
        with DuckDBEngine(memory_limit=memory, threads=threads, temp_directory=scratch) as engine:
            _, values = matrix_all(lake_view, factors, AS_OF, engine=engine)
    else:
        import duckdb

        started = time.perf_counter()
        settings = {"memory_limit": memory, "threads": threads, "temp_directory": str(scratch)}
        con = duckdb.connect(config={**settings, "preserve_insertion_order": False})
        con.execute("SET TimeZone = 'UTC'")
        table = con.execute(hand_written(lake)).to_arrow_table()
        columns = [np.asarray(c.cast("float32").to_numpy(), dtype=np.float32) for c in table.columns[1:]]
        values = np.column_stack(columns)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    np.save(lake / f"{name}.npy", values)
    print(json.dumps({"seconds": round(seconds, 2), "peak_mb": peak, "rows": len(values)}))


def _equal(lake: Path) -> bool:
    """Whether both gave the same numbers (float32, to the last digits of a sum)."""
    import numpy as np

    ours, sql = (np.load(lake / f"{name}.npy", mmap_mode="r") for name in ("ours", "sql"))
    return ours.shape == sql.shape and all(
        np.allclose(ours[:, j], sql[:, j], rtol=1e-5, atol=1e-6, equal_nan=True) for j in range(ours.shape[1])
    )


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))

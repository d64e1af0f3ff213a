"""`mingcha bench import`: a large delivery checked, deduplicated, quarantined, committed, and sorted for reading.

All data are simulated: penalties of 20 columns under a contract of 30 rules, beside types and required fields. One
row in a hundred is bad: a wrong check character, a date that is none, a number that is none, a value out of range or
not allowed, an empty required field, dates out of order, too few columns, a quote that nothing closes, a key that an
earlier row has; and a few rows are there twice. The reference, in the same run and on the same file, is DuckDB's bare
CSV to Parquet (types detected, lines that it can't read skipped), taken before and after: its mean is 1.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

FIRMS = 1_000_000
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
KINDS = ("警告", "罚款", "没收违法所得", "责令停产停业")

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: bench_penalties
name: Penalties (simulated)
version: 1.0.0
status: active
schema:
  - name: bench_penalties
    properties:
      - {name: penalty_no, primaryKey: true, logicalTypeOptions: {pattern: "^PB[0-9]{10}$", maxLength: 12}}
      - {name: uscc, required: true, quality: [{type: custom, engine: mingcha, implementation: uscc}]}
      - {name: name, required: true, logicalTypeOptions: {minLength: 2, maxLength: 100, pattern: "[^0-9]"}}
      - {name: division, quality: [{type: custom, engine: mingcha, implementation: gb_t_2260}]}
      - {name: registered_on, logicalType: date, logicalTypeOptions: {minimum: "1949-10-01"}}
      - {name: decided_on, logicalType: date, required: true}
      - {name: severity, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 9}}
      - {name: amount, logicalType: number, logicalTypeOptions: {minimum: 0, maximum: 1000000000}}
      - {name: staff, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 1000000}}
      - {name: serious, logicalType: boolean, required: true}
      - name: kind
        required: true
        quality:
          - type: library
            metric: invalidValues
            arguments: {validValues: [警告, 罚款, 没收违法所得, 责令停产停业]}
      - {name: address, logicalTypeOptions: {minLength: 5, maxLength: 200}}
      - name: latitude
        logicalType: number
        quality: [{type: custom, engine: mingcha, implementation: latitude}]
      - name: longitude
        logicalType: number
        quality: [{type: custom, engine: mingcha, implementation: longitude}]
      - {name: phone, quality: [{type: custom, engine: mingcha, implementation: phone_cn}]}
      - {name: postcode, quality: [{type: custom, engine: mingcha, implementation: postcode_cn}]}
      - {name: law, required: true, logicalTypeOptions: {minLength: 4, maxLength: 60}}
      - {name: unit, required: true, logicalTypeOptions: {maxLength: 30}}
      - {name: entered_at, logicalType: timestamp, required: true}
      - {name: days, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 3650}}
    quality:
      - {type: sql, name: entered, query: "entered_at >= decided_on"}
      - {type: sql, name: fined, query: "kind <> '罚款' OR amount > 0"}
      - {type: sql, name: founded, query: "registered_on <= decided_on"}
    customProperties:
      - {property: simulated, value: true}
      - {property: keyedBy, value: entity}
      - {property: entityKeys, value: [{scheme: uscc, field: uscc}]}
      - {property: eventTime, value: {field: decided_on}}
      - {property: knownTime, value: {lag: P3D}}
"""
HEAD = (
    "penalty_no,uscc,name,division,registered_on,decided_on,severity,amount,staff,serious,kind,address,latitude,"
    "longitude,phone,postcode,law,unit,entered_at,days"
)


def main(
    rows: Annotated[int, typer.Option(help="Rows of the delivery.")] = 10_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
    folder: Annotated[Path | None, typer.Option(help="Where to work; about 1 GB a million rows is needed.")] = None,
) -> None:
    """--rows of 20 columns under 30 rules: ratio_accepted, reach 4; ratio_clustered, 8; peak_mb, 3000."""
    place = Path(tempfile.mkdtemp(prefix="mingcha-bench-import-", dir=folder))
    try:
        figures = run(place, rows, quiet=as_json)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if not as_json:
        typer.echo("模拟数据 / simulated data")
    typer.echo(json.dumps(figures, indent=1))


def run(place: Path, rows: int, *, quiet: bool) -> dict[str, Any]:
    def tell(text: str) -> None:
        if not quiet:
            typer.echo(text, err=True)

    delivery, contract = place / "delivery.csv", place / "contract.yaml"
    contract.write_text(CONTRACT, encoding="utf-8")
    tell(f"writing {rows:,} rows")
    child(place, "generate", rows, delivery)
    size = delivery.stat().st_size
    tell("DuckDB's bare CSV to Parquet")
    before = child(place, "reference", delivery, place / "reference.parquet")
    tell("import")
    imported = child(place, "deliver", contract, delivery)
    tell("DuckDB's bare CSV to Parquet, again")
    after = child(place, "reference", delivery, place / "reference.parquet")
    delivery.unlink()
    tell("clustering")
    clustered = child(place, "cluster", "bench_penalties")
    reference = (before["seconds"] + after["seconds"]) / 2
    report = imported["report"]
    return {
        "rows": rows,
        "csv_bytes": size,
        "rules": imported["rules"],
        "rows_accepted": report["rows_accepted"],
        "rows_duplicate": report["rows_duplicate"],
        "rows_quarantined": report["rows_quarantined"],
        "reasons": {f"{r['field']}:{r['rule']}": r["rows"] for r in report["reasons"]},
        "reference_s": [round(before["seconds"], 2), round(after["seconds"], 2)],
        "reference_rows": before["rows"],
        "reference_peak_mb": before["peak_mb"],
        "import_s": round(imported["seconds"], 2),
        "cluster_s": round(clustered["seconds"], 2),
        "rows_per_s": round(rows / imported["seconds"]),
        "ratio_accepted": round(imported["seconds"] / reference, 2),
        "ratio_clustered": round((imported["seconds"] + clustered["seconds"]) / reference, 2),
        "peak_mb": max(imported["peak_mb"], clustered["peak_mb"]),
        "import_peak_mb": imported["peak_mb"],
        "cluster_peak_mb": clustered["peak_mb"],
        "cpu_s": {  # of whole processes: on a busy machine the wall clock says less
            "reference": [before["cpu_s"], after["cpu_s"]],
            "import": imported["cpu_s"],
            "cluster": clustered["cpu_s"],
        },
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "load": [round(x, 1) for x in os.getloadavg()],
            "python": platform.python_version(),
        },
    }


def child(place: Path, work: str, *words: object) -> dict[str, Any]:
    """Run one of the functions below in a process of its own; what it returns, with its peak memory."""
    env = {**os.environ, "MINGCHA_HOME": str(place / "instance")}
    said = place / "said.json"
    command = [sys.executable, __file__, work, str(said), *map(str, words)]
    process = subprocess.Popen(command, env=env, stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{work} failed with status {process.returncode}")
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    cpu = usage.ru_utime + usage.ru_stime
    return {**json.loads(said.read_text()), "peak_mb": round(peak), "cpu_s": round(cpu, 1)}


def generate(rows: str, path: str) -> dict[str, Any]:
    import duckdb
    import numpy as np
    import pyarrow as pa

    connection = duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(Path(path).parent / "tmp")})
    firms = min(int(rows), FIRMS)
    body = np.char.add("91440605MA", np.char.zfill(np.arange(firms).astype(str), 7))
    places = np.full(256, 0)
    places[np.frombuffer(ALPHABET.encode(), np.uint8)] = np.arange(31)
    total = places[np.frombuffer("".join(body).encode(), np.uint8).reshape(-1, 17)] @ np.array(WEIGHTS)
    check = np.array(list(ALPHABET))[(31 - total % 31) % 31]
    firm = pa.table({"i": np.arange(firms), "uscc": np.char.add(body, check)})
    connection.register("firm", firm)
    bad = "h % 10000"  # 0-99 is bad in its own way, 100-104 is there twice
    line = f"""
        CASE WHEN b < 2 THEN number || ',too,few' WHEN b < 4 THEN number || ',"never closed' || repeat(',x', 18)
        ELSE concat_ws(',', number, CASE WHEN b BETWEEN 10 AND 24 THEN uscc[:17] || '?' ELSE uscc END,
            '佛山市第' || (h % 9973) || '号商贸有限公司', '440605', (DATE '1990-01-01' + (h % 5000)::INT)::VARCHAR,
            CASE WHEN b BETWEEN 25 AND 34 THEN '2015-13-45' ELSE decided::VARCHAR END, (h % 7)::VARCHAR,
            CASE WHEN b BETWEEN 35 AND 44 THEN '五百元' ELSE ((h % 1000000) / 100.0 + 1)::DECIMAL(12, 2)::VARCHAR END,
            (g % 100)::VARCHAR, CASE WHEN h % 3 = 0 THEN 'true' ELSE 'false' END,
            CASE WHEN b BETWEEN 45 AND 54 THEN '其他' ELSE {list(KINDS)}[(h % 4 + 1)::INT] END,
            '"佛山市南海区' || (h % 500) || '路' || (g % 300) || '号, 首层"', (22.5 + (h % 10000) / 20000.0)::VARCHAR,
            CASE WHEN b BETWEEN 55 AND 64 THEN '213.5' ELSE (112.8 + (g % 10000) / 20000.0)::VARCHAR END,
            '0757-8' || lpad((h % 10000000)::VARCHAR, 7, '0'), '528' || lpad((g % 1000)::VARCHAR, 3, '0'),
            '产品质量法第' || (h % 70) || '条',
            CASE WHEN b BETWEEN 65 AND 74 THEN '' ELSE '市监' || (h % 40) || '所' END,
            (decided + CASE WHEN b BETWEEN 75 AND 84 THEN -9 ELSE 2 END)::VARCHAR || ' '
                || lpad((h % 24)::VARCHAR, 2, '0') || ':30:00',
            CASE WHEN b BETWEEN 85 AND 94 THEN '-5' ELSE (h % 365)::VARCHAR END) END"""
    connection.execute(
        f"""
        COPY (
            WITH numbers AS (
                SELECT range AS n, hash(range) AS own FROM range({int(rows)})
            ), drawn AS (  -- some rows are the row before once more, some take its number for another penalty
                SELECT n, CASE WHEN own % 10000 BETWEEN 100 AND 104 THEN n - 1 ELSE n END AS source,
                    own % 10000 BETWEEN 95 AND 99 AS stolen FROM numbers WHERE n > 0 OR own % 10000 > 104
            ), mixed AS (
                SELECT n, source, stolen, hash(source) AS h, hash(source + 7919) AS g FROM drawn
            ), rows AS (
                SELECT m.n, h, g, ({bad})::INT AS b, f.uscc, DATE '2012-01-01' + (g % 4000)::INT AS decided,
                    'PB' || lpad((source - CASE WHEN stolen THEN 1 ELSE 0 END)::VARCHAR, 10, '0') AS number
                FROM mixed m JOIN firm f ON f.i = m.g % {firms}
            )
            SELECT {line} AS "{HEAD}" FROM rows
        ) TO '{path}' (FORMAT csv, HEADER true, QUOTE '', ESCAPE '', DELIMITER '\x01')
        """
    )
    return {}


def reference(path: str, out: str) -> dict[str, Any]:
    import time

    import duckdb

    connection = duckdb.connect()
    began = time.perf_counter()
    source = f"read_csv('{path}', ignore_errors = true, strict_mode = false)"
    connection.execute(f"COPY (SELECT * FROM {source}) TO '{out}' (FORMAT parquet)")
    seconds = time.perf_counter() - began
    (rows,) = connection.execute(f"SELECT count(*) FROM '{out}'").fetchone() or (0,)
    Path(out).unlink()
    return {"seconds": seconds, "rows": rows}


def deliver(contract: str, path: str) -> dict[str, Any]:
    from mingcha.instance import open_django

    open_django()
    from mingcha.apps.exchange import hooks
    from mingcha.apps.exchange.services import batch_import
    from mingcha.engines.lake.reading import read_contract

    hooks.after_import.clear()  # who is who is another benchmark's
    report = batch_import(contract=Path(contract), files=[Path(path)], clustered=False)
    return {"seconds": report.seconds, "report": report.as_json(), "rules": len(read_contract(Path(contract)).rules)}


def cluster(name: str) -> dict[str, Any]:
    import time

    from mingcha.instance import open_django

    open_django()
    from mingcha.apps.exchange import hooks
    from mingcha.apps.exchange.services import dataset_cluster

    hooks.after_import.clear()  # as in the import
    began = time.perf_counter()
    rows = dataset_cluster(name=name)
    return {"seconds": time.perf_counter() - began, "rows": rows}


if __name__ == "__main__":
    work, said, *words = sys.argv[1:]
    Path(said).write_text(
        json.dumps({"generate": generate, "reference": reference, "deliver": deliver, "cluster": cluster}[work](*words))
    )

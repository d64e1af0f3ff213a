"""The province's credit classes, taken in as sets: a million rows of a month's file, whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.engines.linkage.identifiers import half_width_sql, register
from mingcha.engines.sheets import Bounds, Field, read_listing
from mingcha.engines.sheets.listing import HEADER_WITHIN, columns_of
from mingcha.instance import home
from mingcha.problems import Problem

from ..models import ClassInForce, CreditBatch, CreditClass
from .papers import kept

if TYPE_CHECKING:
    import duckdb

MB = 2**20
FIELDS = (
    Field("key", ("统一社会信用代码", "社会信用代码", "信用代码", "uscc"), needed=True),
    Field(
        "grade",
        ("信用风险类别", "信用风险分类", "信用风险分类结果", "信用风险等级", "分类结果", "风险类别", "class", "grade"),
        needed=True,
    ),
)
XLSX = Bounds(bytes=40 * MB, unpacked=400 * MB, rows=200_000, characters=64 * MB)
MOST_BYTES, MOST_ROWS = 400 * MB, 5_000_000  # of a CSV: a province's month
SHOWN_FAULTS = 100
_HEAD = 64 * 1024
Say = Callable[[int, int], None]


def classes_import(
    *,
    path: Path,
    source: str,
    as_of: dt.date,
    user: User | None,
    name: str = "",
    progress: Say = lambda done, total: None,
) -> CreditBatch:
    """Take the classes in `path` (CSV in UTF-8 or GB18030, or xlsx) that `source` gave as of a day.

    Rows that name no firm of the register are counted; faulty ones are counted and the first hundred told. The class
    in force of a firm is that of the latest day; a file of an earlier month is kept, and takes no force. `progress`:
    steps done, of how many. Problem: a day to come, the same file again, no header, not one good row, beyond bounds.
    """
    source, name = source.strip(), name or path.name
    if not source or as_of > timezone.localdate():
        raise Problem(
            zh="没有写明来源。" if not source else f"分类日期 {as_of} 在将来。",
            en="The source isn't named." if not source else f"The day {as_of} lies in the future.",
            where=name,
            todo_zh="请写明由哪一级、哪个部门给出，是哪一天的分类。",
            todo_en="Say who gave the classes, and of which day they are.",
        )
    import duckdb

    with path.open("rb") as file, duckdb.connect() as duck, tempfile.TemporaryDirectory(dir=home() / "tmp") as folder:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        _refuse_again(source, as_of, digest, name)
        _read(duck, path, Path(folder), name)
        progress(1, 4)
        figures = _judge(duck, name)
        progress(2, 4)
        with transaction.atomic():
            batch = CreditBatch.objects.create(
                source=source,
                as_of=as_of,
                name=name[:200],
                sha256=kept(file, digest),
                size=path.stat().st_size,
                received_at=timezone.now(),
                received_by=user,
                **figures,
            )
            _take(duck, batch)
            progress(3, 4)
            _put_in_force(batch)
            batch.save()
            audit_record(
                user=user,
                action="credit.class.import",
                obj=batch,
                after={
                    "source": source,
                    "as_of": as_of.isoformat(),
                    "sha256": digest,
                    "taken": batch.taken,
                    "faulty": batch.faulty,
                    "unknown": batch.unknown,
                },
            )
        progress(4, 4)
    return batch


def _refuse_again(source: str, as_of: dt.date, digest: str, name: str) -> None:
    if CreditBatch.objects.filter(source=source, as_of=as_of, sha256=digest).exists():
        raise Problem(
            zh="这个文件已经导入过。",
            en="This file was imported before.",
            where=name,
            todo_zh="请核对来源和日期；更正后的文件内容不同，可以再次导入。",
            todo_en="Check source and day; a corrected file differs, and can be imported.",
        )


# -- reading: the table raw (row, key, grade)


def _read(duck: duckdb.DuckDBPyConnection, path: Path, folder: Path, name: str) -> None:
    duck.execute("SET threads = 1")
    duck.execute("CREATE TABLE raw (row BIGINT, key VARCHAR, grade VARCHAR)")
    with path.open("rb") as file:
        head = file.read(512)
    try:
        if head.startswith(b"PK\x03\x04") or not _texts(head):
            _read_sheet(duck, path)
        else:
            _read_csv(duck, path, folder, name)
    except Problem as problem:
        problem.where = problem.where.replace(str(path), name)
        raise


def _texts(head: bytes) -> bool:
    return bool(head.strip()) and b"\x00" not in head and not head.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"<"))


def _read_sheet(duck: duckdb.DuckDBPyConnection, path: Path) -> None:
    import pyarrow as pa

    listed = read_listing(path, FIELDS, XLSX)  # refuses what is no table, too
    columns = [[row.number for row in listed.rows], *([row.cells[f.name] for row in listed.rows] for f in FIELDS)]
    columns[0] += [wrong.row for wrong in listed.wrong]
    for column in columns[1:]:
        column += [None] * len(listed.wrong)
    arrays = [pa.array(columns[0], pa.int64()), *(pa.array(column, pa.string()) for column in columns[1:])]
    duck.register("sheet", pa.table(arrays, names=["row", "key", "grade"]))
    duck.execute("INSERT INTO raw SELECT * FROM sheet")


def _read_csv(duck: duckdb.DuckDBPyConnection, path: Path, folder: Path, name: str) -> None:
    import duckdb

    if path.stat().st_size > MOST_BYTES:
        raise _too_large(name, f"{path.stat().st_size / MB:,.0f} MB", f"{MOST_BYTES // MB} MB")
    text = _as_utf8(path, folder / "text.csv", name)
    skip, delimiter, places, width = _header(text, name)
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    try:
        duck.execute(
            f"INSERT INTO raw SELECT row_number() OVER () + {skip}, c{places[0]}, c{places[1]} FROM read_csv(?,"
            f" header = false, skip = {skip}, delim = ?, quote = '\"', escape = '\"', columns = {{{columns}}},"
            " null_padding = true, auto_detect = false, max_line_size = 1000000)",
            [str(text), delimiter],
        )
    except duckdb.Error as error:
        raise Problem(
            zh="不是完好的 CSV。",
            en="It isn't sound CSV.",
            where=f"{name}: {str(error).splitlines()[0][:200]}",
            todo_zh="请重新导出；含逗号、引号的值要加引号。",
            todo_en="Export it again; values that hold commas or quotes must be quoted.",
        ) from None


def _as_utf8(path: Path, target: Path, name: str) -> Path:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with (
                path.open(encoding=encoding, newline="") as file,
                target.open("w", encoding="utf-8", newline="") as out,
            ):
                while piece := file.read(MB):
                    out.write(piece)
            return target
        except UnicodeDecodeError:
            continue
    raise Problem(
        zh="文件的编码既不是 UTF-8 也不是 GB18030。",
        en="The file is neither UTF-8 nor GB18030.",
        where=name,
        todo_zh="请另存为 UTF-8 的 CSV。",
        todo_en="Save it as CSV in UTF-8.",
    )


def _header(path: Path, name: str) -> tuple[int, str, list[int], int]:
    """Lines up to and with the header, the delimiter, the columns of FIELDS, and how many columns there are."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = file.read(_HEAD).splitlines()[:HEADER_WITHIN]
    for number, line in enumerate(lines, 1):
        delimiter = max(",\t;", key=line.count)
        heads = next(csv.reader([line], delimiter=delimiter), [])
        columns = columns_of(heads, FIELDS)  # as in a sheet
        if len(columns) == len(FIELDS):
            return number, delimiter, [columns[field.name] for field in FIELDS], len(heads)
    raise Problem(
        zh="找不到表头：须有“统一社会信用代码”和“信用风险类别”两列。",
        en="There is no header with the columns of the credit code and of the class.",
        where=name,
        todo_zh="列名可以是：" + "；".join("/".join(f.names[:4]) for f in FIELDS),
        todo_en="The columns may be called: " + "; ".join("/".join(f.names) for f in FIELDS),
    )


# -- judging: the table good (key, grade)

_REASONS = {
    "key": ("统一社会信用代码为空或校验不通过", "the unified social credit code is empty or false"),
    "grade": ("类别不是 A、B、C、D", "the class is none of A, B, C, D"),
    "twice": ("同一主体出现两次，类别不同", "the same firm stands there twice, with different classes"),
}


def _judge(duck: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    register(duck)
    rows = _count(duck, "SELECT count(*) FROM raw")
    if rows > MOST_ROWS:
        raise _too_large(name, f"{rows:,} 行 / rows", f"{MOST_ROWS:,}")
    duck.execute(f"""CREATE TABLE read AS SELECT row, key AS shown_key, grade AS shown_grade,
        upper(replace({half_width_sql("key")}, ' ', '')) AS key,
        nullif(regexp_extract(upper(trim({half_width_sql("grade")})), '^([ABCD])(类|级|[(].*)?$', 1), '') AS grade
        FROM raw WHERE coalesce(trim(key), '') <> '' OR coalesce(trim(grade), '') <> ''""")
    duck.execute("""CREATE TABLE judged AS SELECT *, CASE
        WHEN key IS NULL OR NOT uscc_valid(key) THEN 'key' WHEN grade IS NULL THEN 'grade'
        WHEN min(grade) OVER (PARTITION BY key) <> max(grade) OVER (PARTITION BY key) THEN 'twice' END AS fault
        FROM read""")
    duck.execute("CREATE TABLE good AS SELECT DISTINCT key, grade FROM judged WHERE fault IS NULL")
    faulty = _count(duck, "SELECT count(*) FROM judged WHERE fault IS NOT NULL")
    faults = duck.execute(
        "SELECT row, shown_key, shown_grade, fault FROM judged WHERE fault IS NOT NULL"
        f" ORDER BY row LIMIT {SHOWN_FAULTS}"
    ).fetchall()
    told = [
        {
            "row": row,
            "key": (key or "")[:40],
            "grade": (grade or "")[:40],
            "zh": _REASONS[why][0],
            "en": _REASONS[why][1],
        }
        for row, key, grade, why in faults
    ]
    if not _count(duck, "SELECT count(*) FROM good"):
        raise Problem(
            zh="没有一行可用。" + (f"最先的错误：第 {told[0]['row']} 行，{told[0]['zh']}。" if told else ""),
            en="Not one row is good." + (f" The first fault: row {told[0]['row']}, {told[0]['en']}." if told else ""),
            where=name,
            todo_zh="请核对文件是否选对，列是否对应。",
            todo_en="Check that it is the right file, and its columns.",
        )
    return {"rows": _count(duck, "SELECT count(*) FROM read"), "faulty": faulty, "faults": told}


# -- taking


def _take(duck: duckdb.DuckDBPyConnection, batch: CreditBatch) -> None:
    """Rows of CreditClass for the good ones whose firm is known; a firm that was merged is what it was merged into."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE mingcha_classes (value varchar(40) PRIMARY KEY, grade varchar(1))")
        try:
            result = duck.execute("SELECT key, grade FROM good")
            while rows := result.fetchmany(50_000):
                _write(cursor, rows)
            entity, classes = Entity._meta.db_table, CreditClass._meta.db_table
            known = f"""SELECT coalesce(e.merged_into_id, e.id) AS entity, c.grade AS grade
                FROM mingcha_classes c JOIN {entity} e ON e.key = c.value"""
            cursor.execute(
                f"INSERT INTO {classes} (entity_id, batch_id, grade, as_of) SELECT entity, %s, min(grade), %s"
                f" FROM ({known}) AS k GROUP BY entity HAVING count(DISTINCT grade) = 1",
                [batch.pk, batch.as_of],
            )
        finally:
            cursor.execute("DROP TABLE mingcha_classes")
    counts: dict[str, int] = {}
    for grade in "ABCD":
        counts[grade] = batch.classes.filter(grade=grade).count()
    batch.counts, batch.taken = counts, sum(counts.values())
    batch.unknown = _count(duck, "SELECT count(*) FROM good") - batch.taken


def _write(cursor: Any, rows: Sequence[Sequence[str]]) -> None:
    if connection.vendor == "postgresql":
        with cursor.copy("COPY mingcha_classes (value, grade) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        cursor.executemany("INSERT INTO mingcha_classes VALUES (%s, %s)", rows)


def _put_in_force(batch: CreditBatch) -> None:
    """What is the latest by its day takes force; how classes changed by it is counted."""
    force, classes = ClassInForce._meta.db_table, CreditClass._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT f.grade, c.grade, count(*) FROM {classes} c LEFT JOIN {force} f ON f.entity_id = c.entity_id"
            " WHERE c.batch_id = %s AND (f.as_of IS NULL OR f.as_of <= c.as_of) GROUP BY f.grade, c.grade",
            [batch.pk],
        )
        batch.changes = {f"{before or '-'}{after}": n for before, after, n in cursor.fetchall()}
        cursor.execute(
            f"INSERT INTO {force} (entity_id, grade, before, as_of, batch_id)"
            f" SELECT entity_id, grade, '', as_of, batch_id FROM {classes} WHERE batch_id = %s"
            f" ON CONFLICT (entity_id) DO UPDATE SET"
            f" before = CASE WHEN {force}.grade <> excluded.grade THEN {force}.grade ELSE {force}.before END,"
            f" grade = excluded.grade, as_of = excluded.as_of, batch_id = excluded.batch_id"
            f" WHERE {force}.as_of <= excluded.as_of",
            [batch.pk],
        )


def _count(duck: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = duck.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _too_large(name: str, is_: str, most: str) -> Problem:
    return Problem(
        zh=f"文件超出限度：{is_}，最多 {most}。",
        en=f"The file is beyond bounds: {is_}, at most {most}.",
        where=name,
        todo_zh="请分成几个文件。",
        todo_en="Split it.",
    )


def classes_hand_in(*, file: Any, source: str, as_of: dt.date) -> dict[str, str]:
    """Put an upload aside for the job that imports it, and return that job's parameters; `file` is an upload. The job
    removes it. Problem: too large, empty, or of a day to come."""
    if not file.size or file.size > MOST_BYTES:
        raise _too_large(file.name, f"{file.size / MB:,.0f} MB", f"{MOST_BYTES // MB} MB")
    if as_of > timezone.localdate():
        raise Problem(zh=f"分类日期 {as_of} 在将来。", en=f"The day {as_of} lies in the future.", where=file.name)
    folder = home() / "tmp" / "classes"
    folder.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as aside:
        for piece in file.chunks():
            aside.write(piece)
    return {"file": Path(aside.name).name, "name": file.name, "source": source, "as_of": as_of.isoformat()}

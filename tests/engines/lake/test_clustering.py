"""Clustered files: every row once, sorted by key and time, small row groups that know their keys."""

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.engines.lake.deliveries import contract, deliver, write

from mingcha.engines.lake.clustering import ROW_GROUP, cluster
from mingcha.engines.lake.folder import connect

FIELDS = [{"name": "id", "primaryKey": True}, {"name": "firm"}, {"name": "day", "logicalType": "date"}]
CUSTOM = {"entityKeys": [{"scheme": "x", "field": "firm"}], "eventTime": {"field": "day"}}
SAID = contract(FIELDS, custom=CUSTOM)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    random = np.random.default_rng(3)
    found = []
    for n in range(3):
        firms, days = random.integers(0, 5000, 20_000), random.integers(0, 3000, 20_000)
        lines = [
            f"{n}-{i},{'' if f < 50 else f'F{f:05d}'},{np.datetime64('2015-01-01') + d}"
            for i, (f, d) in enumerate(zip(firms, days, strict=True))
        ]
        path = write(folder / f"{n}.csv", "id,firm,day\n" + "\n".join(lines) + "\n")
        found += deliver(folder / str(n), SAID, path, batch=n + 1).fresh.parts
    return found


@pytest.mark.parametrize("at_once", [1 << 30, 10 << 20, 4 << 20])
def test_the_rows_are_the_same_and_in_order(tmp_path, parts, at_once):
    connection = connect(tmp_path / "tmp", memory="300MB", threads=2)
    files = cluster(connection, SAID, parts, tmp_path, at_once=at_once)
    names = lambda paths: "[" + ", ".join(f"'{p}'" for p in paths) + "]"  # noqa: E731
    every = f"SELECT * FROM read_parquet({names(parts)}) EXCEPT ALL SELECT * FROM read_parquet({names(files)})"
    assert connection.execute(every).fetchall() == []
    rows = [r for f in files for r in duckdb.execute(f"SELECT coalesce(_key, ''), _event_at FROM '{f}'").fetchall()]
    assert len(rows) == 60_000
    assert rows == sorted(rows)
    assert len(files) == 1 if at_once == 1 << 30 else len(files) >= 2
    assert {p.name for p in tmp_path.iterdir()} - {"tmp"} == {f.name for f in files}
    for file in files:
        meta = pq.read_metadata(file)
        place = meta.schema.names.index("_key")
        groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
        assert all(g.num_rows <= ROW_GROUP and g.column(place).statistics.has_min_max for g in groups)


def test_the_same_rows_give_the_same_file(tmp_path, parts):
    digests = []
    for n, order in enumerate((parts, parts[::-1])):
        (tmp_path / str(n)).mkdir()
        connection = connect(tmp_path / str(n) / "tmp", memory="300MB", threads=2)
        (file,) = cluster(connection, SAID, order, tmp_path / str(n))
        digests.append(pq.read_table(file))
    assert digests[0].equals(digests[1])


def test_files_of_an_older_contract_get_the_new_columns(tmp_path, parts):
    newer = contract([FIELDS[0], *FIELDS[1:], {"name": "size", "logicalType": "integer"}], version="2", custom=CUSTOM)
    older = contract([FIELDS[0], FIELDS[1]], version="3", custom={"entityKeys": CUSTOM["entityKeys"]})
    connection = connect(tmp_path / "tmp", memory="300MB", threads=1)
    (wide,) = cluster(connection, newer, parts[:1], tmp_path, name="wide")
    (narrow,) = cluster(connection, older, [wide], tmp_path, name="narrow")
    assert pq.read_schema(wide).names[:4] == ["id", "firm", "day", "size"]
    assert pq.read_schema(narrow).names[:3] == ["id", "firm", "_key"]
    assert str(pq.read_schema(wide).field("size").type) == "int64"


def test_nothing_gives_no_file(tmp_path, parts):
    connection = connect(tmp_path / "tmp", memory="300MB", threads=1)
    empty = tmp_path / "empty.parquet"
    connection.execute(f"COPY (SELECT * FROM '{parts[0]}' LIMIT 0) TO '{empty}' (FORMAT parquet)")
    assert cluster(connection, SAID, [empty], tmp_path) == []

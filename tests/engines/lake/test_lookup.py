"""Every record of a key, and no other, whatever the files look like."""

import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mingcha.engines.lake import lookup

KEYS = [f"uscc:{n}" for n in "abcdefgh"] + ["licence:食品:佛山-1"]


def write(lake, name, keys, *, row_group_size=3):
    path = lake / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        pa.table({"_key": pa.array(keys, pa.string()), "n": range(len(keys))}), path, row_group_size=row_group_size
    )
    return name


def records(lake, files, keys):
    found = lookup.read(lookup.find(files, keys, lake=lake), keys, lake=lake)
    return {(file, row["n"]) for file, rows in found for row in rows}


def expected(lake, files, keys):
    tables = [(file, pq.read_table(lake / file).to_pylist()) for file in files]
    return {(file, row["n"]) for file, rows in tables for row in rows if row["_key"] in keys}


@given(
    st.lists(st.lists(st.sampled_from([*KEYS, None]), max_size=30), min_size=1, max_size=4),
    st.lists(st.sampled_from([*KEYS, "uscc:unknown"]), min_size=1, max_size=4),
    st.booleans(),
    st.integers(1, 7),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_of_them_and_no_other(tmp_path_factory, columns, keys, sort, size):
    lake = tmp_path_factory.mktemp("lake")
    files = [
        write(lake, f"d/{i}.parquet", sorted(c, key=str) if sort else c, row_group_size=size)
        for i, c in enumerate(columns)
    ]
    assert records(lake, files, keys) == expected(lake, files, keys)


def test_a_run_that_goes_over_row_groups_is_read_whole(tmp_path):
    file = write(tmp_path, "a.parquet", ["uscc:a"] * 10, row_group_size=3)
    assert len(records(tmp_path, [file], ["uscc:a"])) == 10


def test_an_index_is_made_once_and_read_again(tmp_path, monkeypatch):
    file = write(tmp_path, "a.parquet", ["uscc:a", "uscc:b"])
    place = lookup.index_build(tmp_path / file, lake=tmp_path)
    monkeypatch.setattr(lookup, "index_build", lambda *a, **k: pytest.fail("made again"))
    lookup.index_ensure(tmp_path / file, lake=tmp_path)
    assert place.exists() and records(tmp_path, [file], ["uscc:b"]) == {(file, 1)}


@pytest.mark.parametrize("torn", [b"", b"MCKEYS01", b"nonsense" * 9])
def test_a_torn_index_is_made_again(tmp_path, torn):
    file = write(tmp_path, "a.parquet", ["uscc:a", "uscc:b"])
    place = lookup.index_path(tmp_path / file, lake=tmp_path)
    place.parent.mkdir(parents=True)
    place.write_bytes(torn)
    assert records(tmp_path, [file], ["uscc:b"]) == {(file, 1)}


def test_an_empty_file_has_no_records(tmp_path):
    assert records(tmp_path, [write(tmp_path, "a.parquet", [])], ["uscc:a"]) == set()


def test_indexes_of_files_that_went_away_are_swept(tmp_path):
    kept, gone = write(tmp_path, "d/a.parquet", ["uscc:a"]), write(tmp_path, "d/b.parquet", ["uscc:a"])
    for file in (kept, gone):
        lookup.index_build(tmp_path / file, lake=tmp_path)
    (tmp_path / gone).unlink()
    assert lookup.indexes_sweep(lake=tmp_path) == 1
    assert lookup.index_path(tmp_path / kept, lake=tmp_path).exists()


def test_threads_may_ask_at_once(tmp_path):
    files = [write(tmp_path, f"{i}.parquet", sorted(KEYS * 20)) for i in range(4)]
    want, got = expected(tmp_path, files, KEYS[:2]), []
    threads = [threading.Thread(target=lambda: got.append(records(tmp_path, files, KEYS[:2]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [want] * 8

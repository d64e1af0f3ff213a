"""Deliveries accepted: counted, seen whole, known by their bytes, on record."""

import pytest
from tests.apps.exchange.licences import HEAD, PROPERTIES, changed, file, licences, seen

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.exchange import hooks
from mingcha.apps.exchange.models import Batch, Dataset, LakeFile, SourceFile
from mingcha.apps.exchange.selectors import dataset_summary, datasets_summary, lake_view
from mingcha.apps.exchange.services import batch_import, dataset_cluster, dataset_withdraw
from mingcha.problems import Problem


def test_a_delivery_is_counted_and_seen_whole(lake, tmp_path):
    first = file(
        tmp_path / "a.csv", "JY1,91440606748023528A,张三,10,2020-01-01", "JY2,,李四,20,2020-02-01", "x3,,,1,2020-01-01"
    )
    second = file(tmp_path / "b.csv", "JY3,,王五,30,2020-03-01", "JY1,91440606748023528A,张三,10,2020-01-01")
    report = batch_import(contract=licences(), files=[first, second])
    assert (report.batch, report.rows_read, report.rows_accepted) == (1, 5, 3)
    assert (report.rows_duplicate, report.rows_quarantined) == (1, 1)
    assert seen() == [("JY1", 10), ("JY2", 20), ("JY3", 30)]
    assert sorted(seen("_file, _row, licence")) == [(1, 1, "JY1"), (1, 2, "JY2"), (2, 1, "JY3")]
    batch = Batch.objects.get()
    assert batch.rows_read == batch.rows_accepted + batch.rows_duplicate + batch.rows_quarantined + batch.rows_left_out
    assert [(f.position, f.name, f.rows, f.encoding) for f in batch.source_files.all()] == [
        (1, "a.csv", 3, "utf-8"),
        (2, "b.csv", 2, "utf-8"),
    ]
    record = AuditRecord.objects.get(action="exchange.batch.import")
    assert record.after["accepted"] == 3
    (summary,) = datasets_summary()
    assert (summary["rows"], summary["quarantined"], summary["batches"]) == (3, 1, 1)
    assert dataset_summary("licences")["clustered"]


def test_the_same_file_twice_adds_nothing_whatever_its_name(lake, tmp_path):
    path = file(tmp_path / "a.csv", "JY1,,,10,2020-01-01")
    batch_import(contract=licences(), files=[path])
    copy = tmp_path / "copy.csv"
    copy.write_bytes(path.read_bytes())
    report = batch_import(contract=licences(), files=[copy, path])
    assert (report.batch, report.rows_read) == (None, 0)
    assert [a["batch"] for a in report.already] == [1, 1]
    assert Batch.objects.count() == 1
    fresh = file(tmp_path / "b.csv", "JY2,,,10,2020-01-01")
    report = batch_import(contract=licences(), files=[copy, fresh, fresh])
    assert (report.rows_accepted, len(report.already)) == (1, 2)


def test_known_records_in_a_new_file_add_nothing_but_what_is_new(lake, tmp_path):
    batch_import(contract=licences(), files=[file(tmp_path / "a.csv", "JY1,,,10,2020-01-01", "JY2,,,10,2020-01-01")])
    report = batch_import(
        contract=licences(),
        files=[file(tmp_path / "b.csv", "JY2,,,10,2020-01-01", "JY1,,,11,2020-01-01", "JY3,,,1,2020-01-01")],
    )
    assert (report.rows_accepted, report.rows_changed, report.rows_duplicate) == (2, 1, 1)
    assert seen() == [("JY1", 11), ("JY2", 10), ("JY3", 1)]
    assert lake_view().sources["licences"].superseded


def test_a_selection_of_rows_and_later_the_rest(lake, tmp_path):
    path = file(tmp_path / "a.csv", "JY1,,,10,2020-01-01", "JY2,,,20,2020-01-01", "JY3,,,30,2020-01-01")
    report = batch_import(contract=licences(), files=[path], where="seats > 15")
    assert (report.rows_accepted, report.rows_left_out) == (2, 1)
    assert batch_import(contract=licences(), files=[path], where="seats > 15").batch is None
    report = batch_import(contract=licences(), files=[path])
    assert (report.rows_accepted, report.rows_duplicate) == (1, 2)
    assert len(seen()) == 3


def test_a_selection_that_does_not_parse_is_refused(lake, tmp_path):
    with pytest.raises(Problem, match="no field 'seat'"):
        batch_import(contract=licences(), files=[file(tmp_path / "a.csv", "JY1,,,1,2020-01-01")], where="seat > 1")
    assert not Dataset.objects.exists()


def test_one_bad_file_and_nothing_of_the_batch_is_kept(lake, tmp_path):
    good = file(tmp_path / "a.csv", "JY1,,,10,2020-01-01")
    bad = tmp_path / "b.csv"
    bad.write_text("something,else\n1,2\n")
    with pytest.raises(Problem, match="columns are missing"):
        batch_import(contract=licences(), files=[good, bad])
    assert seen() == []
    assert not Dataset.objects.exists()
    assert [p.name for p in (lake / "licences").iterdir()] == [".lock"]
    assert batch_import(contract=licences(), files=[good]).batch == 1


@pytest.mark.parametrize("damage", ["truncated", "damaged"])
def test_a_damaged_archive_is_refused_whole(lake, tmp_path, damage):
    import gzip

    whole = gzip.compress(file(tmp_path / "a.csv", *(f"JY{i},,,{i},2020-01-01" for i in range(900))).read_bytes())
    path = tmp_path / "a.csv.gz"
    path.write_bytes(whole[: len(whole) // 2] if damage == "truncated" else whole[:50] + b"\xff" * 50 + whole[100:])
    with pytest.raises(Problem, match="truncated or damaged"):
        batch_import(contract=licences(), files=[path])
    assert not Dataset.objects.exists()
    path.write_bytes(whole)
    assert batch_import(contract=licences(), files=[path]).rows_accepted == 900


def test_a_dataset_by_its_name_takes_the_contract_in_force(lake, tmp_path):
    batch_import(contract=licences(), files=[file(tmp_path / "a.csv", "JY1,,,10,2020-01-01")])
    assert batch_import(contract="licences", files=[file(tmp_path / "b.csv", "JY2,,,10,2020-01-01")]).batch == 2
    with pytest.raises(Problem, match="no such contract file"):
        batch_import(contract="licence", files=[tmp_path / "b.csv"])


def test_a_changed_contract_needs_a_new_version(lake, tmp_path):
    batch_import(contract=licences(), files=[file(tmp_path / "a.csv", "JY1,,,10,2020-01-01")])
    other = file(tmp_path / "b.csv", "JY2,,,10,2020-01-01")
    mended = changed("seats", logicalTypeOptions={"maximum": 5000})
    with pytest.raises(Problem, match=r"still 1\.0\.0"):
        batch_import(contract=licences(properties=mended), files=[other])
    assert batch_import(contract=licences(properties=mended, version="1.1.0"), files=[other]).batch == 2
    assert Dataset.objects.get().version == "1.1.0"
    assert AuditRecord.objects.filter(action="exchange.dataset.change").count() == 1


def test_a_new_version_may_add_and_drop_fields_and_old_files_follow(lake, tmp_path):
    batch_import(contract=licences(), files=[file(tmp_path / "a.csv", "JY1,,张三,10,2020-01-01")])
    wider = [p for p in PROPERTIES if p["name"] != "owner"] + [{"name": "street", "physicalName": "街道"}]
    path = tmp_path / "b.csv"
    path.write_text(
        "许可证号,统一社会信用代码,座位数,发证日期,街道\nJY2,,20,2020-01-01,祖庙\nJY1,,10,2020-01-01,\n",
        encoding="utf-8",
    )
    report = batch_import(contract=licences(properties=wider, version="2"), files=[path])
    assert (report.rows_accepted, report.rows_duplicate) == (1, 1)
    assert seen("licence, seats, street") == [("JY1", 10, None), ("JY2", 20, "祖庙")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"properties": changed("seats", logicalType="string", logicalTypeOptions={})}, "integer → string"),
        ({"properties": changed("licence", primaryKey=False)}, "primary_key"),
        ({"custom": {"knownTime": {"lag": "P2D"}}}, "known_lag"),
        ({"custom": {"entityKeys": [{"scheme": "licence:food", "field": "licence"}]}}, "entity_keys"),
    ],
)
def test_what_stored_rows_hang_on_can_not_change_until_they_are_withdrawn(lake, tmp_path, change, words):
    path = file(tmp_path / "a.csv", "JY1,,,10,2020-01-01", "x,,,10,2020-01-01")
    batch_import(contract=licences(), files=[path])
    other = licences(version="2", **change)
    with pytest.raises(Problem) as caught:
        batch_import(contract=other, files=[path])
    assert words in caught.value.en
    assert "withdraw licences" in caught.value.todo_en
    assert dataset_withdraw(name="licences") == 1
    assert seen() == []
    assert datasets_summary()[0]["quarantined"] == 0
    report = batch_import(contract=other, files=[path])
    assert (report.batch, report.rows_accepted) == (2, 1)
    assert len(seen("licence")) == 1


def test_many_small_deliveries_are_merged_on_the_way(lake, tmp_path):
    for n in range(12):
        batch_import(
            contract=licences(), files=[file(tmp_path / f"{n}.csv", f"JY{n},,,{n},2020-01-01", "JY0,,,0,2020-01-01")]
        )
    assert len(lake_view().sources["licences"].files) <= 9
    assert len(seen()) == 12
    dataset_cluster(name="licences")
    assert len(lake_view().sources["licences"].files) == 1
    assert len(seen()) == 12


def test_files_that_were_replaced_can_be_read_until_they_are_old(lake, tmp_path, monkeypatch):
    import datetime as dt

    from mingcha.apps.exchange.services import commit

    for n in range(2):
        batch_import(contract=licences(), files=[file(tmp_path / f"{n}.csv", f"JY{n},,,{n},2020-01-01")])
    pinned = lake_view().sources["licences"].files
    dataset_cluster(name="licences")
    batch_import(contract=licences(), files=[file(tmp_path / "2.csv", "JY2,,,2,2020-01-01")])
    assert all(path.exists() for path in pinned)
    monkeypatch.setattr(commit, "KEPT_AFTER_RETIREMENT", dt.timedelta(0))
    batch_import(contract=licences(), files=[file(tmp_path / "3.csv", "JY3,,,3,2020-01-01")])
    assert not any(path.exists() for path in pinned)
    assert all((lake / f.path).exists() for f in LakeFile.objects.all())


def test_an_unclustered_import_is_the_same_to_its_readers(lake, tmp_path):
    path = file(tmp_path / "a.csv", "JY2,,,2,2020-01-01", "JY1,,,1,2020-01-01")
    batch_import(contract=licences(), files=[path], clustered=False)
    assert LakeFile.objects.get().kind == LakeFile.Kind.ACCEPTED
    assert seen() == [("JY1", 1), ("JY2", 2)]
    assert dataset_cluster(name="licences") == 2
    assert seen() == [("JY1", 1), ("JY2", 2)]


def test_other_apps_are_told_after_the_commit_and_again_where_a_file_comes_twice(lake, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(hooks, "after_import", [lambda names: told.append((list(names), SourceFile.objects.count()))])
    path = file(tmp_path / "a.csv", "JY1,,,1,2020-01-01")
    batch_import(contract=licences(), files=[path])
    assert told == [(["licences"], 1)]
    batch_import(contract=licences(), files=[path])  # so that they can make up for what broke off
    assert told == [(["licences"], 1)] * 2
    with pytest.raises(Problem):
        batch_import(contract=licences(), files=[tmp_path / "none.csv"])
    assert len(told) == 2
    batch_import(contract=licences(), files=[file(tmp_path / "b.csv", "JY2,,,1,2020-01-01")])
    assert dataset_cluster(name="licences") == 2  # what they keep by file is made of the new ones
    assert [names for names, _ in told] == [["licences"]] * 4


def test_a_dataset_without_rows_can_be_read(lake, tmp_path):
    batch_import(contract=licences(), files=[file(tmp_path / "a.csv", "x,,,1,2020-01-01")])
    assert "licences" not in lake_view().sources
    source = lake_view(["licences"]).sources["licences"]
    assert source.files == ()
    import duckdb

    from mingcha.engines.lake.view import rows_sql

    assert duckdb.execute(rows_sql(source, "TIMESTAMP '2030-01-01'", "licence, seats, _key, _id")).fetchall() == []


def test_what_another_brought_while_one_waited_is_not_undone(lake, tmp_path, monkeypatch):
    """Clustering writes the columns of the contract that is in force once it holds the folder."""
    from mingcha.apps.exchange.services import upkeep

    batch_import(contract=licences(), files=[file(tmp_path / "a.csv", "JY1,,,1,2020-01-01")])
    wider = licences(properties=[*PROPERTIES, {"name": "street", "physicalName": "街道"}], version="2")
    (tmp_path / "b.csv").write_text(HEAD + ",街道\nJY2,,,2,2020-01-01,祖庙\n", encoding="utf-8")
    writing = upkeep.writing

    def waits(name, waiting):
        monkeypatch.setattr(upkeep, "writing", writing)
        batch_import(contract=wider, files=[tmp_path / "b.csv"], clustered=False)
        return writing(name, waiting)

    monkeypatch.setattr(upkeep, "writing", waits)
    assert dataset_cluster(name="licences") == 2
    assert seen("licence, street") == [("JY1", None), ("JY2", "祖庙")]

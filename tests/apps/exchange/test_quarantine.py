"""Held-back rows: listed, masked, exported for the department, tried again under a mended contract."""

import csv

import pytest
from python_calamine import CalamineWorkbook
from tests.apps.exchange.licences import HEAD, changed, file, licences, seen

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.exchange.models import Batch, LakeFile, QuarantineReason
from mingcha.apps.exchange.selectors import quarantine_reasons, quarantine_rows
from mingcha.apps.exchange.services import batch_import, quarantine_export, quarantine_replay
from mingcha.problems import Problem

LINES = (
    "JY1,91440606748023528A,张三,10,2020-01-01",
    "JY2,91440606748023528B,李四,2000,2020-01-01",
    "JY3,,欧阳修司马光,30,2020-01-01",
    "JY4,,王五,many,2020-01-01",
    "JY5,,短",
    "JY1,91440606748023528A,张三,11,2020-01-01",
)
MENDED = changed("seats", logicalTypeOptions={"maximum": 5000})
MENDED = [{**p, "quality": []} if p["name"] == "uscc" else p for p in MENDED]


@pytest.fixture
def delivered(lake, tmp_path):
    batch_import(contract=licences(), files=[file(tmp_path / "a.csv", *LINES)])


def test_reasons_and_rows_are_listed_in_both_languages(delivered):
    reasons = {(r["field"], r["rule"]): r for r in quarantine_reasons(dataset="licences")}
    assert set(reasons) == {
        ("uscc", "uscc"),
        ("seats", "maximum"),
        ("owner", "max_length"),
        ("seats", "type"),
        ("", "columns"),
        ("", "primary_key"),
    }
    assert all(r["reason_zh"] and r["reason_en"] and r["rows"] == 1 for r in reasons.values())
    rows = list(quarantine_rows(dataset="licences"))
    assert [(r["file"], r["row"], r["field"], r["value"]) for r in rows] == [
        ("a.csv", 2, "uscc", "91440606748023528B"),
        ("a.csv", 2, "seats", "2000"),
        ("a.csv", 3, "owner", "***"),
        ("a.csv", 4, "seats", "many"),
        ("a.csv", 5, "", "***"),  # it may hold the masked field
        ("a.csv", 6, "", "JY1 (= 1:1)"),
    ]
    reason = QuarantineReason.objects.get(field="seats", rule="type")
    assert [r["row"] for r in quarantine_rows(dataset="licences", reason=reason)] == [4]
    assert len(list(quarantine_rows(dataset="licences", limit=3))) == 3


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_export_has_every_row_with_its_reasons_and_all_its_columns(delivered, tmp_path, kind):
    path = tmp_path / f"out.{kind}"
    assert quarantine_export(dataset="licences", path=path) == 5
    if kind == "xlsx":
        lines = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    else:
        with path.open(encoding="utf-8-sig", newline="") as f:
            lines = list(csv.reader(f))
    head = lines[0]
    assert head[5:] == [*HEAD.split(","), "原文 Text"]
    rows = {int(line[1]): dict(zip(head, line, strict=True)) for line in lines[1:]}
    assert sorted(rows) == [2, 3, 4, 5, 6]
    assert "1000" in rows[2]["原因 Reason"]
    assert rows[2]["原因 Reason"].count(" / ") == 2
    assert rows[3]["负责人"] == "欧阳修司马光"  # the department's own data are not masked from it
    assert rows[5]["原文 Text"] == "JY5,,短"
    assert AuditRecord.objects.get(action="exchange.quarantine.hand_back").after["rows"] == 5


def test_a_mended_export_can_be_imported_as_it_is(delivered, tmp_path):
    path = tmp_path / "mended.csv"
    quarantine_export(dataset="licences", path=path)
    path.write_text(path.read_text(encoding="utf-8").replace(",many,", ",40,"), encoding="utf-8")
    report = batch_import(contract=licences(), files=[path])
    assert report.rows_accepted >= 1
    assert ("JY4", 40) in seen()


def test_a_formula_in_a_cell_stays_text(lake, tmp_path):
    batch_import(contract=licences(), files=[file(tmp_path / "a.csv", "=1+1,,,1,2020-01-01")])
    path = tmp_path / "out.xlsx"
    quarantine_export(dataset="licences", path=path)
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert "=1+1" in sheet[1]


def test_an_export_of_another_kind_is_refused(delivered, tmp_path):
    with pytest.raises(Problem, match=r"\.xlsx or \.csv"):
        quarantine_export(dataset="licences", path=tmp_path / "out.pdf")


def test_a_mended_contract_lets_rows_in_and_keeps_their_place(delivered):
    (report,) = quarantine_replay(dataset="licences", contract=licences(properties=MENDED, version="1.1.0"))
    assert (report.rows_read, report.rows_accepted, report.rows_quarantined) == (5, 1, 4)
    assert seen("_batch, _file, _row, licence, seats") == [(1, 1, 1, "JY1", 10), (2, 1, 2, "JY2", 2000)]
    assert {(r["batch"], r["field"], r["rule"]) for r in quarantine_reasons()} == {
        (2, "owner", "max_length"),
        (2, "seats", "type"),
        (2, "", "columns"),
        (2, "", "primary_key"),
    }
    assert Batch.objects.get(number=2).replay_of.number == 1
    assert {r["file"] for r in quarantine_rows(dataset="licences")} == {"a.csv"}
    assert LakeFile.objects.filter(kind="quarantine", retired_at=None).count() == 1


def test_a_replay_that_lets_nothing_in_changes_nothing(delivered):
    (report,) = quarantine_replay(dataset="licences")
    assert (report.batch, report.rows_accepted, report.rows_quarantined) == (None, 0, 5)
    assert len(seen()) == 1
    assert Batch.objects.count() == 1
    assert len(quarantine_reasons()) == 6


def test_a_conflict_stays_a_conflict_however_often_it_is_replayed(delivered):
    longer = [{**p, "logicalTypeOptions": {"maxLength": 9}} if p["name"] == "owner" else p for p in MENDED]
    quarantine_replay(dataset="licences", contract=licences(properties=MENDED, version="1.1.0"))
    quarantine_replay(dataset="licences", contract=licences(properties=longer, version="1.2.0"))
    assert seen() == [("JY1", 10), ("JY2", 2000), ("JY3", 30)]
    assert {r["rule"] for r in quarantine_reasons()} == {"type", "columns", "primary_key"}


def test_a_replay_does_not_bring_back_what_a_later_delivery_changed(delivered, tmp_path):
    batch_import(contract=licences(), files=[file(tmp_path / "b.csv", "JY2,,李四,20,2020-01-01")])
    quarantine_replay(dataset="licences", batch=1, contract=licences(properties=MENDED, version="1.1.0"))
    assert ("JY2", 20) in seen()
    assert "primary_key" in {r["rule"] for r in quarantine_reasons(batch=1)}


def test_a_replay_that_waited_for_another_finds_nothing_left(delivered, monkeypatch):
    from mingcha.apps.exchange.services import replay

    writing = replay.writing
    mended = licences(properties=MENDED, version="1.1.0")

    def waits(name, waiting):
        monkeypatch.setattr(replay, "writing", writing)
        assert quarantine_replay(dataset="licences", contract=mended)[0].rows_accepted == 1
        return writing(name, waiting)

    monkeypatch.setattr(replay, "writing", waits)
    with pytest.raises(Problem, match="Nothing of 'licences', batch 1, is in quarantine"):
        quarantine_replay(dataset="licences", contract=mended)
    assert Batch.objects.count() == 2


def test_a_replay_under_a_contract_with_a_new_field_finds_it_in_the_rows_as_supplied(lake, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + ",街道\nJY1,,,10,2020-01-01,祖庙\nJY2,,,2000,2020-01-01,石湾\n", encoding="utf-8")
    batch_import(contract=licences(), files=[path])
    wider = [*changed("seats", logicalTypeOptions={}), {"name": "street", "physicalName": "街道"}]
    quarantine_replay(dataset="licences", contract=licences(properties=wider, version="2"))
    assert seen("licence, seats, street") == [("JY1", 10, None), ("JY2", 2000, "石湾")]


def test_a_contract_of_another_dataset_is_refused(delivered):
    other = licences(version="2").replace("id: licences", "id: others")
    with pytest.raises(Problem, match="of the dataset 'others'"):
        quarantine_replay(dataset="licences", contract=other)


def test_an_empty_quarantine_says_so(lake, tmp_path):
    batch_import(contract=licences(), files=[file(tmp_path / "a.csv", LINES[0])])
    assert quarantine_reasons() == []
    for what in (quarantine_replay, lambda dataset: quarantine_export(dataset=dataset, path=tmp_path / "x.csv")):
        with pytest.raises(Problem, match="Nothing of 'licences' is in quarantine"):
            what(dataset="licences")
    with pytest.raises(Problem, match="no dataset 'licence'"):
        list(quarantine_rows(dataset="licence"))

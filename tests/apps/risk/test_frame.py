"""What `risk score --frame` writes is what `draw prepare` reads."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mingcha.apps.entities.models import Entity
from mingcha.apps.risk.frame import frame_write
from mingcha.engines.sampling.frame import read_frame
from mingcha.problems import Problem


@pytest.fixture
def scores(db, tmp_path):
    for key, name, status, district in (
        ("a", "=甲店", "active", "东区"),
        ("b", "乙，店", "unknown", ""),
        ("c", "丙店", "cancelled", "东区"),
        ("d", "丁店", "revoked", "西区"),
    ):
        Entity.objects.create(key=key, name=name, status=status, district=district)
    table = {"entity": ["a", "b", "c", "d", "gone"], "probability": [0.5, 0.25, 0.9, 0.9, 0.9]}
    path = tmp_path / "scores.parquet"
    pq.write_table(pa.table(table | {"risk_class": list("DBDDD")}), path)
    return path


def test_a_draw_reads_it_as_it_is(scores, tmp_path):
    assert frame_write(scores, tmp_path / "frame.csv") == 2
    frame = read_frame(tmp_path / "frame.csv")
    assert (frame.ids, frame.strata, frame.classes) == (["a", "b"], ["all", "all"], ["D", "B"])
    assert frame.scores.tolist() == [0.5, 0.25]
    assert "'=甲店" in (tmp_path / "frame.csv").read_text("utf-8-sig")  # no formula in a spreadsheet
    assert not list(tmp_path.glob("*.part"))


def test_strata_are_a_field_of_the_entity(scores, tmp_path):
    frame_write(scores, tmp_path / "frame.csv", stratum="district")
    assert read_frame(tmp_path / "frame.csv").strata == ["东区", "其他 other"]
    with pytest.raises(Problem, match="stratified"):
        frame_write(scores, tmp_path / "frame.csv", stratum="name")


def test_the_scores_themselves_are_a_frame_too(scores):
    assert read_frame(scores).scores.tolist() == [0.5, 0.25, 0.9, 0.9, 0.9]

"""A model's folder: the same bytes twice, whole or not at all, and no score from anything else."""

import json
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest

from mingcha.engines.risk import model as models
from mingcha.engines.risk.explanation import explain, raising
from mingcha.engines.risk.train import train
from mingcha.problems import Problem


def test_it_comes_back_byte_for_byte(trained, town, tmp_path):
    mark = models.save(trained.model, tmp_path / "m")
    back = models.load(tmp_path / "m")
    assert back.digest == mark == trained.model.digest
    assert np.array_equal(back.score(town.sample), trained.model.score(town.sample))
    assert np.array_equal(back.score_with_inspector(town.sample), trained.model.score_with_inspector(town.sample))
    assert {p.suffix for p in (tmp_path / "m").iterdir()} <= {".json", ".txt", ""}


def test_two_trainings_give_the_same_bytes(trained, town, quick):
    again = train(town.sample, config=quick, retained=["f0", "f1", "f2", "f3"], prior={"f0": 1, "f1": -1}, full=False)
    assert again.model.digest == trained.model.digest


def test_one_byte_changed_is_refused(trained, tmp_path):
    models.save(trained.model, tmp_path / "m")
    file = tmp_path / "m" / "booster-0.txt"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(Problem, match="digest"):
        models.load(tmp_path / "m")


def test_a_file_that_is_missing_or_added_is_refused(trained, tmp_path):
    models.save(trained.model, tmp_path / "m")
    (tmp_path / "m" / "extra.txt").write_text("x")
    with pytest.raises(Problem, match="digest"):
        models.load(tmp_path / "m")
    (tmp_path / "m" / "extra.txt").unlink()
    (tmp_path / "m" / "booster-0.txt").unlink()
    with pytest.raises(Problem, match="digest"):
        models.load(tmp_path / "m")


def test_no_score_before_training(tmp_path):
    with pytest.raises(Problem, match="has not been trained"):
        models.load(tmp_path / "nothing")


def test_no_score_without_a_factor(trained, town):
    with pytest.raises(Problem, match="f3"):
        trained.model.score(town.sample.select(["f0", "f1", "f2"]))


def test_columns_may_come_in_any_order(trained, town):
    turned = town.sample.select(tuple(reversed(town.sample.factors)))
    assert np.array_equal(trained.model.score(turned), trained.model.score(town.sample))


def test_saving_again_replaces_and_leaves_nothing_behind(trained, tmp_path):
    models.save(trained.model, tmp_path / "m")
    models.save(trained.model, tmp_path / "m")
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_saving_the_same_model_keeps_what_lies_beside_it(trained, tmp_path):
    """Its scores, and the first scoring that drift is measured against. A harmed folder is written again."""
    models.save(trained.model, tmp_path / "m")
    (tmp_path / "m" / "scores-2026-01-01.parquet").write_bytes(b"kept")
    models.save(trained.model, tmp_path / "m")
    assert (tmp_path / "m" / "scores-2026-01-01.parquet").read_bytes() == b"kept"
    (tmp_path / "m" / "model.json").write_bytes(b"{}")
    models.save(trained.model, tmp_path / "m")
    assert models.load(tmp_path / "m").digest == trained.model.digest


def test_a_full_disk_leaves_the_old_model(trained, tmp_path):
    """Files may not grow beyond 2 kB in the child, so that writing really fails half way."""
    mark = models.save(trained.model, tmp_path / "m")
    child = f"""
        import resource
        from dataclasses import replace
        from pathlib import Path
        from mingcha.engines.risk import model
        from mingcha.problems import Problem
        there = Path({str(tmp_path)!r}) / "m"
        m = model.load(there)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
        try:
            model.save(replace(m, about={{}}), there)
        except Problem as problem:
            print("said:", problem.en)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(child)], capture_output=True, text=True, check=True)
    assert "untouched" in done.stdout
    assert models.load(tmp_path / "m").digest == mark
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_reasons_add_up_to_the_score(trained, town):
    rows = town.sample.take(np.arange(0, 400))
    for e, p in zip(explain(trained.model, rows), trained.model.score(rows), strict=True):
        assert e.probability == pytest.approx(p)
        assert e.start + sum(r.log_odds for r in e.reasons) == pytest.approx(e.log_odds)
        assert e.start_probability + sum(r.points for r in e.reasons) == pytest.approx(p)
        assert len(e.reasons) == 4
        json.dumps(e.as_dict(), allow_nan=False)


def test_what_raises_a_score_most_comes_first(trained, town):
    rows = town.sample.take(np.arange(0, 200))
    found = raising(trained.model, rows, most=3)
    assert found.shape == (200, 3)
    for places, e in zip(found, explain(trained.model, rows), strict=True):
        up = [r.factor for r in sorted(e.reasons, key=lambda r: -r.log_odds) if r.log_odds > 0][:3]
        assert [trained.model.factors[j] for j in places if j >= 0] == up
    assert raising(trained.model, town.sample.take(np.arange(0, 0))).shape == (0, 3)
    assert (raising(trained.model, rows, most=9)[:, len(trained.model.factors) :] == -1).all()


def test_a_change_lowers_the_score_as_said_and_stays_in_range_and_direction(trained, town):
    rows = town.sample.take(np.arange(0, 60))
    model = trained.model
    seen = 0
    for i, e in enumerate(explain(model, rows, changeable=["f0", "f1"])):
        for change in e.changes:
            j = model.factors.index(change.factor)
            assert change.factor in ("f0", "f1")
            assert model.grid[j, 1] - 1e-6 <= change.to <= model.grid[j, -2] + 1e-6
            assert (change.to - change.value) * model.directions[j] <= 0
            x = rows.select(model.factors).x[i : i + 1].copy()
            x[0, j] = change.to
            assert change.probability == pytest.approx(model.probability(model.log_odds(x))[0])
            assert change.probability < e.probability
            seen += 1
    assert seen > 20


def test_the_day_of_scoring_moves_nobody(trained, town, tmp_path):
    """f1 taken for the weather: firms are scored over its values on days of the last year, and it explains nobody."""
    days = models.Days.of(town.sample, trained.model.factors, {"f1"})
    model = replace(trained.model, days=days)
    assert days.values.shape == (12, 1)
    late = town.sample.as_of > town.sample.as_of.max() - np.timedelta64(365, "D")
    column = town.sample.factors.index("f1")
    assert np.isin(days.values[~np.isnan(days.values)], town.sample.x[late, column]).all()
    rows = town.sample.take(np.arange(50))
    hot = replace(rows, x=rows.x.copy())
    hot.x[:, column] = 3.0
    assert not np.allclose(model.score(rows), model.score(hot))
    np.testing.assert_array_equal(model.score_any_day(rows), model.score_any_day(hot))
    odds = []
    for value in days.values[:, 0]:
        hot.x[:, column] = value
        odds.append(model.log_odds(hot.select(model.factors).x))
    np.testing.assert_allclose(model.score_any_day(rows), model.probability(np.mean(odds, axis=0)))
    for e, p in zip(explain(model, rows), model.score_any_day(rows), strict=True):
        assert e.start + sum(r.log_odds for r in e.reasons) == pytest.approx(e.log_odds)
        assert e.start_probability + sum(r.points for r in e.reasons) == pytest.approx(p)
        assert "f1" not in {r.factor for r in e.reasons} | {c.factor for c in e.changes}
    models.save(model, tmp_path / "m")
    np.testing.assert_array_equal(models.load(tmp_path / "m").score_any_day(rows), model.score_any_day(rows))
    assert model.digest != trained.model.digest


def test_without_factors_of_the_day_both_scores_are_one(trained, town):
    rows = town.sample.take(np.arange(50))
    np.testing.assert_array_equal(trained.model.score_any_day(rows), trained.model.score(rows))

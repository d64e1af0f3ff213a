import json
from dataclasses import replace

import numpy as np
import pytest

from mingcha.engines.risk import splits
from mingcha.engines.risk.backtest import Factors, backtest, figures
from mingcha.engines.risk.train import train, windows_of
from mingcha.problems import Problem


def test_the_card_is_plain_data_with_every_figure_beside_its_baselines(trained):
    card = json.loads(json.dumps(trained.card, allow_nan=False))
    for name in ("auc", "hit_rate_top_decile", "days_earlier", "brier_skill"):
        figure = card["figures"][name]
        assert figure["ci95"][0] <= figure["value"] <= figure["ci95"][1]
        assert {"logistic", "random"} <= set(figure["baselines"])
    assert card["figures"]["auc"]["ci95"][0] > 0.55
    assert card["figures"]["within_inspector_auc"]["value"] > 0.6
    assert card["factors"][0]["name"] in ("f0", "f1")
    assert sum(f["importance"] for f in card["factors"]) == pytest.approx(1)
    assert card["retained_against_all"]["all"]["factors"] == 12
    assert card["weighting"]["claim"] == "mixed"
    assert {g["name"] for t in card["fairness"] for g in t["groups"]} == {"s0", "s1", "s2", "s3"}
    assert card["trained"]["until"] >= card["tested"]["until"]


def test_what_is_tested_came_after_what_was_learnt(trained, town, quick):
    s = town.sample
    for split in windows_of(s, quick):
        assert s.known_from[split.train].max() <= split.first <= s.as_of[split.test].min()
    rows = [r for w in trained.windows for r in w.rows]
    assert len(rows) == len(set(rows))


def test_calibration_of_a_window_uses_earlier_windows_only(trained):
    first, second = trained.windows
    assert np.array_equal(first.calibrated, first.removed["retained"])
    assert not np.array_equal(second.calibrated, second.removed["retained"])


def test_the_future_changes_nothing_that_was_said_before_it(town, quick):
    """Labels and factors after a window's end are scrambled: what was said within the window stays the same."""
    s = town.sample
    split = splits.at(s, "2024-03-01", "2024-04-15")
    chosen = Factors.of(["f0", "f1", "f2", "f3"])
    one = backtest(s, [split], chosen, config=quick)[0]
    late = s.as_of > np.datetime64("2024-04-15")
    rng = np.random.default_rng(0)
    y, x = s.y.copy(), s.x.copy()
    y[late] = rng.integers(0, 2, late.sum())
    x[late] = rng.standard_normal((late.sum(), x.shape[1]))
    y[split.test] = 1 - y[split.test]
    other = backtest(replace(s, y=y, x=x), [split], chosen, config=quick)[0]
    assert np.array_equal(one.removed["retained"], other.removed["retained"])
    assert np.array_equal(one.baselines["logistic"], other.baselines["logistic"])


def test_taking_the_inspector_out_loses_stringency_and_nothing_else(trained, quick):
    w = trained.windows[-1]
    out = figures(w.y, w.removed["retained"], w.day, w.inspectors, config=quick)
    inside = figures(w.y, w.with_inspector["retained"], w.day, w.inspectors, config=quick)
    assert inside["auc"] > out["auc"] > 0.6
    assert inside["within_inspector_auc"] == pytest.approx(out["within_inspector_auc"], abs=0.03)


def test_a_named_rule_and_further_baselines_are_tested_beside(town, quick):
    split = splits.at(town.sample, "2024-05-01", "2024-06-30")
    window = backtest(
        town.sample, [split], Factors.of(["f0", "f1"]), config=quick, logistic={"ten": ["f0", "f5"]}, rule="f1"
    )[0]
    assert set(window.baselines) == {"logistic", "ten", "rule"}
    assert "full" not in window.removed
    x = town.sample.x[window.rows, 1]
    known = ~np.isnan(x)
    assert np.corrcoef(window.baselines["rule"][known], x[known])[0, 1] == pytest.approx(-1)


def test_screening_stands_on_the_road(town, quick):
    found = train(town.sample, config=quick, full=False)
    assert {"f0", "f1"} <= set(found.model.factors)
    assert found.proposal.rows < len(town.sample)  # screened before the first tested window
    assert found.card["screening"]["candidates"] == 12
    assert found.card["retained_against_all"] is None


@pytest.mark.parametrize("kind", ["empty", "unlabelled", "one class"])
def test_nothing_to_learn_from_is_a_problem(town, unlabelled, quick, kind):
    s = {
        "empty": town.sample.take(np.zeros(0, dtype=int)),
        "unlabelled": unlabelled,
        "one class": town.sample.take(town.sample.y == 0),
    }[kind]
    with pytest.raises(Problem, match="Can't train"):
        train(s, config=quick)


def test_no_window_to_test_is_a_problem(town, quick):
    day = np.full(len(town.sample), np.datetime64("2024-01-01"))
    one_day = replace(town.sample, as_of=day, known_from=day + 21)
    with pytest.raises(Problem, match="No window"):
        train(one_day, config=quick, retained=["f0"])


@pytest.mark.parametrize(
    ("value", "interval", "rule", "level"),
    [
        (0.6, [0.48, 0.7], 0.5, "none"),
        (0.6, None, 0.5, "none"),
        (0.6, [0.55, 0.65], 0.61, "rule"),
        (0.6, [0.55, 0.65], 0.55, "better"),
    ],
)
def test_a_card_says_what_its_figures_come_to(value, interval, rule, level):
    from mingcha.engines.risk.card import verdict

    said = verdict({"value": value, "ci95": interval, "baselines": {"rule": rule}})
    assert said["level"] == level and said["zh"] and said["en"]

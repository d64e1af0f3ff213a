"""Rates by group equal fairlearn's; a gate needs certainty, not a point."""

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate

from mingcha.engines.risk.fairness import by_group, failing


@pytest.fixture
def judged():
    rng = np.random.default_rng(3)
    group = rng.choice(["东", "西", "南"], 3000)
    y = (rng.random(3000) < 0.2).astype(float)
    selected = rng.random(3000) < 0.1 + 0.3 * y + 0.2 * (group == "西")
    return y, selected, group


def test_unweighted_rates_are_fairlearns(judged):
    y, selected, group = judged
    frame = MetricFrame(
        metrics={"false_positive": false_positive_rate, "missed": false_negative_rate},
        y_true=y,
        y_pred=selected.astype(float),
        sensitive_features=group,
    )
    ours = by_group(y, selected, group)
    for level in ("东", "西", "南"):
        for name in ("false_positive", "missed"):
            assert ours[level][name].value == pytest.approx(frame.by_group[name][level])
            assert ours[level][name].ratio == pytest.approx(frame.by_group[name][level] / frame.overall[name])


def test_false_discovery_by_hand():
    y = np.array([1, 0, 0, 1.0])
    rates = by_group(y, np.array([True, True, True, False]), np.array(["a"] * 4))
    assert rates["a"]["false_discovery"].value == pytest.approx(2 / 3)


def test_weights_count_as_copies(judged):
    y, selected, group = judged
    twice = np.r_[y, y], np.r_[selected, selected], np.r_[group, group]
    weighted = by_group(y, selected, group, np.full(len(y), 2.0))
    for level, rates in by_group(*twice).items():
        assert rates["missed"].value == pytest.approx(weighted[level]["missed"].value)


def test_the_unknown_group_is_left_out_and_the_gate_names_whom_it_hits(judged):
    y, selected, group = judged
    group = np.where(np.arange(len(group)) % 7 == 0, "", group)
    rates = by_group(y, selected, group)
    assert "" not in rates
    gates = failing("district", rates)
    assert {(g.level, g.rate) for g in gates} >= {("西", "false_positive")}
    assert not failing("district", by_group(y, np.ones(len(y), bool), group))

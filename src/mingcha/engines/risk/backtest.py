"""What a model would have done: at each origin it learns from what was known, then meets what came after.

Beside each model stand the logistic regression and the simple rule, trained on the same rows and tested on the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mingcha.engines.risk import evaluation, learner, linear
from mingcha.engines.risk.arrays import Bools, Dates, Floats, Ints, sigmoid
from mingcha.engines.risk.calibration import Calibration, calibrate
from mingcha.engines.risk.config import Config
from mingcha.engines.risk.sample import Inspectors, Sample, require_labels
from mingcha.engines.risk.selection import weights
from mingcha.engines.risk.splits import Split
from mingcha.problems import Problem


@dataclass(frozen=True)
class Factors:
    """A list of factors with the way each one pulls."""

    names: tuple[str, ...]
    directions: tuple[int, ...]

    @classmethod
    def of(cls, names: Sequence[str], directions: Mapping[str, int] | None = None) -> Factors:
        known = directions or {}
        return cls(tuple(names), tuple(known.get(n, 0) for n in names))


@dataclass(frozen=True, eq=False)
class Window:
    """One origin and what was said of the rows that came after it.

    rows: (m,) places in the sample, in the order of every column below. removed: probability with the inspector
    averaged out, by model ("retained", "full"); with_inspector: the same under the row's own inspectors; calibrated:
    the retained model's probability after calibration on earlier windows alone. baselines: "logistic" and "rule" on
    the retained factors, and those that were asked for; any increasing measure of risk.
    """

    first: np.datetime64
    last: np.datetime64
    trained_on: int
    rows: Ints
    y: Floats
    day: Dates
    inspectors: Inspectors
    weight: Floats
    removed: Mapping[str, Floats]
    with_inspector: Mapping[str, Floats]
    calibrated: Floats
    baselines: Mapping[str, Floats]


def backtest(
    sample: Sample,
    splits: Sequence[Split],
    retained: Factors,
    *,
    config: Config,
    full: Factors | None = None,
    full_in: int | None = None,
    logistic: Mapping[str, Sequence[str]] | None = None,
    rule: str | None = None,
) -> list[Window]:
    """Windows in the order of `splits`. full: a longer list to set beside the retained one, in the last `full_in`
    windows (default all). logistic: further baselines, name -> factors of a logistic regression without inspectors.
    rule: the factor by which the simple rule sorts; default the one that sorted the training rows best."""
    sizes: dict[str, learner.Size] = {}
    windows: list[Window] = []
    for number, split in enumerate(splits):
        train, test = sample.take(split.train), sample.take(split.test)
        require_labels(train, "训练", "train")
        lists = {"retained": retained}
        if full is not None and (full_in is None or number >= len(splits) - full_in):
            lists["full"] = full
        removed, inspected = {}, {}
        for name, factors in lists.items():
            part = train.select(factors.names)
            fitted = learner.fit(part, factors.directions, config, size=sizes.get(name))
            sizes[name] = fitted.size
            odds = fitted.effects.intercept + fitted.learner.raw(test.select(factors.names).x, threads=config.threads)
            removed[name] = fitted.effects.marginal(odds)
            inspected[name] = sigmoid(odds + fitted.effects.of(test.inspectors))
        baselines = {"logistic": logistic_baseline(train, test, retained.names, config)}
        baselines |= {k: logistic_baseline(train, test, v, config) for k, v in (logistic or {}).items()}
        baselines["rule"] = rule_baseline(train, test, retained.names if rule is None else (rule,))
        mended = calibration_of(windows, config)
        p = removed["retained"]
        windows.append(
            Window(
                first=split.first,
                last=split.last,
                trained_on=len(train),
                rows=split.test,
                y=test.y,
                day=test.as_of,
                inspectors=test.inspectors,
                weight=weights(test.pi, config.weight_cap),
                removed=removed,
                with_inspector=inspected,
                calibrated=mended.apply(p) if mended else p,
                baselines=baselines,
            )
        )
    return windows


def calibration_of(windows: Sequence[Window], config: Config) -> Calibration | None:
    """Calibration on what the windows' models said of rows that they had not seen: the latest `calibrating.days`.
    None where there are not both outcomes, and ten violations, to go by."""
    if not windows:
        return None
    y, day, weight = (np.concatenate([getattr(w, k) for w in windows]) for k in ("y", "day", "weight"))
    p = np.concatenate([w.removed["retained"] for w in windows])
    late = day > day.max() - np.timedelta64(config.calibrating.days, "D")
    positives = int(y[late].sum())
    if positives < 10 or positives == int(late.sum()):
        return None
    return calibrate(p[late], y[late], weight[late], isotonic_from=config.calibrating.isotonic_from)


def logistic_baseline(train: Sample, test: Sample, names: Sequence[str], config: Config) -> Floats:
    """(m,) log odds by a logistic regression on these factors: standardised, with a gap for missing values, a light
    ridge, and no inspector."""
    weight = weights(train.pi, config.weight_cap)
    offset = learner.base_rate(train, weight)
    line = linear.fit(train.select(names).x, train.y, offset=offset, weight=weight, l2=1.0)
    return np.asarray(offset[0] + line.raw(test.select(names).x))


def rule_baseline(train: Sample, test: Sample, names: Sequence[str]) -> Floats:
    """(m,) the rule that an office would use without a model: sort by the one factor that sorted best so far, the
    unknown in the middle."""
    best, value = 0.0, np.zeros(len(test))
    for name in names:
        known, new = train.select([name]).x[:, 0].astype(np.float64), test.select([name]).x[:, 0].astype(np.float64)
        if np.isnan(known).all():
            continue
        middle = float(np.nanmedian(known))
        skill = evaluation.auc(train.y, np.where(np.isnan(known), middle, known)) - 0.5
        if abs(skill) > abs(best):
            best, value = skill, np.sign(skill) * np.where(np.isnan(new), middle, new)
    return value


# ---- figures ------------------------------------------------------------------------------------------------


def figures(
    y: Floats, score: Floats, day: Dates, inspectors: Inspectors, *, config: Config, tie: Any = None
) -> dict[str, Any]:
    """How a score ranks the rows of one window: AUC, within-inspector AUC, days earlier, found in the first half."""
    c = config.evaluating
    area = evaluation.auc_interval(y, score, c.level)
    days = evaluation.days_earlier(y, score, day, tie=tie, resamples=c.resamples, level=c.level, seed=config.seed)
    return {
        "auc": area.value,
        "auc_ci95": [area.low, area.high],
        "within_inspector_auc": evaluation.within_inspector_auc(y, score, inspectors),
        "days_earlier": days.value,
        "days_earlier_ci95": [days.low, days.high],
        "found_first_half": evaluation.found_first_half(y, score, tie),
    }


@dataclass(frozen=True, eq=False)
class Pooled:
    """All windows' rows in one, for the card. Scores of different windows are put on one scale as probabilities."""

    y: Floats
    day: Dates
    inspectors: Inspectors
    weight: Floats
    window: Ints

    def moved(self, score: Floats) -> Floats:
        """(n,) days forward, each window kept to its own days."""
        out = np.zeros(len(self.y))
        for k in np.unique(self.window):
            at = np.flatnonzero(self.window == k)
            out[at] = evaluation.days_forward(score[at], self.day[at])
        return out


def pool(sample: Sample, windows: Sequence[Window]) -> Pooled:
    rows = np.concatenate([w.rows for w in windows])
    return Pooled(
        y=sample.y[rows],
        day=sample.as_of[rows],
        inspectors=sample.inspectors.take(rows),
        weight=np.concatenate([w.weight for w in windows]),
        window=np.repeat(np.arange(len(windows)), [len(w.rows) for w in windows]),
    )


def even(windows: Sequence[Window], name: str) -> Floats:
    """A baseline's scores over all windows as ranks within each, so that windows can be pooled."""
    parts = []
    for w in windows:
        s = w.baselines[name]
        _, place, count = np.unique(s, return_inverse=True, return_counts=True)
        parts.append(((np.cumsum(count) - count / 2) / len(s))[place])
    return np.concatenate(parts)


def require_windows(windows: Sequence[Any]) -> None:
    if windows:
        return
    raise Problem(
        zh="没有可以回测的时间窗口：窗口之前没有成熟标签，或窗口之内没有结果。",
        en="No window can be tested: no mature labels before it, or no outcomes within it.",
        todo_zh="请选择更晚的开始月，或检查日期字段和标签窗口。",
        todo_en="Choose a later first month, or check the dates and the label window.",
    )


def tested_on(split: Split, tested: Bools) -> Split:
    """The same split, tested only on rows of the wanted population."""
    return replace(split, test=split.test[tested[split.test]])

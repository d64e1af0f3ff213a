"""Backtests as reports: what a model would have found, window by window, beside what it is compared with."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mingcha.apps.entities.selectors import lake_view
from mingcha.engines.lake.folder import aside
from mingcha.engines.risk import evaluation, splits
from mingcha.engines.risk.backtest import Factors, Window, backtest, figures, require_windows, tested_on
from mingcha.engines.risk.config import Config
from mingcha.engines.risk.sample import Sample
from mingcha.engines.risk.train import propose

from .selectors import directions, labelled_sample, of_days

Report = Callable[[str, str], None]
Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that backtests of one risk point share. `tested`: rows of the population that a test may use.
    `of_days`: factors that are the same for everyone on a day."""

    sample: Sample
    tested: np.ndarray
    prior: Mapping[str, int]
    of_days: set[str]


def material(
    dataset: str,
    point: str,
    *,
    known_before: dt.date,
    until: dt.date | None = None,
    report: Report = lambda zh, en: None,
) -> Material:
    """Labelled visits with all candidates, which are chosen by what was known before `known_before`."""
    from mingcha.engines.factors.candidates import candidates

    view = lake_view()
    declared = candidates(view, known_before=known_before)
    report(f"计算 {len(declared)} 个候选因子", f"compute {len(declared)} candidate factors")
    sample, visits = labelled_sample(view, dataset, point, until=until, factors=declared)
    return Material(sample, visits["eligible"].to_numpy(zero_copy_only=False), directions(declared), of_days(declared))


def retained_of(stuff: Material, until: Any, config: Config) -> Factors:
    """The list that screening proposes from rows whose label was known before `until`."""
    proposal = propose(stuff.sample, until=until, config=config, of_days=stuff.of_days, prior=stuff.prior)
    return Factors(proposal.names, proposal.directions)


def rolling_report(
    dataset: str,
    point: str,
    *,
    rolling: str = "",
    window: int = 2,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Json:
    """Screen before the first window, then learn before each one and test on it. {"retained", "rolling": [...]}.

    `rolling`: "YYYY-MM:YYYY-MM"; without it the latest six windows of `window` months.
    """
    from mingcha.engines.factors.labels import labels

    config = Config()
    if not rolling:
        last = np.datetime64(max(labels(lake_view(), dataset, point)["as_of"].to_pylist()), "M")
        rolling = f"{last - 6 * window + 1}:{last}"
    first, last = ([*rolling.split(":"), ""])[:2]
    start = next(splits.months(first, last, window))[0]
    stuff = material(dataset, point, known_before=start.astype(dt.date))
    parts = [tested_on(s, stuff.tested) for s in splits.rolling(stuff.sample, first, last, window)]
    require_windows(parts)
    progress(0, len(parts) + 1)
    retained = retained_of(stuff, start, config)
    windows = []
    for done, part in enumerate(parts, 1):
        progress(done, len(parts) + 1)
        windows += backtest(stuff.sample, [part], retained, config=config)
    rows = [window_json(w, stuff.sample, config, {"retained": retained}) for w in windows]
    return {"retained": list(retained.names), "rolling": rows}


def window_json(window: Window, sample: Sample, config: Config, lists: Mapping[str, Factors]) -> Json:
    """One window: figures of each list with stringency removed and with the inspector, and of the baselines."""
    tie = sample.row[window.rows]

    def of(score: np.ndarray) -> Json:
        return figures(window.y, score, window.day, window.inspectors, config=config, tie=tie)

    out: Json = {
        "from": str(window.first),
        "to": str(window.last),
        "trained_on": window.trained_on,
        "test_rows": len(window.y),
        "positives": int(window.y.sum()),
    }
    for name, factors in lists.items():
        out[name] = {
            "factors": list(factors.names) if name == "retained" else len(factors.names),
            "with_stringency_removed": of(window.removed[name]),
            "with_inspector": of(window.with_inspector[name]),
        }
    flat = np.random.default_rng(config.seed).random(len(window.y))
    out["baselines"] = {name: of(score) for name, score in window.baselines.items()} | {"random": of(flat)}
    return out


def paired_over(windows: Sequence[Window], name: str, baseline: str, config: Config) -> Json:
    """Gain of the list `name`, stringency removed, over a baseline on the same rows: in mean AUC and in mean days
    over the windows, with intervals from resampling rows within each window."""
    c = config.evaluating
    aucs, days = np.zeros(c.resamples), np.zeros(c.resamples)
    value_auc = value_days = 0.0
    for k, w in enumerate(windows):
        ours, theirs = w.removed[name], w.baselines[baseline]
        moved = evaluation.days_forward(ours, w.day) - evaluation.days_forward(theirs, w.day)
        hit = (w.y == 1).astype(float)
        value_auc += evaluation.auc(w.y, ours) - evaluation.auc(w.y, theirs)
        value_days += float(moved[w.y == 1].mean())
        counts = np.concatenate(list(evaluation.resamples_of(len(w.y), c.resamples, config.seed + k)))
        aucs += evaluation.auc_of_weights(w.y, ours, counts) - evaluation.auc_of_weights(w.y, theirs, counts)
        days += (counts @ (moved * hit)) / np.maximum(counts @ hit, 1)
    n = len(windows)
    ends = [50 * (1 - c.level), 50 * (1 + c.level)]
    return {
        "auc": value_auc / n,
        "auc_ci95": np.percentile(aucs / n, ends).tolist(),
        "days_earlier": value_days / n,
        "days_earlier_ci95": np.percentile(days / n, ends).tolist(),
    }


def write_scores(path: Path, window: Window, sample: Sample, columns: Mapping[str, str]) -> None:
    """A line a test row: id, date, outcome, and each list's score with stringency removed and with the inspector.
    Written aside and renamed."""
    names = list(window.removed)
    head = [columns["id"], columns["date"], columns["outcome"]]
    head += [f"{n}_score_{kind}" for n in names for kind in ("stringency_removed", "with_inspector")]
    parts = [values for n in names for values in (window.removed[n], window.with_inspector[n])]
    path.parent.mkdir(parents=True, exist_ok=True)
    with aside(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(head)
        ids, dates = sample.row[window.rows].tolist(), window.day.astype(str).tolist()
        for i, (row, day, y) in enumerate(zip(ids, dates, window.y.astype(int).tolist(), strict=True)):
            out.writerow([row, day, y, *(repr(float(p[i])) for p in parts)])

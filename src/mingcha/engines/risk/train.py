"""The whole road: screen on early rows, test what comes after, then learn from everything and calibrate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mingcha.engines.risk import card, evaluation, learner, promotion, screening, splits
from mingcha.engines.risk.arrays import Bools
from mingcha.engines.risk.backtest import Factors, Window, backtest, calibration_of, require_windows, tested_on
from mingcha.engines.risk.calibration import Calibration
from mingcha.engines.risk.config import Config
from mingcha.engines.risk.fairness import Gate
from mingcha.engines.risk.model import Days, Model, quantile_grid
from mingcha.engines.risk.sample import Sample, require_labels
from mingcha.engines.risk.screening import Proposal
from mingcha.engines.risk.selection import weighting, weights
from mingcha.engines.risk.splits import Split, at


@dataclass(frozen=True, eq=False)
class Trained:
    """proposal: None where the list of factors was given. windows: the backtest, in the order of time."""

    model: Model
    proposal: Proposal | None
    windows: tuple[Window, ...]
    card: dict[str, Any]


def train(
    sample: Sample,
    *,
    config: Config | None = None,
    retained: Sequence[str] | None = None,
    allowed: Collection[str] | None = None,
    prior: Mapping[str, int] | None = None,
    tested: Bools | None = None,
    full: bool = True,
    factors: Mapping[str, dict[str, Any]] | None = None,
    of_days: Collection[str] = (),
    champion: tuple[Model, Any] | None = None,
) -> Trained:
    """A calibrated model with its card.

    retained: factors to use; else they are screened on the rows known before the first tested window, so that the
    test is honest, and the same list is then used. allowed: the whitelist. prior: factor -> +1 or -1, what is known
    beforehand. tested: (n,) rows that a test may use, where more are trained on. full: also test all allowed factors.
    factors: what the contracts say of each factor, for its card. of_days: factors that are the same for everyone on a
    day: never proposed; where `retained` names one, firms are scored over days of a year. champion: the model in
    force, and the day from which on it hasn't learnt; it is compared on the windows from then on, and `sample` has
    its factors.
    Raises Problem: nothing to learn from, no window to test, a factor that the sample lacks.
    """
    c = config or Config()
    known = np.flatnonzero(sample.mature())
    require_labels(sample.take(known), "训练", "train")
    splits = windows_of(sample, c, tested)
    require_windows(splits)
    proposal, chosen = None, None
    if retained is None:
        proposal = propose(sample, until=splits[0].first, config=c, allowed=allowed, of_days=of_days, prior=prior)
        chosen = Factors(proposal.names, proposal.directions)
    else:
        chosen = Factors.of(retained, prior)
    everything = Factors.of([f for f in sample.factors if allowed is None or f in allowed], prior)
    longer = everything if full and len(everything.names) > len(chosen.names) else None
    windows = backtest(sample, splits, chosen, config=c, full=longer, full_in=1)
    model = fit_model(sample.take(known), chosen, config=c, calibration=calibration_of(windows, c))
    model = replace(model, days=Days.of(sample.take(known), model.factors, of_days))
    about = card.build(model, sample, windows, proposal=proposal, factors=factors, everything=len(everything.names))
    about["challenge"] = challenge(sample, windows, champion, about["fairness"], c) if champion else None
    about["optimism"] = optimism(sample.take(known), windows, chosen, c)
    return Trained(model=model, proposal=proposal, windows=tuple(windows), card=about)


def optimism(sample: Sample, windows: Sequence[Window], chosen: Factors, config: Config) -> dict[str, float]:
    """By how much a random split would flatter the same list of factors: it lets a model learn from what came after
    the rows that it is tested on. Mean AUC over the windows, and AUC of a split that tests as large a share."""
    tested = sum(len(w.rows) for w in windows)
    share = min(0.5, tested / (tested + windows[-1].trained_on))
    shuffled = backtest(sample, [splits.random(sample, share, config.seed)], chosen, config=config)[0]
    in_time = float(np.mean([evaluation.auc(w.y, w.removed["retained"], w.weight) for w in windows]))
    return {
        "in_time": in_time,
        "random_split": evaluation.auc(shuffled.y, shuffled.removed["retained"], shuffled.weight),
    }


def challenge(
    sample: Sample,
    windows: Sequence[Window],
    champion: tuple[Model, Any],
    fairness: Sequence[Mapping[str, Any]],
    config: Config,
) -> dict[str, Any]:
    """Whether the challenger may take the champion's place, by visits that neither had seen (promotion.py)."""
    model, since = champion
    against = {"champion": model.digest}
    unseen = [w for w in windows if w.first >= np.datetime64(since, "D")]
    if not unseen:
        nothing: dict[str, Any] = {"gain": None, "better": False, "fair": None, "unfair": [], "overlap": None}
        return against | {"rows": 0, "allowed": False, **nothing}
    rows = np.concatenate([w.rows for w in unseen])
    ours, theirs = np.concatenate([w.calibrated for w in unseen]), model.score(sample.take(rows))
    verdict = promotion.judge(
        sample.y[rows],
        ours,
        theirs,
        np.concatenate([w.weight for w in unseen]),
        capacity=config.evaluating.capacity,
        unfair=[Gate(**gate) for table in fairness for gate in table["gates"]],
        resamples=config.evaluating.resamples,
        level=config.evaluating.level,
        seed=config.seed,
    )
    overlap = evaluation.top_overlap(ours, theirs, config.evaluating.capacity)
    return against | {"rows": len(rows), **verdict.as_dict(), "overlap": overlap}


def windows_of(sample: Sample, config: Config, tested: Bools | None = None) -> list[Split]:
    """The latest `config.windows` windows of `config.window_days` days with known outcomes, oldest first. A sample
    too short for them is cut into windows of the later half of its time."""
    usable = sample.mature() & (np.ones(len(sample), dtype=bool) if tested is None else tested)
    if not usable.any():
        return []
    days = sample.as_of[usable].astype("int64")
    start, end = int(days.min()), int(days.max()) + 1
    length = min(config.window_days, max(1, (end - start) // (2 * config.windows)))
    splits = []
    for k in range(config.windows, 0, -1):
        first = np.datetime64(end - k * length, "D")
        split = at(sample, first, first + np.timedelta64(length - 1, "D"))
        split = split if tested is None else tested_on(split, tested)
        y = sample.y[split.train]
        if len(split.test) and len(y) and 0 < y.sum() < len(y) and sample.y[split.test].sum() > 0:
            splits.append(split)
    return splits


def propose(
    sample: Sample,
    *,
    until: Any,
    config: Config,
    allowed: Collection[str] | None = None,
    of_days: Collection[str] = (),
    prior: Mapping[str, int] | None = None,
) -> Proposal:
    """Screen on the rows whose label was known before `until`, each factor against what the inspectors explain."""
    early = sample.take(sample.mature(until))
    require_labels(early, "筛选因子", "screen factors")
    weight = weights(early.pi, config.weight_cap)
    effects = learner.effects_alone(early, weight, config)
    offset = effects.intercept + effects.of(early.inspectors)
    return screening.screen(
        early, config=config, offset=offset, weight=weight, allowed=allowed, of_days=of_days, prior=prior
    )


def fit_model(
    sample: Sample,
    factors: Factors,
    *,
    config: Config,
    calibration: Calibration | None = None,
) -> Model:
    """A model of all rows of `sample`, which need labels, on these factors."""
    require_labels(sample, "训练", "train")
    part = sample.select(factors.names)
    fitted = learner.fit(part, factors.directions, config)
    return Model(
        factors=factors.names,
        directions=factors.directions,
        learner=fitted.learner,
        effects=fitted.effects,
        calibration=calibration,
        grid=quantile_grid(part.x),
        config=config,
        about={
            "rows": len(sample),
            "positives": int(sample.y.sum()),
            "base_rate": float(np.average(sample.y, weights=weights(sample.pi, config.weight_cap))),
            "from": str(sample.as_of.min()),
            "until": str(sample.as_of.max()),
            "trees": fitted.size.trees,
            "l2": fitted.size.l2,
            "weighting": weighting(sample.pi, config.weight_cap).as_dict(),
        },
    )

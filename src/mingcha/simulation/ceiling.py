"""How much anybody could know: of the hidden truth itself, and of all that departments see, with labels for everyone.

A policy learns from a few visits; these two figures say what it could reach at most.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mingcha.engines.risk.booster import base_parameters, lightgbm

from .assumptions import Assumptions
from .observed import FACTORS, factors
from .study import NOTICE, Study, _auc, _quarter
from .town import open_quarter, settle
from .truth import log_odds

TREES = 300


def ceiling(study: Study, *, threads: int = 2) -> dict[str, Any]:
    """Base rate, AUC of each factor alone, and AUC and hit rates of who knew the truth, or all labels of half of the
    firms (measured on the other half)."""
    town = settle(study.seed, 0, study.entities, study.visits, Assumptions().with_tail(study.tail))
    for _ in range(study.history):
        _quarter(town, "uniform", study.visits)
    frame = open_quarter(town)
    rows, label = frame.rows, frame.outcome.recorded[frame.rows]
    x = factors(town.firms, town.memory, town.quarter)[rows]
    half = np.random.default_rng(study.seed).random(len(rows)) < 0.5
    lgb = lightgbm()
    parameters = base_parameters(study.seed) | {
        "num_threads": threads,
        "num_leaves": 15,
        "learning_rate": 0.05,
        "lambda_l2": 10.0,
    }
    model = lgb.train(parameters, lgb.Dataset(x[half], label[half].astype(float)), TREES)
    seen = np.asarray(model.predict(x[~half], num_threads=threads))
    truth = log_odds(town.firms, town.quarter, town.assumed)[rows]
    chance = 1 / (1 + np.exp(-truth.astype(float)))
    alone = {name: round(_auc(np.nan_to_num(x[:, i], nan=-1), label), 3) for i, name in enumerate(FACTORS)}
    return {
        "simulated": True,
        "notice": NOTICE,
        "firms": len(rows),
        "base_rate": round(float(label.mean()), 4),
        "share_above_one_half": round(float((chance > 0.5).mean()), 4),
        "auc_of_each_factor": dict(sorted(alone.items(), key=lambda item: -abs(item[1] - 0.5))),
        "all_that_is_seen": _reached(seen, label[~half], study.budget_share),
        "the_truth_itself": _reached(truth, label, study.budget_share),
    }


def _reached(score: NDArray[Any], label: NDArray[np.bool_], share: float) -> dict[str, float]:
    order = np.argsort(-score, kind="stable")
    return {
        "auc": round(_auc(score, label), 3),
        "hit_rate_of_the_budget": round(float(label[order[: round(share * len(label))]].mean()), 3),
        "hit_rate_of_3.2_per_cent": round(float(label[order[: round(0.032 * len(label))]].mean()), 3),
    }

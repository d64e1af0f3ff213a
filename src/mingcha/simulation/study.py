"""A policy tried in many simulated towns, always beside uniform draws in the same towns; what it finds, whom it
troubles, and whether what the agency would report of it is true."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mingcha.engines.sampling.allocation import EXPLORATION, FOCUS
from mingcha.engines.sampling.encoding import MILLION

from . import learning
from .assumptions import Assumptions
from .policies import LAWFUL, POLICIES, Aim
from .story import STRATA
from .town import Town, close_quarter, fork, open_quarter, settle
from .truth import log_odds

NOTICE = "模拟结果，不是对任何真实城市的测量。 Simulated: no measurement of any real city."
DESIGN_BASED = "Hájek, from the draw's inclusion probabilities"
NAIVE = "none: most firms had no chance to be drawn; shown is the mean of the visits, as an agency would report it"
Z = 1.959964


@dataclass(frozen=True)
class Study:
    """What is tried. `history`: quarters of uniform draws before the policy begins; `quarters`: of the policy."""

    policy: str = "targeted"
    entities: int = 40_000
    quarters: int = 8
    history: int = 12
    replicates: int = 20
    budget_share: float = 0.011
    seed: int = 1
    tail: float = 1.0
    exploration: float = EXPLORATION
    focus: int = FOCUS

    @property
    def visits(self) -> int:
        """Planned visits a quarter."""
        return max(3, round(self.budget_share * self.entities))


@dataclass(frozen=True)
class Quarter:
    """One draw of one policy: its visits, what the agency would report of it, and (hidden) what is true."""

    visits: int
    hits: int
    compliant: int  # visits to firms in which a middling pair would have found nothing
    estimate: float  # of the rate of violations in the frame
    low: float  # its 95% interval
    high: float
    truth: float  # share of the frame in which its pair would have recorded a violation
    best: float  # hit rate of as many visits to the firms with the highest true probability
    auc: float  # of the scores over the whole frame, against what visits would have recorded; NaN without scores


Figures = dict[str, NDArray[np.float64]]


def replicate(study: Study, number: int) -> Figures:
    """One town: a figure of `Quarter` for each of the policy's quarters, the same with `uniform_` before its name for
    uniform draws in the same town, and how well inspectors' strictness was recovered at the end."""
    town = settle(study.seed, number, study.entities, study.visits, Assumptions().with_tail(study.tail))
    for _ in range(study.history):
        _quarter(town, "uniform", study)
    beside = fork(town)
    ours = [_quarter(town, study.policy, study) for _ in range(study.quarters)]
    theirs = [_quarter(beside, "uniform", study) for _ in range(study.quarters)]
    out = {f.name: np.array([getattr(q, f.name) for q in ours], dtype=float) for f in fields(Quarter)}
    out |= {f"uniform_{f.name}": np.array([getattr(q, f.name) for q in theirs], dtype=float) for f in fields(Quarter)}
    found = learning.strictness(town.labels, len(town.inspectors))
    out["stringency"] = np.array([_rank_correlation(found, town.inspectors.strictness)])
    return out


def _quarter(town: Town, policy: str, study: Study) -> Quarter:
    frame = open_quarter(town)
    strata = [STRATA[code] for code in frame.stratum.tolist()]
    scores = None
    if policy != "uniform":
        scores = learning.scores(town.labels, frame.x[frame.rows], len(town.inspectors))
    choice = POLICIES[policy](town.lot(), strata, study.visits, scores, Aim(study.exploration, study.focus))
    rows, recorded = frame.rows[choice.rows], frame.outcome.recorded
    estimate = learning.estimate(recorded[rows], choice, strata)
    probability = log_odds(town.firms, town.quarter, town.assumed)[frame.rows]
    result = Quarter(
        visits=len(rows),
        hits=int(recorded[rows].sum()),
        compliant=int((~frame.outcome.violation[rows]).sum()),
        estimate=estimate.value,
        low=estimate.low,
        high=estimate.high,
        truth=float(recorded[frame.rows].mean()),
        best=float(recorded[frame.rows[np.argsort(-probability, kind="stable")[: len(rows)]]].mean()),
        auc=float("nan") if scores is None else _auc(scores, recorded[frame.rows]),
    )
    pi = np.full(len(rows), np.nan) if choice.P is None else choice.P[choice.rows] / MILLION
    close_quarter(town, frame, rows, pi.astype(np.float32))
    return result


def run(study: Study, *, workers: int = 2, report: Callable[[int], None] | None = None) -> dict[str, Any]:
    """All replicates, and what they say together. The result doesn't depend on `workers`."""
    return summary(study, list(_replicates(study, workers, report)))


def _replicates(study: Study, workers: int, report: Callable[[int], None] | None) -> Iterator[Figures]:
    """In order. Worker processes have one thread each: trees and sums then come out the same on any machine."""
    numbers = range(study.replicates)
    if workers == 1 or study.replicates == 1:
        results: Iterable[Figures] = (replicate(study, number) for number in numbers)
        yield from _counted(results, report)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    before = {name: os.environ.get(name) for name in alone}
    os.environ.update(alone)  # read by the workers' libraries when they start
    try:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            yield from _counted(pool.map(partial(replicate, study), numbers), report)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _counted(results: Iterable[Figures], report: Callable[[int], None] | None) -> Iterator[Figures]:
    for done, result in enumerate(results, 1):
        if report:
            report(done)
        yield result


def summary(study: Study, towns: Sequence[Figures]) -> dict[str, Any]:
    """The figures over all towns, each with a 95% Monte-Carlo interval: towns are independent, quarters of one town
    are not. Rates are ratios of sums (hits to visits), with the delta method's interval."""
    total = {name: np.array([town[name].sum() for town in towns]) for name in towns[0]}
    mean = {name: np.array([town[name].mean() for town in towns]) for name in towns[0]}
    covered, uniform_covered = (
        np.array([((t[p + "low"] <= t[p + "truth"]) & (t[p + "truth"] <= t[p + "high"])).mean() for t in towns])
        for p in ("", "uniform_")
    )
    lawful = study.policy in LAWFUL
    rate, uniform_rate = total["hits"] / total["visits"], total["uniform_hits"] / total["uniform_visits"]
    figures = {
        "hit_rate": _mean(rate),
        "uniform_hit_rate": _mean(uniform_rate),
        "hit_ratio_to_uniform": _ratio(rate, uniform_rate),
        "visits_to_compliant_a_quarter": _mean(mean["compliant"]),
        "visits_to_compliant_ratio_to_uniform": _ratio(
            total["compliant"] / total["visits"], total["uniform_compliant"] / total["uniform_visits"]
        ),
        "true_violation_rate": _mean(mean["truth"]),
        "uniform_true_violation_rate": _mean(mean["uniform_truth"]),
        "estimated_violation_rate": _mean(mean["estimate"]),
        "estimate_bias": _mean(mean["estimate"] - mean["truth"]),
        "coverage": _mean(covered),
        "uniform_coverage": _mean(uniform_covered),
        "stringency_rank_correlation": _mean(mean["stringency"]),
        "score_auc": _mean(mean["auc"]) if study.policy != "uniform" else None,
        "best_possible_hit_rate": _mean(mean["best"]),
    }
    out: dict[str, Any] = {
        "simulated": True,
        "notice": NOTICE,
        **asdict(study),
        "months": 3 * study.quarters,
        "visits_a_quarter": study.visits,
        "estimator": DESIGN_BASED if lawful else NAIVE,
    }
    for name, figure in figures.items():
        out[name] = None if figure is None else figure[0]
        if figure is not None and study.replicates > 1:
            out[f"{name}_ci95"] = [figure[1], figure[2]]
    quarters = {
        "hit_rate": "hits", "uniform_hit_rate": "uniform_hits",
    }  # fmt: skip
    out["by_quarter"] = {
        label: [
            round(float(v), 4)
            for v in sum(t[name] for t in towns) / sum(t[name.replace("hits", "visits")] for t in towns)
        ]
        for label, name in quarters.items()
    }
    return out


def printed(result: dict[str, Any]) -> str:
    """The figures for people."""
    rows = [
        ("hit_rate", "命中率  hit rate"),
        ("uniform_hit_rate", "  全随机  uniform draws"),
        ("hit_ratio_to_uniform", "  与全随机之比  ratio"),
        ("visits_to_compliant_a_quarter", "每季度检查守法户  visits to compliant firms a quarter"),
        ("visits_to_compliant_ratio_to_uniform", "  与全随机之比  ratio to uniform"),
        ("true_violation_rate", "真实违法率  true rate of violations"),
        ("estimated_violation_rate", "估计违法率  estimated rate"),
        ("coverage", "95% 区间覆盖率  coverage of its 95% interval"),
        ("stringency_rank_correlation", "检查尺度还原（秩相关）  strictness recovered"),
        ("score_auc", "风险分 AUC  of the scores"),
        ("best_possible_hit_rate", "全知上限  hit rate of who knew the truth"),
    ]
    lines = [
        result["notice"],
        f"policy {result['policy']}: {result['replicates']} x {result['entities']:,} firms, "
        f"{result['visits_a_quarter']:,} visits a quarter ({result['budget_share']:.1%}), {result['months']} months",
        f"estimator: {result['estimator']}",
    ]
    for name, label in rows:
        if result[name] is not None:
            interval = result.get(f"{name}_ci95")
            shown = f"  [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""
            lines.append(f"{label}: {result[name]:.3f}{shown}")
    return "\n".join(lines)


def _mean(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean over towns with its 95% interval."""
    centre, half = float(values.mean()), Z * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return round(centre, 5), round(centre - half, 5), round(centre + half, 5)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> tuple[float, float, float]:
    """Ratio of the means of paired values, by the delta method."""
    ratio = float(above.mean() / below.mean())
    spread = (above - ratio * below).std(ddof=1) / below.mean() if len(above) > 1 else 0.0
    half = Z * float(spread) / len(above) ** 0.5
    return round(ratio, 5), round(ratio - half, 5), round(ratio + half, 5)


def _rank_correlation(a: NDArray[np.floating[Any]], b: NDArray[np.floating[Any]]) -> float:
    """Spearman's, over the inspectors that `a` knows (not NaN)."""
    known = ~np.isnan(a)
    ranks = [np.argsort(np.argsort(v[known])) for v in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def _auc(scores: NDArray[np.floating[Any]], label: NDArray[np.bool_]) -> float:
    """Area under the ROC curve; ties count half."""
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    good = int(label.sum())
    return float((rank[label].sum() - good * (good + 1) / 2) / (good * (len(label) - good)))

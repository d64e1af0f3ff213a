"""From a thousand candidates to about twelve factors, as a proposal that a person signs.

whitelist, constancy and PSI -> clusters of rank correlation -> survival of rounds against shadows -> backward
elimination by the one-standard-error rule -> directions. Everything that is dropped keeps its reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mingcha.engines.risk import clusters, elimination, stability
from mingcha.engines.risk.arrays import Floats, Ints
from mingcha.engines.risk.config import Config
from mingcha.engines.risk.sample import Sample, require_labels
from mingcha.problems import Problem

REASONS = {
    "unlawful": ("不在合约允许使用的范围内", "not among what the contracts allow"),
    "of_days": ("同一天对所有主体都相同，分不出主体", "the same for everyone on a day: it tells no firm from another"),
    "constant": ("几乎没有变化", "hardly varies"),
    "unstable": ("分布随时间变动（PSI）", "its distribution moves with time (PSI)"),
    "represented": ("与同簇的另一因子说同一件事", "another factor of its cluster says the same"),
    "shadow": ("不如打乱后的影子因子稳定", "does not hold against its shadows"),
    "eliminated": ("去掉后预测不变差（一个标准误）", "the list does as well without it (one standard error)"),
}


@dataclass(frozen=True)
class Proposed:
    """One factor of the proposal. survived: share of rounds; gain: held-out log loss a row; weak: kept only because
    too few survived; cluster: the other candidates that say the same, with their rank correlation."""

    name: str
    direction: int
    survived: float
    gain: float
    psi: float
    missing: float
    weak: bool
    cluster: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Proposal:
    """What screening proposes; a person signs the model that keeps it, or trains another with a list of his own."""

    factors: tuple[Proposed, ...]
    dropped: Mapping[str, str]  # factor -> key of REASONS
    candidates: int
    rows: int
    positives: int
    rounds: int
    path: tuple[Mapping[str, Any], ...]  # the elimination's lists: number, loss, how far behind the best, its error

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.factors)

    @property
    def directions(self) -> tuple[int, ...]:
        return tuple(f.direction for f in self.factors)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def screen(
    sample: Sample,
    *,
    config: Config,
    offset: Floats | None = None,
    weight: Floats | None = None,
    allowed: Collection[str] | None = None,
    of_days: Collection[str] = (),
    prior: Mapping[str, int] | None = None,
) -> Proposal:
    """Propose factors from the rows of `sample` whose label is known.

    offset: (n,) log odds that are known without any factor, e.g. inspectors' effects, so that no factor is kept for
    telling who inspected; default the base rate. allowed: the whitelist; default all. of_days: factors that are the
    same for everyone on a day (season, weather). prior: factor -> +1 or -1.
    """
    known = sample.mature()
    require_labels(sample.take(known), "筛选因子", "screen factors")
    c, seed = config.screening, config.seed
    rows = np.flatnonzero(known)
    y = sample.y[rows]
    w = np.ones(len(rows)) if weight is None else weight[rows] / weight[rows].mean()
    base = np.full(len(rows), np.log(y.mean() / (1 - y.mean()))) if offset is None else offset[rows]
    x = sample.x if len(rows) == len(sample) else sample.x[rows]
    as_of, known_from = sample.as_of[rows], sample.known_from[rows]
    dropped: dict[str, str] = {}

    def drop(places: Ints, reason: str) -> None:
        dropped.update((sample.factors[j], reason) for j in places)

    # Whitelist, life, stability.
    lawful = np.array([allowed is None or f in allowed for f in sample.factors], dtype=bool)
    drop(np.flatnonzero(~lawful), "unlawful")
    common = lawful & np.array([f in of_days for f in sample.factors], dtype=bool)
    drop(np.flatnonzero(common), "of_days")
    lawful &= ~common
    sketch = clusters.sketch(x, c.sketch, seed)
    alive = lawful & _varies(sketch.ranks, c.fewest * min(1.0, len(sketch.rows) / len(rows)))
    drop(np.flatnonzero(lawful & ~alive), "constant")
    moved, chance = clusters.psi_over_time(sketch, as_of)
    stable = alive & (moved <= c.psi_limit + chance)
    drop(np.flatnonzero(alive & ~stable), "unstable")
    left = np.flatnonzero(stable)
    if not len(left):
        raise Problem(
            zh=f"{len(sample.factors)} 个候选因子没有一个可用：全都不合法、不变化或不稳定。",
            en=f"None of {len(sample.factors)} candidates can be used: all are unlawful, constant or unstable.",
            todo_zh="请在合约中声明更多因子，或检查数据的时间范围。",
            todo_en="Declare more factors in the contracts, or check the span of the data.",
        )

    # Clusters, and which of them hold.
    rho = clusters.spearman(clusters.Sketch(sketch.rows, sketch.ranks[:, left]))
    cluster = clusters.clusters(rho, c.cluster)
    x = x if len(left) == x.shape[1] else np.asarray(x[:, left], order="C" if x.flags.c_contiguous else "F")
    held = stability.assess(
        x,
        y,
        cluster=cluster,
        sketch_rows=sketch.rows,
        as_of=as_of,
        known_from=known_from,
        offset=base,
        weight=w,
        config=c,
        seed=seed,
        threads=config.threads,
    )
    drop(left[np.setdiff1d(np.arange(len(left)), held.best)], "represented")
    order = np.lexsort((-held.gain, -held.survived))
    strong = held.survived >= c.survive - 1e-9
    taken = order[: max(int(strong.sum()), min(c.at_least, len(order)))]
    drop(left[held.best[np.setdiff1d(order, taken)]], "shadow")

    # The fewest that do as well, and the way each one pulls.
    data = elimination.Data.of(x, y, base, w, as_of, known_from, c, seed, config.threads)
    columns = [int(held.best[k]) for k in taken]
    wishes = prior or {}
    pulls = elimination.directions(data, columns, [wishes.get(sample.factors[left[j]], 0) for j in columns])
    shortened = elimination.backward(data, columns, pulls, least=c.at_least)
    kept = set(shortened.kept)
    drop(left[[j for j in columns if j not in kept]], "eliminated")
    final = [k for k in taken if held.best[k] in kept]
    pulls = [d for j, d in zip(columns, pulls, strict=True) if j in kept]
    columns = [j for j in columns if j in kept]
    pulls = elimination.affordable(data, columns, pulls)
    names = [sample.factors[left[j]] for j in columns]

    def others(k: int) -> tuple[tuple[str, float], ...]:
        me = held.best[k]
        mates = [j for j in np.flatnonzero(cluster == k) if j != me]
        mates.sort(key=lambda j: -abs(rho[me, j]))
        return tuple((sample.factors[left[j]], round(float(rho[me, j]), 3)) for j in mates)

    return Proposal(
        factors=tuple(
            Proposed(
                name=name,
                direction=pull,
                survived=round(float(held.survived[k]), 3),
                gain=float(held.gain[k]),
                psi=round(float(moved[left[j]]), 4),
                missing=round(float(np.isnan(x[:, j]).mean()), 4),
                weak=not strong[k],
                cluster=others(k),
            )
            for k, j, name, pull in zip(final, columns, names, pulls, strict=True)
        ),
        dropped=dropped,
        candidates=len(sample.factors),
        rows=len(rows),
        positives=int(y.sum()),
        rounds=held.rounds,
        path=tuple(
            {"factors": len(s.factors), "loss": s.loss, "behind": s.behind, "error": s.error} for s in shortened.path
        ),
    )


def _varies(ranks: Floats, fewest: float) -> Floats:
    """(p,) whether at least `fewest` rows differ from the commonest value; missing is a value too."""
    out = np.zeros(ranks.shape[1], dtype=bool)
    for j in range(ranks.shape[1]):
        column = ranks[:, j]
        missing = int(np.isnan(column).sum())
        counts = np.unique(column[~np.isnan(column)], return_counts=True)[1]
        out[j] = len(column) - max(missing, int(counts.max()) if len(counts) else 0) >= max(fewest, 1)
    return out

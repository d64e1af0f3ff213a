"""Before any label is looked at: which candidates are lawful, alive and stable, and which say the same thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingcha.engines.risk.arrays import Dates, Floats, Ints

MISSING = np.float32(np.nan)


@dataclass(frozen=True, eq=False)
class Sketch:
    """A random part of the rows, as ranks: enough for correlations and distributions, small enough for all.

    ranks: (m, p) mid-ranks in (0, 1), NaN where the value is missing. rows: (m,) their places in the sample.
    """

    rows: Ints
    ranks: Floats


def sketch(x: Floats, size: int, seed: int) -> Sketch:
    n = len(x)
    rows = np.arange(n)
    if n > size:
        rows = np.sort(np.random.default_rng(seed).choice(n, size, replace=False))
    part = np.asfortranarray(x[rows])
    ranks = np.full(part.shape, MISSING, dtype=np.float32, order="F")
    for j in range(part.shape[1]):
        there = ~np.isnan(part[:, j])
        if there.any():
            values, grid = distribution(part[there, j])
            ranks[there, j] = grid[np.searchsorted(values, part[there, j])]
    return Sketch(rows, ranks)


def distribution(values: Floats) -> tuple[Floats, Floats]:
    """The distinct values in order, and the mid-rank of each as a share in (0, 1)."""
    distinct, count = np.unique(values, return_counts=True)
    upto = np.cumsum(count)
    return distinct, ((upto - count / 2) / upto[-1]).astype(np.float32)


def psi(reference: Ints, now: Ints, bins: int) -> float:
    """Population stability index of two sets of bin numbers; half a row is added to each bin, so that it is finite.

    Rule of thumb: below 0.1 stable, above 0.25 moved.
    """
    a = np.bincount(reference, minlength=bins) + 0.5
    b = np.bincount(now, minlength=bins) + 0.5
    p, q = a / a.sum(), b / b.sum()
    return float(np.sum((q - p) * np.log(q / p)))


def psi_over_time(s: Sketch, as_of: Dates, bins: int = 10) -> tuple[Floats, float]:
    """((p,), c): PSI of the later half of the time against the earlier, missing values as a bin; and what chance
    alone gives, by which a limit may be raised: (bins) * (1/n1 + 1/n2)."""
    day = as_of[s.rows]
    early = day <= np.sort(day)[(len(day) - 1) // 2]
    if early.all():
        return np.zeros(s.ranks.shape[1]), 0.0
    binned = np.where(np.isnan(s.ranks), bins, np.minimum(np.nan_to_num(s.ranks) * bins, bins - 1)).astype(np.int64)
    moved = [psi(binned[early, j], binned[~early, j], bins + 1) for j in range(binned.shape[1])]
    return np.array(moved), bins * float(1 / early.sum() + 1 / (~early).sum())


def spearman(s: Sketch, *, fewest: int = 50) -> Floats:
    """(p, p) rank correlations over the rows where both are known; 0 where these are fewer than `fewest`."""
    there = (~np.isnan(s.ranks)).astype(np.float32)
    r = np.nan_to_num(s.ranks - np.float32(0.5))
    both = there.T @ there
    count = np.maximum(both, 1)
    mean = (r.T @ there) / count  # [i, j]: mean of i where j is known too
    square = (np.square(r).T @ there) / count
    variance = np.maximum(square - mean**2, 0)
    covariance = (r.T @ r) / count - mean * mean.T
    scale = np.sqrt(variance * variance.T)
    ok = (both >= fewest) & (scale > 1e-6)
    rho = np.where(ok, covariance / np.where(ok, scale, 1), 0.0)
    np.fill_diagonal(rho, 1.0)
    return np.clip(rho, -1, 1)


def clusters(rho: Floats, at: float) -> Ints:
    """(p,) cluster numbers: average linkage on 1 - |rho|, cut where the average falls below `at`."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(rho) < 2:
        return np.zeros(len(rho), np.int64)
    distance = 1 - np.abs((rho + rho.T) / 2)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    return np.asarray(fcluster(tree, 1 - at, "distance") - 1, dtype=np.int64)

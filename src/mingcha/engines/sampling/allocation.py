"""Inclusion probabilities: a floor for everyone, the rest where the risk is, whole visits in every stratum.

In each stratum pi = min(ceiling, floor + tau * weight), with tau such that the sum is the stratum's whole number
of visits n_h (water-filling). floor = exploration * n_h / N_h, so that a share `exploration` of the visits falls
uniformly. weight = score ** focus * the class's weight. Probabilities are integer millionths that sum to
n_h * 1,000,000 exactly. Source: docs/draw-protocol.md, "Probabilities".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mingcha.engines.sampling.draw import by_stratum
from mingcha.engines.sampling.encoding import MILLION
from mingcha.problems import Problem

EXPLORATION = 0.1  # of the visits fall uniformly
CEILING = 0.9  # a firm that must be visited is focused supervision, not a draw
FOCUS = 14  # twice the score, 2**14 times the targeted share (docs/simulation.md compares)
CLASS_WEIGHTS = {"A": 0.4, "B": 1.0, "C": 2.5, "D": 4.0}  # law-abiding firms are visited less


@dataclass(frozen=True)
class Allocation:
    """`P`: (N,) int64, millionths, in the order of the input. `strata`: {name: {"N": ..., "n": ...}}.

    `floor`, `ceiling`: millionths; every P lies between them.
    """

    P: NDArray[np.int64]
    strata: dict[str, dict[str, int]]
    floor: int
    ceiling: int


def allocate(
    strata: Sequence[str],
    take: int | Mapping[str, int],
    *,
    scores: NDArray[np.float64] | None = None,
    classes: Sequence[str] | None = None,
    exploration: float = EXPLORATION,
    focus: int = FOCUS,
    class_weights: Mapping[str, float] = CLASS_WEIGHTS,
    ceiling: float = CEILING,
) -> Allocation:
    """Probabilities for `take` visits (in all, or by stratum) among units that lie in `strata`.

    `scores`: (N,), finite, >= 0, e.g. the calibrated probability of a violation. `classes`: credit risk class of
    each unit, "" where it has none (weight 1). Neither: everyone alike. Ties of rounding go to the earlier
    unit, so units in order of id give the same result from any file. Raises Problem.
    """
    limit = _ceiling(ceiling)
    if not 0 <= exploration <= 1:
        raise Problem(
            zh=f"随机探索比例应在 0 到 1 之间，现为 {exploration}",
            en=f"The uniform share must lie between 0 and 1, it is {exploration}",
            todo_zh="通常取 0.1：一成户次均匀随机，其余按风险。",
            todo_en="0.1 is usual: a tenth of the visits fall uniformly, the rest by risk.",
        )
    members = _members(strata)
    weights = _weights(len(strata), scores, classes, focus, class_weights)
    if isinstance(take, Mapping):
        visits = _given_visits(members, take, limit)
    else:
        visits = _spread_visits(members, take, weights, exploration, limit)
    P = np.zeros(len(strata), dtype=np.int64)
    least = limit
    for name, rows in members.items():
        floor = floor_of(exploration, visits[name], len(rows))
        least = min(least, floor)
        P[rows] = _millionths(weights[rows], visits[name], floor, limit, name)
    sizes = {name: {"N": len(rows), "n": visits[name]} for name, rows in members.items()}
    return Allocation(P, sizes, least, limit)


def given(strata: Sequence[str], pi: NDArray[np.float64], ids: Sequence[str], ceiling: float = CEILING) -> Allocation:
    """Probabilities that come from elsewhere, as whole millionths. Each stratum's must sum to a whole number."""
    limit = _ceiling(ceiling)
    members = _members(strata)
    wrong = np.flatnonzero(~((pi * MILLION >= 0.5) & (pi <= ceiling)))
    if len(wrong):
        named = ", ".join(f"{ids[row]} ({pi[row]:g})" for row in wrong[:5])
        raise Problem(
            zh=f"{len(wrong)} 户的入样概率不在 0 与上限 {ceiling:g} 之间：{named}",
            en=f"{len(wrong)} units have a pi outside 0 to the ceiling {ceiling:g}: {named}",
            todo_zh="必查户请列入重点监管（must_visit），不进入随机抽取；其余请调整 pi。",
            todo_en="Units that must be visited are focused supervision (must_visit); mend the others.",
        )
    P = np.zeros(len(strata), dtype=np.int64)
    sizes = {}
    for name, rows in members.items():
        total = float(pi[rows].sum())
        visits = round(total)
        if visits < 1 or abs(total - visits) > 1e-6 * len(rows) + 1e-9:
            raise Problem(
                zh=f"层“{name}”的入样概率之和为 {total:g}，不是正整数",
                en=f"The probabilities of stratum {name!r} sum to {total:g}, not to a whole number of visits",
                todo_zh="请缩放该层的 pi，或改为提供 score，由平台分配。",
                todo_en="Scale that stratum's pi, or give scores and let the platform allocate.",
            )
        P[rows] = _round(np.clip(pi[rows] * MILLION, 1, limit), visits * MILLION, 1, limit)
        sizes[name] = {"N": len(rows), "n": visits}
    return Allocation(P, sizes, int(P.min()), limit)


def floor_of(exploration: float, visits: int, size: int) -> int:
    """The least P of a stratum, in millionths."""
    return max(1, int(exploration * visits * MILLION / size))


def fill(weights: NDArray[np.float64], total: float, floor: float, ceiling: float) -> NDArray[np.float64]:
    """min(ceiling, floor + tau * weights) with tau such that the sum is `total`.

    Needs floor * N <= total <= ceiling * N. Where all units of positive weight stand at the ceiling, what is
    left goes evenly to the others.
    """
    n = len(weights)
    positive = weights > 0
    m = int(positive.sum())
    if ceiling * m + floor * (n - m) <= total:
        level = (total - ceiling * m) / (n - m) if n > m else ceiling
        return np.where(positive, ceiling, level)
    weights = np.where(positive, np.maximum(weights / weights.max(), 1e-12), 0)  # so that tau can't overflow
    falling = np.sort(weights)[::-1]
    rest = np.cumsum(falling[::-1])[::-1]  # weight of this unit and all after it
    k = np.arange(n)  # if the k heaviest stand at the ceiling, what is tau for the others?
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        tau = (total - k * ceiling - (n - k) * floor) / rest
        fits = (floor + tau * falling <= ceiling * (1 + 1e-9)) & (tau >= 0)
    return np.asarray(np.minimum(ceiling, floor + tau[int(np.argmax(fits))] * weights))


def _ceiling(ceiling: float) -> int:
    if not 0 < ceiling <= CEILING:
        raise Problem(
            zh=f"入样概率上限应大于 0 且不超过 {CEILING}，现为 {ceiling:g}",
            en=f"The ceiling of pi must be above 0 and at most {CEILING}, it is {ceiling:g}",
            todo_zh="必查户请列为重点监管，不进入随机抽取。",
            todo_en="List what must be visited as focused supervision, outside the draw.",
        )
    return round(ceiling * MILLION)


def _members(strata: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    if not len(strata):
        raise Problem(
            zh="抽查名录为空，没有可抽取的对象",
            en="The frame is empty: there is nothing to draw from",
            todo_zh="请检查筛选条件，以及是否全部达到年度检查上限。",
            todo_en="Check the conditions, and whether all units have reached their yearly cap.",
        )
    return by_stratum(strata)


def _weights(
    n: int,
    scores: NDArray[np.float64] | None,
    classes: Sequence[str] | None,
    focus: int,
    class_weights: Mapping[str, float],
) -> NDArray[np.float64]:
    weights = np.ones(n)
    if scores is not None:
        bad = np.flatnonzero(~(np.isfinite(scores) & (scores >= 0)))
        if len(bad) or len(scores) != n:
            raise Problem(
                zh=f"风险分应为不小于 0 的数，{len(bad)} 处不是",
                en=f"A score must be a number of 0 or more; {len(bad)} are not",
                where=f"row {bad[0] + 1}" if len(bad) else "",
                todo_zh="请补上或改正评分，或把这些对象移出名录。",
                todo_en="Fill in or correct the scores, or take these units out of the frame.",
            )
        top = float(scores.max())
        if top > 0:  # scaled first, so that a power of a small score doesn't vanish
            weights = (scores / top) ** focus
    if classes is not None:
        known = {"": 1.0, **class_weights}
        strange = sorted(set(classes) - set(known))
        if strange or min(known.values()) < 0:
            raise Problem(
                zh=f"没有权重的信用风险类别：{'、'.join(strange[:5]) or '（权重为负）'}",
                en=f"Credit risk classes without a weight of 0 or more: {', '.join(strange[:5]) or '(negative)'}",
                todo_zh=f"已知类别：{'、'.join(class_weights)}；留空表示未评。",
                todo_en=f"Known classes: {', '.join(class_weights)}; leave it empty where there is none.",
            )
        weights = weights * np.fromiter((known[c] for c in classes), dtype=np.float64, count=n)
    return weights


def _given_visits(members: Mapping[str, NDArray[np.intp]], take: Mapping[str, int], ceiling: int) -> dict[str, int]:
    if set(take) != set(members):
        unknown, missing = sorted(set(take) - set(members)), sorted(set(members) - set(take))
        raise Problem(
            zh=f"各层户次与名录不符：名录没有 {unknown or '—'}，未给户次 {missing or '—'}",
            en=f"Visits by stratum don't match the frame: not in it {unknown or '-'}, without visits {missing or '-'}",
            todo_zh="每一层都要给户次；不抽的层请先移出名录。",
            todo_en="Give visits for each stratum; take strata that aren't drawn out of the frame first.",
        )
    for name, rows in members.items():
        _check_budget(take[name], len(rows), ceiling, f"stratum {name}")
    return {name: int(take[name]) for name in members}


def _spread_visits(
    members: Mapping[str, NDArray[np.intp]],
    take: int,
    weights: NDArray[np.float64],
    exploration: float,
    ceiling: int,
) -> dict[str, int]:
    """Whole visits of each stratum: its share of a water-filling over the whole frame, rounded."""
    _check_budget(take, len(weights), ceiling, "")
    sizes = np.array([len(rows) for rows in members.values()])
    most = sizes * ceiling // MILLION
    small = [name for name, top in zip(members, most, strict=True) if top < 1]
    if small or len(members) > take or int(most.sum()) < take:
        raise Problem(
            zh=f"{take} 户次不能按 {len(members)} 层整数分配"
            + (f"；过小的层：{'、'.join(small[:5])}" if small else ""),
            en=f"{take} visits can't be shared in whole numbers among {len(members)} strata"
            + (f"; too small: {', '.join(small[:5])}" if small else ""),
            todo_zh="每层至少 1 户次，且不超过上限乘以户数；请合并小层或增加户次。",
            todo_en="Each stratum needs one visit at least and at most the ceiling times its units: "
            "merge small strata or raise the visits.",
        )
    floor = exploration * take / len(weights)
    pi = fill(weights, float(take), floor, ceiling / MILLION)
    share = np.array([float(pi[rows].sum()) for rows in members.values()])
    visits = np.clip(np.floor(share + 1e-9).astype(np.int64), 1, most)
    while (gap := take - int(visits.sum())) != 0:  # at most one step a stratum
        step = 1 if gap > 0 else -1
        room = visits < most if gap > 0 else visits > 1
        visits[int(np.argmax(np.where(room, step * (share - visits), -np.inf)))] += step
    return dict(zip(members, map(int, visits), strict=True))


def _check_budget(take: int, size: int, ceiling: int, where: str) -> None:
    if take < 1:
        raise Problem(
            zh=f"户次至少为 1，现为 {take}",
            en=f"At least one visit is needed, not {take}",
            where=where,
            todo_zh="请用 --take 给出要抽多少户，如 480；各层都要至少 1 户。",
            todo_en="Say with --take how many are to be drawn, like 480; each stratum needs one at least.",
        )
    if take > size * ceiling // MILLION:
        over = take > size
        raise Problem(
            zh=f"要抽 {take} 户，名录只有 {size} 户" if over else f"从 {size} 户抽 {take} 户，入样概率会超过上限",
            en=f"{take} visits, but the frame has {size} units"
            if over
            else f"{take} visits among {size} units would put pi over the ceiling",
            where=where,
            todo_zh=f"最多 {size * ceiling // MILLION} 户；要全部检查则无须抽取，逐户安排即可。",
            todo_en=f"At most {size * ceiling // MILLION}; to visit all of them no draw is needed.",
        )


def _millionths(weights: NDArray[np.float64], visits: int, floor: int, ceiling: int, name: str) -> NDArray[np.int64]:
    total = visits * MILLION
    if total < len(weights):
        raise Problem(
            zh=f"层“{name}”有 {len(weights)} 户而只有 {visits} 户次，入样概率低于百万分之一",
            en=f"Stratum {name!r} has {len(weights)} units and {visits} visits: pi would be below one millionth",
            todo_zh="请增加户次或细分该层。",
            todo_en="Raise the visits or divide the stratum.",
        )
    return _round(fill(weights, total, floor, ceiling), total, floor, ceiling)


def _round(exact: NDArray[np.float64], total: int, floor: int, ceiling: int) -> NDArray[np.int64]:
    """Whole numbers near `exact` that sum to `total`: the largest remainders are rounded up."""
    whole = np.clip(np.floor(exact).astype(np.int64), floor, ceiling)
    gap = total - int(whole.sum())
    step = 1 if gap > 0 else -1
    room = whole < ceiling if gap > 0 else whole > floor
    if abs(gap) > int(room.sum()):
        raise AssertionError(f"{gap} millionths can't be placed")
    if gap:
        remainder = np.where(room, step * (exact - whole), -np.inf)
        line = np.partition(remainder, -abs(gap))[-abs(gap)]
        above = np.flatnonzero(remainder > line)
        ties = np.flatnonzero(remainder == line)[: abs(gap) - len(above)]  # the earlier units
        whole[np.concatenate([above, ties])] += step
    return whole

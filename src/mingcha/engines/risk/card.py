"""The model card, as plain data: every figure with its interval and its baselines, every curve with the baselines'.

Pages and the command line only draw it. Figures are of rows that came after the training, over all tested windows.
Drawn rows stand for the frame (min(1/pi, cap)), others for themselves; "weighting" tells which claim that allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mingcha.engines.risk import evaluation, fairness
from mingcha.engines.risk.arrays import Floats, sigmoid
from mingcha.engines.risk.backtest import Pooled, Window, even, pool
from mingcha.engines.risk.config import Config
from mingcha.engines.risk.model import Model
from mingcha.engines.risk.sample import Sample
from mingcha.engines.risk.screening import Proposal
from mingcha.engines.risk.selection import effective_size, weighting

Json = dict[str, Any]

LIMITS = (
    {
        "zh": "评分只用于排检查的先后，不是违法认定，也不是处罚或加重处罚的依据。",
        "en": "A score orders inspections. It is never a finding, nor a ground for a penalty or a heavier one.",
    },
    {
        "zh": "检查尺度是培训与考核中的事实，不据此处分检查人员。",
        "en": "Stringency is a fact for training and appraisal; nobody is punished for it.",
    },
    {
        "zh": "没有已知入样概率的检查（投诉引发、外来数据）只能说明被检查的主体，不能推及全体。",
        "en": "Visits of unknown inclusion probability (led by complaints, or imported) speak for the visited only.",
    },
)


def build(
    model: Model,
    sample: Sample,
    windows: Sequence[Window],
    *,
    proposal: Proposal | None = None,
    factors: Mapping[str, Json] | None = None,
    everything: int = 0,
) -> Json:
    """The card of `model`; NaN stands where there is too little to tell. factors: name -> title, meaning, dataset,
    basis, as the contracts declare them. everything: number of factors of the "full" list in the windows."""
    config = model.config
    p = pool(sample, windows)
    ours, said = _joined(windows, "removed"), np.concatenate([w.calibrated for w in windows])
    others = {
        "logistic": sigmoid(np.concatenate([w.baselines["logistic"] for w in windows])),
        "rule": even(windows, "rule"),
    }
    known = sample.mature()
    figures = _figures(p, ours, said, others, config)
    return {
        "trained": dict(model.about),
        "verdict": verdict(figures["auc"]),
        "tested": {
            "rows": len(p.y),
            "positives": int(p.y.sum()),
            "from": str(min(w.first for w in windows)),
            "until": str(max(w.last for w in windows)),
            "windows": len(windows),
        },
        "windows": [_window(w, config) for w in windows],
        "limits": list(LIMITS),
        "figures": figures,
        "calibration": _calibration(p, said),
        "roc": {"ours": evaluation.roc_points(p.y, ours, p.weight)}
        | {k: evaluation.roc_points(p.y, s, p.weight) for k, s in others.items()},
        "gain": {"ours": evaluation.gain_points(p.y, ours, p.weight)}
        | {k: evaluation.gain_points(p.y, s, p.weight) for k, s in others.items()},
        "scores": _scores(p.y, said),
        "factors": _factors(model, sample, proposal, factors or {}),
        "retained_against_all": _cost(windows, len(model.factors), everything, config),
        "stringency": {
            "sigma": model.effects.sigma,
            "groups": [
                {
                    "name": c.inspector,
                    "component": c.component,
                    "visits": c.visits,
                    "effect": c.effect,
                    "ci95": [c.low, c.high],
                }
                for c in model.effects.contrasts
            ],
        },
        "fairness": _fairness(sample, windows, ours, config),
        "weighting": weighting(sample.pi[known], config.weight_cap).as_dict(),
        "screening": _screening(proposal),
    }


def _window(w: Window, config: Config) -> Json:
    """One tested window: how many, and how well it ranked them beside the baselines."""
    c, ours = config.evaluating, w.removed["retained"]
    area = evaluation.auc_interval(w.y, ours, c.level, weight=w.weight, resamples=c.resamples, seed=config.seed)
    others = {name: evaluation.auc(w.y, w.baselines[name], w.weight) for name in ("logistic", "rule")}
    return {
        "from": str(w.first),
        "until": str(w.last),
        "rows": len(w.y),
        "positives": int(w.y.sum()),
        "auc": _figure(area.value, (area.low, area.high), others | {"random": 0.5}),
    }


def verdict(auc: Json) -> Json:
    """What the tested windows come to, for those who sign: {"level": "none", "rule" or "better", "zh", "en"}."""
    if not auc["ci95"] or auc["ci95"][0] <= 0.5:
        return {
            "level": "none",
            "zh": "检验未能证明排序好于随机：宜用全随机抽取，积累检查结果后再训练。",
            "en": "Not shown to rank better than chance: draw uniformly, and train again with more visits.",
        }
    if auc["value"] <= auc["baselines"].get("rule", 0.5):
        return {
            "level": "rule",
            "zh": "排序好于随机，但不及简单规则：用那条规则即可。",
            "en": "It ranks better than chance, yet no better than the simple rule: that rule will do.",
        }
    return {
        "level": "better",
        "zh": "排序好于随机，也好于简单规则。",
        "en": "It ranks better than chance and than the simple rule.",
    }


def _joined(windows: Sequence[Window], kind: str, name: str = "retained") -> Floats:
    return np.concatenate([getattr(w, kind)[name] for w in windows])


def _figure(value: float, interval: Sequence[float], baselines: Mapping[str, float]) -> Json:
    whole = all(np.isfinite(interval))
    return {
        "value": value,
        "ci95": [float(v) for v in interval] if whole else None,
        "baselines": {k: float(v) for k, v in baselines.items() if np.isfinite(v)},
    }


def _figures(p: Pooled, ours: Floats, said: Floats, others: Mapping[str, Floats], config: Config) -> Json:
    c, n, w0 = config.evaluating, len(p.y), p.weight
    out: Json = {}

    area = evaluation.auc_interval(p.y, ours, c.level, weight=w0, resamples=c.resamples, seed=config.seed)
    rest = {k: evaluation.auc(p.y, s, w0) for k, s in others.items()}
    out["auc"] = _figure(area.value, (area.low, area.high), rest | {"random": 0.5})

    within = evaluation.within_inspector_auc(p.y, ours, p.inspectors)
    if np.isfinite(within):
        spread = evaluation.within_inspector_interval(
            p.y, ours, p.inspectors, resamples=min(c.resamples, 300), level=c.level, seed=config.seed
        )
        rest = {k: evaluation.within_inspector_auc(p.y, s, p.inspectors) for k, s in others.items()}
        out["within_inspector_auc"] = _figure(within, (spread.low, spread.high), rest | {"random": 0.5})

    mine = evaluation.visits(p.y, ours, c.capacity, w0)
    theirs = {k: evaluation.visits(p.y, s, c.capacity, w0) for k, s in others.items()}
    base = mine.base_rate
    low, high = evaluation.wilson(mine.hit_rate, mine.effective)
    rest = {k: v.hit_rate for k, v in theirs.items()}
    out["hit_rate_top_decile"] = _figure(mine.hit_rate, (low, high), rest | {"random": base})
    if base > 0:
        rest = {k: v.lift for k, v in theirs.items()}
        out["lift_top_decile"] = _figure(mine.lift, (low / base, high / base), rest | {"random": 1.0})
    bounds = evaluation.wilson(mine.recall, effective_size(w0[p.y == 1]))
    rest = {k: v.recall for k, v in theirs.items()}
    out["recall_top_decile"] = _figure(mine.recall, bounds, rest | {"random": c.capacity})
    rest = {k: v.compliant for k, v in theirs.items()}
    out["visits_to_compliant"] = _figure(
        mine.compliant,
        (mine.visits * (1 - high), mine.visits * (1 - low)),
        rest | {"random": mine.visits * (1 - base)},
    )

    hit = p.y == 1
    moved = p.moved(ours)
    days = evaluation.bootstrap(
        lambda w: (w @ (moved * hit)) / np.maximum(w @ hit.astype(float), 1),
        n,
        value=float(moved[hit].mean()),
        resamples=c.resamples,
        level=c.level,
        seed=config.seed,
    )
    rest = {k: float(p.moved(s)[hit].mean()) for k, s in others.items()}
    out["days_earlier"] = _figure(days.value, (days.low, days.high), rest | {"random": 0.0})

    mean = float(np.average(p.y, weights=w0))
    error, least = (p.y - said) ** 2 * w0, (p.y - mean) ** 2 * w0
    skill = evaluation.bootstrap(
        lambda w: 1 - (w @ error) / (w @ least),
        n,
        value=evaluation.brier_skill(p.y, said, w0),
        resamples=c.resamples,
        level=c.level,
        seed=config.seed,
    )
    logistic = others["logistic"]
    out["brier_skill"] = _figure(
        skill.value,
        (skill.low, skill.high),
        {"logistic": evaluation.brier_skill(p.y, logistic, w0), "random": 0.0},
    )
    place = np.empty(n, dtype=int)
    order = np.argsort(said, kind="stable")
    for k, at in enumerate(np.array_split(order, 10)):
        place[at] = k
    bins = (place[:, None] == np.arange(10)).astype(np.float64)
    residual = bins * ((p.y - said) * w0)[:, None]
    gap = evaluation.bootstrap(
        lambda w: np.abs(w @ residual).sum(axis=1) / (w @ w0),
        n,
        value=evaluation.calibration_error(p.y, said, w0),
        resamples=c.resamples,
        level=c.level,
        seed=config.seed,
    )
    out["ece"] = _figure(gap.value, (gap.low, gap.high), {"logistic": evaluation.calibration_error(p.y, logistic, w0)})
    return {name: figure for name, figure in out.items() if np.isfinite(figure["value"])}


def _calibration(p: Pooled, said: Floats) -> list[Json]:
    curve = evaluation.calibration_curve(p.y, said, p.weight)
    return [
        {
            "predicted": b["predicted"],
            "observed": b["observed"],
            "ci95": [b["low"], b["high"]],
            "rows": len(part),
        }
        for b, part in zip(curve, np.array_split(np.arange(len(said)), len(curve)), strict=True)
    ]


def _scores(y: Floats, said: Floats) -> Json:
    edges = np.linspace(0, 1, 21)
    return {
        "edges": [round(float(e), 2) for e in edges],
        "all": np.histogram(said, edges)[0].tolist(),
        "positives": np.histogram(said[y == 1], edges)[0].tolist(),
    }


def importance(model: Model, sample: Sample, rows: int = 2000, seed: int = 0) -> Floats:
    """(p,) mean absolute part of each factor in the log odds, as shares that sum to 1."""
    n = len(sample)
    part = np.arange(n) if n <= rows else np.sort(np.random.default_rng(seed).choice(n, rows, replace=False))
    x = np.ascontiguousarray(sample.take(part).select(model.factors).x)
    parts, _ = model.learner.contributions(x, threads=model.config.threads)
    mean = np.abs(parts - parts.mean(axis=0)).mean(axis=0) if len(x) else np.zeros(len(model.factors))
    return np.asarray(mean / max(float(mean.sum()), 1e-12))


def _factors(model: Model, sample: Sample, proposal: Proposal | None, told: Mapping[str, Json]) -> list[Json]:
    share = importance(model, sample, seed=model.config.seed)
    found = {f.name: f for f in proposal.factors} if proposal else {}
    pull = {1: "up", -1: "down", 0: "none"}
    out = []
    for j in np.argsort(-share, kind="stable"):
        name = model.factors[j]
        screened = found.get(name)
        declared = {"title": {"zh": name, "en": name}, "meaning": {"zh": "", "en": ""}, "dataset": "", "basis": {}}
        out.append(
            {
                "name": name,
                **declared,
                **told.get(name, {}),
                "direction": pull[model.directions[j]],
                "importance": float(share[j]),
                "stability": screened.survived if screened else None,
                "psi": screened.psi if screened else None,
                "missing": screened.missing if screened else None,
                "weak": screened.weak if screened else None,
                "same_cluster": [list(c) for c in screened.cluster] if screened else [],
            }
        )
    return out


def _cost(windows: Sequence[Window], retained: int, everything: int, config: Config) -> Json | None:
    """What few factors cost: AUC of both lists on the same rows, and the paired difference."""
    both = [w for w in windows if "full" in w.removed]
    if not both:
        return None
    c = config.evaluating
    y = np.concatenate([w.y for w in both])
    few, many = _joined(both, "removed"), _joined(both, "removed", "full")
    a, b = (evaluation.auc_interval(y, s, c.level) for s in (few, many))
    gain = evaluation.paired_auc_gain(y, few, many, resamples=c.resamples, level=c.level, seed=config.seed)
    return {
        "retained": {"factors": retained, "value": a.value, "ci95": [a.low, a.high]},
        "all": {"factors": everything, "value": b.value, "ci95": [b.low, b.high]},
        "cost": {"value": gain.value, "ci95": [gain.low, gain.high]},
    }


def _fairness(sample: Sample, windows: Sequence[Window], ours: Floats, config: Config) -> list[Json]:
    """Rates by group where the highest `capacity` share of each window is visited."""
    rows = np.concatenate([w.rows for w in windows])
    y, weight = sample.y[rows], np.concatenate([w.weight for w in windows])
    chosen = np.zeros(len(rows), dtype=bool)
    start = 0
    for w in windows:
        part = ours[start : start + len(w.rows)]
        chosen[start + evaluation.highest(part, config.evaluating.capacity, w.weight)] = True
        start += len(w.rows)
    tables = []
    for name, levels in sample.groups.items():
        rates = fairness.by_group(y, chosen, levels[rows], weight)
        gates = fairness.failing(name, rates)
        groups = []
        for level, by in rates.items():
            row: Json = {"name": level, "rows": int(np.sum(levels[rows] == level))}
            for rate in fairness.RATES:
                r = by[rate]
                ok = np.isfinite(r.value)
                row[rate] = {"value": r.value, "ci95": [r.low, r.high], "ratio": r.ratio} if ok else None
            groups.append(row)
        tables.append(
            {
                "attribute": {"zh": name, "en": name},
                "passes": not gates,
                "gates": [g.as_dict() for g in gates],
                "groups": groups,
            }
        )
    return tables


def _screening(proposal: Proposal | None) -> Json | None:
    if proposal is None:
        return None
    reasons = list(proposal.dropped.values())
    return {
        "candidates": proposal.candidates,
        "rows": proposal.rows,
        "rounds": proposal.rounds,
        "dropped": {r: reasons.count(r) for r in sorted(set(reasons))},
        "path": [dict(step) for step in proposal.path],
    }

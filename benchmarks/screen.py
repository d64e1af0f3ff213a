"""`mingcha bench screen`: are twelve true factors found among a thousand candidates, and little else?

The population is simulated, by code that knows nothing of the method. Twelve true factors, of single AUC between
.52 and .58 over the rows where they are known, some straight, some bent, some stepped; each has three to eight
proxies at rho .9. All other candidates are noise: alone, in correlated families, or moving with time. Every candidate
is spread in its own way (bell, money, counts, rounded) and has up to 30% of values missing, alone or together with
others of its department. One row in ten is a violation.

In the same run, as references: the AUC of a logistic regression that is told the twelve true factors (oracle), on the
last fifth of the time, beside that of the screened list; and what the twelve best single AUCs would have found.
"""

from __future__ import annotations

import json as text
import resource
import time
from typing import Any

import numpy as np

TRUE = 12


def population(rows: int, candidates: int, seed: int) -> dict[str, Any]:
    """x (rows, candidates) float32; y; as_of; group (candidates,): number of the true factor, -1 for noise."""
    from scipy.stats import norm

    rng = np.random.default_rng([seed, 20])
    day = np.sort(rng.integers(0, 730, rows))
    hidden = rng.standard_normal((TRUE, rows), dtype=np.float32)
    shapes = [hidden[j] for j in range(TRUE)]
    shapes[3], shapes[7] = np.tanh(hidden[3]), np.tanh(hidden[7])  # bent
    shapes[5] = np.where(hidden[5] > 0.4, 1.0, 0.0)  # stepped
    shapes = [(s - s.mean()) / s.std() for s in shapes]

    # Strengths that give the wanted single AUC, found by trying: they are a matter of the population alone.
    wanted = rng.permutation(np.linspace(0.5225, 0.5775, TRUE))
    sign = rng.choice([-1.0, 1.0], TRUE)
    strength = np.sqrt(2) * norm.ppf(wanted)
    chance = rng.random(rows)
    season = 0.15 * np.sin(day / 365 * 2 * np.pi)
    for _ in range(4):
        odds = season + sum(s * g * z for s, g, z in zip(strength, sign, shapes, strict=True))
        low, high = -8.0, 4.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if _expit(odds + middle).mean() > 0.1 else (middle, high)
        y = chance < _expit(odds + low)
        single = np.array([_auc(y, g * z) for g, z in zip(sign, hidden, strict=True)])
        strength *= (wanted - 0.5) / (single - 0.5)

    share = min(1.0, candidates / 300)
    columns: list[tuple[int, str, int]] = []  # (true factor or -1, kind, family)
    for j in range(TRUE):
        proxies = max(1, int(rng.integers(3, 9) * share))
        columns += [(j, "true", j)] + [(j, "proxy", j)] * proxies
    family = TRUE
    while len(columns) < candidates:
        size = min(int(rng.choice([1, 1, 1, 2, 3, 6])), candidates - len(columns))
        kind = "moving" if rng.random() < 0.01 else "noise"
        columns += [(-1, kind, family)] * size
        family += 1

    x = np.empty((rows, candidates), np.float32)
    group = np.empty(candidates, np.int64)
    common: dict[int, Any] = {}
    departments = rng.random((20, rows)) < rng.uniform(0.02, 0.25, (20, 1))
    for place, (j, kind, family) in zip(rng.permutation(candidates), columns, strict=True):
        own = rng.standard_normal(rows, dtype=np.float32)
        if kind == "true":
            value = hidden[j]
        elif kind == "proxy":
            value = np.float32(0.9) * hidden[j] + np.float32(np.sqrt(1 - 0.81)) * own
        else:
            base, rho = common.setdefault(
                family, (rng.standard_normal(rows, dtype=np.float32), np.float32(rng.uniform(0.4, 0.97)))
            )
            value = rho * base + np.sqrt(1 - rho**2) * own
            if kind == "moving":
                value = value + np.float32(1.5) * (day / 730).astype(np.float32)
        spread = rng.integers(4)
        if spread == 1:
            value = np.exp(value)
        elif spread == 2:
            value = np.floor(4 * np.exp(value))
        elif spread == 3:
            value = np.round(value, 1)
        gone = departments[rng.integers(20)] if rng.random() < 0.5 else rng.random(rows) < rng.uniform(0, 0.3)
        x[:, place] = np.where(gone, np.float32(np.nan), value)
        group[place] = j
    as_of = np.datetime64("2023-01-01") + day
    return {"x": x, "y": y.astype(float), "as_of": as_of, "group": group, "single": single, "true": hidden}


def _expit(z: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * z))


def _auc(y: Any, score: Any) -> float:
    from scipy.stats import rankdata

    there = ~np.isnan(score)
    ranks, hit = rankdata(score[there]), y[there] == 1
    m = int(hit.sum())
    return float((ranks[hit].sum() - m * (m + 1) / 2) / (m * (len(hit) - m)))


def _references(p: dict[str, Any], kept: list[int]) -> dict[str, float]:
    """AUC on the last fifth of the time of: the oracle, and a booster of the screened list. Single AUC's dozen."""
    from sklearn.linear_model import LogisticRegression

    from mingcha.engines.risk.booster import fit
    from mingcha.engines.risk.config import Config

    x, y, day = p["x"], p["y"], p["as_of"]
    late = day >= np.sort(day)[int(len(day) * 0.8)]
    true = p["true"].T
    oracle = LogisticRegression().fit(true[~late], y[~late])
    base = np.full(int((~late).sum()), np.log(y.mean() / (1 - y.mean())))
    ours = fit(
        np.ascontiguousarray(x[~late][:, kept]),
        y[~late],
        offset=base,
        weight=np.ones(len(base)),
        trees=200,
        directions=[0] * len(kept),
        config=Config().boosting,
        seed=1,
        threads=2,
    )
    part = np.random.default_rng(0).choice(len(y), min(len(y), 50_000), replace=False)
    single = np.array([abs(_auc(y[part], x[part, j]) - 0.5) for j in range(x.shape[1])])
    dozen = np.argsort(-single)[:TRUE]
    return {
        "oracle_auc": round(_auc(y[late], oracle.decision_function(true[late])), 4),
        "screened_auc": round(_auc(y[late], ours.raw(np.ascontiguousarray(x[late][:, kept]))), 4),
        "best_singles_recovered": len(set(p["group"][dozen]) - {-1}),
    }


def run(entities: int, candidates: int, seed: int) -> dict[str, Any]:
    from mingcha.engines.risk.config import Config
    from mingcha.engines.risk.sample import Sample
    from mingcha.engines.risk.screening import screen

    p = population(entities, candidates, seed)
    names = [f"factor_{j:04d}" for j in range(candidates)]
    sample = Sample.build(factors=names, x=p["x"], as_of=p["as_of"], y=p["y"], label_window=30)
    started, busy = time.perf_counter(), time.process_time()
    proposal = screen(sample, config=Config())
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    kept = [names.index(f) for f in proposal.names]
    groups = [int(p["group"][j]) for j in kept]
    return {
        "seed": seed,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(busy, 1),  # of both threads: what the machine's other work can't blur
        "true_planted": TRUE,
        "true_recovered": len(set(groups) - {-1}),
        "false_kept": groups.count(-1),
        "kept": len(kept),
        "kept_weak": sum(f.weak for f in proposal.factors),  # below the bar, kept to make up the dozen
        "single_auc": [round(float(p["single"].min()), 3), round(float(p["single"].max()), 3)],
        "base_rate": round(float(p["y"].mean()), 4),
        "missing": round(float(np.isnan(p["x"]).mean()), 3),
        **_references(p, kept),
    }


def main(entities: int = 200_000, candidates: int = 1000, seeds: int = 3, json: bool = True) -> None:
    """Screen simulated candidates; print what was found and what it took."""
    import os
    import platform

    runs = [run(entities, candidates, seed) for seed in range(seeds)]
    report = {
        "benchmark": "screen",
        "simulated": True,
        "entities": entities,
        "candidates": candidates,
        "seconds": max(r["seconds"] for r in runs),
        "true_planted": TRUE,
        "true_recovered": min(r["true_recovered"] for r in runs),
        "false_kept": max(r["false_kept"] for r in runs),
        "seeds": runs,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
    }
    if json:
        print(text.dumps(report, ensure_ascii=False, indent=2))
        return
    for r in runs:
        print(
            f"seed {r['seed']} (simulated): {r['true_recovered']} of {TRUE} found, {r['false_kept']} false, "
            f"{r['seconds']} s; AUC {r['screened_auc']} (oracle {r['oracle_auc']})"
        )

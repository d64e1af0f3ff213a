"""`mingcha example NAME`: real public data through the same import, factors and model as anywhere else.

What an example is stands in contracts/NAME/example.yaml; there is no code for any city here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mingcha.instance import home
from mingcha.problems import Problem

CONTRACTS = Path(__file__).resolve().parents[4] / "contracts"
Report = Callable[[str, str], None]


@dataclass(frozen=True)
class Example:
    name: str
    folder: Path
    said: dict[str, Any]

    def files(self, data: Path) -> dict[Path, Path]:
        """Contract -> file in `data`; a file may have .gz or not. Problem naming what is missing."""
        found = {}
        for contract, name in self.said["contracts"].items():
            plain = data / name.removesuffix(".gz")
            paths = [p for p in (data / name, plain, plain.with_name(plain.name + ".gz")) if p.is_file()]
            if not paths:
                raise Problem(
                    zh=f"数据目录中缺少 {name}。",
                    en=f"{name} is missing from the data folder.",
                    where=str(data),
                    todo_zh="需要这些文件：" + "、".join(self.said["contracts"].values()),
                    todo_en="These files are needed: " + ", ".join(self.said["contracts"].values()),
                )
            found[self.folder / contract] = paths[0]
        return found


def read_example(name: str) -> Example:
    path = CONTRACTS / name / "example.yaml"
    if not path.is_file():
        there = sorted(p.parent.name for p in CONTRACTS.glob("*/example.yaml"))
        raise Problem(
            zh=f"没有示例“{name}”。",
            en=f"There is no example {name!r}.",
            todo_zh="可用：" + "、".join(there),
            todo_en="There are: " + ", ".join(there),
        )
    return Example(name, path.parent, yaml.safe_load(path.read_text(encoding="utf-8")))


def own_instance(example: Example, data: Path) -> Path:
    """An instance of its own for these bytes and contracts, below MINGCHA_HOME, so that nothing gets mixed.

    Call it before Django is set up: it sets MINGCHA_HOME for this process.
    """
    digest = hashlib.sha256()
    for contract, file in example.files(data).items():
        digest.update(contract.read_bytes())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    place = home() / "examples" / f"{example.name}-{digest.hexdigest()[:12]}"
    place.mkdir(parents=True, exist_ok=True)
    os.environ["MINGCHA_HOME"] = str(place)
    return place


def run_example(
    example: Example,
    data: Path,
    *,
    train_until: dt.date,
    test: tuple[dt.date, dt.date],
    rolling: str = "",
    window: int = 2,
    scores: Path | None = None,
    report: Report = lambda zh, en: None,
) -> dict[str, Any]:
    """Import, learn from what was known before `train_until`, test on `test` (both days included), compare."""
    import numpy as np

    from mingcha.apps.exchange.services import batch_import
    from mingcha.engines.risk import splits
    from mingcha.engines.risk.backtest import Factors, backtest, require_windows, tested_on
    from mingcha.engines.risk.config import Config

    from .backtests import material, paired_over, retained_of, window_json, write_scores

    begun = time.perf_counter()
    config, said = Config(), example.said
    for contract, file in example.files(data).items():
        report(f"导入 {file.name}", f"import {file.name}")
        batch_import(contract=contract, files=[file])
    imported = time.perf_counter()
    first_month = [dt.date.fromisoformat(f"{rolling.split(':')[0]}-01")] if rolling else []
    before = min([dt.date.fromisoformat(said["known_before"]), train_until, *first_month])
    stuff = material(said["dataset"], said["risk_point"], known_before=before, report=report)
    sample = stuff.sample
    computed = time.perf_counter()

    split = splits.at(sample, *test)
    known = sample.mature(np.datetime64(train_until))
    split = tested_on(splits.Split(np.flatnonzero(known), split.test, split.first, split.last), stuff.tested)
    require_windows([split] if len(split.test) and len(split.train) else [])
    report("筛选因子", "screen the candidates")
    retained = retained_of(stuff, train_until, config)
    full = Factors.of(sample.factors, stuff.prior)
    lists = {"retained": retained, "full": full}
    baselines = {"city_logistic": said["city_logistic"]}
    report("训练并检验", "train and test")

    def tested(parts: list[Any], chosen: Factors) -> Any:
        return backtest(sample, parts, chosen, config=config, full=full, logistic=baselines, rule=said.get("rule"))

    one = tested([split], retained)[0]
    found = window_json(one, sample, config, lists)
    path = scores or Path.cwd() / f"{example.name}-scores.csv"
    write_scores(path, one, sample, said["columns"])
    out = {
        "example": example.name,
        **{k: found[k] for k in ("trained_on", "test_rows", "positives", "retained", "full", "baselines")},
        "paired_gain_over_city_ci95": {n: paired_over([one], n, "city_logistic", config) for n in lists},
        "scores_csv": str(path.absolute()),
    }
    if rolling:
        first, last = ([*rolling.split(":"), ""])[:2]
        parts = [tested_on(s, stuff.tested) for s in splits.rolling(sample, first, last, window)]
        require_windows(parts)
        report(f"滚动检验 {len(parts)} 个窗口", f"test {len(parts)} rolling windows")
        early = retained_of(stuff, parts[0].first, config)  # by what was known before the first window
        windows = tested(parts, early)
        out["rolling"] = [window_json(w, sample, config, {"retained": early, "full": full}) for w in windows]
        out["rolling_mean"] = {
            name: {
                kind: {
                    k: float(np.nanmean([w[name][kind][k] for w in out["rolling"]]))
                    for k in ("auc", "within_inspector_auc", "days_earlier", "found_first_half")
                }
                for kind in ("with_stringency_removed", "with_inspector")
            }
            for name in lists
        } | {
            "baselines": {
                name: {
                    k: float(np.nanmean([w["baselines"][name][k] for w in out["rolling"]]))
                    for k in ("auc", "days_earlier")
                }
                for name in out["rolling"][0]["baselines"]
            }
        }
        out["paired_gain_over_city_ci95"]["rolling"] = {
            n: paired_over(windows, n, "city_logistic", config) for n in lists
        }
    ended = time.perf_counter()
    out["seconds"] = {
        "import": round(imported - begun, 1),
        "factors": round(computed - imported, 1),
        "model": round(ended - computed, 1),
        "all": round(ended - begun, 1),
    }
    return out

"""A trained model: a folder of plain text that scores, with one digest over all its bytes. No pickle anywhere."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mingcha.engines.risk.arrays import Floats, Ints, sigmoid
from mingcha.engines.risk.booster import Ensemble
from mingcha.engines.risk.calibration import Calibration
from mingcha.engines.risk.config import Config
from mingcha.engines.risk.learner import Learner
from mingcha.engines.risk.linear import Linear
from mingcha.engines.risk.sample import Inspectors, Sample
from mingcha.engines.risk.stringency import Effects
from mingcha.problems import Problem

FORMAT = "mingcha-model-1"


@dataclass(frozen=True, eq=False)
class Days:
    """Factors that are the same for everyone on a day (season, weather), with their values on some days of a year.

    columns: (d,) places in the model's factors. values: (k, d), NaN where unknown; (1, 0) where there are none.
    """

    columns: Ints
    values: Floats

    @classmethod
    def none(cls) -> Days:
        return cls(np.zeros(0, np.int64), np.zeros((1, 0), np.float32))

    @classmethod
    def of(cls, sample: Sample, factors: Sequence[str], days: Collection[str], most: int = 12) -> Days:
        """The values of `days`, which are among `factors`, on `most` days of the sample's last year."""
        columns = np.array([j for j, name in enumerate(factors) if name in days], dtype=np.int64)
        if not len(columns):
            return cls.none()
        order = np.argsort(sample.as_of, kind="stable")
        late = order[sample.as_of[order] > sample.as_of.max() - np.timedelta64(365, "D")]
        rows = late[np.linspace(0, len(late) - 1, min(most, len(late))).round().astype(np.int64)]
        return cls(columns, sample.select([factors[j] for j in columns]).x[rows])

    @classmethod
    def read(cls, said: Mapping[str, Any] | None) -> Days:
        if not said or not said["columns"]:
            return cls.none()
        return cls(np.array(said["columns"], np.int64), np.array(said["values"], np.float32))

    def as_dict(self) -> dict[str, Any]:
        rows = [[None if np.isnan(v) else float(v) for v in row] for row in self.values]
        return {"columns": self.columns.tolist(), "values": rows}

    def on_each(self, x: Floats) -> Iterator[Floats]:
        """`x`, (n, p), as it would be on each of the days."""
        for values in self.values:
            x = x.copy()
            x[:, self.columns] = values
            yield x


@dataclass(frozen=True, eq=False)
class Model:
    """factors, directions: (p,) names, and +1, -1 or 0. grid: (p, 21) each factor's quantiles, 0% to 100%, when it
    was trained. calibration: None until one is fitted. about: what the card says of the training. days: over which
    firms are scored, since a plan's visits fall on any day."""

    factors: tuple[str, ...]
    directions: tuple[int, ...]
    learner: Learner
    effects: Effects
    calibration: Calibration | None
    grid: Floats
    config: Config
    about: Mapping[str, Any] = field(default_factory=dict)
    days: Days = field(default_factory=Days.none)

    def log_odds(self, x: Floats) -> Floats:
        """(n,) log odds of a violation under an average inspector; x: (n, p) in the order of `factors`.

        The order of firms by this is their order by `score`: averaging over one distribution keeps it.
        """
        return self.effects.intercept + self.learner.raw(x, threads=self.config.threads)

    def probability(self, log_odds: Floats) -> Floats:
        """(n,) calibrated probabilities, the inspector averaged out, of log odds under an average inspector."""
        return self._calibrated(self.effects.marginal(log_odds))

    def score(self, sample: Sample) -> Floats:
        """(n,) calibrated probability of a violation, whoever comes. Problem: a factor of the model is missing."""
        return self.probability(self.log_odds(self._columns(sample)))

    def score_any_day(self, sample: Sample) -> Floats:
        """(n,) the same on a day that isn't known yet, by which firms are chosen: the log odds are averaged over
        `days`, so that neither the season nor the weather of the day of scoring moves anyone's class."""
        return self.probability(self.log_odds_any_day(self._columns(sample)))

    def log_odds_any_day(self, x: Floats) -> Floats:
        return np.asarray(np.mean([self.log_odds(each) for each in self.days.on_each(x)], axis=0))

    def score_with_inspector(self, sample: Sample) -> Floats:
        """(n,) calibrated probability that this row's inspectors record a violation. For checks of the model and of
        stringency, never for choosing firms."""
        return self.with_inspector(self.log_odds(self._columns(sample)), sample.inspectors)

    def with_inspector(self, log_odds: Floats, inspectors: Inspectors) -> Floats:
        return self._calibrated(sigmoid(log_odds + self.effects.of(inspectors)))

    def _calibrated(self, p: Floats) -> Floats:
        return p if self.calibration is None else self.calibration.apply(p)

    def _columns(self, sample: Sample) -> Floats:
        return np.ascontiguousarray(sample.select(self.factors).x)

    @property
    def base(self) -> float:
        """Log odds of a firm whose every factor adds nothing."""
        _, start = self.learner.contributions(np.full((1, len(self.factors)), np.nan, np.float32))
        return float(self.effects.intercept + start[0])

    def files(self) -> dict[str, bytes]:
        """Everything the model is, by file name."""
        manifest = {
            "format": FORMAT,
            "factors": list(self.factors),
            "directions": list(self.directions),
            "boosters": len(self.learner.trees.texts),
            "share": self.learner.share,
            "line": self.learner.line.as_dict(),
            "effects": self.effects.as_dict(),
            "calibration": self.calibration.as_dict() if self.calibration else None,
            "days": self.days.as_dict(),
            "grid": [None if np.isnan(row).any() else row.tolist() for row in self.grid],
            "config": self.config.as_dict(),
            "about": dict(self.about),
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
        boosters = {f"booster-{i}.txt": t.encode() for i, t in enumerate(self.learner.trees.texts)}
        return {"model.json": text.encode(), **boosters}

    @property
    def digest(self) -> str:
        return digest(self.files())


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and bytes, each with its length before it, in the order of the names; hex."""
    h = hashlib.sha256(b"mingcha/model")
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            h.update(len(part).to_bytes(8, "big") + part)
    return h.hexdigest()


def save(model: Model, folder: Path) -> str:
    """Write the model's folder whole or not at all (a folder beside it, fsynced, then renamed); its digest.

    A folder that holds just this model is left as it is, with what others keep in it: the scores, the first scoring.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    files = model.files()
    mark = digest(files)
    if folder.is_dir() and _written(folder) == mark == digest(_bytes(folder)):
        return mark
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, data in {**files, "DIGEST": f"{mark}\n".encode()}.items():
            with (beside / name).open("wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            folder.rename(old / "model")
            beside.rename(folder)
            shutil.rmtree(old)
        else:
            beside.rename(folder)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise Problem(
            zh="模型没有写成，原有模型未动。",
            en="The model could not be written; what was there before is untouched.",
            where=f"{folder}: {error.strerror}",
            todo_zh="请检查磁盘空间和目录权限后重试。",
            todo_en="Check the space on the disk and the folder's permissions, then try again.",
        ) from error
    return mark


def _written(folder: Path) -> str:
    """The digest that was written beside the model; "" where there is none."""
    return (folder / "DIGEST").read_text().strip() if (folder / "DIGEST").is_file() else ""


def _bytes(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name == "model.json" or p.suffix == ".txt"}


def load(folder: Path) -> Model:
    """The model that `save` wrote. Problem: not trained yet, or not the bytes that were written."""
    if not (folder / "model.json").is_file():
        raise Problem(
            zh="模型尚未训练，不能评分。",
            en="The model has not been trained, so it can't score.",
            where=str(folder),
            todo_zh="请先运行 mingcha risk train。",
            todo_en="Run `mingcha risk train` first.",
        )
    files = _bytes(folder)
    if digest(files) != _written(folder):
        raise Problem(
            zh="模型文件已被改动或损坏：摘要不符。",
            en="The model's files were changed or damaged: their digest does not match.",
            where=str(folder),
            todo_zh="请从备份恢复，或重新训练。",
            todo_en="Restore it from a backup, or train again.",
        )
    m = json.loads(files["model.json"])
    if m.get("format") != FORMAT:
        raise Problem(
            zh=f"不认识的模型格式：{m.get('format')}",
            en=f"Unknown format of model: {m.get('format')}",
            where=str(folder),
            todo_zh="请用本版本重新训练。",
            todo_en="Train it again with this version.",
        )
    texts = tuple(files[f"booster-{i}.txt"].decode() for i in range(m["boosters"]))
    return Model(
        factors=tuple(m["factors"]),
        directions=tuple(m["directions"]),
        learner=Learner(Ensemble(texts), Linear.of(m["line"]), m["share"]),
        effects=Effects.from_dict(m["effects"]),
        calibration=Calibration.of(m["calibration"]) if m["calibration"] else None,
        grid=np.array([row or [np.nan] * 21 for row in m["grid"]], dtype=np.float64).reshape(-1, 21),
        config=Config.of(m["config"]),
        about=m["about"],
        days=Days.read(m.get("days")),
    )


def quantile_grid(x: Floats) -> Floats:
    """(p, 21) quantiles of the known values of each column, 0% to 100%; NaN for a column without any."""
    grid = np.full((x.shape[1], 21), np.nan)
    for j in range(x.shape[1]):
        known = x[~np.isnan(x[:, j]), j]
        if len(known):
            grid[j] = np.quantile(known, np.linspace(0, 1, 21))
    return grid

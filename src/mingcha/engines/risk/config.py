"""Every number that a person may set, in one frozen preset that goes into the model's folder and card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, Self, get_type_hints

from mingcha.problems import Problem


class _Settings:
    """Reading from plain dicts, so that a preset can stand in JSON; unknown names are refused."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        hints = get_type_hints(cls)
        if unknown := sorted(set(values) - {f.name for f in fields(cls)}):  # type: ignore[arg-type]
            raise Problem(
                zh=f"没有这样的设置：{'、'.join(unknown)}",
                en=f"There are no such settings: {', '.join(unknown)}",
                where=cls.__name__,
                todo_zh="可用设置：" + "、".join(hints),
                todo_en="Settings: " + ", ".join(hints),
            )
        made = {
            k: hints[k].of(v) if is_dataclass(hints[k]) and isinstance(v, Mapping) else v for k, v in values.items()
        }
        return cls(**made)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True)
class Screening(_Settings):
    psi_limit: float = 0.25  # a factor whose distribution moves more than this between halves of the time is out
    fewest: int = 30  # rows that must differ from a factor's commonest value
    sketch: int = 20_000  # rows for rank correlations and PSI
    cluster: float = 0.7  # |Spearman| on average, at which factors are one cluster
    pairs: int = 5  # complementary halves; the last two split the time; each pair gives two rounds
    shadows: int = 150  # permuted copies a round; a factor must beat the best of them
    survive: float = 0.8  # share of rounds that a factor must survive
    trees: int = 60  # a round
    leaves: int = 6
    learning_rate: float = 0.1
    at_least: int = 12  # proposed even if fewer survive, the best of the rest, marked weak; none is eliminated below
    errors: float = 1.0  # backward elimination: how many standard errors a smaller list may lose
    refit_trees: int = 300
    folds: int = 5
    direction: float = 0.9  # share of a factor's effect that a monotone curve must explain, in every fold


@dataclass(frozen=True)
class Boosting(_Settings):
    share: float = 0.5  # of the trees in the score; the rest is the ridge logistic regression's
    leaves: int = 8
    learning_rate: float = 0.03
    most_trees: int = 600
    fewest_rows: int = 100  # in a leaf
    l2: float = 30.0
    factors_a_tree: int = 10  # but a fifth of them at least, a half at most
    row_fraction: float = 0.6
    random_cuts: bool = True  # thresholds tried at random: steadier where the signal is weak
    max_bin: int = 31
    bags: int = 2  # boosters with different seeds, averaged
    folds: int = 3  # time folds that choose the number of trees and the line's penalty

    def __post_init__(self) -> None:
        if not 2 <= self.leaves <= 15:
            raise Problem(
                zh=f"树的叶子数须在 2 到 15 之间，却是 {self.leaves}。",
                en=f"A tree has 2 to 15 leaves, not {self.leaves}.",
                todo_zh="叶子多了，理由就说不清。",
                todo_en="With more, reasons can't be told.",
            )


@dataclass(frozen=True)
class Stringency(_Settings):
    cycles: int = 2  # rounds of booster given inspectors, inspectors given booster
    folds: int = 4  # the booster that inspectors are given is one that hasn't seen the row
    edge: int = 1  # visits that connect an inspector to a stratum
    points: int = 33  # support of the one fixed distribution over which inspectors are marginalised


@dataclass(frozen=True)
class Calibrating(_Settings):
    days: int = 365  # the latest mature window
    isotonic_from: int = 1000  # positives; with fewer, Platt


@dataclass(frozen=True)
class Evaluating(_Settings):
    capacity: float = 0.1  # share of rows that can be visited, for hit rate, lift, recall
    level: float = 0.95
    resamples: int = 1000


@dataclass(frozen=True)
class Config(_Settings):
    """The preset. `seed` fixes every draw of chance; `threads` never changes a result."""

    seed: int = 20_250_101
    threads: int = 2
    weight_cap: float = 20.0
    windows: int = 4  # rolling-origin windows of a backtest for which no months are given
    window_days: int = 60
    screening: Screening = field(default_factory=Screening)
    boosting: Boosting = field(default_factory=Boosting)
    stringency: Stringency = field(default_factory=Stringency)
    calibrating: Calibrating = field(default_factory=Calibrating)
    evaluating: Evaluating = field(default_factory=Evaluating)

"""Three years of the simulated city: who opens and closes, what departments notice, whom inspectors visit and find."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .assumptions import FOOD, SECTORS, SIGNALS, Assumptions
from .inspectors import Inspectors, appoint, assign, outcomes
from .truth import Firms, Floats, Ground, Ints, events, found, ground, log_odds, pass_quarter

FIRST_DAY = np.datetime64("2023-10-01")
QUARTERS = 12
STRATA = ("餐饮", "食品生产销售", "其他行业")
VISIT_SHARE = (0.050, 0.030, 0.020)  # of a stratum's firms that a quarter's lawful draw takes
LED_SHARE = 0.25  # of firms with two complaints or more in a quarter that are visited for them


@dataclass(frozen=True)
class Visits:
    """One value a visit. `pi` is NaN where no draw made the visit; `quarter` and `firm` say when and whom."""

    firm: NDArray[np.intp]
    quarter: Ints
    pair: NDArray[np.intp]  # (V, 2)
    pi: Floats
    stratum: Ints
    violation: NDArray[np.bool_]
    recorded: NDArray[np.bool_]


@dataclass(frozen=True)
class Story:
    """`closed`: quarter of closing, QUARTERS for firms that stand. `signals`: firm and quarter of each event."""

    firms: Firms
    land: Ground
    inspectors: Inspectors
    closed: Ints
    signals: dict[str, tuple[NDArray[np.intp], Ints]]
    visits: Visits
    probability: Floats  # of a violation in the last quarter, to a middling pair; hidden


def quarter_start(quarter: NDArray | int) -> NDArray:
    """First day of a quarter (negative before the story), datetime64[D]."""
    return (FIRST_DAY.astype("datetime64[M]") + 3 * np.asarray(quarter)).astype("datetime64[D]")


def stratum_of(sector: Ints) -> Ints:
    return np.where(sector == SECTORS.index("catering"), 0, np.where(np.isin(sector, FOOD), 1, 2)).astype(np.int32)


def stations_of(entities: int) -> int:
    """How many station areas a city of so many entities has."""
    return max(12, round(entities / 8_000))


def tell(rng: np.random.Generator, n: int, assumed: Assumptions) -> Story:
    """The story of `n` firms, those that opened or closed on the way included."""
    land = ground(rng, n, assumed, stations=stations_of(n))
    firms = _cohorts(rng, n, land, assumed)
    inspectors = appoint(rng, land.stations, max(40, n // 2_500), assumed)
    stratum = stratum_of(firms.sector)
    covered = {name: rng.random(n) < signal.covered for name, signal in SIGNALS.items()}
    closed = np.full(n, QUARTERS, dtype=np.int32)
    seen: dict[str, list[NDArray]] = {name: [] for name in SIGNALS}
    visits: list[Visits] = []
    complaints = np.zeros(n, dtype=np.int32)
    for quarter in range(QUARTERS):
        pass_quarter(rng, firms, assumed)
        alive = (firms.born <= quarter) & (closed > quarter)
        pair = assign(rng, inspectors, firms.station)
        outcome = outcomes(rng, firms, quarter, inspectors.strictness[pair].mean(axis=1), assumed)
        rows, pi = _draw(rng, np.flatnonzero(alive & (firms.born < quarter)), stratum)
        led = np.flatnonzero(alive & (complaints >= 2) & (rng.random(n) < LED_SHARE))
        led = np.setdiff1d(led, rows)
        whom = np.concatenate([rows, led])
        visits.append(
            Visits(
                firm=whom, quarter=np.full(len(whom), quarter, dtype=np.int32), pair=pair[whom],
                pi=np.concatenate([pi, np.full(len(led), np.nan)]).astype(np.float32), stratum=stratum[whom],
                violation=outcome.violation[whom], recorded=outcome.recorded[whom],
            )
        )  # fmt: skip
        firms.caught[whom[outcome.recorded[whom]]] = 1
        for name, signal in SIGNALS.items():
            count = events(rng, firms, signal) * (alive & covered[name])
            seen[name].append(count)
            if name == "complaint":
                complaints = count
        closing = alive & (rng.random(n) < assumed.turnover)
        closed[closing] = quarter + 1
    probability = 1 / (1 + np.exp(-log_odds(firms, QUARTERS, assumed)))
    return Story(
        firms, land, inspectors, closed, {name: _exploded(counts) for name, counts in seen.items()},
        Visits(**{f.name: np.concatenate([getattr(v, f.name) for v in visits]) for f in fields(Visits)}),
        probability.astype(np.float32),
    )  # fmt: skip


def _cohorts(rng: np.random.Generator, n: int, land: Ground, assumed: Assumptions) -> Firms:
    """Firms of before, and a cohort for each quarter, so that about as many open as close."""
    fresh = round(n * assumed.turnover / (1 + assumed.turnover * QUARTERS))
    parts = [found(rng, n - fresh * QUARTERS, land, assumed)]
    for quarter in range(QUARTERS):
        first = sum(map(len, parts))
        parts.append(found(rng, fresh, land, assumed, quarter=quarter, new=True, first=first))
    return Firms(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Firms)})


def _draw(rng: np.random.Generator, frame: NDArray[np.intp], stratum: Ints) -> tuple[NDArray[np.intp], Floats]:
    """A simple random draw in each stratum: rows and their inclusion probabilities."""
    rows, pi = [], []
    for code, share in enumerate(VISIT_SHARE):
        members = frame[stratum[frame] == code]
        take = max(1, round(share * len(members))) if len(members) else 0
        rows.append(rng.choice(members, take, replace=False) if take else members)
        pi.append(np.full(take, take / max(1, len(members))))
    return np.concatenate(rows), np.concatenate(pi).astype(np.float32)


def _exploded(counts: list[NDArray]) -> tuple[NDArray[np.intp], Ints]:
    firm = [np.repeat(np.arange(len(count)), count) for count in counts]
    quarter = [np.full(len(rows), q, dtype=np.int32) for q, rows in enumerate(firm)]
    return np.concatenate(firm), np.concatenate(quarter)

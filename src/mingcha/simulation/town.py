"""A town in closed loop: quarter by quarter firms live, signals are seen, visits find and change what comes next.

Chance is drawn from (seed, replicate, purpose, quarter), so that two policies in the same replicate meet the same
world: the same firms open and close, the same shocks come, and a firm that both visit gives both the same answer.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .assumptions import HOLLOW, SIGNALS, Assumptions
from .inspectors import Inspectors, Outcome, appoint, assign, outcomes
from .observed import YEAR, Memory, factors
from .story import LED_SHARE, stratum_of
from .truth import Firms, Floats, Ground, events, found, ground, pass_quarter

CAP = 2  # planned visits to one firm in four quarters; complaint-led visits are exempt
AN_INSPECTOR_VISITS = 30  # planned visits a quarter, on average: the town employs as many inspectors as that takes
IN_A_STATION = 5  # inspectors
FEWEST_STATIONS = 4


class _For(IntEnum):
    """What a chance is drawn for."""

    GROUND, FIRMS, INSPECTORS, COVERAGE, SIGNALS, TIME, TURNOVER, PAIRS, ANSWERS, LED, LOT = range(11)


@dataclass
class Labels:
    """Visits so far: what was known of the firm before each, what was recorded, by whom, and how it came about."""

    x: list[NDArray[np.float32]] = field(default_factory=list)
    recorded: list[NDArray[np.bool_]] = field(default_factory=list)
    pair: list[NDArray[np.intp]] = field(default_factory=list)
    pi: list[Floats] = field(default_factory=list)  # NaN for complaint-led visits
    stratum: list[NDArray[np.int32]] = field(default_factory=list)
    quarter: list[NDArray[np.int32]] = field(default_factory=list)


@dataclass
class Town:
    """`gone`: found to be hollow and taken off the register, until another firm takes the place. `planned`: (4, N),
    whether each of the last four quarters brought a planned visit."""

    seed: tuple[int, int]
    assumed: Assumptions
    land: Ground
    firms: Firms
    inspectors: Inspectors
    covered: dict[str, NDArray[np.bool_]]
    memory: Memory
    gone: NDArray[np.bool_]
    planned: NDArray[np.bool_]
    labels: Labels
    quarter: int = 0

    def chance(self, purpose: _For, *of: int) -> np.random.Generator:
        return np.random.default_rng([*self.seed, purpose, self.quarter + YEAR, *of])

    def lot(self) -> np.random.Generator:
        """The chance that this quarter's draw hangs on."""
        return self.chance(_For.LOT)


@dataclass(frozen=True)
class Frame:
    """Who may be drawn this quarter, what is known of them, and (hidden) what a visit to each would bring."""

    rows: NDArray[np.intp]
    stratum: NDArray[np.int32]
    x: NDArray[np.float32]  # of all firms
    pair: NDArray[np.intp]  # of all firms: the pair that the lot gives each
    outcome: Outcome  # of all firms


def settle(seed: int, replicate: int, n: int, visits: int, assumed: Assumptions) -> Town:
    """A town of `n` firms after a year in which signals were seen and nobody was visited."""

    def chance(purpose: _For, *of: int) -> np.random.Generator:
        return np.random.default_rng([seed, replicate, purpose, *of])

    stations = max(FEWEST_STATIONS, round(2 * visits / AN_INSPECTOR_VISITS / IN_A_STATION))
    land = ground(chance(_For.GROUND), n, assumed, stations=stations)
    town = Town(
        seed=(seed, replicate), assumed=assumed, land=land, firms=found(chance(_For.FIRMS), n, land, assumed),
        inspectors=appoint(chance(_For.INSPECTORS), stations, stations * IN_A_STATION, assumed),
        covered={s: chance(_For.COVERAGE, i).random(n) < SIGNALS[s].covered for i, s in enumerate(SIGNALS)},
        memory=Memory.blank(n), gone=np.zeros(n, dtype=bool), planned=np.zeros((YEAR, n), dtype=bool),
        labels=Labels(), quarter=-YEAR,
    )  # fmt: skip
    for _ in range(YEAR):
        _live(town)
        _see(town)
        town.quarter += 1
    return town


def fork(town: Town) -> Town:
    """The same town once more, to try another policy on."""
    other = copy.deepcopy(town)
    other.labels = Labels(**{name: list(value) for name, value in vars(town.labels).items()})
    return other


def open_quarter(town: Town) -> Frame:
    """Time passes; the frame of this quarter's draw: firms that stand, that aren't new and below the yearly cap."""
    _live(town)
    firms, assumed = town.firms, town.assumed
    pair = assign(town.chance(_For.PAIRS), town.inspectors, firms.station)
    strictness = town.inspectors.strictness[pair].mean(axis=1)
    rows = np.flatnonzero(~town.gone & (firms.born < town.quarter) & (town.planned.sum(axis=0) < CAP))
    return Frame(
        rows, stratum_of(firms.sector)[rows], factors(firms, town.memory, town.quarter), pair,
        outcomes(town.chance(_For.ANSWERS), firms, town.quarter, strictness, assumed),
    )  # fmt: skip


def close_quarter(town: Town, frame: Frame, visited: NDArray[np.intp], pi: Floats) -> None:
    """The planned visits (rows, their pi) and the complaint-led ones take place; findings have consequences; the
    quarter's signals are seen."""
    led = _led(town, visited)
    rows = np.concatenate([visited, led])
    recorded = frame.outcome.recorded[rows]
    labels = town.labels
    labels.x.append(frame.x[rows])
    labels.recorded.append(recorded)
    labels.pair.append(frame.pair[rows])
    labels.pi.append(np.concatenate([pi, np.full(len(led), np.nan)]).astype(np.float32))
    labels.stratum.append(stratum_of(town.firms.sector[rows]))
    labels.quarter.append(np.full(len(rows), town.quarter, dtype=np.int32))
    town.memory.visit(rows, recorded, town.quarter)
    town.planned[:-1] = town.planned[1:]
    town.planned[-1] = False
    town.planned[-1, visited] = True
    caught = rows[recorded]
    town.firms.caught[caught] = 1
    town.gone[caught[town.firms.nature[caught] == HOLLOW]] = True
    _see(town)
    town.quarter += 1


def _led(town: Town, visited: NDArray[np.intp]) -> NDArray[np.intp]:
    """Firms visited for the complaints of the quarter before."""
    many = town.memory.recent["complaint"][-1] >= 2
    chosen = many & (town.chance(_For.LED).random(len(town.firms)) < LED_SHARE)
    return np.setdiff1d(np.flatnonzero(chosen & ~town.gone & (town.firms.born < town.quarter)), visited)


def _live(town: Town) -> None:
    """Drift wanders; firms close and others open in their places."""
    pass_quarter(town.chance(_For.TIME), town.firms, town.assumed)
    rng, n = town.chance(_For.TURNOVER), len(town.firms)
    closing = np.flatnonzero(rng.random(n) < town.assumed.turnover)
    first = n * (town.quarter + YEAR + 1)
    town.firms.put(
        closing, found(rng, len(closing), town.land, town.assumed, quarter=town.quarter, new=True, first=first)
    )
    town.memory.forget(closing)
    town.gone[closing] = False
    town.planned[:, closing] = False


def _see(town: Town) -> None:
    for i, (name, signal) in enumerate(SIGNALS.items()):
        seen = events(town.chance(_For.SIGNALS, i), town.firms, signal) * town.covered[name]
        town.memory.see(name, np.where(town.gone, 0, seen))

"""The hidden truth of the simulated city 云汀市: who breaks the rules, how often, and what can be seen of it.

A visit finds a violation with log-odds = what the firm is (nature, sector, street, owner) + how it does this quarter
(drift) - how lately it was caught + how strict the visiting pair is. Departments see only noisy consequences
(`SIGNALS`). Time runs in quarters. Arrays are (N,), one value a firm.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .assumptions import (
    CAPITAL_SHARE,
    FOOD,
    HOLLOW,
    KIND_SHARE,
    KINDS,
    ORDINARY,
    SECTOR_RISK,
    SECTOR_SHARE,
    SECTORS,
    WARM_QUARTER,
    Assumptions,
    Signal,
)

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass
class Firms:
    """What the firms are and how they stand. Hidden: `nature`, `own` (of firm and owner), `street_effect`, `drift`
    and `caught`; the last two move each quarter. `born`: quarter of opening, negative before the story begins."""

    kind: Ints
    sector: Ints
    station: Ints
    street: Ints
    address: Ints
    owner: Ints
    agent: Ints
    capital_form: Ints
    born: Ints
    size: Floats  # log of the number of people
    crowd: Ints  # firms registered at the address in the quarter of registration
    nature: Ints
    own: Floats
    street_effect: Floats
    drift: Floats
    caught: Floats

    def __len__(self) -> int:
        return len(self.kind)

    def put(self, rows: NDArray[np.intp], others: Firms) -> None:
        """Let `others` take the places `rows`."""
        for f in fields(self):
            getattr(self, f.name)[rows] = getattr(others, f.name)


@dataclass(frozen=True)
class Ground:
    """What stays while firms come and go: the streets (station and effect of each) and the registration agents."""

    station_of: Ints
    effect: Floats
    stations: int
    agents: int


def ground(rng: np.random.Generator, firms: int, assumed: Assumptions, *, stations: int) -> Ground:
    """Streets of about 60 firms in `stations` areas of unequal size, and registration agents."""
    streets = max(stations * 6, round(firms / 60))
    weight = rng.dirichlet(np.full(stations, 6.0))
    station_of = np.sort(np.concatenate([np.arange(stations), rng.choice(stations, streets - stations, p=weight)]))
    effect = rng.normal(0, assumed.street_sd, streets).astype(np.float32)
    return Ground(station_of.astype(np.int32), effect, stations, agents=max(20, firms // 250))


def found(
    rng: np.random.Generator,
    n: int,
    land: Ground,
    assumed: Assumptions,
    *,
    quarter: int = 0,
    new: bool = False,
    first: int = 0,
) -> Firms:
    """`n` firms; `new` ones open in this `quarter`, others at any time before. Their own numbers of address and owner
    count from `first`."""
    nature = rng.choice(
        3, n, p=(1 - assumed.chronic_share - assumed.hollow_share, assumed.chronic_share, assumed.hollow_share)
    )
    kind = rng.choice(len(KINDS), n, p=KIND_SHARE)
    kind[nature == HOLLOW] = 0
    sector = rng.choice(len(SECTORS), n, p=SECTOR_SHARE)
    hollows = np.flatnonzero(nature == HOLLOW)
    sector[hollows] = rng.choice([4, 13, 11], len(hollows), p=(0.55, 0.35, 0.10))
    street = rng.integers(0, len(land.station_of), n)
    address, owner = first + np.arange(n), first + np.arange(n)
    agent = rng.integers(land.agents // 10, land.agents, n)
    agent[rng.random(n) < 0.55] = -1  # registered by themselves
    age = np.where(nature == HOLLOW, rng.gamma(1.6, 4, n), rng.gamma(1.6, 14, n))  # hollow firms don't grow old
    born = np.full(n, quarter) if new else quarter - 1 - np.floor(age).astype(int)

    markets = np.flatnonzero((nature != HOLLOW) & (rng.random(n) < 0.15))  # halls and incubators: many, but lawful
    _share(rng, markets, (2, 40), (address, street))
    chained = np.flatnonzero((nature != HOLLOW) & (rng.random(n) < 0.20))
    _share(rng, chained, (2, 6), (owner,))
    bursts = _share(rng, hollows, (5, 25), (address, street, born))
    agent[hollows] = bursts % max(1, land.agents // 10)  # a tenth of the agents deal in them
    _share(rng, hollows, (1, 5), (owner,))

    _, owner_place = np.unique(owner, return_inverse=True)
    owner_effect = rng.normal(0, assumed.owner_sd, int(owner_place.max(initial=-1)) + 1)[owner_place]
    _, burst, count = np.unique(address.astype(np.int64) * 4096 + born, return_inverse=True, return_counts=True)
    form = np.array([rng.choice(5, n, p=share) for share in CAPITAL_SHARE])[nature, np.arange(n)]
    own = np.where(nature == ORDINARY, 1.0, 0.7) * rng.normal(0, assumed.firm_sd, n) + owner_effect
    as32, ints = np.float32, np.int32
    return Firms(
        kind=kind.astype(ints), sector=sector.astype(ints), station=land.station_of[street],
        street=street.astype(ints), address=address.astype(ints), owner=owner.astype(ints), agent=agent.astype(ints),
        capital_form=form.astype(ints), born=born.astype(ints),
        size=(rng.normal(1.2, 0.8, n) + 0.7 * (kind != 1)).astype(as32), crowd=count[burst].astype(ints),
        nature=nature.astype(ints), own=own.astype(as32), street_effect=land.effect[street],
        drift=rng.normal(0, assumed.drift_sd, n).astype(as32), caught=np.zeros(n, dtype=as32),
    )  # fmt: skip


def _share(rng: np.random.Generator, rows: NDArray[np.intp], size: tuple[int, int], what: tuple) -> NDArray[np.intp]:
    """Cut `rows` into groups of `size` (least, most); each group takes its first member's `what`. Group of each row."""
    if not len(rows):
        return rows
    sizes = rng.integers(size[0], size[1] + 1, len(rows))
    group = np.searchsorted(np.cumsum(sizes), np.arange(len(rows)), side="right")
    first = np.searchsorted(group, np.arange(group[-1] + 1))
    for values in what:
        values[rows] = values[rows[first[group]]]
    return group


def pass_quarter(rng: np.random.Generator, firms: Firms, assumed: Assumptions) -> None:
    """A quarter goes by: drift wanders, what was caught is forgotten by and by."""
    memory = assumed.drift_memory
    shock = rng.standard_normal(len(firms), dtype=np.float32) * np.float32(assumed.drift_sd * (1 - memory**2) ** 0.5)
    firms.drift *= np.float32(memory)
    firms.drift += shock
    firms.caught *= np.float32(assumed.caught_memory)


def log_odds(firms: Firms, quarter: int, assumed: Assumptions) -> Floats:
    """Of a violation that an inspector of middling strictness would find in `quarter` (0 = a first quarter)."""
    seasonal = np.where(np.isin(firms.sector, FOOD) & (quarter % 4 == 2), np.float32(WARM_QUARTER), np.float32(0))
    nature = np.array([0.0, assumed.chronic_effect, assumed.hollow_effect], dtype=np.float32)
    sector = np.array(SECTOR_RISK, dtype=np.float32)
    fixed = np.float32(assumed.intercept) + nature[firms.nature] + sector[firms.sector] + firms.own
    return fixed + firms.street_effect + firms.drift - np.float32(assumed.caught_effect) * firms.caught + seasonal


def expected(firms: Firms, signal: Signal) -> Floats:
    """Events of `signal` to be expected in this quarter. Which firms the source covers is left to the caller."""
    sector = np.array([signal.sectors.get(s, 1.0) for s in SECTORS], dtype=np.float32)
    nature = np.array([1.0, signal.chronic, signal.hollow], dtype=np.float32)
    push = np.float32(signal.firm) * firms.own + np.float32(signal.drift) * firms.drift
    push += np.float32(signal.street) * firms.street_effect
    rate = np.float32(signal.rate) * sector[firms.sector] * nature[firms.nature] * np.exp(push)
    return rate * (firms.kind == 0) if signal.companies_only else rate


def events(rng: np.random.Generator, firms: Firms, signal: Signal) -> Ints:
    """Events of `signal` in this quarter, (N,)."""
    return np.minimum(rng.poisson(expected(firms, signal)), signal.cap).astype(np.int32)

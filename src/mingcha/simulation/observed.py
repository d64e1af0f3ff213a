"""What the agency sees of the firms: the last year's signals, its own visits, and who shares what with whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .assumptions import FOOD, SECTORS, SIGNALS
from .truth import Firms

YEAR = 4  # quarters that the agency looks back
SMOOTH = 3.0  # visits' worth of the city's mean in a group's rate of findings
BY_PLACE = ("nuisance",)  # signals that name no firm
FACTORS = (
    *(f"{name}_year" for name in SIGNALS if name not in BY_PLACE),
    "complaint_quarter",
    "street_nuisance_year",
    "street_complaint_year",
    "sector",
    "individual",
    "unpaid_capital",
    "registered_together",
    "age",
    "quarters_since_visit",
    "found_before",
    "owner_found_rate",
    "agent_found_rate",
    "street_found_rate",
)


@dataclass
class Memory:
    """`recent`: signal -> (4, N), this quarter's last. `visited`, `found`: counts of visits and of findings that were
    recorded, all since the firm opened; `last`: quarter of the last visit, -99 without one."""

    recent: dict[str, NDArray[np.uint8]]
    visited: NDArray[np.int16]
    found: NDArray[np.int16]
    last: NDArray[np.int16]

    @classmethod
    def blank(cls, n: int) -> Memory:
        return cls(
            {name: np.zeros((YEAR, n), dtype=np.uint8) for name in SIGNALS},
            np.zeros(n, dtype=np.int16), np.zeros(n, dtype=np.int16), np.full(n, -99, dtype=np.int16),
        )  # fmt: skip

    def forget(self, rows: NDArray[np.intp]) -> None:
        """New firms stand at `rows`: nothing is known of them."""
        for counts in self.recent.values():
            counts[:, rows] = 0
        self.visited[rows] = 0
        self.found[rows] = 0
        self.last[rows] = -99

    def see(self, name: str, counts: NDArray) -> None:
        """A quarter's signal."""
        self.recent[name][:-1] = self.recent[name][1:]
        self.recent[name][-1] = np.minimum(counts, 255)

    def visit(self, rows: NDArray[np.intp], found: NDArray[np.bool_], quarter: int) -> None:
        self.visited[rows] += 1
        self.found[rows] += found
        self.last[rows] = quarter


def factors(firms: Firms, memory: Memory, quarter: int) -> NDArray[np.float32]:
    """(N, len(FACTORS)) float32: what is known before `quarter` begins."""
    columns = {f"{name}_year": memory.recent[name].sum(axis=0, dtype=np.float32) for name in SIGNALS}
    streets = int(firms.street.max()) + 1
    street_size = np.maximum(1, np.bincount(firms.street, minlength=streets))
    columns["complaint_quarter"] = memory.recent["complaint"][-1].astype(np.float32)
    for name in ("nuisance", "complaint"):
        total = np.bincount(firms.street, columns[f"{name}_year"], streets)
        columns[f"street_{name}_year"] = (total / street_size)[firms.street]
    columns["sector"] = np.where(np.isin(firms.sector, FOOD), firms.sector - len(SECTORS), firms.sector)
    columns["individual"] = firms.kind == 1
    columns["unpaid_capital"] = firms.capital_form == 4
    columns["registered_together"] = firms.crowd
    columns["age"] = quarter - firms.born
    columns["quarters_since_visit"] = np.where(memory.last < 0, np.nan, quarter - memory.last)
    columns["found_before"] = np.where(memory.visited > 0, memory.found / np.maximum(1, memory.visited), np.nan)
    _, owner = np.unique(firms.owner, return_inverse=True)
    for name, group in (("owner", owner), ("agent", firms.agent + 1), ("street", firms.street)):
        columns[f"{name}_found_rate"] = _others(group, memory)
    columns["agent_found_rate"][firms.agent < 0] = np.nan
    return np.column_stack([columns[name].astype(np.float32) for name in FACTORS])


def _others(group: NDArray, memory: Memory) -> NDArray[np.float64]:
    """Share of visits with findings among the others of the group, drawn to the mean; NaN where none was visited."""
    visits = np.bincount(group, memory.visited)[group] - memory.visited
    found = np.bincount(group, memory.found)[group] - memory.found
    mean = memory.found.sum() / max(1, memory.visited.sum())
    return np.where(visits > 0, (found + SMOOTH * mean) / (visits + SMOOTH), np.nan)

"""Near and far, by equal joins: places fall into square cells of an eighth of the radius, and a *stencil* lists the
cells around a cell with their weight. So distance is never computed a pair at a time, events and entities of one cell
are summed before they are joined, and any engine can do it. A distance is exact to a cell: 62 m for 500 m.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .facts import PLACE_DEGREES
from .sums import KERNEL_UNIT

_METRES = 111_320.0  # a degree of latitude
_CELLS = 8  # cells in a radius


@dataclass(frozen=True)
class Grid:
    """Square cells for `radius` metres; a degree of longitude is taken as long as at `latitude` (degrees)."""

    radius: int
    latitude: float

    @property
    def _steps(self) -> tuple[float, float]:
        """Height and width of a cell, in 1/10,000 degree."""
        height = self.radius / _CELLS / _METRES * PLACE_DEGREES
        return height, height / max(0.05, float(np.cos(np.radians(self.latitude))))

    def cells(self, lat: Any, lon: Any) -> tuple[Any, Any]:
        """(row, column) of Ibis columns of whole 1/10,000 degrees."""
        height, width = self._steps
        return (lat / height).floor().cast("int32"), (lon / width).floor().cast("int32")

    def cells_of(
        self, lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The same of arrays."""
        height, width = self._steps
        return np.floor(lat / height).astype(np.int32), np.floor(lon / width).astype(np.int32)

    def stencil(self) -> pa.Table:
        """(drow, dcolumn, w): the cells within the radius of a cell, and their Gaussian weight in 1/256, a third
        of the radius being one standard deviation."""
        step = np.arange(-_CELLS, _CELLS + 1)
        drow, dcolumn = np.repeat(step, len(step)), np.tile(step, len(step))
        distance = np.hypot(drow, dcolumn) / _CELLS
        near = distance <= 1
        weight = np.round(np.exp(-0.5 * (distance * 3) ** 2) * KERNEL_UNIT).astype(np.float64)
        columns: dict[str, npt.NDArray[Any]] = {
            "drow": drow.astype(np.int32),
            "dcolumn": dcolumn.astype(np.int32),
            "w": weight,
        }
        return pa.table({name: column[near] for name, column in columns.items()})

"""Lists that people hand in as xlsx or CSV: read with bounds, cell by cell, with the place of what is wrong."""

from .grid import Bounds, Grid, read_grids
from .listing import Field, Listed, Row, Wrong, read_listing

__all__ = ["Bounds", "Field", "Grid", "Listed", "Row", "Wrong", "read_grids", "read_listing"]

"""Lists that ship, in the shape in which departments keep theirs: to fill in, and for the demo. No bureau's own."""

from __future__ import annotations

import csv
from pathlib import Path


def sample_path(name: str) -> Path:
    """The file of a sample: "catalogue" or "inspectors"."""
    return Path(__file__).with_name("samples") / f"{name}.csv"


def sample_rows(name: str) -> list[list[str]]:
    """The head and the rows."""
    with sample_path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))

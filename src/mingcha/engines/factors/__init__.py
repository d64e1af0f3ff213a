"""Factors: candidates by declaration, point-in-time matrices of them, and labelled rows.

    factors = candidates(view, known_before=train_until)
    rows = labels(view, "food_inspections", "critical_violation", known_before=train_until)
    x = matrix(view, factors, rows)                      # training, backtests: many days at once
    entities, x = matrix_all(view, retained, as_of)      # everyone, as of one day

Read in this order: `factor` (what a factor is), `facts` (what may be seen when), `sums`, `circles`, `matrix`.
"""

from .candidates import candidates
from .engine import DuckDBEngine, Engine, SparkEngine
from .factor import Factor, Peer, Signal
from .labels import eligible, labels
from .matrix import known_entities, matrix, matrix_all

__all__ = [
    "DuckDBEngine",
    "Engine",
    "Factor",
    "Peer",
    "Signal",
    "SparkEngine",
    "candidates",
    "eligible",
    "known_entities",
    "labels",
    "matrix",
    "matrix_all",
]

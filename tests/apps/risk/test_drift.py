"""What is kept of the first scoring, and what later ones say against it."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest

from mingcha.apps.risk import drift


@pytest.fixture
def measured(tmp_path, monkeypatch):
    monkeypatch.setattr(drift.selectors, "model_folder", lambda model: tmp_path)
    monkeypatch.setattr(drift, "_outcomes", lambda *a: (0, None))
    rng = np.random.default_rng(5)

    def measure(day, *, shift=0.0, n=4_000):
        x = np.column_stack([rng.normal(shift, 1, n), rng.normal(size=n), np.full(n, day.day)]).astype(np.float32)
        return drift.drift_measure(
            None, SimpleNamespace(factors=("a", "b", "season")), [], None, x, rng.random(n), day
        )  # fmt: skip

    return measure


def test_a_factor_that_moves_is_seen_and_the_calendar_is_left_out(measured):
    first = measured(dt.date(2026, 1, 1))
    assert first["since"] == "2026-01-01" and set(first["psi"].values()) == {0.0}
    later = measured(dt.date(2026, 4, 2), shift=1.0)
    assert (later["since"], later["as_of"]) == ("2026-01-01", "2026-04-02")
    assert set(later["psi"]) == {"score", "a", "b"}
    assert later["psi"]["a"] > 0.25 and later["psi"]["b"] < 0.05 and later["psi"]["score"] < 0.05


def test_a_large_city_is_compared_by_a_part_of_it(measured, monkeypatch):
    monkeypatch.setattr(drift, "ROWS", 1_000)
    measured(dt.date(2026, 1, 1))
    assert measured(dt.date(2026, 4, 1))["psi"]["a"] < 0.1

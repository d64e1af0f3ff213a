"""Exact inclusion probabilities of Pareto sampling: against quadrature, and against many draws by real tickets."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from mingcha.engines.sampling import inclusion
from mingcha.engines.sampling.allocation import allocate
from mingcha.engines.sampling.draw import run, seal
from mingcha.engines.sampling.encoding import digest
from mingcha.engines.sampling.inclusion import FEW, corrected, design_probabilities, pareto


def one_visit(P):
    """n = 1: the integral of c_i / (t + c_i)^2 times the product of c_j / (t + c_j), over y = log t."""
    c = [(1e6 - p) / p for p in P]

    def density(y, i):
        t = math.exp(y)
        return t * c[i] / (t + c[i]) ** 2 * math.prod(x / (t + x) for j, x in enumerate(c) if j != i)

    return [quad(density, -40, 40, args=(i,), limit=500)[0] for i in range(len(P))]


def test_the_page_s_example_and_that_it_is_told_as_computed():
    P = [800_000, 100_000, 50_000, 50_000]
    exact = pareto(np.array(P), 1)
    assert exact == pytest.approx([0.8706330747, 0.0641980479, 0.0325844387, 0.0325844387], abs=1e-9)
    assert one_visit(P) == pytest.approx(exact, abs=1e-8)
    told = ", ".join(f"{pi:.3f}"[1:] for pi in exact)
    page = Path(__file__).resolve().parents[3] / "docs" / "draw-protocol.md"
    assert told in page.read_text("utf-8") and told in inclusion.__doc__


@given(st.lists(st.integers(1, 900_000), min_size=2, max_size=8))
@settings(max_examples=30, deadline=None)
def test_one_visit_against_quadrature(P):
    assert pareto(np.array(P), 1) == pytest.approx(one_visit(P), abs=1e-6)


@given(st.lists(st.integers(1, 900_000), min_size=2, max_size=60), st.integers(1, 29))
@settings(max_examples=60, deadline=None)
def test_they_sum_to_the_visits_and_keep_the_order(P, n):
    n = min(n, len(P))
    exact = pareto(np.array(P), n)
    assert exact.sum() == pytest.approx(n, rel=1e-9)
    assert (exact > 0).all() and (exact <= 1 + 1e-12).all()
    assert (np.diff(exact[np.argsort(P, kind="stable")]) > -1e-12).all()


def test_alike_units_have_just_their_share():
    assert pareto(np.full(10, 300_000), 3) == pytest.approx([0.3] * 10, abs=1e-12)
    assert pareto(np.full(50_000, 400), 20) == pytest.approx([0.0004] * 50_000, abs=1e-12)


@pytest.mark.parametrize(("units", "visits", "draws"), [(4, 1, 8_000), (9, 3, 8_000), (40, 12, 3_000)])
def test_many_draws_by_tickets_include_each_unit_as_often_as_computed(units, visits, draws):
    """The real tickets, Q and selection under `draws` seeds; 5 standard errors for the worst of all units."""
    rng = np.random.default_rng(units)
    made = allocate(["x"] * units, visits, scores=rng.random(units), focus=3)
    s, t = (b"".join(digest("test", name, i) for i in range(units)) for name in "st")
    sealed = seal("simulated", [f"u{i}" for i in range(units)], ["x"] * units, made.P, s, t)
    exact = pareto(sealed.P, visits)
    count = sum(run(sealed, {"strata": made.strata}, digest("test", i)).drawn.astype(int) for i in range(draws))
    error = np.sqrt(exact * (1 - exact) / draws)
    assert (np.abs(count / draws - exact) < 5 * error).all()


def test_estimates_use_the_exact_ones_where_few_are_drawn():
    P = allocate(["x"] * 200, FEW, scores=np.linspace(0, 1, 200)).P
    assert (design_probabilities(P, FEW) == P / 1e6).all()
    assert np.abs(pareto(P, FEW) / (P / 1e6) - 1).max() < 0.01  # by then the gap is small
    few = allocate(["x"] * 200, 5, scores=np.linspace(0, 1, 200)).P
    assert design_probabilities(few, 5) == pytest.approx(pareto(few, 5))


def test_probabilities_corrected_after_units_left_the_frame():
    P = allocate(["x"] * 400, 60, scores=np.linspace(0.1, 1, 400)).P
    left = corrected(P[3:], 60)
    assert left.sum() == pytest.approx(60) and (left > P[3:] / 1e6 - 1e-9).all()
    assert corrected(P, 60) == pytest.approx(P / 1e6, rel=1e-6)
    assert corrected(np.array([800_000, 100_000, 50_000]), 1).sum() == pytest.approx(1)

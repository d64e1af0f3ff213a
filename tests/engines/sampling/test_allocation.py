import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingcha.engines.sampling.allocation import allocate, fill
from mingcha.engines.sampling.allocation import given as given_pi
from mingcha.problems import Problem

MILLION = 1_000_000


@st.composite
def plans(draw):
    n = draw(st.integers(8, 400))
    strata = draw(st.lists(st.sampled_from("abcd"), min_size=n, max_size=n))
    sizes = {name: strata.count(name) for name in set(strata)}
    scores = draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))
    take = draw(st.integers(len(sizes), max(len(sizes), sum(int(0.9 * size) for size in sizes.values()))))
    return strata, sizes, np.array(scores), take, draw(st.floats(0, 1)), draw(st.integers(0, 8))


@given(plans())
@settings(max_examples=100, deadline=None)
def test_what_an_allocation_promises(plan):
    strata, sizes, scores, take, exploration, focus = plan
    if min(sizes.values()) < 2:
        with pytest.raises(Problem):
            allocate(strata, take, scores=scores, exploration=exploration, focus=focus)
        return
    made = allocate(strata, take, scores=scores, exploration=exploration, focus=focus)
    names = np.array(strata)
    assert sum(size["n"] for size in made.strata.values()) == take
    assert made.floor >= 1 and made.P.min() >= made.floor and made.P.max() <= made.ceiling == 900_000
    for name, size in made.strata.items():
        rows = names == name
        assert size["N"] == sizes[name]
        assert made.P[rows].sum() == size["n"] * MILLION  # exactly
        assert made.P[rows].min() >= int(exploration * size["n"] * MILLION / size["N"])
        by_score = made.P[rows][np.argsort(scores[rows], kind="stable")]
        assert (np.diff(by_score) >= -1).all()  # a higher score never has less, but for one millionth of rounding


def test_water_filling_by_hand():
    # 2 visits among weights 8, 1, 1, ceiling .9, floor .1: the first is capped, .55 is left for each of the others
    assert fill(np.array([8.0, 1, 1]), 2, 0.1, 0.9).tolist() == pytest.approx([0.9, 0.55, 0.55])
    # 1 visit, floor .1: .7 above the floors is shared 8:1:1
    assert fill(np.array([8.0, 1, 1]), 1, 0.1, 0.9).tolist() == pytest.approx([0.66, 0.17, 0.17])
    # no weight is left for the last visit: it goes evenly to the others
    assert fill(np.array([1.0, 0, 0]), 1.5, 0.1, 0.9).tolist() == pytest.approx([0.9, 0.3, 0.3])


@pytest.mark.parametrize("tiny", [1e-12, 1e-60, 1e-200, 5e-324])
def test_scores_of_any_size(tiny):
    """A power of a tiny score is next to nothing, and still has its place once the others stand at the ceiling."""
    made = allocate(["x"] * 10, 4, scores=np.array([1.0] * 3 + [tiny] * 7), exploration=0)
    assert made.P.tolist() == pytest.approx([900_000] * 3 + [1_300_000 / 7] * 7, abs=1)


def test_law_abiding_firms_are_visited_less():
    classes = list("ABCD") * 25
    made = allocate(["x"] * 100, 10, classes=classes)
    mean = {c: made.P[[i for i, k in enumerate(classes) if k == c]].mean() for c in "ABCD"}
    assert mean["A"] < mean["B"] < mean["C"] < mean["D"]
    assert mean["A"] > 10_000  # a tenth of the visits is uniform: nobody is below 1%


def test_uniform_when_nothing_is_known_or_all_is_explored():
    assert set(allocate(["x"] * 40, 10).P.tolist()) == {250_000}
    assert set(allocate(["x"] * 40, 10, scores=np.arange(40.0), exploration=1.0).P.tolist()) == {250_000}
    assert set(allocate(["x"] * 40, 10, scores=np.zeros(40)).P.tolist()) == {250_000}


def test_visits_by_stratum_are_kept():
    made = allocate(["a"] * 10 + ["b"] * 20, {"a": 3, "b": 2}, scores=np.linspace(0, 1, 30))
    assert made.strata == {"a": {"N": 10, "n": 3}, "b": {"N": 20, "n": 2}}


@pytest.mark.parametrize(
    ("strata", "take", "options", "said"),
    [
        ([], 1, {}, "frame is empty"),
        (["a"] * 5, 6, {}, "6 visits, but the frame has 5"),
        (["a"] * 5, 5, {}, "over the ceiling"),
        (["a"] * 5, 0, {}, "At least one visit"),
        (["a"] * 9 + ["b"], 4, {}, "too small: b"),
        (["a"] * 9 + ["b"] * 9, 1, {}, "can't be shared"),
        (["a"] * 9, {"a": 1, "b": 1}, {}, "don't match the frame"),
        (["a"] * 9, {"a": 9}, {}, "over the ceiling"),
        (["a"] * 9, 2, {"ceiling": 0.95}, "ceiling of pi"),
        (["a"] * 9, 2, {"exploration": 1.5}, "uniform share"),
        (["a"] * 9, 2, {"classes": ["E"] * 9}, "without a weight"),
        (["a"] * 9, 2, {"scores": np.array([1.0] * 8 + [np.nan])}, "A score"),
        (["a"] * 9, 2, {"scores": np.array([1.0] * 8 + [-1])}, "A score"),
    ],
)
def test_problems_say_what_is_wrong(strata, take, options, said):
    with pytest.raises(Problem, match=said):
        allocate(strata, take, **options)


def test_a_frame_too_large_for_its_visits():
    with pytest.raises(Problem, match="below one millionth"):
        allocate(["a"] * 1_000_001, 1)


def test_probabilities_that_are_given():
    made = given_pi(["a"] * 3 + ["b"] * 3, np.array([0.5, 0.3, 0.2, 1 / 3, 1 / 3, 1 / 3]), list("uvwxyz"))
    assert made.P.tolist() == [500_000, 300_000, 200_000, 333_334, 333_333, 333_333]
    assert made.strata["b"] == {"N": 3, "n": 1}


@pytest.mark.parametrize(
    ("pi", "said"),
    [([0.95, 0.05], r"outside 0 to the ceiling.*u \(0.95\)"), ([0.5, 0.0], "outside 0"), ([0.5, 0.4], "sum to 0.9")],
)
def test_given_probabilities_that_cant_be_drawn(pi, said):
    with pytest.raises(Problem, match=said):
        given_pi(["a"] * 2, np.array(pi), ["u", "v"])

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingcha.engines.risk.sample import Inspectors, Sample, require_labels
from mingcha.problems import Problem

visits = st.lists(st.lists(st.sampled_from("abcd"), max_size=3, unique=True), min_size=1, max_size=20)


@given(visits, st.data())
@settings(max_examples=60, deadline=None)
def test_inspectors_keep_to_their_rows(rows, data):
    inspectors = Inspectors.of(rows)
    assert [sorted(v) for v in inspectors.lists()] == [sorted(v) for v in rows]
    index = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=15)), dtype=int)
    assert [sorted(v) for v in inspectors.take(index).lists()] == [sorted(rows[i]) for i in index]
    share = inspectors.design().sum(axis=1)
    assert np.allclose(share, [1.0 if v else 0.0 for v in rows])


def test_an_unknown_inspector_has_no_column_but_keeps_its_share():
    z = Inspectors.of([("a", "stranger"), "a", None]).design(["a"]).toarray()
    assert z.tolist() == [[0.5], [1.0], [0.0]]


def build(**columns):
    return Sample.build(**({"factors": ["a"], "x": [[1.0], [2.0]], "as_of": ["2024-01-01"] * 2} | columns))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"y": [0, 2]}, "0, 1 or empty"),
        ({"pi": [0.5, 0.0]}, "inclusion probability"),
        ({"pi": [0.5, 1.5]}, "inclusion probability"),
        ({"factors": ["a", "a"], "x": [[1, 2], [3, 4]]}, "don't fit"),
        ({"y": [1]}, "don't fit"),
        ({"known_from": ["2024-02-01"]}, "don't fit"),
    ],
)
def test_bad_columns_are_named(columns, said):
    with pytest.raises(Problem, match=said):
        build(**columns)


def test_a_factor_that_is_not_there_is_named(town):
    with pytest.raises(Problem, match="rainfall"):
        town.sample.select(["f0", "rainfall"])


def test_a_label_matures_when_its_window_has_closed():
    s = build(y=[1, 0], as_of=["2024-01-01", "2024-01-10"], label_window=5)
    assert s.mature("2024-01-06").tolist() == [False, False]
    assert s.mature("2024-01-07").tolist() == [True, False]
    assert s.mature().tolist() == [True, True]


@pytest.mark.parametrize(("y", "said"), [([], "no rows"), ([np.nan, np.nan], "mature"), ([1, 1], "all 2 labels are 1")])
def test_nothing_is_learnt_from_nothing(y, said):
    s = Sample.build(factors=["a"], x=np.zeros((len(y), 1)), as_of=["2024-01-01"] * len(y), y=y)
    with pytest.raises(Problem, match=said):
        require_labels(s, "训练", "train")

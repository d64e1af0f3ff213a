"""Every family of factors, computed by the engine and by its definition, on random small lakes."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from world import DAY0, random_world, value_of

from mingcha.engines.factors import DuckDBEngine, candidates, matrix, matrix_all

DAYS = [DAY0, DAY0 + dt.timedelta(days=5), DAY0 + dt.timedelta(days=37)]  # over a change of the clock in Chicago


@pytest.fixture(
    params=[
        (1, "America/Chicago", True),
        (2, "Asia/Shanghai", False),
        *(pytest.param((seed, "America/Chicago", seed % 4 > 0), marks=pytest.mark.slow) for seed in range(3, 9)),
    ]
)
def world(request):
    seed, zone, linked = request.param
    return random_world(seed, zone=zone, linked=linked)


def test_all_families_agree_with_their_definition(world, tmp_path):
    view = world.write(tmp_path)
    entities = sorted({link["entity"] for link in world.links} or {r["_key"] for r in world.rows["visits"]})
    rows = [(e, d) for d in DAYS for e in [*entities, "nobody"]]
    table = pa.table({"entity": [e for e, _ in rows], "as_of": [d for _, d in rows]})
    with DuckDBEngine(threads=2) as engine:
        factors = candidates(view, known_before=DAYS[-1], engine=engine)
        got = matrix(view, factors, table, engine=engine)
        wanted = np.array([[value_of(world, f, e, d) for f in factors] for e, d in rows], dtype=np.float32)
        wrong = ~np.isclose(got, wanted, rtol=1e-5, atol=1e-6, equal_nan=True)
        assert not wrong.any(), [
            (factors[j].name, rows[i], float(got[i, j]), float(wanted[i, j])) for i, j in np.argwhere(wrong)[:10]
        ]
        assert {f.family for f in factors} == {
            "count",
            "recency",
            "rate",
            "state",
            "peers",
            "neighbours",
            "density",
            "date",
            "calendar",
        }
        for day in DAYS[1:2]:  # one day at a time takes another road: sums first, joins after
            here = [i for i, (_, d) in enumerate(rows) if d == day]
            who, alone = matrix_all(view, factors, day, entities=pa.array([rows[i][0] for i in here]), engine=engine)
            assert who.to_pylist() == [rows[i][0] for i in here]
            np.testing.assert_allclose(alone, got[here], rtol=1e-6, atol=1e-7)

"""Spark gives what DuckDB gives: candidates, factors of every family, labels. Skipped where PySpark or Java is missing.

A factor takes Spark a second whatever the data's size, so one of each family and statistic stands for the others.
"""

import datetime as dt
import shutil

import numpy as np
import pyarrow as pa
import pytest
from world import DAY0, random_world

from mingcha.engines.factors import DuckDBEngine, SparkEngine, candidates, labels, matrix

pytestmark = pytest.mark.slow
DAYS = [DAY0, DAY0 + dt.timedelta(days=37)]


@pytest.fixture(scope="module")
def session():
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: pip install 'mingcha[spark]'")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.showConsoleProgress": "false",
    }
    session = sql.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield session
    session.stop()


def test_both_engines_agree(session, tmp_path):
    world = random_world(1, zone="America/Chicago", linked=True)
    view = world.write(tmp_path)
    entities = sorted({link["entity"] for link in world.links})
    rows = [(entity, day) for day in DAYS for entity in entities]
    table = pa.table({"entity": [e for e, _ in rows], "as_of": [d for _, d in rows]})
    with DuckDBEngine(threads=1) as duck, SparkEngine(session) as spark:
        declared = candidates(view, known_before=DAYS[-1], engine=duck)
        assert candidates(view, known_before=DAYS[-1], engine=spark) == declared
        kinds = {(f.dataset, f.family, f.statistic, f.signal.kind, f.signal.adjusted, f.kernel): f for f in declared}
        chosen = list(kinds.values())
        assert {f.family for f in chosen} == {f.family for f in declared}
        got = matrix(view, chosen, table, engine=spark)
        np.testing.assert_allclose(got, matrix(view, chosen, table, engine=duck), rtol=1e-6)
        assert labels(view, "visits", "failed", engine=spark).equals(labels(view, "visits", "failed", engine=duck))

"""A list's page asks the database as often with a thousand rows as with one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

MOST = {
    "/": 22,
    "/entities/": 14,
    "/data/": 8,
    "/data/quarantine/": 12,
    "/data/complaints/": 18,
    "/risk/models/": 10,
    "/risk/models/M-2026.11-1/": 6,
    "/plans/": 11,
}


@pytest.mark.parametrize("path", MOST)
def test_few_queries(signed_in, path):
    client = signed_in("administrator")
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(path).status_code == 200
    assert len(asked) <= MOST[path], "\n".join(q["sql"][:200] for q in asked)


def test_entity_list_reads_its_rows_once(signed_in):
    """Fifty rows with their class and score: one query, whatever the number of rows."""
    client = signed_in("administrator")
    with CaptureQueriesContext(connection) as asked:
        client.get("/entities/")
    rows = [q["sql"] for q in asked if "risk_riskscore" in q["sql"] and "LIMIT 51" in q["sql"]]
    assert len(rows) <= 2  # those with a score, then those without

"""A list's page asks the database as often with a thousand rows as with one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

MOST = {
    "/": 32,  # each system is asked once what waits, and once for its figures
    "/todos/": 20,
    "/search/?q=粥道": 14,
    "/search/?q=粥道&part=results": 12,
    "/map/": 8,
    "/map/layers/risk.high.json": 8,
    "/help/": 8,
    "/entities/": 15,  # keys of the rows and then the rows, of those with a score and of those without
    "/data/": 8,
    "/data/quarantine/": 12,
    "/data/complaints/": 18,
    "/risk/models/": 11,
    "/risk/models/M-2026.11-1/": 11,
    "/risk/": 8,
    "/risk/firms/": 14,
    "/risk/appeals/": 9,
    "/risk/statements/": 8,
    "/plans/": 12,
    "/tasks/": 13,
    "/credit/listings/": 16,
    "/credit/interviews/": 16,
    "/credit/classes/": 16,
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

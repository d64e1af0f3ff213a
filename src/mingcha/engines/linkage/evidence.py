"""From delivered rows to changed links: DuckDB's part of the resolution, a step a function, a table a step.

Tables that come from the lake: `seen` (key, first, source, simulated), `joined` (a, b, known, source). Tables that the
caller fills from the database: `held` (id, key, entity, since, until, pinned), the rows in force of the keys asked for;
`pinned`: a person assigned the key, and rows don't move it.
Tables that result: `links` (key, entity, since, until, source), what to add; `retracted` (id, until);
`conflicts` (key, entity, claimant, source, known); `entities` (entity, target), every entity concerned and the one that
it turned out to be, if another; `live` (key, entity), who is who now. Times are UTC timestamps, null = open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mingcha.engines.lake.contract import Contract
from mingcha.engines.lake.view import files_sql

from .identifiers import key_sql, register
from .resolution import NONE, OPEN, resolve

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Delivery:
    """Batches (numbers) of a dataset that are new, and the files that hold them, among others."""

    contract: Contract
    files: tuple[Path, ...]
    batches: tuple[int, ...]

    def rows_sql(self, columns: str) -> str:
        """SELECT of the new rows that belong to a key."""
        numbers = ", ".join(map(str, self.batches))
        return f"SELECT {columns} FROM {files_sql(self.files)} WHERE _batch IN ({numbers}) AND _key IS NOT NULL"


# the entity that a key means by itself: a USCC is its own, any other has a provisional one
OWN_ENTITY = """CASE WHEN starts_with(key, 'uscc:') AND uscc_valid(substr(key, 6)) THEN substr(key, 6)
    ELSE 'P-' || upper(substr(sha256(key), 1, 16)) END"""


def provisional_key(key: str) -> str:
    """The provisional entity of `scheme:value`, as OWN_ENTITY gives it where the key is no USCC."""
    return "P-" + hashlib.sha256(key.encode()).hexdigest()[:16].upper()


def open_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Give `connection` the functions and empty tables that the steps need."""
    register(connection)
    connection.execute(f"""
        CREATE OR REPLACE MACRO own_entity(key) AS {OWN_ENTITY};
        CREATE TABLE seen (key VARCHAR, first TIMESTAMP, source VARCHAR, simulated BOOLEAN);
        CREATE TABLE joined (a VARCHAR, b VARCHAR, known TIMESTAMP, source VARCHAR);
        CREATE TABLE held (id BIGINT, key VARCHAR, entity VARCHAR, since TIMESTAMP, until TIMESTAMP, pinned BOOLEAN);
        CREATE TABLE links (key VARCHAR, entity VARCHAR, since TIMESTAMP, until TIMESTAMP, source VARCHAR);
        CREATE TABLE retracted (id BIGINT, until TIMESTAMP);
        CREATE TABLE conflicts (key VARCHAR, entity VARCHAR, claimant VARCHAR, source VARCHAR, known TIMESTAMP);
        CREATE TABLE entities (entity VARCHAR, target VARCHAR);
        CREATE TABLE live (key VARCHAR, entity VARCHAR);
    """)


def collect(connection: duckdb.DuckDBPyConnection, deliveries: Iterable[Delivery]) -> None:
    """Fill `seen` and `joined`: every key of the new rows, and what stood on one row, each since first known."""
    for delivery in deliveries:
        contract = delivery.contract
        others = contract.entity_keys if len(contract.entity_keys) > 1 else ()
        columns = ", ".join(["_key", *(_quoted(k.field) for k in others), "min(_known_at) AS known"])
        spelt = ", ".join(key_sql(k.scheme, _quoted(k.field)) for k in others)
        connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE tuples AS
            SELECT [_key] || list_filter(list_distinct([{spelt}]), lambda k: k IS NOT NULL AND k <> _key) AS keys, known
            FROM ({delivery.rows_sql(columns)} GROUP BY ALL)""")
        connection.execute(
            "INSERT INTO seen SELECT unnest(keys) AS key, known, ?, ? FROM tuples", [contract.name, contract.simulated]
        )
        connection.execute("INSERT INTO joined SELECT keys[1], unnest(keys[2:]), known, ? FROM tuples", [contract.name])
    connection.execute("""
        DROP TABLE IF EXISTS tuples;
        CREATE OR REPLACE TABLE seen AS
        SELECT key, min(first) AS first, arg_min(source, first) AS source, bool_or(simulated) AS simulated
        FROM (FROM seen ORDER BY ALL) GROUP BY key;
        CREATE OR REPLACE TABLE joined AS
        SELECT a, b, min(known) AS known, arg_min(source, known) AS source
        FROM (SELECT least(a, b) AS a, greatest(a, b) AS b, known, source FROM joined) GROUP BY a, b;
    """)


def join_organisation_codes(connection: duckdb.DuckDBPyConnection, known: str) -> None:
    """Add to `joined` what the numbers say by themselves: a USCC and the organisation code that it carries.

    `known`: a table (key, first) of keys that are in the database already; they join new ones as well.
    """
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE numbers AS
        SELECT key, min(first) AS first FROM (SELECT key, first FROM seen UNION ALL SELECT key, first FROM {known})
        WHERE starts_with(key, 'orgcode:') OR starts_with(key, 'uscc:') GROUP BY key;
        INSERT INTO joined
        SELECT least(o.key, u.key), greatest(o.key, u.key), greatest(o.first, u.first), 'orgcode'
        FROM numbers o JOIN numbers u ON u.key[:5] = 'uscc:' AND substr(u.key, 14, 9) = substr(o.key, 9)
        WHERE o.key[:8] = 'orgcode:' AND orgcode_valid(substr(o.key, 9)) AND uscc_valid(substr(u.key, 6));
        DROP TABLE numbers;
    """)


def find_news(connection: duckdb.DuckDBPyConnection) -> int:
    """Leave in `seen_new` and `joined` only what `held` doesn't say already; the number of keys it is about.

    `held` has the rows in force of all keys of `seen`. `news` (key) tells for which keys the caller fetches the rest.
    """
    connection.execute("""
        CREATE OR REPLACE TABLE seen_new AS
        SELECT s.* FROM seen s LEFT JOIN (SELECT key, min(since) AS first FROM held GROUP BY key) h USING (key)
        WHERE h.key IS NULL OR s.first < h.first;
        CREATE OR REPLACE TABLE joined AS
        SELECT j.* FROM joined j ANTI JOIN (
            SELECT x.key AS a, y.key AS b, greatest(x.since, y.since) AS since, least(x.until, y.until) AS until
            FROM held x JOIN held y ON y.entity = x.entity AND y.key > x.key
        ) h ON h.a = j.a AND h.b = j.b AND h.since <= j.known AND (h.until IS NULL OR j.known < h.until);
        CREATE OR REPLACE TABLE news AS
        SELECT key FROM seen_new UNION SELECT a FROM joined UNION SELECT b FROM joined;
    """)
    return int(connection.execute("SELECT count(*) FROM news").fetchall()[0][0])


def resolve_news(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `links`, `retracted`, `conflicts`, `entities` and `live` from `seen_new`, `joined` and `held`.

    `held` now has all rows in force of all keys of every entity that a key in `news` belongs to.
    """
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE persons AS SELECT key, entity FROM held WHERE pinned AND until IS NULL;
        CREATE OR REPLACE TEMP TABLE unpinned AS SELECT * FROM held ANTI JOIN persons USING (key);
        -- the node of each entity: the key that it goes by, where that is still its own, or else one for itself
        CREATE OR REPLACE TEMP TABLE bases AS
        SELECT e.entity, coalesce(min(k.key), 'entity:' || e.entity) AS base
        FROM (SELECT DISTINCT entity FROM held) e
        LEFT JOIN (SELECT DISTINCT h.key, own_entity(h.key) AS entity, p.entity AS given
                   FROM held h LEFT JOIN persons p USING (key)) k
            ON k.entity = e.entity AND (k.given IS NULL OR k.given = e.entity)
        GROUP BY e.entity;
        CREATE OR REPLACE TEMP TABLE nodes AS
        SELECT row_number() OVER (ORDER BY f.key) - 1 AS id, f.key, f.first, f.first IS NULL AS virtual,
            CASE WHEN f.first IS NULL THEN f.key[8:] ELSE own_entity(f.key) END AS own,
            p.key IS NOT NULL AS pinned,
            CASE WHEN p.key IS NOT NULL THEN b.base
                WHEN f.first IS NOT NULL AND own[:2] <> 'P-' THEN f.key END AS anchor
        FROM (SELECT key, min(first) AS first FROM (
                SELECT key, first FROM seen_new UNION ALL SELECT key, since FROM held
                UNION ALL SELECT a, known FROM joined UNION ALL SELECT b, known FROM joined
                UNION ALL SELECT base, NULL FROM bases) GROUP BY key) f
        LEFT JOIN persons p USING (key) LEFT JOIN bases b ON b.entity = p.entity;
        CREATE OR REPLACE TEMP TABLE edges AS
        SELECT least(l.id, r.id) AS l, greatest(l.id, r.id) AS r, min(e.known) AS known,
            arg_min(e.source, e.known) AS source
        FROM (SELECT a, b, known, source FROM joined
              UNION ALL SELECT key, base, since, '' FROM unpinned JOIN bases USING (entity) WHERE key <> base) e
        JOIN nodes l ON l.key = e.a JOIN nodes r ON r.key = e.b
        GROUP BY least(l.id, r.id), greatest(l.id, r.id);
    """)
    nodes = connection.execute("""
        SELECT epoch_us(n.first) AS first, a.id AS anchor
        FROM nodes n LEFT JOIN nodes a ON a.key = n.anchor ORDER BY n.id""").fetchnumpy()
    edges = connection.execute("SELECT l, r, epoch_us(known) AS known FROM edges ORDER BY l, r").fetchnumpy()
    result = resolve(
        _integers(nodes["first"], OPEN),
        _integers(nodes["anchor"], NONE),
        *(_integers(edges[name], 0) for name in ("l", "r", "known")),
    )
    _register(connection, "spans", key=result.key, entity=result.entity, since=result.since, until=result.until)
    _register(connection, "refusals", edge=result.refused, kept=result.kept, claimed=result.claimed)
    _compare(connection)
    connection.unregister("spans")
    connection.unregister("refusals")


def _compare(connection: duckdb.DuckDBPyConnection) -> None:
    """What `spans` and `refusals` change in what is held."""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE wanted AS
        SELECT k.key, e.own AS entity, make_timestamp(s.since) AS since,
            CASE WHEN s.until < {OPEN} THEN make_timestamp(s.until) END AS until
        FROM spans s JOIN nodes k ON k.id = s.key JOIN nodes e ON e.id = s.entity
        WHERE NOT k.virtual AND NOT k.pinned;
        CREATE OR REPLACE TEMP TABLE matched AS
        SELECT h.id, h.key, h.entity, h.since, w.key IS NOT NULL AS wanted, h.until AS held_until, w.until,
            w.key IS NOT NULL AND (w.until IS NOT NULL OR h.until IS NULL) AS kept
        FROM unpinned h LEFT JOIN wanted w ON w.key = h.key AND w.entity = h.entity AND w.since = h.since;
        CREATE OR REPLACE TABLE retracted AS
        SELECT id, CASE WHEN kept THEN until ELSE since END AS until FROM matched
        WHERE NOT kept OR until IS DISTINCT FROM held_until;
        CREATE OR REPLACE TABLE links AS
        SELECT w.key, w.entity, w.since, w.until,
            coalesce(CASE WHEN own_entity(w.key) <> w.entity THEN j.source END, s.source, j.source, '') AS source
        FROM wanted w ANTI JOIN (SELECT * FROM matched WHERE kept) m
            ON m.key = w.key AND m.entity = w.entity AND m.since = w.since
        LEFT JOIN seen s ON s.key = w.key
        LEFT JOIN (SELECT key, min(source) AS source FROM (
            SELECT a AS key, source FROM joined UNION ALL SELECT b, source FROM joined) GROUP BY key) j
            ON j.key = w.key;
        CREATE OR REPLACE TABLE live AS
        SELECT key, entity FROM wanted WHERE until IS NULL UNION ALL SELECT key, entity FROM persons;
        CREATE OR REPLACE TABLE entities AS
        SELECT c.entity, CASE WHEN l.entity IS NULL THEN c.target END AS target FROM (
            SELECT o.entity, arg_min(n.entity, o.key) AS target FROM (
                SELECT key, entity FROM held UNION SELECT key, entity FROM wanted) o
            LEFT JOIN live n ON n.key = o.key GROUP BY o.entity) c
        LEFT JOIN (SELECT DISTINCT entity FROM live) l ON l.entity = c.entity;
        CREATE OR REPLACE TABLE conflicts AS
        SELECT DISTINCT
            CASE WHEN r.anchor = r.key THEN l.key ELSE r.key END AS key,
            CASE WHEN r.anchor = r.key THEN k.own ELSE c.own END AS entity,
            CASE WHEN r.anchor = r.key THEN c.own ELSE k.own END AS claimant, e.source, e.known
        FROM refusals f JOIN (SELECT *, row_number() OVER (ORDER BY l, r) - 1 AS edge FROM edges) e USING (edge)
        JOIN nodes l ON l.id = e.l JOIN nodes r ON r.id = e.r
        JOIN nodes k ON k.id = f.kept JOIN nodes c ON c.id = f.claimed;
    """)


def _integers(
    column: np.ndarray[tuple[int], np.dtype[np.int64]], null: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.ma.filled(column, null).astype(np.int64)


def _register(connection: duckdb.DuckDBPyConnection, name: str, **columns: object) -> None:
    import pyarrow as pa

    connection.register(name, pa.table(columns))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quoted(names: Sequence[str]) -> str:
    """Column names as SQL."""
    return ", ".join(_quoted(name) for name in names)

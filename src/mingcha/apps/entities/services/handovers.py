"""Keys that pass from firm to firm: a licence that is issued anew to another owner of the shop.

Two credit codes are never joined, so a key that rows tie to both is a conflict and stays with the first. But where the
rows tell from when on each holds (validTime), and the firms' days don't interleave, they say that the key passed on:
it means the first firm until the second one's first day, and the second from then on. Links say so in valid time, since
the moment at which it could be known. Firms whose days interleave, or begin on one day, remain a conflict.

The resolution of all keys (engines/linkage/evidence.py) knows one entity a key at a time. So a key that passes on goes
through it with its first firm alone, its stem; from its turn, the moment at which two firms are known, what is written
is made here. It is a function of all rows that tell of the key: they are read again from the lake, for these few keys.

Tables, times being UTC timestamps:
- `dated_new`, `dated_all` (key, firm, starts, known, source, id): what the new rows tell, and what all rows tell of the
  `contested` (key), which have to be worked out anew.
- `turning` (key, turn, stem, anew): the keys that pass on; `anew`: their links are in `handed`, not as they were.
- `handed` (key, entity, since, until, valid_from, valid_to, source): links from the turn on.
- `past_holders` (key, entity, valid_from, valid_to): who had a key before whoever has it now.
- `settled` (key, entity): claims that are no conflict any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mingcha.engines.lake.contract import Contract
from mingcha.engines.linkage.evidence import Delivery, quoted
from mingcha.engines.linkage.identifiers import CODE_SCHEMES, key_sql

if TYPE_CHECKING:
    import duckdb

_DATED = "(key VARCHAR, firm VARCHAR, starts TIMESTAMP, known TIMESTAMP, source VARCHAR, id BLOB)"
_BOUNDED = "(valid_from IS NOT NULL OR valid_to IS NOT NULL)"


def tells_of_handovers(contract: Contract) -> bool:
    """Whether its rows say from when on a key that may pass on belongs to a credit code. Codes of a firm never do."""
    schemes = {key.scheme for key in contract.entity_keys}
    return bool(contract.valid_from) and "uscc" in schemes and bool(schemes.difference(CODE_SCHEMES))


def open_tables(duck: duckdb.DuckDBPyConnection) -> None:
    duck.execute(f"""
        CREATE TABLE dated_new {_DATED}; CREATE TABLE dated_all {_DATED};
        CREATE TABLE contested (key VARCHAR);
        CREATE TABLE turning (key VARCHAR, turn TIMESTAMP, stem VARCHAR, anew BOOLEAN);
        CREATE TABLE handed (key VARCHAR, entity VARCHAR, since TIMESTAMP, until TIMESTAMP,
            valid_from TIMESTAMP, valid_to TIMESTAMP, source VARCHAR);
        CREATE TABLE past_holders (key VARCHAR, entity VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP);
        CREATE TABLE settled (key VARCHAR, entity VARCHAR);
    """)
    _widen_links(duck)


def _widen_links(duck: duckdb.DuckDBPyConnection) -> None:
    duck.execute("ALTER TABLE links ADD COLUMN valid_from TIMESTAMP; ALTER TABLE links ADD COLUMN valid_to TIMESTAMP")


def collect(duck: duckdb.DuckDBPyConnection, deliveries: Iterable[Delivery], *, contested: bool = False) -> None:
    """Fill `dated_new` from new rows; or, of the `contested` keys, `dated_all` from all."""
    table, only = ("dated_all", " AND key IN (FROM contested)") if contested else ("dated_new", "")
    for delivery in deliveries:
        contract = delivery.contract
        if not tells_of_handovers(contract):
            continue
        firm = next(key for key in contract.entity_keys if key.scheme == "uscc")
        for key in contract.entity_keys:
            if key.scheme in CODE_SCHEMES:
                continue
            columns = (
                f"{key_sql(key.scheme, quoted([key.field]))} AS key, {key_sql('uscc', quoted([firm.field]))} AS firm"
            )
            columns += f", CAST({quoted([contract.valid_from])} AS TIMESTAMP) AS starts, _known_at AS known, _id AS id"
            duck.execute(
                f"INSERT INTO {table} SELECT key, firm, timezone('UTC', timezone(?, starts)), known, ?, id "
                f"FROM ({delivery.rows_sql(columns)}) WHERE key IS NOT NULL AND starts IS NOT NULL "
                f"AND starts_with(firm, 'uscc:') AND uscc_valid(substr(firm, 6)){only}",
                [contract.zone, contract.name],
            )


def ask_for(duck: duckdb.DuckDBPyConnection) -> None:
    """Add to `news` the contested keys and the firms that they may belong to."""
    duck.execute("""
        INSERT INTO news
        SELECT key FROM (SELECT key FROM contested UNION SELECT firm FROM dated_all) WHERE key NOT IN (FROM news)""")


def find_contested(duck: duckdb.DuckDBPyConnection) -> int:
    """Fill `contested` and `past_holders` from `dated_new`, `held` (the rows of all new keys) and `disputed` (key),
    those of which there are conflicts; how many keys are contested."""
    duck.execute(f"""
        INSERT INTO past_holders
        SELECT key, entity, valid_from, valid_to FROM held WHERE until IS NULL AND valid_to IS NOT NULL;
        CREATE OR REPLACE TEMP TABLE persons AS SELECT key, entity FROM held WHERE pinned AND until IS NULL;
        CREATE OR REPLACE TEMP TABLE claimed AS
        SELECT t.key, coalesce(p.entity, substr(t.firm, 6)) AS entity
        FROM dated_new t LEFT JOIN persons p ON p.key = t.firm;
        INSERT INTO contested
        (SELECT key FROM claimed GROUP BY key HAVING count(DISTINCT entity) > 1
         UNION SELECT key FROM claimed JOIN disputed USING (key)
         UNION SELECT h.key FROM claimed c JOIN held h ON h.key = c.key
            AND ({_BOUNDED} OR NOT starts_with(h.entity, 'P-') AND h.entity <> c.entity))
        EXCEPT SELECT key FROM persons;
        DROP TABLE persons; DROP TABLE claimed;
    """)
    return int(duck.execute("SELECT count(*) FROM contested").fetchall()[0][0])


def missing(duck: duckdb.DuckDBPyConnection) -> int:
    """Add to `news` the credit codes of all firms that hold or held a key that passed on, where `held` doesn't have
    their rows yet; how many."""
    duck.execute(f"""
        CREATE OR REPLACE TEMP TABLE strangers AS
        SELECT DISTINCT 'uscc:' || entity AS key FROM held
        WHERE key IN (SELECT key FROM held WHERE {_BOUNDED}) AND NOT starts_with(entity, 'P-')
            AND 'uscc:' || entity NOT IN (SELECT key FROM held) AND 'uscc:' || entity NOT IN (FROM news);
        INSERT INTO news FROM strangers""")
    return int(duck.execute("SELECT count(*) FROM strangers").fetchall()[0][0])


def set_aside(duck: duckdb.DuckDBPyConnection) -> None:
    """Before evidence.resolve_news: fill `turning` and `handed`, and take out of `held` and `joined` what they tell."""
    _decided_by_persons(duck)
    _work_out(duck)
    duck.execute(f"""
        -- a key that had passed on keeps what it has, unless something new is told of it; then perhaps it never did
        CREATE OR REPLACE TEMP TABLE turned AS
        SELECT key, min(since) FILTER ({_BOUNDED}) AS turn FROM held GROUP BY key HAVING bool_or({_BOUNDED});
        INSERT INTO turning
        SELECT h.key, t.turn, coalesce(
            any_value(h.entity) FILTER (h.since < t.turn AND h.until = t.turn AND NOT starts_with(h.entity, 'P-')),
            min(h.entity) FILTER (h.since = t.turn)), false
        FROM held h JOIN turned t USING (key)
        WHERE h.key NOT IN (SELECT key FROM turning UNION SELECT key FROM dated) GROUP BY h.key, t.turn;
        CREATE OR REPLACE TEMP TABLE aside AS
        SELECT h.*, h.key IN (SELECT key FROM dated) AS anew FROM held h JOIN turned t USING (key)
        WHERE h.since >= t.turn;
        CREATE OR REPLACE TEMP TABLE earlier AS
        SELECT h.id, h.key, h.since, h.until AS was, CASE WHEN h.until IS DISTINCT FROM t.turn THEN h.until END AS until
        FROM held h JOIN turning n USING (key) LEFT JOIN turned t USING (key)
        WHERE h.id NOT IN (SELECT id FROM aside);
        CREATE OR REPLACE TABLE held AS
        SELECT h.* REPLACE (CASE WHEN e.id IS NULL THEN h.until ELSE e.until END AS until)
        FROM held h LEFT JOIN earlier e USING (id) WHERE h.id NOT IN (SELECT id FROM aside)
        UNION ALL SELECT -1, key, stem, turn, NULL, false, NULL, NULL FROM turning;
        INSERT INTO joined
        SELECT least(key, firm), greatest(key, firm), min(known), arg_min(source, (known, source))
        FROM dated GROUP BY key, firm;
        DELETE FROM joined USING turning n, dated d
        WHERE d.key = n.key AND d.entity <> n.stem AND joined.known >= n.turn
            AND joined.a = least(d.key, d.firm) AND joined.b = greatest(d.key, d.firm);
    """)


def _decided_by_persons(duck: duckdb.DuckDBPyConnection) -> None:
    """A key that passed on and of which a person decided stays as it is: of its rows the last holder's is shown."""
    duck.execute(f"""
        CREATE OR REPLACE TEMP TABLE decided AS
        SELECT DISTINCT key FROM held WHERE pinned AND until IS NULL AND key IN (SELECT key FROM held WHERE {_BOUNDED});
        CREATE OR REPLACE TABLE held AS
        SELECT * FROM held WHERE key NOT IN (FROM decided)
        UNION ALL
        SELECT * REPLACE (-1 AS id, true AS pinned, NULL AS valid_from, NULL AS valid_to) FROM held
        WHERE key IN (FROM decided) AND until IS NULL
        QUALIFY row_number() OVER (PARTITION BY key ORDER BY valid_to DESC NULLS FIRST, entity) = 1;
    """)


def _work_out(duck: duckdb.DuckDBPyConnection) -> None:
    """`turning` and `handed` of the contested keys: at each moment, of each record what it last said by then."""
    duck.execute("""
        CREATE OR REPLACE TEMP TABLE persons AS SELECT key, entity FROM held WHERE pinned AND until IS NULL;
        CREATE OR REPLACE TEMP TABLE dated AS
        SELECT t.*, coalesce(p.entity, substr(t.firm, 6)) AS entity
        FROM dated_all t LEFT JOIN persons p ON p.key = t.firm WHERE t.key NOT IN (SELECT key FROM persons);
        CREATE OR REPLACE TEMP TABLE moments AS
        SELECT key, known AS moment, row_number() OVER (PARTITION BY key ORDER BY known) AS n
        FROM (SELECT DISTINCT key, known FROM dated);
        CREATE OR REPLACE TEMP TABLE firms AS
        SELECT key, n, said.entity AS entity, min(said.starts) AS first, max(said.starts) AS last, min(source) AS source
        FROM (SELECT m.key, m.n, d.source,
                arg_max({'entity': d.entity, 'starts': d.starts}, (d.known, d.starts, d.entity)) AS said
            FROM moments m JOIN dated d ON d.key = m.key AND d.known <= m.moment
            GROUP BY m.key, m.n, d.source, d.id)
        GROUP BY key, n, said.entity;
        CREATE OR REPLACE TEMP TABLE holders AS
        SELECT *, bool_and(before IS NULL OR before < first) OVER (PARTITION BY key, n) AS clean,
            count(*) OVER (PARTITION BY key, n) AS several
        FROM (SELECT *, lag(last) OVER w AS before, lead(first) OVER w AS after FROM firms
              WINDOW w AS (PARTITION BY key, n ORDER BY first, last, entity));
        INSERT INTO turning
        SELECT key, m.moment, s.stem, true
        FROM (SELECT key, min(n) AS n FROM holders WHERE clean AND several > 1 GROUP BY key) f
        JOIN moments m USING (key, n)
        JOIN (SELECT key, arg_min(entity, (known, entity)) AS stem FROM dated GROUP BY key) s USING (key);
        CREATE OR REPLACE TEMP TABLE states AS
        SELECT h.key, h.n, h.entity, CASE WHEN h.before IS NOT NULL THEN h.first END AS valid_from,
            h.after AS valid_to, h.source
        FROM holders h JOIN turning USING (key) WHERE h.clean
        UNION ALL
        SELECT h.key, h.n, any_value(t.stem), NULL, NULL, min(h.source)
        FROM holders h JOIN turning t USING (key) WHERE NOT h.clean GROUP BY h.key, h.n;
        INSERT INTO handed  -- states that follow on one another and are alike are one
        SELECT r.key, r.entity, m.moment, e.moment, r.valid_from, r.valid_to, r.source FROM (
            SELECT key, entity, valid_from, valid_to, min(source) AS source, min(n) AS n, max(n) + 1 AS ends FROM (
                SELECT *, n - row_number() OVER (PARTITION BY key, entity, valid_from, valid_to ORDER BY n) AS island
                FROM states JOIN (SELECT key, turn FROM turning) USING (key) JOIN moments USING (key, n)
                WHERE moment >= turn)
            GROUP BY key, entity, valid_from, valid_to, island) r
        JOIN moments m ON m.key = r.key AND m.n = r.n LEFT JOIN moments e ON e.key = r.key AND e.n = r.ends;
        CREATE OR REPLACE TEMP TABLE latest AS
        SELECT * FROM holders h JOIN turning USING (key) QUALIFY n = max(n) OVER (PARTITION BY key);
        INSERT INTO settled SELECT key, entity FROM latest WHERE clean;
    """)


def put_back(duck: duckdb.DuckDBPyConnection) -> None:
    """After evidence.resolve_news: `links`, `retracted`, `conflicts` and `live` with the keys that passed on."""
    _widen_links(duck)
    duck.execute("""
        DELETE FROM links USING turning n WHERE links.key = n.key AND links.since >= n.turn;
        UPDATE links SET until = n.turn FROM turning n
        WHERE links.key = n.key AND (links.until IS NULL OR links.until > n.turn);
        -- what the resolution says of rows from before counts until the key passed on
        CREATE OR REPLACE TEMP TABLE ends AS
        SELECT e.id, e.was,
            CASE WHEN e.since >= n.turn THEN e.since ELSE least(coalesce(r.until, e.until, n.turn), n.turn) END AS until
        FROM earlier e JOIN turning n USING (key) LEFT JOIN retracted r USING (id);
        DELETE FROM retracted WHERE id = -1 OR id IN (SELECT id FROM ends);
        INSERT INTO retracted SELECT id, until FROM ends WHERE until IS DISTINCT FROM was;
        CREATE OR REPLACE TEMP TABLE matched AS
        SELECT a.*, h.until AS ends, h.key IS NOT NULL AND (h.until IS NOT NULL OR a.until IS NULL) AS kept
        FROM aside a LEFT JOIN handed h ON h.key = a.key AND h.entity = a.entity AND h.since = a.since
            AND h.valid_from IS NOT DISTINCT FROM a.valid_from AND h.valid_to IS NOT DISTINCT FROM a.valid_to
        WHERE a.anew;
        INSERT INTO retracted
        SELECT id, CASE WHEN kept THEN ends ELSE since END FROM matched WHERE NOT kept OR ends IS DISTINCT FROM until;
        INSERT INTO links BY NAME
        SELECT h.* FROM handed h LEFT JOIN matched m ON m.kept AND m.key = h.key AND m.entity = h.entity
            AND m.since = h.since AND m.valid_from IS NOT DISTINCT FROM h.valid_from
            AND m.valid_to IS NOT DISTINCT FROM h.valid_to
        WHERE m.id IS NULL;
        INSERT INTO conflicts
        SELECT l.key, l.stem, l.entity, l.source, k.known
        FROM latest l
        JOIN (SELECT key, entity, min(known) AS known FROM dated GROUP BY key, entity) k USING (key, entity)
        WHERE NOT l.clean AND l.entity <> l.stem;
        DELETE FROM live WHERE key IN (SELECT key FROM turning);
        INSERT INTO live
        SELECT key, entity FROM handed WHERE until IS NULL AND valid_to IS NULL
        UNION ALL SELECT key, entity FROM aside WHERE NOT anew AND until IS NULL AND valid_to IS NULL;
        DELETE FROM past_holders WHERE key IN (FROM contested);
        INSERT INTO past_holders
        SELECT key, entity, valid_from, valid_to FROM handed WHERE until IS NULL AND valid_to IS NOT NULL;
    """)


def describe_past_holders(duck: duckdb.DuckDBPyConnection) -> None:
    """Let what rows of a key told before it passed on (`told`, of engines/linkage/description.py) describe the firm
    that had it then."""
    duck.execute("""
        UPDATE told SET key = 'entity:' || p.entity FROM past_holders p
        WHERE p.key = told.key AND told.known < p.valid_to AND (p.valid_from IS NULL OR told.known >= p.valid_from);
        INSERT INTO live SELECT DISTINCT 'entity:' || entity, entity FROM past_holders;
    """)

"""What describes an entity: for each role, the latest that its best source said. DuckDB, whole columns at a time.

The best source of a role is the dataset that declares the most roles: it is the register; a complaint that names the
firm fills in only what no register tells. Among one dataset's records the latest known counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from mingcha.engines.geo.datum import to_wgs84
from mingcha.engines.lake.contract import Contract

from .divisions import divisions
from .evidence import Delivery, quoted
from .pinyin import initials
from .spelling import words_sql

if TYPE_CHECKING:
    import duckdb

LENGTHS: Mapping[str, int] = {
    "name": 300,
    "name_other": 300,
    "kind": 100,
    "status": 40,
    "representative": 100,
    "industry": 100,
    "address": 400,
    "district": 100,
    "division": 12,
    "capital": 100,
    "scope": 20000,
}
"""Roles that are kept as text, and how long they may be. A district that is told as a code is a `division`."""
# the registers' words for where a firm is in its life, in the order in which they are looked for
_STATUS = (
    "CASE WHEN regexp_matches({0}, '吊销|revoke|suspend', 'i') THEN 'revoked' "
    "WHEN regexp_matches({0}, '注销|撤销|迁出|歇业|cancel|closed|inactive|dissolved', 'i') THEN 'cancelled' "
    "WHEN regexp_matches({0}, '存续|在营|开业|在业|营业|正常|在册|active|open|issued', 'i') THEN 'active' END"
)
DATES = ("opened_on", "closed_on")
_ORIGIN = '[{"d":"VARCHAR","t":"BIGINT","r":["VARCHAR"]}]'
ROLES = (*LENGTHS, *DATES, "position")
"""Columns of what is told. `position` is latitude and longitude in WGS-84, one text as one is nothing alone."""


def rank(contract: Contract) -> int:
    """How much of a register the dataset is."""
    return sum(1 for role in contract.roles if role in ROLES or role in ("latitude", "longitude"))


def open_tables(connection: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(f"{role} VARCHAR" for role in ROLES)
    connection.execute(f"CREATE TABLE told (key VARCHAR, dataset VARCHAR, rank INTEGER, known TIMESTAMP, {columns})")


def collect(connection: duckdb.DuckDBPyConnection, deliveries: Iterable[Delivery]) -> None:
    """Fill `told`: for each key of the new rows, every different description that they give, since last known."""
    for delivery in deliveries:
        contract = delivery.contract
        fields = {role: contract.roles[role] for role in (*LENGTHS, *DATES) if role in contract.roles}
        placed = "latitude" in contract.roles and "longitude" in contract.roles
        if not fields and not placed:
            continue
        columns = [_text(role, quoted([field])) + f" AS {role}" for role, field in fields.items()]
        if "district" in fields:
            columns.append(_text("division", quoted([fields["district"]])) + " AS division")
            fields["division"] = fields["district"]
        if placed:
            columns += [f"TRY_CAST({quoted([contract.roles[r]])} AS DOUBLE) AS {r}" for r in ("latitude", "longitude")]
        rows = delivery.rows_sql(", ".join(["_key AS key", "max(_known_at) AS known", *columns]))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE rows AS {rows} GROUP BY ALL")
        roles = [*fields, *_place(connection, contract.datum if placed else None)]
        connection.execute(
            f"INSERT INTO told BY NAME SELECT key, ? AS dataset, ? AS rank, known, {', '.join(roles)} FROM rows",
            [contract.name, rank(contract)],
        )
    connection.execute("DROP TABLE IF EXISTS rows")


def _text(role: str, column: str) -> str:
    if role in DATES:
        return f"CAST(TRY_CAST({column} AS DATE) AS VARCHAR)"
    text = f"nullif(trim(CAST({column} AS VARCHAR)), '')"
    if role in ("district", "division"):
        code = f"regexp_full_match({text}, '[0-9]{{6,12}}')"
        return f"CASE WHEN {'' if role == 'division' else 'NOT '}{code} THEN {text} END"
    return _STATUS.format(text) if role == "status" else f"left({text}, {LENGTHS[role]})"


def _place(connection: duckdb.DuckDBPyConnection, datum: str | None) -> list[str]:
    """Put `position` into `rows`, in WGS-84; nothing where there are no coordinates."""
    if datum is None:
        return []
    if datum not in ("WGS-84", "CGCS2000"):
        import pyarrow as pa

        raw = connection.execute(
            "SELECT rowid AS row, latitude, longitude FROM rows WHERE latitude IS NOT NULL AND longitude IS NOT NULL"
        ).fetchnumpy()
        latitude, longitude = to_wgs84(raw["latitude"], raw["longitude"], datum)
        connection.register("moved", pa.table({"row": raw["row"], "latitude": latitude, "longitude": longitude}))
        connection.execute(
            "UPDATE rows SET latitude = m.latitude, longitude = m.longitude FROM moved m WHERE m.row = rows.rowid"
        )
        connection.unregister("moved")
    connection.execute("ALTER TABLE rows ADD COLUMN position VARCHAR")
    connection.execute("""
        UPDATE rows SET position = printf('%.6f %.6f', latitude, longitude)
        WHERE latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180 AND (latitude <> 0 OR longitude <> 0)""")
    return ["position"]


def merge(connection: duckdb.DuckDBPyConnection, ranks: Mapping[str, int]) -> None:
    """Fill `described` (entity, the roles, origin): what changed in the descriptions of the entities of `told`.

    `live` (key, entity) has all keys of `told`. `current` (entity, origin, target, the roles), from the database, has
    those entities, and those that turned out to be one of them (`target`). `ranks`: of every dataset in `origin`.
    """
    import pyarrow as pa

    ranking = pa.table({"dataset": pa.array(ranks, pa.string()), "rank": pa.array(ranks.values(), pa.int32())})
    connection.register("ranking", ranking)
    held = ", ".join(f"CASE WHEN list_contains(o.r, '{role}') THEN c.{role} END AS {role}" for role in ROLES)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE claims AS
        SELECT l.entity, t.* EXCLUDE (key) FROM told t JOIN live l USING (key)
        UNION ALL BY NAME
        SELECT coalesce(c.target, c.entity) AS entity, o.d AS dataset, coalesce(r.rank, 0) AS rank,
            make_timestamp(o.t) AS known, {held}
        FROM (SELECT *, unnest(from_json(origin, '{_ORIGIN}')) AS o FROM current) c
        LEFT JOIN ranking r ON r.dataset = c.o.d;
        CREATE OR REPLACE TEMP TABLE numbered AS
        SELECT *, row_number() OVER (ORDER BY rank, known, dataset, {", ".join(ROLES)}) AS n FROM claims;
        CREATE OR REPLACE TEMP TABLE winners AS
        SELECT entity, {", ".join(f"arg_max({r}, n) AS {r}, max(n) FILTER ({r} IS NOT NULL) AS n_{r}" for r in ROLES)}
        FROM numbered GROUP BY entity;
        CREATE OR REPLACE TEMP TABLE origins AS
        SELECT entity, CAST(to_json(list(struct_pack(d := d, t := t, r := r) ORDER BY d, t)) AS VARCHAR) AS origin
        FROM (
            SELECT w.entity, n.dataset AS d, epoch_us(n.known) AS t, list(w.role[3:] ORDER BY w.role) AS r
            FROM (UNPIVOT (SELECT entity, {", ".join(f"n_{r}" for r in ROLES)} FROM winners)
                  ON COLUMNS(* EXCLUDE entity) INTO NAME role VALUE n) w
            JOIN numbered n ON n.n = w.n GROUP BY w.entity, n.dataset, n.known)
        GROUP BY entity;
        CREATE OR REPLACE TABLE described AS
        SELECT w.entity, {", ".join(f"w.{r}" for r in ROLES)}, coalesce(o.origin, '[]') AS origin
        FROM winners w LEFT JOIN origins o USING (entity)
        LEFT JOIN current c ON c.entity = w.entity AND c.target IS NULL
        WHERE c.entity IS NULL OR CAST(to_json(from_json(c.origin, '{_ORIGIN}')) AS VARCHAR) <> coalesce(o.origin, '[]')
            OR {" OR ".join(f"w.{r} <> c.{r}" for r in ROLES)};
        DROP TABLE claims; DROP TABLE numbered; DROP TABLE winners; DROP TABLE origins;
    """)
    connection.unregister("ranking")


def derive(connection: duckdb.DuckDBPyConnection) -> None:
    """Add to `described` what follows from it: initials, division, search (and the district's name, if it had none)."""
    import pyarrow as pa

    names = [n for (n,) in connection.execute("SELECT DISTINCT name FROM described WHERE name IS NOT NULL").fetchall()]
    connection.register(
        "short", pa.table({"name": pa.array(names, pa.string()), "initials": pa.array(initials(names), pa.string())})
    )
    codes = divisions()
    connection.register("divisions", pa.table({"code": list(codes), "name": list(codes.values())}))
    pairs = " || ".join(f"coalesce({words_sql(c)}, [])" for c in ("d.name", "d.name_other", "s.initials", "d.address"))
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE registered AS  -- where the number says that the firm is registered
        SELECT d.entity, CASE WHEN starts_with(d.entity, 'P-') THEN l.code ELSE substr(d.entity, 3, 6) END AS code
        FROM described d LEFT JOIN (
            SELECT entity, min(substr(key, 10, 6)) AS code FROM live WHERE starts_with(key, 'legacy15:') GROUP BY entity
        ) l USING (entity);
        CREATE OR REPLACE TEMP TABLE cities AS  -- the prefecture of each: of its number, else the one its address names
        SELECT d.entity, coalesce(left(r.code, 4), left(min(v.code), 4)) AS city
        FROM described d JOIN registered r USING (entity)
        LEFT JOIN divisions v ON r.code IS NULL AND v.code LIKE '%00' AND v.code NOT LIKE '%0000'
            AND contains(d.address, v.name)
        GROUP BY d.entity, r.code;
        CREATE OR REPLACE TEMP TABLE counties AS
        SELECT d.entity,
            arg_min(v.code, (d.district IS DISTINCT FROM v.name, instr(d.address, v.name), v.code)) AS code
        FROM described d JOIN cities c USING (entity)
        JOIN divisions v ON left(v.code, 4) = c.city AND v.code NOT LIKE '%00'
        WHERE d.district = v.name OR contains(d.address, v.name) GROUP BY d.entity;
        CREATE OR REPLACE TABLE described AS
        SELECT d.* EXCLUDE (district, division), s.initials, coalesce(d.division, k.code, r.code) AS division,
            coalesce(d.district, v.name) AS district, array_to_string(list_distinct({pairs}), ' ') AS search
        FROM described d LEFT JOIN short s USING (name) LEFT JOIN registered r USING (entity)
        LEFT JOIN counties k USING (entity)
        LEFT JOIN divisions v ON v.code = left(coalesce(d.division, k.code, r.code), 6);
        DROP TABLE registered; DROP TABLE cities; DROP TABLE counties;
    """)
    connection.unregister("short")
    connection.unregister("divisions")

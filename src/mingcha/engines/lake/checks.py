"""A contract compiled to SQL: texts to typed fields, every check at once, and the columns that the system adds.

All is plain DuckDB SQL over a table of texts (`Chunk.table` with `_row`), so that a chunk is checked in one query and
a rule is compiled in this place only.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mingcha.engines.linkage.identifiers import half_width_sql, key_sql

from .contract import STORED, Contract, Field, Rule
from .expressions import compile_expression, fields_used
from .standards import STANDARDS

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES = {
    "integer": ("不是整数", "is not a whole number"),
    "number": ("不是数字", "is not a number"),
    "boolean": ("不是“是/否”（true/false、1/0、是/否）", "is not true or false (1/0, yes/no, 是/否)"),
    "date": ("不是日期{}", "is not a date{}"),
    "timestamp": ("不是时间{}", "is not a time{}"),
}
_REQUIRED = ("必填项为空", "is required and empty")


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True)
class Check:
    """`sql` is true or unknown of a good row. `value` is SQL for what to show of a bad one. `nearly`: (SQL, zh, en), a
    condition of a bad one under which it has that reason."""

    field: str
    rule: str
    sql: str
    value: str
    reason_zh: str
    reason_en: str
    warning: bool = False
    judgeable: str = "TRUE"  # SQL: false where a field that it reads is there but of the wrong type, a fault of its own
    nearly: tuple[tuple[str, str, str], ...] = ()

    def reason(self, language: str) -> str:
        """SQL for the reason of a bad row."""
        place = 1 if language == "zh" else 2
        otherwise = text(self.reason_zh if language == "zh" else self.reason_en)
        cases = " ".join(f"WHEN {n[0]} THEN {text(n[place])}" for n in self.nearly)
        return f"CASE {cases} ELSE {otherwise} END" if cases else otherwise


@dataclass(frozen=True)
class Checks:
    """What to do with a chunk of texts. `standards` are (field, standard) whose verdicts `judged` adds to it first.

    `typed(source)`: SELECT of the rows of `source` with `_row`, the typed fields, `_id`, `_in` (chosen by the
    selection) and `_ok` (no check fails). `faults(source)`: SELECT of `_row` and `faults`, a list of
    (field, rule, value, reason_zh, reason_en), for rows of `source`. `stored`: the select list of a lake file over
    `typed`.
    """

    contract: Contract
    checks: tuple[Check, ...]
    standards: tuple[tuple[str, str], ...]
    selection: str
    stored: str
    iso: bool

    def _rows(self, source: str) -> str:
        """The texts, empty ones null, the typed fields beside them: "f#" and "f", and the standards' verdicts."""
        verdicts = "".join(f", {_verdict(*s)}" for s in self.standards)
        missing = ", ".join(text(m) for m in ("", *self.contract.missing))
        texts = ", ".join(
            f"CASE WHEN {quote(f.name)} NOT IN ({missing}) THEN {quote(f.name)} END AS {quote(f.name + '#')}"
            for f in self.contract.fields
        )
        typed = ", ".join(
            f"{typed_sql(f, quote(f.name + '#'), self.contract.zone, self.iso)} AS {quote(f.name)}"
            for f in self.contract.fields
        )
        return f"SELECT *, {typed} FROM (SELECT _row, {texts}{verdicts} FROM {source})"

    def typed(self, source: str) -> str:
        fields = ", ".join(quote(f.name) for f in self.contract.fields)
        fields += f", unhex(md5({_identity(self.contract)})) AS _id"
        good = " AND ".join(f"({c.sql}) IS NOT FALSE" for c in self.checks if not c.warning) or "TRUE"
        doubts = "".join(f", ({c.sql}) IS FALSE AS _doubt{i}" for i, c in enumerate(self.warned))
        chosen = f"({self.selection}) IS TRUE AS _in"
        return f"SELECT _row, {fields}, {chosen}, {good} AS _ok{doubts} FROM ({self._rows(source)})"

    def faults(self, source: str) -> str:
        found = ", ".join(
            f"CASE WHEN ({c.sql}) IS FALSE AND {c.judgeable} THEN {{'field': {text(c.field)}, 'rule': {text(c.rule)}, "
            f"'value': {c.value}, 'reason_zh': {c.reason('zh')}, 'reason_en': {c.reason('en')}}} END"
            for c in self.checks
            if not c.warning
        )
        return f"SELECT _row, list_filter([{found}], lambda x: x IS NOT NULL) AS faults FROM ({self._rows(source)})"

    def warnings(self, source: str) -> str:
        """SELECT of one row: how many rows of `source` (a table as `typed` makes it) each of `warned` found; "" where
        there are no warnings."""
        counts = [f"count(*) FILTER (_doubt{i})" for i in range(len(self.warned))]
        return f"SELECT {', '.join(counts)} FROM {source}" if counts else ""

    @property
    def warned(self) -> list[Check]:
        return [c for c in self.checks if c.warning]


def compile_checks(
    contract: Contract, *, received: dt.datetime, batch: int, file: int, where: str = "", iso: bool = False
) -> Checks:
    """`received` is aware. `where` is a condition on the rows to take. `iso`: dates may also come in ISO form,
    whatever the contract's format (from spreadsheets and Parquet). Its connection needs `identifiers.register`."""
    local = received.astimezone(ZoneInfo(contract.zone)).replace(tzinfo=None)
    now = f"TIMESTAMP '{local.isoformat(sep=' ')}'"
    checks = [c for f in contract.fields for c in _own_checks(f)]
    checks += [_rule_check(rule, contract, now) for rule in contract.rules]
    return Checks(
        contract=contract,
        checks=tuple(checks),
        standards=tuple(dict.fromkeys((r.field, r.standard) for r in contract.rules if _by_column(r.standard))),
        selection=compile_expression(where, contract.fields, where="--where") if where else "TRUE",
        stored=_stored(contract, received, batch, file),
        iso=iso,
    )


def _own_checks(field: Field) -> list[Check]:
    """What type and `required` ask."""
    column, raw = quote(field.name), quote(field.name + "#")
    checks = []
    if field.type in _TYPES:
        zh, en = _TYPES[field.type]
        checks.append(
            Check(
                field.name,
                "type",
                type_holds(field, raw, column),
                raw,
                zh.format(f"（{field.letters}）" if field.letters else ""),
                en.format(f" ({field.letters})" if field.letters else ""),
            )
        )
    if field.required:
        checks.append(Check(field.name, "required", f"{raw} IS NOT NULL", raw, *_REQUIRED))
    return checks


def _rule_check(rule: Rule, contract: Contract, now: str) -> Check:
    if _by_column(rule.standard):
        sql = f"{quote(rule.field + '#')} IS NULL OR {_verdict(rule.field, rule.standard)}"
    elif rule.standard:
        sql = STANDARDS[rule.standard].sql.format(f=quote(rule.field), now=now)
    else:
        sql = compile_expression(rule.expression, contract.fields)
    names = (rule.field,) if rule.field else fields_used(rule.expression, contract.fields)
    fields = [contract.field(n) for n in names]
    typed = [type_holds(f, quote(f.name + "#"), quote(f.name)) for f in fields if f.type in _TYPES]
    judgeable = " AND ".join(f"({t})" for t in typed) or "TRUE"
    warning = rule.severity == "warning"
    value = f"{quote(rule.field)}::VARCHAR" if rule.field else _named(fields)
    nearly = _folded(STANDARDS[rule.standard].folded, quote(rule.field + "#")) if rule.standard else ()
    return Check(rule.field, rule.name, sql, value, rule.reason_zh, rule.reason_en, warning, judgeable, nearly)


def _folded(valid: str, raw: str) -> tuple[tuple[str, str, str], ...]:
    """How a code that is wrong as supplied would be right. It is told, not done: what a department sent is kept as it
    is, and the row waits for its mending."""
    if not valid:
        return ()
    half = half_width_sql(raw)
    kinds = (
        (half, "是全角字符：改为半角即正确", "is in full-width characters: in half-width ones it is right"),
        (f"upper({raw})", "有小写字母：改为大写即正确", "has lower-case letters: in capitals it is right"),
        (
            f"upper({half})",
            "有全角字符和小写字母：改为半角、大写即正确",
            "has full-width and lower-case characters: half-width and in capitals it is right",
        ),
    )
    return tuple((valid.format(f=spelt), zh, en) for spelt, zh, en in kinds)


def _by_column(standard: str) -> bool:
    return bool(standard) and STANDARDS[standard].column is not None


def _verdict(field: str, standard: str) -> str:
    return quote(f"{field}#{standard}")


def judged(texts: pa.Table, checks: Checks) -> pa.Table:
    """The chunk with the verdicts of the standards that are checked a column at a time."""
    import pyarrow as pa

    for field, standard in checks.standards:
        judge = STANDARDS[standard].column
        assert judge is not None
        texts = texts.append_column(f"{field}#{standard}", pa.array(judge(texts.column(field).combine_chunks())))
    return texts


def _named(fields: list[Field]) -> str:
    """`closed_on=2014-01-05, opened_on=` for a rule of the whole row; masked fields don't show."""
    shown = [text("***") if f.masked else f"coalesce({quote(f.name)}::VARCHAR, '')" for f in fields]
    parts = [f"{text(f.name + '=')} || {value}" for f, value in zip(fields, shown, strict=True)]
    return " || ', ' || ".join(parts) or "''"


_INTEGER = r"[+-]?[0-9]{1,19}(\.0*)?"
_DATE = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ]00:00(:00(\.0+)?)?)?"
_TIME = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)?"
_OFFSET = r" ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_YES = "'true', 't', 'yes', 'y', '1', '1.0', '是', '有'"
_NO = "'false', 'f', 'no', 'n', '0', '0.0', '否', '无'"


def typed_sql(field: Field, raw: str, zone: str, iso: bool) -> str:
    """SQL that makes the text `raw` a value of the field's type, or null where it can't. `type_holds` refuses what
    DuckDB's casts are too generous with."""
    match field.type:
        case "integer":
            return f"TRY_CAST({raw} AS BIGINT)"
        case "number":
            return f"TRY_CAST({raw} AS DOUBLE)"
        case "boolean":
            usual = f"WHEN {raw} = 'true' THEN TRUE WHEN {raw} = 'false' THEN FALSE"
            return f"CASE {usual} WHEN lower({raw}) IN ({_YES}) THEN TRUE WHEN lower({raw}) IN ({_NO}) THEN FALSE END"
        case "date" | "timestamp":
            return _time_sql(field, raw, zone, iso)
        case "array":
            pieces = f"list_transform(string_split({raw}, {text(field.separator)}), lambda x: trim(x))"
            return f"list_filter({pieces}, lambda x: x <> '')"
        case _:
            return raw


def type_holds(field: Field, raw: str, typed: str) -> str:
    """SQL that is true where `typed` is what `raw` says. DuckDB's casts would round 12.7 to a whole number, and take
    0x1F, 1_000, +-1, nan and the year 14 (a mistake for 2014)."""
    match field.type:
        case "integer":
            good = f"{typed}::VARCHAR = {raw} OR ({typed} IS NOT NULL AND regexp_full_match({raw}, '{_INTEGER}'))"
        case "number":
            good = f"isfinite({typed}) AND NOT contains({raw}, '_') AND NOT starts_with({raw}, '+-')"
        case "date" | "timestamp":
            good = f"{typed} >= DATE '1000-01-01'"
        case _:
            good = f"{typed} IS NOT NULL"
    return f"{raw} IS NULL OR coalesce({good}, FALSE)"


def _time_sql(field: Field, raw: str, zone: str, iso: bool) -> str:
    """A date or local wall time, by the contract's formats or ISO 8601. A text with an offset is moved to `zone`."""
    kind = STORED[field.type]
    usual, pattern = ("____-__-__", _DATE) if field.type == "date" else ("____-__-__ __:__:__", _TIME)
    ways = []
    if iso or not field.formats:
        ways.append(f"WHEN {raw} LIKE '{usual}' THEN TRY_CAST({raw} AS {kind})")
        ways.append(f"WHEN regexp_full_match({raw}, '{pattern}') THEN CAST(TRY_CAST({raw} AS TIMESTAMP) AS {kind})")
        if field.type == "timestamp":
            moved = f"timezone({text(zone)}, TRY_CAST({raw} AS TIMESTAMPTZ))"
            ways.append(f"WHEN regexp_full_match({raw}, '{_TIME}{_OFFSET}') THEN {moved}")
    if field.formats:
        plain = [f for f in field.formats if "%z" not in f]
        parsed = [f"TRY_STRPTIME({raw}, [{', '.join(map(text, plain))}])"] if plain else []
        parsed += [f"timezone({text(zone)}, TRY_STRPTIME({raw}, {text(f)}))" for f in field.formats if "%z" in f]
        # DuckDB reads 'epoch' and 'infinity' as times
        ways.append(f"WHEN regexp_matches({raw}, '[0-9]') THEN CAST(coalesce({', '.join(parsed)}) AS {kind})")
    return f"CASE {' '.join(ways)} END"


def _stored(contract: Contract, received: dt.datetime, batch: int, file: int) -> str:
    moment = f"TIMESTAMP '{received.astimezone(dt.UTC).replace(tzinfo=None).isoformat(sep=' ')}'"
    known = _known(contract, moment)
    event = f"coalesce({_utc(contract, contract.event_time)}, {known})" if contract.event_time else known
    columns = [
        *(quote(f.name) for f in contract.fields),
        f"{_key(contract)} AS _key",
        f"{event} AS _event_at",
        f"{known} AS _known_at",
        f"{moment} AS _received_at",
        f"{batch}::BIGINT AS _batch",
        f"{file}::INTEGER AS _file",
        "_row",
        "_id",
    ]
    return ", ".join(columns)


def _identity(contract: Contract) -> str:
    """One text of the primary key's values (or all values), with a mark for null: equal values, and only those, give
    equal texts."""
    parts = []
    for f in map(contract.field, contract.primary_key or [f.name for f in contract.fields]):
        value = f"array_to_string({quote(f.name)}, '\x1d')" if f.type == "array" else f"{quote(f.name)}::VARCHAR"
        parts.append(f"coalesce({value}, '\x1e')")
    return parts[0] if len(parts) == 1 else f"concat_ws('\x1f', {', '.join(parts)})"


def _utc(contract: Contract, name: str, lag: int = 0) -> str:
    """A field's local time as UTC, `lag` days later."""
    value = f"{quote(name)}::TIMESTAMP" + (f" + INTERVAL {lag} DAY" if lag else "")
    exact = f"timezone('UTC', timezone({text(contract.zone)}, {value}))"
    since, offset = _steady(contract.zone)
    if since is None:
        return exact
    return f"CASE WHEN {value} >= TIMESTAMP '{since}' THEN {value} - INTERVAL {offset} SECOND ELSE {exact} END"


@lru_cache(maxsize=64)
def _steady(zone: str) -> tuple[dt.date | None, int]:
    """Since when the zone's offset (seconds) has not changed, where that is a while ago: then a subtraction does."""
    zoned = ZoneInfo(zone)
    offsets = {
        dt.date(year, month, 1): dt.datetime(year, month, 1, tzinfo=zoned).utcoffset()
        for year in range(1900, 2101)
        for month in (1, 4, 7, 10)
    }
    last = offsets[dt.date(2100, 10, 1)]
    changed = max((day for day, offset in offsets.items() if offset != last), default=dt.date(1900, 1, 1))
    if last is None or changed > dt.date(2016, 1, 1):
        return None, 0
    return changed.replace(year=changed.year + 1), int(last.total_seconds())


def _known(contract: Contract, moment: str) -> str:
    """When we could know a row; never later than when we received it."""
    if contract.known_time:
        return f"least(coalesce({_utc(contract, contract.known_time)}, {moment}), {moment})"
    if contract.known_lag is not None:
        return f"least(coalesce({_utc(contract, contract.event_time, contract.known_lag)}, {moment}), {moment})"
    if contract.known_since:
        return f"TIMESTAMP {text(contract.known_since + ' 00:00:00')}"
    return moment


def _key(contract: Contract) -> str:
    if contract.keyed_by != "entity":
        return "NULL::VARCHAR"
    keys = [_entity_key(k.scheme, k.field, contract) for k in contract.entity_keys]
    return f"coalesce({', '.join(keys)}, 'record:{contract.name}:' || lower(hex(_id)))"


def _entity_key(scheme: str, field: str, contract: Contract) -> str:
    checked = any(r.standard == "uscc" and r.field == field and r.severity == "error" for r in contract.rules)
    if scheme == "uscc" and checked:  # already in the one spelling; all zeros has a true check character, too
        return f"CASE WHEN {quote(field)} <> '000000000000000000' THEN 'uscc:' || {quote(field)} END"
    return key_sql(scheme, quote(field))

"""From an ODCS v3.1 file to a Contract. docs/contracts.md tells what is read; everything that does not fit is refused.

All faults of a contract are told at once, each with its line, so that it is mended in one go.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml

from mingcha.problems import Problem

from .contract import Contract, Field, LogicalType, Rule
from .declarations import DATUMS, Declarations
from .faults import LOADER, Faults
from .faults import Path as Place
from .rules import default_rules, rules_of_options, rules_of_quality

ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
ENCODINGS |= dict.fromkeys(("latin-1", "latin1", "iso-8859-1", "windows-1252", "cp1252"), "latin-1")
PROPERTIES = [
    "keyedBy",
    "entityKeys",
    "entity",
    "place",
    "eventTime",
    "knownTime",
    "validTime",
    "missing",
    "factors",
    "inspections",
    "simulated",
]
_NAME = re.compile(r"[^\W\d_]\w{0,62}")


def read_contract(source: Path | str) -> Contract:
    """The contract in the file `source`, or in `source` itself where it is text of several lines.

    Problem where the file is missing, is no YAML, is no ODCS v3.1 contract, or says what can't be done.
    """
    return read_document(source)[0]


def read_document(source: Path | str) -> tuple[Contract, dict[str, Any], str]:
    """The contract, its document as JSON-able data (what `contract_of` takes), and its text."""
    text, name = _text_of(source)
    document = _parse(text, name)
    faults = Faults(text, name)
    _check_standard(document, faults)
    faults.check()
    contract = _build(document, faults)
    faults.check()
    return contract, document, text


def contract_of(document: Mapping[str, Any]) -> Contract:
    """The contract of a document that `read_document` has already checked. No parsing, so it is fast."""
    return _build(document, None)


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON."""
    canonical = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _text_of(source: Path | str) -> tuple[str, str]:
    if isinstance(source, str) and "\n" in source:
        return source, "contract"
    path = Path(source)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        shipped = sorted(p.name for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        raise Problem(
            zh="找不到数据契约文件。",
            en="There is no such contract file.",
            where=str(source),
            todo_zh="请检查路径。" + (f"该文件夹中有：{'、'.join(shipped[:10])}" if shipped else ""),
            todo_en="Check the path." + (f" The folder has: {', '.join(shipped[:10])}" if shipped else ""),
        ) from None
    except (IsADirectoryError, PermissionError) as error:
        raise Problem(
            zh=f"数据契约文件读不了：{error.strerror}。",
            en=f"The contract file can't be read: {error.strerror}.",
            where=str(source),
            todo_zh="请给出一个可读的 YAML 文件。",
            todo_en="Give a readable YAML file.",
        ) from None
    try:
        return data.decode("utf-8-sig"), str(source)
    except UnicodeDecodeError as error:
        raise Problem(
            zh="数据契约文件不是 UTF-8 文本。",
            en="The contract file is not UTF-8 text.",
            where=f"{source}: byte {error.start}",
            todo_zh="第一个参数应为契约（YAML），其后才是数据文件；请用 UTF-8 保存契约。",
            todo_en="The contract (YAML) comes first, the data files after it. Save the contract as UTF-8.",
        ) from None


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        document = yaml.load(text, Loader=LOADER)  # noqa: S506  # a safe loader, in C
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).split("\n")[0]
        raise Problem(
            zh=f"数据契约不是正确的 YAML：{what}。",
            en=f"The contract is not well-formed YAML: {what}.",
            where=f"{name}: line {mark.line + 1}, column {mark.column + 1}" if mark else name,
            todo_zh="请检查这一行的缩进、冒号和引号。",
            todo_en="Look at this line's indentation, colons and quotes.",
        ) from None
    if not isinstance(document, dict) or "apiVersion" not in document or document.get("kind") != "DataContract":
        raise Problem(
            zh="这不是开放数据契约标准（ODCS）的契约：缺少 apiVersion 或 kind: DataContract。",
            en="This is no contract of the Open Data Contract Standard: apiVersion or kind: DataContract is missing.",
            where=name,
            todo_zh="请以 apiVersion: v3.1.0 和 kind: DataContract 开头，参见 docs/contracts.md。",
            todo_en="Begin it with apiVersion: v3.1.0 and kind: DataContract; see docs/contracts.md.",
        )
    if not re.fullmatch(r"v3\.[01]\.\d+", str(document["apiVersion"])):
        raise Problem(
            zh=f"不支持的契约标准版本：{document['apiVersion']}。",
            en=f"This version of the contract standard is not supported: {document['apiVersion']}.",
            where=f"{name}: apiVersion",
            todo_zh="请使用 v3.1.0。",
            todo_en="Use v3.1.0.",
        )
    if isinstance(document.get("version"), (int, float)):
        document["version"] = str(document["version"])
    plain: dict[str, Any] = json.loads(json.dumps(document, default=str))  # YAML's dates become text
    return plain


def _check_standard(document: dict[str, Any], faults: Faults) -> None:
    """Against the standard's own model, and for keys that it does not know (which it would pass over in silence)."""
    import pydantic
    from open_data_contract_standard import model

    try:
        model.OpenDataContractStandard.model_validate(document)
    except pydantic.ValidationError as error:
        names = [f.alias or n for n, f in model.OpenDataContractStandard.model_fields.items()]
        for e in error.errors():
            path = tuple(p for p in e["loc"] if p not in ("Team", "list[TeamMember]"))
            if e["type"] == "extra_forbidden":
                faults.unknown(path, str(path[-1]), names, "标准中没有", "the standard has no")
            else:
                faults.add(path, f"不符合标准：{e['msg']}", f"against the standard: {e['msg']}")
        return

    def known(path: Place, value: Mapping[str, Any], part: Any) -> None:
        names = [f.alias or n for n, f in part.model_fields.items()]
        for key in value:
            if key not in names:
                faults.unknown((*path, key), key, names, "标准中没有", "the standard has no")

    for i, server in enumerate(document.get("servers") or []):
        known(("servers", i), server, model.Server)
    schemas = document.get("schema") or []
    if len(schemas) != 1:
        faults.add(
            ("schema",),
            f"应恰好有一个 schema 对象，现有 {len(schemas)} 个",
            f"there must be exactly one schema object, there are {len(schemas)}",
        )
    for i, schema in enumerate(schemas):
        at: Place = ("schema", i)
        known(at, schema, model.SchemaObject)
        for k, check in enumerate(schema.get("quality") or []):
            known((*at, "quality", k), check, model.DataQuality)
        for j, prop in enumerate(schema.get("properties") or []):
            known((*at, "properties", j), prop, model.SchemaProperty)
            for k, check in enumerate(prop.get("quality") or []):
                known((*at, "properties", j, "quality", k), check, model.DataQuality)
        for k, extra in enumerate(schema.get("customProperties") or []):
            if extra.get("property") not in PROPERTIES:
                name = str(extra.get("property"))
                faults.unknown((*at, "customProperties", k), name, PROPERTIES, "不认识的属性", "unknown property")


_LETTERS = {
    "yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d",
    "EEEE": "%A", "EEE": "%a", "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "mm": "%M", "m": "%M", "ss": "%S",
    "s": "%S", "SSSSSS": "%f", "SSS": "%g", "a": "%p", "XXX": "%z", "XX": "%z", "X": "%z", "Z": "%z",
}  # fmt: skip


def strptime_of(pattern: str) -> str:
    """`yyyy-MM-dd HH:mm:ss` letters as a strptime format; ValueError where a letter is unknown."""
    out, rest = "", pattern
    while rest:
        if quoted := re.match(r"'([^']*)'", rest):
            out, rest = out + (quoted[1] or "'").replace("%", "%%"), rest[quoted.end() :]
        elif run := re.match(r"([A-Za-z])\1*", rest):
            if run[0] == "T":
                out += "T"
            elif run[0] in _LETTERS:
                out += _LETTERS[run[0]]
            else:
                raise ValueError(run[0])
            rest = rest[run.end() :]
        else:
            out, rest = out + rest[0].replace("%", "%%"), rest[1:]
    return out


def _build(document: Mapping[str, Any], faults: Faults | None) -> Contract:
    """The Contract; with `faults`, everything is checked on the way, without, it was checked before."""
    schema = document["schema"][0]
    at: Place = ("schema", 0)
    fields = tuple(
        _field(p, (*at, "properties", i), faults)
        for i, p in enumerate(schema.get("properties") or [])
        if isinstance(p, Mapping)
    )
    custom = {c["property"]: c.get("value") for c in schema.get("customProperties") or []}
    index = {c["property"]: i for i, c in enumerate(schema.get("customProperties") or [])}
    read = Declarations(fields, custom, {k: (*at, "customProperties", i, "value") for k, i in index.items()}, faults)
    server = (document.get("servers") or [{}])[0]
    if faults:
        _check_top(document, schema, fields, server, faults)
        faults.check()  # the rest would stumble over wrong names and types
    keys = [
        (p.get("primaryKeyPosition") or 99, i, p["name"])
        for i, p in enumerate(schema.get("properties") or [])
        if p.get("primaryKey")
    ]
    primary_key = tuple(name for _, _, name in sorted(keys))
    known = read.mapping("knownTime")
    event = read.mapping("eventTime")
    valid = read.mapping("validTime")
    place = read.mapping("place")
    event_time = read.field("eventTime", event.get("field"), ("date", "timestamp"))
    known_time = read.field("knownTime", known.get("field"), ("date", "timestamp"))
    rules: list[Rule] = []
    for i, p in enumerate(schema.get("properties") or []):
        where: Place = (*at, "properties", i)
        field = fields[i]
        rules += rules_of_options(field)
        rules += rules_of_quality(field, p.get("quality") or [], (*where, "quality"), fields, faults)
    rules += rules_of_quality(None, schema.get("quality") or [], (*at, "quality"), fields, faults)
    rules += default_rules(rules, event_time, known_time)
    contract = Contract(
        name=str(document.get("id")),
        version=str(document.get("version")),
        digest=digest_of(document),
        title=schema.get("businessName") or document.get("name") or str(document.get("id")),
        description=schema.get("description") or (document.get("description") or {}).get("purpose") or "",
        department=document.get("tenant") or "",
        keyed_by=custom.get("keyedBy") or "entity",
        fields=fields,
        rules=tuple(rules),
        primary_key=primary_key,
        entity_keys=read.entity_keys(),
        roles=read.roles(),
        latitude=read.field("place", place.get("latitude"), ("number",)),
        longitude=read.field("place", place.get("longitude"), ("number",)),
        datum=read.choice("place", place.get("datum") or "WGS-84", DATUMS),
        event_time=event_time,
        zone=read.zone(event.get("zone") or known.get("zone") or "Asia/Shanghai"),
        known_time=known_time,
        known_lag=read.days("knownTime", known["lag"]) if "lag" in known else None,
        known_since=str(known.get("since") or ""),
        valid_from=read.field("validTime", valid.get("from"), ("date", "timestamp")),
        valid_to=read.field("validTime", valid.get("to"), ("date", "timestamp")),
        factors=read.factors(),
        inspections=read.inspections(primary_key),
        format=server.get("format") or "",
        encoding=ENCODINGS.get(str(server.get("encoding") or "").lower(), ""),
        delimiter=server.get("delimiter") or "",
        missing=tuple(str(m) for m in custom.get("missing") or ()),
        simulated=bool(custom.get("simulated")),
    )
    if faults:
        _check_meaning(contract, custom, known, read)
    return contract


def _field(prop: Mapping[str, Any], at: Place, faults: Faults | None) -> Field:
    options = dict(prop.get("logicalTypeOptions") or {})
    separator = str(options.pop("separator", ""))
    for extra in prop.get("customProperties") or []:
        if extra.get("property") == "separator":
            separator = str(extra.get("value"))
    formats, patterns = [], []
    logical = prop.get("logicalType") or "string"
    if logical in ("date", "timestamp"):
        patterns = list(filter(None, str(options.pop("format", "")).split("|")))
        for pattern in patterns:
            try:
                formats.append(strptime_of(pattern))
            except ValueError as letter:
                if faults:
                    faults.add(
                        (*at, "logicalTypeOptions", "format"),
                        f"日期格式“{pattern}”中有不认识的字母“{letter}”",
                        f"the date format {pattern!r} holds the unknown letter {str(letter)!r}",
                    )
    if logical == "array" and not separator:
        separator = " "
    name = str(prop.get("name"))
    return Field(
        name=name,
        header=str(prop.get("physicalName") or name),
        type=logical,  # type: ignore[arg-type]  # checked in _check_top
        title=prop.get("businessName") or "",
        description=prop.get("description") or "",
        required=bool(prop.get("required") or prop.get("primaryKey")),
        unique=bool(prop.get("unique")),
        classification=prop.get("classification") or "",
        formats=tuple(formats),
        letters=" / ".join(patterns),
        separator=separator,
        options=options,
    )


_OPTIONS = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"),
    "date": ("format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "timestamp": ("format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "array": ("separator", "minItems", "maxItems"),
    "boolean": (),
}


def _check_top(
    document: Mapping[str, Any],
    schema: Mapping[str, Any],
    fields: tuple[Field, ...],
    server: Mapping[str, Any],
    faults: Faults,
) -> None:
    """Names, types and options."""
    name = document.get("id")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", str(name)):
        faults.add(
            ("id",),
            f"数据集名“{name}”应由小写字母、数字和下划线组成，以字母开头",
            f"the dataset's name {name!r} must be lower-case letters, digits and _, and begin with a letter",
        )
    if not document.get("version"):
        faults.add(("version",), "缺少 version", "version is missing")
    if not fields:
        faults.add(("schema", 0, "properties"), "没有任何字段", "there are no fields")
    for attribute, zh, en in (("name", "字段名", "field name"), ("header", "列名", "column name")):
        seen: set[str] = set()
        for i, f in enumerate(fields):
            value = str(getattr(f, attribute))
            if value.lower() in seen:
                faults.add(("schema", 0, "properties", i), f"{zh}“{value}”重复", f"the {en} {value!r} is there twice")
            seen.add(value.lower())
    for i, (f, prop) in enumerate(zip(fields, schema["properties"], strict=True)):
        at: Place = ("schema", 0, "properties", i)
        if not _NAME.fullmatch(f.name):
            faults.add(
                (*at, "name"),
                f"字段名“{f.name}”应由字母、数字和下划线组成，以字母开头；文件中的列名写在 physicalName",
                f"the field name {f.name!r} must be letters, digits and _, and begin with a letter; "
                "the column's name in the file goes to physicalName",
            )
        if f.type not in get_args(LogicalType):
            faults.unknown((*at, "logicalType"), f.type, get_args(LogicalType), "不支持的类型", "unsupported type")
            continue
        for option, value in (prop.get("logicalTypeOptions") or {}).items():
            where = (*at, "logicalTypeOptions", option)
            if option not in _OPTIONS[f.type]:
                faults.unknown(where, option, _OPTIONS[f.type], f"类型 {f.type} 没有选项", f"{f.type} has no option")
            elif option.startswith(("min", "max", "excl", "mult")):
                numeric = f.type not in ("date", "timestamp")
                if isinstance(value, bool) or isinstance(value, (int, float)) != numeric:
                    faults.add(
                        where, f"“{value}”应为{'数字' if numeric else '日期'}", f"{value!r} does not fit {f.type}"
                    )
        for extra in prop.get("customProperties") or []:
            if extra.get("property") != "separator":
                faults.unknown(
                    (*at, "customProperties"),
                    str(extra.get("property")),
                    ["separator"],
                    "不认识的属性",
                    "unknown property",
                )
    if server.get("format") and server["format"] not in ("csv", "xlsx", "parquet"):
        faults.unknown(
            ("servers", 0, "format"), server["format"], ("csv", "xlsx", "parquet"), "不支持的格式", "unknown format"
        )
    if server.get("encoding") and str(server["encoding"]).lower() not in ENCODINGS:
        faults.unknown(("servers", 0, "encoding"), server["encoding"], ENCODINGS, "不支持的编码", "unknown encoding")
    delimiter = server.get("delimiter")
    if delimiter and (len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii()):
        faults.add(("servers", 0, "delimiter"), "分隔符应为一个字符", "the delimiter must be one ASCII character")


def _is_date(text: str) -> bool:
    """Whether `text` is a day of the calendar, as 2013-01-01."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_meaning(contract: Contract, custom: Mapping[str, Any], known: Mapping[str, Any], read: Declarations) -> None:
    """What the parts say together."""
    faults = read.faults
    assert faults is not None
    here: Place = ("schema", 0, "customProperties")
    if contract.keyed_by not in ("entity", "place", "date"):
        faults.unknown(
            read.paths["keyedBy"],
            str(contract.keyed_by),
            ("entity", "place", "date"),
            "keyedBy 不能是",
            "keyedBy can't be",
        )
    elif "keyedBy" not in custom:
        faults.add(here, "缺少 keyedBy（entity、place 或 date）", "keyedBy (entity, place or date) is missing")
    elif contract.keyed_by == "entity" and not contract.entity_keys:
        faults.add(here, "keyedBy 为 entity，却没有 entityKeys", "keyedBy is entity, but there are no entityKeys")
    elif contract.keyed_by == "place" and not (contract.latitude and contract.longitude):
        faults.add(
            here, "keyedBy 为 place，却没有 place 的经纬度", "keyedBy is place, but place has no latitude and longitude"
        )
    elif contract.keyed_by == "date" and not contract.event_time:
        faults.add(here, "keyedBy 为 date，却没有 eventTime", "keyedBy is date, but there is no eventTime")
    if len([k for k in ("field", "lag", "since") if k in known]) > 1 or set(known) - {"field", "lag", "since", "zone"}:
        faults.add(
            read.paths["knownTime"],
            "knownTime 应为 field、lag、since 三者之一",
            "knownTime must be one of field, lag and since",
        )
    if contract.known_since and not _is_date(contract.known_since):
        faults.add(read.paths["knownTime"], "since 应为日期，如 2013-01-01", "since must be a date like 2013-01-01")
    if (contract.factors or contract.inspections) and not known:
        faults.add(
            here,
            "要派生因子或作为检查数据，须有 knownTime：{field}、{lag: P1D}（设定的滞后）或 {since: 日期}",
            "for factors or inspections knownTime is needed: {field}, {lag: P1D} (an assumed lag) or {since: a date}",
        )
    if contract.known_lag is not None and not contract.event_time:
        faults.add(
            read.paths["knownTime"],
            "lag 从 eventTime 算起，但没有 eventTime",
            "a lag counts from eventTime, and there is none",
        )

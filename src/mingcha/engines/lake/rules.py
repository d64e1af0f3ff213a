"""The checks that a contract asks for, as Rules: every one a row expression or a shipped data standard.

A rule holds where its expression is true or unknown (NULL), as with SQL's CHECK: an empty field is the business of
`required`, not of the other rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from .contract import Field, Rule
from .faults import Faults, Path
from .standards import STANDARDS


def literal(value: Any) -> str:
    """`value` as an SQL literal."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def name(field: Field) -> str:
    return '"' + field.name.replace('"', '""') + '"'


_OPTIONS: dict[str, tuple[str, str, str, str]] = {
    "minLength": ("min_length", "length({f}) >= {v}", "少于 {v} 个字符", "shorter than {v} characters"),
    "maxLength": ("max_length", "length({f}) <= {v}", "多于 {v} 个字符", "longer than {v} characters"),
    "pattern": ("pattern", "regexp_matches({f}, {v})", "不符合格式 {t}", "does not match the pattern {t}"),
    "minimum": ("minimum", "{f} >= {v}", "小于 {t}", "less than {t}"),
    "maximum": ("maximum", "{f} <= {v}", "大于 {t}", "greater than {t}"),
    "exclusiveMinimum": ("minimum", "{f} > {v}", "不大于 {t}", "not greater than {t}"),
    "exclusiveMaximum": ("maximum", "{f} < {v}", "不小于 {t}", "not less than {t}"),
    "multipleOf": ("multiple", "{f} % {v} = 0", "不是 {t} 的倍数", "not a multiple of {t}"),
    "minItems": ("min_items", "cardinality({f}) >= {v}", "少于 {t} 项", "fewer than {t} items"),
    "maxItems": ("max_items", "cardinality({f}) <= {v}", "多于 {t} 项", "more than {t} items"),
}


def rules_of_options(field: Field) -> list[Rule]:
    """The checks of `logicalTypeOptions`."""
    rules = []
    for option, value in field.options.items():
        if option in _OPTIONS:
            title, expression, zh, en = _OPTIONS[option]
            parts = {"f": name(field), "v": literal(value), "t": value}
            rules.append(
                Rule(title, field.name, expression.format(**parts), "", zh.format(**parts), en.format(**parts))
            )
    return rules


def rules_of_quality(
    field: Field | None,
    checks: Iterable[Mapping[str, Any]],
    at: Path,
    fields: tuple[Field, ...],
    faults: Faults | None,
) -> list[Rule]:
    """The checks of a `quality` list, of one field or (None) of the whole row."""
    rules = []
    for number, check in enumerate(checks):
        here = (*at, number)
        kind = check.get("type") or "library"
        if kind == "text":
            continue  # prose for people
        for key in check:
            if faults and key.startswith("must") and (check[key] not in (0, True) or key != "mustBe"):
                faults.add(
                    (*here, key),
                    "只支持逐行检查（每行都须合格），不支持比例或总数",
                    "only checks of every row are supported, not shares or totals",
                )
        rule = _MAKERS.get(kind, _unsupported)(field, check, here, fields, faults)
        if rule is not None:
            rules.append(rule)
    return rules


def _rule(field: Field | None, check: Mapping[str, Any], title: str, zh: str, en: str, **what: str) -> Rule:
    said = check.get("description") or ""
    if said:
        zh, _, en = said.partition(" / ")
        en = en or zh
    severity: Literal["error", "warning"] = "error"
    if str(check.get("severity") or "error").lower() in ("warning", "info"):
        severity = "warning"
    return Rule(
        check.get("name") or title,
        field.name if field else "",
        reason_zh=zh.strip(),
        reason_en=en.strip(),
        severity=severity,
        **what,  # type: ignore[arg-type]
    )


def _sql(
    field: Field | None, check: Mapping[str, Any], at: Path, fields: tuple[Field, ...], faults: Faults | None
) -> Rule | None:
    query = str(check.get("query") or "")
    if faults:
        faults.expression((*at, "query"), check.get("query"), fields)
    return _rule(field, check, "expression", f"不满足：{query}", f"this does not hold: {query}", expression=query)


def _library(
    field: Field | None, check: Mapping[str, Any], at: Path, fields: tuple[Field, ...], faults: Faults | None
) -> Rule | None:
    metric = check.get("metric") or check.get("rule")
    arguments = check.get("arguments") or {}
    if field is None or metric not in ("invalidValues", "nullValues"):
        if faults:
            faults.add(
                (*at, "metric"),
                f"不支持的检查“{metric}”；字段上可用 invalidValues、nullValues，唯一性用 unique",
                f"the metric {metric!r} is not supported: a field takes invalidValues and nullValues; "
                "for uniqueness set unique",
            )
        return None
    if metric == "nullValues":
        return _rule(field, check, "not_null", "不应为空", "must not be empty", expression=f"{name(field)} IS NOT NULL")
    values, pattern = arguments.get("validValues"), arguments.get("pattern")
    if isinstance(values, list) and values:
        shown = "、".join(map(str, values[:8])) + ("……" if len(values) > 8 else "")
        shown_en = ", ".join(map(str, values[:8])) + (", ..." if len(values) > 8 else "")
        rule = _rule(
            field,
            check,
            "valid_values",
            f"不在允许的取值之内（{shown}）",
            f"not one of the allowed values ({shown_en})",
            expression=f"{name(field)} IN ({', '.join(map(literal, values))})",
        )
    elif isinstance(pattern, str) and pattern:
        rule = _rule(
            field,
            check,
            "pattern",
            f"不符合格式 {pattern}",
            f"does not match the pattern {pattern}",
            expression=f"regexp_matches({name(field)}, {literal(pattern)})",
        )
    else:
        if faults:
            faults.add(
                (*at, "arguments"),
                "invalidValues 需要 validValues 或 pattern",
                "invalidValues needs validValues or pattern",
            )
        return None
    if faults:
        faults.expression((*at, "arguments"), rule.expression, fields)
    return rule


def _custom(
    field: Field | None, check: Mapping[str, Any], at: Path, fields: tuple[Field, ...], faults: Faults | None
) -> Rule | None:
    standard = check.get("implementation")
    if check.get("engine") != "mingcha":
        return _unsupported(field, check, at, fields, faults)
    if standard not in STANDARDS or field is None:
        if faults:
            faults.unknown(
                (*at, "implementation"), str(standard), STANDARDS, "没有数据标准", "there is no data standard"
            )
        return None
    shipped = STANDARDS[standard]
    if faults and field.type not in shipped.types:
        faults.add(
            (*at, "implementation"),
            f"数据标准 {standard} 适用于 {'、'.join(shipped.types)}，字段“{field.name}”是 {field.type}",
            f"the data standard {standard} is for {' or '.join(shipped.types)}, and {field.name!r} is {field.type}",
        )
    return _rule(field, check, standard, shipped.reason_zh, shipped.reason_en, standard=standard)


def _unsupported(
    field: Field | None, check: Mapping[str, Any], at: Path, fields: tuple[Field, ...], faults: Faults | None
) -> Rule | None:
    if faults:
        kind = check.get("engine") or check.get("type")
        faults.add(
            at,
            f"不支持的检查类型“{kind}”；可用 library、sql、custom（engine: mingcha）、text",
            f"the kind of check {kind!r} is not supported: use library, sql, custom (engine: mingcha) or text",
        )
    return None


_MAKERS = {"library": _library, "sql": _sql, "custom": _custom}


def default_rules(rules: Iterable[Rule], event_time: str, known_time: str) -> list[Rule]:
    """What holds without being asked for: nothing has happened, or was known, in the future."""
    have = {r.field for r in rules if r.standard == "not_future"}
    shipped = STANDARDS["not_future"]
    return [
        Rule("not_future", f, standard="not_future", reason_zh=shipped.reason_zh, reason_en=shipped.reason_en)
        for f in dict.fromkeys((event_time, known_time))
        if f and f not in have
    ]

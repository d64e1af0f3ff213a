"""Row expressions of a contract (rules, labels, populations, conditions), parsed against a whitelist and typed.

What comes out is SQL that holds only operators, literals, known functions and the dataset's own fields, each quoted:
safe to paste into a query, and sure to fit the fields' types, so that it cannot fail on row ten million.
An expression is *unknown* (NULL) where a field that it needs is empty; callers decide what that means.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import sqlglot
from sqlglot import exp

from mingcha.problems import Problem

from .contract import Field

FUNCTIONS = [
    "lower",
    "upper",
    "trim",
    "length",
    "substr",
    "coalesce",
    "nullif",
    "abs",
    "round",
    "year",
    "month",
    "day",
    "contains",
    "starts_with",
    "ends_with",
    "regexp_matches",
    "list_contains",
    "len",
    "cardinality",
    "date_diff",
]

_KIND = {"string": "text", "integer": "number", "number": "number", "array": "list"}  # others: their own name
_NAMES = {
    "text": ("文本", "text"),
    "number": ("数字", "a number"),
    "boolean": ("真假值", "true or false"),
    "date": ("日期", "a date"),
    "timestamp": ("时间", "a time"),
    "list": ("列表", "a list"),
    "null": ("空", "empty"),
}


def compile_expression(
    text: str, fields: Iterable[Field], dialect: str = "duckdb", prefix: str = "", *, where: str = ""
) -> str:
    """The condition `text` over `fields` as SQL of `dialect` ("duckdb", "spark"), columns qualified by the table alias
    `prefix` where it is given. Problem where it does not parse, holds more than the whitelist allows, names a field
    that is not there, mixes types, or is no condition."""
    walk = _Walk(text, {f.name.lower(): f for f in fields}, prefix, where)
    try:
        trees = sqlglot.parse(text, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        detail = getattr(error, "errors", None) or [{}]
        walk.refuse("表达式有语法错误", "The expression does not parse", str(detail[0].get("highlight") or ""))
    if len(trees) != 1 or trees[0] is None:
        walk.refuse("应当只有一个表达式", "It must be exactly one expression")
    root = exp.Paren(this=trees[0])
    kind = walk.visit(root)
    if kind not in ("boolean", "null"):
        walk.refuse(
            f"结果是{_NAMES[kind][0]}，不是条件；例如应写成 {text} = 1",
            f"It gives {_NAMES[kind][1]}, not a condition; for example, write {text} = 1",
        )
    return str(root.this.sql(dialect=dialect, identify=True, comments=False))


def fields_used(text: str, fields: Iterable[Field]) -> tuple[str, ...]:
    """The names of the fields that the expression reads, in the order of `fields`."""
    tree = sqlglot.parse_one(text, read="duckdb")
    names = {column.name.lower() for column in tree.find_all(exp.Column)}
    return tuple(f.name for f in fields if f.name.lower() in names)


class _Walk:
    """Checks a tree node by node, gives each its kind, and rewrites the few nodes that need it."""

    def __init__(self, text: str, fields: dict[str, Field], prefix: str, where: str) -> None:
        self.text, self.fields, self.prefix, self.where = text, fields, prefix, where

    def refuse(self, zh: str, en: str, part: str = "") -> Any:
        raise Problem(
            zh=f"表达式“{self.text}”不能用：{zh}{f'（{part}）' if part else ''}。",
            en=f"The expression {self.text!r} can't be used: {en}{f' ({part})' if part else ''}.",
            where=self.where,
            todo_zh="可用：本数据集的字段、字面值、运算符、CASE、IN、LIKE、BETWEEN 以及函数 " + "、".join(FUNCTIONS),
            todo_en="It may hold the dataset's fields, literals, operators, CASE, IN, LIKE, BETWEEN and the functions "
            + ", ".join(FUNCTIONS),
        )

    def visit(self, node: Any) -> str:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            name = node.name if isinstance(node, exp.Anonymous) else node.sql(dialect="duckdb")
            self.refuse("这里有不允许的写法", "this is not allowed", name)
        return handler(self, node)  # type: ignore[misc, no-any-return]

    def want(self, node: Any, *kinds: str) -> str:
        kind = self.visit(node)
        if kind not in (*kinds, "null"):
            zh, en = "或".join(_NAMES[k][0] for k in kinds), " or ".join(_NAMES[k][1] for k in kinds)
            part = node.sql(dialect="duckdb")
            self.refuse(
                f"{part} 是{_NAMES[kind][0]}，这里应为{zh}", f"{part} is {_NAMES[kind][1]}, where {en} is needed"
            )
        return kind

    def common(self, nodes: list[Any]) -> str:
        """The one kind that all of `nodes` have; a date as a text literal becomes a date beside a date."""
        kinds = [self.visit(node) for node in nodes]
        known = {k for k in kinds if k != "null"}
        times = known & {"date", "timestamp"}
        if times and "text" in known:
            for node, kind in zip(nodes, kinds, strict=True):
                if kind == "text":
                    self.date_literal(node)
            known.discard("text")
        if len(known) > 1 and known != {"date", "timestamp"}:
            first, second = nodes[0], next(n for n, k in zip(nodes, kinds, strict=True) if k not in ("null", kinds[0]))
            one, two = first.sql(dialect="duckdb"), second.sql(dialect="duckdb")
            a, b = _NAMES[kinds[0]], _NAMES[kinds[nodes.index(second)]]
            self.refuse(
                f"{one} 是{a[0]}，{two} 是{b[0]}，不能放在一起（文本要加单引号，数字不加）",
                f"{one} is {a[1]} and {two} is {b[1]}: they don't go together (text in single quotes, numbers without)",
            )
        return "timestamp" if "timestamp" in known else next(iter(known), "null")

    def date_literal(self, node: Any) -> None:
        while isinstance(node, exp.Paren):
            node = node.this
        if not isinstance(node, exp.Literal):
            part = node.sql(dialect="duckdb")
            self.refuse(f"{part} 是文本，不能与日期比较", f"{part} is text and can't be compared with a date")
        text = node.this
        try:
            value = dt.datetime.fromisoformat(text)
        except ValueError:
            self.refuse(f"“{text}”不是日期，应为 2014-06-30 的样子", f"{text!r} is no date; write it like 2014-06-30")
        kind = "DATE" if len(text) == 10 else "TIMESTAMP"
        node.replace(exp.cast(exp.Literal.string(str(value.date() if kind == "DATE" else value)), kind))

    # one handler a kind of node

    def column(self, node: exp.Column) -> str:
        field = self.fields.get(node.name.lower())
        if field is None or node.args.get("table"):
            import difflib

            near = difflib.get_close_matches(node.name.lower(), self.fields, 1)
            self.refuse(
                f"没有字段“{node.name}”" + (f"，是否为“{self.fields[near[0]].name}”？" if near else ""),
                f"there is no field {node.name!r}" + (f"; is it {self.fields[near[0]].name!r}?" if near else ""),
            )
            raise AssertionError
        column: exp.Expression = exp.column(field.name, table=self.prefix or None, quoted=True)
        arithmetic = isinstance(node.parent, (exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs))
        if field.type == "integer" and arithmetic:  # 64-bit integers overflow, and an overflow would end the query
            column = exp.cast(column, "DOUBLE")
        node.replace(column)
        return _KIND.get(field.type, field.type)

    def literal(self, node: exp.Literal) -> str:
        return "text" if node.is_string else "number"

    def cast(self, node: exp.Cast) -> str:
        kind = node.to.this
        is_time = kind in (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP)
        if not is_time or not isinstance(node.this, exp.Literal):
            self.refuse("不允许类型转换", "casts are not allowed", node.sql(dialect="duckdb"))
        try:
            dt.datetime.fromisoformat(node.this.this)
        except ValueError:
            self.refuse(f"“{node.this.this}”不是日期", f"{node.this.this!r} is no date")
        return "date" if kind == exp.DataType.Type.DATE else "timestamp"

    def logic(self, node: Any) -> str:
        for part in (node.args.get("this"), node.args.get("expression")):
            if part is not None:
                self.want(part, "boolean")
        return "boolean"

    def compare(self, node: Any) -> str:
        kind = self.common([node.this, node.expression])
        if kind == "list":
            self.refuse("列表不能比较，请用 list_contains", "lists can't be compared: use list_contains")
        return "boolean"

    def arithmetic(self, node: Any) -> str:
        for part in (node.args.get("this"), node.args.get("expression")):
            if part is not None:
                self.want(part, "number")
        return "number"

    def case(self, node: exp.Case) -> str:
        results = []
        for branch in node.args["ifs"]:
            if node.this:
                self.common([node.this.copy(), branch.this])
            else:
                self.want(branch.this, "boolean")
            results.append(branch.args["true"])
        if node.this:
            self.visit(node.this)
        if node.args.get("default"):
            results.append(node.args["default"])
        return self.common(results)

    def is_in(self, node: exp.In) -> str:
        if not node.expressions or any(node.args.get(k) for k in ("query", "unnest", "field")):
            self.refuse("IN 后面应为字面值列表", "IN needs a list of literals")
        self.common([node.this, *node.expressions])
        return "boolean"

    def between(self, node: exp.Between) -> str:
        self.common([node.this, node.args["low"], node.args["high"]])
        return "boolean"

    def like(self, node: Any) -> str:
        self.want(node.this, "text")
        self.want(node.expression, "text")
        return "boolean"

    def text_function(self, node: Any) -> str:
        self.want(node.this, "text")
        if any(node.args.get(k) for k in ("expression", "position", "collation")):
            self.refuse("只允许一个参数", "it takes one argument", node.sql(dialect="duckdb"))
        return "text"

    def length(self, node: Any) -> str:
        if self.want(node.this, "text", "list") == "list":
            node.replace(exp.ArraySize(this=node.this))
        return "number"

    def substring(self, node: exp.Substring) -> str:
        self.want(node.this, "text")
        for name in ("start", "length"):
            if node.args.get(name):
                self.want(node.args[name], "number")
        return "text"

    def coalesce(self, node: exp.Coalesce) -> str:
        return self.common([node.this, *node.expressions])

    def nullif(self, node: exp.Nullif) -> str:
        return self.common([node.this, node.expression])

    def rounding(self, node: Any) -> str:
        self.want(node.this, "number")
        decimals = node.args.get("decimals")
        if decimals is not None and not isinstance(decimals, exp.Literal):
            self.refuse("小数位数应为数字", "the number of decimals must be a literal")
        return "number"

    def date_part(self, node: Any) -> str:
        self.want(node.this, "date", "timestamp")
        return "number"

    def text_test(self, node: Any) -> str:
        self.want(node.this, "text")
        self.want(node.expression, "text")
        return "boolean"

    def regexp(self, node: exp.RegexpLike) -> str:
        self.want(node.this, "text")
        if not (isinstance(node.expression, exp.Literal) and node.expression.is_string) or node.args.get("flag"):
            self.refuse("正则表达式应为字面值", "the pattern must be one literal")
        if fault := regexp_fault(node.expression.this):
            self.refuse("正则表达式有误", "the pattern is wrong", fault)
        return "boolean"

    def list_contains(self, node: exp.ArrayContains) -> str:
        self.want(node.this, "list")
        self.want(node.expression, "text")
        return "boolean"

    def date_diff(self, node: exp.DateDiff) -> str:
        unit = str(node.args.get("unit") or "").lower().strip("'\"")
        if unit not in ("day", "week", "month", "year", "hour", "minute"):
            self.refuse("date_diff 的单位应为 'day'、'month' 等", "date_diff's unit must be 'day', 'month' or the like")
        self.want(node.this, "date", "timestamp")
        self.want(node.expression, "date", "timestamp")
        return "number"

    def anonymous(self, node: exp.Anonymous) -> str:
        if node.name.lower() != "cardinality" or len(node.expressions) != 1:
            self.refuse("没有这个函数", "there is no such function", node.name)
        self.want(node.expressions[0], "list")
        node.replace(exp.ArraySize(this=node.expressions[0]))
        return "number"

    def paren(self, node: exp.Paren) -> str:
        return self.visit(node.this)


def regexp_fault(pattern: str) -> str:
    """What RE2 says against `pattern`; "" where it is good."""
    import duckdb

    try:
        duckdb.execute("SELECT regexp_matches('', ?)", [pattern])
    except duckdb.Error as error:
        return str(error).split("\n")[0]
    return ""


_HANDLERS: dict[type, Callable[..., str]] = {
    exp.Column: _Walk.column,
    exp.Literal: _Walk.literal,
    exp.Boolean: lambda walk, node: "boolean",
    exp.Null: lambda walk, node: "null",
    exp.Cast: _Walk.cast,
    exp.Paren: _Walk.paren,
    **dict.fromkeys((exp.And, exp.Or, exp.Not), _Walk.logic),
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ), _Walk.compare
    ),
    exp.Is: lambda walk, node: (walk.visit(node.this), walk.want(node.expression, "boolean"), "boolean")[2],
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg), _Walk.arithmetic),
    exp.DPipe: lambda walk, node: (walk.want(node.this, "text"), walk.want(node.expression, "text"), "text")[2],
    exp.Case: _Walk.case,
    exp.In: _Walk.is_in,
    exp.Between: _Walk.between,
    **dict.fromkeys((exp.Like, exp.ILike), _Walk.like),
    **dict.fromkeys((exp.Lower, exp.Upper, exp.Trim), _Walk.text_function),
    exp.Length: _Walk.length,
    exp.Substring: _Walk.substring,
    exp.Coalesce: _Walk.coalesce,
    exp.Nullif: _Walk.nullif,
    **dict.fromkeys((exp.Abs, exp.Round), _Walk.rounding),
    **dict.fromkeys((exp.Year, exp.Month, exp.Day), _Walk.date_part),
    **dict.fromkeys((exp.Contains, exp.StartsWith, exp.EndsWith), _Walk.text_test),
    exp.RegexpLike: _Walk.regexp,
    exp.ArrayContains: _Walk.list_contains,
    exp.DateDiff: _Walk.date_diff,
    exp.Anonymous: _Walk.anonymous,
}

"""What Mingcha adds to the standard: the custom properties of a contract, each name checked against its fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from .contract import Basis, EntityKey, FactorDeclaration, Field, Inspections, RiskPoint, StateCondition
from .faults import Faults, Path

ENTITY_ROLES = [
    "name",
    "name_other",
    "address",
    "postcode",
    "representative",
    "agent",
    "capital",
    "capital_form",
    "industry",
    "kind",
    "status",
    "district",
    "opened_on",
    "closed_on",
    "latitude",
    "longitude",
    "phone",
    "scope",
]
FAMILIES = ("count", "recency", "rate", "state", "peers", "neighbours")
DATUMS = ("WGS-84", "GCJ-02", "BD-09", "CGCS2000")


def days_of(duration: Any) -> int | None:
    """Days of an ISO 8601 duration (P30D, P8W, P6M of 30 days, P2Y of 365); None where it is none."""
    found = re.fullmatch(r"P(\d{1,5})([DWMY])", str(duration))
    return int(found[1]) * {"D": 1, "W": 7, "M": 30, "Y": 365}[found[2]] if found else None


class Declarations:
    """Reads the custom properties; names that aren't the dataset's fields are faults."""

    def __init__(
        self,
        fields: tuple[Field, ...],
        custom: Mapping[str, Any],
        paths: Mapping[str, Path],
        faults: Faults | None,
    ) -> None:
        self.fields, self.custom, self.paths, self.faults = fields, custom, paths, faults
        self.types = {f.name: f.type for f in fields}

    def fault(self, prop: str, zh: str, en: str, *below: str | int) -> None:
        if self.faults:
            self.faults.add((*self.paths[prop], *below), zh, en)

    def mapping(self, prop: str) -> Mapping[str, Any]:
        value = self.custom.get(prop)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.fault(prop, f"{prop} 应为键值对", f"{prop} must be a mapping")
            return {}
        return value

    def items(self, prop: str, value: Any, *below: str | int) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(prop, "这里应为列表", "this must be a list", *below)
            return []
        return value

    def field(self, prop: str, name: Any, types: tuple[str, ...] = (), *below: str | int) -> str:
        """`name`, if it is a field (of one of `types`); "" where it is not given."""
        if name is None or name == "":
            return ""
        if name not in self.types:
            if self.faults:
                self.faults.unknown((*self.paths[prop], *below), str(name), self.types, "没有字段", "there is no field")
        elif types and self.types[name] not in types:
            self.fault(
                prop,
                f"字段“{name}”的类型是 {self.types[name]}，这里应为 {'、'.join(types)}",
                f"the field {name!r} is of type {self.types[name]}, where {' or '.join(types)} is needed",
                *below,
            )
        return str(name)

    def choice(self, prop: str, value: str, known: tuple[str, ...], *below: str | int) -> Any:
        if value not in known and self.faults:
            self.faults.unknown((*self.paths[prop], *below), str(value), known, "不能是", "it can't be")
        return value

    def days(self, prop: str, value: Any, *below: str | int) -> int:
        days = days_of(value)
        if days is None:
            self.fault(
                prop, f"“{value}”不是时长，应为 P30D 的样子", f"{value!r} is no duration; write it like P30D", *below
            )
        return days or 0

    def zone(self, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, KeyError):
            self.fault("eventTime", f"没有时区“{name}”", f"there is no time zone {name!r}", "zone")
        return name

    def known_keys(self, prop: str, value: Mapping[str, Any], names: Iterable[str], *below: str | int) -> None:
        names = list(names)
        for key in value:
            if key not in names and self.faults:
                self.faults.unknown((*self.paths[prop], *below, key), str(key), names, "没有这一项", "there is no")

    def entity_keys(self) -> tuple[EntityKey, ...]:
        out = []
        for i, item in enumerate(self.items("entityKeys", self.custom.get("entityKeys"))):
            if not isinstance(item, Mapping) or set(item) != {"scheme", "field"}:
                self.fault("entityKeys", "每一项应有 scheme 和 field", "each item must have scheme and field", i)
                continue
            if not re.fullmatch(r"[a-z][a-z0-9:._-]*", str(item["scheme"])):
                self.fault(
                    "entityKeys", f"scheme“{item['scheme']}”不合规", f"the scheme {item['scheme']!r} won't do", i
                )
            out.append(EntityKey(str(item["scheme"]), self.field("entityKeys", item["field"], (), i)))
        return tuple(out)

    def roles(self) -> dict[str, str]:
        roles = self.mapping("entity")
        self.known_keys("entity", roles, ENTITY_ROLES)
        return {role: self.field("entity", name, (), role) for role, name in roles.items()}

    def conditions(self, prop: str, value: Any, *below: str | int) -> dict[str, str]:
        if value is not None and not isinstance(value, Mapping):
            self.fault(prop, "这里应为名称到表达式的键值对", "this must map names to expressions", *below)
            return {}
        return {str(k): self.condition(prop, v, *below, str(k)) for k, v in (value or {}).items()}

    def condition(self, prop: str, value: Any, *below: str | int) -> str:
        if self.faults:
            return self.faults.expression((*self.paths[prop], *below), value, self.fields)
        return str(value)

    def factors(self) -> FactorDeclaration | None:
        value, p = self.mapping("factors"), "factors"
        if not value:
            return None
        self.known_keys(
            p,
            value,
            [
                "lawfulBasis",
                "windows",
                "families",
                "measures",
                "categories",
                "texts",
                "conditions",
                "peers",
                "radii",
                "forbid",
                "direction",
                "proxies",
            ],
        )
        basis = value.get("lawfulBasis")
        if not isinstance(basis, Mapping) or not basis.get("law"):
            self.fault(
                p,
                "没有 lawfulBasis.law：没有法律依据就不能派生因子",
                "lawfulBasis.law is missing: without it nothing may be derived",
            )
            basis = {}
        self.known_keys(p, basis, ("law", "article", "purpose"), "lawfulBasis")
        roles = self.mapping("entity")
        names = {
            key: self.items(p, value.get(key), key)
            for key in ("measures", "peers", "forbid", "proxies", "windows", "families", "radii")
        }
        for name in names["measures"]:
            self.field(p, name, ("integer", "number", "boolean"), "measures")
        for name in names["peers"]:
            if name not in roles:
                self.field(p, name, (), "peers")
        for key in ("forbid", "proxies"):
            for name in names[key]:
                self.field(p, name, (), key)
        for name in names["families"]:
            self.choice(p, name, FAMILIES, "families")
        for radius in names["radii"]:
            if not isinstance(radius, int) or not 0 < radius <= 50_000:
                self.fault(
                    p, f"半径“{radius}”应为 1 到 50000 米", f"the radius {radius!r} must be 1 to 50000 metres", "radii"
                )
        direction = value.get("direction") or {}
        for name, way in direction.items() if isinstance(direction, Mapping) else ():
            self.choice(p, way, ("up", "down"), "direction", name)
        return FactorDeclaration(
            basis=Basis(str(basis.get("law", "")), str(basis.get("article") or ""), str(basis.get("purpose") or "")),
            windows=tuple(sorted({self.days(p, w, "windows") for w in names["windows"]})) or FactorDeclaration.windows,
            families=tuple(names["families"]),
            measures=tuple(names["measures"]),
            categories=self._numbered(value, "categories"),
            texts=self._numbered(value, "texts", "string"),
            conditions=self.conditions(p, value.get("conditions"), "conditions"),
            peers=tuple(names["peers"]),
            radii=tuple(names["radii"]) or FactorDeclaration.radii,
            forbid=tuple(names["forbid"]),
            direction=dict(direction),
            proxies=tuple(names["proxies"]),
        )

    def _numbered(self, factors: Mapping[str, Any], key: str, *types: str) -> dict[str, int]:
        """Fields of `factors[key]`, each with how many at most: {field: n}, or a list of fields for 8 of each."""
        value, p = factors.get(key) or {}, "factors"
        if isinstance(value, list):
            value = dict.fromkeys(value, 8)
        elif not isinstance(value, Mapping):
            self.fault(p, f"{key} 应为字段到个数的键值对", f"{key} must map fields to a number", key)
            value = {}
        for name, n in value.items():
            self.field(p, name, types, key, name)
            if not isinstance(n, int) or isinstance(n, bool) or n < 1:
                self.fault(p, f"“{n}”应为正整数", f"{n!r} must be a positive integer", key, name)
        return dict(value)

    def inspections(self, primary_key: tuple[str, ...]) -> Inspections | None:
        value, p = self.mapping("inspections"), "inspections"
        if not value:
            return None
        self.known_keys(p, value, ("visit", "inspector", "unplanned", "design", "riskPoints"))
        visit = tuple(self.field(p, name, (), "visit") for name in self.items(p, value.get("visit"), "visit"))
        if not (visit or primary_key):
            self.fault(p, "没有主键，须写明 visit", "there is no primary key, so visit is needed")
        design = value.get("design") or {}
        self.known_keys(p, design, ("pi", "stratum"), "design")
        points = []
        for i, point in enumerate(self.items(p, value.get("riskPoints"), "riskPoints")):
            if not isinstance(point, Mapping) or not {"name", "label"} <= set(point):
                self.fault(p, "风险点应有 name 和 label", "a risk point must have name and label", "riskPoints", i)
                continue
            points.append(self._risk_point(point, "riskPoints", i))
        if not points:
            self.fault(p, "至少要有一个风险点", "at least one risk point is needed", "riskPoints")
        if not self.custom.get("eventTime"):
            self.fault(p, "检查数据集必须有 eventTime", "a dataset of inspections must have eventTime")
        return Inspections(
            visit=visit or primary_key,
            risk_points=tuple(points),
            inspector=self.field(p, value.get("inspector"), (), "inspector"),
            unplanned=self.condition(p, value["unplanned"], "unplanned") if value.get("unplanned") else "",
            pi=self.field(p, design.get("pi"), ("number",), "design", "pi"),
            stratum=self.field(p, design.get("stratum"), (), "design", "stratum"),
        )

    def _risk_point(self, point: Mapping[str, Any], *below: str | int) -> RiskPoint:
        p = "inspections"
        self.known_keys(p, point, ("name", "title", "label", "population", "where", "labelWindow"), *below)
        if not re.fullmatch(r"[a-z][a-z0-9_]*", str(point["name"])):
            self.fault(
                p,
                "风险点名应为小写字母、数字和下划线",
                "its name must be lower-case letters, digits and _",
                *below,
                "name",
            )
        title = point.get("title") or {}
        if isinstance(title, str):
            title = {"zh": title, "en": title}
        where = []
        for k, state in enumerate(self.items(p, point.get("where"), *below, "where")):
            if not isinstance(state, Mapping) or set(state) != {"dataset", "exists"}:
                self.fault(
                    p, "where 的每一项应有 dataset 和 exists", "each item needs dataset and exists", *below, "where", k
                )
                continue
            where.append(StateCondition(str(state["dataset"]), str(state["exists"])))
        label, label_in, within = point["label"], "", 0
        if isinstance(label, Mapping):
            self.known_keys(p, label, ("dataset", "exists", "within"), *below, "label")
            if not {"dataset", "exists"} <= set(label):
                self.fault(p, "label 应有 dataset 和 exists", "label needs dataset and exists", *below, "label")
            label_in, within = str(label.get("dataset")), self.days(p, label.get("within", "P0D"), *below, "label")
            label = str(label.get("exists"))
        else:
            label = self.condition(p, label, *below, "label")
        window = self.days(p, point.get("labelWindow", "P60D"), *below, "labelWindow")
        if window < within:
            self.fault(p, "labelWindow 短于 within", "labelWindow is shorter than within", *below, "labelWindow")
        return RiskPoint(
            name=str(point["name"]),
            title_zh=str(title.get("zh") or title.get("en") or point["name"]),
            title_en=str(title.get("en") or title.get("zh") or point["name"]),
            label=label,
            population=self.condition(p, point["population"], *below, "population") if point.get("population") else "",
            where=tuple(where),
            label_window=window,
            label_in=label_in,
            label_within=within,
        )

"""A small random lake, and every factor computed a second time: plain Python, a row at a time, from the definitions.

Nothing here shares code with the engine but the contracts and the factors' declarations: days are taken from datetimes,
visibility is asked of instants, distances of cells are looped over.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from mingcha.engines.factors import Factor, Signal
from mingcha.engines.lake.contract import (
    Basis,
    Contract,
    EntityKey,
    FactorDeclaration,
    Field,
    Inspections,
    RiskPoint,
    StateCondition,
)
from mingcha.engines.lake.view import LakeView, Source

UTC = dt.UTC
NOTES = (None, "厨房发现鼠粪", "Oven DIRTY, walls dirty", "鼠粪未清理", "walls, oven: dirty", "健康证过期", "")
DAY0 = dt.date(2023, 11, 1)
BASIS = Basis("Test Act", "1")
SYSTEM = [
    ("_key", pa.string()),
    ("_event_at", pa.timestamp("us", tz="UTC")),
    ("_known_at", pa.timestamp("us", tz="UTC")),
    ("_received_at", pa.timestamp("us", tz="UTC")),
    ("_batch", pa.int64()),
    ("_row", pa.int64()),
    ("_id", pa.string()),
]
TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "array": pa.list_(pa.string()),
}


def fields(**types: str) -> tuple[Field, ...]:
    return tuple(Field(n, n, t) for n, t in types.items())


CONTRACTS = {
    c.name: c
    for c in (
        Contract(
            name="visits",
            version="1",
            digest="",
            title="检查 / Visits",
            description="",
            department="",
            keyed_by="entity",
            fields=fields(
                no="string", result="string", score="number", codes="array", who="array", due="date", note="string"
            ),
            rules=(),
            primary_key=("no",),
            entity_keys=(EntityKey("k", "no"),),
            event_time="day",
            factors=FactorDeclaration(
                BASIS,
                (20, 60),
                measures=("score",),
                categories={"codes": 2},
                texts={"note": 2},
                conditions={"poor": "score >= 5"},
                radii=(1000,),
                forbid=("who",),
                direction={"poor": "up"},
            ),
            inspections=Inspections(
                ("no",),
                (
                    RiskPoint(
                        "failed",
                        "不合格",
                        "Failed",
                        "result = 'bad'",
                        where=(StateCondition("register", "kind = 'a'"),),
                        label_window=10,
                    ),
                ),
                inspector="who",
            ),
        ),
        Contract(
            name="register",
            version="1",
            digest="",
            title="登记 / Register",
            description="",
            department="",
            keyed_by="entity",
            fields=fields(
                no="string",
                name="string",
                address="string",
                agent="string",
                kind="string",
                capital="number",
                start="date",
                stop="date",
                opened="date",
                lat="number",
                lon="number",
            ),
            rules=(),
            primary_key=("no",),
            entity_keys=(EntityKey("k", "no"),),
            roles={"name": "name", "address": "address", "agent": "agent", "opened_on": "opened"},
            latitude="lat",
            longitude="lon",
            event_time="start",
            valid_from="start",
            valid_to="stop",
            factors=FactorDeclaration(
                BASIS, (30,), measures=("capital",), categories={"kind": 2}, peers=("address", "agent", "name")
            ),
        ),
        Contract(
            name="reports",
            version="1",
            digest="",
            title="报告 / Reports",
            description="",
            department="",
            keyed_by="place",
            fields=fields(no="string", nature="string", lat="number", lon="number"),
            rules=(),
            primary_key=("no",),
            latitude="lat",
            longitude="lon",
            factors=FactorDeclaration(BASIS, (15, 45), categories={"nature": 2}, radii=(500, 1500)),
        ),
        Contract(
            name="weather",
            version="1",
            digest="",
            title="天气 / Weather",
            description="",
            department="",
            keyed_by="date",
            fields=fields(rain="number"),
            rules=(),
            primary_key=(),
            factors=FactorDeclaration(BASIS, (30,), measures=("rain",), conditions={"wet": "rain > 5"}),
        ),
    )
}


@dataclass(eq=False)
class World:
    zone: str
    rows: dict[str, list[dict]] = field(default_factory=lambda: {n: [] for n in CONTRACTS})
    links: list[dict] = field(default_factory=list)

    def write(self, folder: Path) -> LakeView:
        """Each dataset as two files, its superseded versions beside them, and the links."""
        folder.mkdir(parents=True, exist_ok=True)
        sources = {}
        for name, contract in CONTRACTS.items():
            schema = pa.schema([(f.name, TYPES[f.type]) for f in contract.fields] + SYSTEM)
            files = []
            for part in (0, 1):
                path = folder / f"{name}-{part}.parquet"
                pq.write_table(pa.Table.from_pylist(self.rows[name][part::2], schema), path, row_group_size=7)
                files.append(path)
            ended = [
                {"_id": r["_id"], "_known_at": r["_known_at"], "_until": end}
                for r in self.rows[name]
                if (end := self.superseded(name, r)) is not None
            ]
            superseded = ()
            if ended:
                path = folder / f"{name}-superseded.parquet"
                stamp = pa.timestamp("us", tz="UTC")
                schema = pa.schema([("_id", pa.string()), ("_known_at", stamp), ("_until", stamp)])
                pq.write_table(pa.Table.from_pylist(ended, schema), path)
                superseded = (path,)
            sources[name] = Source(contract, tuple(files), superseded)
        links = ()
        if self.links:
            stamp = pa.timestamp("us", tz="UTC")
            names = ("valid_from", "valid_to", "known_at", "retracted_at")
            schema = pa.schema([("key", pa.string()), ("entity", pa.string()), *((n, stamp) for n in names)])
            pq.write_table(pa.Table.from_pylist(self.links, schema), folder / "links.parquet")
            links = (folder / "links.parquet",)
        return LakeView(sources, links, self.zone)

    # what may be seen

    def start(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(), ZoneInfo(self.zone)).astimezone(UTC)

    def day(self, instant: dt.datetime) -> dt.date:
        return instant.astimezone(ZoneInfo(self.zone)).date()

    @cache
    def _versions(self, name: str) -> dict[str, list[dt.datetime]]:
        found: dict[str, list[dt.datetime]] = {}
        for row in self.rows[name]:
            found.setdefault(row["_id"], []).append(row["_known_at"])
        return found

    def superseded(self, name: str, row: dict) -> dt.datetime | None:
        return min((k for k in self._versions(name)[row["_id"]] if k > row["_known_at"]), default=None)

    def event(self, name: str, row: dict) -> dt.date:
        start = CONTRACTS[name].valid_from
        return (row[start] if start else None) or self.day(row["_event_at"])

    @cache
    def visible(self, name: str, day: dt.date) -> list[dict]:
        """The rows that may be seen on `day`, whoever's they are."""
        found = []
        for row in self.rows[name]:
            end = self.superseded(name, row)
            if (
                row["_known_at"] < self.start(day)
                and self.event(name, row) < day
                and not (end is not None and end < self.start(day))
            ):
                found.append(row)
        return found

    def entities(self, row: dict, day: dt.date) -> list[str]:
        if not self.links:
            return [row["_key"]]
        return [link["entity"] for link in self.holding(row, None, day)]

    def holding(self, row: dict, entity: str | None, day: dt.date) -> list[dict]:
        return [
            link
            for link in self.links
            if link["key"] == row["_key"]
            and entity in (None, link["entity"])
            and link["known_at"] < self.start(day)
            and not (link["retracted_at"] and link["retracted_at"] < self.start(day))
            and not (link["valid_from"] and row["_event_at"] < link["valid_from"])
            and not (link["valid_to"] and row["_event_at"] >= link["valid_to"])
        ]

    def of_entities(self, name: str, day: dt.date) -> list[tuple[str, dict]]:
        return [(e, row) for row in self.visible(name, day) for e in self.entities(row, day)]

    def attribute(self, name: str, read, day: dt.date) -> dict[str, object]:
        """entity -> value of its row with the latest event among those that may be seen; of several the last known,
        then the greatest."""
        best: dict[str, tuple] = {}
        for row in self.visible(name, day):
            value = read(row)
            if value is None:
                continue
            for entity in self.entities(row, day):
                known = max(self.day(row["_known_at"]), self.event(name, row))
                known = max([known, *(self.day(k["known_at"]) for k in self.holding(row, entity, day))])
                item = (self.event(name, row), known, value)
                best[entity] = max(item, best.get(entity, item))
        return {e: item[2] for e, item in best.items()}


def number(n: float, decimals: int) -> float:
    """Rounded to `decimals`, halves away from zero."""
    return math.copysign(math.floor(abs(n) * 10**decimals + 0.5), n) / 10**decimals


def raw(signal: Signal, row: dict) -> float | None:
    if signal.kind == "rows":
        return 1.0
    if signal.kind == "condition":
        tests = {
            "poor": lambda r: r["score"] is not None and r["score"] >= 5,
            "failed": lambda r: r["result"] == "bad",
            "wet": lambda r: r["rain"] is not None and r["rain"] > 5,
        }
        return float(tests[signal.name](row))
    value = row[signal.name]
    if signal.kind == "category":
        return float(
            signal.value in (value or [])
            if isinstance(value, list) or signal.name == "codes"
            else value == signal.value
        )
    if signal.kind == "topic":
        return float(any(word in (value or "").lower() for word in signal.value.split("|")))
    if value is None:
        return None
    if signal.kind == "date":
        return float((value - dt.date(1970, 1, 1)).days)
    return number(value, signal.decimals)


@cache
def expected_of(world: World, name: str, signal: Signal, row: int) -> float:
    return expected(world, name, signal, next(r for r in world.rows[name] if r["_row"] == row))


def expected(world: World, name: str, signal: Signal, row: dict) -> float:
    """What the row's inspectors found on average in rows known before this one was."""

    def since(r):
        return max(world.day(r["_known_at"]), world.event(name, r))

    def until(r):
        end = world.superseded(name, r)
        return world.day(end) if end else dt.date.max

    plain = replace(signal, adjusted=False)
    day = since(row)
    before = [r for r in world.rows[name] if since(r) < until(r) and since(r) < day <= until(r)]
    values = [(r, raw(plain, r)) for r in before]
    values = [(r, v) for r, v in values if v is not None]
    overall = sum(v for _, v in values) / (len(values) + 20)
    who = row["who"] or []
    if not who:
        return overall
    each = []
    for inspector in who:
        own = [v for r, v in values if inspector in (r["who"] or [])]
        each.append((sum(own) + 50 * overall) / (len(own) + 50))
    return sum(each) / len(each)


def signal_of(world: World, name: str, signal: Signal, row: dict) -> float | None:
    value = raw(replace(signal, adjusted=False), row)
    if signal.adjusted and value is not None:
        return number(value - expected_of(world, name, signal, row["_row"]), 3)
    return value


def cell(value: tuple[float, float], radius: int, latitude: float) -> tuple[int, int]:
    height = radius / 8 / 111_320 * 10_000
    width = height / max(0.05, math.cos(math.radians(latitude)))
    return math.floor(value[0] / height), math.floor(value[1] / width)


def degrees(row: dict) -> tuple[int, int] | None:
    if row["lat"] is None or row["lon"] is None:
        return None
    return round((row["lat"] + 90) * 10_000), round((row["lon"] + 180) * 10_000)


def comparable(text: str | None, form: str) -> str | None:
    if text is None:
        return None
    text = " ".join(text.upper().split())
    if form == "address":
        text = text.split("号")[0] + "号" if "号" in text else " ".join(text.split(" ")[:3])
    return text or None


def value_of(world: World, f: Factor, entity: str, day: dt.date) -> float:
    """The factor by its definition."""
    if f.family == "calendar":
        turn = 2 * math.pi * (day - dt.date(day.year, 1, 1)).days / 365.25
        parts = {"year_sin": math.sin(turn), "year_cos": math.cos(turn), "weekday": day.weekday()}
        return parts[f.signal.name]
    kind = CONTRACTS[f.dataset].keyed_by
    if kind == "date":
        return statistic(world, f, [(r, 1.0) for r in world.visible(f.dataset, day)], day)
    places = world.attribute("register", degrees, day)
    here = places.get(entity)
    if kind == "place":
        if here is None:
            return math.nan
        found = []
        for row in world.visible(f.dataset, day):
            w = weight(f, here, degrees(row))
            if w is not None:
                found.append((row, w))
        return statistic(world, f, found, day)
    if f.statistic == "valid":
        rows = [
            r for e, r in world.of_entities(f.dataset, day) if e == entity and (r["stop"] is None or r["stop"] >= day)
        ]
        return float(len(rows))
    if f.peer is None and not f.radius:
        return statistic(world, f, [(r, 1.0) for e, r in world.of_entities(f.dataset, day) if e == entity], day)
    if f.peer is not None:
        form = "exact" if f.peer.form == "words" else f.peer.form
        values = world.attribute(f.peer.dataset, lambda r: comparable(r[f.peer.field], form), day)
        if entity not in values:
            return math.nan

        def groups(v: str) -> list[str]:
            return sorted({w for w in v.split(" ") if len(w) > 2}) if f.peer.form == "words" else [v]

        results = []
        for group in groups(values[entity]):
            others = {e for e, v in values.items() if e != entity and group in groups(v)}
            if f.statistic == "others":
                results.append(float(len(others)))
            else:
                rows = [(r, 1.0) for e, r in world.of_entities(f.dataset, day) if e in others]
                results.append(statistic(world, f, rows, day))
        results = [r for r in results if not math.isnan(r)]
        if not results:
            return math.nan
        return {"max": max, "min": min, "mean": lambda r: sum(r) / len(r)}[f.over](results)
    if here is None:
        return math.nan
    found = []
    for e, row in world.of_entities(f.dataset, day):
        w = weight(f, here, places.get(e)) if e != entity else None
        if w is not None:
            found.append((row, w))
    return statistic(world, f, found, day)


def weight(f: Factor, here: tuple[int, int], there: tuple[int, int] | None) -> float | None:
    if there is None:
        return None
    a, b = cell(here, f.radius, f.latitude), cell(there, f.radius, f.latitude)
    distance = math.hypot(a[0] - b[0], a[1] - b[1]) / 8
    if distance > 1:
        return None
    return round(256 * math.exp(-0.5 * (3 * distance) ** 2)) / 256 if f.kernel else 1.0


def statistic(world: World, f: Factor, rows: list[tuple[dict, float]], day: dt.date) -> float:
    items = []
    for row, w in rows:
        event = world.event(f.dataset, row)
        age = (day - event).days
        if f.window and age > f.window:
            continue
        if f.half_life:
            w *= round(4096 * 2 ** (-age / f.half_life)) / 4096
        items.append((signal_of(world, f.dataset, f.signal, row), w, event))
    known = [(v, w, e) for v, w, e in items if v is not None]
    total = sum(v * w for v, w, _ in known)
    n = sum(w for _, w, _ in known)
    match f.statistic:
        case "count" | "sum":
            return total
        case "mean":
            return total / n if n else math.nan
        case "rate":
            if f.least and n < f.least:
                return math.nan
            return (total + f.prior * f.strength) / (n + f.strength)
        case "max":
            return max((v for v, _, _ in known), default=math.nan)
        case "days_since":
            days = [(day - e).days for v, _, e in known if v > 0]
            return min(days, default=math.nan)
        case "last":
            if not known:
                return math.nan
            last = max(e for _, _, e in known)
            value = max(v for v, _, e in known if e == last)
            return (day - dt.date(1970, 1, 1)).days - value if f.signal.kind == "date" else value
    raise AssertionError(f)


# a random world


def random_world(seed: int, *, zone: str, linked: bool, rows: int = 40) -> World:
    r = random.Random(seed)
    world = World(zone)
    keys = [f"k:{i}" for i in range(8)]
    serial = iter(range(10**6))

    def system(key: str | None, event: dt.datetime, known: dt.datetime, identity: str) -> dict:
        row = next(serial)
        return {
            "_key": key,
            "_event_at": event,
            "_known_at": known,
            "_received_at": known,
            "_batch": 1,
            "_row": row,
            "_id": identity,
        }

    def instant(low: int, high: int) -> dt.datetime:
        base = world.start(DAY0) + dt.timedelta(days=r.randint(low, high))
        return base + dt.timedelta(seconds=r.choice([0, 0, r.randint(0, 86_399)]), microseconds=r.choice([0, 1]))

    def lag() -> dt.timedelta:
        return dt.timedelta(days=r.choice([0, 0, 1, 5, 40]), seconds=r.choice([0, 1, 50_000]))

    def put(name: str, row: dict) -> None:
        """A record, and for one in five a later version of it."""
        world.rows[name].append(row)
        if r.random() < 0.2:
            again = dict(row)
            for f in CONTRACTS[name].fields:
                if f.name in ("score", "result", "agent", "capital", "rain", "nature") and r.random() < 0.7:
                    again[f.name] = r.choice([x[f.name] for x in world.rows[name]])
            known = row["_known_at"] + dt.timedelta(days=r.randint(1, 30), seconds=r.randint(0, 9))
            world.rows[name].append(again | {"_known_at": known, "_received_at": known, "_row": next(serial)})

    names = ["GOLD FISH BAR", "GOLD CAT", "RED FISH", "CAFE NINE", "RED CAT BAR"]
    for i, key in enumerate(keys):
        home = (41.85 + r.uniform(-0.01, 0.01), -87.65 + r.uniform(-0.01, 0.01))
        for term in range(r.randint(0, 3)):
            event = instant(-90 + 40 * term, -60 + 50 * term)
            start = world.day(event)
            if r.random() < 0.3:
                home = (41.85 + r.uniform(-0.01, 0.01), -87.65 + r.uniform(-0.01, 0.01))
            put(
                "register",
                {
                    "no": f"{key}-{term}",
                    "name": r.choice(names),
                    "address": r.choice(
                        ["1 N Elm St  apt 2", "1 n elm st", "9 W Oak Av", None, "福州路12号3楼", "福州路12号"]
                    ),
                    "agent": r.choice(["x", "X ", "y", None]),
                    "kind": r.choice(["a", "b", "c"]),
                    "capital": r.choice([1.5, 10.0, 1000.25, None]),
                    "start": start,
                    "stop": r.choice([None, start + dt.timedelta(days=r.randint(5, 80))]),
                    "opened": start - dt.timedelta(days=r.randint(0, 4000)),
                    "lat": home[0] if r.random() < 0.9 else None,
                    "lon": home[1],
                }
                | system(key, event, event + lag(), f"r{i}-{term}"),
            )
    for i in range(rows):
        event = instant(-80, 60)
        put(
            "visits",
            {
                "no": f"v{i}",
                "result": r.choice(["good", "bad", None]),
                "score": r.choice([0.0, 2.5, 5.0, 9.75, None, math.nan]),
                "codes": r.choice([["1"], ["1", "2"], ["2", "3"], [], None]),
                "note": NOTES[i % len(NOTES)],
                "who": r.choice([["ann"], ["bob"], ["ann", "bob"], [], None]),
                "due": world.day(event) + dt.timedelta(days=r.randint(-5, 30)),
            }
            | system(r.choice(keys), event, event + lag(), f"v{i}"),
        )
    for i in range(rows):
        event = instant(-50, 60)
        put(
            "reports",
            {
                "no": f"p{i}",
                "nature": r.choice(["noise", "smell", "other", None]),
                "lat": 41.85 + r.uniform(-0.012, 0.012) if r.random() < 0.9 else None,
                "lon": -87.65 + r.uniform(-0.012, 0.012),
            }
            | system(None, event, event + lag(), f"p{i}"),
        )
    for i in range(-40, 60):
        event = world.start(DAY0 + dt.timedelta(days=i))
        put("weather", {"rain": r.choice([0.0, 3.3, 12.125, None])} | system(None, event, event + lag(), f"w{i}"))
    for row in world.rows["visits"]:
        if row["score"] is not None and math.isnan(row["score"]):
            row["score"] = None  # the lake keeps no NaN
    if linked:
        for i, key in enumerate(keys):
            known = instant(-100, 10)
            moved = known + dt.timedelta(days=r.randint(5, 60))
            change = r.random()
            turn = instant(-60, 30)
            first = {"key": key, "entity": f"E{i // 2}", "valid_from": None, "valid_to": None, "known_at": known}
            if change < 0.3:  # was thought to be another's: withdrawn and linked anew
                world.links.append(first | {"retracted_at": moved})
                world.links.append(first | {"entity": f"E{(i + 2) // 2}", "known_at": moved, "retracted_at": None})
            elif change < 0.5:  # passed to another on a day
                world.links.append(first | {"valid_to": turn, "retracted_at": None})
                world.links.append(first | {"entity": f"E{(i + 2) // 2}", "valid_from": turn, "retracted_at": None})
            else:
                world.links.append(first | {"retracted_at": None})
    return world

"""The worked example of a joint inspection (docs/draw-protocol.md, "Joint inspections"): made by hand from the page,
with nothing of the engine. `python -m tests.engines.sampling.joint_example` writes joint-vectors.json anew."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

PATH = Path(__file__).with_name("joint-vectors.json")
DAY = "2026-12-01"


def H(tag, *fields):
    parts = [f"mingcha/draw/1/{tag}".encode(), *(f if isinstance(f, bytes) else str(f).encode() for f in fields)]
    return hashlib.sha256(b"".join(len(p).to_bytes(4, "big") + p for p in parts)).digest()


def person(name, department, areas, load=4, certified="2027-06-30", conflicts=()):
    return {
        "id": name,
        "department": department,
        "areas": list(areas),
        "certified": certified,
        "load": load,
        "skills": [],
        "conflicts": list(conflicts),
    }


PEOPLE = [
    person("S1", "市场监管局", "东"),
    person("S2", "市场监管局", "东", conflicts=["91SIM0001"]),
    person("S3", "市场监管局", "西"),
    person("S4", "市场监管局", "东西"),
    person("X1", "消防救援机构", "东西", load=2),
    person("X2", "消防救援机构", "东西", load=2),
    person("X3", "消防救援机构", "东", load=2, certified="2026-11-30"),
]
RULES = {"day": DAY, "team": 2, "across": 0, "reseeds": 40, "departments": ["市场监管局", "消防救援机构"]}
VISITS = [{"id": f"91SIM000{i}", "area": area, "skills": []} for i, area in ((1, "东"), (2, "西"), (3, "东"))]


def dice(seed):
    return {visit["id"]: H("visit", seed, visit["id"]) for visit in VISITS}


def teams(seed, department):
    """{visit: [who]} of one department with that department's seed, nobody crossing areas."""
    d, out = dice(seed), {}
    left = {one["id"]: one["load"] for one in PEOPLE}
    for visit in sorted(VISITS, key=lambda visit: d[visit["id"]][8:16]):
        pool = [
            one["id"]
            for one in PEOPLE
            if one["department"] == department
            and one["certified"] >= DAY
            and visit["area"] in one["areas"]
            and visit["id"] not in one["conflicts"]
            and left[one["id"]]
        ]
        team = []
        for k in range(2 if len(pool) >= 2 else 0):
            pick = int.from_bytes(d[visit["id"]][16 + 4 * k : 20 + 4 * k], "big")
            team.append(pool.pop(pick % len(pool)))
        for name in team:
            left[name] -= 1
        out[visit["id"]] = team
    return out


def example():
    seed = hashlib.sha256(b"the seed of a joint draw").digest()
    seeds = {x: H("department", seed, x) for x in RULES["departments"]}
    runs = {x: [teams(H("reseed", seeds[x], k), x) for k in range(RULES["reseeds"])] for x in seeds}
    made = []
    for visit in VISITS:
        for x in seeds:
            every = [name for run in runs[x] for name in run[visit["id"]]]
            made.append({
                "id": visit["id"],
                "department": x,
                "across": 0,
                "inspectors": teams(seeds[x], x)[visit["id"]],
                "chances": {name: every.count(name) for name in sorted(set(every))},
            })  # fmt: skip
    return {
        "seed": seed.hex(),
        "department_seeds": {x: one.hex() for x, one in seeds.items()},
        "d": {x: {name: d.hex() for name, d in dice(one).items()} for x, one in seeds.items()},
        "inspectors": PEOPLE,
        "rules": RULES,
        "visits": VISITS,
        "teams": made,
    }


if __name__ == "__main__":
    PATH.write_text(json.dumps(example(), ensure_ascii=False, indent=1) + "\n", "utf-8")

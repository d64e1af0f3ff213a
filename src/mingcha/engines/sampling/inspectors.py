"""The second random: which inspectors make which visit, each with an equal chance among those who may.

May: certified on the day, no conflict of interest, the skills that the visit needs, its area, load left. A share
of the visits goes to inspectors of other areas, at random: without it stringency and place can't be told apart.
In a joint inspection (部门联合抽查) each department draws a team of its own, with a seed of its own from the draw's.
The chances of each pair are estimated by running the same algorithm with other seeds. Source:
docs/draw-protocol.md, "Inspectors".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mingcha.engines.sampling.encoding import MILLION, canonical, digest, framed, lp, text
from mingcha.engines.sampling.frame import read_table
from mingcha.problems import Problem

ACROSS = 75_000  # millionths of the visits that cross areas; 5-10% is the aim
RESEEDS, FEWEST_RESEEDS = 2_000, 200
REDRAWN = 2_000_000  # visits times seeds: what a draw is worth waiting for
SMALLEST_TEAM = 2  # 行政处罚法 art. 42
LARGEST_TEAM = 4  # a visit's hash has room for four picks
BATCH = 2_000_000  # visits times seeds that are worked on at a time


@dataclass(frozen=True)
class Inspector:
    """`certified`: the last day of the certificate, YYYY-MM-DD. `load`: visits at most. `conflicts`: unit ids.
    `department`: counts in a joint inspection, and is sealed there only."""

    id: str
    areas: tuple[str, ...]
    certified: str
    load: int
    skills: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    department: str = ""


class Visit(NamedTuple):
    """A drawn unit. Without an area, inspectors of all areas are at home there."""

    id: str
    area: str = ""
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rules:
    """`day`: of the visits, YYYY-MM-DD, on which certificates must be valid. `across`: millionths. `departments`: of a
    joint inspection, in ascending order; each sends a team of `team` to every visit. Empty: one team, of anyone."""

    day: str
    team: int = 2
    across: int = ACROSS
    reseeds: int = RESEEDS
    departments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Teams:
    """`members`: (seeds, visits, team) places in the directory, -1 where nobody could be sent. `across`: bool."""

    members: NDArray[np.int64]
    across: NDArray[np.bool_]


def reseeds_for(visits: int) -> int:
    """With how many other seeds the chances of a draw of `visits` are estimated: 2,000, fewer of a large draw, at
    least 200. A pair's chance p has then a standard error of sqrt(p (1 - p) / reseeds): .05 of 200 is .05 +- .015."""
    return max(FEWEST_RESEEDS, min(RESEEDS, REDRAWN // max(1, visits)))


def with_reseeds(sealed: Mapping[str, Any], visits: int) -> dict[str, Any]:
    """A `directory` for a draw of `visits`: its rules' reseeds, or fewer."""
    reseeds = min(sealed["rules"]["reseeds"], reseeds_for(visits))
    return {**sealed, "rules": sealed["rules"] | {"reseeds": reseeds}}


def directory(inspectors: Sequence[Inspector], rules: Rules) -> dict[str, Any]:
    """What is sealed before the draw, inspectors in order of id. Problem if it makes no sense."""
    ordered = sorted(inspectors, key=lambda one: one.id.encode())
    _check(ordered, rules)
    spared = () if rules.departments else ("department",)  # an ordinary draw knows of no departments
    people = [{name: value for name, value in _plain(one).items() if name not in spared} for one in ordered]
    return {"inspectors": people, "rules": _plain_rules(rules)}


def read_inspectors(path: Path) -> list[Inspector]:
    """Inspectors from a CSV or Parquet file: id, areas, certified, load; perhaps skills, conflicts, department.

    A cell that holds a list: see `listed`. Raises Problem, naming file and row.
    """
    table = read_table(path)
    missing = [name for name in ("id", "areas", "certified", "load") if name not in table]
    if missing:
        raise Problem(
            zh=f"检查人员名录缺少列：{'、'.join(missing)}",
            en=f"The directory of inspectors lacks columns: {', '.join(missing)}",
            where=str(path),
            todo_zh="各列：id 编号，areas 辖区，certified 证件有效期至，load 承担户次；可有 skills 专业，"
            "conflicts 应回避的对象，department 部门（联合抽查）。例：Z001,东区;西区,2027-06-30,20",
            todo_en="Columns: id, areas, certified (last day of the certificate), load (visits at most); perhaps "
            "skills, conflicts (ids of units), department (of a joint inspection). For example: "
            "Z001,East;West,2027-06-30,20",
        )
    empty = [""] * len(table["id"])
    names = ("id", "areas", "certified", "load", "skills", "conflicts", "department")
    columns = [table.get(name, empty) for name in names]
    out = []
    for row, (name, areas, certified, load, skills, conflicts, department) in enumerate(zip(*columns, strict=True)):
        try:
            day = date.fromisoformat(certified).isoformat()
            lists = listed(skills), listed(conflicts)
            out.append(Inspector(name, listed(areas), day, int(load), *lists, department.strip()))
        except ValueError:
            raise Problem(
                zh=f"{name} 的证件有效期（{certified}）应为 2026-11-30 这样的日期，承担量（{load}）应为整数",
                en=f"{name}: certified ({certified}) must be a date like 2026-11-30, load ({load}) a whole number",
                where=f"{path}, {table.record(row)}",
                todo_zh="请改正后重新提交。",
                todo_en="Correct it and hand the file in again.",
            ) from None
    return out


def listed(cell: str) -> tuple[str, ...]:
    """The items of a cell that holds a list, separated by ; | or, as Chinese users write them, ；、，."""
    return tuple(sorted({item.strip() for item in re.split("[;；|、，]", cell) if item.strip()}))


def seal(draw: str, salt: bytes, sealed: dict[str, Any]) -> str:
    """The member `inspectors` of the draw's parameters. Salted: a directory could be guessed."""
    return digest("inspectors", draw, salt, canonical(sealed)).hex()


@dataclass(frozen=True)
class Short:
    """Units of one area and of the same skills to which no team could be sent, or none of `department`; how many
    inspectors could be, at home there and from other areas: certified on the day, with these skills and any load."""

    area: str
    skills: tuple[str, ...]
    units: int
    home: int
    away: int
    department: str = ""


def shortages(places: Iterable[Visit], sealed: Mapping[str, Any]) -> list[Short]:
    """Where a team is lacking, the most units first. `places`: of the whole frame; `sealed`: a `directory`.

    Conflicts of interest, and whether the loads last for all visits, are left to the draw.
    """
    rules = read_rules(sealed["rules"])
    able = [one for one in map(read_plain, sealed["inspectors"]) if one.certified >= rules.day and one.load]
    short = []
    for (area, skills), units in Counter((place.area, place.skills) for place in places).items():
        for department in rules.departments or ("",):
            fit = [one for one in able if one.department == department and set(skills) <= set(one.skills)]
            home = sum(not area or area in one.areas for one in fit)
            if home < rules.team:
                short.append(Short(area, skills, units, home, len(fit) - home, department))
    return sorted(short, key=lambda one: (-one.units, one.area, one.skills, one.department))


def units_short(short: Iterable[Short]) -> int:
    """How many units lack a team, a unit that several departments can't visit counted once."""
    return sum({(one.area, one.skills): one.units for one in short}.values())


def tell_shortages(short: Sequence[Short], most: int = 5) -> tuple[str, str]:
    """What is lacking where, in both languages."""
    zh, en = [], []
    for one in short[:most]:
        skills = "、".join(one.skills)
        who_zh, who_en = (f"{one.department}，", f"{one.department}, ") if one.department else ("", "")
        zh.append(
            f"{who_zh}{one.area or '未列辖区'}{'（' + skills + '）' if skills else ''} {one.units} 户："
            f"本区可派 {one.home} 人，外区 {one.away} 人"
        )
        en.append(
            f"{who_en}{one.area or 'no area'}{' (' + skills + ')' if skills else ''}, {one.units} units: "
            f"{one.home} at home, {one.away} away"
        )
    rest = len(short) - most
    return "；".join(zh) + f"；另有 {rest} 组" * (rest > 0), "; ".join(en) + f"; and {rest} groups more" * (rest > 0)


def refuse_short(short: Sequence[Short], sealed: Mapping[str, Any]) -> None:
    """Problem naming what is lacking, so that no frame is sealed whose firms nobody may visit."""
    if not short:
        return
    rules = read_rules(sealed["rules"])
    units, ended = units_short(short), sum(one["certified"] < rules.day for one in sealed["inspectors"])
    zh, en = tell_shortages(short)
    raise Problem(
        zh=f"名录中有 {units} 户派不出检查人员（每组 {rules.team} 人）：{zh}",
        en=f"{units} units of the frame could be given no team of {rules.team}: {en}",
        todo_zh=f"请核对辖区名称和专业是否与名录一致、证件有效期（{ended} 人在 {rules.day} 前到期）和承担量；"
        "明知如此仍要封存，用 --anyway（页面上勾选），抽中者无人可派。",
        todo_en=f"Compare the names of areas and skills with the frame's, the certificates ({ended} end before "
        f"{rules.day}) and the loads; to seal it all the same give --anyway (tick the box on the page): nobody is sent "
        "to those that are drawn.",
    )


def teams(seeds: Sequence[bytes], visits: Sequence[Visit], inspectors: Sequence[Inspector], rules: Rules) -> Teams:
    """The teams that each seed gives. Visits and inspectors in order of id.

    A visit's hash gives, in turn, its place among those that may cross areas, its place in the order of
    assignment, and its picks. About 2 s for 1,000 visits and 2,000 seeds.
    """
    size = max(1, BATCH // max(1, len(visits)))
    parts = [_teams(seeds[i : i + size], visits, inspectors, rules) for i in range(0, len(seeds), size)]
    return Teams(np.concatenate([p.members for p in parts]), np.concatenate([p.across for p in parts]))


def assign(
    draw_seed: bytes, visits: Sequence[Visit], inspectors: Sequence[Inspector], rules: Rules
) -> list[dict[str, Any]]:
    """The team of each visit with its chances: members `teams` of assignment.json. In a joint inspection there is one
    of each department, named in it, in order of visits and then of departments.

    chances: {inspector: in how many of the reseeded runs he had this visit}.
    """
    visits = sorted(visits, key=lambda visit: visit.id.encode())
    inspectors = sorted(inspectors, key=lambda one: one.id.encode())
    if not rules.departments:
        return _assigned(draw_seed, visits, inspectors, rules)
    made = []
    for department in rules.departments:
        own = [one for one in inspectors if one.department == department]
        parts = _assigned(digest("department", draw_seed, department), visits, own, rules)
        made.append([part | {"department": department} for part in parts])
    return [part for parts in zip(*made, strict=True) for part in parts]


def _assigned(
    draw_seed: bytes, visits: Sequence[Visit], inspectors: Sequence[Inspector], rules: Rules
) -> list[dict[str, Any]]:
    ours = teams([draw_seed], visits, inspectors, rules)
    others = teams([digest("reseed", draw_seed, k) for k in range(rules.reseeds)], visits, inspectors, rules)
    out = []
    for i, visit in enumerate(visits):
        counts = np.bincount(others.members[:, i].ravel() + 1, minlength=len(inspectors) + 1)[1:]
        out.append({
            "id": visit.id,
            "across": int(ours.across[0, i]),
            "inspectors": [inspectors[j].id for j in ours.members[0, i].tolist() if j >= 0],
            "chances": {inspectors[j].id: int(counts[j]) for j in np.flatnonzero(counts).tolist()},
        })  # fmt: skip
    return out


def body(salt: bytes, sealed: dict[str, Any], visits: Sequence[Visit], made: list[dict[str, Any]]) -> dict[str, Any]:
    """The members of assignment.json besides its head, digest and signatures."""
    ordered = sorted(visits, key=lambda visit: visit.id.encode())
    return {"salt": salt.hex(), **sealed, "visits": [_plain(visit) for visit in ordered], "teams": made}


def _teams(seeds: Sequence[bytes], visits: Sequence[Visit], inspectors: Sequence[Inspector], rules: Rules) -> Teams:
    runs, count = len(seeds), len(visits)
    names = [lp(text(visit.id)) for visit in visits]
    heads = [framed("visit", seed) for seed in seeds]
    blob = b"".join([sha256(head + name).digest() for head in heads for name in names])
    dice = np.frombuffer(blob, dtype=np.uint8).reshape(runs, count, 32)
    crossing, turn = (dice[:, :, i : i + 8].copy().view(">u8")[:, :, 0].astype(np.uint64) for i in (0, 8))
    picks = dice[:, :, 16:].copy().view(">u4").astype(np.int64)
    home, away = _pools(visits, inspectors, rules)

    near, wide = ((pools < len(inspectors)).sum(axis=1) for pools in (home, away))
    able = wide >= rules.team
    quota = min(int(able.sum()), (rules.across * count + MILLION // 2) // MILLION)
    order = np.argsort(np.where(able, crossing, np.uint64(2**64 - 1)), axis=1, kind="stable")
    across = np.zeros((runs, count), dtype=bool)
    np.put_along_axis(across, order[:, :quota], True, axis=1)

    left = np.tile(np.array([one.load for one in inspectors] + [0]), (runs, 1))
    members = np.full((runs, count, rules.team), -1)
    every = np.arange(runs)
    # those that cross areas first, so that they are made; then the others, each in order of turn
    for step, i in enumerate(np.lexsort((turn, ~across), axis=1).T):
        pool = (away if step < quota else home)[i]
        free = left[every[:, None], pool] > 0
        some = free.sum(axis=1)
        enough = some >= rules.team
        whole = np.array_equal(
            some, (wide if step < quota else near)[i]
        )  # nobody's load is gone: counting places will do
        taken: list[NDArray[np.int64]] = []
        for k in range(rules.team):
            at = picks[every, i, k] % np.maximum(some - k * enough, 1)
            if whole:
                at = np.minimum(_past(at, taken), pool.shape[1] - 1)
            else:
                at = np.argmax(np.cumsum(free, axis=1) > at[:, None], axis=1)
                free[every, at] = False
            taken.append(at)
            chosen = pool[every, at]
            members[every[enough], i[enough], k] = chosen[enough]
            left[every[enough], chosen[enough]] -= 1
    return Teams(members, across)


def _past(at: NDArray[np.int64], taken: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The places that are number `at` among those not `taken`."""
    for one in np.sort(np.array(taken), axis=0) if taken else ():
        at = at + (at >= one)
    return at


def _pools(
    visits: Sequence[Visit], inspectors: Sequence[Inspector], rules: Rules
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Who may make each visit, of its area and of others, in the directory's order; rows are filled up with a
    nobody who has no load."""
    valid = [j for j, one in enumerate(inspectors) if one.certified >= rules.day]
    barred: dict[str, set[int]] = {}
    for j in valid:
        for unit in inspectors[j].conflicts:
            barred.setdefault(unit, set()).add(j)
    groups: dict[tuple[str, tuple[str, ...]], tuple[list[int], list[int]]] = {}  # few places, many visits
    home: list[list[int]] = []
    away: list[list[int]] = []
    for visit in visits:
        place = (visit.area, visit.skills)
        if place not in groups:
            fit = [j for j in valid if set(visit.skills) <= set(inspectors[j].skills)]
            near = {j for j in fit if not visit.area or visit.area in inspectors[j].areas}
            groups[place] = [j for j in fit if j in near], [j for j in fit if j not in near]
        out = barred.get(visit.id, set())
        for pools, group in zip((home, away), groups[place], strict=True):
            pools.append([j for j in group if j not in out] if out else group)
    return _padded(home, len(inspectors)), _padded(away, len(inspectors))


def _padded(pools: list[list[int]], nobody: int) -> NDArray[np.int64]:
    table = np.full((len(pools), max(map(len, pools), default=0) or 1), nobody)
    for row, pool in enumerate(pools):
        table[row, : len(pool)] = pool
    return table


def read_plain(value: dict[str, Any]) -> Inspector:
    """An inspector as a sealed directory has him."""
    lists = {name: tuple(value[name]) for name in ("areas", "skills", "conflicts")}
    department = value.get("department", "")
    return Inspector(value["id"], certified=value["certified"], load=value["load"], department=department, **lists)


def read_rules(value: Mapping[str, Any]) -> Rules:
    """Rules as a sealed directory has them."""
    return Rules(**{**value, "departments": tuple(value.get("departments", ()))})


def _plain_rules(rules: Rules) -> dict[str, Any]:
    value = asdict(rules)
    return value | {"departments": list(rules.departments)} if value.pop("departments") else value


def _plain(one: Inspector | Visit) -> dict[str, Any]:
    members = one._asdict() if isinstance(one, Visit) else asdict(one)
    return {name: sorted(value) if isinstance(value, tuple) else value for name, value in members.items()}


def _check(inspectors: Sequence[Inspector], rules: Rules) -> None:
    ids = [one.id for one in inspectors]
    if not SMALLEST_TEAM <= rules.team <= LARGEST_TEAM or not 0 <= rules.across <= MILLION:
        raise Problem(
            zh=f"每组应为 {SMALLEST_TEAM} 至 {LARGEST_TEAM} 人，跨区比例应在 0 至 1 之间",
            en=f"A team has {SMALLEST_TEAM} to {LARGEST_TEAM} inspectors, and the share across areas is 0 to 1",
            todo_zh="法律要求执法人员不少于 2 人（行政处罚法第四十二条）。",
            todo_en="The law asks for two officers at least (Law on Administrative Penalty, art. 42).",
        )
    double = sorted({name for name in ids if ids.count(name) > 1 or not name})
    if double:
        raise Problem(
            zh=f"检查人员编号重复或为空：{'、'.join(double[:5])}",
            en=f"Inspectors' ids are double or empty: {', '.join(double[:5])}",
        )
    certified = [one for one in inspectors if one.certified >= rules.day and one.load > 0]
    if rules.departments:
        _check_departments(certified, rules)
    elif len(certified) < rules.team:
        raise Problem(
            zh=f"{rules.day} 持证且有余量的检查人员只有 {len(certified)} 人，一组要 {rules.team} 人",
            en=f"{len(certified)} inspectors are certified on {rules.day} with load left; a team needs {rules.team}",
            todo_zh="请核对名录中的证件有效期和承担量。",
            todo_en="Check the certificates' dates and the loads in the directory.",
        )


def _check_departments(certified: Sequence[Inspector], rules: Rules) -> None:
    names = list(rules.departments)
    if len(names) < 2 or not all(names) or names != sorted(set(names), key=str.encode):
        raise Problem(
            zh=f"联合抽查须有两个以上部门，按名称升序，各列一次：{'、'.join(names)}",
            en=f"A joint inspection has two departments or more, in ascending order, each once: {', '.join(names)}",
        )
    counts = Counter(one.department for one in certified)
    lacking = [name for name in names if counts[name] < rules.team]
    if lacking:
        zh = "、".join(f"“{name}”{counts[name]} 人" for name in lacking)
        en = ", ".join(f"{counts[name]} of {name}" for name in lacking)
        raise Problem(
            zh=f"联合抽查每个部门一组要 {rules.team} 人，{rules.day} 持证且有余量的只有：{zh}",
            en=f"A joint inspection sends a team of {rules.team} of each department; certified on {rules.day} with "
            f"load left are: {en}",
            todo_zh="请核对名录中的部门名称、证件有效期和承担量，或请该部门补报人员。",
            todo_en="Check the departments' names, the certificates' dates and the loads in the directory, or ask the "
            "department for more people.",
        )

"""assignment.json and replacements.json: made, read, and held against the draw that they are of.

A digest is no secret: whoever changes a file can make its digest anew. So what a file says is recomputed from what the
parties signed before the draw (its terms) and what anyone can see after it (public.json).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mingcha.engines.sampling import ceremony, inspectors
from mingcha.engines.sampling.ceremony import Attestation, Party, Terms
from mingcha.engines.sampling.draw import leaf_of
from mingcha.engines.sampling.encoding import canonical, digest
from mingcha.engines.sampling.files import Json, Record, read_json, take_bytes
from mingcha.engines.sampling.folder import Published
from mingcha.engines.sampling.inspectors import Visit
from mingcha.problems import Problem

BROUGHT = {"index": int, "id": str, "stratum": str, "s": str, "b": str}
INSPECTOR = {"id": str, "areas": [str], "certified": str, "load": int, "skills": [str], "conflicts": [str]}
SHAPES: dict[str, dict[str, Any]] = {
    "assignment": {
        "salt": str,
        "inspectors": [INSPECTOR],
        "rules": {"day": str, "team": int, "across": int, "reseeds": int},
        "visits": [{"id": str, "area": str, "skills": [str]}],
        "teams": [{"id": str, "across": int, "inspectors": [str], "chances": dict}],
    },
    "replacements": {"replacements": [{"out": str, "reason": str, "in": BROUGHT}]},
}
SIGNED = {"digest": str, "signatures": [{"id": str, "signature": str}]}


def members_of(value: Json, kind: str) -> dict[str, Any]:
    """{member: shape} of a file of `kind`, besides its head. A joint inspection is one whose rules name departments:
    then all that is by department says so, and else nothing does."""
    members = SHAPES[kind] | SIGNED
    rules = value.get("rules")
    if kind == "assignment" and isinstance(rules, dict) and "departments" in rules:
        members["inspectors"] = [members["inspectors"][0] | {"department": str}]
        members["teams"] = [members["teams"][0] | {"department": str}]
        members["rules"] = members["rules"] | {"departments": [str]}
    return members


def make(record: Record, kind: str, body: Json) -> Json:
    """The file of `kind` with this body, not yet signed by anyone."""
    made = digest(kind, record.terms.draw, record.result, canonical(body))
    return record.head(kind) | body | {"digest": made.hex(), "signatures": []}


def read(path: Path, kind: str, record: Record) -> Json:
    """The file at `path`, if it is whole and of just this draw. Problem, naming the member that is wrong."""
    value = read_json(path, kind)
    head = record.head(kind)
    for name in head:
        # some attest later
        if not (fits(value.get(name), [dict]) if name == "attestations" else value.get(name) == head[name]):
            raise Problem(
                zh=f"文件属于另一次抽取：{name} 与本目录 public.json 不同",
                en=f"The file is of another draw: its {name} is not that of this folder's public.json",
                where=f"{path}, {name}",
                todo_zh="不要签名；请从组织方取得本次抽取的文件。",
                todo_en="Don't sign; get this draw's file from its maker.",
            )
    members = members_of(value, kind)
    for name in dict.fromkeys([*members, *(value.keys() - head.keys())]):
        if name not in members or not fits(value.get(name), members[name]):
            raise Problem(
                zh=f"文件缺少 {name}，或其格式不对" if name in members else f"文件多出 {name}，无人为它担保",
                en=f"{name} is missing or malformed" if name in members else f"{name} has no place in this file",
                where=f"{path}, {name}",
                todo_zh="不要签名；请从组织方重新取得。",
                todo_en="Don't sign; get it again from its maker.",
            )
    if digest_of(value, kind, record.terms.draw, record.result) != take_bytes(value, "digest", 32, path).hex():
        raise Problem(
            zh="文件内容被改动，与其摘要不符",
            en="The file was changed: its digest is another",
            where=f"{path}, digest",
            todo_zh="不要签名；请从组织方重新取得。",
            todo_en="Don't sign; get it again from its maker.",
        )
    return value


def fits(value: Any, shape: Any) -> bool:
    """Whether a JSON value has this shape: a type, [the shape of each item], or {each member: its shape}."""
    if isinstance(shape, dict):
        return (
            isinstance(value, dict)
            and value.keys() == shape.keys()
            and all(fits(value[name], shape[name]) for name in shape)
        )
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(item, shape[0]) for item in value)
    return type(value) is shape


def digest_of(value: Json, kind: str, draw: str, result: bytes) -> str:
    """The digest that the parties sign; "" where there is none, of values that have no canonical form."""
    try:
        return digest(kind, draw, result, canonical({name: value[name] for name in SHAPES[kind]})).hex()
    except (TypeError, ValueError):
        return ""


def signers(value: Json, kind: str, terms: Terms, result: bytes, parties: Iterable[Party]) -> list[str]:
    """Who has countersigned a file: signatures that hold, of what it says, under this result. Nobody, if it is
    malformed."""
    members, parties = members_of(value, kind), list(parties)
    if not all(fits(value.get(name), members[name]) for name in members):
        return []
    made = bytes.fromhex(digest_of(value, kind, terms.draw, result))
    found = []
    for one in value["signatures"]:
        try:
            signature = bytes.fromhex(one["signature"])
            ceremony.check_attestation(parties, Attestation(one["id"], signature), made)
        except (Problem, ValueError):
            continue
        found.append(one["id"])
    return found if made else []


def check_assignment(value: Json, record: Record, published: Published, path: Path) -> None:
    """Problem unless directory and rules are those sealed before the draw, the visits are to the drawn units, and each
    team, with its chances, is the one that the seed gives. Where the visits lie only a frame can tell."""
    terms = record.terms
    people = [inspectors.read_plain(one) for one in value["inspectors"]]
    rules = inspectors.read_rules(value["rules"])
    given, sealed = {"inspectors": value["inspectors"], "rules": value["rules"]}, inspectors.directory(people, rules)
    seal = inspectors.seal(terms.draw, take_bytes(value, "salt", 32, path), given)
    if seal != terms.params.get("inspectors") or sealed != given:
        raise _wrong(
            path,
            "inspectors, rules, salt",
            "检查人员名录或规则不是抽取前封存的",
            "Directory or rules are not those that were sealed before the draw",
        )
    visits = [Visit(one["id"], one["area"], tuple(one["skills"])) for one in value["visits"]]
    if [visit.id for visit in visits] != sorted(published.drawn, key=str.encode):
        raise _wrong(path, "visits", "所列对象不是抽中的对象", "The visits listed are not the units that were drawn")
    teams = inspectors.assign(record.seed, visits, people, rules)
    if teams != value["teams"]:
        odd = [one for one in value["teams"] if one not in teams]
        other = [one["id"] + (f" ({one['department']})" if rules.departments else "") for one in odd]
        raise _wrong(
            path,
            f"teams {', '.join(other[:5])}".strip(),
            "检查人员不是由种子得出的",
            "These teams, or their chances, are not what the seed gives",
        )


def check_replacements(value: Json, record: Record, published: Published, path: Path) -> None:
    """Problem unless each unit that goes out was to be visited, and what comes in is the next of its stratum."""
    q, strata = published.q.copy(), np.array(published.strata, dtype=object)
    inside = {name: strata[i] for name, i in published.drawn.items()}
    for k, one in enumerate(value["replacements"]):
        new, stratum = one["in"], inside.pop(one["out"], None)
        i, s, b = new["index"], take_bytes(new, "s", 32, path), take_bytes(new, "b", 32, path)
        sound = stratum is not None and bool(one["reason"].strip()) and new["stratum"] == stratum
        sound = sound and 0 <= i < len(q) and strata[i] == stratum and not np.isnan(q[i])
        sound = sound and q[i] == np.nanmin(q[strata == stratum])  # of two alike only the ticket tells which is first
        if not sound or leaf_of(record.terms.draw, stratum, new["id"], s, b) != published.leaves[i]:
            raise _wrong(
                path,
                f"replacements[{k}], {one['out']}",
                "替出者不在待检查之列、没有写明原因，或替入者不是该层的下一户",
                "Who goes out was not to be visited, no reason is given, or who comes in is not the next of the "
                "stratum",
            )
        q[i], inside[new["id"]] = np.nan, stratum


def _wrong(path: Path, member: str, zh: str, en: str) -> Problem:
    return Problem(
        zh=zh,
        en=en,
        where=f"{path}, {member}",
        todo_zh="不要签名，提出异议；verifier/verify_draw.py 会逐项指出差异。",
        todo_en="Don't sign; object. verifier/verify_draw.py says one by one what differs.",
    )

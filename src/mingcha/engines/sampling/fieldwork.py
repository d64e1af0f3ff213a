"""From drawn units to visits: the inspectors' assignment, and replacements of units that were in the frame by mistake.

Both are written as files of the draw's form, which the parties countersign.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring as quoted
from operator import attrgetter
from pathlib import Path

import numpy as np

from mingcha.engines.sampling import ceremony, fieldfiles, files, inspectors, keys
from mingcha.engines.sampling.ceremony import Terms
from mingcha.engines.sampling.draw import Outcome, Units, normal
from mingcha.engines.sampling.encoding import canonical, digest
from mingcha.engines.sampling.files import Json, Record, read_json, take_bytes, write_json
from mingcha.engines.sampling.folder import read_published, read_record, read_terms, secret_folder, status
from mingcha.engines.sampling.frame import Frame, read_table
from mingcha.engines.sampling.inspectors import Visit, listed
from mingcha.engines.sampling.results import design, drawn, write_design
from mingcha.engines.sampling.rows import WIDTH
from mingcha.problems import Problem


def assign(folder: Path, done: tuple[Record, Units, Outcome] | None = None) -> Json:
    """Write NAME-secret/assignment.json: a team for each drawn unit, by the seed; in a joint inspection one of each
    department. The object written.

    A visit that nobody may make, or for which nobody has load left, has an empty team. `done`: what steps.run has
    just given, else it is read from the folder and recomputed.
    """
    secret = secret_folder(folder)
    if not (secret / "inspectors.json").exists():
        raise Problem(
            zh="抽取前没有封存检查人员名录",
            en="No directory of inspectors was sealed before this draw",
            where=str(secret / "inspectors.json"),
            todo_zh="下次用 prepare --inspectors 一并封存；抽取之后再给名录不可核验。",
            todo_en="Seal it with prepare --inspectors; given after the draw it would prove nothing.",
        )
    record, units, outcome = done or drawn(status(folder))
    value = read_json(secret / "inspectors.json", "inspectors")
    sealed = {"inspectors": value["inspectors"], "rules": value["rules"]}
    salt = take_bytes(value, "salt", 32, secret / "inspectors.json")
    if inspectors.seal(units.draw, salt, sealed) != record.terms.params.get("inspectors"):
        raise Problem(
            zh="检查人员名录被改动，与抽取前封存的不同",
            en="The directory of inspectors was changed: it is not the one that was sealed",
            where=str(secret / "inspectors.json"),
            todo_zh="请从备份恢复。",
            todo_en="Restore it from a backup.",
        )
    table = read_table(secret / "places.csv")
    sealed_places = places(table["id"], table["area"], table["skills"])
    if seal_places(units.draw, salt, sealed_places) != record.terms.params.get("places"):
        raise Problem(
            zh="对象的辖区和专业被改动，与抽取前封存的不同",
            en="The units' areas and skills were changed: they are not those that were sealed",
            where=str(secret / "places.csv"),
            todo_zh="请从备份恢复。",
            todo_en="Restore them from a backup.",
        )
    place = {one.id: one for one in sealed_places}
    visits = [place[units.ids[i]] for i in np.flatnonzero(outcome.drawn)]
    people = [inspectors.read_plain(one) for one in sealed["inspectors"]]
    made = inspectors.assign(record.seed, visits, people, inspectors.read_rules(sealed["rules"]))
    value = fieldfiles.make(record, "assignment", inspectors.body(salt, sealed, visits, made))
    write_json(secret / "assignment.json", value, files.SECRET, indent=None)
    return value


def places(ids: Sequence[str], areas: Sequence[str], skills: Sequence[str]) -> list[Visit]:
    """Where each unit of the frame lies and what a visit to it needs, in order of id. A cell of skills is a list."""
    needs = {cell: listed(cell) for cell in set(normal(skills))}
    columns = zip(normal(ids), normal(areas), normal(skills), strict=True)
    # code points have the order of their UTF-8 bytes
    return sorted((Visit(i, area, needs[cell]) for i, area, cell in columns), key=attrgetter("id"))


def places_of(frame: Frame) -> list[Visit]:
    none = [""] * len(frame.ids)
    return places(frame.ids, frame.areas or none, frame.skills or none)


def seal_places(draw: str, salt: bytes, visits: Sequence[Visit]) -> str:
    """The member `places` of the draw's parameters: who knows the seed can't send an inspector by moving a unit."""
    # the canonical bytes of {places: [{id, area, skills}]}, put together from texts of which there are few
    few: set[str | tuple[str, ...]] = {part for one in visits for part in (one.area, one.skills)}
    text = {part: canonical(part if isinstance(part, str) else list(part)).decode() for part in few}
    rows = [f'{{"area":{text[one.area]},"id":{quoted(one.id)},"skills":{text[one.skills]}}}' for one in visits]
    return digest("places", draw, salt, f'{{"places":[{",".join(rows)}]}}'.encode()).hex()


def replace_unit(folder: Path, unit: str, reason: str, may_come: Callable[[str], None] = lambda _: None) -> str:
    """Take out a drawn unit that was in the frame by mistake, bring in the next of its stratum; the id of that one.

    Writes design.csv with corrected probabilities and then NAME/replacements.json, which asks for the parties'
    signatures anew: cut off between them, the step is run again. "Cannot be found at its address" is a result, not a
    reason. `may_come`: raises Problem, before anything is written, if who would come in may not be visited; another
    can't be chosen.
    """
    record, units, outcome = drawn(status(folder))
    reason = unicodedata.normalize("NFC", reason.strip())
    told = replacements(folder)
    gone = [units.place[one["out"]] for one in told]
    brought = [units.place[one["in"]["id"]] for one in told]
    at = units.place.get(unit, -1)
    if at < 0 or at in gone or not (outcome.drawn[at] or at in brought) or not reason:
        raise Problem(
            zh=f"{unit} 不在待检查之列" if reason else "替换要写明原因",
            en=f"{unit} is not among the units to visit" if reason else "Say why it is replaced",
            where=str(folder),
            todo_zh="只有误入名录的对象可以替换；查无下落是检查结果，应如实登记。",
            todo_en="Only units in the frame by mistake are replaced; one that can't be found is a result.",
        )
    following = _next(units, outcome, at, brought)
    may_come(units.ids[following])
    visits = design(units, outcome, [*gone, at], [*brought, following])
    write_design(secret_folder(folder) / "design.csv", visits)
    value = {"replacements": [*told, {"out": unit, "reason": reason, "in": _opened(units, following)}]}
    write_json(folder / "replacements.json", fieldfiles.make(record, "replacements", value))
    return units.ids[following]


def replacements(folder: Path) -> list[Json]:
    """The replacements so far, [{out, reason, in}] in order, held against public.json."""
    path = folder / "replacements.json"
    return _checked(folder, path, "replacements")["replacements"] if path.exists() else []


def countersign(
    folder: Path, path: Path, key_file: Path, passphrase: bytes | None = None, frame: Frame | None = None
) -> None:
    """Add a party's signature to assignment.json or replacements.json, once it follows from this folder's draw: the
    teams from the seed and the sealed directory, each unit brought in as the next of its stratum.

    With the party's own `frame`, the areas and skills that the teams hang on are held against it too.
    """
    terms = read_terms(folder)
    party, key = keys.read_key(key_file, terms, passphrase)
    kind = path.stem
    if kind not in fieldfiles.SHAPES:
        raise Problem(
            zh="只能签 assignment.json 或 replacements.json",
            en="Only assignment.json and replacements.json are countersigned",
            where=str(path),
        )
    value = _checked(folder, path, kind)
    if frame is not None and kind == "assignment":
        check_places(value, frame, terms, path)
    kept = [one for one in value["signatures"] if one["id"] != party]
    signature = ceremony.attest(party, key, bytes.fromhex(value["digest"])).signature
    value["signatures"] = [*kept, {"id": party, "signature": signature.hex()}]
    write_json(path, value, path.stat().st_mode & 0o777)


def check_places(value: Json, frame: Frame, terms: Terms, path: Path) -> None:
    """Problem unless the visits of assignment.json lie where this frame has them, as sealed before the draw."""
    known = {one.id: (one.area, list(one.skills)) for one in places_of(frame)}
    moved = sorted(one["id"] for one in value["visits"] if known.get(one["id"]) != (one["area"], one["skills"]))
    sealed = seal_places(terms.draw, take_bytes(value, "salt", 32, path), places_of(frame))
    if moved or sealed != terms.params.get("places"):
        raise Problem(
            zh=f"对象的辖区或专业与本方名录不符：{'、'.join(moved[:5]) or '封存的全部对象中有不同'}",
            en=f"Areas or skills are not those of this frame: {', '.join(moved[:5]) or 'of some that were sealed'}",
            where=str(path),
            todo_zh="不要签名；请组织方说明，或用同一名录重新核对。",
            todo_en="Don't sign; have it explained, or check again with the same frame.",
        )


def _checked(folder: Path, path: Path, kind: str) -> Json:
    """The file at `path`, recomputed from the folder's public.json."""
    state = status(folder)
    record = read_record(state.public, "public", state.terms)
    value = fieldfiles.read(path, kind, record)
    check = fieldfiles.check_assignment if kind == "assignment" else fieldfiles.check_replacements
    check(value, record, read_published(state.public, record), path)
    return value


def _next(units: Units, outcome: Outcome, at: int, brought: list[int]) -> int:
    """The first undrawn unit of the stratum of `at` by (Q, ticket) that hasn't been brought in."""
    rest = [
        i for i in np.flatnonzero(~outcome.drawn).tolist() if units.strata[i] == units.strata[at] and i not in brought
    ]
    if not rest:
        raise Problem(zh="该层已无可替换的对象", en="Nobody is left in that stratum", where=units.strata[at])
    return int(min(rest, key=lambda i: (outcome.q[i], outcome.tickets[i * WIDTH : (i + 1) * WIDTH])))


def _opened(units: Units, i: int) -> Json:
    place = slice(i * WIDTH, (i + 1) * WIDTH)
    return {
        "index": i,
        "id": units.ids[i],
        "stratum": units.strata[i],
        "s": units.s[place].hex(),
        "b": digest("probability", units.draw, int(units.P[i]), units.t[place]).hex(),
    }

"""What follows a draw: its files, the parties' attestations, receipts, the opening of 300 leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from mingcha.engines.sampling import ceremony, files, keys
from mingcha.engines.sampling.allocation import floor_of
from mingcha.engines.sampling.draw import Outcome, Units, by_stratum
from mingcha.engines.sampling.draw import run as draw_run
from mingcha.engines.sampling.encoding import MILLION, Params
from mingcha.engines.sampling.files import Record, write_json
from mingcha.engines.sampling.folder import (
    Status,
    read_record,
    read_units,
    receipt_file,
    sealed,
    secret_folder,
    status,
    step_file,
)
from mingcha.engines.sampling.frame import Frame, probabilities
from mingcha.engines.sampling.inclusion import corrected, design_probabilities
from mingcha.problems import Problem


def attest(
    folder: Path, key_file: Path, audit: Path, passphrase: bytes | None = None, frame: Frame | None = None
) -> None:
    """Recompute the draw from the audit file, hold it against public.json, and sign the result if all holds.

    With the party's own `frame`, its ids and probabilities are recomputed too: only that finds a unit that was
    wrongly left out or spared.
    """
    state = status(folder)
    party, key = keys.read_key(key_file, state.terms, passphrase)
    stated = read_record(state.public, "public", state.terms)
    if kept := keys.read_kept(key_file, state.terms):
        keys.check_seen(kept, stated.parties)
    audited = read_record(audit, "audit", state.terms)
    units = read_units(audit, "audit", state.terms)
    check_units(units, state.terms.params)
    outcome = draw_run(units, state.terms.params, stated.seed)
    if not outcome.result == stated.result == audited.result:
        raise Problem(
            zh="由审计文件重算的结果，与公开文件载明的不同",
            en="The audit file does not give the result that public.json states",
            where=f"{audit}; recomputed {outcome.result.hex()[:16]}…, stated {stated.result.hex()[:16]}…",
            todo_zh="不要签认。verifier/verify_draw.py 会指出差异所在；请提出异议。",
            todo_en="Don't sign. verifier/verify_draw.py says where they differ; object.",
        )
    if frame is not None:
        check_frame(units, frame, state.terms.params)
    signature = ceremony.attest(party, key, stated.result).signature
    value = {"result": stated.result.hex(), "id": party, "signature": signature.hex()}
    write_json(step_file(folder, "attest", party), files.about(state.terms, "attest") | value)


def check_units(units: Units, params: Params) -> None:
    """Problem unless sizes, bounds and sums are what the parameters say."""
    sizes = {
        name: {"N": len(rows), "n": int(units.P[rows].sum()) / MILLION}
        for name, rows in by_stratum(units.strata).items()
    }
    low, high = int(units.P.min()), int(units.P.max())
    if sizes != params["strata"] or not params["floor"] <= low <= high <= params["ceiling"]:
        raise Problem(
            zh="封存名录的户数、概率之和或上下限，与签署的参数不符",
            en="The sealed units have other sizes, sums or bounds of probability than the signed parameters",
            where=f"{sizes}, P {low} to {high}; params {params['strata']}, {params['floor']} to {params['ceiling']}",
            todo_zh="不要签认，请组织方说明。",
            todo_en="Don't sign; have it explained.",
        )


def check_frame(units: Units, frame: Frame, params: Params) -> None:
    """Problem unless the sealed units are this frame's, with the probabilities that the parameters give it.

    A probability may differ by one millionth: processors round a power differently in its last place.
    """
    rule = params["allocation"]
    options: dict[str, Any] = {"ceiling": params["ceiling"] / MILLION}
    if rule["method"] == "fill":
        options |= {
            "exploration": rule["exploration"] / MILLION,
            "focus": rule["focus"],
            "class_weights": {name: weight / MILLION for name, weight in rule["class_weights"].items()},
        }
    expected = probabilities(frame, rule.get("take"), **options)
    ours = {i: (h, int(p)) for i, h, p in zip(frame.ids, frame.strata, expected.P, strict=True)}
    theirs = {i: (h, int(p)) for i, h, p in zip(units.ids, units.strata, units.P, strict=True)}
    missing, extra = sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())
    both = sorted(ours.keys() & theirs.keys())
    moved = [i for i in both if ours[i][0] != theirs[i][0]]
    other = [i for i in both if ours[i][0] == theirs[i][0] and abs(ours[i][1] - theirs[i][1]) > 1]
    if missing or extra or moved or other:
        odd = _odd(other, ours, theirs, (expected.strata, params["strata"]), rule, params["ceiling"])
        if not (missing or extra or moved or odd):  # other settings move all alike
            odd = other
        swept = len(other) - len(odd)
        shown = [
            *(f"-{i}" for i in missing[:5]),
            *(f"+{i}" for i in extra[:5]),
            *(f"{i}: {theirs[i][0]} / {ours[i][0]}" for i in moved[:5]),
            *(f"{i}: {theirs[i][1] / 10_000:.4g}% / {ours[i][1] / 10_000:.4g}%" for i in odd[:5]),
        ]
        raise Problem(
            zh=f"封存的名录与本方名录不符：缺 {len(missing)} 户，多 {len(extra)} 户，层不同 {len(moved)} 户，"
            f"评分、类别或概率不同 {len(odd)} 户" + f"（另有 {swept} 户的概率只因合计固定而随之变动）" * (swept > 0),
            en=f"The sealed frame is not this one: {len(missing)} missing, {len(extra)} extra, {len(moved)} in another "
            f"stratum, {len(odd)} with another score, class or probability"
            + f" ({swept} more only follow, since the sum is fixed)"
            * (swept > 0),
            where=f"{'; '.join(shown)} (sealed / 本方 yours)",
            todo_zh="不要签认；请组织方说明，或用同一名录和模型重新核对。",
            todo_en="Don't sign; have it explained, or check again with the same frame and model.",
        )


def _odd(
    other: Sequence[str],
    ours: Mapping[str, tuple[str, int]],
    theirs: Mapping[str, tuple[str, int]],
    sizes: tuple[Mapping[str, Any], Mapping[str, Any]],
    rule: Mapping[str, Any],
    ceiling: int,
) -> list[str]:
    """Which of the units with another P, `other`, differ by themselves, the furthest off first.

    Where one unit's weight changed, all of its stratum move, since their sum is fixed: what stands above the floor is
    scaled by one factor, which most of them tell. Who isn't where that factor puts it is who differs.
    """
    if rule["method"] != "fill":
        return list(other)
    exploration, those = rule["exploration"] / MILLION, set(other)
    found: list[tuple[float, str]] = []
    for name in sorted({ours[i][0] for i in other}):
        if not all(name in side for side in sizes):
            continue
        members = [i for i, (stratum, _) in ours.items() if stratum == name and theirs.get(i, ("",))[0] == name]
        low = [floor_of(exploration, side[name]["n"], side[name]["N"]) for side in sizes]
        mine, sealed = (np.array([side[i][1] for i in members], dtype=np.float64) for side in (ours, theirs))
        known = (mine > low[0] + 100) & (mine < ceiling) & (sealed < ceiling)  # fewer are mostly rounding
        factor = float(np.median((sealed - low[1])[known] / (mine - low[0])[known])) if known.any() else 1.0
        for tolerance in (0.01, 0.0002):  # first who clearly follows; their sum then tells the factor well
            due = np.minimum(ceiling, low[1] + factor * (mine - low[0]))
            off = np.abs(sealed - due)
            off[(mine == ceiling) & (sealed > due)] = 0  # its weight may be any above what the ceiling shows
            odd = off > 3 + 2 * factor + tolerance * sealed
            if (known & ~odd).any():
                factor = float((sealed - low[1])[known & ~odd].sum() / (mine - low[0])[known & ~odd].sum())
        found += [(-off[j], members[j]) for j in np.flatnonzero(odd).tolist()]
    return [i for _, i in sorted(found) if i in those]


def publish(folder: Path) -> Record:
    """Gather the attestations into public.json, audit.json and the receipts that were handed out."""
    state = status(folder)
    record, units, outcome = drawn(state)
    record = replace(record, attestations=[state.attested[party] for party in state.parties if party in state.attested])
    for attestation in record.attestations:
        ceremony.check_attestation(record.parties, attestation, record.result)
    write_results(folder, record, units, outcome, state.public.suffix == ".gz")
    for path in (secret_folder(folder) / "receipts").glob("receipt-*.json"):
        unit = files.read_json(path, "receipt")
        write_json(path, files.receipt(record, units, outcome, unit["index"]), files.SECRET)
    return record


def receipts(folder: Path, ids: Sequence[str] | None = None) -> list[Path]:
    """Write the receipts of `ids` (all drawn units without it); their paths."""
    record, units, outcome = drawn(status(folder))
    if ids is None:
        ids = [units.ids[i] for i in np.flatnonzero(outcome.drawn)]
    unknown = [name for name in ids if name not in units.place]
    if unknown:
        raise Problem(
            zh=f"名录中没有 {'、'.join(unknown[:5])}",
            en=f"Not in the frame: {', '.join(unknown[:5])}",
            where=str(folder),
            todo_zh="达到年度上限或列为重点监管的对象不在抽取名录内，见 outside.csv。",
            todo_en="Units at their cap or under focused supervision are outside the draw: see outside.csv.",
        )
    paths = [receipt_file(folder, name) for name in ids]
    for path, name in zip(paths, ids, strict=True):
        write_json(path, files.receipt(record, units, outcome, units.place[name]), files.SECRET)
    return paths


def open_leaves(folder: Path) -> Path:
    """Write opening.json: the leaves that the seed opens for a party that can't have the whole audit file."""
    record, units, _ = drawn(status(folder))
    path = secret_folder(folder) / "opening.json"
    write_json(path, files.opening(record, units), files.SECRET)
    return path


def drawn(state: Status) -> tuple[Record, Units, Outcome]:
    """The finished draw, recomputed from the sealed frame. Problem if it isn't done, or isn't what was published."""
    if not state.drawn:
        raise Problem(
            zh="还没有抽取",
            en="The draw hasn't been run",
            where=str(state.folder),
            todo_zh="先执行 run。",
            todo_en="Run it first.",
        )
    record = read_record(state.public, "public", state.terms)
    units = sealed(state)
    outcome = draw_run(units, state.terms.params, record.seed)
    if outcome.result != record.result:
        raise Problem(
            zh="封存名录算出的结果与 public.json 不同，文件被改动过",
            en="The sealed frame does not give the result in public.json: a file was changed",
            where=str(state.public),
        )
    return record, units, outcome


@dataclass(frozen=True)
class Drawn:
    """A unit to visit. `pi`: its inclusion probability as estimates use it, exact where few are drawn."""

    id: str
    stratum: str
    N: int
    n: int
    P: int
    pi: float


def design(units: Units, outcome: Outcome, mistakes: Sequence[int] = (), brought: Sequence[int] = ()) -> list[Drawn]:
    """The units to visit, by stratum and in order of Q.

    `mistakes`: places of units that were in the frame by mistake and leave it; `brought`: those that take theirs.
    """
    inside, gone = outcome.drawn.copy(), np.zeros(len(outcome.drawn), dtype=bool)
    gone[list(mistakes)], inside[list(brought)] = True, True
    inside &= ~gone
    out = []
    for name, members in by_stratum(units.strata).items():
        frame = members[~gone[members]]
        n = int(inside[frame].sum())
        whole = len(frame) == len(members)
        pi = design_probabilities(units.P[frame], n) if whole else corrected(units.P[frame], n)
        rows = np.flatnonzero(inside[frame])
        for row in rows[np.argsort(outcome.q[frame[rows]], kind="stable")].tolist():
            i = int(frame[row])
            out.append(Drawn(units.ids[i], name, len(frame), n, int(units.P[i]), float(pi[row])))
    return out


def write_design(path: Path, drawn: Sequence[Drawn]) -> None:
    """For the keeper: who is drawn, and with what probability."""
    files.write_csv(path, [column.name for column in fields(Drawn)], [astuple(unit) for unit in drawn])


def write_results(folder: Path, record: Record, units: Units, outcome: Outcome, zipped: bool) -> None:
    ending = ".gz" if zipped else ""
    audit = secret_folder(folder) / f"audit.json{ending}"
    files.write_both(folder / f"public.json{ending}", audit, record, units, outcome, zipped=zipped)

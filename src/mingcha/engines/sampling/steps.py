"""The steps of a draw, each over a folder: prepare, commit, reveal, void, run.

Each step checks what is there and writes whole files, the telling one last; a step that was cut off is run again.
"""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from mingcha.engines.sampling import ceremony, files, keys
from mingcha.engines.sampling.allocation import CEILING, CLASS_WEIGHTS, EXPLORATION, FOCUS, Allocation
from mingcha.engines.sampling.ceremony import Party, Terms
from mingcha.engines.sampling.draw import Outcome, Units, normal, seal
from mingcha.engines.sampling.draw import run as draw_run
from mingcha.engines.sampling.encoding import MILLION, Params, canonical, lp
from mingcha.engines.sampling.estimators import expected_half_width
from mingcha.engines.sampling.fieldwork import places_of, seal_places
from mingcha.engines.sampling.files import Json, Record, write_json
from mingcha.engines.sampling.folder import (
    Status,
    read_terms,
    sealed,
    secret_folder,
    status,
    step_file,
)
from mingcha.engines.sampling.frame import Frame, probabilities
from mingcha.engines.sampling.inspectors import Short, refuse_short, shortages, with_reseeds
from mingcha.engines.sampling.inspectors import seal as seal_directory
from mingcha.engines.sampling.results import design, write_design, write_results
from mingcha.problems import Problem

NO_MODEL = "0" * 64  # digest of the model where the probabilities come from no model


@dataclass(frozen=True)
class Plan:
    """What is decided before the frame is sealed. `public_source` names the public value and its future day;
    `public_on`, YYYY-MM-DD, is that day, before which the draw refuses to run."""

    draw: str
    public_source: str
    take: int | Mapping[str, int] | None = None
    exploration: float = EXPLORATION
    focus: int = FOCUS
    class_weights: Mapping[str, float] = field(default_factory=lambda: dict(CLASS_WEIGHTS))
    ceiling: float = CEILING
    cap: int | None = None  # visits a year; read_frame left out who has had them
    model: str = NO_MODEL  # SHA-256 of the model that gave the scores
    public_on: str = ""


@dataclass(frozen=True)
class Prepared:
    """What was sealed, and what its keeper should know of it before anyone signs.

    `highest`: the largest pi. `half_width`: of the violation rate that the visits will tell (`expected_half_width`);
    None without scores that could be probabilities. `short`: where no team could be sent.
    """

    terms: Terms
    highest: float
    half_width: float | None
    short: list[Short]


def prepare(
    folder: Path,
    frame: Frame,
    plan: Plan,
    parties: Mapping[str, bytes],
    *,
    inspectors: Mapping[str, Any] | None = None,
    after: Path | None = None,
    outside: Mapping[str, Sequence[str]] | None = None,
    extra: Params | None = None,
    zipped: bool = False,
    alone: bool = False,
    anyway: bool = False,
) -> Prepared:
    """Allocate, seal the frame and write ceremony.json. `parties`: {id: Ed25519 public key}.

    `inspectors`: their directory (inspectors.directory), sealed with the frame, its areas and skills. `after`: the
    folder of the ceremony that was voided before this one. `outside`: who else stands outside the frame, by reason
    (`frame.REASONS`). `extra`: further members of the parameters; the parties sign them too. Raises Problem with fewer
    than two parties, unless `alone`, and where units could be given no team, unless `anyway`.
    """
    secret = secret_folder(folder)
    taken = next((path for path in (folder, secret) if path.exists() and any(path.iterdir())), None)
    if taken:
        raise Problem(
            zh="目录里已有内容；一次抽取从不覆盖另一次",
            en="The folder isn't empty; a draw is never written over",
            where=str(taken),
            todo_zh="请换一个新目录。",
            todo_en="Name a new folder.",
        )
    if not plan.draw.strip() or not plan.public_source.strip():
        raise Problem(
            zh="抽取要有名称，并事先指明公开值的来源和日期",
            en="A draw needs a name, and the source and day of its public value, named beforehand",
        )
    if len(parties) < 2 and not alone:
        raise Problem(
            zh=f"参与方只有 {len(parties)} 个：名录由谁保管，谁就能反复试种子，直到结果满意",
            en=f"Parties: {len(parties)}, and two are needed: whoever keeps the frame could try seeds until the "
            "outcome pleases",
            todo_zh="请用 --party 列出两个以上参与方的公钥。确要单独抽取，用 --alone（页面上勾选）：指明日后公布的"
            "公开值，并在其公布之前公开名录的根；核验程序会写明无他方签署。",
            todo_en="Name two parties or more with --party. To draw alone all the same give --alone (tick the box on "
            "the page): name a public value that is still to come, and publish the frame's root before it; the "
            "verifier will say that nobody else signed.",
        )
    frame = replace(frame, ids=normal(frame.ids), strata=normal(frame.strata))
    allocation = probabilities(
        frame,
        plan.take,
        exploration=plan.exploration,
        focus=plan.focus,
        class_weights=plan.class_weights,
        ceiling=plan.ceiling,
    )
    apart = {**(outside or {}), "focused": frame.focused, "cap": frame.capped, "reserved": frame.reserved}
    params = parameters(frame, plan, allocation, parties) | _after(after, plan) | (extra or {})
    params["outside"] = {reason: len(ids) for reason, ids in apart.items()}
    short: list[Short] = []
    if inspectors is not None:
        inspectors = with_reseeds(inspectors, round(allocation.P.sum() / MILLION))
        places = places_of(frame)
        short = shortages(places, inspectors)
        if not anyway:
            refuse_short(short, inspectors)
        salt = secrets.token_bytes(32)
        params["inspectors"] = seal_directory(plan.draw, salt, dict(inspectors))
        params["places"] = seal_places(plan.draw, salt, places)
    params = json.loads(canonical(params))  # in NFC, as it is hashed
    units = seal(plan.draw, frame.ids, frame.strata, allocation.P)
    terms = Terms(units.draw, units.root, params)
    secret.mkdir(parents=True, exist_ok=True)
    secret.chmod(0o700)
    files.write_sealed(secret / f"sealed.json{'.gz' if zipped else ''}", units, zipped=zipped)
    files.write_csv(secret / "outside.csv", ["id", "reason"], [(i, why) for why, ids in apart.items() for i in ids])
    if inspectors is not None:
        sealed_directory = files.about(terms, "inspectors") | {"salt": salt.hex()} | dict(inspectors)
        write_json(secret / "inspectors.json", sealed_directory, files.SECRET)
        rows = [(one.id, one.area, ";".join(one.skills)) for one in places]
        files.write_csv(secret / "places.csv", ["id", "area", "skills"], rows)
    about = files.about(terms, "ceremony") | {"params": params}
    write_json(folder / "ceremony.json", about)
    pi, p = allocation.P / MILLION, frame.scores
    half_width = None if p is None or p.max() > 1 else expected_half_width(p, pi)
    return Prepared(terms, float(pi.max()), half_width, short)


def parameters(frame: Frame, plan: Plan, allocation: Allocation, parties: Mapping[str, bytes]) -> Params:
    """What the parties sign: sizes, bounds, digests, who takes part, and how an auditor recomputes each pi."""
    params: Params = {
        "strata": allocation.strata,
        "floor": allocation.floor,
        "ceiling": allocation.ceiling,
        "code": code_digest(),
        "model": plan.model,
        "public_source": plan.public_source,
        "parties": [
            {"id": party, "key": parties[party].hex()} for party in sorted(parties, key=lambda name: name.encode())
        ],
        "attempt": 1,
        "allocation": {"method": "given"},
    }
    if plan.public_on:
        params["public_on"] = plan.public_on
    if plan.cap is not None:
        params["cap"] = plan.cap
    if frame.pi is None:
        params["allocation"] = {
            "method": "fill",
            "take": plan.take if isinstance(plan.take, int) else dict(plan.take or {}),
            "exploration": round(plan.exploration * MILLION),
            "focus": plan.focus,
            "class_weights": {name: round(weight * MILLION) for name, weight in plan.class_weights.items()},
        }
    return params


def code_digest() -> str:
    """SHA-256 over the names and bytes of this engine's source files."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return sha256(b"".join(lp(path.name.encode()) + lp(path.read_bytes()) for path in sources)).hexdigest()


def commit(folder: Path, key_file: Path, passphrase: bytes | None = None) -> Party:
    """Sign this ceremony's terms with a fresh nonce, which is kept beside the key until the reveals."""
    state = status(folder)
    _refuse_void(state)
    party, key = keys.read_key(key_file, state.terms, passphrase)
    if party in state.committed:
        raise Problem(
            zh=f"“{party}”已经承诺过",
            en=f"{party} has committed already",
            where=str(step_file(folder, "commit", party)),
        )
    _refuse_repeated(key_file, party, state.terms)
    kept = keys.read_kept(key_file, state.terms)
    made, nonce = ceremony.commit(state.terms, party, key, kept.nonce if kept else None)
    keys.keep(key_file, state.terms, nonce, kept.seen if kept else None)
    value = files.about(state.terms, "commit") | files.party_json(made)
    del value["nonce"]
    write_json(step_file(folder, "commit", party), value)
    return made


def reveal(folder: Path, key_file: Path) -> Party:
    """Open the party's nonce. Refused until every party has committed: else the last one could choose its own."""
    state = status(folder)
    _refuse_void(state)
    _refuse_uncommitted(state)
    party = files.take_text(files.read_json(key_file, "key"), "id", key_file)
    if party not in state.committed:
        raise Problem(
            zh=f"“{party}”不是本次抽取的参与方", en=f"{party} is not a party of this draw", where=str(key_file)
        )
    kept = keys.read_kept(key_file, state.terms)
    if kept is None:
        raise Problem(
            zh="找不到承诺时保存的随机数文件",
            en="The nonce that was kept at the commitment is not here",
            where=str(key_file.parent),
            todo_zh="它保存在密钥旁，扩展名 .nonce；丢失则只能视为未揭示。",
            todo_en="It lies beside the key, with the ending .nonce; lost, it counts as not revealed.",
        )
    keys.check_seen(kept, state.committed.values())
    opened = ceremony.reveal(state.committed[party], kept.nonce)
    seen = {name: other.commitment.hex() for name, other in state.committed.items()}
    keys.keep(key_file, state.terms, kept.nonce, seen)
    value = {"id": party, "nonce": (opened.nonce or b"").hex()}
    write_json(step_file(folder, "reveal", party), files.about(state.terms, "reveal") | value)
    return opened


def void(folder: Path, reason: str) -> None:
    """Give this ceremony up, on the record.

    As long as nobody has revealed it costs nothing. After a reveal it is allowed once: who saw the others'
    nonces could have stayed away on purpose. When all have revealed, the draw must be run.
    """
    state = status(folder)
    why = None
    if state.drawn:
        why = "抽取已经完成", "The draw is done"
    elif state.void:
        why = "已经作废", "It is void already"
    elif not state.unrevealed:
        why = "各方都已揭示，只能执行抽取", "All parties have revealed; only the draw itself is left"
    elif state.revealed and state.attempt > 1:
        why = "作废后的第二次不能再作废", "The ceremony after a void one can't be voided again"
    if why:
        raise Problem(
            zh=why[0] + "，不能作废",
            en=why[1] + ": it can't be voided",
            where=str(folder),
            todo_zh="缺席者用 run --without 列明，由公开值继续。",
            todo_en="Name who is missing with run --without; the public value carries the draw.",
        )
    if not reason.strip():
        raise Problem(zh="作废要写明原因（--reason）", en="Say why it is voided (--reason)")
    value = {
        "reason": unicodedata.normalize("NFC", reason.strip()),
        "no_show": state.uncommitted or state.unrevealed,
        "revealed": list(state.revealed),
    }
    write_json(folder / "void.json", files.about(state.terms, "void") | value)


def run(
    folder: Path, public_value: str, *, without: Sequence[str] = (), zipped: bool = False, today: date | None = None
) -> tuple[Record, Units, Outcome]:
    """The draw: seed, selection, then design.csv, audit.json and, last, public.json.

    `without`: the parties that did not reveal, named on purpose; in the second ceremony only. `today`: by this
    machine's calendar if it isn't given; before the day on which the public value comes out nothing is drawn.
    """
    state = status(folder)
    _refuse_void(state)
    if state.drawn:
        raise Problem(
            zh="抽取已经完成；同一名录不能抽第二次",
            en="The draw is done; a frame is not drawn from twice",
            where=str(state.public),
            todo_zh="要重新抽取，请另立计划并重新封存名录。",
            todo_en="For another draw make another plan, and seal its frame anew.",
        )
    if (day := state.terms.params.get("public_on", "")) > (today or date.today()).isoformat():  # noqa: DTZ011 - the clerk's calendar
        raise Problem(
            zh=f"公开值 {day} 才公布，在此之前不能抽取",
            en=f"The public value comes out on {day}: nothing is drawn before that day",
            where=state.terms.params["public_source"],
            todo_zh=f"请在 {day} 公布后再执行，原样填写公布的数。",
            todo_en=f"Run it on {day}, with the value as it is published.",
        )
    public_value = unicodedata.normalize("NFC", public_value.strip())
    if not public_value:
        raise Problem(
            zh="还没有公开值",
            en="The public value is missing",
            where=state.terms.params["public_source"],
            todo_zh="公布之日用 --public-value 原样填写。",
            todo_en="Give it with --public-value on its day, just as published.",
        )
    _refuse_uncommitted(state)
    _check_absent(state, without)
    units = sealed(state)
    parties = [state.revealed.get(party, state.committed[party]) for party in state.parties]
    seed = ceremony.seed(state.terms, parties, public_value)
    outcome = draw_run(units, state.terms.params, seed)
    record = Record(state.terms, parties, public_value, seed, outcome.result, [])
    write_design(secret_folder(folder) / "design.csv", design(units, outcome))
    write_results(folder, record, units, outcome, zipped)
    return record, units, outcome


def _after(voided: Path | None, plan: Plan) -> Params:
    """The members that tell of the ceremonies voided before; those in which someone had revealed are counted."""
    if voided is None:
        return {}
    terms, record = read_terms(voided), files.read_json(voided / "void.json", "void")
    if terms.draw != unicodedata.normalize("NFC", plan.draw) or record.get("root") != terms.root.hex():
        raise Problem(
            zh=f"作废的是另一次抽取：{terms.draw}",
            en=f"What was voided is another draw: {terms.draw}",
            where=str(voided),
            todo_zh="重新进行的抽取沿用原名称。",
            todo_en="A ceremony that is held again keeps its name.",
        )
    earlier: list[Json] = terms.params.get("voided", [])
    told = {name: record[name] for name in ("root", "reason", "no_show", "revealed")}
    return {"attempt": terms.params["attempt"] + bool(record["revealed"]), "voided": [*earlier, told]}


def _refuse_repeated(key_file: Path, party: str, terms: Terms) -> None:
    """Problem if this party has revealed in another ceremony of the draw that these terms don't count as voided.

    What the keeper writes of earlier ceremonies may be left out or edited: a party's own nonce files know better.
    """
    voided = terms.params.get("voided", [])
    try:
        counted = [one["root"] for one in voided if one["revealed"]]
        told = {one["root"] for one in voided if party in one["revealed"]}
    except (KeyError, TypeError):
        counted = [""] * 2
    if len(counted) > 1 or terms.params["attempt"] != 1 + len(counted):
        raise Problem(
            zh="参数把作废的仪式数错了：有人揭示过的只许作废一次",
            en="The parameters count the voided ceremonies wrong: one in which somebody had revealed is allowed once",
            where=f"{terms.draw}, params.attempt {terms.params['attempt']}, params.voided",
            todo_zh="不要承诺，提出异议。",
            todo_en="Don't commit; object.",
        )
    ours = re.compile(re.escape(key_file.stem) + r"\.[0-9a-f]{32}\.nonce")
    for path in sorted(path for path in key_file.parent.iterdir() if ours.fullmatch(path.name)):
        value = files.read_json(path, "nonce")
        same = (value.get("root"), value.get("params_hash")) == (terms.root.hex(), terms.params_hash.hex())
        if value.get("draw") == terms.draw and value.get("seen") and not same and value.get("root") not in told:
            raise Problem(
                zh=f"“{party}”在这次抽取的另一场仪式中揭示过，本次参数却没有这样列出那一场：这是重抽",
                en=f"{party} has revealed in another ceremony of this draw, and these parameters don't say so: this is "
                "drawing again",
                where=f"{path}: {terms.draw}, root {str(value.get('root'))[:16]}…",
                todo_zh="不要承诺，提出异议；该文件就是证据。若是本方揭示迟到，核实后方可把该文件移走。",
                todo_en="Don't commit; object, with that file as evidence. If it was your reveal that came too late, "
                "and only then, move that file away.",
            )


def _check_absent(state: Status, without: Sequence[str]) -> None:
    if set(without) - set(state.unrevealed):
        raise Problem(
            zh=f"--without 列了已揭示或不相干的参与方：{'、'.join(set(without) - set(state.unrevealed))}",
            en=f"--without names who has revealed or is no party: {', '.join(set(without) - set(state.unrevealed))}",
        )
    if state.unrevealed and state.attempt == 1:
        raise Problem(
            zh=f"{'、'.join(state.unrevealed)} 没有揭示随机数",
            en=f"Not revealed: {', '.join(state.unrevealed)}",
            where=str(state.folder),
            todo_zh="请等其揭示；逾期则作废（void）并公开记录，重新封存名录。只许一次，之后由公开值代替缺席者。",
            todo_en="Wait; after the deadline void this ceremony, on the record, and seal the frame anew. "
            "That is allowed once; the second goes on without who is missing.",
        )
    if set(state.unrevealed) - set(without):
        raise Problem(
            zh=f"{'、'.join(state.unrevealed)} 没有揭示随机数",
            en=f"Not revealed: {', '.join(state.unrevealed)}",
            where=str(state.folder),
            todo_zh="期限已过则加 --without 逐一列明，由公开值继续。",
            todo_en="After the deadline name each with --without; the public value carries the draw.",
        )


def _refuse_void(state: Status) -> None:
    if state.void:
        raise Problem(
            zh="本次抽取已作废",
            en="This ceremony is void",
            where=str(state.folder),
            todo_zh="用 prepare --after 本目录 重新封存。",
            todo_en="Prepare it again, with --after this folder.",
        )


def _refuse_uncommitted(state: Status) -> None:
    if state.uncommitted:
        raise Problem(
            zh=f"还没有承诺的参与方：{'、'.join(state.uncommitted)}；此前揭示，后来者就能挑选随机数",
            en=f"Not yet committed: {', '.join(state.uncommitted)}. Who commits after a reveal could choose its nonce",
            where=str(state.folder),
            todo_zh="请等全部 commit 文件到齐。",
            todo_en="Wait until all commit files are in the folder.",
        )

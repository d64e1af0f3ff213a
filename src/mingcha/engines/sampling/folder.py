"""A draw as a folder of files, so that parties on different machines take part by exchanging files.

    NAME/         for everyone: ceremony.json, commit-*.json, reveal-*.json, public.json, attest-*.json
    NAME-secret/  its keeper's: sealed.json, design.csv, outside.csv; audit.json (to the parties), receipts/

This module reads and checks what is there; `steps` writes. Nothing that it reads is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from mingcha.engines.sampling import ceremony, merkle
from mingcha.engines.sampling.ceremony import Attestation, Party, Terms
from mingcha.engines.sampling.draw import Units, leaf_of, outcome_bytes, result, seal
from mingcha.engines.sampling.encoding import canonical
from mingcha.engines.sampling.files import Json, Record, read_json, take_bytes, take_text
from mingcha.engines.sampling.keys import party_name
from mingcha.engines.sampling.rows import WIDTH
from mingcha.problems import Problem


@dataclass(frozen=True)
class Status:
    """How far a ceremony has come. Dicts are by party id, and hold checked commitments and reveals only."""

    folder: Path
    terms: Terms
    committed: dict[str, Party]
    revealed: dict[str, Party]
    void: bool
    attested: dict[str, Attestation]

    @property
    def parties(self) -> list[str]:
        return [party["id"] for party in self.terms.params["parties"]]

    @property
    def uncommitted(self) -> list[str]:
        return [party for party in self.parties if party not in self.committed]

    @property
    def unrevealed(self) -> list[str]:
        return [party for party in self.parties if party not in self.revealed]

    @property
    def attempt(self) -> int:
        return int(self.terms.params["attempt"])

    @property
    def public(self) -> Path:
        return either(self.folder / "public.json")

    @property
    def drawn(self) -> bool:
        return self.public.exists()


def secret_folder(folder: Path) -> Path:
    return folder.with_name(folder.name + "-secret")


def step_file(folder: Path, step: str, party: str) -> Path:
    return folder / f"{step}-{party}.json"


def receipt_file(folder: Path, unit: str) -> Path:
    return secret_folder(folder) / "receipts" / f"receipt-{quote(unit, safe='')}.json"


def either(path: Path) -> Path:
    """`path`, or its gzip where only that is there."""
    zipped = path.with_name(path.name + ".gz")
    return zipped if zipped.exists() and not path.exists() else path


def read_terms(folder: Path) -> Terms:
    path = folder / "ceremony.json"
    value = read_json(path, "ceremony")
    params: Any = value.get("params")
    try:
        canonical(params)
        bounds = [params[name] for name in ("floor", "ceiling", "attempt")]
        sizes = [strata[name] for strata in params["strata"].values() for name in ("N", "n")]
        parties = [(party_name(party["id"]), bytes.fromhex(party["key"])) for party in params["parties"]]
        sound = all(isinstance(number, int) for number in bounds + sizes)
        sound = sound and all(isinstance(params[name], str) for name in ("code", "model", "public_source"))
        sound = sound and len({name for name, _ in parties}) == len(parties)
        if "public_on" in params:
            sound = sound and date.fromisoformat(params["public_on"]).isoformat() == params["public_on"]
    except (KeyError, TypeError, ValueError, AttributeError):
        sound = False
    if not sound:
        raise Problem(
            zh="参数不完整或格式不对",
            en="The parameters are incomplete or malformed",
            where=f"{path}, params",
            todo_zh="请从组织方重新取得 ceremony.json。",
            todo_en="Get ceremony.json again from the keeper.",
        )
    return Terms(take_text(value, "draw", path), take_bytes(value, "root", 32, path), params)


def status(folder: Path) -> Status:
    """Everything in the folder, each commitment, reveal and attestation checked. Raises Problem."""
    terms = read_terms(folder)
    committed: dict[str, Party] = {}
    revealed: dict[str, Party] = {}
    for member in terms.params["parties"]:
        path = step_file(folder, "commit", member["id"])
        if path.exists():
            party = read_commitment(path, terms)
            if (party.id, party.key.hex()) != (member["id"], member["key"]):
                raise Problem(
                    zh=f"承诺所用的密钥不是“{member['id']}”登记的密钥",
                    en=f"The commitment is not made with the key that {member['id']} registered",
                    where=str(path),
                )
            committed[party.id] = party
    for party_id, party in committed.items():
        path = step_file(folder, "reveal", party_id)
        if path.exists():
            value = _of(terms, read_json(path, "reveal"), path)
            revealed[party_id] = ceremony.reveal(party, take_bytes(value, "nonce", 32, path))
    attested = {}
    for path in sorted(folder.glob("attest-*.json")):
        value = read_json(path, "attest")
        attestation = Attestation(take_text(value, "id", path), take_bytes(value, "signature", 64, path))
        ceremony.check_attestation(committed.values(), attestation, take_bytes(value, "result", 32, path))
        attested[attestation.id] = attestation
    return Status(folder, terms, committed, revealed, (folder / "void.json").exists(), attested)


def read_commitment(path: Path, terms: Terms) -> Party:
    party = _party(_of(terms, read_json(path, "commit"), path), path)
    ceremony.check_commitment(terms, party)
    return party


def read_record(path: Path, kind: str, terms: Terms) -> Record:
    """The head of public.json or audit.json, its signatures, reveals, seed and attestations checked."""
    value = _of(terms, read_json(path, kind), path)
    if value.get("params") != terms.params:
        raise Problem(
            zh="文件的参数与 ceremony.json 不同",
            en="The parameters are not those of ceremony.json",
            where=f"{path}, params",
        )
    parties = []
    for member in value.get("parties") or []:
        party = _party(member, path)
        ceremony.check_commitment(terms, party)
        nonce = None if member.get("nonce") is None else take_bytes(member, "nonce", 32, path)
        parties.append(party if nonce is None else ceremony.reveal(party, nonce))
    if [{"id": p.id, "key": p.key.hex()} for p in parties] != terms.params["parties"]:
        raise Problem(
            zh="文件中的参与方与 ceremony.json 不同",
            en="The parties are not those of ceremony.json",
            where=f"{path}, parties",
        )
    seed = take_bytes(value, "seed", 32, path)
    public_value = take_text(value, "public_value", path)
    if seed != ceremony.seed(terms, parties, public_value):
        raise Problem(
            zh="种子不是由各方随机数和公开值得出的",
            en="The seed does not follow from the reveals and the public value",
            where=f"{path}, seed",
        )
    result = take_bytes(value, "result", 32, path)
    attestations = [
        Attestation(take_text(a, "id", path), take_bytes(a, "signature", 64, path))
        for a in value.get("attestations") or []
    ]
    for attestation in attestations:
        ceremony.check_attestation(parties, attestation, result)
    return Record(terms, parties, public_value, seed, result, attestations)


def read_units(path: Path, kind: str, terms: Terms) -> Units:
    """The units of audit.json or sealed.json, sealed again. Problem unless they give the committed root."""
    value = _of(terms, read_json(path, kind), path)
    try:
        members = value["units"]
        ids, strata = [unit["id"] for unit in members], [unit["stratum"] for unit in members]
        P = np.array([unit["P"] for unit in members])
        s = bytes.fromhex("".join([unit["s"] for unit in members]))
        t = bytes.fromhex("".join([unit["t"] for unit in members]))
        sound = P.dtype == np.int64 and P.ndim == 1 and len(s) == len(t) == 32 * len(ids)
        units = seal(terms.draw, ids, strata, P, s, t) if sound else None
    except (KeyError, TypeError, ValueError, AttributeError):
        units = None
    if units is None or units.root != terms.root or units.ids != ids:
        raise Problem(
            zh="文件中的名录不是承诺时封存的名录（根不一致）",
            en="The units in the file are not the frame that was sealed (another root)",
            where=str(path),
            todo_zh="请用 verifier/verify_draw.py 查明是哪一户；封存文件请从备份恢复。",
            todo_en="verifier/verify_draw.py says which unit; restore a sealed file from its backup.",
        )
    return units


@dataclass(frozen=True)
class Published:
    """What public.json shows of the units, in their order. `q`: (N,), NaN where drawn. `drawn`: place of each id."""

    leaves: list[bytes]
    strata: list[str]
    q: NDArray[np.float64]
    drawn: dict[str, int]


def read_published(path: Path, record: Record) -> Published:
    """The units of public.json. Problem unless they give the committed root and the record's result, and each that
    was drawn stands in the frame by its name."""
    terms = record.terms
    value = _of(terms, read_json(path, "public"), path)
    try:
        units = value["units"]
        leaves, strata = [bytes.fromhex(unit["leaf"]) for unit in units], [unit["stratum"] for unit in units]
        mask = np.array(["drawn" in unit for unit in units], dtype=bool)
        q = np.array([np.nan if "drawn" in unit else unit["q"] for unit in units], dtype=np.float64)
        drawn = {units[i]["id"]: int(i) for i in np.flatnonzero(mask)}
        outcome = outcome_bytes(b"".join(leaves), q, mask) if set(map(len, leaves)) == {WIDTH} else b""
        sound = all(isinstance(text, str) for text in (*strata, *drawn)) and len(drawn) == mask.sum()
        sound = sound and merkle.root(leaves) == terms.root
        sound = sound and result(terms.draw, terms.root, record.seed, outcome) == record.result
        for name, i in drawn.items():
            s, b = (bytes.fromhex(units[i][secret]) for secret in ("s", "b"))
            sound = sound and leaf_of(terms.draw, strata[i], name, s, b) == leaves[i]
    except (KeyError, TypeError, ValueError, AttributeError):
        sound = False
    if not sound:
        raise Problem(
            zh="public.json 所列的对象与其根或结果不符，文件被改动过",
            en="The units that public.json lists don't give its root and result: it was changed",
            where=f"{path}, units",
            todo_zh="请从组织方重新取得；verifier/verify_draw.py 会指出差异所在。",
            todo_en="Get it again from the keeper; verifier/verify_draw.py says where it differs.",
        )
    return Published(leaves, strata, q, drawn)


def sealed(state: Status) -> Units:
    return read_units(either(secret_folder(state.folder) / "sealed.json"), "sealed", state.terms)


def _party(value: Any, path: Path) -> Party:
    if not isinstance(value, dict):
        raise Problem(zh="参与方格式不对", en="A party is not an object", where=str(path))
    return Party(
        take_text(value, "id", path),
        take_bytes(value, "key", 32, path),
        take_bytes(value, "commitment", 32, path),
        take_bytes(value, "signature", 64, path),
    )


def _of(terms: Terms, value: Json, path: Path) -> Json:
    """`value`, if it is about this ceremony."""
    if (value.get("draw"), value.get("root")) != (terms.draw, terms.root.hex()):
        raise Problem(
            zh=f"文件属于另一次抽取：{value.get('draw')}，根 {str(value.get('root'))[:16]}…",
            en=f"The file is of another draw: {value.get('draw')}, root {str(value.get('root'))[:16]}…",
            where=str(path),
            todo_zh=f"本目录是 {terms.draw}，根 {terms.root.hex()[:16]}…",
            todo_en=f"This folder is {terms.draw}, root {terms.root.hex()[:16]}…",
        )
    return value

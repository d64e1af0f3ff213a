"""A finished draw of a few invented firms among three parties, made by the engine's own steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mingcha.engines.sampling import folder, inspectors, keys, results, steps
from mingcha.engines.sampling.frame import Frame

PARTIES = ("discipline-inspection", "market-regulation", "公证处")
VALUE = "03 07 12 19 25 31 + 08"


@dataclass(frozen=True)
class Made:
    folder: Path
    frame: Frame

    @property
    def secret(self) -> Path:
        return folder.secret_folder(self.folder)

    def key(self, party: str) -> Path:
        return self.folder.parent / f"{party}.key"


def frame_of(units: int = 12) -> Frame:
    rng = np.random.default_rng(7)
    return Frame(
        ids=[f"91SIM{i:04d}饭店" if i % 4 == 0 else f"91SIM{i:04d}" for i in range(units)],
        strata=["餐饮" if i % 3 else "零售" for i in range(units)],
        scores=rng.beta(1, 5, units),
        classes=[str(c) for c in rng.choice(list("ABCD"), units)],
        areas=["东" if i % 2 else "西" for i in range(units)],
    )


def ordinary_staff() -> dict[str, object]:
    people = [inspectors.Inspector(f"Z{i}", ("东" if i < 4 else "西",), "2027-06-30", 4) for i in range(8)]
    return inspectors.directory(people, inspectors.Rules("2026-12-01", across=250_000, reseeds=50))


def joint_staff() -> dict[str, object]:
    """Two departments: ours as in `ordinary_staff`, and the fire brigade, at home everywhere."""
    ours = [inspectors.Inspector(f"Z{i}", ("东" if i < 4 else "西",), "2027-06-30", 4) for i in range(8)]
    theirs = [inspectors.Inspector(f"X{i}", ("东", "西"), "2027-06-30", 9) for i in range(4)]
    people = [replace(one, department="市场监管局") for one in ours]
    people += [replace(one, department="消防救援机构") for one in theirs]
    departments = ("市场监管局", "消防救援机构")
    return inspectors.directory(
        people, inspectors.Rules("2026-12-01", across=250_000, reseeds=30, departments=departments)
    )


def prepare(
    at: Path,
    units: int = 12,
    take: int = 4,
    parties: tuple[str, ...] = PARTIES,
    public_on: str = "",
    staff: dict[str, object] | None = None,
    **options: object,
) -> Made:
    made = Made(at / "draw", frame_of(units))
    public = {}
    for party in parties:
        if not made.key(party).exists():
            keys.keygen(party, made.key(party))
        public.update([keys.read_party(keys.public_file(made.key(party)))])
    plan = steps.Plan("JH-模拟-001", "simulated lottery 2026-11-30", take=take, public_on=public_on)
    steps.prepare(made.folder, made.frame, plan, public, inspectors=staff or ordinary_staff(), **options)
    return made


def commit_all(made: Made, parties: tuple[str, ...] = PARTIES) -> None:
    for party in parties:
        steps.commit(made.folder, made.key(party))


def reveal_all(made: Made, parties: tuple[str, ...] = PARTIES) -> None:
    for party in parties:
        steps.reveal(made.folder, made.key(party))


def finished(at: Path, units: int = 12, take: int = 4, staff: dict[str, object] | None = None) -> Made:
    made = prepare(at, units, take, staff=staff)
    commit_all(made)
    reveal_all(made)
    steps.run(made.folder, VALUE)
    for party in PARTIES:
        results.attest(made.folder, made.key(party), made.secret / "audit.json", frame=made.frame)
    results.publish(made.folder)
    return made

"""What a page shows of a draw's ceremony and proof, read from the ceremony's folder."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mingcha.language import chinese
from mingcha.problems import Problem

from .choices import DRAWN_KINDS, PlanKind
from .models import Draw, Plan
from .selectors import draw_folder

_HEAD = 1 << 20  # the head of public.json stands before its units, however many they are


@dataclass(frozen=True)
class Party:
    id: str
    committed: bool
    revealed: bool
    attested: bool


@dataclass(frozen=True)
class Ceremony:
    """How far the ceremony has come. `problem`: why its folder can't be trusted; then nothing else is said."""

    params: dict[str, Any] = field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    public_value: str = ""
    late: tuple[str, ...] = ()  # have signed the result since it was published
    problem: Problem | None = None

    @property
    def committed(self) -> int:
        return sum(p.committed for p in self.parties)

    @property
    def revealed(self) -> int:
        return sum(p.revealed for p in self.parties)

    @property
    def attested(self) -> int:
        return sum(p.attested for p in self.parties)

    @property
    def unsigned(self) -> list[str]:
        """Parties whose signature of the result isn't there: it is what vouches for the probabilities."""
        return [p.id for p in self.parties if not p.attested]

    @property
    def unrevealed(self) -> list[str]:
        return [p.id for p in self.parties if not p.revealed]

    @property
    def again(self) -> bool:
        """Held again after one in which somebody had revealed: it goes on without who stays away."""
        return self.params.get("attempt", 1) > 1

    @property
    def voidable(self) -> bool:
        """Somebody stays away, and it is the first time that this costs anything."""
        return bool(self.unrevealed) and not (self.again and self.revealed)

    @property
    def outside(self) -> list[tuple[str, int]]:
        """Who stands outside the frame, as the parties signed it: (reason, how many)."""
        return outside(self.params.get("outside", {}))

    @property
    def strata(self) -> dict[str, dict[str, int]]:
        return self.params.get("strata", {})


def ceremony(draw: Draw | None) -> Ceremony | None:
    """The state of `draw`'s folder; None before the frame is frozen."""
    if draw is None:
        return None
    from mingcha.engines.sampling import folder

    try:
        status = folder.status(draw_folder(draw))
    except (Problem, OSError) as error:
        problem = error if isinstance(error, Problem) else Problem(zh="抽取文件读不出来", en="The draw can't be read")
        return Ceremony(problem=problem)
    head = public_head(draw) if status.drawn else {}
    # once public, those count that stand in the file that anyone checks
    attested = {one["id"] for one in head["attestations"]} if draw.published_at and head else set(status.attested)
    parties = tuple(Party(p, p in status.committed, p in status.revealed, p in attested) for p in status.parties)
    late = tuple(p for p in status.attested if p not in attested)
    return Ceremony(dict(status.terms.params), parties, head.get("public_value", ""), late)


def outside(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Reasons for which entities stand outside a frame, in the reader's words, with their number; those of nobody
    left out."""
    from mingcha.engines.sampling.frame import REASONS

    return [(in_words(REASONS.get(name, (name, name))), n) for name, n in counts.items() if n]


def in_words(said: tuple[str, str]) -> str:
    """The half of (zh, en) that the reader's language is."""
    return said[0] if chinese() else said[1]


def terms(plan: Plan) -> list[tuple[str, Any]]:
    """All that was said when the plan was drawn up, (label, value): who approves it must see it first."""
    strata = {"": _("not stratified"), "district": _("by district"), "industry": _("by industry")}
    stratum = plan.frame.get("stratify_by", "")
    period = " – ".join(day.isoformat() for day in (plan.starts_on, plan.ends_on) if day)
    said = [
        (_("Kind"), plan.get_kind_display()),
        *([(_("Joint inspection"), _joint(plan))] if plan.departments else []),
        (_("Visits"), plan.budget),
        (_("Period"), period or "—"),
        (_("Items"), "、".join(item.name for item in plan.items.all()) or "—"),
        *([(_("Of the year's plan"), plan.entry)] if plan.entry else []),
        *([(_("Cause"), plan.frame["cause"])] if plan.frame.get("cause") else []),
        (_("Object directory"), plan.directory or "—"),
        (_("Industry"), plan.frame.get("industry") or _("all")),
        (_("Division code"), plan.division or _("all")),
        (_("Visits of one entity a year, at most"), plan.cap or _("no limit")),
        (_("Legal basis"), plan.basis or "—"),
    ]
    if plan.kind in DRAWN_KINDS:
        said += [
            (_("Aims by"), plan.risk_model or "—"),
            (_("Strata"), strata.get(stratum, stratum)),
            (_("Share drawn uniformly"), f"{plan.floor_share:.0%}" if plan.kind == PlanKind.TARGETED else "100%"),
            (_("Inspector directory"), plan.inspectors or "—"),
            (_("Skills that inspectors need"), plan.frame.get("skills") or _("none")),
            (_("Public value"), plan.public_source),
            (_("The public value comes out on"), plan.public_on.isoformat() if plan.public_on else _("no day is set")),
        ]
    if plan.withdrawn_at:
        said.append(
            (
                _("Withdrawn"),
                f"{timezone.localdate(plan.withdrawn_at)} {plan.withdrawn_by or ''} {plan.withdraw_reason}",
            )
        )
    return said


def _joint(plan: Plan) -> str:
    """Who comes in one visit; our own department goes by its name in the register, once the frame is frozen."""
    names = plan.frame.get("departments") or [_("our own"), *plan.departments]
    return "、".join(map(str, names))


def public_path(draw: Draw) -> Path | None:
    """public.json of a finished draw, or its gzip."""
    return _either(draw_folder(draw) / "public.json")


def public_head(draw: Draw) -> dict[str, Any]:
    """public.json without its units, however large it is; {} before the draw."""
    path = public_path(draw)
    return _head(str(path), path.stat().st_mtime_ns) if path else {}


def replacements_path(draw: Draw) -> Path | None:
    path = draw_folder(draw) / "replacements.json"
    return path if path.exists() else None


def countersigned(draw: Draw) -> dict[str, list[str]] | None:
    """Which parties have countersigned the replacements, and which haven't: {"by", "missing"}; None without any."""
    from mingcha.engines.sampling import fieldfiles, folder
    from mingcha.engines.sampling.files import read_json

    path = replacements_path(draw)
    if path is None:
        return None
    try:
        status, value = folder.status(draw_folder(draw)), read_json(path, "replacements")
    except Problem:
        return {"by": [], "missing": []}  # a damaged folder vouches for nothing, and the page says so elsewhere
    result, parties = bytes.fromhex(draw.result), status.committed.values()
    by = fieldfiles.signers(value, "replacements", status.terms, result, parties)
    return {"by": by, "missing": [party for party in status.parties if party not in by]}


def secret_file(draw: Draw, name: str) -> Path | None:
    from mingcha.engines.sampling.folder import secret_folder

    return _either(secret_folder(draw_folder(draw)) / name)


def receipt_of(draw: Draw, unit: str) -> dict[str, Any] | None:
    """The receipt of one unit of the frame, made from the sealed frame; None where it isn't in it."""
    from mingcha.engines.sampling import files, folder, results

    record, units, outcome = results.drawn(folder.status(draw_folder(draw)))
    return files.receipt(record, units, outcome, units.place[unit]) if unit in units.place else None


def steps(plan: Plan, draw: Draw | None, state: Ceremony | None) -> list[dict[str, Any]]:
    """The five steps of the ceremony: what each has done, or will publish. `state`: done, now or waiting."""
    parties = len(state.parties) if state else 0
    rows = [
        {
            "title": _("Freeze"),
            "at": draw and draw.frozen_at,
            "done": _("%(units)s entities · %(strata)s strata")
            % {"units": f"{draw.units:,}" if draw else "", "strata": len(state.strata) if state else 0},
            "code": _("root") + f" {draw.root[:10]}" if draw else "",
            "waits": _("The frame's root: nobody can be added or taken out after it."),
        },
        {
            "title": _("Commit"),
            "at": draw and draw.committed_at,
            "done": _("Frame, parameters, code, sources of chance"),
            "code": _("%(n)s of %(all)s parties") % {"n": state.committed if state else 0, "all": parties},
            "waits": _("Each party signs frame and parameters, and seals a number of its own."),
        },
        {
            "title": _("Reveal"),
            "at": draw and draw.drawn_at,
            "done": _("%(n)s of %(all)s revealed, and the public value")
            % {"n": state.revealed if state else 0, "all": parties},
            "code": state.public_value if state else "",
            "waits": _("The parties' numbers and a public value that nobody can know yet."),
        },
        {
            "title": _("Draw"),
            "at": draw and draw.drawn_at,
            "done": _("%(n)s entities drawn") % {"n": f"{draw.taken:,}" if draw else ""},
            "code": _("seed") + f" {draw.seed[:10]}" if draw else "",
            "waits": _("The seed decides; no one chooses."),
        },
        {
            "title": _("Verifiable"),
            "at": draw and draw.published_at,
            "done": _("Anyone can recompute it, without signing in"),
            "code": _("result") + f" {draw.result[:10]}" if draw else "",
            "waits": _("A public page with the file and a verifier that runs without us."),
        },
    ]
    current = next((i for i, row in enumerate(rows) if not row["at"]), len(rows))
    for number, row in enumerate(rows):
        row["number"] = number + 1
        row["state"] = "done" if number < current else "now" if number == current else "waiting"
    return rows


def _either(path: Path) -> Path | None:
    from mingcha.engines.sampling.folder import either

    found = either(path)
    return found if found.exists() else None


@lru_cache(maxsize=64)
def _head(path: str, _changed: int) -> dict[str, Any]:
    opened = gzip.open(path, "rb") if path.endswith(".gz") else Path(path).open("rb")  # noqa: SIM115
    with opened as file:
        start = file.read(_HEAD)
    end = start.find(b',"units":[')
    if end < 0:
        return {}
    return json.loads(start[:end] + b"}")

"""What may happen to a task, and what a result means: decisions without a database."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .choices import EventKind, TaskState

_S = TaskState
# what happens -> from which states, to which one (None: the state stays)
MOVES: dict[str, tuple[frozenset[str], str | None]] = {
    EventKind.ACCEPT: (frozenset({_S.ISSUED}), _S.ACCEPTED),
    EventKind.RETURN: (frozenset({_S.ISSUED, _S.ACCEPTED}), _S.RETURNED),
    EventKind.ASSIGN: (frozenset({_S.ISSUED, _S.ACCEPTED, _S.RETURNED}), _S.ISSUED),
    EventKind.NOTIFY: (frozenset({_S.ISSUED, _S.ACCEPTED}), None),
    EventKind.ENTER: (frozenset({_S.ACCEPTED}), _S.ON_SITE),
    EventKind.REPORT: (frozenset({_S.RECTIFYING}), _S.RECHECK),
    EventKind.TRANSFER: (frozenset({_S.RECORDED, _S.RECTIFYING, _S.RECHECK, _S.CLOSED}), None),
    EventKind.CANCEL: (frozenset({_S.ISSUED, _S.ACCEPTED, _S.RETURNED}), _S.CANCELLED),
}
NOTICE = ("optional", "required")  # the stricter one last; "never" is a duty of its own
APPROVAL = ("planner", "head")
NOT_BEGUN = frozenset({_S.ISSUED, _S.ACCEPTED, _S.RETURNED})
COMING = frozenset({_S.ISSUED, _S.ACCEPTED, _S.ON_SITE})  # the visit is still to be made, or being made
OPEN = frozenset({_S.ISSUED, _S.ACCEPTED, _S.RETURNED, _S.ON_SITE, _S.RECTIFYING, _S.RECHECK})
MADE = frozenset({_S.RECORDED, _S.RECTIFYING, _S.RECHECK, _S.CLOSED})  # the visit has been made


def joint_terms(terms: Mapping[str, Any], joint: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a kind of plan where several departments come: of notice, cap and approval the stricter holds.

    A kind that is exempt from the cap (for cause, flight) keeps its exemption and its own rule on notice: it would lose
    its purpose, were a firm told beforehand because a second department comes along.
    """
    made = dict(terms) | {"approval": max(terms["approval"], joint["approval"], key=APPROVAL.index)}
    if terms["capped"] and terms["notice"] in NOTICE:
        made["notice"] = max(terms["notice"], joint["notice"], key=lambda n: NOTICE.index(n) if n in NOTICE else 2)
    return made


def by_department(
    inspectors: Sequence[Mapping[str, Any]], departments: Sequence[str] = ()
) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """[(department, its officers)] of a visit: each of `departments`, also one that sends nobody, and whoever is of
    none of them. Without departments: all officers, under no name."""
    if not departments:
        return [("", list(inspectors))]
    found = {name: [one for one in inspectors if one.get("department") == name] for name in departments}
    rest = [one for one in inspectors if one.get("department") not in found]
    return [*found.items(), *([("", rest)] if rest else [])]


@dataclass(frozen=True)
class ResultKind:
    """A result of the national list. `violation`: a label of the risk model is true. `rectify`: something is to be put
    right, by a day. `abnormal`: the ground on which the abnormal operations list may be proposed; "" none.
    `compliant`: the visit was one to a compliant firm."""

    code: str
    zh: str
    en: str
    violation: bool
    rectify: bool
    abnormal: str
    compliant: bool

    def title(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


@cache
def result_kinds() -> dict[str, ResultKind]:
    """Code -> kind, in the list's order (results.csv)."""
    with Path(__file__).with_name("results.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: ResultKind(
                row["code"],
                row["zh"],
                row["en"],
                row["violation"] == "x",
                row["rectify"] == "x",
                row["abnormal"],
                row["compliant"] == "x",
            )
            for row in csv.DictReader(file)
        }

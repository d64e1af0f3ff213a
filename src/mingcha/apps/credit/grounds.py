"""The grounds for which a firm may be listed, from grounds.csv: each with its article and how the law goes about it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mingcha.language import chinese
from mingcha.problems import Problem

FILE = Path(__file__).with_name("grounds.csv")


@dataclass(frozen=True)
class Ground:
    """One row. `told`: "must" or "may" the firm be told and heard before the decision. `hearing`: it may ask for one.
    `penalty`: a penalty decision stands behind it. `whom`: company, cooperative or sole, "" = anyone. `period`: "year"
    where it is about one year's report. `list_rule`, `term_rule`: rules of law on the time to list and publish in ("" =
    decided with the penalty), and on how long it is public ("" = until it is removed). `three_years`: leads to the
    dishonest list if it lasts."""

    key: str
    kind: str
    zh: str
    en: str
    law: str
    article: str
    mark: str
    whom: str
    period: str
    told: str
    hearing: str
    penalty: str
    starts_zh: str
    starts_en: str
    list_rule: str
    leave_zh: str
    leave_en: str
    three_years: str
    term_rule: str

    @property
    def basis(self) -> str:
        return f"《{self.law}》{self.article}" if "（" not in self.law else f"{self.law}{self.article}"

    @property
    def text(self) -> str:
        return self.zh if chinese() else self.en

    @property
    def leave(self) -> str:
        return self.leave_zh if chinese() else self.leave_en

    @property
    def publish_rule(self) -> str:
        """The time to publish in where it isn't that of `list_rule`."""
        return "" if self.list_rule else "credit.dishonest.publish"

    @property
    def statement_rule(self) -> str:
        return f"credit.{self.kind}.statement"


@cache
def grounds() -> dict[str, Ground]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["key"]: Ground(**row) for row in csv.DictReader(file)}


def ground(key: str, kind: str = "") -> Ground:
    """The ground `key`; Problem where there is none, or none of that list."""
    found = grounds().get(key)
    if found is None or (kind and found.kind != kind):
        keys = [g.key for g in grounds().values() if not kind or g.kind == kind]
        raise Problem(
            zh=f"没有“{key}”这个列入事由。",
            en=f"There is no ground {key!r} for this list.",
            todo_zh="可选：" + "、".join(keys),
            todo_en="Choose one of: " + ", ".join(keys),
        )
    return found

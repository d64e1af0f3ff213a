"""What a firm is told of its class, in plain words of both languages. Pure: facts in, words out.

It tells what was looked at, what was found of the firm itself, where that came from, and what to do about it. It tells
no other firm's data, no chance of being drawn, nobody who complained, and nothing of who inspects.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mingcha.output import unmarked

CLASSES = {
    "A": ("低", "low"),
    "B": ("一般", "general"),
    "C": ("较高", "fairly high"),
    "D": ("高", "high"),
}
MOST = 6  # reasons told
MAIN = 0.25  # of all that moved the score: from here on a reason is one of the main ones
_WAY = {(True, True): ("主要原因，使风险升高", "a main reason; it raises the risk"),
        (True, False): ("使风险升高", "it raises the risk"),
        (False, True): ("主要原因，使风险降低", "a main reason; it lowers the risk"),
        (False, False): ("使风险降低", "it lowers the risk")}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A factor as the firm may be told of it. `own`: its value is of the firm's own record, and may be said.
    `mendable`: it isn't a count of all that ever was, which nobody can undo."""

    text: Mapping[str, str]
    unit: str
    own: bool
    mendable: bool
    dataset: str
    law: str = ""
    article: str = ""


def content(
    *,
    entity: Mapping[str, str],
    risk_class: str,
    point: Mapping[str, str],
    model: str,
    as_of: dt.date,
    reasons: Sequence[Mapping[str, Any]],
    changes: Sequence[Mapping[str, Any]],
    told: Mapping[str, Told],
    sources: Mapping[str, Mapping[str, Any]],
    bureau: str,
    days: int | None,
) -> dict[str, Any]:
    """{"zh": {...}, "en": {...}}: title, entity, finding, reasons, changes, sources, correction and appeal.

    reasons, changes: of engines/risk/explanation. told: factor -> how it is told; factors that aren't in it are left
    out. sources: dataset -> {"zh", "en", "department_zh", "department_en", "as_of"}. days: that the answer to an
    appeal may take, where a rule says so.
    """
    weight = sum(abs(r["log_odds"]) for r in reasons) or 1.0
    kept = [r for r in reasons if r["factor"] in told and abs(r["log_odds"]) >= 0.01][:MOST]
    return {
        lang: {
            "entity": dict(entity),
            "class": risk_class,
            "class_words": CLASSES[risk_class][i],
            "point": point[lang],
            "model": model,
            "as_of": as_of.isoformat(),
            "reasons": [
                {
                    "text": unmarked(told[r["factor"]].text[lang]),
                    "value": _value(r["value"], told[r["factor"]], lang),
                    "way": _WAY[r["log_odds"] > 0, abs(r["log_odds"]) / weight >= MAIN][i],
                    "raises": r["log_odds"] > 0,
                    "basis": _basis(told[r["factor"]], lang),
                }
                for r in kept
            ],
            "changes": [
                _change(c, told[c["factor"]], lang)
                for c in changes
                if c["factor"] in told and told[c["factor"]].mendable
            ],
            "sources": [
                {
                    "title": unmarked(source[lang]),
                    "department": source[f"department_{lang}"],
                    "as_of": source["as_of"],
                }
                for source in (sources[name] for name in dict.fromkeys(told[r["factor"]].dataset for r in kept))
            ],
            "bureau": bureau,
            "days": days,
        }
        for i, lang in enumerate(("zh", "en"))
    }


def digest_of(number: str, issued: str, words: Mapping[str, Any]) -> str:
    """SHA-256, hex, of a statement's number, its moment of issue (ISO 8601) and its words, as canonical JSON."""
    text = json.dumps(
        {"number": number, "issued": issued, "content": words},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _value(value: float | None, told: Told, lang: str) -> str:
    """What was found of the firm itself; "" where the factor speaks of others, or the value isn't for telling."""
    if not told.own:
        return ""
    return amount(value, told.unit, lang)


def amount(value: float | None, unit: str, lang: str) -> str:
    """A factor's value with its unit."""
    zh = lang == "zh"
    if value is None:
        return "没有记录" if zh else "no record"
    number = f"{value:,.2f}".rstrip("0").rstrip(".").replace("-", "−")
    if unit == "share":
        return f"{100 * value:.0f}%"
    if unit == "flag":
        return ("是" if value else "否") if zh else ("yes" if value else "no")
    words = {"days": ("天", " days"), "times": ("次", " times"), "entities": ("户", " firms")}.get(unit, ("", ""))
    return (f"{number} {words[0]}".strip() if zh else f"{number}{words[1]}") if words[0] else number


def _change(change: Mapping[str, Any], told: Told, lang: str) -> str:
    text, to = unmarked(told.text[lang]), amount(change["to"], told.unit, lang)
    return f"{text}：若为“{to}”，风险会降低。" if lang == "zh" else f"{text}: were it “{to}”, the risk would be lower."


def _basis(told: Told, lang: str) -> str:
    if not told.law:
        return ""
    article = f"第 {told.article} 条" if lang == "zh" else f", art. {told.article}"
    return f"《{told.law}》{article if told.article else ''}" if lang == "zh" else (
        f"{told.law}{article if told.article else ''}"
    )  # fmt: skip

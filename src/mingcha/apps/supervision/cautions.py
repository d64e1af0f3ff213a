"""What should give pause before a frame is sealed or signed, in both languages: pages and commands say the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mingcha.engines.sampling.inspectors import Short

    from .models import Plan

Said = list[tuple[str, str]]  # (zh, en)
HIGHEST = 0.5  # a firm that is rather visited than not
WIDEST = 0.1  # half of an interval, as a share: ten percentage points


def of_chances(highest: float | None, half_width: float | None) -> Said:
    """Of the largest probability, and of the expected error of the violation rate; None where it isn't known."""
    said = []
    if highest is not None and highest > HIGHEST:
        said.append((
            f"入样概率最高的一户达 {highest:.0%}：它多半会被查，算不上随机。评分相差不大时仍会这样集中。"
            "可提高随机探索比例，或调低集中度、概率上限；必查户应列为重点监管。",
            f"The highest probability of a unit is {highest:.0%}: it is rather visited than not, which is hardly "
            "random. Scores that differ little are sharpened as well. Raise the uniform share, or lower the focus or "
            "the ceiling; list who must be visited as under focused supervision.",
        ))  # fmt: skip
    if half_width is not None and half_width > WIDEST:
        said.append((
            f"户次太少，估计不了违规率：预期误差 ±{100 * half_width:.1f} 个百分点。",
            "Too few visits to estimate a violation rate: the expected error is "
            f"±{100 * half_width:.1f} percentage points.",
        ))  # fmt: skip
    return said


def of_teams(short: Iterable[Short]) -> Said:
    """Of the units to which no team could be sent, sealed all the same."""
    from mingcha.engines.sampling.inspectors import tell_shortages, units_short

    short = list(short)
    if not short:
        return []
    units = units_short(short)
    zh, en = tell_shortages(short)
    return [
        (
            f"名录中有 {units} 户派不出检查人员，抽中也无人可派：{zh}。",
            f"{units} units of the frame can be given no team; nobody is sent to those that are drawn: {en}.",
        )
    ]


def of_parties(count: int) -> Said:
    """Of a draw in which one party or none takes part."""
    if count > 1:
        return []
    who = ("没有参与方", "No party takes part") if count == 0 else ("只有一个参与方", "One party alone takes part")
    return [
        (
            f"{who[0]}：保管名录者可以反复试种子，直到结果满意；只有名录的根在公开值公布之前已公开，才排除这一点。",
            f"{who[1]}: whoever keeps the frame could try seeds until the outcome pleases; only a root that was public "
            "before the public value came out rules that out.",
        )
    ]


def of_plan(plan: Plan, parties: int | None) -> Said:
    """Of a plan as it stands; `parties`: how many take part, once its frame is frozen."""
    from mingcha.engines.sampling.inspectors import Short

    expected: Mapping[str, Any] = plan.expected or {}
    said = of_chances(expected.get("highest"), expected.get("plan", {}).get("half_width"))
    short = [Short(**one | {"skills": tuple(one["skills"])}) for one in plan.frame.get("short", ())]
    return said + of_teams(short) + (of_parties(parties) if parties is not None else [])

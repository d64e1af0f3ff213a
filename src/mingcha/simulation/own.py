"""Rows that the story itself makes: inspections and what follows from them, annual reports, complaints, changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from . import words
from .assumptions import HOLLOW, SECTORS
from .story import QUARTERS, STRATA, Story, quarter_start

LISTED_FOR_LATENESS = 0.35  # of late reporters that are listed; the others mend it in time
PENALISED = 0.25  # of visits with findings


def spot_inspections(story: Story, entries: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    visits, firms = story.visits, story.firms
    n = len(visits.firm)
    led = np.isnan(visits.pi)
    day = quarter_start(visits.quarter) + rng.integers(0, 88, n)
    problems = np.where(visits.recorded, 1 + rng.poisson(0.9, n), 0)
    critical = rng.binomial(problems, 0.3)
    absent = visits.recorded & (firms.nature[visits.firm] == HOLLOW) & (rng.random(n) < 0.8)
    result = np.where(critical > 0, "立案查处", "责令改正")
    result = np.where(visits.recorded, np.where(absent, "通过登记的住所无法联系", result), "未发现问题")
    problems, critical = np.where(absent, 1, problems), np.where(absent, 0, critical)
    inspector = np.array(inspector_numbers(len(story.inspectors)))
    quarter_names = np.array([f"JH-{2023 + (q + 3) // 4}-Q{(q + 3) % 4 + 1}-001" for q in range(QUARTERS)])
    order = np.argsort(day, kind="stable")
    frame = pl.DataFrame(
        {
            "firm": visits.firm,
            "day": day,
            "quarter": visits.quarter,
            "plan_no": pl.Series(quarter_names[visits.quarter]).set(pl.Series(led), None),
            "cause": np.where(led, "投诉举报", "双随机"),
            "stratum": pl.Series(np.array(STRATA)[visits.stratum]).set(pl.Series(led), None),
            "pi": pl.Series(visits.pi.astype(float).round(6)).fill_nan(None),
            "inspectors": pl.Series(inspector[visits.pair[:, 0]]) + ";" + pl.Series(inspector[visits.pair[:, 1]]),
            "station": entries["station"].gather(visits.firm),
            "result": result,
            "problems": problems,
            "critical": critical,
        }
    )
    return frame[order]


def inspector_numbers(n: int) -> list[str]:
    return [f"YT{i + 1:05d}" for i in range(n)]


def annual_reports(story: Story, entries: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The reports of 2023, 2024 and 2025, due by 30 June of the year after; who has a lateness signal is late."""
    parts = []
    for year, quarter in ((2023, 2), (2024, 6), (2025, 10)):
        alive = np.flatnonzero((story.firms.born < quarter - 2) & (story.closed > quarter))
        late = _had(story, "report_late", quarter - 3, quarter)[alive]
        never = late & (rng.random(len(alive)) < 0.3)
        firm, late = alive[~never], late[~never]
        due = np.datetime64(f"{year + 1}-06-30")
        start = np.datetime64(f"{year + 1}-01-01")
        spread = np.floor(181 * np.sqrt(rng.random(len(firm)))).astype(int)  # most come near the end
        day = np.where(late, due + rng.integers(1, 90, len(firm)), start + spread)
        parts.append(
            pl.DataFrame({"firm": firm, "day": day, "report_year": np.full(len(firm), year)}).with_columns(
                due_on=pl.lit(due).cast(pl.Date),
                on_time=pl.Series(np.where(late, "否", "是")),
                quarter=pl.lit(quarter, dtype=pl.Int32),
            )
        )
    return pl.concat(parts)


def abnormal_operations(story: Story, entries: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Late reports (listed in July) and firms that a visit could not find (listed within weeks)."""
    firm, quarter, reason = [], [], []
    for q in (3, 7, 11):
        late = np.flatnonzero(
            _had(story, "report_late", q - 4, q - 1) & (story.firms.born < q - 3) & (story.closed > q)
        )
        late = late[rng.random(len(late)) < LISTED_FOR_LATENESS]
        firm.append(late)
        quarter.append(np.full(len(late), q))
        reason.append(np.full(len(late), "未按规定公示年度报告"))
    visits = story.visits
    lost = np.flatnonzero(
        visits.recorded & (story.firms.nature[visits.firm] == HOLLOW) & (visits.quarter < QUARTERS - 1)
    )
    firm.append(visits.firm[lost])
    quarter.append(visits.quarter[lost] + 1)
    reason.append(np.full(len(lost), "通过登记的住所无法联系"))
    few = np.flatnonzero(rng.random(len(story.firms)) < 0.004)
    few = few[(story.firms.born[few] < 1) & (story.closed[few] > 4)]
    firm.append(few)
    quarter.append(rng.integers(1, 4, len(few)))
    reason.append(np.full(len(few), "公示信息隐瞒真实情况"))
    whose, when = np.concatenate(firm), np.concatenate(quarter).astype(np.int32)
    day = quarter_start(when) + rng.integers(2, 30, len(whose))
    return pl.DataFrame({"firm": whose, "day": day, "quarter": when, "reason": np.concatenate(reason)})


def market_penalties(story: Story, entries: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """A part of the findings ends in a penalty, 20 to 90 days later."""
    visits = story.visits
    found = np.flatnonzero(visits.recorded & (rng.random(len(visits.firm)) < PENALISED))
    day = quarter_start(visits.quarter[found]) + rng.integers(20, 90, len(found)) + rng.integers(0, 88, len(found))
    return pl.DataFrame({"firm": visits.firm[found], "day": day, "quarter": visits.quarter[found]})


def complaints(story: Story, entries: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    firm, quarter = story.signals["complaint"]
    n = len(firm)
    topic, content = complaint_texts(rng, story.firms.sector[firm], story.firms.nature[firm])
    day = quarter_start(quarter) + rng.integers(0, 90, n)
    return pl.DataFrame({"firm": firm, "day": day, "quarter": quarter, "topic": topic, "content": content})


def complaint_texts(rng: np.random.Generator, sector: NDArray, nature: NDArray) -> tuple[pl.Series, pl.Series]:
    """Topic and text of each complaint, likely for the firm's sector; hollow firms are reported as gone."""
    topics = list(words.COMPLAINT_TOPICS)
    food = np.array([4, 4, 3, 4, 1, 2, 0.3, 0.3, 1, 0.3, 0.3, 0.1])
    service = np.array([0, 0, 0.3, 1, 2, 2, 1, 4, 1, 4, 2, 0.3])
    goods = np.array([0, 0, 0.2, 0.3, 3, 2, 5, 0.5, 0.6, 2, 4, 0.3])
    table = np.array([
        food if s in ("catering", "food_retail", "food_making")
        else service if s in ("beauty", "education", "lodging", "services", "medical") else goods
        for s in SECTORS
    ])  # fmt: skip
    weight = table[sector]
    weight[nature == HOLLOW] = 0.05
    weight[nature == HOLLOW, -1] = 3
    edges = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    choice = np.minimum((rng.random(len(sector))[:, None] > edges).sum(axis=1), len(topics) - 1)
    flat = [fact for facts in words.COMPLAINT_TOPICS.values() for fact in facts]
    fact = pl.Series(flat).gather(4 * choice + rng.integers(0, 4, len(choice)))
    opening = pl.Series(list(words.COMPLAINT_OPENINGS)).gather(
        rng.integers(0, len(words.COMPLAINT_OPENINGS), len(choice))
    )
    demand = pl.Series(list(words.COMPLAINT_DEMANDS)).gather(rng.integers(0, len(words.COMPLAINT_DEMANDS), len(choice)))
    return pl.Series(topics).gather(choice), opening + fact + demand


def registration_changes(story: Story, entries: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Changes of representative (a signal) and, without meaning, of everything else."""
    firm, quarter = story.signals["change_of_representative"]
    from .register import people

    others = rng.poisson(0.02, (QUARTERS, len(story.firms)))
    alive = (story.firms.born[None, :] <= np.arange(QUARTERS)[:, None]) & (
        story.closed[None, :] > np.arange(QUARTERS)[:, None]
    )
    when, whose = np.nonzero((others > 0) & alive)
    item = np.concatenate(
        [
            np.full(len(firm), "法定代表人"),
            rng.choice(["住所", "经营范围", "注册资本", "名称"], len(whose), p=(0.35, 0.4, 0.15, 0.1)),
        ]
    )
    firm, quarter = np.concatenate([firm, whose]), np.concatenate([quarter, when]).astype(np.int32)
    person = pl.Series(item == "法定代表人")
    before = people(rng, rng.integers(0, 10**9, len(firm))).set(~person, None).fill_null(pl.Series(item) + "（变更前）")
    after = entries["representative"].gather(firm).set(~person, None).fill_null(pl.Series(item) + "（变更后）")
    day = quarter_start(quarter) + rng.integers(0, 90, len(firm))
    return pl.DataFrame({"firm": firm, "day": day, "quarter": quarter, "item": item, "before": before, "after": after})


def _had(story: Story, signal: str, first: int, last: int) -> NDArray[np.bool_]:
    """Whether each firm had the signal in quarters `first` to `last`."""
    firm, quarter = story.signals[signal]
    had = np.zeros(len(story.firms), dtype=bool)
    had[firm[(quarter >= first) & (quarter <= last)]] = True
    return had


BUILDERS: dict[str, Callable[[Story, pl.DataFrame, np.random.Generator], pl.DataFrame]] = {
    "spot_inspections": spot_inspections,
    "annual_reports": annual_reports,
    "abnormal_operations": abnormal_operations,
    "market_penalties": market_penalties,
    "complaints": complaints,
    "registration_changes": registration_changes,
}

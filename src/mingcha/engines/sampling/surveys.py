"""The results of a draw's visits, joined to its design, as estimates for the whole frame."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mingcha.engines.sampling.estimators import effective_size, frame_total, proportion
from mingcha.engines.sampling.frame import read_table
from mingcha.problems import Problem

RESULT = ("violation", "result", "违规", "结果")  # what the column may be called
FOUND, NOTHING, NOT_FOUND = "violation", "none", "not_found"
SAID = {
    **dict.fromkeys(("1", "yes", "true", "是", "violation", "违规"), FOUND),
    **dict.fromkeys(("0", "no", "false", "否", "none", "未发现问题"), NOTHING),
    **dict.fromkeys(("not_found", "查无下落", "无法联系", "通过登记的住所无法联系"), NOT_FOUND),
}


def frame_estimates(design: Path, results: Path) -> dict[str, Any]:
    """What the frame would show if all of it were visited: rate of violations (Hájek, Korn-Graubard interval) and their
    number, and the rate of those that can't be found at their address; 95% intervals.

    `results`: CSV with id and violation (SAID), for drawn units only; other visits have no known probability. A unit
    that can't be found is a lawful result: no violation was found there, and it is a rate of its own. The number is N
    times the rate, so that both say the same, and so that it isn't too low while results are missing.
    """
    plan, told = read_table(design), read_table(results)
    column = next((told[name] for name in RESULT if name in told), None)
    if column is None or "id" not in told:
        raise Problem(
            zh="结果表要有 id 和 violation 两列",
            en="Results need columns id and violation",
            where=f"{results}: {', '.join(told)}",
            todo_zh=f"id 与 design.csv 相同；结果列可名为 {'、'.join(RESULT)}，"
            "填 1（违规）、0（未发现）或 not_found（查无下落）。",
            todo_en=f"id as in design.csv; the column of results may be called {', '.join(RESULT)} and holds 1 "
            "(violation), 0 (none) or not_found.",
        )
    where = {name: i for i, name in enumerate(plan["id"])}
    rows: list[int] = []
    said: list[str] = []
    seen: set[int] = set()
    for row, (name, cell) in enumerate(zip(told["id"], column, strict=True)):
        if name not in where or cell.lower() not in SAID or where[name] in seen:
            raise Problem(
                zh=f"{name} 不在抽中名单、重复，或结果“{cell}”不是 1、0 或 not_found（查无下落）",
                en=f"{name} was not drawn, stands twice, or its result {cell!r} is not 1, 0 or not_found",
                where=f"{results}, {told.record(row)}",
                todo_zh="举报、专项等其他检查没有入样概率，不进入估计。",
                todo_en="Complaint-led and other visits have no inclusion probability: leave them out.",
            )
        rows.append(where[name])
        seen.add(where[name])
        said.append(SAID[cell.lower()])
    pi = np.array([float(plan["pi"][i]) for i in rows])
    strata = [plan["stratum"][i] for i in rows]
    N = sum({name: int(size) for name, size in zip(plan["stratum"], plan["N"], strict=True)}.values())
    found, lost = (np.array([outcome == kind for outcome in said], dtype=np.float64) for kind in (FOUND, NOT_FOUND))
    missing = len(plan["id"]) - len(rows)
    rate = proportion(found, pi, strata, N)
    return {
        "N": N,
        "drawn": len(plan["id"]),
        "results": len(rows),
        "missing": missing,
        "hit_rate": float(found.mean()) if len(rows) else float("nan"),
        "effective_size": effective_size(1 / pi),
        "violation_rate": asdict(rate),
        "violations": asdict(frame_total(rate, N)),
        "not_found": int(lost.sum()),
        "not_found_rate": asdict(proportion(lost, pi, strata, N)),
    }

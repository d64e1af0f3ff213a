"""The results of a draw's visits, joined to its design, as estimates for the whole frame."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mingcha.engines.sampling.estimators import effective_size, ht_total, proportion
from mingcha.engines.sampling.frame import read_table
from mingcha.problems import Problem

VIOLATION = ("violation", "违规", "结果")  # what the column may be called
SAID = {"1": 1.0, "0": 0.0, "yes": 1.0, "no": 0.0, "是": 1.0, "否": 0.0, "true": 1.0, "false": 0.0}


def frame_estimates(design: Path, results: Path) -> dict[str, Any]:
    """Violation rate (Hájek, Korn-Graubard interval) and number (Horvitz-Thompson) in the frame, 95% intervals.

    `results`: CSV with id and violation (1 or 0), for drawn units only; other visits have no known probability.
    """
    plan, told = read_table(design), read_table(results)
    column = next((told[name] for name in VIOLATION if name in told), None)
    if column is None or "id" not in told:
        raise Problem(
            zh="结果表要有 id 和 violation 两列", en="Results need columns id and violation", where=str(results)
        )
    where = {name: i for i, name in enumerate(plan["id"])}
    rows: list[int] = []
    y: list[float] = []
    seen: set[int] = set()
    for row, (name, said) in enumerate(zip(told["id"], column, strict=True), 2):
        if name not in where or said.lower() not in SAID or where[name] in seen:
            raise Problem(
                zh=f"{name} 不在抽中名单、重复，或结果“{said}”不是 1 或 0",
                en=f"{name} was not drawn, stands twice, or its result {said!r} is not 1 or 0",
                where=f"{results}, row {row}",
                todo_zh="举报、专项等其他检查没有入样概率，不进入估计。",
                todo_en="Complaint-led and other visits have no inclusion probability: leave them out.",
            )
        rows.append(where[name])
        seen.add(where[name])
        y.append(SAID[said.lower()])
    pi = np.array([float(plan["pi"][i]) for i in rows])
    strata = [plan["stratum"][i] for i in rows]
    N = sum({name: int(size) for name, size in zip(plan["stratum"], plan["N"], strict=True)}.values())
    found = np.array(y)
    return {
        "N": N,
        "drawn": len(plan["id"]),
        "results": len(rows),
        "missing": len(plan["id"]) - len(rows),
        "hit_rate": float(found.mean()) if len(rows) else float("nan"),
        "effective_size": effective_size(1 / pi),
        "violation_rate": asdict(proportion(found, pi, strata, N)),
        "violations": asdict(ht_total(found, pi, strata)),
    }

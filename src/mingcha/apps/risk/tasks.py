"""Long work of this room, done by the worker: train a challenger, score everyone, backtest."""

from __future__ import annotations

import datetime as dt
from typing import Any

from mingcha.apps.jobs.registry import job
from mingcha.language import chinese

from .models import RiskModel
from .services import backtest_run, model_train, scores_refresh
from .services.models import STEPS as TRAINING_STEPS


@job("risk.model.train", again=True)
def train(job: Any, dataset: str, risk_point: str, until: str = "") -> dict[str, Any]:
    """A challenger, trained on what was known before `until` (ISO; today without it)."""
    model = model_train(
        dataset=dataset,
        risk_point=risk_point,
        until=dt.date.fromisoformat(until) if until else None,
        user=job.user,
        report=_steps(job, TRAINING_STEPS),
    )
    return {"model": model.number}


@job("risk.scores.refresh", again=True)
def score(job: Any, number: str, as_of: str = "") -> dict[str, Any]:
    """Everyone scored by a model as of a day (ISO; today without it); in force where it is the champion."""
    done = scores_refresh(
        model=RiskModel.objects.select_related("dataset").get(number=number),
        as_of=dt.date.fromisoformat(as_of) if as_of else None,
        user=job.user,
        progress=job.progress,
    )
    return {name: done[name] for name in ("scored", "classes", "as_of", "in_force")}


@job("risk.backtest.run", again=True)
def backtest(job: Any, dataset: str, risk_point: str, rolling: str = "", window: int = 2) -> dict[str, Any]:
    """A rolling backtest, kept (backtests.rolling_report)."""
    found = backtest_run(
        dataset=dataset, risk_point=risk_point, rolling=rolling, window=window, user=job.user, progress=job.progress
    )
    return {"backtest": found.pk}


def _steps(job: Any, total: int) -> Any:
    """A report of what is being done as steps of a job, said in the language of who ordered it."""
    done = -1

    def report(zh: str, en: str) -> None:
        nonlocal done
        done += 1
        job.progress(done, total, zh if chinese() else en)

    return report

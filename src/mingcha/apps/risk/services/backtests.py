"""Writes: a rolling backtest run and kept."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.exchange.selectors import dataset_get
from mingcha.output import strict

from ..backtests import rolling_report
from ..models import Backtest


def backtest_run(
    *,
    dataset: str,
    risk_point: str,
    rolling: str = "",
    window: int = 2,
    user: User | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Backtest:
    """Run it (backtests.rolling_report) and keep what it found; progress counts windows. Problem: nothing to test."""
    source = dataset_get(dataset)
    report = rolling_report(dataset, risk_point, rolling=rolling, window=window, progress=progress)
    with transaction.atomic():
        row = Backtest.objects.create(
            dataset=source, risk_point=risk_point, user=user, report=strict(report), simulated=source.simulated
        )
        audit_record(
            user=user,
            action="risk.backtest.run",
            obj=row,
            after={"dataset": dataset, "risk_point": risk_point, "windows": len(report["rolling"])},
        )
    return row

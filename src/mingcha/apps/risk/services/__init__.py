"""Writes: models trained and signed, scores put in force, backtests kept."""

from .backtests import backtest_run
from .models import model_sign, model_train
from .scoring import scores_refresh

__all__ = ["backtest_run", "model_sign", "model_train", "scores_refresh"]

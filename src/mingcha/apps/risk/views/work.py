"""Long work ordered from the desk. Models are the bureau's: a unit below it may see them, not make or run them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import may, require, whole_bureau
from mingcha.apps.jobs.services import job_start
from mingcha.desk.forms import checked

from .. import selectors
from ..forms import BacktestForm, ScoreForm, TrainForm
from ..models import RiskModel

TRAIN = gettext_noop("Train a challenger of %(point)s")
SCORE = gettext_noop("Score everyone by %(number)s")
BACKTEST = gettext_noop("Rolling backtest of %(point)s")


def bureau_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """403 for the staff of a unit below the bureau: what a model does is not of one district."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not whole_bureau(request.user):
            raise PermissionDenied("bureau")
        return view(request, *args, **kwargs)

    return guarded


def forms_for(user: User) -> dict[str, Any]:
    """The forms of what `user` may order about models; None where he may not, or there is nothing to learn from."""
    trains, tests = may(user, "risk.model.train"), may(user, "risk.backtest.run")
    points = selectors.risk_points() if (trains or tests) and whole_bureau(user) else []
    return {
        "train_form": TrainForm(points=points, auto_id="train_%s") if trains and points else None,
        "backtest_form": BacktestForm(points=points, auto_id="backtest_%s") if tests and points else None,
    }


def score_form(user: User) -> ScoreForm | None:
    return ScoreForm(auto_id="score_%s") if whole_bureau(user) and may(user, "risk.scores.refresh") else None


@require_POST
@require("risk.model.train")
@bureau_only
def train(request: HttpRequest) -> HttpResponse:
    said = checked(TrainForm(request.POST, points=selectors.risk_points()))
    dataset, point = said["point"].split("|", 1)
    job = job_start(
        kind="risk.model.train",
        params={"dataset": dataset, "risk_point": point, "until": said["until"].isoformat() if said["until"] else ""},
        key=said["point"],
        user=request.user,
        title=TRAIN,
        title_params={"point": f"{dataset}.{point}"},
        url=reverse("risk:models") + "?state=challenger",
    )
    return _under_way(request, job)


@require_POST
@require("risk.scores.refresh")
@bureau_only
def score(request: HttpRequest, number: str) -> HttpResponse:
    model = get_object_or_404(RiskModel.objects.defer("card"), number=number)
    said = checked(ScoreForm(request.POST))
    job = job_start(
        kind="risk.scores.refresh",
        params={"number": model.number, "as_of": said["as_of"].isoformat() if said["as_of"] else ""},
        key=f"{model.dataset_id}|{model.risk_point}",
        user=request.user,
        title=SCORE,
        title_params={"number": model.number},
        url=reverse("risk:insight"),
    )
    return _under_way(request, job)


@require_POST
@require("risk.backtest.run")
@bureau_only
def backtest(request: HttpRequest) -> HttpResponse:
    said = checked(BacktestForm(request.POST, points=selectors.risk_points()))
    dataset, point = said["point"].split("|", 1)
    job = job_start(
        kind="risk.backtest.run",
        params={"dataset": dataset, "risk_point": point, "window": said["window"]},
        key=said["point"],
        user=request.user,
        title=BACKTEST,
        title_params={"point": f"{dataset}.{point}"},
        url=reverse("risk:backtests"),
    )
    return _under_way(request, job)


def _under_way(request: HttpRequest, job: Any) -> HttpResponse:
    messages.success(request, _("It is under way. You may leave; its end is told under Notices."))
    return redirect(job.get_absolute_url())

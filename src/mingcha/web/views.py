"""The desk's first page: how much there is, what waits, what came last. Every number links to its list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mingcha.apps.accounts.permissions import may
from mingcha.apps.entities.selectors import entities_visible
from mingcha.apps.exchange.selectors import batches_latest, exchange_totals
from mingcha.apps.risk import panels as risk
from mingcha.apps.supervision.choices import PlanState
from mingcha.apps.supervision.selectors import plans_visible


def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    sees = {
        "entities": may(user, "entities.entity.view"),
        "data": may(user, "exchange.dataset.view"),
        "quarantine": may(user, "exchange.quarantine.view"),
        "models": may(user, "risk.model.view"),
        "plans": may(user, "supervision.plan.view"),
        "scores": may(user, "risk.scores.view"),
    }
    entities, plans = entities_visible(user), plans_visible(user)
    context = {
        "now": timezone.localtime(),
        "sees": sees,
        "entities": entities.count(),
        "provisional": entities.filter(provisional=True).count(),
        "exchange": exchange_totals(),
        "batches": batches_latest(5),
        **risk.desk(user),
        "plans": plans[:4],
        "plan_count": plans.count(),
        "drafts": plans.filter(state=PlanState.DRAFT).count(),
        "may_approve": may(user, "supervision.plan.approve"),
        "may_plan": may(user, "supervision.plan.create"),
        "may_sign": may(user, "risk.model.sign"),
    }
    return render(request, "web/home.html", context)

"""The desk's first page: how much there is, what waits, what came last. Every number links to its list."""

from __future__ import annotations

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mingcha.apps.accounts.permissions import in_jurisdiction, may
from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange.models import Batch, Dataset
from mingcha.apps.risk.choices import ModelState
from mingcha.apps.risk.models import RiskModel, RiskScore
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
    }
    entities = Entity.objects.filter(in_jurisdiction(user))
    plans = plans_visible(user)
    batches = Batch.objects.select_related("dataset")
    champion = RiskModel.objects.filter(state=ModelState.CHAMPION).first()
    context = {
        "now": timezone.localtime(),
        "sees": sees,
        "entities": entities.count(),
        "provisional": entities.filter(provisional=True).count(),
        "datasets": Dataset.objects.count(),
        "held": batches.aggregate(rows=Sum("rows_quarantined"))["rows"] or 0,
        "accepted": batches.aggregate(rows=Sum("rows_accepted"))["rows"] or 0,
        "classes": _classes(user),
        "champion": champion,
        "challengers": RiskModel.objects.filter(state=ModelState.CHALLENGER).count(),
        "batches": batches[:5],
        "plans": plans[:4],
        "plan_count": plans.count(),
        "drafts": plans.filter(state=PlanState.DRAFT).count(),
        "may_approve": may(user, "supervision.plan.approve"),
        "may_sign": may(user, "risk.model.sign"),
    }
    return render(request, "web/home.html", context)


def _classes(user) -> list[dict]:
    """How many entities stand in each class, with their share of those rated."""
    counted = dict(
        RiskScore.objects.filter(in_jurisdiction(user, "entity__division"))
        .values_list("risk_class")
        .annotate(n=Count("pk"))
    )
    total = sum(counted.values())
    return [{"letter": c, "n": counted.get(c, 0), "share": counted.get(c, 0) / total} for c in "ABCD"] if total else []

"""What stands on the home page, by role. No whole table is counted here: what is counted is kept (desk/aggregates)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from mingcha.apps.accounts.permissions import division_of, may
from mingcha.apps.entities.selectors import entities_visible
from mingcha.apps.exchange.selectors import batches_latest, datasets_totalled
from mingcha.apps.risk import desk as risk
from mingcha.apps.supervision.figures import PROGRESS
from mingcha.apps.supervision.selectors import plans_visible
from mingcha.desk import aggregates
from mingcha.desk.offers import Figure, offered

from .todos import chosen_of, tabs_of, todos_of

SHOWN = 8  # to-dos; the rest is a click away
# what a role's page has beside what waits for it, in order; each also needs its right
STORY = {
    "clerk": ("deliveries", "plans"),
    "auditor": ("plans", "deliveries"),
    "community": (),
}
FIRST = {"clerk": range(60, 80)}  # figures, by their order, that a role sees before others: the data's
SIDE = {"clerk": (), "community": ()}


def home_of(user: Any, chosen: str) -> dict[str, Any]:
    counted = counted_of(user)
    first = first_steps(user)
    story = story_of(user)
    side = [name for name in SIDE.get(user.role, ("classes", "map")) if _sees(user, name)]
    if division_of(user) is None:
        side = []
    return {
        "now": timezone.localtime(),
        "first": first,
        "lean": user.role == "community",
        "story": story,
        "side": side,
        "batches": batches_latest(5) if "deliveries" in story else (),
        **waiting_of(user, chosen),
        **counted,
    }


def story_of(user: Any) -> list[str]:
    """The cards below what waits, in order."""
    return [name for name in STORY.get(user.role, ("plans", "deliveries")) if _sees(user, name)]


def waiting_of(user: Any, chosen: str, most: int | None = SHOWN) -> dict[str, Any]:
    todos = todos_of(user)
    matching = chosen_of(todos, chosen)
    return {
        "todos": matching[:most],
        "with_basis": any(todo.basis or todo.article for todo in matching[:most]),
        "todos_more": len(matching) - len(matching[:most]),
        "todos_all": len(todos),
        "todos_today": sum(todo.urgency == "hot" for todo in todos),
        "tabs": tabs_of(todos, chosen),
        "chosen": chosen,
    }


def counted_of(user: Any, *, afresh: bool = False) -> dict[str, Any]:
    """The key figures and the classes. `afresh`: count first what was never counted or is stale."""
    division = division_of(user)
    plans = "plans" in story_of(user)
    if division is None:  # of nowhere there are no figures, also none that are to be counted
        return {"figures": [], "figures_at": None, "wanting": [], "plans": [] if plans else None, "risk": None}
    names = [name for module in offered("figures", "AGGREGATES") for name in module] + [risk.CLASSES]
    kept = aggregates.read(names, division)
    wanting = aggregates.wanting(names, kept)
    if wanting and afresh:
        aggregates.refresh(wanting, division)
        kept = aggregates.read(names, division)
        wanting = []
    figures: list[Figure] = [one for figures in offered("figures", "figures") for one in figures(user, kept)]
    return {
        "figures": sorted(figures, key=lambda one: (one.order not in FIRST.get(user.role, ()), one.order))[:5],
        "figures_at": min((one.at for one in figures if one.at), default=None),
        "wanting": wanting,
        "plans": _under_way(user, kept.get(PROGRESS)) if plans else None,
        "risk": risk.classes_card(user, kept.get(risk.CLASSES)) if may(user, "risk.scores.view") else None,
    }


def _under_way(user: Any, kept: aggregates.Kept | None) -> list[Any]:
    """The last plans, with how far their visits are and how much of their time has gone."""
    plans = list(plans_visible(user).exclude(state="withdrawn")[:5])
    done = kept.value if kept else {}
    today = timezone.localdate()
    for plan in plans:
        plan.done = done.get(plan.number, {"all": 0, "made": 0, "hits": 0})
        whole = (plan.ends_on - plan.starts_on).days if plan.starts_on and plan.ends_on else 0
        plan.time_gone = min(1.0, max(0.0, (today - plan.starts_on).days / whole)) if whole else None
    return plans


def first_steps(user: Any) -> list[dict[str, Any]]:
    """What to do on an instance that holds no plan yet, one step after the other: name, done, may (by this user)."""
    if plans_visible(user).exists():
        return []
    steps = (
        ("import", datasets_totalled().exists(), may(user, "exchange.dataset.import")),
        ("resolve", entities_visible(user).exists(), may(user, "entities.entity.decide")),
        ("train", risk.model_any(), may(user, "risk.model.train")),
        ("score", risk.scored_any(), may(user, "risk.scores.refresh")),
        ("plan", False, may(user, "supervision.plan.create")),
    )
    return [{"name": name, "done": done, "may": allowed} for name, done, allowed in steps]


def _sees(user: Any, name: str) -> bool:
    rights = {
        "plans": "supervision.plan.view",
        "deliveries": "exchange.dataset.view",
        "classes": "risk.scores.view",
        "map": "entities.entity.view",
    }
    return may(user, rights[name])

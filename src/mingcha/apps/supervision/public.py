"""What anyone may open, without signing in: a draw's public page, its file, and the verifier."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from mingcha.apps.entities.models import Entity
from mingcha.engines.qr import qr_path
from mingcha.language import language
from mingcha.lists.export import download, pieces_of

from .cautions import of_parties
from .models import Draw, Result, Task
from .proof import ceremony, countersigned, in_words, public_head, public_path, replacements_path
from .rules import COMING, result_kinds
from .selectors import results_public

VERIFIER = Path(__file__).resolve().parents[4] / "verifier" / "verify_draw.py"
VISIT = "supervision.visit"  # what the token of a notice is signed for
SHOWN_RESULTS = 50
SHOWN = 500  # drawn entities on the page; public.json has them all


@login_not_required
@require_safe
def draw(request: HttpRequest, name: str) -> HttpResponse:
    found = _published(name)
    state = ceremony(found)
    tasks = found.tasks.select_related("entity", "replaced_by__entity").order_by("number")
    context = {
        "draw": found,
        "plan": found.plan,
        "head": public_head(found),
        "ceremony": state,
        "cautions": [in_words(said) for said in of_parties(len(state.parties))] if state and not state.problem else [],
        "tasks": tasks[:SHOWN],
        "hidden": max(0, tasks.count() - SHOWN),
        "replaced": tasks.exclude(replaced_at=None),
        "signed": countersigned(found),
        "bytes": path.stat().st_size if (path := public_path(found)) else 0,
        "public_url": public_url(request, found),
        "qr": qr_path(public_url(request, found)),
        "verifier": VERIFIER.exists(),
    }
    return render(request, "supervision/public_draw.html", context)


@login_not_required
@require_safe
def public_file(request: HttpRequest, name: str) -> HttpResponse:
    found = _published(name)
    return _file(request, found, public_path(found))


@login_not_required
@require_safe
def replacements_file(request: HttpRequest, name: str) -> HttpResponse:
    found = _published(name)
    return _file(request, found, replacements_path(found))


@login_not_required
@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    if not VERIFIER.exists():
        raise Http404
    return download(pieces_of(VERIFIER.open("rb")), VERIFIER.name, "text/x-python; charset=utf-8")


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The public side's own door: what is published, and the latest draws."""
    draws = (
        Draw.objects.exclude(published_at=None).filter(voided_at=None).select_related("plan").order_by("-published_at")
    )
    found = list(draws[:SHOWN_RESULTS])
    context = {"draws": found, "year": timezone.localdate().year, "simulated": any(d.plan.simulated for d in found)}
    return render(request, "supervision/public_index.html", context)


@login_not_required
@require_safe
def visit(request: HttpRequest, token: str) -> HttpResponse:
    """What the code on a notice opens, and nobody guesses from a number: who has been sent, so that a firm can tell
    officers from impostors. Nothing of the firm itself, and only from the notice until the visit is over."""
    try:
        number = Signer(salt=VISIT).unsign(token)
    except BadSignature:
        raise Http404 from None
    task = get_object_or_404(Task.objects.select_related("plan", "unit").exclude(notified_at=None), number=number)
    return render(request, "supervision/public_visit.html", {"task": task, "over": task.state not in COMING})


@login_not_required
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """Published results, the latest first, or those of the firm that is searched for."""
    words = request.GET.get("q", "").strip()[:100]
    rows = results_public()
    if words:
        from mingcha.apps.entities.search import narrowed

        rows = rows.filter(task__entity__in=narrowed(Entity.objects.all(), words).values("pk"))
    rows = list(rows.order_by("-published_at", "-pk")[: SHOWN_RESULTS + 1])
    context = {"words": words, "results": _told(rows[:SHOWN_RESULTS]), "more": len(rows) > SHOWN_RESULTS}
    return render(request, "supervision/public_results.html", context | {"simulated": any_simulated(rows)})


@login_not_required
@require_safe
def entity_results(request: HttpRequest, key: str) -> HttpResponse:
    """One firm's published results."""
    entity = get_object_or_404(Entity, key=key)
    rows = list(results_public().filter(task__entity=entity).order_by("-visited_on", "-pk")[:SHOWN_RESULTS])
    context = {"entity": entity, "results": _told(rows), "simulated": entity.simulated}
    return render(request, "supervision/public_entity.html", context)


def visit_token(task: Task) -> str:
    return Signer(salt=VISIT).sign(task.number)


def _told(rows: list[Result]) -> list[tuple[Result, str]]:
    return [(row, result_kinds()[row.kind].title(language())) for row in rows]


def any_simulated(rows: list[Result]) -> bool:
    return any(row.task.entity.simulated for row in rows)


def public_url(request: HttpRequest, found: Draw) -> str:
    return request.build_absolute_uri(reverse("supervision:public-draw", args=[found.name]))


def _file(request: HttpRequest, found: Draw, path: Path | None) -> HttpResponse:
    if path is None:
        raise Http404
    mime = "application/gzip" if path.suffix == ".gz" else "application/json"
    response = download(pieces_of(path.open("rb")), f"{found.name}-{path.name}", mime)
    response["Content-Length"] = str(path.stat().st_size)
    return response


def _published(name: str) -> Draw:
    return get_object_or_404(Draw.objects.select_related("plan"), name=name, published_at__isnull=False)

"""What anyone may open, without signing in: a draw's public page, its file, and the verifier."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mingcha.lists.export import download, pieces_of

from .cautions import of_parties
from .models import Draw
from .proof import ceremony, countersigned, in_words, public_head, public_path, replacements_path

VERIFIER = Path(__file__).resolve().parents[4] / "verifier" / "verify_draw.py"
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
    return download(request, pieces_of(VERIFIER.open("rb")), VERIFIER.name, "text/x-python; charset=utf-8")


def public_url(request: HttpRequest, found: Draw) -> str:
    return request.build_absolute_uri(reverse("supervision:public-draw", args=[found.name]))


def qr_path(text: str) -> dict[str, object]:
    """A QR code of `text` as one SVG path: {"d", "size"} in modules, with a quiet zone of two around it."""
    import segno

    rows = [bytes(row) for row in segno.make(text, error="m").matrix]
    runs = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            width = 0
            while x + width < len(row) and row[x + width]:
                width += 1
            if width:
                runs.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width + 1
    return {"d": "".join(runs), "box": f"-2 -2 {len(rows) + 4} {len(rows) + 4}", "side": len(rows) + 4}


def _file(request: HttpRequest, found: Draw, path: Path | None) -> HttpResponse:
    if path is None:
        raise Http404
    mime = "application/gzip" if path.suffix == ".gz" else "application/json"
    response = download(request, pieces_of(path.open("rb")), f"{found.name}-{path.name}", mime)
    response["Content-Length"] = str(path.stat().st_size)
    return response


def _published(name: str) -> Draw:
    return get_object_or_404(Draw.objects.select_related("plan"), name=name, published_at__isnull=False)

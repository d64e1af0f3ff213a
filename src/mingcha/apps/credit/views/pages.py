"""What several pages of the room share: documents to print, files to download, the story, a problem in a form."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from mingcha.apps.accounts.permissions import every_member
from mingcha.problems import Problem

from ..documents import Document
from ..models import Interview, Listing, Paper
from ..selectors import papers_visible
from ..services.papers import place_of
from ..words import EVENTS


def document_page(request: HttpRequest, document: Document, of: Listing | Interview) -> HttpResponse:
    return render(request, "credit/document.html", {"document": document, "of": of})


def story(of: Listing | Interview) -> list[dict[str, Any]]:
    """What happened to it, the latest first."""
    return [
        {"event": event, "label": EVENTS[event.what][0], "icon": EVENTS[event.what][1]}
        for event in of.events.select_related("user").order_by("-id")
    ]


@every_member
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """A file as it was handed in, to whoever may see what it belongs to; its bytes are checked against its digest."""
    found: Paper = get_object_or_404(papers_visible(request.user), pk=pk)
    place = place_of(found.sha256)
    content = b""
    if default_storage.exists(place):
        with default_storage.open(place) as file:
            content = file.read()
    if hashlib.sha256(content).hexdigest() != found.sha256:
        raise Problem(
            zh="文件缺失或已被改动：与登记时的校验值不符。",
            en="The file is missing or was changed: its digest isn't the one on record.",
            where=f"{found.name} sha256:{found.sha256}",
            todo_zh="请从备份恢复。",
            todo_en="Restore it from a backup.",
        )
    response = HttpResponse(content, content_type=found.mime)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    response["Cache-Control"] = "private, no-store"
    return response

"""A list handed in as a file: looked at, shown with what is wrong, taken in when the user says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from mingcha.desk.forms import say
from mingcha.problems import Problem

from ..forms.registers import SheetForm
from ..kept_files import forget, keep, kept

WRONG_SHOWN, ROWS_SHOWN = 200, 12


@dataclass(frozen=True)
class Importing:
    """`read(path)`: anything with `listed`. `change(read)`: counts for the preview. `take(read, path)`: takes it in and
    gives the page to go to. `rows(read)`: the first rows, as shown under `heads`."""

    read: Callable[[Path], Any]
    change: Callable[[Any], list[tuple[Any, int]]]
    take: Callable[[Any, Path], str]
    rows: Callable[[Any], list[list[Any]]]
    heads: list[Any]


def import_response(request: HttpRequest, importing: Importing, **context: Any) -> HttpResponse:
    """The form; after an upload the preview; after the user's word the page that it leads to."""
    form = SheetForm(request.POST or None, request.FILES or None) if "word" not in request.POST else SheetForm()
    word = request.POST.get("word", "")
    try:
        if word:
            with kept(word, request.user) as path:
                to = importing.take(importing.read(path), path)
            forget(word)
            return redirect(to)
        if request.method == "POST" and form.is_valid():
            word = keep(form.cleaned_data["file"][0], request.user)
            with kept(word, request.user) as path:
                read = importing.read(path)
                context |= _preview(importing, read) | {"word": word, "name": path.name}
    except Problem as problem:
        forget(word)
        form = SheetForm({}, {})
        form.errors.clear()
        say(form, problem)
    status = 400 if form.is_bound and form.errors and "word" not in context else 200
    return render(request, "supervision/import.html", context | {"form": form}, status=status)


def _preview(importing: Importing, read: Any) -> dict[str, Any]:
    rows = importing.rows(read)
    counts = importing.change(read)
    return {
        "preview": True,
        "listed": read.listed,
        "counts": counts,
        "takes": sum(count for _label, count in counts[:2]) > 0,
        "wrong": read.listed.wrong[:WRONG_SHOWN],
        "wrong_rows": len({one.row for one in read.listed.wrong}),
        "wrong_more": max(0, len(read.listed.wrong) - WRONG_SHOWN),
        "heads": importing.heads,
        "rows": rows[:ROWS_SHOWN],
        "rows_all": len(rows),
    }

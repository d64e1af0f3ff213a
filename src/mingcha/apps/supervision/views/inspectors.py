"""The register of inspectors, and the directories that are drawn from."""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mingcha.apps.accounts.permissions import may, require, visible
from mingcha.desk.forms import say
from mingcha.lists.export import export
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from ..conditions import read_inspector_condition
from ..forms.registers import ConflictForm, InspectorDirectoryForm, InspectorForm
from ..models import Inspector, InspectorDirectory
from ..register_words import changes_of, inspector_condition_words
from ..samples import sample_rows
from ..selectors.directories import (
    certify,
    inspector_directories_visible,
    inspector_directory_people,
    loads_left,
    with_standing,
)
from ..services import directories as services
from ..tables.registers import INSPECTOR_DIRECTORIES, INSPECTORS
from .importing import Importing, import_response

EDIT, DECLARE = "supervision.inspector.edit", "supervision.inspector.declare"
PEOPLE_SHOWN = 200


def _seen(request: HttpRequest, action: str = "supervision.inspector.view"):
    return visible(Inspector.objects.select_related("unit", "account"), request.user, action)


@require("supervision.inspector.view")
def inspectors(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        INSPECTORS,
        with_standing(_seen(request)),
        template="supervision/inspectors/list.html",
        export_action="supervision.inspector.export",
        may_edit=may(request.user, EDIT),
        today=timezone.localdate(),
        tab="inspectors",
    )


@require("supervision.inspector.view")
def inspector(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_seen(request), pk=pk)
    certify([found])
    today = timezone.localdate()
    context = {
        "inspector": found,
        "today": today,
        "left": loads_left([found], today)[found.number],
        "conflicts": found.conflicts.select_related("entity", "declared_by"),
        "changes": changes_of(found),
        "form": ConflictForm(),
        "may_edit": may(request.user, EDIT),
        "may_declare": _seen(request, DECLARE).filter(pk=pk).exists(),
    }
    return render(request, "supervision/inspectors/one.html", context)


@require(EDIT)
def edit(request: HttpRequest, pk: int = 0) -> HttpResponse:
    found = get_object_or_404(_seen(request, EDIT), pk=pk) if pk else None
    initial = InspectorForm.initial_of(found) if found else None
    form = InspectorForm(request.POST or None, initial=initial, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.inspector_save(inspector=found, user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The register is kept."))
            return redirect("supervision:inspector", made.pk)
    context = {"form": form, "inspector": found, "tab": "inspectors"}
    return render(request, "supervision/inspectors/edit.html", context, status=400 if form.errors else 200)


@require(EDIT)
def import_people(request: HttpRequest) -> HttpResponse:
    def take(read, path: Path) -> str:
        entered = services.inspectors_import(read=read, user=request.user, source=path.name)
        said = _("%(new)d people are new, %(changed)d changed, %(same)d as before.")
        numbers = {"new": len(entered.new), "changed": len(entered.changed), "same": len(entered.same)}
        messages.success(request, said % numbers)
        return reverse("supervision:inspectors")

    def counts(read) -> list[tuple[str, int]]:
        entered = services.inspectors_change(read)
        said = [(_("new"), len(entered.new)), (_("changed"), len(entered.changed))]
        return [*said, (_("as before"), len(entered.same))]

    importing = Importing(
        lambda path: services.inspectors_read(path, request.user),
        counts,
        take,
        lambda read: [
            [p["number"], p["name"], p["department"], "、".join(p["areas"]), "、".join(p["skills"]), p["certified_to"]]
            for p in read.people
        ],
        [_("Number"), _("Name"), _("Department"), _("Areas"), _("Scopes"), _("Certified until")],
    )
    return import_response(
        request,
        importing,
        title=_("Import inspectors"),
        back=reverse("supervision:inspectors"),
        back_name=_("Inspectors"),
        sample=reverse("supervision:inspector-sample"),
        tab="inspectors",
    )


@require("supervision.inspector.view")
def sample(request: HttpRequest) -> HttpResponse:
    """A register to fill in."""
    head, *rows = sample_rows("inspectors")
    return export(kind="xlsx", name="sample-inspectors", head=head, rows=rows, count=len(rows))


@require_POST
@require(DECLARE)
def declare(request: HttpRequest, pk: int) -> HttpResponse:
    """A firm that the inspector stays away from: said by himself, or by his unit."""
    found = get_object_or_404(_seen(request, DECLARE), pk=pk)
    form = ConflictForm(request.POST)
    if form.is_valid():
        services.conflict_declare(inspector=found, user=request.user, **form.cleaned_data)
        messages.success(request, _("Noted. No draw sends this inspector there."))
    else:
        messages.error(request, _("Give the firm's unified social credit code, and the reason."))
    return redirect("supervision:inspector", found.pk)


@require_POST
@require(EDIT)
def conflict_end(request: HttpRequest, pk: int, conflict: int) -> HttpResponse:
    found = get_object_or_404(_seen(request, EDIT), pk=pk)
    services.conflict_end(conflict=get_object_or_404(found.conflicts, pk=conflict), user=request.user)
    messages.success(request, _("The conflict of interest is ended."))
    return redirect("supervision:inspector", found.pk)


@require("supervision.directory.view")
def inspector_directories(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        INSPECTOR_DIRECTORIES,
        inspector_directories_visible(request.user),
        template="supervision/inspectors/directories.html",
        export_action="supervision.directory.export",
        may_edit=may(request.user, EDIT),
        tab="teams",
    )


@require("supervision.directory.view")
def inspector_directory(request: HttpRequest, pk: int) -> HttpResponse:
    found = _directory(request, pk)
    today = timezone.localdate()
    people = inspector_directory_people(found)
    context = {
        "directory": found,
        "words": inspector_condition_words(read_inspector_condition(found.condition)),
        "people": people[:PEOPLE_SHOWN],
        "count": len(people),
        "certified": sum(bool(one.certified_to and one.certified_to >= today) for one in people),
        "left": loads_left(people, today),
        "today": today,
        "changes": changes_of(found),
        "may_edit": may(request.user, EDIT),
        "may_names": may(request.user, "supervision.inspector.export"),
    }
    return render(request, "supervision/inspectors/directory.html", context)


@require(EDIT)
def directory_edit(request: HttpRequest, pk: int = 0) -> HttpResponse:
    found = _directory(request, pk) if pk else None
    initial = InspectorDirectoryForm.initial_of(found) if found else None
    form = InspectorDirectoryForm(request.POST or None, initial=initial, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.directory_save(
                name=form.cleaned_data["name"],
                note=form.cleaned_data["note"],
                condition=form.condition,
                directory=found,
                user=request.user,
            )
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The directory is kept. Who is in it is worked out whenever it is used."))
            return redirect("supervision:inspector-directory", made.pk)
    context = {"form": form, "directory": found, "tab": "teams"}
    return render(request, "supervision/inspectors/directory_edit.html", context, status=400 if form.errors else 200)


def _directory(request: HttpRequest, pk: int) -> InspectorDirectory:
    return get_object_or_404(inspector_directories_visible(request.user), pk=pk)

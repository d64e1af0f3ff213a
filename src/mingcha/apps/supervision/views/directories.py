"""Object directories: the list, one directory with who is in it now, the form that builds its condition."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mingcha.apps.accounts.permissions import in_jurisdiction, may, require
from mingcha.apps.entities.tables import ENTITIES
from mingcha.desk.forms import say
from mingcha.lists.export import export
from mingcha.lists.views import ON_EXPORT, list_response
from mingcha.problems import Problem

from ..conditions import read_condition
from ..forms.registers import DirectoryForm, MembersForm
from ..models import ObjectDirectory
from ..register_choices import MemberKind
from ..register_words import changes_of, condition_words
from ..selectors.directories import condition_entities, directories_visible, directory_entities, look
from ..services import directories as services
from ..tables.registers import DIRECTORIES

EDIT = "supervision.directory.edit"
MEMBERS_SHOWN = 50


@require("supervision.directory.view")
def directories(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        DIRECTORIES,
        directories_visible(request.user),
        template="supervision/directories/list.html",
        export_action="supervision.directory.export",
        may_edit=may(request.user, EDIT),
        tab="objects",
    )


@require("supervision.directory.view")
def directory(request: HttpRequest, pk: int) -> HttpResponse:
    found = _directory(request, pk)
    members = found.members.select_related("entity", "added_by").order_by("kind", "-id")
    context = {
        "directory": found,
        "words": condition_words(read_condition(found.condition)),
        "members": members[:MEMBERS_SHOWN],
        "member_count": members.count(),
        "changes": changes_of(found),
        "entries": found.year_entries.filter(dropped=False).select_related("plan"),
        "form": MembersForm(),
        "may_edit": may(request.user, EDIT),
        "may_export": may(request.user, "supervision.directory.export"),
    }
    return render(request, "supervision/directories/one.html", context)


@require("supervision.directory.view")
def who(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is in the directory now: a part of its page, since it may take a second."""
    rows = directory_entities(_directory(request, pk)).select_related("risk")
    return render(request, "supervision/directories/look.html", {"look": look(rows)})


@require("supervision.directory.export")
def export_who(request: HttpRequest, pk: int) -> HttpResponse:
    """Everyone who is in the directory now, as a file; it is on the record."""
    found = _directory(request, pk)
    kind = "xlsx" if request.GET.get("as") == "xlsx" else "csv"
    for hook in ON_EXPORT:
        hook(request, "supervision.directory.export", {"kind": kind, "directory": found.name})
    columns = [ENTITIES.column(name) for name in ("key", "name", "industry", "district", "address", "status")]
    rows = directory_entities(found).order_by("key")
    return export(
        kind=kind,
        name=found.name,
        head=[str(column.label) for column in columns],
        rows=([column.value(row) for column in columns] for row in rows.iterator(chunk_size=2000)),
        count=rows.count() if kind == "xlsx" else 0,
    )


@require(EDIT)
def try_condition(request: HttpRequest) -> HttpResponse:
    """How many a condition fits, and the first few, while the form is filled in."""
    form = DirectoryForm(request.GET, user=request.user)
    form.is_valid()
    rows = condition_entities(form.condition).filter(in_jurisdiction(request.user)).select_related("risk")
    return render(request, "supervision/directories/look.html", {"look": look(rows), "by_hand": form.condition.by_hand})


@require(EDIT)
def edit(request: HttpRequest, pk: int = 0) -> HttpResponse:
    found = _directory(request, pk) if pk else None
    form = DirectoryForm(
        request.POST or None, initial=DirectoryForm.initial_of(found) if found else None, user=request.user
    )
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
            return redirect("supervision:directory", made.pk)
    context = {"form": form, "directory": found, "tab": "objects"}
    return render(request, "supervision/directories/edit.html", context, status=400 if form.errors else 200)


@require_POST
@require(EDIT)
def put_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a directory out of use, or into use again."""
    found = _directory(request, pk)
    services.directory_save(
        name=found.name,
        note=found.note,
        condition=read_condition(found.condition),
        directory=found,
        active=not found.active,
        user=request.user,
    )
    return redirect("supervision:directory", found.pk)


@require_POST
@require(EDIT)
def list_by_hand(request: HttpRequest, pk: int) -> HttpResponse:
    found = _directory(request, pk)
    form = MembersForm(request.POST)
    kind = MemberKind.EXCLUDED if request.POST.get("kind") == MemberKind.EXCLUDED else MemberKind.INCLUDED
    if form.is_valid():
        count = services.directory_list(
            directory=found,
            keys=form.cleaned_data["keys"].replace("，", ",").replace("；", ",").replace(",", "\n").split(),
            kind=kind,
            reason=form.cleaned_data["reason"],
            user=request.user,
        )
        messages.success(request, _("%(n)d entities are noted.") % {"n": count})
    else:
        messages.error(request, _("Give one unified social credit code a line."))
    return redirect("supervision:directory", found.pk)


@require_POST
@require(EDIT)
def unlist(request: HttpRequest, pk: int, member: int) -> HttpResponse:
    found = _directory(request, pk)
    services.directory_unlist(member=get_object_or_404(found.members, pk=member), user=request.user)
    messages.success(request, _("It is off the list: the condition decides again."))
    return redirect("supervision:directory", found.pk)


def _directory(request: HttpRequest, pk: int) -> ObjectDirectory:
    return get_object_or_404(directories_visible(request.user), pk=pk)

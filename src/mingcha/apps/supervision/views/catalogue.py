"""Catalogues of inspection items: the list, one version with its items, drafts and their import."""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mingcha.apps.accounts.permissions import may, require
from mingcha.desk.forms import say
from mingcha.lists.export import export
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from ..catalogue_rows import read_items
from ..forms.registers import CatalogueForm, ItemForm
from ..models import Catalogue
from ..register_choices import CatalogueState
from ..register_words import changes_of
from ..samples import sample_rows
from ..selectors.catalogue import CONTENT, catalogue_change, catalogues_visible
from ..services import catalogue as services
from ..tables.registers import CATALOGUES, ITEMS, methods_of
from .importing import Importing, import_response

EDIT, PUBLISH = "supervision.catalogue.edit", "supervision.catalogue.publish"


@require("supervision.catalogue.view")
def catalogues(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        CATALOGUES,
        catalogues_visible(request.user),
        template="supervision/catalogue/list.html",
        export_action="supervision.catalogue.export",
        may_edit=may(request.user, EDIT),
        tab="catalogue",
    )


@require("supervision.catalogue.view")
def catalogue(request: HttpRequest, number: str) -> HttpResponse:
    found = _catalogue(request, number)
    own = _own(request, found)
    return list_response(
        request,
        ITEMS,
        found.items.select_related("catalogue"),
        template="supervision/catalogue/one.html",
        export_action="supervision.catalogue.export",
        catalogue=found,
        changes=changes_of(found),
        size=found.items.count(),
        in_force=_in_force(found) if found.state == CatalogueState.SUPERSEDED else None,
        may={
            "edit": own and may(request.user, EDIT) and found.state == CatalogueState.DRAFT,
            "publish": own and may(request.user, PUBLISH) and found.state == CatalogueState.DRAFT,
            "revise": may(request.user, EDIT) and found.state != CatalogueState.DRAFT,
        },
    )


@require("supervision.catalogue.view")
def item(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    found = _catalogue(request, number)
    one = get_object_or_404(found.items, pk=pk)
    editable = found.state == CatalogueState.DRAFT and _own(request, found) and may(request.user, EDIT)
    context = {"catalogue": found, "item": one, "editable": editable, "methods": methods_of(one)}
    context |= {"entries": one.year_entries.select_related("plan"), "changes": changes_of(one)}
    return render(request, "supervision/catalogue/item.html", context)


@require(EDIT)
def create(request: HttpRequest) -> HttpResponse:
    form = CatalogueForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.catalogue_create(user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The draft is made. Import a list into it, or write items."))
            return redirect("supervision:catalogue", made.number)
    context = {"form": form, "tab": "catalogue"}
    return render(request, "supervision/catalogue/create.html", context, status=400 if form.errors else 200)


@require_POST
@require(EDIT)
def revise(request: HttpRequest, number: str) -> HttpResponse:
    found = _catalogue(request, number)
    made = services.catalogue_create(
        year=found.year, title=found.title, unit=request.user.unit, user=request.user, copy_of=found
    )
    messages.success(request, _("A new version is drawn up. The published one holds until this one is published."))
    return redirect("supervision:catalogue", made.number)


@require(EDIT)
def import_items(request: HttpRequest, number: str) -> HttpResponse:
    found = _draft(request, number)

    def take(read, path: Path) -> str:
        change = services.catalogue_import(
            catalogue=found,
            items=read.items,
            user=request.user,
            source=path.name,
            drop_gone="drop_gone" in request.POST,
        )
        said = _("%(new)d items are new, %(changed)d changed, %(same)d as before.")
        numbers = {"new": len(change.new), "changed": len(change.changed), "same": len(change.same)}
        messages.success(request, said % numbers)
        return reverse("supervision:catalogue", args=[found.number])

    def counts(read) -> list[tuple[str, int]]:
        change = catalogue_change(found, read.items)
        said = [(_("new"), len(change.new)), (_("changed"), len(change.changed)), (_("as before"), len(change.same))]
        return [*said, (_("not in the file"), len(change.gone))]

    importing = Importing(
        read_items,
        counts,
        take,
        lambda read: [
            [one["category"], one["name"], one["objects_text"], one["ratio_text"], one["basis"]] for one in read.items
        ],
        [_("Category"), _("Item"), _("Objects"), _("Ratio"), _("Legal basis")],
    )
    return import_response(
        request,
        importing,
        title=_("Import items"),
        back=reverse("supervision:catalogue", args=[found.number]),
        back_name=found.title,
        sample=reverse("supervision:catalogue-sample"),
        drops=True,
        tab="catalogue",
    )


@require("supervision.catalogue.view")
def sample(request: HttpRequest) -> HttpResponse:
    """The list that ships, as a file to fill in."""
    head, *rows = sample_rows("catalogue")
    return export(kind="xlsx", name="sample-catalogue", head=head, rows=rows, count=len(rows))


@require(EDIT)
def item_edit(request: HttpRequest, number: str, pk: int = 0) -> HttpResponse:
    found = _draft(request, number)
    one = get_object_or_404(found.items, pk=pk) if pk else None
    initial = {name: getattr(one, name) for name in ("code", *CONTENT)} if one else None
    form = ItemForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.item_save(catalogue=found, item=one, user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The item is in the draft."))
            return redirect("supervision:item", found.number, made.pk)
    context = {"form": form, "catalogue": found, "item": one}
    return render(request, "supervision/catalogue/item_edit.html", context, status=400 if form.errors else 200)


@require_POST
@require(EDIT)
def item_delete(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    found = _draft(request, number)
    services.item_delete(item=get_object_or_404(found.items, pk=pk), user=request.user)
    messages.success(request, _("The item is taken out of the draft."))
    return redirect("supervision:catalogue", found.number)


@require_POST
@require(PUBLISH)
def publish(request: HttpRequest, number: str) -> HttpResponse:
    found = _own_or_404(request, number)
    services.catalogue_publish(catalogue=found, user=request.user)
    messages.success(request, _("The catalogue is published. Anyone can read it."))
    return redirect("supervision:catalogue", found.number)


@require_POST
@require(EDIT)
def discard(request: HttpRequest, number: str) -> HttpResponse:
    services.catalogue_discard(catalogue=_draft(request, number), user=request.user)
    messages.success(request, _("The draft is given up."))
    return redirect("supervision:catalogues")


def _catalogue(request: HttpRequest, number: str) -> Catalogue:
    return get_object_or_404(catalogues_visible(request.user), number=number)


def _own(request: HttpRequest, found: Catalogue) -> bool:
    """Whether it is of the user's own jurisdiction, not of a unit above."""
    return bool(request.user.unit and found.division.startswith(request.user.unit.division))


def _own_or_404(request: HttpRequest, number: str) -> Catalogue:
    found = _catalogue(request, number)
    if not _own(request, found):
        raise Http404
    return found


def _draft(request: HttpRequest, number: str) -> Catalogue:
    found = _own_or_404(request, number)
    if found.state != CatalogueState.DRAFT:
        raise Http404
    return found


def _in_force(found: Catalogue) -> Catalogue | None:
    return Catalogue.objects.filter(unit=found.unit, state=CatalogueState.PUBLISHED).first()

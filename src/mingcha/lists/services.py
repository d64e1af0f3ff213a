"""Writes: a list's view is saved, shared, renamed, moved, made the one it opens with, deleted."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from mingcha.problems import Problem

from .hooks import ON_CHANGE
from .models import Opening, SavedView

MOST = 20  # views of one list that a person may save
SHARE = "lists.view.share"


@transaction.atomic
def view_save(
    *, listing: str, name: str, query: str, user: Any, shared: bool = False, opens: bool = False
) -> SavedView:
    """Save a new view of the list named `listing`; `query` is its address' query. Problem where the name is taken."""
    own = SavedView.objects.filter(listing=listing, user=user)
    if own.count() >= MOST:
        raise Problem(
            zh=f"一个列表最多存 {MOST} 个视图。",
            en=f"A list holds {MOST} saved views of a person at most.",
            todo_zh="请先删除不用的视图。",
            todo_en="Delete one that isn't used.",
        )
    last = own.order_by("-position").values_list("position", flat=True).first()
    view = SavedView(listing=listing, user=user, query=_bounded(query), position=0 if last is None else last + 1)
    view.unit = _unit(user) if shared else None
    _named(view, name)
    _tell(user, "lists.view.save", view, None)
    if opens:
        view_open_with(view=view, user=user, opens=True)
    return view


@transaction.atomic
def view_change(
    *, view: SavedView, user: Any, name: str | None = None, query: str | None = None, shared: bool | None = None
) -> SavedView:
    """Rename one's own view, give it what the list shows now, share it or stop sharing."""
    before = _facts(view)
    if query is not None:
        view.query = _bounded(query)
    if shared is not None and shared != (view.unit_id is not None):
        view.unit = _unit(user) if shared else None
        if not shared:  # nobody opens a list with what he no longer sees
            Opening.objects.filter(view=view).exclude(user=user).delete()
    _named(view, view.name if name is None else name)
    _tell(user, "lists.view.change", view, before)
    return view


@transaction.atomic
def view_delete(*, view: SavedView, user: Any) -> None:
    before = _facts(view)
    for hook in ON_CHANGE:
        hook(user, "lists.view.delete", view, before, None)
    view.delete()


@transaction.atomic
def view_move(*, view: SavedView, user: Any, step: int) -> None:
    """Move one's own view among one's own by `step` places: -1 to the left, 1 to the right."""
    views = list(SavedView.objects.select_for_update().filter(listing=view.listing, user=user))
    at = next(i for i, v in enumerate(views) if v.pk == view.pk)
    to = min(max(at + step, 0), len(views) - 1)
    views.insert(to, views.pop(at))
    for position, each in enumerate(views):
        each.position = position
    SavedView.objects.bulk_update(views, ["position"])


@transaction.atomic
def view_open_with(*, view: SavedView, user: Any, opens: bool) -> None:
    """Make `view` the one that the list opens with for `user`, or no longer."""
    if opens:
        Opening.objects.update_or_create(user=user, listing=view.listing, defaults={"view": view})
    else:
        Opening.objects.filter(user=user, listing=view.listing, view=view).delete()


def _unit(user: Any) -> Any:
    if not user.unit_id or not user.may(SHARE):
        raise Problem(
            zh="您不能把视图共享给单位。",
            en="You may not share a view with the unit.",
            todo_zh="请由有权限的人员共享，或只为自己保存。",
            todo_en="Ask someone who may, or save it for yourself.",
        )
    return user.unit


def _named(view: SavedView, name: str) -> None:
    view.name = " ".join(name.split())[:40]
    if not view.name:
        raise Problem(
            zh="视图没有名称。", en="The view has no name.", todo_zh="请填写名称。", todo_en="Give it a name."
        )
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise Problem(
            zh=f"您已有名为“{view.name}”的视图。",
            en=f"You have a view named “{view.name}” already.",
            todo_zh="请换一个名称，或更新原来的视图。",
            todo_en="Choose another name, or update that view.",
        ) from None


def _bounded(query: str) -> str:
    if len(query) > 2000:
        raise Problem(
            zh="筛选条件太多，存不下。",
            en="There are too many filters to save.",
            todo_zh="请减少所选的值。",
            todo_en="Choose fewer values.",
        )
    return query


def _facts(view: SavedView) -> dict[str, Any]:
    return {"list": view.listing, "name": view.name, "query": view.query, "unit": view.unit_id}


def _tell(user: Any, action: str, view: SavedView, before: dict[str, Any] | None) -> None:
    for hook in ON_CHANGE:
        hook(user, action, view, before, _facts(view))

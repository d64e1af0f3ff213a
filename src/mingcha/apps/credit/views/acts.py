"""An act of the desk: one dialog, one right, one POST, one service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from mingcha.apps.accounts.acts import acts_on
from mingcha.apps.accounts.permissions import may
from mingcha.desk.forms import checked


@dataclass(frozen=True)
class Act:
    """`name`: of its address. `law`: it binds in law, its button is vermilion. `when`: whether it is possible now; the
    service asks again. `form`: made for the object that it is about."""

    name: str
    right: str
    label: Any
    icon: str
    question: Any
    effect: Any
    done: Any
    do: Callable[[Any, dict[str, Any], Any], Any]
    when: Callable[[Any], bool]
    form: Callable[..., forms.Form] | None = None
    law: bool = False


def view_of(act: Act, found: Callable[[Any, str], QuerySet]) -> Callable[..., HttpResponse]:
    """The view behind the act's address: right and jurisdiction, then the form, then the service."""

    def find(request: HttpRequest, right: str, pk: int) -> Any:
        return get_object_or_404(found(request.user, right), pk=pk)

    @acts_on(find, lambda of: of.get_absolute_url(), by="pk")(act.right)
    def view(request: HttpRequest, of: Any) -> str:
        given = checked(_form(act, of, request.POST, request.FILES)) if act.form else {}
        act.do(of, given, request.user)
        return str(act.done)

    return view


def offered(acts: tuple[Act, ...], of: Any, user: Any, namespace: str) -> list[dict[str, Any]]:
    """What `user` may do to `of` now, as the page draws it."""
    return [
        {
            "id": f"ask-{act.name}",
            "act": act,
            "url": reverse(f"{namespace}-{act.name}", args=[of.pk]),
            "form": _form(act, of) if act.form else None,
        }
        for act in acts
        if act.when(of) and may(user, act.right)
    ]


def _form(act: Act, of: Any, *given: Any) -> forms.Form:
    assert act.form
    kinds = {"kind": of.kind} if getattr(act.form, "by_kind", False) else {}
    return act.form(*given, auto_id=f"{act.name}_%s", **kinds)

"""The one shape of an act on an object: a right, a POST, a service, and back to the object's page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from .permissions import require

Found = TypeVar("Found")


def acts_on(
    find: Callable[[HttpRequest, str, Any], Found], page: Callable[[Found], str], *, by: str = "number"
) -> Callable[[str], Callable[[Callable[..., Any]], Callable[..., HttpResponse]]]:
    """`@act(action)` for the acts on one kind of object, with `act = acts_on(find, page)`.

    `find(request, action, key)`: the object, Http404 where the user has none of that key to do the action to. `page`:
    its address. `by`: the name that the key has in the act's address; what else the address holds the act gets by name.
    The act does its work and returns what the user is told. A GET does nothing: that is the browser's way back, or a
    sign-in that came between, and leads to the object's page.
    """

    def on(action: str) -> Callable[[Callable[..., Any]], Callable[..., HttpResponse]]:
        def decorate(act: Callable[..., Any]) -> Callable[..., HttpResponse]:
            @require(action)
            @require_http_methods(["GET", "HEAD", "POST"])
            @wraps(act)
            def view(request: HttpRequest, **address: Any) -> HttpResponse:
                found = find(request, action, address.pop(by))
                if request.method == "POST":
                    messages.success(request, act(request, found, **address))
                return redirect(page(found))

            return view

        return decorate

    return on

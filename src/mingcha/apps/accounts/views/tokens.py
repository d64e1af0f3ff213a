"""One's own tokens of the API, and for an administrator those of his people: make, see, revoke."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from mingcha.desk.forms import say
from mingcha.problems import Problem

from ..forms import TokenForm
from ..permissions import require
from ..services import token_create, token_revoke
from ..tokens import standing, tokens_visible
from .me import confirmed


@never_cache
@require("accounts.token.manage")
@confirmed
def tokens(request: HttpRequest) -> HttpResponse:
    """The list, and a form for another; the text of one that was just made stands on the page this once."""
    form, made = TokenForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            made = token_create(owner=request.user, user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            form = TokenForm()
    rows = [(one, standing(one)) for one in tokens_visible(request.user)]
    context = {"form": form, "rows": rows, "made": made}
    return render(request, "accounts/tokens.html", context, status=400 if form.errors else 200)


@require_POST
@require("accounts.token.manage")
def revoke(request: HttpRequest, token: int) -> HttpResponse:
    found = get_object_or_404(tokens_visible(request.user), pk=token)
    token_revoke(token=found, user=request.user)
    messages.success(request, _("The token “%(name)s” is revoked.") % {"name": found.name})
    return redirect("accounts:tokens")

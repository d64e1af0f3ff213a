"""The matrix of rights, in plain words, for those who must agree with it."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mingcha.lists.export import export

from ..choices import Role
from ..permissions import marks, require
from ..services import audit_record
from ..words import action_in_words


@require("accounts.rights.view")
def rights(request: HttpRequest) -> HttpResponse:
    roles = list(Role)
    rows = [(action, action_in_words(action), [marks()[action].get(r.value, "") for r in roles]) for action in marks()]
    if request.GET.get("as") == "csv":
        audit_record(user=request.user, action="accounts.rights.view", obj=request.user, after={"kind": "csv"})
        head = [_("Action"), _("In words"), *(str(r.label) for r in roles)]
        return export(kind="csv", name="rights", head=head, rows=[[a, w, *cells] for a, w, cells in rows])
    groups = [(action_in_words(app), list(found)) for app, found in groupby(rows, key=lambda row: row[0].split(".")[0])]
    context = {"roles": roles, "groups": groups, "own_role": request.user.role}
    return render(request, "accounts/rights.html", context)

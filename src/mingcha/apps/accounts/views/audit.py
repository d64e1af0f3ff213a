"""The audit trail: searched, read record by record, and taken away as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from mingcha.lists.views import list_response

from ..audit_trail import changes, trail_visible
from ..permissions import require
from ..tables import AUDIT
from ..words import action_in_words


@require("accounts.audit.view")
def audit(request: HttpRequest) -> HttpResponse:
    """All of it; `?object=type:id` (where other rooms' pages link to) leads to one object's."""
    kind, _colon, pk = request.GET.get("object", "").rpartition(":")
    if kind and pk:
        return redirect("accounts:audit-object", kind, pk)
    return _list(request, trail_visible(request.user))


@require("accounts.audit.view")
def audit_object(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    rows = trail_visible(request.user).filter(object_type=kind, object_id=key)
    return _list(request, rows, intro=_("Of the object %(object)s") % {"object": f"{kind}:{key}"})


@require("accounts.audit.view")
def audit_request(request: HttpRequest, key: str) -> HttpResponse:
    rows = trail_visible(request.user).filter(request=key)
    return _list(
        request, rows, intro=_("Of the request %(request)s: written together, or not at all") % {"request": key}
    )


@require("accounts.audit.view")
def audit_record_page(request: HttpRequest, pk: int) -> HttpResponse:
    visible = trail_visible(request.user)
    record = get_object_or_404(visible.select_related("user__unit"), pk=pk)
    context = {
        "record": record,
        "said": action_in_words(record.action),
        "changes": changes(record.before, record.after),
        "together": visible.filter(request=record.request).exclude(pk=pk).order_by("pk")[:50],
    }
    return render(request, "accounts/audit_record.html", context)


def _list(request: HttpRequest, rows, **context) -> HttpResponse:
    return list_response(
        request, AUDIT, rows, template="accounts/audit.html", export_action="accounts.audit.export", **context
    )

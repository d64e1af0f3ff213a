"""One's own notices: the bell, the list, opening one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from mingcha.apps.accounts.permissions import every_member
from mingcha.lists.views import list_response

from .selectors import notices_of
from .services import notices_read
from .tables import NOTICES


@every_member
def notices(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        NOTICES,
        notices_of(request.user),
        template="notices/notices.html",
    )


@require_GET
@every_member
def bell(request: HttpRequest) -> HttpResponse:
    """The bell, asked for again and again while the page is looked at."""
    return render(request, "notices/bell.html")


@every_member
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what a notice tells of. That it is then read is no act: nothing but the reader's own bell changes."""
    notice = get_object_or_404(notices_of(request.user), pk=pk)
    notices_read(notices=notices_of(request.user).filter(pk=notice.pk))
    ours = url_has_allowed_host_and_scheme(notice.url, None)
    return redirect(notice.url if notice.url and ours else "notices:list")


@require_POST
@every_member
def read_all(request: HttpRequest) -> HttpResponse:
    read = notices_read(notices=notices_of(request.user))
    messages.success(request, ngettext("%(n)d notice is read now.", "%(n)d notices are read now.", read) % {"n": read})
    return redirect("notices:list")

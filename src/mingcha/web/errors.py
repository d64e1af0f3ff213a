"""The page for a fault of ours: it must stand when nothing else does, so it asks for no user, database or language."""

from django.http import HttpRequest, HttpResponseServerError
from django.template import loader

from mingcha.apps.accounts.middleware import request_id


def server_error(request: HttpRequest) -> HttpResponseServerError:
    return HttpResponseServerError(loader.render_to_string("500.html", {"request_id": request_id.get()}))

"""The front door: each app's pages under its own name, public pages under /public/."""

from django.urls import include, path

urlpatterns = [
    path("", include("mingcha.web.urls")),
]

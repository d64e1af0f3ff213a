"""The front door: each app's pages under its own name, public pages under /public/."""

from django.urls import include, path

urlpatterns = [
    path("", include("mingcha.web.urls")),
    path("account/", include("mingcha.apps.accounts.urls")),
    path("entities/", include("mingcha.apps.entities.urls")),
    path("data/", include("mingcha.apps.exchange.urls")),
    path("risk/", include("mingcha.apps.risk.urls")),
    path("", include("mingcha.apps.supervision.urls")),
]

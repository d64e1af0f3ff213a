"""The front door: each app's pages under its own name, public pages under /public/."""

from django.urls import include, path

urlpatterns = [
    path("", include("mingcha.care.urls")),
    path("", include("mingcha.web.urls")),
    path("api/v1/", include("mingcha.api.urls")),
    path("account/", include("mingcha.apps.accounts.urls")),
    path("law/", include("mingcha.apps.law.urls")),
    path("notices/", include("mingcha.apps.notices.urls")),
    path("jobs/", include("mingcha.apps.jobs.urls")),
    path("entities/", include("mingcha.apps.entities.urls")),
    path("data/", include("mingcha.apps.exchange.urls")),
    path("leads/", include("mingcha.apps.leads.urls")),
    path("credit/", include("mingcha.apps.credit.urls")),
    path("public/", include("mingcha.apps.credit.public_urls")),
    path("risk/", include("mingcha.apps.risk.urls")),
    path("public/statements/", include("mingcha.apps.risk.public_urls")),
    path("", include("mingcha.apps.supervision.urls")),
]

handler500 = "mingcha.web.errors.server_error"

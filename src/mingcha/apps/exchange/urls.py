from django.urls import path

from . import views

app_name = "exchange"
urlpatterns = [
    path("", views.datasets, name="datasets"),
    path("quarantine/", views.quarantine, name="quarantine"),
    path("quarantine/<int:pk>/", views.quarantine_rows, name="quarantine-rows"),
    path("<str:name>/", views.dataset, name="dataset"),
]

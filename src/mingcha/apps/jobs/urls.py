from django.urls import path

from . import views

app_name = "jobs"
urlpatterns = [
    path("", views.jobs, name="list"),
    path("<int:pk>/", views.job, name="job"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/stop/", views.stop, name="stop"),
]

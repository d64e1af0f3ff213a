from django.urls import path

from . import views

app_name = "entities"
urlpatterns = [
    path("", views.entities, name="list"),
    path("<path:key>/", views.entity, name="detail"),
]

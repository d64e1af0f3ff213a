from django.urls import path

from . import views

app_name = "notices"
urlpatterns = [
    path("", views.notices, name="list"),
    path("bell/", views.bell, name="bell"),
    path("read/", views.read_all, name="read-all"),
    path("<int:pk>/", views.open_notice, name="open"),
]

from django.urls import path

from . import views

app_name = "risk"
urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/<str:number>/", views.model, name="model"),
    path("models/<str:number>/sign/", views.sign, name="sign"),
    path("appeals/answer/<path:key>/", views.appeal_answer, name="appeal-answer"),
    path("appeals/file/<path:key>/", views.appeal_file, name="appeal-file"),
    path("why/<path:key>/", views.why, name="why"),
]

from django.urls import path

from . import views

app_name = "leads"
urlpatterns = [
    path("", views.leads, name="leads"),
    path("new/", views.open_, name="open"),
    path("code/<str:token>/", views.by_code, name="by-code"),
    path("<str:number>/", views.lead, name="lead"),
    path("<str:number>/assign/", views.assign, name="assign"),
    path("<str:number>/note/", views.note, name="note"),
    path("<str:number>/decide/", views.decide, name="decide"),
]

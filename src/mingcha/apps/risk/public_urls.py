"""What anyone may open, without a session: whether a paper is ours."""

from django.urls import path

from .views import statements

urlpatterns = [path("<str:number>/<str:mark>/", statements.check, name="statement-check")]

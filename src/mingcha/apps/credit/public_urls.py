from django.urls import path

from .views import public

app_name = "credit_public"
urlpatterns = [
    path("listings/", public.listings, name="listings"),
    path("listings/<path:key>/", public.firm, name="firm"),
]

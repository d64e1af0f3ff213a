from django.urls import path

from .views import classes, interview_acts, interviews, listing_acts, listings, pages

app_name = "credit"
urlpatterns = [
    path("listings/", listings.listings, name="listings"),
    path("listings/propose/<str:kind>/<path:key>/", listings.propose, name="propose"),
    path("listings/<int:pk>/", listings.listing, name="listing"),
    path("listings/<int:pk>/document/<str:name>/", listings.document, name="listing-document"),
    path("listings/<int:pk>/removals/<int:removal>/document/", listings.removal_document, name="removal-document"),
    *(path(f"listings/<int:pk>/{name}/", view, name=f"listing-{name}") for name, view in listing_acts.VIEWS.items()),
    path("interviews/", interviews.interviews, name="interviews"),
    path("interviews/new/<path:key>/", interviews.draft, name="draft"),
    path("interviews/<int:pk>/", interviews.interview, name="interview"),
    path("interviews/<int:pk>/record/", interviews.hold, name="hold"),
    path("interviews/<int:pk>/document/<str:name>/", interviews.document, name="interview-document"),
    path("interviews/<int:pk>/undertakings/<int:undertaking>/", interviews.check, name="check"),
    *(
        path(f"interviews/<int:pk>/{name}/", view, name=f"interview-{name}")
        for name, view in interview_acts.VIEWS.items()
    ),
    path("classes/", classes.batches, name="classes"),
    path("classes/import/", classes.import_, name="import"),
    path("classes/<int:pk>/", classes.batch, name="batch"),
    path("papers/<int:pk>/", pages.paper, name="paper"),
]

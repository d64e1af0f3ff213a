from django.urls import path

from . import public, views

app_name = "supervision"
urlpatterns = [
    path("plans/", views.plans, name="plans"),
    path("plans/new/", views.create, name="create"),
    path("plans/<str:number>/", views.plan, name="plan"),
    path("plans/<str:number>/approve/", views.approve, name="approve"),
    path("plans/<str:number>/withdraw/", views.withdraw, name="withdraw"),
    path("plans/<str:number>/freeze/", views.freeze, name="freeze"),
    path("plans/<str:number>/void/", views.void, name="void"),
    path("plans/<str:number>/commitments/", views.commitments, name="commitments"),
    path("plans/<str:number>/draw/", views.draw, name="draw"),
    path("plans/<str:number>/publish/", views.publish, name="publish"),
    path("plans/<str:number>/audit.json", views.audit_file, name="audit-file"),
    path("plans/<str:number>/frame.csv", views.frame_file, name="frame-file"),
    path("plans/<str:number>/receipts/<path:unit>.json", views.receipt, name="receipt"),
    path("public/verify_draw.py", public.verifier, name="verifier"),
    path("public/draw/<str:name>/", public.draw, name="public-draw"),
    path("public/draw/<str:name>/public.json", public.public_file, name="public-file"),
    path("public/draw/<str:name>/replacements.json", public.replacements_file, name="replacements-file"),
]

from django.urls import path

from . import help, maps, search, views

app_name = "web"
urlpatterns = [
    path("", views.home, name="home"),
    path("home/counted/", views.counted, name="counted"),
    path("todos/", views.todos, name="todos"),
    path("search/", search.search, name="search"),
    path("help/", help.index, name="help"),
    path("help/panel/", help.panel, name="help-panel"),
    path("help/<str:app>/<str:name>/", help.page, name="help-page"),
    path("map/", maps.page, name="map"),
    path("map/regions.json", maps.regions, name="map-regions"),
    path("map/layers/<str:name>.json", maps.layer, name="map-layer"),
]

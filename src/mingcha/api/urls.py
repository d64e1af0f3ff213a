from .site import patterns

app_name = "api"
urlpatterns = patterns()

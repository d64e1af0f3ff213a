from django.urls import path, register_converter

from . import views


class DayConverter:
    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value):
        import datetime

        return datetime.date.fromisoformat(value)  # a ValueError is no match: 404

    def to_url(self, value):
        return value if isinstance(value, str) else value.isoformat()


register_converter(DayConverter, "day")

app_name = "law"
urlpatterns = [
    path("", views.rules, name="rules"),
    path("all/", views.rules_all, name="rules_all"),
    path("on/<day:on>/", views.rules, name="rules_on"),
    path("rules/<str:key>/", views.rule, name="rule"),
    path("rules/<str:key>/amend/", views.rule_amend, name="rule_amend"),
    path("calendar/", views.calendar, name="calendar"),
    path("calendar/<int:year>/", views.calendar, name="calendar_year"),
    path("calendar/<int:year>/import/", views.calendar_import, name="calendar_import"),
    path("calendar/day/<day:day>/", views.calendar_day, name="calendar_day"),
    path("clocks/", views.clocks, name="clocks"),
    path("clocks/mine/", views.clocks_mine, name="clocks_mine"),
    path("clocks/ended/", views.clocks_ended, name="clocks_ended"),
    path("clocks/<int:pk>/", views.clock, name="clock"),
    path("clocks/<int:pk>/pause/", views.clock_pause, name="clock_pause"),
    path("clocks/<int:pk>/resume/", views.clock_resume, name="clock_resume"),
    path("clocks/<int:pk>/extend/", views.clock_extend, name="clock_extend"),
]

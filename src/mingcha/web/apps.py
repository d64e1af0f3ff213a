from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "mingcha.web"
    label = "web"

    def ready(self):
        from mingcha.apps.law import hooks

        from . import clock_notices

        hooks.ON_WARN.append(clock_notices.soon_due)
        hooks.ON_LATE.append(clock_notices.late)

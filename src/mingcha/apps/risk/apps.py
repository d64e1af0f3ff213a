from django.apps import AppConfig


class RiskConfig(AppConfig):
    name = "mingcha.apps.risk"
    label = "risk"

    def ready(self):
        from .panels import register_panels

        register_panels()

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "mingcha.apps.leads"
    label = "leads"

    def ready(self):
        from .panels import register_panels

        register_panels()

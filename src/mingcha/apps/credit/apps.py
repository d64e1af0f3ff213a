from django.apps import AppConfig


class CreditConfig(AppConfig):
    name = "mingcha.apps.credit"
    label = "credit"

    def ready(self):
        from .panels import register_panels

        register_panels()

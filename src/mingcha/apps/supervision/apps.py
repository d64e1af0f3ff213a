from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "mingcha.apps.supervision"
    label = "supervision"

    def ready(self):
        from .panels import register_panels

        register_panels()

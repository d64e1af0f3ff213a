from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "mingcha.apps.supervision"
    label = "supervision"

    def ready(self):
        from mingcha.apps.risk import overrides

        from .panels import register_panels
        from .selectors import overrides_of_model

        register_panels()
        overrides.register(overrides_of_model)

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "mingcha.apps.supervision"
    label = "supervision"

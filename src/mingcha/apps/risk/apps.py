from django.apps import AppConfig


class RiskConfig(AppConfig):
    name = "mingcha.apps.risk"
    label = "risk"

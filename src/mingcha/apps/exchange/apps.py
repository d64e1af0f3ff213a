from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "mingcha.apps.exchange"
    label = "exchange"

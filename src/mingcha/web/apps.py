from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "mingcha.web"
    label = "web"

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "mingcha.desk"
    label = "desk"

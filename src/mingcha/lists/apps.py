from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "mingcha.lists"
    label = "lists"

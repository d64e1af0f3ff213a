from django.apps import AppConfig


class EntitiesConfig(AppConfig):
    name = "mingcha.apps.entities"
    label = "entities"

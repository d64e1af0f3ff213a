from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EntitiesConfig(AppConfig):
    name = "mingcha.apps.entities"
    label = "entities"

    def ready(self):
        from mingcha.apps.exchange.hooks import after_import

        from . import search

        after_import.append(_resolve)
        # after every migration, as SQLite drops a table's triggers where a migration remakes it
        post_migrate.connect(lambda using, **_: search.install(using), sender=self, weak=False)


def _resolve(datasets):
    from .services import entities_resolve

    entities_resolve(datasets=datasets)

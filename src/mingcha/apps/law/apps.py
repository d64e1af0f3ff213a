from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LawConfig(AppConfig):
    name = "mingcha.apps.law"
    label = "law"

    def ready(self):
        post_migrate.connect(_load, sender=self)


def _load(using, **kwargs):
    """The shipped rules come with the tables."""
    from django.db import connections

    from .models import Rule
    from .services import rules_load

    if Rule._meta.db_table in connections[using].introspection.table_names():  # not so when migrated back
        rules_load()

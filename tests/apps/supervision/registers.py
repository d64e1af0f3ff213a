"""What tests of catalogue, directories and years share: a catalogue in force, a directory, the desk of a user."""

from __future__ import annotations

from django.conf import settings

from mingcha.apps.supervision.catalogue_rows import read_items
from mingcha.apps.supervision.models import ObjectDirectory
from mingcha.apps.supervision.samples import sample_path
from mingcha.apps.supervision.services import catalogue as services


def published(user, unit=None):
    """The sample catalogue, published for `unit`."""
    made = services.catalogue_create(year=2026, title="清单", unit=unit or user.unit, user=user, sample=True)
    services.catalogue_import(catalogue=made, items=read_items(sample_path("catalogue")).items, user=user)
    return services.catalogue_publish(catalogue=made, user=user)


def directory(user, **condition):
    return ObjectDirectory.objects.create(
        name="、".join(map(str, condition.values())) or "全部",
        division=user.unit.division,
        condition=condition,
        created_by=user,
        changed_by=user,
    )


def desk(client, user, language="en"):
    """The test client as `user`, who sees `language`."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[1])
    return client

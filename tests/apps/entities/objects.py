"""How to make this room's objects for tests/web/test_guards.py."""

from mingcha.apps.entities.models import Entity


def entity(division: str) -> dict:
    made, _ = Entity.objects.get_or_create(key=f"P-{division}", defaults={"division": division, "name": "某店"})
    return {"key": made.key}


OBJECTS = {"entities:key": entity}

"""Writes: who is who, by machine over new batches and by people over single entities."""

from .decide import entity_merge, entity_split
from .resolve import Report, entities_resolve

__all__ = ["Report", "entities_resolve", "entity_merge", "entity_split"]

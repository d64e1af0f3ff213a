"""Reads: who is who, how to find one, its file, and the lake with its links."""

from .entities import conflicts_open, entities_search, entities_visible, entity_get
from .file import Cell, Disagreement, EntityFile, Record, SourceRows, Version, entity_file
from .links import lake_view, links_file

__all__ = [
    "Cell",
    "Disagreement",
    "EntityFile",
    "Record",
    "SourceRows",
    "Version",
    "conflicts_open",
    "entities_search",
    "entities_visible",
    "entity_file",
    "entity_get",
    "lake_view",
    "links_file",
]

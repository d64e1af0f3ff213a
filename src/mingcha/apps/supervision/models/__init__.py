from .catalogue import Catalogue, CatalogueItem
from .directories import (
    DirectoryMember,
    Inspector,
    InspectorConflict,
    InspectorDirectory,
    LastVisit,
    ObjectDirectory,
)
from .plans import Draw, Plan
from .tasks import Result, Task, TaskEvent
from .years import YearAdjustment, YearEntry, YearPlan

__all__ = [
    "Catalogue",
    "CatalogueItem",
    "DirectoryMember",
    "Draw",
    "Inspector",
    "InspectorConflict",
    "InspectorDirectory",
    "LastVisit",
    "ObjectDirectory",
    "Plan",
    "Result",
    "Task",
    "TaskEvent",
    "YearAdjustment",
    "YearEntry",
    "YearPlan",
]

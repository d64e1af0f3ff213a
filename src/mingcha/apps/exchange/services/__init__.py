"""Writes: deliveries into the lake, held-back rows tried again, files clustered, a dataset withdrawn."""

from .commit import ImportReport
from .intake import batch_import
from .replay import quarantine_export, quarantine_replay
from .upkeep import dataset_cluster, dataset_withdraw

__all__ = [
    "ImportReport",
    "batch_import",
    "dataset_cluster",
    "dataset_withdraw",
    "quarantine_export",
    "quarantine_replay",
]

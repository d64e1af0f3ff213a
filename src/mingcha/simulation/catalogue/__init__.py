"""The catalogue: what the hundred departments' datasets of 云汀市 hold. docs/simulation.md says which ones tell
something of the hidden truth."""

from . import flows, market, people, town
from .grammar import Dataset

CATALOGUE: tuple[Dataset, ...] = (*market.DATASETS, *people.DATASETS, *town.DATASETS, *flows.DATASETS)

"""What the worker does on its rounds for the rooms below, which don't know of it."""

from mingcha.apps.law.services import clocks_sweep
from mingcha.apps.notices.services import notices_prune

from .registry import every
from .services import jobs_prune

every("notices.prune", days=1)(notices_prune)
every("jobs.prune", days=1)(jobs_prune)
every("law.clocks.sweep", minutes=1)(clocks_sweep)

from .classes import ClassInForce, CreditBatch, CreditClass
from .events import CreditEvent
from .interviews import Interview, Undertaking
from .listings import Listing, Removal
from .papers import Letterhead, NumberSeries, Paper

__all__ = [
    "ClassInForce",
    "CreditBatch",
    "CreditClass",
    "CreditEvent",
    "Interview",
    "Letterhead",
    "Listing",
    "NumberSeries",
    "Paper",
    "Removal",
    "Undertaking",
]

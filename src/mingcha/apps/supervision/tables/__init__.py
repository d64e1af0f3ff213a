from .plans import PLANS
from .tasks import TASKS

__all__ = ["PLANS", "TASKS"]

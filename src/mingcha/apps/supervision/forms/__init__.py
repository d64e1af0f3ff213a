from .plans import DrawForm, FreezeForm, IssueForm, PlanForm, VoidForm, WithdrawForm
from .tasks import AssignForm, CorrectForm, NoticeForm, ReasonForm, RecheckForm, ResultForm

__all__ = [
    "AssignForm",
    "CorrectForm",
    "DrawForm",
    "FreezeForm",
    "IssueForm",
    "NoticeForm",
    "PlanForm",
    "ReasonForm",
    "RecheckForm",
    "ResultForm",
    "VoidForm",
    "WithdrawForm",
]

from .draws import draw_commitments_check, draw_freeze, draw_publish, draw_replace, draw_run, draw_void
from .issue import plan_issue
from .labels import results_deliver
from .plans import may_approve, plan_approve, plan_create, plan_terms, plan_withdraw
from .results import result_correct, result_publish, result_record, result_withdraw
from .tasks import (
    task_accept,
    task_assign,
    task_cancel,
    task_close,
    task_enter,
    task_notify,
    task_recheck,
    task_report,
    task_return,
    task_transfer,
)

__all__ = [
    "draw_commitments_check",
    "draw_freeze",
    "draw_publish",
    "draw_replace",
    "draw_run",
    "draw_void",
    "may_approve",
    "plan_approve",
    "plan_create",
    "plan_issue",
    "plan_terms",
    "plan_withdraw",
    "result_correct",
    "result_publish",
    "result_record",
    "result_withdraw",
    "results_deliver",
    "task_accept",
    "task_assign",
    "task_cancel",
    "task_close",
    "task_enter",
    "task_notify",
    "task_recheck",
    "task_report",
    "task_return",
    "task_transfer",
]

"""Pure decisions."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from .choices import Kind, RemovalKind


@dataclass(frozen=True)
class Condition:
    """What a firm must have shown for a credit repair."""

    key: str
    zh: str
    en: str
    label: object


CONDITIONS = (
    Condition(
        "complied",
        "已自觉履行行政处罚决定规定的义务",
        "the penalty decision is complied with",
        _("The obligations of the penalty decision are met"),
    ),
    Condition(
        "harm_undone",
        "已主动消除危害后果和不良影响",
        "harm and bad influence are undone",
        _("Harm and bad influence are undone"),
    ),
    Condition(
        "no_other",
        "未再受到市场监管部门较重行政处罚",
        "no other heavy penalty since",
        _("No other heavy penalty since"),
    ),
    Condition("pledge", "已提交信用修复承诺书", "the pledge is handed in", _("The pledge is handed in")),
)


def kinds_open(kind: str) -> tuple[str, ...]:
    """Ways off a list that a person may begin; its term's end comes by itself."""
    if kind == Kind.ABNORMAL:
        return (RemovalKind.APPLICATION, RemovalKind.OWN_FINDING, RemovalKind.OBJECTION)
    return (RemovalKind.REPAIR, RemovalKind.ANNULMENT)


def whom(kind_of_entity: str) -> str:
    """Which law on annual reports an entity falls under, by its registered kind."""
    if "个体" in kind_of_entity:
        return "sole"
    return "cooperative" if "合作社" in kind_of_entity else "company"

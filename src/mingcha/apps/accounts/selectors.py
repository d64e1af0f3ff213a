"""Reads: users, and who acts on the command line."""

from __future__ import annotations

from mingcha.problems import Problem

from .models import User
from .permissions import may


def user_get(username: str) -> User:
    """The user `username`, whose account is open; Problem where there is none."""
    user = User.objects.select_related("unit").filter(username=username, is_active=True).first()
    if user is None:
        names = list(User.objects.filter(is_active=True).values_list("username", flat=True)[:10])
        raise Problem(
            zh=f"没有用户“{username}”。",
            en=f"There is no user {username!r}.",
            todo_zh="已有用户：" + "、".join(names) if names else "请先用 mingcha init 或 mingcha user add 建立用户。",
            todo_en="There are: " + ", ".join(names) if names else "Make one first: mingcha init, mingcha user add.",
        )
    return user


def user_signing(by: str, action: str) -> User:
    """As `user_acting`, for what a person must answer for: Problem where nobody is named."""
    user = user_acting(by, action)
    if user is None:
        raise Problem(
            zh="须由人作出，没有写明是谁。",
            en="This is a person's decision, and nobody is named.",
            where="--by",
            todo_zh="请用 --by 写明有此权限的用户名。",
            todo_en="Name with --by a user who has the right.",
        )
    return user


def user_acting(by: str, action: str) -> User | None:
    """Who does `action` on the command line: the user named by `--by`, who must have the right to it; else None, and
    the audit trail names the operating system's user. (Whoever can run commands on an instance has its files anyway:
    what guards those is the operating system.)"""
    if not by:
        return None
    user = user_get(by)
    if not may(user, action):
        raise Problem(
            zh=f"“{user}”（{user.get_role_display()}）没有此项权限（{action}）。",
            en=f"{by!r} ({user.role}) may not do this ({action}).",
            todo_zh="请由有权限的人员办理；权限表见 apps/accounts/permissions.csv。",
            todo_en="Ask someone who has the right; the matrix is apps/accounts/permissions.csv.",
        )
    return user

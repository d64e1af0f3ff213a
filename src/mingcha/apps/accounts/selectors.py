"""Reads: units, people, certificates, and who acts on the command line."""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.utils import timezone

from mingcha.problems import Problem

from .models import Certificate, Unit, User, UserSession
from .permissions import may, visible, whole_bureau
from .rules import standing

SOON = 60  # days before its end at which a certificate is shown as one to renew: what an office needs, no rule of law


@dataclass
class Branch:
    """A unit in the tree: how deep, how many open accounts, and what is below it."""

    unit: Unit
    depth: int = 0
    people: int = 0
    below: list[Branch] = field(default_factory=list)


def units_tree(user: User) -> list[Branch]:
    """The units that `user` may see, each before those below it."""
    seen = visible(Unit.objects.all(), user, "accounts.unit.view").annotate(
        people=Count("users", filter=Q(users__is_active=True))
    )
    branches = {unit.pk: Branch(unit, people=unit.people) for unit in seen}
    tops = []
    for branch in branches.values():
        above = branches.get(branch.unit.parent_id)
        (above.below if above else tops).append(branch)
    rows: list[Branch] = []

    def walk(branch: Branch, depth: int) -> None:
        branch.depth = depth
        rows.append(branch)
        for lower in branch.below:
            walk(lower, depth + 1)

    for top in tops:
        walk(top, 0)
    return rows


def units_managed(user: User) -> set[int]:
    """Primary keys of the units whose people `user` may manage: his own and those below it, however deep."""
    if user.unit_id is None or not may(user, "accounts.user.manage"):
        return set()
    below = defaultdict(list)
    for pk, parent in Unit.objects.values_list("pk", "parent_id"):
        below[parent].append(pk)
    found, queue = set(), [user.unit_id]
    while queue:
        pk = queue.pop()
        if pk not in found:
            found.add(pk)
            queue += below[pk]
    return found


def may_manage(user: User, account: User) -> bool:
    """Whether `account` is one that `user` may change. Accounts of no unit are the bureau's to manage."""
    if account.unit_id is None:
        return whole_bureau(user) and may(user, "accounts.user.manage")
    return account.unit_id in units_managed(user)


def people_visible(user: User) -> QuerySet[User]:
    return visible(User.objects.select_related("unit"), user, "accounts.user.view")


def certificates_expiring(user: User) -> QuerySet[Certificate]:
    """Certificates of open accounts that end soon or have ended, soonest first."""
    return certificates_visible(user).filter(standing__in=("soon", "expired"), user__is_active=True)


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


def certificates_of(user: User) -> list[Certificate]:
    """A person's own, the last to end first, each with its `standing` today."""
    today, found = timezone.localdate(), list(user.certificates.order_by("-valid_to"))
    for certificate in found:
        certificate.standing = standing(certificate, today, SOON)
    return found


def sessions_open(user: User) -> QuerySet[UserSession]:
    """Sessions that may still be in use, the latest first."""
    since = timezone.now() - datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return user.sessions.filter(ended_at=None, seen_at__gte=since)


def certificates_visible(user: User) -> QuerySet[Certificate]:
    """Certificates, each with its `standing` today: "valid", "soon", "expired", "revoked" or "future"."""
    today = timezone.localdate()
    standing = Case(
        When(revoked_at__isnull=False, then=Value("revoked")),
        When(valid_from__gt=today, then=Value("future")),
        When(valid_to__lt=today, then=Value("expired")),
        When(valid_to__lte=today + datetime.timedelta(days=SOON), then=Value("soon")),
        default=Value("valid"),
    )
    rows = Certificate.objects.select_related("user__unit").annotate(standing=standing)
    return visible(rows, user, "accounts.user.view")

"""Reads: interviews, listings and classes that a user may see, what the public sees, who may decide."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import matrix, visible
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.search import narrowed
from mingcha.apps.law.selectors import rule_in_force
from mingcha.problems import Problem

from .choices import SHOWN
from .models import ClassInForce, CreditBatch, CreditClass, CreditEvent, Interview, Listing, Paper


def listings_visible(user: User, action: str = "credit.listing.view") -> QuerySet[Listing]:
    return visible(Listing.objects.select_related("entity"), user, action)


def interviews_visible(user: User, action: str = "credit.interview.view") -> QuerySet[Interview]:
    return visible(Interview.objects.select_related("entity", "unit"), user, action)


def listing_get(number: int, user: User | None, action: str = "credit.listing.view") -> Listing:
    """The listing `number` as the command line names it; Problem where there is none within the user's reach."""
    rows = Listing.objects.select_related("entity") if user is None else listings_visible(user, action)
    found = rows.filter(pk=number).first()
    if found is None:
        raise Problem(
            zh=f"没有 {number} 号，或不在辖区内。",
            en=f"There is no number {number}, or it lies outside the jurisdiction.",
            todo_zh="用 mingcha listing list 查看。",
            todo_en="See mingcha listing list.",
        )
    return found


def deciders_of(listing: Listing) -> QuerySet[User]:
    """Who may decide on it: by role, and the unit's division is that of the firm, or above."""
    prefixes = [listing.division[:n] for n in range(len(listing.division) + 1)]
    return User.objects.filter(is_active=True, role__in=matrix()["credit.listing.decide"], unit__division__in=prefixes)


def papers_visible(user: User) -> QuerySet[Paper]:
    """The files of what the user may see."""
    return Paper.objects.filter(
        Q(listing__in=listings_visible(user).values("pk")) | Q(interview__in=interviews_visible(user).values("pk"))
    )


# -- what the public sees


def listings_public(on: dt.date | None = None) -> QuerySet[Listing]:
    """What is public on a day: published, not removed, its term not over. With `corrected_at`, None where it wasn't."""
    on = on or timezone.localdate()
    corrected = CreditEvent.objects.filter(listing=OuterRef("pk"), what="correct").order_by("-pk").values("at")[:1]
    rows = Listing.objects.filter(Q(public_until=None) | Q(public_until__gte=on), state__in=SHOWN)
    return rows.annotate(corrected_at=Subquery(corrected)).select_related("entity", "unit")


def listings_public_found(text: str, kind: str = "") -> QuerySet[Listing]:
    """What the public finds by a part of a name or a code, the latest published first."""
    found = listings_public()
    if kind:
        found = found.filter(kind=kind)
    if words := text.replace("\0", "").strip()[:60]:
        found = found.filter(entity__in=narrowed(Entity.objects.all(), words).values("pk"))
    return found.order_by("-published_at", "-pk")


# -- credit classes


def class_as_of(entity: Entity, on: dt.date) -> CreditClass | None:
    """The class of a firm as the province had last given it on that day."""
    rows = CreditClass.objects.filter(entity=entity, as_of__lte=on).select_related("batch")
    return rows.order_by("-as_of", "-batch_id").first()


def classes_of(entity: Entity) -> QuerySet[CreditClass]:
    return CreditClass.objects.filter(entity=entity).select_related("batch").order_by("-as_of", "-batch_id")


def classes_total(user: User) -> dict[str, int]:
    """How many firms of the user's jurisdiction are in each class now."""
    rows = visible(ClassInForce.objects.all(), user, "credit.class.view")
    return dict(rows.order_by().values_list("grade").annotate(n=Count("pk")))


def batches_newest() -> QuerySet[CreditBatch]:
    return CreditBatch.objects.select_related("received_by").order_by("-as_of", "-pk")


def class_drives(division: str = "") -> dict[str, int]:
    """The percentage of firms of each class that is drawn in a year, as the place has set it: {"A": 1, ...}."""
    terms = rule_in_force("credit.class.percent", None, division).terms
    return {grade: int(terms[grade]) for grade in "ABCD" if grade in terms}


def classes_overdue() -> dt.date | None:
    """The last delivery's day where the next is overdue by the rule that has classes renewed monthly; else None."""
    last = CreditBatch.objects.aggregate(last=Max("as_of"))["last"]
    if last is None:
        return None
    from . import clocks

    return last if clocks.due("credit.class.refresh", last) < timezone.localdate() else None

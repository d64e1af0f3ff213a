"""Reads: who stands in an object directory, and who may be sent from an inspector directory."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
    prefetch_related_objects,
)
from django.utils import timezone

from mingcha.apps.accounts.models import Certificate
from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.credit.choices import ON_THE_LIST, Kind
from mingcha.apps.credit.models import Listing
from mingcha.apps.entities.models import Entity, EntityKey
from mingcha.apps.law.rules import months_after

from ..choices import TaskState
from ..conditions import Condition, read_condition, read_inspector_condition
from ..handed_in import Directory
from ..models import Inspector, InspectorConflict, InspectorDirectory, LastVisit, ObjectDirectory, Task
from ..register_choices import LoadPeriod, MemberKind

SAMPLE = 8  # entities that a directory's page shows
COUNTED = 100_000  # a live count goes no further


def directories_visible(user) -> QuerySet[ObjectDirectory]:
    return ObjectDirectory.objects.filter(in_jurisdiction(user)).select_related("created_by", "changed_by")


def inspectors_visible(user) -> QuerySet[Inspector]:
    return Inspector.objects.filter(in_jurisdiction(user)).select_related("unit", "account")


def inspector_directories_visible(user) -> QuerySet[InspectorDirectory]:
    return InspectorDirectory.objects.filter(in_jurisdiction(user)).select_related("created_by", "changed_by")


def directory_entities(directory: ObjectDirectory) -> QuerySet[Entity]:
    """Who stands in the directory now: whoever its condition fits, and who was listed by hand, but for those that were
    kept out. Never beyond the directory's division."""
    rows = condition_entities(read_condition(directory.condition), directory.division)
    members = directory.members.order_by().values_list("kind", flat=True).distinct()
    kinds = set(members) if directory.pk else set()
    if MemberKind.INCLUDED in kinds:
        within = Entity.objects.filter(division__startswith=directory.division)
        listed = Q(pk__in=directory.members.filter(kind=MemberKind.INCLUDED).values("entity"))
        if read_condition(directory.condition).by_hand:
            rows = within.filter(listed)
        else:
            rows = within.filter(listed | Q(pk__in=rows.values("pk")))
    if MemberKind.EXCLUDED in kinds:
        rows = rows.exclude(pk__in=directory.members.filter(kind=MemberKind.EXCLUDED).values("entity"))
    return rows


def condition_entities(condition: Condition, division: str = "") -> QuerySet[Entity]:
    """Whoever the condition fits below `division`, on this day. A provisional entity is in no directory: it may be the
    twin of a certain one, and a firm would have two chances."""
    rows = Entity.objects.filter(provisional=False)
    if condition.by_hand:
        return rows.none()
    for prefix in filter(None, (division, condition.division)):
        rows = rows.filter(division__startswith=prefix)
    for path, values in (
        ("industry", condition.industries),
        ("kind", condition.kinds),
        ("district", condition.districts),
        ("status", condition.statuses),
        ("risk__risk_class", condition.classes),
        ("credit__grade", condition.credit_classes),
    ):
        if values:
            rows = rows.filter(**({path: values[0]} if len(values) == 1 else {f"{path}__in": values}))
    if condition.opened_from:
        rows = rows.filter(opened_on__gte=condition.opened_from)
    if condition.opened_to:
        rows = rows.filter(opened_on__lte=condition.opened_to)
    if condition.licence:
        held = EntityKey.objects.filter(
            EntityKey.valid(timezone.now()),
            entity=OuterRef("pk"),
            retracted_at=None,
            value__startswith=f"{condition.licence}:",
        )
        rows = rows.filter(Exists(held))
    if condition.listed:
        on_a_list = Listing.objects.filter(entity=OuterRef("pk"), state__in=ON_THE_LIST)
        if condition.listed in Kind.values:
            on_a_list = on_a_list.filter(kind=condition.listed)
        rows = rows.filter(~Exists(on_a_list) if condition.listed == "none" else Exists(on_a_list))
    if condition.not_visited_months:
        since = months_after(timezone.localdate(), -condition.not_visited_months)
        rows = rows.filter(~Exists(LastVisit.objects.filter(entity=OuterRef("pk"), on__gte=since)))
    return rows


@dataclass(frozen=True)
class Look:
    """A directory as it is now: how many (`more`: it was counted no further), and the first few."""

    count: int
    more: bool
    rows: list[Entity]


def look(rows: QuerySet[Entity]) -> Look:
    count = rows.order_by().values("pk")[:COUNTED].count()
    return Look(count, count >= COUNTED, list(rows.order_by("key")[:SAMPLE]))


def inspector_directory_people(directory: InspectorDirectory, day: dt.date | None = None) -> list[Inspector]:
    """Who stands in the directory, in order of number: in use, and certified on `day` where one is said."""
    condition = read_inspector_condition(directory.condition)
    rows = Inspector.objects.filter(active=True, division__startswith=directory.division).select_related("unit")
    if condition.departments:
        rows = rows.filter(department__in=condition.departments)
    if condition.units:
        rows = rows.filter(unit__code__in=condition.units)
    people = list(rows.order_by("number"))
    certify(people, day)
    return [
        one
        for one in people
        if (not day or (one.certified_to and one.certified_to >= day))
        and (not condition.areas or set(condition.areas) & set(one.areas))
        and (not condition.skills or set(condition.skills) & set(one.skills))
    ]


class Standing(NamedTuple):
    """Until when an inspector is certified (None: he isn't), by which certificate, for what."""

    until: dt.date | None
    certificate: str
    scopes: list[str]


def standing(one: Inspector, day: dt.date | None = None) -> Standing:
    """Whoever has an account is certified by the certificates of his account, where there are any, not by what the
    register says. `day`: on which one must be valid; without: today. The one rule of who is certified: `certify` and
    `with_standing` read for many what it asks."""
    day = day or timezone.localdate()
    held = list(one.account.certificates.all()) if one.account_id else []
    if not held:
        return Standing(one.certified_to, one.certificate, one.skills)
    valid = [c for c in held if c.revoked_at is None and c.valid_from <= day]
    newest = max(valid, key=lambda c: (c.valid_to, c.pk), default=None)
    scopes = {scope for c in valid if c.valid_to >= day for scope in c.scopes} or set(one.skills)
    return Standing(newest and newest.valid_to, newest.number if newest else "", sorted(scopes))


def certify(people: Iterable[Inspector], day: dt.date | None = None) -> None:
    """Put `standing` on the rows, in place of what the register says."""
    people = list(people)
    prefetch_related_objects(people, "account__certificates")
    for one in people:
        one.certified_to, one.certificate, one.skills = standing(one, day)


def with_standing(rows: QuerySet[Inspector]) -> QuerySet[Inspector]:
    """For a list of them: what today's `standing` asks is read with them, and `certified_until`, by which the list is
    sorted, is its first part."""
    held = Certificate.objects.filter(user=OuterRef("account"))
    valid = held.filter(revoked_at=None, valid_from__lte=timezone.localdate()).order_by("-valid_to")
    until = Case(When(Exists(held), then=Subquery(valid.values("valid_to")[:1])), default=F("certified_to"))
    return rows.prefetch_related("account__certificates").annotate(certified_until=until)


def inspector_directory_read(directory: InspectorDirectory, day: str | dt.date) -> Directory:
    """What a freeze seals of the directory: see `inspectors_read`."""
    return inspectors_read(inspector_directory_people(directory), day)


def inspectors_read(people: Iterable[Inspector], day: str | dt.date, departments: tuple[str, ...] = ()) -> Directory:
    """What a freeze seals, as `handed_in.read_directory` gives it from a file: each of `people` with a certificate,
    what is left of his load in the period of `day`, and the firms that he stays away from. `departments`: of a joint
    inspection; others' people stay out. Problem where too few are certified on `day`."""
    from mingcha.engines.sampling.inspectors import Inspector as Drawable
    from mingcha.engines.sampling.inspectors import Rules
    from mingcha.engines.sampling.inspectors import directory as sealed

    from ..draw_words import day_of

    day = day_of(str(day))
    people = list(people)
    if departments:
        people = [one for one in people if unicodedata.normalize("NFC", one.department.strip()) in departments]
    certify(people, dt.date.fromisoformat(day))
    people = [one for one in people if one.certified_to]
    left = loads_left(people, dt.date.fromisoformat(day))
    conflicts = conflicts_of(people)
    ready = [
        Drawable(
            id=one.number,
            areas=tuple(sorted(one.areas)),
            certified=one.certified_to.isoformat(),
            load=left[one.number],
            skills=tuple(sorted(one.skills)),
            conflicts=tuple(sorted(conflicts.get(one.pk, ()))),
            department=unicodedata.normalize("NFC", one.department.strip()),
        )
        for one in people
    ]
    named = [asdict(drawable) | {"name": one.name} for drawable, one in zip(ready, people, strict=True)]
    return Directory(sealed(ready, Rules(day, departments=departments)), named)


def conflicts_of(people: Iterable[Inspector], field: str = "entity__key") -> dict[int, list[Any]]:
    """The firms that each stays away from, by his primary key; a firm by its key or another `field`."""
    wanted = {one.pk for one in people}
    found: dict[int, list[Any]] = {}
    for pk, firm in InspectorConflict.objects.values_list("inspector_id", field):
        if pk in wanted:
            found.setdefault(pk, []).append(firm)
    return found


def loads_left(people: Iterable[Inspector], day: dt.date) -> dict[str, int]:
    """Visits that each may still be given in the period of `day`, by number; never below 0."""
    people = list(people)
    taken = {period: loads_taken(*period_of(day, period)) for period in {one.load_period for one in people}}
    return {one.number: max(0, one.load - taken[one.load_period][one.number]) for one in people}


def period_of(day: dt.date, period: str) -> tuple[dt.date, dt.date] | tuple[None, None]:
    """First day of the load's period that holds `day`, and of the next; (None, None): the draw alone."""
    if period == LoadPeriod.DRAW:
        return None, None
    months = {LoadPeriod.MONTH: 1, LoadPeriod.QUARTER: 3, LoadPeriod.YEAR: 12}[LoadPeriod(period)]
    first = (day.month - 1) // months * months + 1
    end = first + months
    return dt.date(day.year, first, 1), dt.date(day.year + (end > 12), (end - 1) % 12 + 1, 1)


def loads_taken(start: dt.date | None, end: dt.date | None) -> Counter[str]:
    """Visits given to each inspector in these days, by number; those that were called off don't count."""
    counts: Counter[str] = Counter()
    if start is None or end is None:
        return counts
    begins, ends = (timezone.make_aware(dt.datetime.combine(one, dt.time())) for one in (start, end))
    tasks = Task.objects.filter(issued_at__gte=begins, issued_at__lt=ends, replaced_at=None)
    tasks = tasks.exclude(state=TaskState.CANCELLED).exclude(draw__voided_at__isnull=False)
    for team in tasks.values_list("inspectors", flat=True).iterator(chunk_size=5_000):
        counts.update(one["id"] for one in team)
    return counts

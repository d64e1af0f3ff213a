"""Proposals that follow from facts. They propose, and never decide: a person looks at every one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities import store
from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange.selectors import dataset_contract, dataset_get, lake_view
from mingcha.apps.law.rules import months_after
from mingcha.apps.law.selectors import rule_in_force
from mingcha.engines.lake.checks import quote
from mingcha.engines.lake.view import rows_sql
from mingcha.problems import Problem

from .. import clocks
from ..choices import ON_THE_LIST, UNDER_WAY, Kind, Source
from ..grounds import ground, grounds
from ..models import CreditEvent, Listing
from ..rules import whom
from .listings import listing_propose

CHUNK = 2_000
_OPEN = (*UNDER_WAY, *ON_THE_LIST)


@dataclass(frozen=True)
class Proposed:
    """`new` proposals; `before`: firms of which the same was proposed or decided before."""

    new: int
    before: int = 0


@transaction.atomic
def propose_missing_reports(
    *,
    year: int,
    user: User | None,
    dataset: str = "annual_reports",
    field: str = "report_year",
    on: dt.date | None = None,
) -> Proposed:
    """Propose every firm of the user's jurisdiction that handed in no annual report of `year`, by the dataset in which
    those who did stand. A firm that was closed, or registered after that year, owes none.

    Problem: the time to report isn't over, there is no such dataset or field, or it holds no report of that year at
    all: then nobody has delivered it, and everyone would be proposed.
    """
    ends, on = season_end(year), on or timezone.localdate()
    if on <= ends:
        raise Problem(
            zh=f"{year} 年度报告的报送期到 {ends} 才结束。",
            en=f"The time to report on {year} lasts until {ends}.",
            where=str(year),
            todo_zh="请在报送期结束后再运行。",
            todo_en="Run it after that day.",
        )
    with _reporters(dataset, field, year) as reported:
        owing = Entity.objects.filter(status="active", provisional=False).filter(
            Q(opened_on=None) | Q(opened_on__lte=dt.date(year, 12, 31))
        )
        if user is not None:
            owing = owing.filter(in_jurisdiction(user))
        owing = owing.exclude(key__in=RawSQL(f"SELECT value FROM {reported}", []))  # noqa: S611
        keys = [g.key for g in grounds().values() if g.period == "year"]
        same = Listing.objects.filter(entity=OuterRef("pk"), ground__in=keys, period=str(year))
        before = owing.filter(Exists(same)).count()
        return Proposed(_propose_reports(owing.exclude(Exists(same)), year, ends, dataset, user), before)


def _propose_reports(owing: QuerySet[Entity], year: int, ends: dt.date, dataset: str, user: User | None) -> int:
    now, new = timezone.now(), 0
    facts = f"至 {ends} 报送期结束，未报送并公示 {year} 年度报告。"
    last = 0
    while part := list(
        owing.filter(pk__gt=last).order_by("pk").only("pk", "kind", "division", "simulated", "name", "key")[:CHUNK]
    ):
        last, rows = part[-1].pk, []
        for firm in part:
            chosen = _report_ground(firm.kind)
            rows.append(
                Listing(
                    kind=Kind.ABNORMAL,
                    ground=chosen.key,
                    basis=chosen.basis,
                    period=str(year),
                    entity=firm,
                    division=firm.division,
                    facts=facts,
                    found_on=ends,
                    source_type=Source.DATASET,
                    source_id=dataset,
                    automatic=True,
                    proposed_by=user,  # who ran it doesn't decide alone
                    proposed_at=now,
                    simulated=firm.simulated,
                )
            )
        made = Listing.objects.bulk_create(rows)
        CreditEvent.objects.bulk_create(
            CreditEvent(listing=row, at=now, user=user, what="propose", data={"ground": row.ground, "source": dataset})
            for row in made
        )
        clocks.start_many(made, "credit.abnormal.list", ends, user=user, role="head")
        new += len(made)
    if new:
        audit_record(
            user=user,
            action="credit.listing.propose",
            obj=made[-1],
            after={"year": year, "dataset": dataset, "new": new},
        )
    return new


@transaction.atomic
def propose_unreachable(
    *, entity: Entity, source_id: str, found_on: dt.date, facts: str, user: User | None
) -> Listing | None:
    """Propose a firm that an inspection's result couldn't reach at its registered address; None where it is on the list
    for that, or proposed, already."""
    if Listing.objects.filter(entity=entity, ground="unreachable", state__in=_OPEN).exists():
        return None
    return listing_propose(
        entity=entity,
        kind=Kind.ABNORMAL,
        ground="unreachable",
        evidence=facts,
        source_type=Source.RESULT,
        source_id=source_id,
        found_on=found_on,
        user=user,
    )


@transaction.atomic
def propose_after_three_years(*, user: User | None, on: dt.date | None = None) -> Proposed:
    """Propose for the dishonest list whoever has been on the abnormal one for the years that the law says, for a ground
    that leads there."""
    on = on or timezone.localdate()
    keys = [g.key for g in grounds().values() if g.three_years]
    years = int(rule_in_force("credit.abnormal.three_years", on).value or 0)
    lasting = Listing.objects.filter(
        kind=Kind.ABNORMAL, ground__in=keys, state__in=ON_THE_LIST, decided_at__date__lte=months_after(on, -12 * years)
    ).select_related("entity")
    if user is not None:
        lasting = lasting.filter(in_jurisdiction(user))
    number = Cast(OuterRef("pk"), CharField())
    same = Listing.objects.filter(entity=OuterRef("entity"), ground="three_years")
    done = Q(Exists(same.filter(source_id=number))) | Q(Exists(same.filter(state__in=_OPEN)))
    chosen, new = ground("three_years"), 0
    before = 0
    seen: set[int] = set()
    for listing in lasting.annotate(done=done).order_by("decided_at").iterator():
        if listing.done or listing.entity_id in seen:
            before += 1
            continue
        seen.add(listing.entity_id)
        day = timezone.localdate(listing.decided_at)
        listing_propose(
            entity=listing.entity,
            kind=chosen.kind,
            ground=chosen.key,
            evidence=f"{day} 被列入经营异常名录（{listing.decision_number}），至今满 {years} 年仍未履行公示义务。",
            source_type=Source.LISTING,
            source_id=str(listing.pk),
            user=user,
            found_on=min(months_after(day, 12 * years), on),
            automatic=True,
        )
        new += 1
    return Proposed(new, before)


def season_end(year: int) -> dt.date:
    """The last day on which the report of `year` can be handed in, by the rule."""
    month, day = rule_in_force("credit.annual_report", dt.date(year + 1, 1, 1)).terms["to"].split("-")
    return dt.date(year + 1, int(month), int(day))


def _reporters(dataset: str, field: str, year: int):
    """A temporary table (value) with the keys of the firms whose report of `year` the lake holds."""
    import duckdb

    found = dataset_get(dataset)
    contract = dataset_contract(found)
    names = [f.name for f in contract.fields]
    keys = [k.field for k in contract.entity_keys if k.scheme == "uscc"]
    if field not in names or not keys:
        raise Problem(
            zh=f"数据集“{found}”没有字段“{field}”，或没有统一社会信用代码。",
            en=f"The dataset {dataset!r} has no field {field!r}, or no unified social credit code.",
            where=dataset,
            todo_zh="请指明报告年度所在的字段：" + "、".join(names[:20]),
            todo_en="Name the field that holds the year: " + ", ".join(names[:20]),
        )
    duck = duckdb.connect()
    rows = rows_sql(lake_view([dataset]).sources[dataset], columns=f"{quote(keys[0])} AS value, {quote(field)} AS year")
    duck.execute(
        f"CREATE TABLE reported AS SELECT DISTINCT value FROM ({rows})"
        " WHERE CAST(year AS VARCHAR) = ? AND value IS NOT NULL",
        [str(year)],
    )
    if not duck.execute("SELECT count(*) FROM reported").fetchone()[0]:
        raise Problem(
            zh=f"数据集“{found}”中没有任何 {year} 年度的报告。",
            en=f"The dataset {dataset!r} holds no report of {year} at all.",
            where=dataset,
            todo_zh="请先导入该年度的年报数据，否则所有企业都会被当作未报送。",
            todo_en="Import the reports of that year first: else every firm would be taken for one that owes its own.",
        )
    return store.wanted(duck, "SELECT value FROM reported")


def _report_ground(kind: str):
    who = whom(kind)
    return next(g for g in grounds().values() if g.period == "year" and g.whom == who)
